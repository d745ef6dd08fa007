"""What makes two frames the same: more than `equals` asks, of any of the three libraries."""

import pandas as pd
import polars as pl
import pyarrow as pa


def same_frame(one, other, same):
    """Equal, with types, labels, names, zones, steps, flags and attributes; objects by `same`."""
    if isinstance(one, pa.Table | pa.RecordBatch):
        return one.schema.equals(other.schema, check_metadata=True) and repr_of(one) == repr_of(
            other
        )
    if isinstance(one, pl.DataFrame):
        return one.schema == other.schema and one.equals(other)
    if isinstance(one, pl.Series):
        return (one.name, one.dtype) == (other.name, other.dtype) and one.equals(other)
    if not (same(one.attrs, other.attrs) and one.flags == other.flags):
        return False
    if isinstance(one, pd.Series):
        named = same(one.name, other.name)
        return named and same_axis(one.index, other.index, same) and same_column(one, other, same)
    return (
        same_axis(one.index, other.index, same)
        and same_axis(one.columns, other.columns, same)
        and all(
            same_column(one.iloc[:, number], other.iloc[:, number], same)
            for number in range(len(one.columns))
        )
    )


def repr_of(table):
    """To `equals` a NaN is none."""
    return repr([repr(column.to_pylist()) for column in table.columns])


def same_axis(one, other, same):
    if type(one) is not type(other) or not same(list(one.names), list(other.names)):
        return False
    if getattr(one, "freq", None) != getattr(other, "freq", None):
        return False
    if isinstance(one, pd.MultiIndex):
        levels = [axis.get_level_values(n) for n in range(one.nlevels) for axis in (one, other)]
        return all(map(lambda a, b: same_axis(a, b, same), levels[::2], levels[1::2]))
    return same_column(one, other, same)


def same_column(one, other, same):
    if not same_type(one.dtype, other.dtype, same) or len(one) != len(other):
        return False
    cells = one.tolist(), other.tolist()
    if str(one.dtype) == "object":
        return same(*cells)
    return repr(cells[0]) == repr(cells[1]) and one.equals(other)


def same_type(one, other, same):
    if type(one) is not type(other) or one != other or repr(one) != repr(other):
        return False
    if isinstance(one, pd.CategoricalDtype):
        return one.ordered == other.ordered and same_axis(one.categories, other.categories, same)
    return type(getattr(one, "tz", None)) is type(getattr(other, "tz", None))
