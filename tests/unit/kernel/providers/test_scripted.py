"""Scripts play what they say, and say what they do at their end."""

import json
from pathlib import Path

import pytest

from kernel.errors import InvalidArgumentError, NotFoundError
from kernel.providers.base import (
    ChatMessage,
    ChatRequest,
    Chunk,
    Finished,
    ProviderError,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCallFinished,
    Usage,
)
from kernel.providers.retrying import RetryingProvider, RetryPolicy
from kernel.providers.scripted import ScriptedCall, ScriptedError, ScriptedProvider, Turn
from tests.fakes.clock import ManualClock

ONE, TWO = Turn(text="one"), Turn(text="two")


async def play(provider: object, turns: int = 0) -> list[Chunk]:
    messages = (ChatMessage("user", "go"), *(ChatMessage("assistant", f"{n}") for n in range(turns)))
    return [chunk async for chunk in provider.stream(ChatRequest("m", messages))]  # type: ignore[attr-defined] # any provider


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))


async def test_one_instance_serves_many_conversations() -> None:
    provider = ScriptedProvider([ONE, TWO])
    assert [text(await play(provider, turn)) for turn in (0, 1, 0, 1)] == ["one", "two", "one", "two"]


async def test_by_calls_the_conversation_does_not_matter() -> None:
    provider = ScriptedProvider([ONE, TWO], position="calls")
    assert [text(await play(provider, 5)), text(await play(provider, 0))] == ["one", "two"]
    assert provider.calls == 2


async def test_the_end_is_what_was_chosen() -> None:
    complete = await play(ScriptedProvider([ONE]), 1)
    assert [chunk.call.name for chunk in complete if isinstance(chunk, ToolCallFinished)] == ["complete"]
    assert text(await play(ScriptedProvider([ONE], at_end="stop"), 1)) == "The script has ended."
    assert text(await play(ScriptedProvider([ONE, TWO], at_end="repeat"), 7)) == "two"
    with pytest.raises(ProviderError, match="has ended"):
        await play(ScriptedProvider([ONE], at_end="error"), 1)
    assert await play(ScriptedProvider([], at_end="repeat"), 3)


async def test_pieces_pauses_and_usage() -> None:
    clock = ManualClock()
    turn = Turn(text="abcd", reasoning="xy", chunk_chars=2, delay_s=0.0, usage=Usage(3, 4))
    assert await play(ScriptedProvider([turn], clock=clock)) == [
        ReasoningDelta("xy"),
        TextDelta("ab"),
        TextDelta("cd"),
        Usage(3, 4),
        Finished("stop"),
    ]

    class Impatient(ManualClock):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

    slow = Impatient()
    await play(ScriptedProvider([Turn(text="abc", chunk_chars=1, delay_s=0.5)], clock=slow))
    assert slow.slept == [0.5, 0.5, 0.5]


async def test_errors_come_once_and_the_script_goes_on() -> None:
    failing = Turn(error=ScriptedError("rate_limited", "Wait.", retry_after_s=3.0))
    provider = ScriptedProvider(
        [failing, ONE, Turn(text="half", error=ScriptedError("truncated", after_content=True)), TWO]
    )
    clock = ManualClock()

    class Impatient(ManualClock):
        async def sleep(self, seconds: float) -> None:
            clock.slept.append(seconds)

    chunks = await play(RetryingProvider(provider, Impatient()))
    assert chunks[0] == Retrying(2, 3.0, "Wait.") and text(chunks) == "one" and clock.slept == [3.0]
    seen: list[Chunk] = []
    with pytest.raises(ProviderError, match="fails"):
        async for chunk in provider.stream(ChatRequest("m", (ChatMessage("assistant", "1"),))):
            seen.append(chunk)
    assert text(seen) == "half"
    assert text(await play(provider, 1)) == "two"


async def test_back_off_doubles_and_is_shortened_by_chance() -> None:
    clock = ManualClock()

    class Impatient(ManualClock):
        async def sleep(self, seconds: float) -> None:
            clock.slept.append(seconds)

    script = ScriptedProvider([Turn(error=ScriptedError("overloaded"))] * 9, position="calls")
    chances = iter([0.0, 0.4, 1.0, 0.0, 0.0])
    provider = RetryingProvider(
        script, Impatient(), policy=RetryPolicy(attempts=5, longest_delay_s=3.0), random_unit=lambda: next(chances)
    )
    with pytest.raises(ProviderError):
        await play(provider)
    assert clock.slept == [0.5, pytest.approx(0.9), pytest.approx(1.5), 3.0] and script.calls == 5


async def test_a_refused_connection_is_not_tried_for_long() -> None:
    class Impatient(ManualClock):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

    script = ScriptedProvider([Turn(error=ScriptedError("refused"))] * 9, position="calls")
    with pytest.raises(ProviderError):
        await play(RetryingProvider(script, Impatient()))
    assert script.calls == 2


async def test_requests_are_kept_only_where_asked() -> None:
    provider = ScriptedProvider([ONE], at_end="repeat")
    await play(provider)
    assert provider.requests == []
    provider.keep_requests = 2
    for turn in range(5):
        await play(provider, turn)
    assert [len(request.messages) for request in provider.requests] == [4, 5]


async def test_files(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    file.write_text(
        json.dumps(
            {
                "turns": [{"text": "hi", "tool_calls": [{"name": "think", "arguments": {"thought": "x"}}]}],
                "at_end": "stop",
            }
        )
    )
    provider = ScriptedProvider.from_file(file)
    calls = [chunk.call for chunk in await play(provider) if isinstance(chunk, ToolCallFinished)]
    assert calls[0].arguments == {"thought": "x"} and calls[0].id
    assert text(await play(provider, 1)) == "The script has ended."
    file.write_text(json.dumps([{"text": "plain list"}]))
    assert text(await play(ScriptedProvider.from_file(str(file)))) == "plain list"
    assert (await ScriptedProvider.from_file(file).list_models())[0].id == f"scripted:{file}"


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"turns": 3}', '[{"txt": "typo"}]', "[" * 10_000, "\xff"])
def test_files_that_cannot_be_used(content: str, tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidArgumentError, match="cannot be used"):
        ScriptedProvider.from_file(file)


@pytest.mark.parametrize("path", ["/nowhere/x.json", "/", "\x00"])
def test_files_that_are_not_there(path: str) -> None:
    with pytest.raises(NotFoundError):
        ScriptedProvider.from_file(path)


def test_calls_show_their_arguments_as_text() -> None:
    assert ScriptedCall("a", {"x": 1}).text == '{"x":1}' and ScriptedCall("a", raw_arguments="{").text == "{"
