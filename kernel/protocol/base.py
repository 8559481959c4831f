"""The shapes that every message shares.

A message is a frozen struct with a `type` tag; field names travel in camelCase. A command declares its reply type, so
`await kernel.execute(ProcessSpawn(...))` is typed. Declared here and in one file per domain; everything else is derived.
Must not import anything but `kernel.errors` and the standard library.
"""

from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

ReplyT = TypeVar("ReplyT")


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A frozen value that travels inside messages."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Anything that travels alone; `type` names it."""


class Command(Message, Generic[ReplyT], frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """A request to the kernel.

    id: chosen by the client; the answer carries it back.
    """

    id: str = ""


class Event(Message, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Something that happened.

    seq: position in this kernel's stream of events, set by the bus; 0 before it is published.
    timestamp: seconds since the epoch.
    """

    seq: int = 0
    timestamp: float = 0.0


class ProcessEvent(Event, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Something that happened to one process; only its owner and administrators see it."""

    pid: int


class JournalEvent(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """An event that is written to the agent's log before anybody sees it.

    log_id: its place in the journal, rising, never used twice; 0 before it is written.
    step: the agent's step that it belongs to; 0 before the first.
    """

    log_id: int = 0
    step: int = 0


class Empty(Record, frozen=True, kw_only=True, rename="camel"):
    """The reply of a command that has nothing to say but that it was done."""


def tag_of(message: type[Message] | Message) -> str:
    """The `type` of a message or of its class."""
    tag = message.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def reply_type(command: type[Command[Any]]) -> Any:
    """The reply that a command class declares."""
    for base in getattr(command, "__orig_bases__", ()):
        if get_origin(base) is Command:
            return get_args(base)[0]
    raise TypeError(f"{command.__name__} declares no reply")
