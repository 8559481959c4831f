"""Single pieces of text that are, or are not, a call: the notations are proven in test_text_tool_calls."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.providers.text_calls import WrittenCall, parse

TOOLS = frozenset({"read_file", "write_file"})


@pytest.mark.parametrize(
    "hostile",
    [
        "read_file(" + "(" * 90_000,
        "read_file(path=" + "-" * 50_000 + "1)",
        "read_file(path=" + "1+" * 40_000 + "1)",
        "a" + ".a" * 40_000 + "(path=1)",
        "read_file(path=" + "[" * 300 + "]" * 300 + ")",
        "[" * 100_000,
        '{"name": "read_file", "arguments": ' * 5_000,
        "<function=read_file>" * 5_000,
        "read_file: {" * 10_000,
        "read_file(path=b'bytes')",
        "read_file(path={1: 2, (3,): 4})",
        "read_file(path=1e999)",
        "read_file(path='\\ud800')",
        "read_file(**{'path': 1})",
        "read_file('positional')",
        "read_file(path=open('/etc/passwd').read())",
        '{"name": "read_file", "arguments": {' + '"' + '\\"' * 50_000,
        '{"name": "read_file", "arguments": {' + ", " * 50_000,
        '{"name": "read_file", "arguments": {' + "," + " " * 100_000,
        '{"name": "read_file", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}}',
        "Action:" + "\n" * 100_000,
        "Action: read_file" + "*" * 100_000,
        "<invoke name=" + " " * 100_000,
        "<invoke name=" * 10_000,
        "<invoke name='read_file'>" + "<parameter=path>" * 50_000 + "x",
        "Action" + " " * 200_000 + "x",
        "Action: read_file" + "\n" * 200_000 + "x",
    ],
)
def test_hostile_text_is_no_call(hostile: str) -> None:
    assert parse(hostile, TOOLS) == []


def test_only_a_comma_with_nothing_behind_it_is_passed_over() -> None:
    written = '{"name": "write_file", "arguments": {"content": "[1, ],} \\", }",},}'
    assert parse(written, TOOLS) == [WrittenCall("write_file", {"content": '[1, ],} ", }'})]
    assert parse('{"name": "read_file", "arguments": {"path": ,}}', TOOLS) == []
    assert parse('{"name": "read_file", "arguments": {"path": "x",,}}', TOOLS) == []


@given(st.text(max_size=200))
def test_nothing_breaks_the_parser(text: str) -> None:
    for written in (
        text,
        f"read_file({text})",
        f'{{"name": "read_file", "arguments": {text}}}',
        f"read_file: {{{text}}}",
    ):
        assert all(call.name in TOOLS for call in parse(written, TOOLS))


@settings(max_examples=50)
@given(
    st.dictionaries(st.text(st.characters(categories=["L"]), min_size=1, max_size=8), st.text(max_size=30), max_size=4)
)
def test_arguments_come_through_unchanged(arguments: dict[str, str]) -> None:
    import json

    assert parse(json.dumps({"name": "read_file", "arguments": arguments}), TOOLS) == [
        WrittenCall("read_file", arguments)
    ]


def test_a_prefix_before_the_name_is_passed_over() -> None:
    assert parse("functions.read_file(path='x')", TOOLS) == [WrittenCall("read_file", {"path": "x"})]
    assert parse('{"name": "tools/read_file", "args": {"path": "x"}}', TOOLS) == [
        WrittenCall("read_file", {"path": "x"})
    ]
    assert parse("read_file(path='a')\nwrite_file(path='b')", TOOLS)[1] == WrittenCall("write_file", {"path": "b"})
