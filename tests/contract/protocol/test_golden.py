"""No tag, field, type, limit or default of a message changes unnoticed, and every message survives the wire."""

from typing import Any

import msgspec
import pytest

from kernel.protocol import codec
from kernel.protocol.base import Command, Event, JournalEvent, reply_type, tag_of
from kernel.protocol.unions import COMMANDS, EVENTS
from tests.contract.protocol.samples import sample
from tests.contract.protocol.shapes import GOLDEN, command_shape, event_shape, golden_file, text

REMEDY = "`python -m tests.contract.protocol.update` writes the files anew; released tags and fields must stay readable."


def by_tag(kind: type[Any]) -> str:
    return tag_of(kind)


@pytest.mark.feature("EV01")
@pytest.mark.parametrize("command", COMMANDS, ids=by_tag)
def test_a_command_keeps_its_shape(command: type[Command[Any]]) -> None:
    path = golden_file("command", tag_of(command))
    assert path.exists(), REMEDY
    assert text(command_shape(command)) == path.read_text(), REMEDY


@pytest.mark.feature("EV01")
@pytest.mark.parametrize("event", EVENTS, ids=by_tag)
def test_an_event_keeps_its_shape(event: type[Event]) -> None:
    path = golden_file("event", tag_of(event))
    assert path.exists(), REMEDY
    assert text(event_shape(event)) == path.read_text(), REMEDY


def test_no_file_is_left_of_a_message_that_is_gone() -> None:
    wanted = {golden_file("command", tag_of(kind)) for kind in COMMANDS} | {golden_file("event", tag_of(kind)) for kind in EVENTS}
    assert set(GOLDEN.glob("*.json")) == wanted


@pytest.mark.parametrize("command", COMMANDS, ids=by_tag)
def test_a_command_survives_the_wire(command: type[Command[Any]]) -> None:
    message = sample(command)
    encoded = codec.encode(message)
    assert msgspec.json.decode(encoded)["type"] == tag_of(command)
    assert codec.decode_command(encoded) == message
    assert codec.decode_command(encoded.decode()) == message
    reply = sample(reply_type(command))
    assert msgspec.convert(codec.to_builtins(reply), reply_type(command)) == reply


@pytest.mark.parametrize("event", EVENTS, ids=by_tag)
def test_an_event_survives_the_wire_and_the_journal(event: type[Event]) -> None:
    message = sample(event)
    assert codec.decode_event(codec.encode(message)) == message
    if issubclass(event, JournalEvent):
        assert codec.event_from_builtins(msgspec.json.decode(codec.encode(message))) == message


@pytest.mark.parametrize("kind", [*COMMANDS, *EVENTS], ids=by_tag)
def test_a_message_is_frozen_and_documented(kind: type[Any]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__doc__
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert not [name for name in names if "_" in name], "names travel in camelCase"


def test_an_unknown_field_of_a_newer_client_is_passed_over() -> None:
    assert codec.decode_command(b'{"type":"process.list","id":"1","colour":"red"}').id == "1"
