"""What each dialect sends: measured at the server."""

import json
from typing import Any

import msgspec
import pytest

from kernel.providers.base import (
    ChatMessage,
    ChatRequest,
    Finished,
    ReasoningDelta,
    Sampling,
    TextDelta,
    ToolCall,
    ToolCallFinished,
    Usage,
)
from kernel.providers.http import HttpClient
from kernel.providers.scripted import ScriptedCall, Turn
from kernel.providers.text_tool_calls import TextToolCallsProvider
from tests.contract.providers.rig import KEY, TOOLS, ask, collect, normal, provider_for, wire_provider
from tests.fakes.llm_server import LlmServer, Models, Reply, serving
from tests.fakes.llm_wire import Style

THINKING = Turn(
    text="Writing.",
    reasoning="I must write.",
    tool_calls=(
        ScriptedCall("write_file", {"path": "a"}, id="call_1"),
        ScriptedCall("read_file", {"path": "b"}, id="call_2"),
    ),
)


def body(server: LlmServer | None, index: int = -1) -> dict[str, Any]:
    assert server is not None
    value = server.chats[index].body
    assert isinstance(value, dict)
    return value


def followed_up(request: ChatRequest, chunks: list[Any]) -> ChatRequest:
    """The next request of a loop: the answer and the results of its calls are appended."""
    calls = tuple(chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished))
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))
    reasoning = "".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningDelta))
    state = next(chunk.provider_state for chunk in chunks if isinstance(chunk, Finished))
    # As it comes back from the store.
    state = msgspec.json.decode(msgspec.json.encode(state))
    turn = ChatMessage("assistant", text, reasoning, calls, provider_state=state)
    results = [ChatMessage("tool", f"done {call.id}", tool_call_id=call.id, tool_name=call.name) for call in calls]
    return msgspec.structs.replace(request, messages=(*request.messages, turn, *results))


# Ollama


@pytest.mark.feature("LP07")
@pytest.mark.parametrize(
    ("wanted", "model_context", "sent"),
    [(None, 262_144, 32_768), (65_536, 262_144, 65_536), (65_536, 8_192, 8_192), (None, 4_096, 4_096)],
)
async def test_ollama_is_always_told_the_context_size(wanted: int | None, model_context: int, sent: int) -> None:
    http = HttpClient()
    async with serving([Turn(text="ok")], models=Models({"test-model": model_context})) as server:
        sampling = Sampling(temperature=0.0, context_size=wanted, max_tokens=99, top_p=0.5)
        await collect(wire_provider("ollama", server, http), ask(sampling=sampling))
        await http.aclose()
        options = body(server)["options"]
    assert options == {"num_ctx": sent, "temperature": 0.0, "num_predict": 99, "top_p": 0.5}
    assert body(server)["truncate"] is False and body(server)["shift"] is False


@pytest.mark.feature("LP03")
async def test_ollama_thinks_first_and_is_asked_again_without() -> None:
    refusal = Reply(status=400, body=b'{"error":"\\"test-model\\" does not support thinking"}')
    http = HttpClient()
    models = Models({"test-model": 8192}, {"test-model": ()})
    async with serving([refusal, Turn(text="one", chunk_chars=1), Turn(text="two")], models=models) as server:
        provider = wire_provider("ollama", server, http)
        first = await collect(provider, ask())
        await collect(provider, ask())
        await http.aclose()
    assert [chat.body.get("think") for chat in server.chats] == [True, None, None]
    assert all(chat.body["stream"] for chat in server.chats)
    assert sum(isinstance(chunk, TextDelta) for chunk in first) == 3


async def test_ollama_does_not_ask_a_model_to_think_that_cannot() -> None:
    http = HttpClient()
    models = Models({"test-model": 8192, "gpt-oss:20b": 8192}, {"test-model": ("completion", "tools")})
    async with serving([Turn(text="one"), Turn(text="two")], models=models) as server:
        provider = wire_provider("ollama", server, http)
        await collect(provider, ask())
        await collect(provider, msgspec.structs.replace(ask(), model="gpt-oss:20b"))
        await http.aclose()
    assert [chat.body.get("think") for chat in server.chats] == [None, "medium"]


@pytest.mark.parametrize("known", [True, False])
async def test_a_model_without_tools_gets_them_in_words(known: bool) -> None:
    refusal = Reply(status=400, body=b'{"error":"test-model does not support tools"}')
    written = Turn(
        text='I write.\n<tool_call>\n{"name": "write_file", "arguments": {"path": "a"}}\n</tool_call>', chunk_chars=5
    )
    replies: list[Reply | Turn] = [written, Turn(text="done")] if known else [refusal, written, Turn(text="done")]
    models = Models({"test-model": 8192}, {"test-model": ("completion",) if known else ()})
    http = HttpClient()
    async with serving(replies, models=models) as server:
        provider = TextToolCallsProvider(wire_provider("ollama", server, http))
        request = ask()
        chunks = await collect(provider, request)
        assert normal(chunks).text == "I write.\n" and normal(chunks).calls[0][2] == "write_file"
        await collect(provider, followed_up(request, chunks))
        await http.aclose()
    last = body(server)
    assert "tools" not in last and "write_file: Write a file" in last["messages"][0]["content"]
    assert [message["role"] for message in last["messages"]] == ["system", "user", "assistant", "user"]
    assert (
        "<tool_call>" in last["messages"][2]["content"]
        and "<tool_result name=write_file>" in last["messages"][3]["content"]
    )


async def test_ollama_conversations() -> None:
    async with provider_for("ollama", [THINKING, Turn(text="ok")]) as (provider, server):
        request = ask()
        await collect(provider, followed_up(request, await collect(provider, request)))
    sent = body(server)["messages"][2:]
    assert sent[0]["thinking"] == "I must write." and sent[0]["content"] == "Writing."
    assert [call["function"]["arguments"] for call in sent[0]["tool_calls"]] == [{"path": "a"}, {"path": "b"}]
    assert sent[1] == {"role": "tool", "tool_name": "write_file", "tool_call_id": "call_1", "content": "done call_1"}
    assert body(server)["tools"][0]["function"]["name"] == "write_file"


# OpenAI


async def test_openai_requests() -> None:
    async with provider_for("openai", [THINKING, Turn(text="ok")]) as (provider, server):
        request = ask(sampling=Sampling(temperature=0.2, max_tokens=50), tool_choice="required")
        await collect(provider, followed_up(request, await collect(provider, request)))
        assert server is not None and server.chats[0].headers["authorization"] == f"Bearer {KEY}"
    sent = body(server)
    assert (
        sent["stream"] is True
        and sent["stream_options"] == {"include_usage": True}
        and sent["tool_choice"] == "required"
    )
    assert sent["temperature"] == 0.2 and sent["max_tokens"] == 50 and "top_p" not in sent
    assistant = sent["messages"][2]
    assert json.loads(assistant["tool_calls"][0]["function"]["arguments"]) == {"path": "a"}
    # The server showed its reasoning in this field, and gets it back there while the task goes on.
    assert assistant["reasoning_content"] == "I must write."
    assert sent["messages"][3] == {"role": "tool", "tool_call_id": "call_1", "content": "done call_1"}


async def test_reasoning_goes_back_only_to_the_server_it_came_from() -> None:
    state = {"dialect": "openai", "provider": "elsewhere", "reasoning_field": "reasoning"}
    call = ToolCall("c", "write_file", {})
    messages = (
        ChatMessage("user", "a"),
        ChatMessage("assistant", "b", "secret thought", (call,), provider_state=state),
    )
    async with provider_for("openai", [Turn(text="ok")]) as (provider, server):
        await collect(provider, ChatRequest("test-model", messages))
    assert "secret thought" not in json.dumps(body(server))


@pytest.mark.parametrize("part", ["temperature", "stream_options", "max_tokens"])
async def test_openai_servers_that_refuse_a_parameter_are_asked_without_it(part: str) -> None:
    error = {"error": {"message": f"Unsupported parameter: '{part}'.", "type": "invalid_request_error", "param": part}}
    refusal = Reply(status=400, body=json.dumps(error).encode())
    async with provider_for("openai", [refusal, Turn(text="one"), Turn(text="two")]) as (provider, server):
        request = ask(sampling=Sampling(temperature=0.5, max_tokens=7))
        await collect(provider, request)
        await collect(provider, request)
        assert server is not None
        assert [part in chat.body for chat in server.chats] == [True, False, False]
        if part == "max_tokens":
            assert server.chats[1].body["max_completion_tokens"] == 7


async def test_a_server_that_ignores_stream_is_understood() -> None:
    message = {
        "role": "assistant",
        "content": "Hi",
        "tool_calls": [{"id": "x", "function": {"name": "read_file", "arguments": '{"path":"p"}'}}],
    }
    whole = {
        "choices": [{"message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    async with provider_for("openai", [Reply(body=json.dumps(whole).encode())]) as (provider, _):
        found = normal(await collect(provider, ask()))
    assert found.text == "Hi" and found.calls[0][1:3] == ("x", "read_file") and found.usage == (3, 4)


async def test_a_call_as_it_was_written_before_there_were_several() -> None:
    deltas: list[dict[str, object]] = [
        {"role": "assistant", "content": None, "function_call": {"name": "read_file", "arguments": ""}},
        {"function_call": {"arguments": '{"path":'}},
        {"function_call": {"arguments": '"p"}'}},
    ]
    frames = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    frames.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "function_call"}]})
    body = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames) + "data: [DONE]\n\n"
    async with provider_for("openai", [Reply(body=body.encode(), content_type="text/event-stream")]) as (provider, _):
        chunks = await collect(provider, ask())
    calls = [chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished)]
    assert [(call.name, call.arguments) for call in calls] == [("read_file", {"path": "p"})]
    assert normal(chunks).reason == "tool_calls"


async def test_numbers_that_are_none_in_what_nobody_reads_break_no_answer() -> None:
    body = (
        b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[{"logprob":-Infinity}]}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"timings":{"per_second":NaN}}\n\ndata: [DONE]\n\n'
    )
    async with provider_for("openai", [Reply(body=body, content_type="text/event-stream")]) as (provider, _):
        assert normal(await collect(provider, ask())).text == "Hi"


async def test_the_same_ids_in_every_turn_become_different_ones() -> None:
    turn = Turn(tool_calls=(ScriptedCall("read_file", {"path": "a"}, id="call_0"),))
    async with provider_for("openai", [turn, turn]) as (provider, _):
        request = ask()
        first = await collect(provider, request)
        second = await collect(provider, followed_up(request, first))
    ids = [chunk.call.id for chunk in (*first, *second) if isinstance(chunk, ToolCallFinished)]
    assert len(set(ids)) == 2


# Gemini


@pytest.mark.feature("LP06")
async def test_gemini_requests() -> None:
    async with provider_for("gemini", [Reply(THINKING, style=Style(signature="c2lnbmF0dXJl")), Turn(text="ok")]) as (
        provider,
        server,
    ):
        request = msgspec.structs.replace(
            ask(sampling=Sampling(temperature=0.0, max_tokens=10)), model="gemini-3-flash"
        )
        await collect(provider, followed_up(request, await collect(provider, request)))
        assert server is not None
        assert server.chats[0].headers["x-goog-api-key"] == KEY
        assert server.chats[0].path == "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse"
    sent = body(server)
    assert sent["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert sent["generationConfig"] == {
        "temperature": 0.0,
        "maxOutputTokens": 10,
        "thinkingConfig": {"includeThoughts": True},
    }
    assert sent["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == TOOLS[0].parameters
    user, model, results = sent["contents"]
    assert user["role"] == "user" and model["role"] == "model" and results["role"] == "user"
    assert model["parts"] == [
        {"text": "Writing."},
        {
            "functionCall": {"id": "call_1", "name": "write_file", "args": {"path": "a"}},
            "thoughtSignature": "c2lnbmF0dXJl",
        },
        {"functionCall": {"id": "call_2", "name": "read_file", "args": {"path": "b"}}},
    ]
    assert results["parts"][0] == {
        "functionResponse": {"id": "call_1", "name": "write_file", "response": {"output": "done call_1"}}
    }


async def test_gemini_signature_of_a_text_is_replayed_on_its_own_part() -> None:
    reply = Reply(Turn(text="Only words.", chunk_chars=4), style=Style(signature="c2ln"))
    async with provider_for("gemini", [reply, Turn(text="ok")]) as (provider, server):
        request = ask()
        await collect(provider, followed_up(request, await collect(provider, request)))
    assert body(server)["contents"][1]["parts"] == [{"text": "Only words."}, {"text": "", "thoughtSignature": "c2ln"}]


async def test_gemini_calls_without_ids_are_answered_without() -> None:
    reply = Reply(THINKING, style=Style(omit_ids=True, signature="c2ln"))
    async with provider_for("gemini", [reply, Turn(text="ok")]) as (provider, server):
        request = ask()
        await collect(provider, followed_up(request, await collect(provider, request)))
    assert "id" not in body(server)["contents"][1]["parts"][1]["functionCall"]
    assert "id" not in body(server)["contents"][2]["parts"][0]["functionResponse"]


@pytest.mark.parametrize(("model", "signed"), [("gemini-3-pro", True), ("gemini-2.5-flash", False)])
async def test_gemini_takes_over_a_foreign_conversation(model: str, signed: bool) -> None:
    calls = (ToolCall("x y", "write_file", {"path": "a"}), ToolCall("z", "read_file", {}))
    foreign = ChatMessage(
        "assistant", "b", "thought", calls, provider_state={"dialect": "anthropic", "blocks": [{"type": "thinking"}]}
    )
    messages = (
        ChatMessage("user", "a"),
        foreign,
        ChatMessage("tool", "no", tool_call_id="x y", tool_name="write_file", is_error=True),
    )
    async with provider_for("gemini", [Turn(text="ok")]) as (provider, server):
        await collect(provider, ChatRequest(model, messages))
    parts = body(server)["contents"][1]["parts"]
    assert [("thoughtSignature" in part) for part in parts] == [False, signed, False]
    assert body(server)["contents"][2]["parts"][0]["functionResponse"]["response"] == {"error": "no"}
    assert "thinking" not in json.dumps(body(server)["contents"])


async def test_gemini_corrupted_signatures_are_taken_off_once() -> None:
    error = {"error": {"code": 400, "message": "Corrupted thought signature.", "status": "INVALID_ARGUMENT"}}
    replies = [
        Reply(THINKING, style=Style(signature="c2ln")),
        Reply(status=400, body=json.dumps(error).encode()),
        Turn(text="ok"),
    ]
    async with provider_for("gemini", replies) as (provider, server):
        request = ask()
        await collect(provider, followed_up(request, await collect(provider, request)))
    assert "c2ln" in json.dumps(body(server, 1)) and "thoughtSignature" not in json.dumps(body(server, 2))


async def test_gemini_models_that_cannot_think_are_asked_without() -> None:
    error = {"error": {"code": 400, "message": "Thinking is not enabled for this model", "status": "INVALID_ARGUMENT"}}
    async with provider_for("gemini", [Reply(status=400, body=json.dumps(error).encode()), Turn(text="ok")]) as (
        provider,
        server,
    ):
        await collect(provider, ask())
    assert (
        "thinkingConfig" in body(server, 0)["generationConfig"]
        and "thinkingConfig" not in body(server, 1)["generationConfig"]
    )


async def test_gemini_blocked_prompts_and_broken_calls() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}}
    broken = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}
    replies = [
        Reply(body=b"data: " + json.dumps(value).encode() + b"\n\n", content_type="text/event-stream")
        for value in (blocked, broken)
    ]
    async with provider_for("gemini", replies) as (provider, _):
        assert normal(await collect(provider, ask())).reason == "filtered"
        with pytest.raises(Exception, match="MALFORMED_FUNCTION_CALL") as caught:
            await collect(provider, ask())
    assert getattr(caught.value, "retryable", None) is True


# Anthropic


async def test_anthropic_requests() -> None:
    reply = Reply(THINKING, style=Style(signature="c2lnbmF0dXJl"))
    async with provider_for("anthropic", [reply, Turn(text="ok")]) as (provider, server):
        request = ask(sampling=Sampling(temperature=0.0, max_tokens=5000))
        await collect(provider, followed_up(request, await collect(provider, request)))
        assert server is not None
        assert (
            server.chats[0].headers["x-api-key"] == KEY and server.chats[0].headers["anthropic-version"] == "2023-06-01"
        )
    sent = body(server)
    assert (
        sent["max_tokens"] == 5000
        and sent["thinking"] == {"type": "adaptive", "display": "summarized"}
        and "temperature" not in sent
    )
    assert sent["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    assert sent["tools"][0]["input_schema"] == TOOLS[0].parameters and sent["tool_choice"] == {"type": "auto"}
    user, assistant, results = sent["messages"]
    assert user["content"] == [{"type": "text", "text": "Do it."}]
    assert assistant["content"] == [
        {"type": "thinking", "thinking": "I must write.", "signature": "c2lnbmF0dXJl"},
        {"type": "text", "text": "Writing."},
        {"type": "tool_use", "id": "call_1", "name": "write_file", "input": {"path": "a"}},
        {"type": "tool_use", "id": "call_2", "name": "read_file", "input": {"path": "b"}},
    ]
    assert [block["type"] for block in results["content"]] == ["tool_result", "tool_result"]


async def test_anthropic_thinking_without_a_signature_is_not_replayed() -> None:
    async with provider_for("anthropic", [THINKING, Turn(text="ok")]) as (provider, server):
        request = ask()
        await collect(provider, followed_up(request, await collect(provider, request)))
    assert [block["type"] for block in body(server)["messages"][1]["content"]] == ["text", "tool_use", "tool_use"]


async def test_anthropic_models_take_the_thinking_they_know() -> None:
    def refusal(message: str) -> Reply:
        return Reply(
            status=400,
            body=json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}}).encode(),
        )

    replies = [
        refusal("thinking.type: adaptive is not supported"),
        refusal("max_tokens: 16384 > 8192, which is the maximum allowed number of output tokens"),
        refusal("thinking is not supported by this model"),
        Turn(text="ok"),
        Turn(text="ok"),
    ]
    async with provider_for("anthropic", replies) as (provider, server):
        await collect(provider, ask(sampling=Sampling(temperature=0.3)))
        await collect(provider, ask(sampling=Sampling(temperature=0.3)))
        assert server is not None
        kinds = [chat.body.get("thinking", {}).get("type") for chat in server.chats]
        assert kinds == ["adaptive", "enabled", "enabled", None, None]
        assert [chat.body["max_tokens"] for chat in server.chats] == [16384, 16384, 8192, 8192, 8192]
        assert server.chats[-1].body["temperature"] == 0.3


@pytest.mark.parametrize(
    ("dialect", "usage"),
    [
        ("openai", Usage(100, 40, 60, 25)),
        ("gemini", Usage(100, 40, 60, 25)),
        ("anthropic", Usage(100, 40, 60)),
        ("ollama", Usage(100, 40)),
    ],
)
async def test_usage_counts_the_same_things_everywhere(dialect: str, usage: Usage) -> None:
    async with provider_for(dialect, [Turn(text="ok", usage=Usage(100, 40, 60, 25))]) as (provider, _):
        chunks = await collect(provider, ask())
    assert [chunk for chunk in chunks if isinstance(chunk, Usage)] == [usage]
