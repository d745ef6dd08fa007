"""Arrays, frames and columns as arguments: their content counts, however it lies in memory."""

import datetime as dt
import decimal

import polars as pl
import pytest
from encoding import one

from cachekit import ArgumentError
from cachekit._native import digest_buffers

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")


def all_differ(*values):
    return len({one(value) for value in values}) == len(values)


# Arrays

# https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json
BLAKE3_OF_NOTHING = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


def test_an_array_is_its_type_its_sides_and_a_digest():
    empty = numpy.zeros((0, 3), "<f4")
    digest = bytes.fromhex(BLAKE3_OF_NOTHING)
    assert one(empty) == b"x\x05array(s\x03<f4(+\x00+\x01\x03)b\x20" + digest + b")"


def test_buffers_are_digested_as_one():
    pieces = [b"ab", bytearray(b"c" * 300_000), memoryview(b"d")]
    assert digest_buffers(pieces) == digest_buffers([b"".join(map(bytes, pieces))])
    assert digest_buffers([]).hex() == BLAKE3_OF_NOTHING


def layouts(array):
    """The same array, lying in memory in other ways."""
    yield numpy.asfortranarray(array)
    yield numpy.repeat(array, 2, axis=-1)[..., ::2]
    yield array[::-1].copy()[::-1]
    yield numpy.lib.stride_tricks.as_strided(array, array.shape, array.strides)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (300, 700), (2, 90_000), (70_000, 3)])
@pytest.mark.parametrize("dtype", ["u1", "<f8", "M8[us]"])
def test_how_an_array_lies_in_memory_does_not_matter(shape, dtype):
    array = (numpy.arange(numpy.prod(shape)) % 251).reshape(shape).astype(dtype)
    assert {one(layout) for layout in layouts(array)} == {one(array)}


def test_type_sides_and_content_matter():
    numbers = numpy.arange(6)
    assert all_differ(
        numbers,
        numbers.astype("i4"),
        numbers.astype(">i8"),
        numbers.astype("u8"),
        numbers.reshape(2, 3),
        numbers.reshape(3, 2),
        numbers.reshape(6, 1),
        numbers + 1,
        numbers.astype("M8[s]"),
        numbers.astype("M8[ms]"),
        numbers.tolist(),
        numpy.array(numbers.tolist(), dtype=object),
    )


@pytest.mark.parametrize("position", [0, 131_071, 131_072, 499_999])
def test_one_element_far_inside_matters(position):
    array = numpy.zeros(500_000, "u1")
    before = one(array)
    array[position] = 1
    assert one(array) != before


def test_structured_arrays_count_where_they_have_no_gaps():
    packed = numpy.zeros(3, [("a", "i4"), ("b", "f8", (2,))])
    assert all_differ(packed, numpy.zeros(3, [("a", "i4"), ("c", "f8", (2,))]))
    gaps = numpy.zeros(3, numpy.dtype([("a", "i1"), ("b", "i8")], align=True))
    with pytest.raises(ArgumentError, match="not their values alone"):
        one(gaps)


@pytest.mark.parametrize("dtype", ["g", "G", "T"])
def test_arrays_of_padding_or_addresses_are_refused(dtype):
    if dtype == "T" and numpy.lib.NumpyVersion(numpy.__version__) < "2.0.0":
        pytest.skip("NumPy has this type since version 2")
    with pytest.raises(ArgumentError, match="not their values alone"):
        one(numpy.array(["1"] if dtype == "T" else [1], dtype=dtype))


def test_an_array_of_objects_is_its_elements():
    mixed = numpy.array([1, "a", None], dtype=object)
    assert one(mixed) == b"x\x05array(s\x02|O(+\x01\x03)[+\x01\x01s\x01aN])"
    with pytest.raises(ArgumentError, match=r"'v'\[2\]\[0\]"):
        one(numpy.array([object()], dtype=object))


@pytest.mark.parametrize("view", [numpy.matrix, numpy.recarray, numpy.ma.MaskedArray])
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_kinds_of_arrays_that_mean_more_are_refused(view):
    array = numpy.zeros((1,), [("a", "i4")]) if view is numpy.recarray else numpy.zeros((1, 1))
    with pytest.raises(ArgumentError, match="may hold more"):
        one(array.view(view))


# Frames


def table():
    moments = [dt.datetime(2024, 2, 29, tzinfo=dt.timezone.utc), None, None]
    return pyarrow.table(
        {
            "number": [1, 2, None],
            "real": [0.5, float("nan"), None],
            "text": ["a", None, "ü" * 40],
            "truth": [True, None, False],
            "moment": pyarrow.array(moments, pyarrow.timestamp("us", "UTC")),
            "price": pyarrow.array([decimal.Decimal("1.10"), None, None], pyarrow.decimal128(9, 2)),
            "list": [[1, 2], None, []],
            "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
            "kind": pyarrow.array(["x", "y", "x"]).dictionary_encode(),
            "nothing": pyarrow.nulls(3),
        }
    )


def test_chunks_offsets_and_what_is_beneath_a_gap_do_not_matter():
    whole = table()
    chunked = pyarrow.concat_tables([whole.slice(0, 1), whole.slice(1, 2)])
    offset = pyarrow.concat_tables([whole, whole]).slice(3, 3)
    recombined = pyarrow.concat_tables([whole.slice(2), whole]).combine_chunks().slice(1, 3)
    assert {one(chunked), one(offset), one(recombined)} == {one(whole)}
    gap = pyarrow.array([7, 2], mask=numpy.array([True, False]))
    other = pyarrow.array([8, 2], mask=numpy.array([True, False]))
    assert one(pyarrow.table({"a": gap})) == one(pyarrow.table({"a": other}))


def test_every_column_of_a_table_matters():
    whole = table()
    without = [whole.drop_columns([name]) for name in whole.column_names]
    assert all_differ(whole, whole.slice(1), whole.rename_columns(list("abcdefghij")), *without)
    # As a list without the moments: older pyarrow gives them zones of pytz, which are no arguments.
    rows = whole.drop_columns(["moment"])
    assert all_differ(whole, rows, whole.combine_chunks().to_batches()[0], rows.to_pylist())


def frame():
    return pandas.DataFrame(
        {
            "number": [1, 2, 3],
            "nullable": pandas.array([1, None, 3], dtype="Int64"),
            "truth": pandas.array([True, None, False], dtype="boolean"),
            "real": [0.5, float("nan"), 1.0],
            "text": ["a", None, "c"],
            "kind": pandas.Categorical(["x", "y", "y"]),
            "moment": pandas.date_range("2024-02-29", periods=3, tz="Europe/Berlin"),
            "span": pandas.to_timedelta([1, 2, 3], unit="s"),
            "interval": pandas.interval_range(0, 3),
            "period": pandas.period_range("2024-01", periods=3, freq="M"),
            "arrow": pandas.array([1, None, 3], dtype="int64[pyarrow]"),
            "object": [{"a": 1}, (1,), None],
        }
    )


def test_equal_frames_are_one_argument():
    again = pandas.concat([frame(), frame()], ignore_index=True).iloc[3:].reset_index(drop=True)
    again["kind"] = again["kind"].astype(frame()["kind"].dtype)
    assert one(again) == one(frame()) == one(frame().copy(deep=True))


def test_index_labels_types_and_cells_matter():
    base = frame()
    changed = [base.assign(**{name: base[name].iloc[::-1].array}) for name in base]
    renamed = base.rename(columns={"number": "n"})
    indexed = [
        base.set_index("number"),
        base.set_index(["number", "text"]),
        base.set_index("moment"),
        base.set_axis([0, 1, 4], axis=0),
        base.rename_axis("rows"),
    ]
    typed = base.astype({"number": "int32"})
    told = base.copy()
    told.attrs["source"] = "a"
    assert all_differ(base, *changed, renamed, *indexed, typed, told, base.iloc[:2], base["number"])


def test_a_series_is_its_name_its_index_and_its_values():
    series = pandas.Series([1, 2], name="a")
    assert all_differ(
        series, series.rename("b"), series.rename(None), series.set_axis([1, 2]), [1, 2]
    )


def test_polars_frames_and_columns():
    base = polars.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"]})
    kind = base.with_columns(polars.col("b").cast(polars.Categorical))
    again = polars.concat([base, base]).slice(3, 3)
    assert one(again) == one(base)
    assert all_differ(
        base, kind, base.reverse(), base.rename({"a": "c"}), base["a"], base["a"].to_list()
    )


def test_a_frame_may_hold_what_is_no_argument():
    with pytest.raises(ArgumentError, match="of type object"):
        one(pandas.DataFrame({"a": [object()]}))


def test_a_class_derived_from_a_frame_may_mean_more():
    class Labelled(pandas.DataFrame):
        pass

    with pytest.raises(ArgumentError, match="may hold more"):
        one(Labelled({"a": [1]}))


@pytest.mark.skipif(not hasattr(pl, "Int128"), reason="this polars has no such type")
def test_polars_frames_that_arrow_has_no_words_for_count_by_content():
    def keyed(values, name="a\0b", dtype=pl.Int128):
        return one(pl.DataFrame({name: pl.Series(values, dtype=dtype)}))

    assert keyed([1, 2**100]) == keyed([1, 2**100])
    assert keyed([1, 2**100]) != keyed([1, 2**100 + 1])
    assert keyed([1], name="a") != keyed([1])
    assert keyed([1], dtype=pl.Int64) != keyed([1])
