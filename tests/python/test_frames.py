"""Frames come back as they went in, from `ArrowSerializer` and from within other values."""

import datetime as dt
import struct

import pytest

from cachekit import SerializationError
from cachekit.serializers import ArrowSerializer, DefaultSerializer

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")


def again(value):
    serializer = ArrowSerializer()
    return serializer.deserialize(serializer.serialize(value))


def plain(rows=4):
    return pd.DataFrame(
        {
            "i": np.arange(rows),
            "small": np.arange(rows, dtype="i1"),
            "u": np.arange(rows, dtype="u8"),
            "f": np.linspace(0, 1, rows),
            "half": np.linspace(0, 1, rows).astype("f4"),
            "gap": [float("nan")] * rows,
            "text": ["a", None, "", "ü"][:rows],
            "moment": pd.date_range("2026-01-01", periods=rows),
            "nanos": pd.date_range("2026-01-01", periods=rows).astype("M8[ns]"),
            "span": pd.to_timedelta(range(rows), unit="s"),
        }
    )


FRAMES = {
    "plain": plain(),
    "no rows": plain().iloc[:0],
    "nothing": pd.DataFrame(),
    "slice": plain().iloc[1:3],
    "step": plain().iloc[::2],
    "one column": plain()[["i"]],
    "gaps in time": pd.DataFrame({"t": pd.to_datetime(["2026-01-01", None])}),
    "booleans": pd.DataFrame({"b": [True, False]}),
    "nullable": pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "categories": pd.DataFrame(
        {"c": pd.Categorical(["x", "y", "x"], ["y", "x", "z"], ordered=True)}
    ),
    "zones": pd.DataFrame({"t": pd.date_range("2026-01-01", periods=2, tz="Europe/Berlin")}),
    "named index": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key")),
    "range with a name": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(3, 5, name="key")),
    "time index": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2026", periods=2, tz="UTC")),
    "levels": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])),
    "numbered columns": pd.DataFrame([[1, 2], [3, 4]]),
    "objects of one type": pd.DataFrame(
        {"d": pd.Series([dt.date(2026, 1, 1), None], dtype=object)}
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_pandas_frame(name):
    frame = FRAMES[name]
    result = again(frame)
    pd.testing.assert_frame_equal(result, frame, check_freq=False)
    assert type(result.index) is type(frame.index)
    assert list(result.dtypes) == list(frame.dtypes)


def test_a_frame_can_be_written_to_and_nobody_else_sees_it():
    serializer = ArrowSerializer()
    data = serializer.serialize(plain())
    one, other = serializer.deserialize(data), serializer.deserialize(data)
    one.iloc[0, 0] = 77
    one["f"] += 1
    one.loc[0, "text"] = "changed"
    pd.testing.assert_frame_equal(other, plain())
    pd.testing.assert_frame_equal(serializer.deserialize(data), plain())


def test_attributes_of_a_frame():
    frame = plain()
    frame.attrs["source"] = "clinic"
    assert again(frame).attrs == {"source": "clinic"}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"mixed": pd.Series([1, "secret"], dtype=object)}),
        pd.DataFrame({"tuples": [(1, 2), (3, 4)]}),
        pd.DataFrame({"sets": [{1}]}),
        pd.DataFrame({"missing": pd.Series(["a", float("nan")], dtype=object)}),
        pd.DataFrame([[1, 2]], columns=["a", 1]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame(index=range(3)),
        pd.DataFrame({"a": [1, 2]}, index=pd.Index([1, "x"])),
        pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
    ],
    ids=["mixed", "tuples", "sets", "missing", "labels", "twice", "no columns", "index", "flags"],
)
def test_a_frame_that_would_come_back_otherwise_is_refused(frame):
    with pytest.raises(SerializationError) as refused:
        again(frame)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["a", None, ""])
def test_a_series(name):
    series = pd.Series([1.5, 2.5], name=name)
    pd.testing.assert_series_equal(again(series), series)


def test_polars_keeps_its_own_types():
    frame = pl.DataFrame(
        {
            "i": [1, None],
            "text": ["a", "b"],
            "kind": pl.Series(["x", "y"], dtype=pl.Categorical),
            "moment": pl.Series([dt.datetime(2026, 1, 1), None], dtype=pl.Datetime("ms", "UTC")),
            "list": [[1], []],
            "struct": [{"a": 1}, {"a": 2}],
        }
    )
    result = again(frame)
    assert result.schema == frame.schema
    assert result.equals(frame)
    column = again(frame["i"])
    assert type(column) is pl.Series
    assert column.equals(frame["i"])


def test_tables_and_batches_of_arrow():
    batch = pa.record_batch({"n": [1, None], "d": pa.array(["x", "y"]).dictionary_encode()})
    result = again(batch)
    assert type(result) is pa.RecordBatch
    assert result.equals(batch)
    assert again(batch.slice(0, 0)).equals(batch.slice(0, 0))
    table = pa.concat_tables([pa.table({"n": [1]}), pa.table({"n": [2]})])
    assert again(table).equals(table)


def test_frames_within_other_values():
    serializer = DefaultSerializer()
    value = {"frames": (plain(), pl.DataFrame({"a": [1]})), "table": [pa.table({"n": [1]})]}
    result = serializer.deserialize(serializer.serialize(value))
    pd.testing.assert_frame_equal(result["frames"][0], plain())
    assert result["frames"][1].equals(value["frames"][1])
    assert result["table"][0].equals(value["table"][0])
    with pytest.raises(SerializationError, match=r"result\['a'\]\[0\]: this pandas.DataFrame"):
        serializer.serialize({"a": [pd.DataFrame({"mixed": pd.Series([1, "a"], dtype=object)})]})


# What a store may send


def stream(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
@pytest.mark.parametrize("column", [np.zeros(100_000), ["x"] * 100_000])
def test_compressed_buffers_are_refused(compression, column):
    bomb = stream(pa.table({"n": column}), compression=compression)
    with pytest.raises(SerializationError, match="compressed"):
        ArrowSerializer().deserialize(bomb)


def test_a_compressed_dictionary_is_refused():
    column = pa.array(["x" * 100_000, "y" * 100_000]).dictionary_encode()
    with pytest.raises(SerializationError, match="compressed"):
        ArrowSerializer().deserialize(stream(pa.table({"n": column}), compression="zstd"))


def test_rows_that_are_not_there_are_refused():
    nothing = pa.table({"n": pa.nulls(3)})
    forged = stream(nothing).replace(struct.pack("<q", 3), struct.pack("<q", 2**40))
    with pytest.raises(SerializationError, match="more than eight to a byte"):
        ArrowSerializer().deserialize(forged)
    with pytest.raises(SerializationError, match="more than eight to a byte"):
        ArrowSerializer().serialize(pa.table({"n": pa.nulls(10_000_000)}))


def test_offsets_beyond_the_data_are_refused():
    honest = stream(pa.table({"text": pa.array(["abc", "def"], pa.large_string())}))
    forged = honest.replace(struct.pack("<qqq", 0, 3, 6), struct.pack("<qqq", 0, 3, 2**30))
    assert forged != honest
    with pytest.raises(SerializationError, match="not an Arrow stream"):
        ArrowSerializer().deserialize(forged)


def test_an_index_of_another_length_is_refused():
    forged = ArrowSerializer().serialize(plain()).replace(b"[0, 4, 1]", b"[0, 9, 1]")
    with pytest.raises(SerializationError, match="another length"):
        ArrowSerializer().deserialize(forged)


def test_any_flipped_byte_gives_a_frame_or_an_error():
    data = ArrowSerializer().serialize(plain())
    for position in range(0, len(data), 7):
        forged = bytearray(data)
        forged[position] ^= 0x41
        try:
            ArrowSerializer().deserialize(bytes(forged))
        except SerializationError as error:
            assert "Traceback" not in str(error)
