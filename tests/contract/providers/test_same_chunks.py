"""The same script through every dialect gives the same chunks, however the bytes are torn."""

import itertools
import json
from typing import Any

import msgspec
import pytest

from kernel.providers.base import ChatMessage, ChatRequest, ToolCall, ToolCallFinished, Usage
from kernel.providers.recording import Exchange
from kernel.providers.scripted import ScriptedCall, Turn
from tests.contract.providers.rig import ALL, WIRE, Normal, ask, collect, normal, provider_for
from tests.fakes.llm_server import Chunking, Reply
from tests.fakes.llm_wire import Style

ODD = "Grüße 🚀\u2028second\u2029third\x85 “quoted” \\ / \t end\r\nnext"
SCRIPTS = {
    "text": Turn(text="Hello there.", chunk_chars=4, usage=Usage(12, 5)),
    "odd characters": Turn(text=ODD, reasoning=ODD[::-1], chunk_chars=3),
    "reasoning, text, call": Turn(
        text="I will write.",
        reasoning="Let me think about it.",
        tool_calls=(ScriptedCall("write_file", {"path": "ä/\u2028.txt", "content": "x\ny\t" * 40}, id="call_a"),),
        chunk_chars=5,
        usage=Usage(100, 40),
    ),
    "parallel calls": Turn(
        tool_calls=(
            ScriptedCall("write_file", {"path": "1"}, id="call_1"),
            ScriptedCall("read_file", {"path": "2", "deep": {"list": [1, 2.5, None, True]}}, id="call_2"),
            ScriptedCall("write_file", {}, id="call_3"),
        ),
        chunk_chars=2,
    ),
    "cut at the limit": Turn(text="And so on and", finish="length"),
    "empty": Turn(),
}


def expected(turn: Turn) -> Normal:
    order = []
    if turn.reasoning:
        order.append("ReasoningDelta")
    if turn.text:
        order.append("TextDelta")
    order += ["Usage"] if turn.usage else []
    calls = tuple(
        (index, call.id, call.name, json.dumps(call.arguments, sort_keys=True))
        for index, call in enumerate(turn.tool_calls)
    )
    usage = (turn.usage.input_tokens, turn.usage.output_tokens) if turn.usage else None
    broken = tuple(False for _ in calls)
    return Normal((*order, "Finished"), turn.text, turn.reasoning, calls, broken, usage, turn.finish_reason)


@pytest.mark.feature("LP02")
@pytest.mark.parametrize("chunking", ["frame", "torn", "byte", "whole"])
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("dialect", ALL)
async def test_same_script_same_chunks(dialect: str, script: str, chunking: Chunking) -> None:
    turn = SCRIPTS[script]
    async with provider_for(dialect, [Reply(turn, chunking=chunking)]) as (provider, _):
        assert normal(await collect(provider, ask())) == expected(turn)


@pytest.mark.parametrize("script", ["reasoning, text, call", "cut at the limit"])
@pytest.mark.parametrize("dialect", WIRE)
async def test_what_a_server_counted_is_told_with_the_exchange(dialect: str, script: str) -> None:
    exchanges: list[Exchange] = []
    turn = SCRIPTS[script]
    async with provider_for(dialect, [turn], on_exchange=exchanges.append) as (provider, _):
        usage = normal(await collect(provider, ask())).usage
    *others, told = ((exchange.input_tokens, exchange.output_tokens) for exchange in exchanges)
    assert told == (usage or (0, 0))
    assert set(others) <= {(0, 0)}
    assert usage == ((100, 40) if turn.usage else None)


STYLES = {
    "unknown fields and events": Style(extra=True),
    "keep-alive comments": Style(comments=True),
    "index 0 for every call": Style(index_zero=True),
    "interleaved blocks": Style(interleave=True, signature="c2ln"),
    "reasoning in the other field": Style(reasoning_field="reasoning"),
    "no [DONE]": Style(done_mark=False),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dialect", WIRE)
async def test_habits_of_servers_change_nothing(dialect: str, style: str) -> None:
    turn = msgspec.structs.replace(SCRIPTS["parallel calls"], text="Three at once.", reasoning="Hm.")
    async with provider_for(dialect, [Reply(turn, style=STYLES[style], chunking="torn")]) as (provider, _):
        found = normal(await collect(provider, ask()))
        wanted = expected(turn)
        assert (found.text, found.reasoning, found.calls) == (wanted.text, wanted.reasoning, wanted.calls)
        assert found.reason == "tool_calls"


@pytest.mark.parametrize("dialect", ["ollama", "openai", "gemini"])
async def test_calls_without_ids_get_different_ones(dialect: str) -> None:
    turn = SCRIPTS["parallel calls"]
    style = Style(omit_ids=True, index_zero=dialect == "openai")
    async with provider_for(dialect, [Reply(turn, style=style)]) as (provider, _):
        chunks = await collect(provider, ask())
    calls = [chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished)]
    assert [call.name for call in calls] == ["write_file", "read_file", "write_file"]
    assert len({call.id for call in calls}) == 3 and all(call.id for call in calls)


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "scripted"])
@pytest.mark.parametrize("raw", ['{"path": "a', "[1]", "nonsense", '"text"', '{"a": NaN}', "{" * 5000])
async def test_broken_arguments_are_reported_not_raised(dialect: str, raw: str) -> None:
    turn = Turn(
        tool_calls=(
            ScriptedCall("write_file", id="c", raw_arguments=raw),
            ScriptedCall("read_file", {"path": "x"}, id="d"),
        )
    )
    async with provider_for(dialect, [turn]) as (provider, _):
        calls = [chunk.call for chunk in await collect(provider, ask()) if isinstance(chunk, ToolCallFinished)]
    assert calls[0].arguments == {} and "write_file" in calls[0].error and "JSON" in calls[0].error
    assert calls[1].arguments == {"path": "x"} and not calls[1].error


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "scripted"])
async def test_a_call_cut_at_the_limit_is_marked(dialect: str) -> None:
    turn = Turn(
        tool_calls=(ScriptedCall("write_file", id="c", raw_arguments='{"path": "a", "content": "xxx'),), finish="length"
    )
    async with provider_for(dialect, [turn]) as (provider, _):
        found = normal(await collect(provider, ask()))
    assert found.broken == (True,) and found.reason == "length"


@pytest.mark.parametrize("dialect", ["openai", "gemini", "anthropic", "scripted"])
async def test_filtered_calls_are_never_runnable(dialect: str) -> None:
    turn = Turn(tool_calls=(ScriptedCall("write_file", {"path": "a"}, id="c"),), finish="filtered")
    async with provider_for(dialect, [turn]) as (provider, _):
        found = normal(await collect(provider, ask()))
    assert found.broken == (True,) and found.reason == "filtered"


@pytest.mark.parametrize("dialect", WIRE)
async def test_conversations_of_every_kind_are_accepted_by_the_format(dialect: str) -> None:
    """A call without a result, a result without a call, a message between them: what is sent is paired."""
    messages = (
        ChatMessage("system", "One."),
        ChatMessage("user", "Go."),
        ChatMessage(
            "assistant", "", tool_calls=(ToolCall("c 1", "write file!", {"a": 1}), ToolCall("c2", "read_file", {}))
        ),
        ChatMessage("user", "Wait, also this."),
        ChatMessage("tool", "two", tool_call_id="c2", tool_name="read_file"),
        ChatMessage("tool", "stray", tool_call_id="zz", tool_name="read_file"),
        ChatMessage("system", "Late note."),
        ChatMessage("assistant", ""),
        ChatMessage("assistant", "Done so far. "),
    )
    async with provider_for(dialect, [Turn(text="ok")]) as (provider, server):
        await collect(provider, ChatRequest("test-model", messages))
        assert server is not None
        body = server.chats[0].body
    calls, results = _calls_and_results(dialect, body)
    assert len(calls) == 2 and len(results) == 2
    assert "outcome is unknown" in json.dumps(results[0])
    assert "two" in json.dumps(results[1])
    assert "stray" in json.dumps(body) and "Late note." in json.dumps(body) and "Wait, also this." in json.dumps(body)
    assert "write file!" not in json.dumps(body)


def _calls_and_results(dialect: str, body: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    if dialect == "gemini":
        parts = [part for content in body["contents"] for part in content["parts"]]
        roles = [content["role"] for content in body["contents"]]
        assert all(first != second for first, second in itertools.pairwise(roles))
        return [part for part in parts if "functionCall" in part], [
            part for part in parts if "functionResponse" in part
        ]
    if dialect == "anthropic":
        blocks = [block for message in body["messages"] for block in message["content"]]
        roles = [message["role"] for message in body["messages"]]
        assert all(first != second for first, second in itertools.pairwise(roles)) and roles[0] == "user"
        return [b for b in blocks if b["type"] == "tool_use"], [b for b in blocks if b["type"] == "tool_result"]
    messages = body["messages"]
    calls = [call for message in messages for call in message.get("tool_calls", [])]
    return calls, [message for message in messages if message["role"] == "tool"]
