"""Columns and levels of an index that pyarrow's conversion refuses or changes, by a way of our own.

Each has a kind: what its Arrow array does not say, as JSON. What comes back is the array of pandas
that went in, of its type and with its values.
"""

from __future__ import annotations

from importlib import import_module

from ._likeness import are_alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["UnkeptError", "is_own", "lowered", "raised"]

_NULLABLE = frozenset(
    {"boolean", "Float32", "Float64"}
    | {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
)
_COMPLEX = frozenset({"complex64", "complex128"})
_GAP = {"None": None, "nan": float("nan")}


class UnkeptError(ValueError):
    """Values that would not come back as they are; the text says why, and what to do."""


def is_own(dtype: Any, pandas: Any) -> bool:
    """Whether a type goes by our way; of any other pyarrow knows better what to do."""
    if _class(dtype) in {pandas.StringDtype, pandas.ArrowDtype, pandas.SparseDtype}:
        return True
    name = str(dtype)
    return name in _NULLABLE or name in _COMPLEX or name == "object" or _is_swapped(dtype)


def lowered(values: Any, arrow: Any, pandas: Any) -> tuple[Any, dict[str, Any]]:
    """The Arrow array of such values, and its kind.

    Raises:
        UnkeptError: The values would not come back.
    """
    dtype = values.dtype
    cls, name = _class(dtype), str(dtype)
    if cls is pandas.StringDtype:
        return _of_text(values, arrow, pandas)
    if cls is pandas.ArrowDtype:
        return values.__arrow_array__(), {"arrow": True}
    if cls is pandas.SparseDtype:
        return _of_sparse(values, arrow)
    if name in _NULLABLE:
        return _of_nullable(values, name), {"nullable": name}
    return _of_numpy(values, arrow)


def _of_numpy(values: Any, arrow: Any) -> tuple[Any, dict[str, Any]]:
    numbers = import_module("numpy").asarray(values)
    if numbers.dtype.kind == "c":
        return _of_complex(numbers, arrow), {"complex": numbers.dtype.name}
    if numbers.dtype.kind == "O":
        return _of_objects(values, arrow)
    native = numbers.astype(numbers.dtype.newbyteorder("="))
    return arrow.array(native, from_pandas=False), {"swapped": True}


def raised(column: Any, kind: dict[str, Any], pandas: Any) -> Any:
    """The array of pandas again. `kind` may come from a store."""
    if "text" in kind:
        return _text(column, _text_type(kind, pandas))
    if "arrow" in kind:
        return pandas.arrays.ArrowExtensionArray(column)
    if "sparse" in kind:
        values = column.to_numpy(zero_copy_only=False)
        zero = values.dtype.type(0).item()
        fill = _GAP["nan"] if kind["sparse"] == "nan" else zero
        return pandas.arrays.SparseArray(values, dtype=pandas.SparseDtype(values.dtype, fill))
    if kind.get("nullable") in _NULLABLE:
        return pandas.api.types.pandas_dtype(kind["nullable"]).__from_arrow__(column)
    return _numpy_again(column, kind)


def _numpy_again(column: Any, kind: dict[str, Any]) -> Any:
    numpy = import_module("numpy")
    if kind.get("complex") in _COMPLEX:
        pairs = column.combine_chunks().flatten()
        return numpy.array(pairs.to_numpy()).view(kind["complex"])
    if "swapped" in kind:
        values = column.to_numpy(zero_copy_only=False)
        return values.astype(values.dtype.newbyteorder("S"))
    values = numpy.empty(len(column), object)
    gap = _GAP[kind["objects"]]
    # One by one: of lists that are equally long numpy would make an array of two sides.
    for number, item in enumerate(column.to_pylist()):
        values[number] = gap if item is None else item
    return values


def _text(column: Any, dtype: Any) -> Any:
    try:
        return dtype.__from_arrow__(column)
    except ValueError:
        # pandas 2.1 knows the text that counts its bytes in 32 bits.
        return dtype.__from_arrow__(column.cast("string"))


def _text_type(kind: dict[str, Any], pandas: Any) -> Any:
    if kind["gap"] == "nan":
        return pandas.StringDtype(kind["text"], na_value=_GAP["nan"])
    return pandas.StringDtype(kind["text"])


def _of_text(values: Any, arrow: Any, pandas: Any) -> tuple[Any, dict[str, Any]]:
    dtype = values.dtype
    gap = "NA" if dtype.na_value is pandas.NA else "nan"
    if dtype.storage == "python":
        items = [item if type(item) is str else None for item in values.tolist()]
        array = arrow.array(items, arrow.large_string())
    else:
        array = values.__arrow_array__()
    return array, {"text": dtype.storage, "gap": gap}


def _is_swapped(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "iuf" and not getattr(dtype, "isnative", True)


def _of_sparse(values: Any, arrow: Any) -> tuple[Any, dict[str, Any]]:
    numpy = import_module("numpy")
    fill = values.dtype.fill_value
    if values.dtype.subtype.kind not in "iufb":
        raise UnkeptError("sparse, and no numbers; make it dense: .sparse.to_dense()")
    if fill != fill:  # noqa: PLR0124 - NaN
        kind = "nan"
    elif fill == 0:
        kind = "zero"
    else:
        raise UnkeptError("sparse with a filling that is neither 0 nor NaN; make it dense")
    return arrow.array(numpy.asarray(values), from_pandas=False), {"sparse": kind}


def _of_nullable(values: Any, name: str) -> Any:
    numpy = import_module("numpy")
    if name.startswith("Float"):
        numbers = values.to_numpy(name.lower(), na_value=0)
        if numpy.isnan(numbers).any():
            raise UnkeptError("a NaN that is not missing; make it pandas.NA")
    return values.__arrow_array__()


def _of_complex(numbers: Any, arrow: Any) -> Any:
    numpy = import_module("numpy")
    native = numpy.ascontiguousarray(numbers, numbers.dtype.newbyteorder("="))
    parts = native.view(native.real.dtype)
    return arrow.FixedSizeListArray.from_arrays(arrow.array(parts, from_pandas=False), 2)


def _of_objects(values: Any, arrow: Any) -> tuple[Any, dict[str, Any]]:
    items = values.tolist()
    gaps = {repr(item) for item in items if item is None or type(item) is float}
    if gaps == {"nan"} and set(map(type, items)) <= {str, float}:
        return arrow.array([None if type(i) is float else i for i in items]), {"objects": "nan"}
    again: Any = None
    array: Any = None
    try:
        array = arrow.array(items, from_pandas=False)
        again = array.to_pylist()
    except UnicodeEncodeError:
        raise UnkeptError("text with a lone surrogate; replace it") from None
    except (arrow.ArrowException, TypeError, ValueError, OverflowError):
        pass
    # Without a look at each, 1 and True are one, and a tuple comes back as a list.
    if not are_alike(items, again):
        raise UnkeptError(
            "Arrow has no type for a column of such objects, or would give back others; "
            "give it one type with astype(), or keep the values as a list"
        )
    return array, {"objects": "None"}


def _class(value: object) -> Any:
    return type(value)
