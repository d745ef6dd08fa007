"""What makes two values the same: not less than what a user could tell them apart by."""

import collections
import datetime as dt
import decimal
import itertools
import struct

import numpy as np
from any_class import RECORDS
from any_frame import FRAME_TYPES
from same_frame import same_frame


def same(one, other):
    """Equal, of equal type, all the way down; a NaN is the NaN with the same bits."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in (int, str, bytes, bool):
        return one == other
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        default = getattr(one, "default_factory", None) is getattr(other, "default_factory", None)
        return default and same(list(one.items()), list(other.items()))
    if kind in RECORDS:
        return same(one.a, other.a) and same(one.b, other.b)
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and same_elements(one, other)
    if isinstance(one, collections.deque):
        return one.maxlen == other.maxlen and same(list(one), list(other))
    if isinstance(one, slice):
        return same((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    return same_leaf(one, other)


def same_elements(one, other):
    left = list(other)
    for element in one:
        for index, candidate in enumerate(left):
            if same(element, candidate):
                del left[index]
                break
        else:
            return False
    return True


def same_leaf(one, other):
    if isinstance(one, np.ndarray):
        return same_array(one, other)
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and contents(one) == contents(other)
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, decimal.Decimal):
        return one.as_tuple() == other.as_tuple()
    if isinstance(one, dt.datetime | dt.time):
        return one == other and one.fold == other.fold and same(one.tzinfo, other.tzinfo)
    if isinstance(one, dt.timezone):
        return one == other and one.tzname(None) == other.tzname(None)
    if type(one) in FRAME_TYPES:
        return same_frame(one, other, same)
    return one == other


def same_array(one, other):
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and contents(one) == contents(other)
        and one.flags.writeable == other.flags.writeable
        and in_row_order(one) == in_row_order(other)
    )


def contents(array):
    """The bytes of all elements; what a record has between its fields is nothing's value."""
    if array.dtype.names is None:
        return array.tobytes()
    return [contents(array[name]) for name in array.dtype.names]


def in_row_order(array):
    """Whether the array comes back row by row: one that is neither way round in memory does."""
    return array.flags.c_contiguous or not array.flags.f_contiguous


def within(value):
    """The value, and every value that it holds, however deep."""
    yield value
    if isinstance(value, dict):
        held = itertools.chain(value, value.values())
    elif isinstance(value, list | tuple | set | frozenset | collections.deque):
        held = value
    elif type(value) in RECORDS:
        held = (value.a, value.b)
    elif isinstance(value, slice):
        held = (value.start, value.stop, value.step)
    else:
        return
    for item in held:
        yield from within(item)
