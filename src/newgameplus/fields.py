"""Frozen dataclasses as JSON or text, and back by the annotations of their fields.

A value is parsed as its field's annotation says, so that a plan or a configuration is defined once, as a dataclass.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from typing import (
    Any,
    Literal,
    Protocol,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from newgameplus.renamed import renamed_fields, with_new_names

Fields = TypeVar("Fields")


@runtime_checkable
class ReadFromText(Protocol):
    """A type whose values a person can type, such as a file by its path."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the value of a text.

        Raises:
            ValueError: there is none; the message is a clause without a stop.
        """
        ...


_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def to_json(value: object) -> Any:
    """Return a value as JSON types: a dataclass as an object, a tuple as a list, anything else unchanged."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(inner) for key, inner in value.items()}
    return [to_json(inner) for inner in value] if isinstance(value, (tuple, list)) else value


def from_json(kind: type[Fields], content: object) -> Fields:
    """Return the dataclass of type ``kind`` that :func:`to_json` turned into ``content``.

    Args:
        kind: a dataclass.
        content: an object with its fields by name, or a list with their values in order. Fields with a default may be
            missing, and dataclasses in it may have been read already.

    Raises:
        ValueError: a field is unknown, missing or of another type; the message says which. Also any error raised by
            ``kind`` itself.
    """
    return kind(**_values(kind, content))


def pick(kind: type[Fields], content: Mapping[str, Any]) -> Fields:
    """Return the dataclass of type ``kind`` whose fields are in ``content`` among others.

    Raises:
        ValueError: as :func:`from_json`.
    """
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # kind is always a dataclass
    return from_json(kind, {name: value for name, value in content.items() if name in names})


def from_text(hint: Any, text: str) -> Any:
    """Parse text typed by a person as a value of the annotation ``hint``.

    ``1_000_000`` or ``1e6`` for int, ``true`` or ``no`` for bool, ``none`` where None is allowed, ``A,B`` for a tuple.

    Raises:
        ValueError: the text does not fit; the message says what was expected.
    """
    return _read(hint, text, _TEXT)


@dataclasses.dataclass(frozen=True, slots=True)
class _Notation:
    """A notation of values: JSON or text."""

    is_none: Callable[[Any], bool]
    none: str
    """Notation of None, for error messages."""
    read_plain: Callable[[Any, Any], Any]
    """Parses a value of an annotation that is not composed of others."""
    read_choice: Callable[[Any, tuple[Any, ...]], Any]
    parts: Callable[[Any], list[Any]]
    """Splits a tuple into its parts."""
    complaint: str
    """Error message for a wrong number of parts; ``{}`` stands for the right number."""


def _read(hint: Any, value: Any, notation: _Notation) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(hint), value, notation)
    if origin is Literal:
        return notation.read_choice(value, get_args(hint))
    if origin is tuple:
        return _read_tuple(get_args(hint), value, notation)
    return notation.read_plain(hint, value)


def _read_union(hints: tuple[Any, ...], value: Any, notation: _Notation) -> Any:
    if type(None) in hints and notation.is_none(value):
        return None
    complaints = []
    for hint in hints:
        if hint is not type(None):
            try:
                return _read(hint, value, notation)
            except ValueError as error:
                complaints.append(str(error))
    if type(None) in hints:
        complaints.append(f"or {notation.none}")
    raise ValueError(" ".join(complaints))


def _read_tuple(hints: tuple[Any, ...], value: Any, notation: _Notation) -> tuple[Any, ...]:
    parts = notation.parts(value)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_read(hints[0], part, notation) for part in parts)
    if len(parts) != len(hints):
        raise ValueError(notation.complaint.format(len(hints)))
    return tuple(_read(hint, part, notation) for hint, part in zip(hints, parts, strict=True))


def _text_plain(hint: Any, text: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, ReadFromText):
        return hint.from_text(text)
    if hint not in _TEXT_READERS:
        raise ValueError("this field can only be set in Python")
    return _TEXT_READERS[hint](text)


def _text_choice(text: str, choices: tuple[Any, ...]) -> Any:
    by_text = {str(choice): choice for choice in choices}
    if text not in by_text:
        raise ValueError(f"expected one of {', '.join(by_text)}")
    return by_text[text]


def _text_parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


def _text_bool(text: str) -> bool:
    if text.casefold() in _TRUE:
        return True
    if text.casefold() in _FALSE:
        return False
    raise ValueError("expected true or false")


def _text_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        value = _text_float(text, "expected a whole number")
    if not value.is_integer():
        raise ValueError("expected a whole number")
    return int(value)


def _text_float(text: str, complaint: str = "expected a number") -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(complaint) from None
    if not math.isfinite(value):
        raise ValueError(complaint)
    return value


_TEXT_READERS: dict[Any, Callable[[str], Any]] = {bool: _text_bool, int: _text_int, float: _text_float, str: str}
_TEXT = _Notation(
    is_none=lambda text: bool(text.casefold() == "none"),
    none="'none'",
    read_plain=_text_plain,
    read_choice=_text_choice,
    parts=_text_parts,
    complaint="expected {} values with commas between them",
)

_JSON_KINDS: dict[Any, tuple[type | tuple[type, ...], str]] = {
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((float, int), "a number"),
    str: (str, "a text"),
}
"""Annotation to the types that JSON may hold for it, and their name in messages."""


def _json_plain(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_json(hint, value)
    if hint not in _JSON_KINDS:
        return _frozen(value)
    kinds, name = _JSON_KINDS[hint]
    if not isinstance(value, kinds) or (isinstance(value, bool) and hint is not bool):
        raise ValueError(f"expected {name}, not {value!r}")
    return value


def _json_choice(value: Any, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        is_almost = str(value) in map(str, choices)
        shown = map(repr if is_almost else str, choices)  # quotes only where they are what is missing
        raise ValueError(f"expected one of {', '.join(shown)}, not {value!r}")
    return value


def _json_parts(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list, not {value!r}")
    return list(value)


_JSON = _Notation(
    is_none=lambda value: value is None,
    none="null",
    read_plain=_json_plain,
    read_choice=_json_choice,
    parts=_json_parts,
    complaint="expected a list of {} values",
)


def _frozen(value: object) -> object:
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _values(kind: type[Any], content: object) -> dict[str, Any]:
    """The fields of a dataclass, read from JSON."""
    declared = {field.name: field for field in dataclasses.fields(kind) if field.init}
    if isinstance(content, list) and len(content) <= len(declared):
        content = dict(zip(declared, content, strict=False))
    if not isinstance(content, dict):
        raise ValueError(f"expected the fields of a {kind.__name__}, not {content!r}")
    content = with_new_names(content, renamed_fields(kind))
    if unknown := [name for name in content if name not in declared]:
        raise ValueError(f"there is no field {unknown[0]!r}")
    for name, field in declared.items():
        has_default = not (field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING)
        if name not in content and not has_default:
            raise ValueError(f"the field {name!r} is missing")
    hints = get_type_hints(kind)
    values = {}
    for name, value in content.items():
        try:
            values[name] = _read(hints[name], value, _JSON)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return values
