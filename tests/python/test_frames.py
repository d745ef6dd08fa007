"""Frames come back as they went in, from `ArrowSerializer` and from within other values."""

import contextlib
import datetime as dt
import decimal
import enum
import struct
import zoneinfo

import pytest

from cachekit import SerializationError
from cachekit.serializers import ArrowSerializer, DefaultSerializer, _pandas

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")


def objects(*items):
    return pd.Series(items, dtype=object)


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
            "zone": pd.date_range("2026-01-01", periods=rows, tz="Asia/Tokyo"),
        }
    )


FRAMES = {
    "plain": plain(),
    "no rows": plain().iloc[:0],
    "nothing": pd.DataFrame(),
    "slice": plain().iloc[1:3],
    "step": plain().iloc[::2],
    "one column": plain()[["i"]],
    "text as objects": pd.DataFrame({"t": objects("a", None, "", "ü"), "i": range(4)}),
    "text as objects with NaN": pd.DataFrame({"t": objects("a", float("nan"), ""), "i": range(3)}),
    "no text": pd.DataFrame({"none": objects(None, None), "nan": objects(np.nan, np.nan)}),
    "text beside objects": pd.DataFrame({"t": ["a", None], "b": objects(b"x", None)}),
    "gaps in time": pd.DataFrame({"t": pd.to_datetime(["2026-01-01", None])}),
    "booleans": pd.DataFrame({"b": [True, False]}),
    "nullable": pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "categories": pd.DataFrame(
        {"c": pd.Categorical(["x", "y", "x"], ["y", "x", "z"], ordered=True)}
    ),
    "categories without rows": pd.DataFrame({"c": pd.Categorical(["x"], ["y", "x"])}).iloc[:0],
    "zones": pd.DataFrame({"t": pd.date_range("2026-01-01", periods=2, tz="Europe/Berlin")}),
    "zone of the library": pd.DataFrame(
        {"t": pd.date_range("2026-01-01", periods=2, tz=zoneinfo.ZoneInfo("Europe/Berlin"))}
    ),
    "gaps in a zone": pd.DataFrame({"t": pd.to_datetime(["2026-01-01", None], utc=True)}),
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
    pd.testing.assert_frame_equal(result, frame, check_flags=True)
    assert type(result.index) is type(frame.index)
    assert list(result.dtypes) == list(frame.dtypes)
    assert type(result.columns) is type(frame.columns)
    # To pandas None and NaN are the same where there is no text.
    for label in frame.columns:
        if frame[label].dtype == "object":
            assert list(map(type, result[label])) == list(map(type, frame[label]))


def zones():
    yield from ("UTC", "Europe/Berlin", dt.timezone.utc, zoneinfo.ZoneInfo("UTC"))
    yield from (zoneinfo.ZoneInfo("Asia/Tokyo"), dt.timezone(dt.timedelta(hours=-3, minutes=-30)))
    with contextlib.suppress(ImportError):
        import pytz

        yield from (pytz.UTC, pytz.timezone("America/New_York"))


@pytest.mark.parametrize("zone", list(zones()), ids=lambda zone: f"{type(zone).__name__} {zone}")
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_zone_is_of_the_same_library(zone, unit):
    moments = pd.date_range("2026-03-29", periods=3, freq="h", tz=zone).as_unit(unit)
    of_columns = pd.DataFrame({"a": moments, "b": [1, 2, 3]})
    of_index = pd.DataFrame({"a": [1, 2, 3]}, index=moments)
    of_level = pd.DataFrame({"a": [1, 2, 3]}, index=pd.MultiIndex.from_arrays([moments, [1, 2, 3]]))
    for frame, moments_of in [
        (of_columns, lambda frame: pd.DatetimeIndex(frame["a"])),
        (of_columns.set_axis([5, 6, 7]), lambda frame: pd.DatetimeIndex(frame["a"])),
        (of_index, lambda frame: frame.index),
        (of_level, lambda frame: frame.index.get_level_values(0)),
    ]:
        result = again(frame)
        pd.testing.assert_frame_equal(result, frame)
        assert repr(moments_of(result).tz) == repr(moments_of(frame).tz)
        assert moments_of(result).unit == unit


def test_a_zone_with_a_name_of_its_own_is_refused():
    zone = dt.timezone(dt.timedelta(hours=2), "clinic")
    with pytest.raises(SerializationError):
        again(pd.DataFrame({"t": pd.date_range("2026-01-01", periods=2, tz=zone)}))


def test_a_frame_can_be_written_to_and_nobody_else_sees_it():
    serializer = ArrowSerializer()
    data = serializer.serialize(plain())
    one, other = serializer.deserialize(data), serializer.deserialize(data)
    one.iloc[0, 0] = 77
    one["f"] += 1
    one.loc[0, "text"] = "changed"
    one.loc[0, "zone"] = one.loc[1, "zone"]
    pd.testing.assert_frame_equal(other, plain())
    pd.testing.assert_frame_equal(serializer.deserialize(data), plain())


def test_attributes_of_a_frame():
    for frame in [plain(), FRAMES["categories"].copy(), pd.Series([1], name="a"), pd.Series(["a"])]:
        frame.attrs = {"source": "clinic", "parts": [1, 0.5, None, {"a": True}]}
        result = again(frame)
        assert result.attrs == frame.attrs
        assert result.equals(frame)
        assert again(result.iloc[:0]).attrs == frame.attrs


class Part(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize("value", [(1,), {1: 2}, Part.ONE, np.float64(1), {1}, object(), 1e400])
def test_attributes_that_json_would_change_are_refused(value):
    frame = plain()
    frame.attrs["source"] = value
    with pytest.raises(SerializationError):
        again(frame)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"mixed": pd.Series([1, "secret"], dtype=object)}),
        pd.DataFrame({"tuples": [(1, 2), (3, 4)]}),
        pd.DataFrame({"sets": [{1}]}),
        pd.DataFrame({"missing": objects("a", float("nan"), None)}),
        pd.DataFrame({"other": objects("a", pd.NA)}),
        pd.DataFrame({"str": objects("a", np.str_("b"))}),
        pd.DataFrame({"moments": objects(pd.Timestamp("2026-01-01"))}),
        pd.DataFrame({"digits": objects(decimal.Decimal("1.10"), decimal.Decimal(1))}),
        pd.DataFrame({"inside": objects({"a": 1}, {"a": 1.0})}),
        pd.DataFrame(index=range(3)),
        pd.DataFrame({"a": [1, 2]}, index=pd.Index([1, "x"])),
    ],
    ids=lambda frame: " ".join([*map(str, frame.columns), str(frame.index.dtype)]),
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
    columns = {"n": pa.array([1, None]), "d": pa.array(["x", "y"]).dictionary_encode()}
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
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
    where = r"result\['a'\]\[0\]\['mixed'\]: this pandas\.[\w.]*DataFrame .*: column 0 \(object\)"
    with pytest.raises(SerializationError, match=where):
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


def test_rows_without_a_byte_of_their_own_are_given_one_for_eight():
    for column in [pa.nulls(5001), pa.array([{}] * 5001, pa.struct([]))]:
        table = pa.table({"n": column})
        assert again(table).equals(table)
        assert len(ArrowSerializer().serialize(table)) == 626
    frame = pl.DataFrame({"n": [None] * 5001})
    assert again(frame).equals(frame)


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


def forged_zone(place):
    """A frame whose metadata name another zone, in as many letters."""
    honest = ArrowSerializer().serialize(FRAMES["zone of the library"])
    forged = honest.replace(b'"zoneinfo:Europe/Berlin"', f'"zoneinfo:{place:13}"'.encode())
    assert forged != honest
    return forged


@pytest.mark.parametrize("place", ["/etc/timezone", "../../../etc/", "No/Such/Place", "Europe/Ber"])
def test_a_zone_that_is_none_is_refused(place):
    with pytest.raises(SerializationError, match="not an Arrow stream"):
        ArrowSerializer().deserialize(forged_zone(place))


def test_text_of_a_type_that_this_pandas_has_not_is_refused(monkeypatch):
    of_pandas_3 = pa.table({"text": pa.array(["a"], pa.large_string())})
    metadata = {b"cachekit.kind": b"pandas.DataFrame", b"cachekit.pandas": b'{"index": [0, 1, 1]}'}
    data = stream(of_pandas_3.replace_schema_metadata(metadata))
    monkeypatch.setitem(_pandas._DEFAULTS, "text", None)
    with pytest.raises(SerializationError, match="this version of pandas"):
        ArrowSerializer().deserialize(data)


def test_a_frame_that_another_pandas_converted_is_refused(monkeypatch):
    plain_data, data = map(ArrowSerializer().serialize, [plain(), FRAMES["categories"]])
    monkeypatch.setattr(pd, "__version__", "99.0.1")
    assert ArrowSerializer().deserialize(plain_data).equals(plain())
    with pytest.raises(SerializationError, match="another version of pandas"):
        ArrowSerializer().deserialize(data)


def test_any_flipped_byte_gives_a_frame_or_an_error():
    data = ArrowSerializer().serialize(plain())
    for position in range(0, len(data), 7):
        forged = bytearray(data)
        forged[position] ^= 0x41
        try:
            ArrowSerializer().deserialize(bytes(forged))
        except SerializationError as error:
            assert "Traceback" not in str(error)
