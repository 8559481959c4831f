"""The wire shape of every message, as golden files hold it: tag, fields with their types and defaults, and what a command answers.

Used by the test and by `python -m tests.contract.protocol.update`. A change here is a change of the contract with every client.
"""

from pathlib import Path
from typing import Any

import msgspec

from kernel.protocol.base import Command, Event, reply_type, tag_of

GOLDEN = Path(__file__).resolve().parent / "golden"


def command_shape(command: type[Command[Any]]) -> dict[str, Any]:
    """A command with its reply."""
    return {"kind": "command", **_message(command), "reply": _shape(reply_type(command))}


def event_shape(event: type[Event]) -> dict[str, Any]:
    """An event."""
    return {"kind": "event", **_message(event)}


def golden_file(kind: str, tag: str) -> Path:
    """Where a message's shape is kept."""
    return GOLDEN / f"{kind}.{tag}.json"


def text(shape: dict[str, Any]) -> str:
    """The shape as the file holds it."""
    return msgspec.json.format(msgspec.json.encode(shape, order="sorted"), indent=2).decode() + "\n"


def _message(kind: type[Any]) -> dict[str, Any]:
    return {"type": tag_of(kind), **_shape(kind)}


def _shape(kind: Any) -> dict[str, Any]:
    """Fields by their name on the wire; records inside are spelled out once in `records`."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    name = schema.get("$ref", "")
    shape = _without_prose(components.get(name, schema))
    records = {key: _without_prose(value) for key, value in components.items() if key != name}
    return {"shape": shape, "records": records} if records else {"shape": shape}


def _without_prose(schema: Any) -> Any:
    """Documentation may change freely."""
    if isinstance(schema, dict):
        return {key: _without_prose(value) for key, value in schema.items() if key not in ("description", "title")}
    return [_without_prose(item) for item in schema] if isinstance(schema, list) else schema
