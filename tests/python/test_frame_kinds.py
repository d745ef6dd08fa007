"""Frames that Arrow alone would not keep: those that come back, and why others are refused."""

import datetime as dt
import decimal

import pytest

from cachekit import SerializationError, cache
from cachekit.serializers import ArrowSerializer, DefaultSerializer

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

ADVICE = "astype|cast|keep|make|give|reset|replace|rename|take|use|return"


def again(value):
    serializer = ArrowSerializer()
    return serializer.deserialize(serializer.serialize(value))


def objects(*items):
    return pd.Series(list(items), dtype=object)


def arrow(items, kind):
    return pd.array(items, dtype=pd.ArrowDtype(kind))


def numbers(**options):
    return pd.DataFrame([[1, 2.5], [3, 4.5]], **options)


DAYS = pd.date_range("2026-01-01", periods=2, tz="UTC")
LEVELS = [pd.Index(["a", "b"], dtype=object), pd.array([1, None], dtype="Int64"), DAYS]
DIGITS = [decimal.Decimal("1.10"), None]

FRAMES = {
    "a name twice": numbers(columns=["a", "a"]),
    "a number as a name twice": numbers(columns=[0, 0]),
    "names of two types": numbers(columns=["a", 1]),
    "truth values as names": numbers(columns=[True, False]),
    "names as objects": numbers(columns=pd.Index(["a", "b"], dtype=object)),
    "names of another library": numbers(columns=pd.Index([np.str_("a"), np.int8(1)], dtype=object)),
    "pairs as names": numbers(columns=pd.Index([("a", 1), ("b", 2)], tupleize_cols=False)),
    "moments as names": numbers(columns=DAYS),
    "each label once": numbers(columns=["a", "b"]).set_flags(allows_duplicate_labels=False),
    "numbers as names of the axes": numbers(index=pd.Index([5, 6], name=0)).rename_axis(columns=7),
    "a pair as a name": numbers(index=pd.Index([5, 6], name=("a", 1))),
    "complex": pd.DataFrame({"z": [1 + 2j, complex("nan-0j")], "w": np.array([1j, 0], "c8")}),
    "complex without rows": pd.DataFrame({"z": np.zeros(0, complex)}),
    "the other order of bytes": pd.DataFrame({"i": np.array([1, 2], ">i8"), "f": [1.5, 2.5]}),
    "sparse": pd.DataFrame({"f": pd.arrays.SparseArray([np.nan, 1.5]), "i": [1, 2]}),
    "sparse numbers": pd.DataFrame({"i": pd.arrays.SparseArray([0, 1]), "t": [True, False]}),
    "Arrow's text": pd.DataFrame({"s": arrow(["x", None], pa.string())}),
    "Arrow's lists": pd.DataFrame({"l": arrow([[1], None], pa.list_(pa.int64()))}),
    "Arrow's digits": pd.DataFrame({"d": arrow(DIGITS, pa.decimal128(5, 2))}),
    "Arrow's structs": pd.DataFrame({"s": arrow([{"a": 1}, None], pa.struct([("a", pa.int8())]))}),
    "text of Python": pd.DataFrame({"s": pd.array(["x", None], dtype="string[python]")}),
    "text of Arrow": pd.DataFrame({"s": pd.array(["x", None], dtype="string[pyarrow]")}),
    "text as objects beside truth": pd.DataFrame({"s": objects("a", None), "t": [True, False]}),
    "text with NaN beside a category": pd.DataFrame(
        {"s": objects("a", float("nan")), "c": pd.Categorical(["x", "y"])}
    ),
    "numbers as objects": pd.DataFrame({"i": objects(1, None), "f": objects(1.5, 2.5)}),
    "truth values as objects": pd.DataFrame({"t": objects(True, None)}),
    "lists": pd.DataFrame({"l": objects([1, 2], [3, 4])}),
    "spans as objects": pd.DataFrame({"s": objects(dt.timedelta(1), None)}),
    "index of objects": numbers(index=pd.Index(["a", "b"], dtype=object)),
    "index of numbers as objects": numbers(index=pd.Index([1, 2], dtype=object)),
    "nullable index": numbers(index=pd.Index([1, None], dtype="Int64", name="key")),
    "index of text": numbers(index=pd.Index(["a", "b"], dtype="string")),
    "levels": numbers(index=pd.MultiIndex.from_arrays(LEVELS, names=["x", ("y", 1), None])),
    "moments that are a day apart": numbers(index=DAYS),
    "spans that are an hour apart": numbers(index=pd.timedelta_range(0, periods=2, freq="h")),
    "only gaps": pd.DataFrame({"n": objects(*[None] * 9000)}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_an_ordinary_frame_comes_back_as_it_was(name):
    frame = FRAMES[name]
    result = again(frame)
    pd.testing.assert_frame_equal(result, frame, check_exact=True, check_flags=True)
    for result in (result, again(frame.iloc[:0])):
        assert list(result.dtypes) == list(frame.dtypes)
        assert list(map(repr, result.columns)) == list(map(repr, frame.columns))
        assert repr(list(result.index.names)) == repr(list(frame.index.names))
        assert repr(result.columns.names) == repr(frame.columns.names)
        assert result.flags == frame.flags
    for number in np.flatnonzero([str(dtype) == "object" for dtype in frame.dtypes]):
        column = frame.iloc[:, number]
        assert list(map(type, again(frame).iloc[:, number])) == list(map(type, column))


def test_categories_without_rows_beside_text():
    text = pd.array(["a"], dtype="string[pyarrow]")[:0]
    column = pd.Categorical([], ["b", "a"])
    for frame in (pd.DataFrame({"c": column, "s": text}), pd.DataFrame({"c": column}, text)):
        assert list(again(frame)["c"].dtype.categories) == ["b", "a"]
    chunks = pa.chunked_array([], pa.string())
    table = pa.table(
        {"s": chunks, "d": pa.DictionaryArray.from_arrays(pa.array([], pa.int8()), ["x"])}
    )
    assert again(table)["d"].chunk(0).dictionary.to_pylist() == ["x"]


@pytest.mark.parametrize("name", [0, 1.5, np.int64(3), ("a", 1), True, dt.date(2026, 1, 1)])
def test_a_series_may_have_any_name(name):
    for series in (pd.Series([1, 2], name=name), pd.Series(["a"], ["x"], name=name)):
        result = again(series)
        assert result.equals(series)
        assert repr(result.name) == repr(name)
        assert type(result.name) is type(name)
    once = series.set_flags(allows_duplicate_labels=False)
    assert not again(once).flags.allows_duplicate_labels


def test_the_bits_of_complex_numbers():
    bits = np.array([0x7FF8000000000ABC, 1 << 63], "u8").view("c16")
    result = again(pd.DataFrame({"z": bits}))
    assert result["z"].to_numpy().tobytes() == bits.tobytes()
    result.iloc[0, 0] = 7


@pytest.mark.parametrize(
    "frame",
    [
        pl.Series([1, 2]).to_frame(),
        pl.DataFrame({"": [1], "column_0": ["a"]}),
        pl.DataFrame({"1": [1], "\0": ["a"], "0": [None]}),
        pl.DataFrame({"wide": pl.Series([2**127 - 1, -(2**127), None], dtype=pl.Int128), "a": 1})
        if hasattr(pl, "Int128")
        else pl.DataFrame(),
        pl.DataFrame({"nested": [[{"a": [1, None]}], None], "text": ["a" * 20, ""]}),
        pl.DataFrame({"none": [None] * 9000, "struct": [{}] * 9000, "nan": [float("nan")] * 9000}),
    ],
    ids=lambda frame: " ".join(frame.columns),
)
def test_frames_of_polars(frame):
    for result in (again(frame), again(frame.clear())):
        assert result.schema == frame.schema
        assert result.equals(frame[: len(result)])
    for column in frame:
        result = again(column)
        assert (result.name, result.dtype) == (column.name, column.dtype)
        assert result.equals(column)


# Why others do not


def without_width():
    """What polars panics over when Arrow gives it back; the first polars did not make it either."""
    try:
        return pl.DataFrame({"a": pl.Series([[]], dtype=pl.Array(pl.Int64, 0))})
    except pl.exceptions.ComputeError:
        return None


WORKDAYS = pd.offsets.CustomBusinessDay(weekmask="Thu Fri")
REFUSED = {
    r"column 1 \(object\): Arrow has no type": pd.DataFrame(
        {"a": [1], "secret 7": objects(b"x")}
    ).assign(**{"secret 7": objects({"secret"})}),
    r"column 0 \(object\): text with a lone": pd.DataFrame({"a": objects("\ud800")}),
    r"column 0 \(DatetimeTZDtype\): a time zone": pd.DataFrame(
        {"t": DAYS.tz_convert(dt.timezone(dt.timedelta(hours=2), "secret"))}
    ),
    r"column 1 \(\w+\): Arrow has no type": pd.DataFrame({"b": [1], "a": np.array([1], "g")}),
    r"column 0 \(category\): ": pd.DataFrame({"a": pd.Categorical(DAYS)}),
    r"column 0 \(SparseDtype\): sparse": pd.DataFrame(
        {"a": pd.arrays.SparseArray([7, 1], fill_value=7)}
    ),
    r"level 0 of the index: Arrow has no type": numbers(
        index=pd.Index([1, "secret"], dtype=object)
    ),
    r"level 1 of the index: a gap": numbers(
        index=pd.MultiIndex.from_arrays([["a", "b"], [1, None]]).set_levels([1], level=1)
    ),
    r"column labels": numbers(columns=pd.CategoricalIndex(["secret", "b"])),
    r"names of the index": numbers(index=pd.Index([1, 2], name=range)),
    r"index.freq: ": numbers(index=pd.bdate_range("2026-01-01", periods=2, freq=WORKDAYS)),
    r"rows without a column": pd.DataFrame(index=range(3)),
    r"its name \(Timestamp\)": pd.Series([1], name=DAYS[0]),
    r"column 1 \(Object\): polars": pl.DataFrame(
        {"a": [1], "secret 7": pl.Series([object()], dtype=pl.Object)}
    ),
    r"column 0 \(Array\): polars": without_width(),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_says_which_column_or_what_else_and_what_to_do(reason):
    if REFUSED[reason] is None:
        pytest.skip("not to be had in this version")
    with pytest.raises(SerializationError, match=reason) as refused:
        again(REFUSED[reason])
    assert "secret" not in str(refused.value)
    assert any(word in str(refused.value) for word in ADVICE.split("|"))


def test_attributes_are_named():
    frame = numbers()
    frame.attrs["secret"] = (1,)
    with pytest.raises(SerializationError, match="^attrs: ") as refused:
        again(frame)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("label", "shown"), [("bad", "bad"), ("two words", None), (7, None), ("1st", None)]
)
def test_a_label_is_told_apart_from_the_text(label, shown):
    frame = pd.DataFrame([[1, 2]], columns=["ok", label])
    frame.isetitem(1, objects({1}))
    with pytest.raises(SerializationError, match=r"^column 1 \(object\)") as refused:
        again(frame)
    assert refused.value.label == shown


# A panic is no `Exception`


class Shelf(dict):
    def set(self, key, value, ttl):
        self[key] = value

    def delete(self, key):
        return self.pop(key, None) is not None


def forged():
    """What pyarrow takes, and polars panics over."""
    table = pa.table({"a": pa.array([[]], pa.list_(pa.int64(), 0))})
    table = table.replace_schema_metadata({"cachekit.kind": "polars.DataFrame"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_a_panic_while_reading_is_an_error_like_any_other():
    with pytest.raises(SerializationError, match="not an Arrow stream"):
        ArrowSerializer().deserialize(forged())
    data = forged()
    within = b"\xc9" + len(data).to_bytes(4, "big") + bytes([42]) + data
    with pytest.raises(SerializationError):
        DefaultSerializer().deserialize(within)


@pytest.mark.skipif(without_width() is None, reason="this polars makes none")
def test_a_panic_while_writing_is_a_value_that_is_not_kept():
    runs = []

    @cache(backend=None)
    def frame():
        runs.append(1)
        return [without_width()]

    for _ in range(3):
        assert frame()[0].shape == (1, 1)
    assert len(runs) == frame.cache_info().unencodable == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_stops_a_program_is_let_through(monkeypatch, stop):
    data = ArrowSerializer().serialize(pl.DataFrame({"a": [1]}))

    def raises(*_):
        raise stop

    monkeypatch.setattr(pl, "from_arrow", raises)
    with pytest.raises(stop):
        ArrowSerializer().deserialize(data)
    with pytest.raises(stop):
        ArrowSerializer().serialize(pl.DataFrame({"a": [1]}))
