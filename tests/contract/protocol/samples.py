"""A value of any message or record, with every field filled, made from its declared types."""

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta


def sample(kind: Any) -> Any:
    """An instance of a message or record class."""
    hints = get_type_hints(kind, include_extras=True)
    return kind(**{field.name: _value(hints[field.name], field.name) for field in msgspec.structs.fields(kind)})


def _value(hint: Any, name: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hasattr(hint, "__metadata__"):
        return _limited(arguments[0], [item for item in hint.__metadata__ if isinstance(item, Meta)], name)
    if origin is Literal:
        return arguments[-1]
    if origin in (Union, UnionType):
        return _value(next(item for item in arguments if item is not type(None)), name)
    if origin is tuple:
        return tuple(_value(item, name) for item in arguments if item is not Ellipsis)
    if origin is dict:
        return {"key": _value(arguments[1], name)}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return sample(hint)
    return {str: f"ünï {name} 🚀", int: 7, float: 1.5, bool: True}.get(hint, {"any": ["value", 1, None]})


def _limited(hint: Any, limits: list[Meta], name: str) -> Any:
    value = _value(hint, name)
    for limit in limits:
        if limit.pattern is not None:
            value = "name-1"
        if limit.ge is not None and value < limit.ge:
            value = type(value)(limit.ge)
        if limit.le is not None and value > limit.le:
            value = type(value)(limit.le)
    return value
