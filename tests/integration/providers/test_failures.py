"""What goes wrong over real HTTP ends in a clear error, and never in a tool call that somebody might run."""

import asyncio
import json
import time
from contextlib import aclosing
from typing import Any

import pytest

from kernel.clock import SystemClock
from kernel.errors import ProviderError as AnyProviderError
from kernel.providers.base import (
    ChatRequest,
    Chunk,
    ProviderError,
    Retrying,
    TextDelta,
    ToolCallFinished,
)
from kernel.providers.http import HttpClient
from kernel.providers.recording import Exchange
from kernel.providers.retrying import RetryingProvider, RetryPolicy
from kernel.providers.scripted import ScriptedCall, Turn
from kernel.providers.turn import TurnLimits
from tests.contract.providers.rig import KEY, WIRE, ask, collect, normal, provider_for, wire_provider
from tests.fakes.clock import ManualClock
from tests.fakes.llm_server import Reply, serving

CALL = Turn(
    text="Now I write.",
    tool_calls=(ScriptedCall("write_file", {"path": "a", "content": "b" * 60}, id="call_1"),),
    chunk_chars=8,
)


async def failing(provider: Any, request: ChatRequest | None = None) -> tuple[ProviderError, list[Chunk]]:
    """The error of an answer, and the chunks before it."""
    seen: list[Chunk] = []
    with pytest.raises(AnyProviderError) as caught:
        async with aclosing(provider.stream(request or ask())) as chunks:
            async for chunk in chunks:
                seen.append(chunk)
    assert isinstance(caught.value, ProviderError)
    return caught.value, seen


@pytest.mark.parametrize("dialect", WIRE)
async def test_a_stream_cut_anywhere_never_finishes_a_call(dialect: str) -> None:
    async with provider_for(dialect, [CALL]) as (provider, server):
        await collect(provider, ask())
    cuts = range(1, 30)
    async with provider_for(dialect, [Reply(CALL, cut_after=cut) for cut in cuts]) as (provider, server):
        assert server is not None
        truncated = 0
        for _ in cuts:
            seen: list[Chunk] = []
            try:
                async with aclosing(provider.stream(ask())) as chunks:
                    async for chunk in chunks:
                        seen.append(chunk)
            except ProviderError as error:
                assert error.kind == "truncated" and error.retryable
                assert not any(isinstance(chunk, ToolCallFinished) for chunk in seen)
                truncated += 1
            else:
                # Cut behind the last frame: the answer was complete.
                assert normal(seen).calls
        assert truncated >= 3


@pytest.mark.parametrize("dialect", WIRE)
async def test_an_error_inside_a_stream_is_one(dialect: str) -> None:
    async with provider_for(dialect, [Reply(CALL, stream_error_after=2 if dialect == "ollama" else 4)]) as (
        provider,
        _,
    ):
        error, seen = await failing(provider)
    assert "language-model server" not in error.hint
    assert "crashed" in error.message and seen and not any(isinstance(chunk, ToolCallFinished) for chunk in seen)


KINDS = ["auth", "unknown_model", "context_overflow", "rate_limited", "overloaded", "quota"]
RETRYABLE = {"rate_limited", "overloaded"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", WIRE)
async def test_errors_have_a_kind_and_say_what_to_do(dialect: str, kind: str) -> None:
    if dialect == "ollama" and kind == "quota":
        kind = "rate_limited"
    async with provider_for(dialect, [Reply(error=kind)]) as (provider, _):  # type: ignore[arg-type] # literals above
        error, _ = await failing(provider)
    assert error.kind == kind
    assert error.retryable is (kind in RETRYABLE)
    assert len(error.hint) > 15 and error.hint[-1] == "."
    if kind == "auth" and dialect != "ollama":
        assert f"{dialect.upper()}_API_KEY" in error.hint
    if kind == "unknown_model" and dialect == "ollama":
        assert "ollama pull test-model" in error.hint


@pytest.mark.parametrize("dialect", WIRE)
@pytest.mark.parametrize(
    ("status", "kind"), [(500, "overloaded"), (503, "overloaded"), (529, "overloaded"), (404, "unsupported")]
)
async def test_a_page_instead_of_an_answer(dialect: str, status: int, kind: str) -> None:
    page = (
        b"<!DOCTYPE html><html><head><title>Bad gateway</title><script>x()</script></head><body>" + b"<p>no</p>" * 9999
    )
    reply = Reply(status=status, body=page, content_type="text/html")
    async with provider_for(dialect, [reply]) as (provider, _):
        error, _ = await failing(provider)
    assert (
        error.kind == kind and "Bad gateway" in error.message and "<" not in error.message and len(error.message) < 500
    )


@pytest.mark.parametrize("dialect", WIRE)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>sign in</html>", "text/html"),
        (b"", "text/event-stream"),
        (b"\x00\xff\xfe", "text/event-stream"),
        (b"null", "application/json"),
    ],
)
async def test_a_200_that_is_no_answer(dialect: str, body: bytes, content_type: str) -> None:
    async with provider_for(dialect, [Reply(body=body, content_type=content_type)]) as (provider, _):
        error, seen = await failing(provider)
    assert error.kind in ("bad_response", "truncated") and not seen


GARBAGE = [
    (b"hello, this is no model\nline two\n", "text/plain", "beginning with “hello, this is no model"),
    (b"220 mail ready\r\n", "text/event-stream", "beginning with “220 mail ready”"),
    (b"data: hello\n\n", "text/event-stream", "beginning with “data: hello”"),
    (b"\x00\xff\xfe" * 99, "application/octet-stream", ""),
    (b'{"welcome": "to the router"}', "application/json", "beginning with “{"),
    (b'{"welcome": "to the router"}\n', "text/plain", "beginning with “{"),
    (b"<html>sign in</html>", "text/html", ""),
    (b"<html>sign in</html>", "text/plain", ""),
    (b"garbage\n" * 1_000_000, "text/event-stream", "beginning with “garbage"),
]


@pytest.mark.parametrize("dialect", WIRE)
@pytest.mark.parametrize(("body", "content_type", "shown"), GARBAGE)
async def test_garbage_instead_of_an_answer_asks_to_look_at_the_address(
    dialect: str, body: bytes, content_type: str, shown: str
) -> None:
    async with provider_for(dialect, [Reply(body=body, content_type=content_type)]) as (provider, server):
        assert server is not None
        error, seen = await failing(provider)
        assert server.base_url in error.message
    assert (error.kind, error.retryable, seen) == ("bad_response", False, [])
    assert "answered with something that is not a language model's answer" in error.message and shown in error.message
    assert error.hint.startswith("Look whether the address is that of a language-model server")
    assert "<" not in error.message and len(error.message) < 300


@pytest.mark.parametrize("dialect", WIRE)
@pytest.mark.parametrize("body", [b"", b": keep-alive\n\n: keep-alive\n\n", b"event: ping\n\n"])
async def test_an_answer_without_a_word_was_cut_off(dialect: str, body: bytes) -> None:
    if dialect == "ollama" and body:
        return  # its answers are no events
    async with provider_for(dialect, [Reply(body=body, content_type="text/event-stream")]) as (provider, _):
        error, _ = await failing(provider)
    assert error.kind == "truncated" and error.retryable


@pytest.mark.parametrize("dialect", WIRE)
async def test_a_first_event_of_any_length_is_an_answer(dialect: str) -> None:
    async with provider_for(dialect, [Turn(text="x" * 600_000)]) as (provider, _):
        assert len(normal(await collect(provider, ask())).text) == 600_000


@pytest.mark.parametrize("dialect", WIRE)
async def test_a_refused_connection_names_what_to_start(dialect: str) -> None:
    async with serving() as server:
        pass
    http = HttpClient()
    error, _ = await failing(wire_provider(dialect, server, http))
    await http.aclose()
    assert error.kind == "refused" and error.retryable and f"127.0.0.1:{server.port}" in error.message
    if dialect == "ollama":
        assert "ollama serve" in error.hint


@pytest.mark.parametrize("dialect", WIRE)
async def test_a_dropped_connection_can_be_tried_again(dialect: str) -> None:
    async with provider_for(dialect, [Reply(drop="request")]) as (provider, _):
        error, _ = await failing(provider)
    assert error.kind == "truncated" and error.retryable


@pytest.mark.parametrize("dialect", WIRE)
async def test_a_silent_server_times_out(dialect: str) -> None:
    async with provider_for(dialect, [Reply(CALL, silent_after=2)], read_s=0.2) as (provider, _):
        error, _ = await failing(provider)
    assert error.kind == "timeout" and error.retryable


@pytest.mark.parametrize("how", ["cancel", "close"])
@pytest.mark.parametrize("dialect", WIRE)
async def test_cancelling_closes_the_socket(dialect: str, how: str) -> None:
    async with provider_for(dialect, [Reply(CALL, silent_after=3)]) as (provider, server):
        assert server is not None
        seen = asyncio.Event()

        async def consume() -> None:
            async with aclosing(provider.stream(ask())) as chunks:
                async for _ in chunks:
                    seen.set()
                    if how == "close":
                        return

        task = asyncio.ensure_future(consume())
        await asyncio.wait_for(seen.wait(), 5)
        if how == "cancel":
            await asyncio.sleep(0)
            task.cancel()
        started = time.monotonic()
        await asyncio.wait((task,))
        await server.wait_hung_up()
        assert server.open_streams == 0 and time.monotonic() - started < 2


@pytest.mark.parametrize("dialect", WIRE)
@pytest.mark.parametrize("limits", [TurnLimits(text_chars=5000), TurnLimits(line_bytes=2000)])
async def test_floods_end_with_an_error_and_a_closed_socket(dialect: str, limits: TurnLimits) -> None:
    text = "flood" * (20 if limits.line_bytes > 2000 else 4000)
    reply = Reply(Turn(text=text), repeat_frame=100_000 if limits.line_bytes > 2000 else 0)
    async with provider_for(dialect, [reply], limits=limits) as (provider, server):
        error, seen = await failing(provider)
        assert error.kind == "bad_response" and not error.retryable
        assert sum(len(chunk.text) for chunk in seen if isinstance(chunk, TextDelta)) <= 5000
        assert server is not None
        if reply.repeat_frame:
            await server.wait_hung_up()


@pytest.mark.parametrize("dialect", ["ollama", "openai", "gemini", "anthropic"])
async def test_too_many_calls_or_arguments_are_a_flood(dialect: str) -> None:
    many = Turn(tool_calls=tuple(ScriptedCall("write_file", {"n": n}, id=f"c{n}") for n in range(20)))
    long = Turn(tool_calls=(ScriptedCall("write_file", {"content": "x" * 5000}, id="c"),), chunk_chars=100)
    async with provider_for(dialect, [many, long], limits=TurnLimits(calls=10, argument_chars=2000)) as (provider, _):
        for _ in range(2):
            error, seen = await failing(provider)
            assert error.kind == "bad_response" and not any(isinstance(chunk, ToolCallFinished) for chunk in seen)


class ImpatientClock(ManualClock):
    """Remembers what was slept, and sleeps no time."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Recovering:
    """A provider behind real HTTP whose pauses take no time."""

    def __init__(self, provider: Any, **policy: Any) -> None:
        self.clock = ImpatientClock()
        self.provider = RetryingProvider(provider, self.clock, policy=RetryPolicy(**policy), random_unit=lambda: 0.0)

    async def run(self) -> list[Chunk]:
        return await collect(self.provider, ask())


@pytest.mark.parametrize(
    "failure",
    [
        Reply(error="rate_limited"),
        Reply(error="overloaded"),
        Reply(drop="request"),
        Reply(status=500, body=b"{}"),
        Reply(CALL, cut_after=0),
    ],
)
@pytest.mark.parametrize("dialect", WIRE)
async def test_passing_failures_are_retried(dialect: str, failure: Reply) -> None:
    async with provider_for(dialect, [failure, failure, CALL]) as (provider, server):
        chunks = await Recovering(provider).run()
        assert server is not None and len(server.chats) == 3
    waits = [chunk for chunk in chunks if isinstance(chunk, Retrying)]
    assert [wait.attempt for wait in waits] == [2, 3] and all(wait.reason for wait in waits)
    answer = [chunk for chunk in chunks if not isinstance(chunk, Retrying)]
    assert [call[2] for call in normal(answer).calls] == ["write_file"]


@pytest.mark.parametrize("kind", ["auth", "unknown_model", "context_overflow", "quota"])
@pytest.mark.parametrize("dialect", ["openai", "gemini", "anthropic"])
async def test_lasting_failures_are_not_retried(dialect: str, kind: str) -> None:
    async with provider_for(dialect, [Reply(error=kind)]) as (provider, server):  # type: ignore[arg-type] # literals above
        with pytest.raises(ProviderError):
            await Recovering(provider).run()
        assert server is not None and len(server.chats) == 1


async def test_nothing_is_retried_once_something_was_shown() -> None:
    async with provider_for("openai", [Reply(CALL, cut_after=4), CALL]) as (provider, server):
        with pytest.raises(ProviderError):
            await Recovering(provider).run()
        assert server is not None and len(server.chats) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 12 Jan 1970 13:46:45 GMT"}, 5.0),
        ({"retry-after": "soon"}, 0.5),
    ],
)
async def test_the_servers_wish_is_honoured(
    headers: dict[str, str], wait: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda self: 1_000_000.0)
    async with provider_for("openai", [Reply(error="rate_limited", headers=headers), CALL]) as (provider, _):
        rig = Recovering(provider)
        await rig.run()
    assert rig.clock.slept == [wait]


async def test_geminis_delay_is_in_the_body() -> None:
    async with provider_for("gemini", [Reply(error="rate_limited"), CALL]) as (provider, _):
        rig = Recovering(provider)
        await rig.run()
    assert rig.clock.slept == [7.0]


async def test_a_server_that_asks_for_two_minutes_is_waited_for() -> None:
    reply = Reply(error="rate_limited", headers={"retry-after": "120"})
    async with provider_for("openai", [reply, CALL]) as (provider, server):
        rig = Recovering(provider)
        chunks = await rig.run()
        assert server is not None and len(server.chats) == 2
    assert rig.clock.slept == [120.0]
    assert [chunk.delay_s for chunk in chunks if isinstance(chunk, Retrying)] == [120.0]


async def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    async with provider_for("openai", [Reply(error="rate_limited", headers={"retry-after": "3600"})]) as (provider, _):
        with pytest.raises(ProviderError) as caught:
            await Recovering(provider).run()
    assert caught.value.retry_after_s == 3600


@pytest.mark.parametrize(("answer", "requests"), [("false", 1), ("true", 2)])
async def test_x_should_retry_decides(answer: str, requests: int) -> None:
    reply = Reply(
        status=500 if answer == "false" else 400, body=b'{"error":{"message":"?"}}', headers={"x-should-retry": answer}
    )
    async with provider_for("openai", [reply, CALL]) as (provider, server):
        try:
            await Recovering(provider).run()
        except ProviderError:
            assert answer == "false"
        assert server is not None and len(server.chats) == requests


@pytest.mark.feature("LP05")
@pytest.mark.parametrize("dialect", WIRE)
async def test_every_call_is_seen_and_keys_are_nowhere(dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    seen: list[Exchange] = []
    echo = json.dumps(
        {"error": {"message": f"Incorrect key {KEY} and {KEY[:12]}***", "type": "invalid_request_error"}}
    ).encode()
    secretive = Turn(text=f"Your key is {KEY}!", chunk_chars=0)
    replies = [secretive, Reply(status=401, body=echo), Reply(CALL, cut_after=2)]
    async with provider_for(dialect, replies, on_exchange=seen.append) as (provider, server):
        await collect(provider, ask())
        error, _ = await failing(provider)
        with pytest.raises(ProviderError):
            await collect(provider, ask())
        assert server is not None
        assert all(KEY not in request.path for request in server.requests)
        assert all(KEY in json.dumps(request.headers) for request in server.requests)
    chats = [
        exchange
        for exchange in seen
        if "chat" in exchange.url or "messages" in exchange.url or "stream" in exchange.url
    ]
    assert [exchange.status for exchange in chats] == [200, 401, 200]
    assert [bool(exchange.error) for exchange in chats] == [False, True, True]
    assert all("Be brief." in exchange.request_body for exchange in chats)
    assert "Your key is [redacted]" in chats[0].response_body and chats[0].model == "test-model"
    everything = f"{seen!r} {error!r} {error} {error.hint} {caplog.text} {provider!r}"
    assert KEY not in everything and KEY[:12] not in everything


async def test_bodies_of_exchanges_are_bounded() -> None:
    seen: list[Exchange] = []
    turn = Turn(text="start " + "x" * 900_000 + f" {KEY} end", chunk_chars=30_000)
    async with provider_for("openai", [turn], on_exchange=seen.append) as (provider, _):
        await collect(provider, ask("y" * 700_000))
    exchange = seen[0]
    assert len(exchange.response_body) < 270_000 and len(exchange.request_body) < 270_000
    assert (
        "start" in exchange.response_body
        and "[DONE]" in exchange.response_body
        and "left out" in exchange.response_body
    )
    assert KEY not in exchange.response_body


@pytest.mark.expects_records
async def test_an_observer_that_fails_costs_nothing() -> None:
    def observe(exchange: Exchange) -> None:
        raise RuntimeError("full")

    async with provider_for("openai", [CALL], on_exchange=observe) as (provider, _):
        assert normal(await collect(provider, ask())).reason == "tool_calls"


async def test_a_cancelled_call_is_recorded_too() -> None:
    seen: list[Exchange] = []
    async with (
        provider_for("openai", [Reply(CALL, silent_after=3)], on_exchange=seen.append) as (provider, _),
        aclosing(provider.stream(ask())) as chunks,
    ):
        await anext(chunks)
    assert len(seen) == 1 and seen[0].error == "cancelled" and "Now I wr" in seen[0].response_body


@pytest.mark.parametrize("dialect", WIRE)
async def test_connections_are_used_again(dialect: str) -> None:
    async with provider_for(dialect, [Turn(text="one"), Turn(text="two"), Turn(text="three")]) as (provider, server):
        for _ in range(3):
            await collect(provider, ask())
        assert server is not None and server.connections == 1


async def test_a_hundred_streams_at_once_share_nothing() -> None:
    async with serving([], position="messages") as server:
        http = HttpClient()
        providers = [wire_provider(WIRE[n % 4], server, http) for n in range(100)]
        answers = await asyncio.gather(*(collect(provider, ask(f"{n}")) for n, provider in enumerate(providers)))
        await http.aclose()
    assert all(normal(answer).reason == "tool_calls" for answer in answers)
