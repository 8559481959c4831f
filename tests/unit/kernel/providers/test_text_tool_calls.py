"""Calls and thoughts that models write as text, in every notation, however the stream is cut."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.providers.base import (
    ChatRequest,
    Chunk,
    Finished,
    FinishReason,
    ModelInfo,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolSpec,
)
from kernel.providers.text_tool_calls import TextReader, TextToolCallsProvider
from kernel.providers.turn import TurnAssembler, TurnLimits

TOOLS = frozenset({"write_file", "read_file", "list_files", "complete"})
ARGUMENTS = {"path": "a.txt", "content": 'say "}" and ```\nnot </tool_call2> {[\''}
TEXT = json.dumps(ARGUMENTS)
XML_PARAMETERS = "".join(f'<parameter name="{name}">{value}</parameter>\n' for name, value in ARGUMENTS.items())


def read(
    pieces: list[str], reason: FinishReason = "stop", tools: frozenset[str] = TOOLS
) -> tuple[str, str, list[ToolCall], str]:
    """Text, reasoning, calls and finish reason for streamed pieces."""
    reader = TextReader(tools, TurnAssembler(TurnLimits()))
    chunks: list[Chunk] = [chunk for piece in pieces for chunk in reader.feed(piece)]
    chunks += reader.finish(Finished(reason), native=False)
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))
    reasoning = "".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningDelta))
    calls = [chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished)]
    last = chunks[-1]
    assert isinstance(last, Finished)
    return text, reasoning, calls, last.reason


NOTATIONS = {
    "tool_call": f'<tool_call>\n{{"name": "write_file", "arguments": {TEXT}}}\n</tool_call>',
    "tool_call unclosed": f'<tool_call>{{"name": "write_file", "arguments": {TEXT}}}',
    "function_call": f'<function_call>{{"name": "write_file", "arguments": {TEXT}}}</function_call>',
    "function=": f"<function=write_file>{TEXT}</function>",
    "fence": f'```json\n{{"name": "write_file", "arguments": {TEXT}}}\n```',
    "fence without label": f'```\n{{"name": "write_file", "parameters": {TEXT}}}\n```',
    "fence unclosed": f'```json\n{{"tool": "write_file", "args": {TEXT}}}',
    "bare": f'{{"name": "write_file", "arguments": {TEXT}}}',
    "bare list": f'[{{"name": "write_file", "arguments": {TEXT}}}]',
    "arguments as text": json.dumps({"name": "write_file", "arguments": TEXT}),
    "openai shape": json.dumps(
        {"tool_calls": [{"type": "function", "function": {"name": "write_file", "arguments": TEXT}}]}
    ),
    "flat": json.dumps({"tool": "write_file", **ARGUMENTS}),
    "prefixed name": json.dumps({"name": "functions.write_file", "arguments": ARGUMENTS}),
    "TOOL_CALLS list": f'[TOOL_CALLS] [{{"name": "write_file", "arguments": {TEXT}}}]',
    "TOOL_CALLS name": f"[TOOL_CALLS]write_file{TEXT}",
    "TOOL_CALLS ARGS": f"[TOOL_CALLS]write_file[ARGS]{TEXT}",
    "python_tag": f'<|python_tag|>{{"name": "write_file", "parameters": {TEXT}}}<|eom_id|>',
    "colon": f"write_file: {TEXT}",
    "brackets": f"write_file({TEXT})",
    "space": f"  write_file {TEXT}",
    "python": f"write_file(path='a.txt', content={ARGUMENTS['content']!r})",
    "python list": f"[write_file(path='a.txt', content={ARGUMENTS['content']!r})]",
    "python_start": f"<|python_start|>[write_file(path='a.txt', content={ARGUMENTS['content']!r})]<|python_end|><|eot|>",
    "python in a fence": f"```\nwrite_file(path='a.txt', content={ARGUMENTS['content']!r})\n```",
    "action": f"Action: write_file\nAction Input: {TEXT}",
    "bold action": f"**Action:** write_file  \r\n**Action Input:** {TEXT}",
    "invoke": f'<invoke name="write_file">{XML_PARAMETERS}</invoke>',
    "function_calls": f'<function_calls>\n<invoke name="write_file">\n{XML_PARAMETERS}\n</invoke>\n</function_calls>',
    "functools": f'functools[{{"name": "write_file", "arguments": {TEXT}}}]',
    "tools": f'<tools>\n{{"name": "write_file", "arguments": {TEXT}}}\n</tools>',
    "trailing commas": f'{{"name": "write_file", "arguments": {TEXT[:-1]}, \n}},}}',
    "trailing comma in a list": f'```json\n[{{"name": "write_file", "arguments": {TEXT}}},]\n```',
    "tool_code": f"```tool_code\nprint(write_file(path='a.txt', content={ARGUMENTS['content']!r}))\n```",
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_is_a_call(notation: str, size: int) -> None:
    written = "I will write it.\n\n" + NOTATIONS[notation]
    if notation == "fence unclosed":
        written = written.replace("```\\n", "` `\\n")
    text, reasoning, calls, reason = read([written[start : start + size] for start in range(0, len(written), size)])
    assert [call.name for call in calls] == ["write_file"], text
    assert calls[0].arguments["path"] == "a.txt" and calls[0].arguments["content"].startswith('say "}"')
    assert text.strip() == "I will write it." and not reasoning and reason == "tool_calls"


def test_a_fence_in_the_middle_of_a_line_hides_no_later_one() -> None:
    written = f"see ``` here\n{NOTATIONS['fence']}"
    assert [call.name for call in read([written])[2]] == ["write_file"]


@pytest.mark.parametrize(
    "talk",
    [
        "The `<tool_call>` mark begins a call.",
        "```bash\nls\n```",
        "Look: ```read_file``` is inline.",
        "```read_file``` is inline code, too.",
        "For example, one may read a file.\n\nBut now I write.",
        "> quoted",
        'He said "no" and “yes”.',
        "The `[TOOL_CALLS]` mark is of another model.",
    ],
)
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_talk_about_calls_hides_no_call_after_it(talk: str, size: int) -> None:
    for notation in ("tool_call", "fence", "bare", "brackets"):
        written = f"{talk}\n\n{NOTATIONS[notation]}"
        text, _, calls, _ = read([written[start : start + size] for start in range(0, len(written), size)])
        assert [call.name for call in calls] == ["write_file"], (notation, text)
        assert text.strip() == talk


def test_a_block_of_code_is_passed_on_as_it_comes() -> None:
    reader = TextReader(TOOLS, TurnAssembler(TurnLimits()))
    reader.feed("```python\n")
    assert [chunk.text for chunk in reader.feed("x = 1\n  ") if isinstance(chunk, TextDelta)] == ["x = 1\n"]
    assert [chunk.text for chunk in reader.feed("y") if isinstance(chunk, TextDelta)] == ["  y"]


def test_qwen_coder_xml() -> None:
    parameters = "<parameter=path>\na.txt\n</parameter>\n<parameter=content>\nx = 1\ny\n</parameter>"
    written = f"<tool_call>\n<function=write_file>\n{parameters}\n</function>\n</tool_call>"
    _, _, calls, _ = read(list(written))
    assert calls[0].arguments == {"path": "a.txt", "content": "x = 1\ny"}


def test_several_calls_keep_their_order() -> None:
    one = '<tool_call>{"name":"read_file","arguments":{"path":"1"}}</tool_call>'
    two = '<tool_call>{"name":"list_files","arguments":{}}</tool_call>'
    text, _, calls, _ = read([f"Both:\n{one}\n{two}\n"])
    assert [(call.name, call.arguments) for call in calls] == [("read_file", {"path": "1"}), ("list_files", {})]
    assert text == "Both:\n" and len({call.id for call in calls}) == 2


@pytest.mark.parametrize("size", [1, 2, 5, 10_000])
@pytest.mark.parametrize(
    "written",
    [
        "[read_file(path='1'), list_files()]",
        "<|python_start|>[read_file(path='1'), list_files()]<|python_end|>",
        "<function_calls>\n<invoke name='read_file'>\n<parameter name='path'>\n1\n</parameter>\n</invoke>\n"
        "<invoke name='list_files'>\n</invoke>\n</function_calls>",
        '<invoke name="read_file"><parameter name="path">1</parameter></invoke><invoke name="list_files"></invoke>',
        "```\nread_file(path='1')\nlist_files()\n```",
        'Action: read_file\nAction Input: {"path": "1",}\n\nAction: functions.list_files\nAction Input: {}\n',
        'functools[{"name": "read_file", "arguments": {"path": "1"}}, {"name": "list_files", "arguments": {}}]',
        '<tools>[{"name": "read_file", "arguments": {"path": "1"},}, {"name": "list_files", "arguments": {}}]</tools>',
    ],
)
def test_two_calls_in_the_notations_of_other_models(written: str, size: int) -> None:
    text, _, calls, reason = read([written[start : start + size] for start in range(0, len(written), size)])
    found = [(call.name, {key: str(value) for key, value in call.arguments.items()}) for call in calls]
    assert found == [("read_file", {"path": "1"}), ("list_files", {})], text
    assert not text.strip() and reason == "tool_calls"


SHOWN = '<tool_call>{"name": "read_file", "arguments": {"path": "1"}}</tool_call>'
PROSE = [
    f"```text\n{SHOWN}\n```\nThat is how it is written.",
    f"Write `{SHOWN}` to read.",
    f"Write ``{SHOWN}`` to read.",
    f"> {SHOWN}\n\nsaid the page.",
    f'The page says "{SHOWN}", and so on.',
    f"The page says “use {SHOWN}”.",
    f"```\n{SHOWN}\n```\nThat is how it is written.",
    f"```python\nx = \'\'\'\n{SHOWN}\n\'\'\'\n```\nDone.",
    f"````md\n```json\n{SHOWN}\n```\n{SHOWN}\n````\nDone.",
    '```text\n{"name": "read_file", "arguments": {"path": "1"}}\n```\nis no call',
    "```bash\nread_file(path='1')\n```\nis no call either",
    'For example:\n\n```json\n{"name": "read_file", "arguments": {"path": "1"}}\n```\nI did not do that.',
    "The `<tool_call>` mark begins a call.\n\nread_file it is not",
    'A page with `<tool_call>\n{"name": "read_file", "arguments": {}}\n</tool_call>` in it.',
    f"```sh\nnever closed\n{SHOWN}",
    'Use {"name": "write_file"} in a sentence, or write_file(path) as you like.',
    '```json\n{"name": "Alice", "arguments": {"age": 3}}\n```\nThat is data.',
    '```python\ndef read_file(path):\n    return {"a": 1}\n```\nDone.',
    '{"name": "delete_everything", "arguments": {}}',
    '{"name": "read_file"}\nis only a name',
    "read_file is a tool.\nlist_files too:\n- it lists",
    "{ not json at all\n{ neither\n[ this",
    "```\nplain block\n```\nand `inline` and ``` in the middle",
    "a < b <tool and [TOOL of trade] <thin>",
    "Ends with an opening <tool_ca",
    "write_file(path=compute(), content=other)",
    "[TOOL_CALLS] of which I know nothing",
    'Write <invoke name="list_files"></invoke>, or <function_calls><invoke name="list_files"></invoke></function_calls>.',
    'The list is between <tools>{"name": "list_files", "arguments": {}}</tools>, and it is long.',
    '<tools>\n{"name": "list_files", "parameters": {"type": "object", "properties": {}}}\n</tools>\nare my tools.',
    'I use functools[{"name": "list_files", "arguments": {}}] to list, [list_files()] or Action: list_files.',
    "Action: list_files\nand then nothing.\nAction: list_files\nAction Input: none\nAction: sleep\nAction Input: {}",
    "```\nread_file is a tool\nread_file(path='1')\n```\nThat is how it is written.",
    "It looks like this:\n```\nread_file(path='1')\n```\nThat is how it is written.",
    "```python\nread_file(path='1')\n```\nThat is code.",
    "```\nread_file(path='1')\nprint(7)\n```\nThat is code, too.",
    "[read_file(path) for path in paths]\n[read_file]\n[read_files(path='1')]",
    '<invoke name="delete_everything"><parameter name="path">/</parameter></invoke>',
    "> <invoke name='list_files'></invoke>\n\nsaid the page.",
    '[1, 2, 3]\n[link](http://x)\n[{"a": 1}]',
    "",
    "\n\n   \n",
]


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize("prose", PROSE)
def test_prose_stays_prose(prose: str, size: int) -> None:
    text, reasoning, calls, reason = read([prose[start : start + size] for start in range(0, len(prose), size)])
    assert (text, reasoning, calls, reason) == (prose, "", [], "stop")


@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_thoughts_are_told_from_text(size: int) -> None:
    written = "<think>\nI could <b>list</b>.\n</think>\n\nHere: <thinking>more</thinking>ok </think>end"
    text, reasoning, calls, _ = read([written[start : start + size] for start in range(0, len(written), size)])
    assert reasoning == "\nI could <b>list</b>.\nmore" and text == "Here: ok end" and not calls


def test_a_call_inside_a_thought_is_only_a_thought() -> None:
    text, reasoning, calls, _ = read(
        ['<think>I might <tool_call>{"name":"read_file","arguments":{}}</tool_call></think>No.']
    )
    assert not calls and "read_file" in reasoning and text == "No."


def test_an_unclosed_thought_is_a_thought() -> None:
    assert read(["<think>and then"])[:3] == ("", "and then", [])


def test_a_call_cut_at_the_token_limit_is_not_run() -> None:
    written = '<tool_call>{"name": "write_file", "arguments": {"path": "a"}}'
    text, _, calls, reason = read([written], "length")
    assert text == written and not calls and reason == "length"


def test_text_is_not_held_back_without_cause() -> None:
    reader = TextReader(TOOLS, TurnAssembler(TurnLimits()))
    shown = "".join(
        chunk.text
        for piece in ["The ", "answer ", "is 42", ".\nAnd "]
        for chunk in reader.feed(piece)
        if isinstance(chunk, TextDelta)
    )
    assert shown == "The answer is 42.\nAnd "
    code = "".join(chunk.text for chunk in reader.feed("\n```python\nprint(1)\n") if isinstance(chunk, TextDelta))
    assert "print(1)" in code


def test_without_tools_only_thoughts_are_split() -> None:
    written = '<think>t</think>{"name": "write_file", "arguments": {}}'
    assert read([written], tools=frozenset())[:3] == ('{"name": "write_file", "arguments": {}}', "t", [])


@pytest.mark.parametrize(
    "hostile",
    [
        "{\n" * 60_000,
        "[{" * 60_000,
        "```\n{" * 30_000,
        "<tool_call>" * 30_000,
        "<think>" * 50_000,
        "write_file(" * 30_000,
        "[" + "\n" * 300_000,
        " " * 300_000,
        "x\nread_file" + " " * 300_000,
        "`<tool_call>" * 30_000,
        "```text\n" + "`" * 300_000,
        "```text\n" + "  ```x\n" * 40_000,
        '"' * 300_000,
        "<invoke name=\n" * 20_000,
        "<invoke name='read_file'>\n" * 15_000,
        "<function_calls>\n" * 20_000,
        "[read_file(" * 30_000,
        "Action: read_file\nAction Input: {\n" * 10_000,
        "Action: read_file" + " " * 300_000,
        "Action" * 50_000,
        "**Action:" + "*" * 300_000,
        "Action: read_file\n" * 20_000,
        "functools[" + " " * 300_000,
        "```\nread_file(\n" * 20_000,
        "</think>" * 40_000,
        "> <tool_call>" * 8_000,
    ],
)
def test_hostile_text_costs_little(hostile: str) -> None:
    started = time.process_time()
    reader = TextReader(TOOLS, TurnAssembler(TurnLimits(text_chars=10**9)))
    count = 0
    for start in range(0, len(hostile), 50):
        count += len(reader.feed(hostile[start : start + 50]))
    reader.finish(Finished("stop"), native=False)
    read([hostile])
    assert time.process_time() - started < 10


def test_a_long_call_in_small_pieces_costs_little() -> None:
    written = json.dumps({"name": "write_file", "arguments": {"path": "a", "content": "line of code\n" * 10_000}})
    started = time.process_time()
    _, _, calls, _ = read([written[start : start + 4] for start in range(0, len(written), 4)])
    assert len(calls[0].arguments["content"]) == 130_000
    assert time.process_time() - started < 10


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*NOTATIONS.values(), *PROSE, "<think>", "</think>", "```", "\n", "{", "}", "[", "read_file", "x", "'", '"']
        ),
        max_size=6,
    ),
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
)
def test_cutting_the_stream_changes_nothing(parts: list[str], sizes: list[int]) -> None:
    written = "\n".join(parts)
    pieces, position = [], 0
    while position < len(written):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(written[position : position + size])
        position += size
    whole, cut = read([written]), read(pieces)
    assert cut[0] == whole[0] and cut[1] == whole[1] and cut[3] == whole[3]
    assert [(call.name, call.arguments) for call in cut[2]] == [(call.name, call.arguments) for call in whole[2]]


class Native:
    """A provider that calls natively after writing a call as text."""

    name = "native"
    dialect = "test"

    def __init__(self, chunks: list[Chunk]) -> None:
        self._chunks = chunks

    async def list_models(self) -> tuple[ModelInfo, ...]:
        return ()

    async def aclose(self) -> None:
        return None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        for chunk in self._chunks:
            yield chunk


def request() -> ChatRequest:
    return ChatRequest("m", (), tuple(ToolSpec(name, "", {}) for name in TOOLS))


async def collected(chunks: list[Chunk]) -> list[Any]:
    return [chunk async for chunk in TextToolCallsProvider(Native(chunks)).stream(request())]


async def test_a_native_call_wins_over_text_that_is_held() -> None:
    call = ToolCall("n1", "read_file", {"path": "x"})
    held = '```json\n{"name": "write_file", '
    native = [ToolCallStarted(0, "n1", "read_file"), ToolCallDelta(0, '{"path":"x"}'), ToolCallFinished(0, call)]
    chunks = await collected(
        [TextDelta(held), *native, TextDelta('"arguments": {}}\n```'), Finished("tool_calls", {"dialect": "d"})]
    )
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))
    assert text == held + '"arguments": {}}\n```'
    assert [chunk for chunk in chunks if isinstance(chunk, ToolCallFinished)] == [native[2]]
    assert chunks[-1] == Finished("tool_calls", {"dialect": "d"})


async def test_native_calls_are_numbered_after_written_ones() -> None:
    written = '<tool_call>{"name": "list_files", "arguments": {}}</tool_call>'
    call = ToolCall("n1", "read_file", {})
    chunks = await collected(
        [TextDelta(written), ToolCallStarted(0, "n1", "read_file"), ToolCallFinished(0, call), Finished("stop")]
    )
    finished = sorted((chunk.index, chunk.call.name) for chunk in chunks if isinstance(chunk, ToolCallFinished))
    assert finished == [(0, "list_files"), (1, "read_file")]
    assert chunks[-1].reason == "tool_calls"


@pytest.mark.parametrize(
    "unit",
    ["</think>", '"<tool_call>" ', "<tool_call></tool_call>", "> <tool_call>x\n", "{}\n", "{\n"],
)
async def test_a_whole_answer_at_once_leaves_others_their_turn(unit: str) -> None:
    chunks: list[Chunk] = [TextDelta(unit * (400_000 // len(unit))), Finished("stop")]
    reading = asyncio.create_task(collected(chunks))
    longest, looked = 0.0, time.thread_time()
    while not reading.done():
        await asyncio.sleep(0)
        longest, looked = max(longest, time.thread_time() - looked), time.thread_time()
    read_at_once, _, _, _ = read([unit * (400_000 // len(unit))])
    assert "".join(chunk.text for chunk in reading.result() if isinstance(chunk, TextDelta)) == read_at_once
    assert longest < 0.05
