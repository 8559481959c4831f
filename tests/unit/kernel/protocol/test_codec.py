"""Hostile JSON ends at the codec."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import AetherError, InvalidArgumentError, ParseError, UnknownCommandError
from kernel.protocol import codec
from kernel.protocol.fs import FsChanged
from kernel.protocol.process import ProcessList
from kernel.protocol.system import ResponseOk
from kernel.protocol.unions import COMMAND_TYPES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_never_raise_anything_else(data: bytes) -> None:
    for decode in (codec.decode_command, codec.decode_event):
        with suppress(AetherError):
            decode(data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(COMMAND_TYPES)), st.dictionaries(st.sampled_from(["id", "pid", "path", "config", "from", "to", "x"]), JSON))
def test_fields_of_any_kind_never_raise_anything_else(tag: str, fields: dict[str, object]) -> None:
    try:
        command = codec.decode_command(json.dumps({"type": tag, **fields}))
    except InvalidArgumentError as error:
        assert error.message
    else:
        assert codec.decode_command(codec.encode(command)) == command


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_explained(value: object) -> None:
    try:
        codec.decode_command(json.dumps(value))
    except AetherError as error:
        assert 0 < len(error.message) < 1000


def test_an_unknown_type_names_its_neighbours() -> None:
    with pytest.raises(UnknownCommandError) as caught:
        codec.decode_command(b'{"type":"proces.list"}')
    assert "process.list" in caught.value.hint
    with pytest.raises(UnknownCommandError):
        codec.decode_command(json.dumps({"type": "x" * 1_000_000}))


@pytest.mark.parametrize("text", ["NaN", '{"type":"process.list"}{}', "{'type': 1}", "", "\ufeff{}", '{"type":"process.list",}'])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(ParseError):
        codec.decode_command(text)


def test_text_and_bytes_are_the_same() -> None:
    assert codec.decode_command('{"type":"process.list","id":"é"}') == ProcessList(id="é")


def test_a_name_that_is_no_text_does_not_stop_an_event() -> None:
    event = FsChanged(path="/home/agent_1/caf\udce9", change_type="create")
    with pytest.raises(UnicodeEncodeError):
        codec.encode(event)
    sent = codec.decode_event(codec.encode_safely(event))
    assert isinstance(sent, FsChanged)
    assert sent.path == "/home/agent_1/caf\ufffd\ufffd\ufffd" or "caf" in sent.path


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.text(max_size=3), st.text(max_size=6) | st.integers(0, 9) | st.lists(st.text(max_size=9), max_size=2), max_size=4),
    st.integers(0, 3),
    st.text(alphabet=st.characters(), min_size=1, max_size=7),
)
def test_an_answer_in_slices_says_the_same(data: dict[str, object], long: int, pattern: str) -> None:
    data = data | {f"long {number}": pattern * (codec.SLICE_CHARACTERS // len(pattern) + number + 1) for number in range(long)}
    answer = ResponseOk(id="7", data=data)
    pieces = list(codec.encode_in_slices(answer))
    assert json.loads(b"".join(pieces)) == json.loads(codec.encode_safely(answer))
    assert len(pieces) == 1 if not long else len(pieces) > 3
    assert max(len(piece) for piece in pieces) <= codec.SLICE_CHARACTERS * 6 + 100
