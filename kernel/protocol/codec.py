"""JSON in and out of the protocol.

The only place that encodes or decodes messages. Decoding is where hostile input stops: wrong JSON, an unknown type, a wrong
field or an oversized message is an error with a sentence, never an exception of another kind.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from kernel.errors import InvalidArgumentError, ParseError, UnknownCommandError
from kernel.protocol.base import Command, Event, Message
from kernel.protocol.unions import COMMAND_TYPES, EVENT_TYPES, AnyCommand, AnyEvent

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
SLICE_CHARACTERS = 256 * 1024

_encoder = msgspec.json.Encoder()


@lru_cache(maxsize=1)
def _command_decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(AnyCommand)


@lru_cache(maxsize=1)
def _event_decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(AnyEvent)


def encode(message: Message | Any) -> bytes:
    """A message, record or plain JSON value as compact UTF-8 JSON."""
    return _encoder.encode(message)


def encode_safely(message: Message | Any) -> bytes:
    """Like `encode`, for what goes out to people: text that is no valid Unicode (a file's name) is replaced, never an error."""
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(to_builtins(message)))


def encode_in_slices(message: Message | Any) -> Iterator[bytes]:
    """What `encode_safely` gives, in pieces that take a few milliseconds each where the answer holds a long text (a file's content).

    Only the texts directly in `data` of an answer are cut; everything else is one piece.
    """
    found = getattr(message, "data", None)
    data: dict[str, Any] = found if isinstance(found, dict) else {}
    long = [key for key, value in data.items() if isinstance(value, str) and len(value) > SLICE_CHARACTERS]
    if not long:
        yield encode_safely(message)
        return
    short = msgspec.structs.replace(message, data={key: value for key, value in data.items() if key not in long})
    body = encode_safely(short)
    assert body.endswith(b"}}"), "data is an answer's last field"
    yield body[:-2]
    separator = b"," if len(long) < len(data) else b""
    for key in long:
        yield separator + encode_safely(key) + b':"'
        separator = b","
        for at in range(0, len(data[key]), SLICE_CHARACTERS):
            yield encode_safely(data[key][at : at + SLICE_CHARACTERS])[1:-1]
        yield b'"'
    yield b"}}"


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(item) for item in value]
    return value


def decode_command(data: bytes | str) -> Command[Any]:
    """The command in `data`. Raises ParseError, UnknownCommandError or InvalidArgumentError."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise InvalidArgumentError(
            f"The message has {len(data):,} bytes; at most {MAX_MESSAGE_BYTES:,} are taken.",
            "Send large content as a file instead.",
        )
    try:
        command: Command[Any] = _command_decoder().decode(data)
    except msgspec.ValidationError as error:
        raise _explain(data, error, COMMAND_TYPES, "command") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"This is not JSON: {error}.", 'Send one object such as {"type": "process.list"}.') from error
    return command


def decode_event(data: bytes | str) -> Event:
    """The event in `data`. Raises ParseError, UnknownCommandError or InvalidArgumentError."""
    try:
        event: Event = _event_decoder().decode(data)
    except msgspec.ValidationError as error:
        raise _explain(data, error, EVENT_TYPES, "event") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"This is not JSON: {error}.") from error
    return event


def event_from_builtins(data: dict[str, Any]) -> Event:
    """The event in a decoded JSON object, as the pages of a history carry them."""
    try:
        event: Event = msgspec.convert(data, AnyEvent)
    except msgspec.ValidationError as error:
        raise InvalidArgumentError(f"This is no known event: {error}.") from error
    return event


def to_builtins(message: Any) -> Any:
    """A message as plain dicts and lists."""
    return msgspec.to_builtins(message)


def _explain(
    data: bytes | str, error: msgspec.ValidationError, known: dict[str, type[Any]], noun: str
) -> InvalidArgumentError:
    """A sentence that names the field, or the unknown type with its nearest neighbours."""
    import difflib

    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return InvalidArgumentError(f"The {noun} is malformed: {error}.")
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return InvalidArgumentError(f'A {noun} is an object with a "type"; this is {_kind_of(raw)}.')
    tag = raw["type"][:100]
    if tag not in known:
        near = difflib.get_close_matches(tag, known, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else ""
        return UnknownCommandError(f"There is no {noun} {tag!r}.", hint)
    return InvalidArgumentError(f"{tag}: {error}.")


def _kind_of(raw: Any) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, dict):
        return 'an object without a "type"'
    return f"a {type(raw).__name__}"
