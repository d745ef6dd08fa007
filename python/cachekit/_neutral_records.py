"""Maps of fields, as the record that an annotation names: by its constructor.

Here nobody vouches that the invariants of the class hold. Which class it is, the annotation alone
says; the map has to have its fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cachekit._hints import attribute
from cachekit._neutral_reading import Reading

__all__ = ["MAP", "Record", "record_of"]

MAP: frozenset[type] = frozenset({dict})


class Field(NamedTuple):
    """A field of a class."""

    name: str
    argument: str | None
    """How the constructor calls it. None: it does not take it, and it is set afterwards."""
    alias: str
    """Another name that a map may have for it, or its name again."""


class Record(NamedTuple):
    """A dataclass, an attrs class, a `msgspec.Struct` or a named tuple."""

    cls: Any
    fields: list[Field]
    tag: tuple[str, object] | None = None
    """What msgspec writes beside the fields, to tell the class."""

    def reading(self, of: Callable[[str], Reading]) -> Reading:
        """What makes an instance of a map; `of` reads the field of a name."""
        parts = {field.name: (field, of(field.name)) for field in self.fields}
        # Where one field's alias is another's name, it is the name.
        known = {field.alias: parts[field.name] for field in self.fields} | parts
        set_afterwards = [field.name for field in self.fields if field.argument is None]

        def make(value: dict[str, Any]) -> Any:
            arguments: dict[str, Any] = {}
            afterwards: dict[str, Any] = {}
            for key, item in self._without_tag(value):
                if key not in known:
                    _put(arguments, key, item)  # what `InitVar` names; else it is one too many
                    continue
                field, read = known[key]
                if field.argument is None:
                    _put(afterwards, field.name, read(item))
                else:
                    _put(arguments, field.argument, read(item))
            made = self.cls(**arguments)
            for name, item in afterwards.items():
                # As a frozen class sets its own.
                object.__setattr__(made, name, item)
            if set_afterwards:
                _is_whole(made, set_afterwards)
            return made

        return Reading(MAP, make)

    def _without_tag(self, value: dict[str, Any]) -> Iterable[tuple[str, Any]]:
        if self.tag is None:
            return value.items()
        name, own = self.tag
        if value.get(name, own) != own:
            raise TypeError("the tag of another class")
        return ((key, item) for key, item in value.items() if key != name)


def _put(into: dict[str, Any], name: str, item: Any) -> None:
    if name in into:
        raise TypeError("a field under both of its names")
    into[name] = item


def _is_whole(made: Any, names: list[str]) -> None:
    for name in names:
        if not hasattr(made, name):
            raise TypeError("a field too few")


def record_of(cls: Any) -> Record | None:
    """How a class that takes its fields by name is made."""
    if attribute(cls, "__attrs_attrs__") is not None:
        return Record(cls, [_attrs_field(field) for field in cls.__attrs_attrs__])
    if attribute(cls, "__dataclass_fields__") is not None:
        fields = dataclasses.fields(cls)
        return Record(
            cls,
            [Field(one.name, one.name if one.init else None, one.name) for one in fields],
        )
    if attribute(cls, "__struct_fields__") is not None:
        return _struct(cls)
    names = attribute(cls, "_fields") if issubclass(cls, tuple) else None
    return None if names is None else Record(cls, [Field(name, name, name) for name in names])


def _attrs_field(field: Any) -> Field:
    # What attrs before 22.2 does with the name, it does not say.
    alias = attribute(field, "alias") or field.name.lstrip("_")
    return Field(field.name, alias if field.init else None, alias)


def _struct(cls: Any) -> Record:
    encoded = attribute(cls, "__struct_encode_fields__") or cls.__struct_fields__
    fields = [
        Field(name, name, alias) for name, alias in zip(cls.__struct_fields__, encoded, strict=True)
    ]
    config = attribute(cls, "__struct_config__")
    tag, name = attribute(config, "tag"), attribute(config, "tag_field")
    return Record(cls, fields, None if tag is None or name is None else (name, tag))
