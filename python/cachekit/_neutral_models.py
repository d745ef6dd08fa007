"""Maps of fields, as the pydantic model that an annotation names: it validates them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cachekit._hints import attribute
from cachekit._neutral_reading import NEUTRAL, Reading
from cachekit._neutral_records import MAP

__all__ = ["model"]


def model(cls: Any, of: Callable[[Any], Reading]) -> Reading:
    """The reading of a model.

    What pydantic does not know, a member of an enum by its name, is read before it validates. If it
    does not take that, it is asked about what was written.
    """
    parts = {name: of(field.annotation) for name, field in cls.model_fields.items()}
    if attribute(cls, "__pydantic_root_model__"):
        return _root(cls, parts["root"])
    names = _Names(cls)

    def make(value: dict[str, Any]) -> Any:
        known = names.in_map(value)

        def read(key: str, item: Any) -> Any:
            return parts[known[key]](item) if key in known else item

        return _first_valid(
            cls,
            lambda: names.as_validated({key: read(key, item) for key, item in value.items()}),
            lambda: names.as_validated(value),
        )

    return Reading(MAP, make)


def _root(cls: Any, part: Reading) -> Reading:
    """A model of one value, which has the field `root` to who reads it elsewhere."""

    def make(value: Any) -> Any:
        bare: Any = value["root"] if _is_rooted(value) else value
        return _first_valid(cls, lambda: part(bare), lambda: bare)

    return Reading(NEUTRAL, make)


def _is_rooted(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"root"}


def _first_valid(cls: Any, read: Callable[[], Any], written: Callable[[], Any]) -> Any:
    try:
        return cls.model_validate(read())
    except Exception:  # noqa: BLE001 - the model's own code may raise anything; the next line says why
        return cls.model_validate(written())


class _Names:
    """The names that a map may have for the fields of a model."""

    def __init__(self, cls: Any) -> None:
        config: dict[str, Any] = cls.model_config
        self._takes_more = config.get("extra") == "allow"
        by_name = config.get("populate_by_name") or config.get("validate_by_name")
        self._known: dict[str, str] = {}
        self._asked_for: dict[str, str] = {}
        for name, field in cls.model_fields.items():
            alias = field.validation_alias or field.alias
            names = [name] if alias is None or by_name else []
            names += _texts(alias)
            if names:
                # Else it has a path, which is no name.
                self._asked_for[name] = names[0]
                self._known |= dict.fromkeys(names, name)
        # Where one field's alias is another's name, it is the name.
        self._known |= {name: name for name in self._asked_for}

    def in_map(self, value: dict[str, Any]) -> dict[str, str]:
        """The field of each key.

        Raises:
            TypeError: a field too many, or twice. The model itself may pass over that in silence.
        """
        found = {key: self._known[key] for key in value if key in self._known}
        if len(found) != len(value) and not self._takes_more:
            raise TypeError("a field too many")
        if len(set(found.values())) != len(found):
            raise TypeError("a field under both of its names")
        return found

    def as_validated(self, value: dict[str, Any]) -> dict[str, Any]:
        """The same under the names that the model asks for."""
        return {self._asked_for.get(key, key): item for key, item in value.items()}


def _texts(alias: Any) -> list[str]:
    choices: list[Any] = attribute(alias, "choices") or [alias]
    return [choice for choice in choices if isinstance(choice, str)]
