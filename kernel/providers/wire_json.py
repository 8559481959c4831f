"""Reading JSON that a model or a server wrote, without ever raising.

Owns tolerant decoding and typed access to parts of unknown shape. Every dialect and the text-call recogniser use it;
it must not know what any field means.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

MAX_NUMBER = 2**53


def load(data: bytes | str) -> Any:
    """The decoded value, or None where `data` is not JSON.

    Invalid UTF-8, raw control characters inside strings and lone surrogates are replaced, not refused; NaN and
    Infinity are refused, because nothing downstream can store them.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return _tolerant(data, _refuse)


def load_object(data: bytes | str) -> dict[str, Any] | None:
    """The decoded object, or None where `data` is not a JSON object."""
    value = load(data)
    return value if isinstance(value, dict) else None


def load_frame(data: bytes | str) -> Any:
    """As `load`, for a frame of a stream: NaN and Infinity, as some servers send for what nobody reads, are null."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return _tolerant(data, _nothing)


def dump(value: Any) -> str:
    """Compact JSON text of a JSON-able value."""
    return msgspec.json.encode(value).decode("utf-8")


def as_dict(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """`value` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def as_str(value: Any) -> str:
    """`value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """`value` if it is a sane whole number of zero or more, else 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return int(value) if 0 <= value <= MAX_NUMBER else 0


def as_size(value: Any) -> int | None:
    """`value` if it is a sane whole number above zero, else None."""
    return as_count(value) or None


def parse_arguments(text: str, tool: str) -> tuple[dict[str, Any], str]:
    """The arguments of a tool call and "" or, where they cannot be read, an empty object and a sentence for the model.

    Empty text means no arguments; an object that was encoded twice is accepted.
    """
    if not text.strip():
        return {}, ""
    value = load(text)
    if isinstance(value, str):
        value = load(value)
    if isinstance(value, dict):
        return value, ""
    found = "not valid JSON" + _position(text) if value is None else f"a JSON {_kind(value)}, not an object"
    return {}, f"The arguments of {tool or 'the call'} are {found}. Send them again as one complete JSON object."


def _position(text: str) -> str:
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        place = f"at character {error.pos + 1} of {len(text)}" if error.pos < len(text) else "at its end"
        return f" ({error.msg.removesuffix(' at')} {place})"
    except (ValueError, RecursionError):
        return ""
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "array"
    return "string" if isinstance(value, str) else "value"


def _tolerant(data: bytes | str, constant: Callable[[str], float | None]) -> Any:
    """The value of what is JSON for a lenient reader, or None. constant: what NaN and Infinity are; raises ValueError to refuse them."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        value = json.loads(text, strict=False, parse_constant=constant)
        return msgspec.json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _nothing(constant: str) -> None:
    """Nobody reads it."""


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
