"""Frames, tables and columns of every kind that is kept."""

import datetime as dt
import functools
import math
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

# To pandas a NaN is a gap, whatever its bits.
REALS = st.floats(allow_nan=False) | st.just(math.nan)
WHOLE = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=3)
MOMENTS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
SPANS = st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))
TIMES = st.times().map(lambda time: time.replace(fold=0))
DIGITS = st.decimals(-999, 999, places=2)
ZONES = st.sampled_from(
    [*("UTC", "Europe/Berlin"), dt.timezone.utc, dt.timezone(dt.timedelta(hours=-3))]
    + [zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo("Asia/Tokyo")]
)
UNITS = st.sampled_from(["s", "ms", "us", "ns"])


def optional(cells):
    return st.none() | cells


# Columns of pandas: from a number of rows to a strategy of arrays ---------------------------------


def of_cells(cells, make):
    """Columns that `make` makes of so many cells."""
    return lambda rows: st.lists(cells, min_size=rows, max_size=rows).map(make)


def typed(dtype):
    return functools.partial(pd.array, dtype=dtype)


def objects(items):
    return pd.Series(items, dtype=object).array


def moments(rows):
    cells = st.lists(optional(MOMENTS), min_size=rows, max_size=rows)
    return st.builds(
        lambda items, unit, zone: (
            (
                pd.DatetimeIndex(items, dtype="M8[us]")
                .as_unit(unit)
                .tz_localize("UTC")
                .tz_convert(zone)
            ).array
        ),
        *(cells, UNITS, ZONES),
    )


def categories(kinds):
    def of_rows(rows):
        codes = st.lists(st.integers(-1, len(kinds) - 1), min_size=rows, max_size=rows)
        return st.builds(
            lambda numbers, ordered: pd.Categorical.from_codes(numbers, kinds, ordered=ordered),
            *(codes, st.booleans()),
        )

    return of_rows


STRUCT = pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))])
STRUCTS = st.fixed_dictionaries({"a": optional(st.integers(0, 9)), "b": optional(st.lists(TEXT))})
PLAIN_KINDS = [
    *(of_cells(WHOLE, typed("i8")), of_cells(st.integers(0, 255), typed("u1"))),
    *(of_cells(REALS, typed("f8")), of_cells(st.booleans(), typed("?"))),
    of_cells(st.floats(width=32, allow_nan=False), typed("f4")),
    of_cells(st.integers(-9, 9), lambda items: np.array(items, ">i4")),
    of_cells(optional(TEXT), lambda items: pd.Series(items, dtype="str").array),
    of_cells(optional(MOMENTS), lambda items: pd.array(items, dtype="M8[us]")),
    *(of_cells(optional(SPANS), lambda items: pd.array(items, dtype="m8[us]")), moments),
]
OBJECT_KINDS = [
    *(of_cells(optional(cells), objects) for cells in [TEXT, WHOLE, st.booleans(), st.binary()]),
    *(of_cells(optional(cells), objects) for cells in [st.dates(), TIMES, SPANS, DIGITS]),
    of_cells(TEXT | st.just(math.nan), objects),
    of_cells(optional(st.lists(WHOLE, max_size=2)), objects),
]
EXTENSION_KINDS = [
    *(
        of_cells(optional(WHOLE), typed("Int64")),
        of_cells(optional(st.booleans()), typed("boolean")),
    ),
    of_cells(optional(st.floats(allow_nan=False)), typed("Float64")),
    *(of_cells(optional(TEXT), typed(f"string[{kind}]")) for kind in ["python", "pyarrow"]),
    of_cells(optional(TEXT), typed(pd.ArrowDtype(pa.string()))),
    of_cells(optional(DIGITS), typed(pd.ArrowDtype(pa.decimal128(9, 2)))),
    of_cells(optional(STRUCTS), typed(pd.ArrowDtype(STRUCT))),
    of_cells(st.complex_numbers(allow_nan=False), lambda items: np.array(items, complex)),
    of_cells(
        st.integers(0, 2), lambda items: pd.arrays.SparseArray(items, dtype="Sparse[int64, 0]")
    ),
    *(categories(kinds) for kinds in [["b", "a"], [3, 1], [1.5, -0.5], pd.to_datetime(["2026"])]),
    of_cells(st.integers(0, 99), lambda items: pd.PeriodIndex.from_ordinals(items, freq="M").array),
]
KINDS = [*PLAIN_KINDS, *OBJECT_KINDS, *EXTENSION_KINDS]


# Axes ---------------------------------------------------------------------------------------------

NAMES = st.none() | TEXT | st.integers(0, 9) | st.tuples(TEXT, st.integers(0, 9))
STEPS = st.sampled_from(["D", "h", "W-TUE", "MS", "2s"])
LEVEL_KINDS = [PLAIN_KINDS[0], PLAIN_KINDS[6], PLAIN_KINDS[7], moments, OBJECT_KINDS[0]]


@st.composite
def an_index(draw, rows):
    kind = draw(st.sampled_from(["range", "range", "steps", "levels", "values"]))
    if kind == "range":
        start, step, name = draw(st.integers(0, 5)), draw(st.integers(1, 3)), draw(NAMES)
        return pd.RangeIndex(start, start + rows * step, step, name=name)
    if kind == "steps":
        step, zone = draw(STEPS), draw(st.none() | ZONES)
        return pd.date_range("2026-01-05", periods=rows, freq=step, tz=zone, name=draw(NAMES))
    if kind == "levels":
        levels = [draw(draw(st.sampled_from(LEVEL_KINDS))(rows)) for _ in range(2)]
        return pd.MultiIndex.from_arrays(levels, names=[draw(NAMES), draw(NAMES)])
    values = draw(draw(st.sampled_from([*LEVEL_KINDS, *EXTENSION_KINDS[:4]]))(rows))
    return pd.Index(values, dtype=values.dtype, name=draw(NAMES), tupleize_cols=False)


@st.composite
def labels(draw, width):
    kind = draw(st.sampled_from(["text", "text", "range", "numbers", "any", "moments"]))
    if kind == "range":
        return pd.RangeIndex(width, name=draw(NAMES))
    if kind == "numbers":
        numbers = st.lists(WHOLE, min_size=width, max_size=width)
        return pd.Index(draw(numbers), dtype="i8", name=draw(NAMES))
    if kind == "moments":
        zone = draw(st.none() | ZONES)
        return pd.date_range("2026-01-05", periods=width, freq="D", tz=zone, name=draw(NAMES))
    cells = TEXT if kind == "text" else TEXT | WHOLE | st.booleans() | st.tuples(TEXT, WHOLE)
    found = draw(st.lists(cells, min_size=width, max_size=width))
    is_text = all(type(label) is str for label in found)
    dtype = pd.Index([""]).dtype if is_text and draw(st.booleans()) else object
    return pd.Index(found, dtype=dtype, name=draw(NAMES), tupleize_cols=False)


ATTRS = st.just({}) | st.dictionaries(TEXT, optional(WHOLE | TEXT | st.lists(WHOLE)), max_size=2)


@st.composite
def pandas_frames(draw):
    rows, width = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    kinds = draw(st.sampled_from([PLAIN_KINDS, KINDS]))
    index = draw(an_index(rows)) if draw(st.booleans()) else pd.RangeIndex(rows)
    columns = [draw(draw(st.sampled_from(kinds))(rows)) for _ in range(width)]
    series = [pd.Series(column, index, column.dtype, copy=False) for column in columns]
    frame = pd.DataFrame(dict(enumerate(series)), index, copy=False)
    frame.columns = draw(labels(width))
    frame.attrs = draw(ATTRS)
    return frame


@st.composite
def pandas_series(draw):
    rows = draw(st.integers(0, 3))
    values = draw(draw(st.sampled_from(KINDS))(rows))
    series = pd.Series(values, draw(an_index(rows)), values.dtype, name=draw(NAMES))
    series.attrs = draw(ATTRS)
    return series


# polars and pyarrow -------------------------------------------------------------------------------

BYTE, BYTES = st.integers(0, 255), st.binary(max_size=3)
PAIR = st.lists(st.integers(0, 9), min_size=2, max_size=2)
LISTS = st.lists(optional(st.lists(st.integers(0, 9), max_size=2)), max_size=2)
# Since pyarrow 16.
VIEW = pa.string_view() if hasattr(pa, "string_view") else pa.string()
POLARS = [
    *((pl.Int64, WHOLE), (pl.UInt8, BYTE), (pl.Float64, REALS), (pl.Boolean, st.booleans())),
    *((pl.String, TEXT), (pl.Binary, BYTES), (pl.Date, st.dates()), (pl.Time, TIMES)),
    *((pl.Datetime("us"), MOMENTS), (pl.Duration("us"), SPANS), (pl.Null, st.none())),
    *(
        (pl.Decimal(9, 2), DIGITS),
        (pl.Categorical, st.sampled_from("ab")),
        (pl.Enum(["b", "a"]), st.sampled_from("ab")),
    ),
    *((pl.List(pl.List(pl.Int8)), LISTS), (pl.Array(pl.Int8, 2), PAIR)),
    (pl.Struct({"a": pl.Int8, "b": pl.List(pl.String)}), STRUCTS),
]
ARROW = [
    *((pa.int64(), WHOLE), (pa.uint8(), BYTE), (pa.float64(), REALS), (pa.bool_(), st.booleans())),
    *((kind, TEXT) for kind in [pa.string(), pa.large_string(), VIEW]),
    *((pa.binary(), BYTES), (pa.date32(), st.dates()), (pa.duration("us"), SPANS)),
    *((pa.timestamp("us"), MOMENTS), (pa.timestamp("us", "Europe/Berlin"), MOMENTS)),
    *((pa.decimal128(9, 2), DIGITS), (pa.null(), st.none()), (STRUCT, STRUCTS)),
    *((pa.struct([]), st.just({})), (pa.binary(0), st.just(b"")), (pa.list_(pa.int8(), 2), PAIR)),
    (pa.map_(pa.string(), pa.int8()), st.lists(st.tuples(TEXT, st.integers(0, 9)), max_size=2)),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from("ab")),
]


# As an argument polars panics over a NUL in the name of a column.
FIELDS = TEXT.filter(lambda name: "\0" not in name)


@st.composite
def columns(draw, kinds):
    """Names, and with each a type and cells."""
    names = draw(st.lists(FIELDS, max_size=3, unique=True))
    rows = draw(st.integers(0, 3))
    found = {}
    for name in names:
        kind, cells = draw(st.sampled_from(kinds))
        found[name] = kind, draw(st.lists(optional(cells), min_size=rows, max_size=rows))
    return found


def polars_frame(found):
    return pl.DataFrame([pl.Series(name, cells, kind) for name, (kind, cells) in found.items()])


def arrow_table(found):
    return pa.table({name: pa.array(cells, kind) for name, (kind, cells) in found.items()})


def batch(table):
    arrays = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


POLARS_FRAMES = columns(POLARS).map(polars_frame)
POLARS_SERIES = POLARS_FRAMES.filter(lambda it: it.width).map(lambda it: it.to_series())
TABLES = columns(ARROW).map(arrow_table)
PARTS = TABLES.map(lambda it: pa.concat_tables([it, it]))
FRAMES = st.one_of(
    *(pandas_frames(), pandas_frames(), pandas_series(), POLARS_FRAMES, POLARS_SERIES),
    *(TABLES, PARTS, TABLES.map(batch)),
)
FRAME_TYPES = {pd.DataFrame, pd.Series, pl.DataFrame, pl.Series, pa.Table, pa.RecordBatch}
