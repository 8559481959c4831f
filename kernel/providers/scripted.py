"""A provider that plays a script of turns: for tests, benchmarks and demonstrations.

Owns the script format and its playing. `ScriptedProvider.from_file` reads the same from JSON, so that a demonstration
needs no model; `tests/fakes/llm_server.py` serves the same turns over HTTP. It must never do anything that the script
does not say, and at the script's end it does what `at_end` names.

A file holds a list of turns, or `{"turns": [...], "at_end": "complete", "position": "messages", "name": "..."}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from kernel.clock import Clock, SystemClock
from kernel.errors import InvalidArgumentError, NotFoundError
from kernel.providers import wire_json
from kernel.providers.base import (
    ChatRequest,
    Chunk,
    ErrorKind,
    FinishReason,
    ModelInfo,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from kernel.providers.turn import TurnAssembler, TurnLimits, taken_ids

AtEnd = Literal["complete", "stop", "repeat", "error"]
Position = Literal["messages", "calls"]

MAX_FILE_BYTES = 16 * 1024 * 1024
END_SUMMARY = "The script has ended."


class ScriptedCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call of a turn. `raw_arguments`, where given, is sent instead of `arguments`, valid JSON or not."""

    name: str
    arguments: dict[str, Any] = {}
    id: str = ""
    raw_arguments: str | None = None

    @property
    def text(self) -> str:
        """The arguments as JSON text."""
        return wire_json.dump(self.arguments) if self.raw_arguments is None else self.raw_arguments


class ScriptedError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A turn that fails. With `after_content` the turn's text comes first, then the error."""

    kind: ErrorKind = "overloaded"
    message: str = "The script says that this turn fails."
    hint: str = ""
    retryable: bool | None = None
    retry_after_s: float | None = None
    after_content: bool = False


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer.

    delay_s: pause before every piece, in seconds. chunk_chars: characters of a piece, 0 sends each part whole.
    usage: what is reported; None reports nothing. finish: None follows from the calls.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    delay_s: float = 0.0
    chunk_chars: int = 0
    error: ScriptedError | None = None
    usage: Usage | None = None
    finish: FinishReason | None = None

    @property
    def finish_reason(self) -> FinishReason:
        """The turn's finish reason."""
        return self.finish or ("tool_calls" if self.tool_calls else "stop")


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A script file. See ScriptedProvider for the fields."""

    turns: tuple[Turn, ...]
    at_end: AtEnd = "complete"
    position: Position = "messages"
    name: str = "scripted"


class ScriptedProvider:
    """Answers request after request with the turns of a script.

    script: the turns. at_end: "complete" calls complete(summary=...), "stop" answers a sentence, "repeat" starts over,
    "error" raises ProviderError.
    position: "messages" derives the turn from the conversation (the number of assistant messages, plus the errors
    that this instance raised), so that one instance serves many agents and a resumed one goes on where it was;
    "calls" takes the next turn at every request, whatever the conversation says.
    """

    dialect = "scripted"

    def __init__(
        self,
        script: Sequence[Turn],
        *,
        at_end: AtEnd = "complete",
        position: Position = "messages",
        name: str = "scripted",
        model: str = "script",
        clock: Clock | None = None,
    ) -> None:
        self._script = tuple(script)
        self._at_end = at_end
        self._position = position
        self._name = name
        self._model = model
        self._clock = clock or SystemClock()
        self._errors = 0
        self.requests: list[ChatRequest] = []
        self.keep_requests = 0
        self.calls = 0

    @classmethod
    def from_file(cls, path: str | Path, *, clock: Clock | None = None) -> ScriptedProvider:
        """The script in a JSON file of at most 16 MiB. Raises NotFoundError or InvalidArgumentError."""
        script = load_script(path)
        return cls(
            script.turns,
            at_end=script.at_end,
            position=script.position,
            name=script.name,
            model=str(path),
            clock=clock,
        )

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._name

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The script itself."""
        capabilities = ("completion", "tools")
        return (
            ModelInfo(f"{self._name}:{self._model}", self._name, self._model, capabilities=capabilities, local=True),
        )

    async def aclose(self) -> None:
        """Forget the requests that were kept."""
        self.requests.clear()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """Play the turn that is due. Raises ProviderError where the script says so."""
        turn = self._due(request)
        self.calls += 1
        if self.keep_requests:
            self.requests.append(request)
            del self.requests[: -self.keep_requests]
        if turn.error is not None and not turn.error.after_content:
            self._errors += 1
            raise _error(turn.error)
        assembler = TurnAssembler(TurnLimits(), taken_ids(request), self._name)
        for chunk in _pieces(turn, assembler):
            await self._pause(turn.delay_s)
            yield chunk
        if turn.error is not None:
            self._errors += 1
            raise _error(turn.error)
        if turn.usage is not None:
            assembler.usage(turn.usage)
        for chunk in assembler.end(turn.finish_reason):
            yield chunk

    async def _pause(self, delay_s: float) -> None:
        if delay_s > 0:
            await self._clock.sleep(delay_s)
        else:
            # A script without pauses must still let other agents run between two pieces.
            await asyncio.sleep(0)

    def _due(self, request: ChatRequest) -> Turn:
        if self._position == "calls":
            index = self.calls
        else:
            index = self._errors + sum(message.role == "assistant" for message in request.messages)
        if index < len(self._script):
            return self._script[index]
        if self._at_end == "repeat" and self._script:
            return self._script[index % len(self._script)]
        if self._at_end == "complete":
            return Turn(tool_calls=(ScriptedCall("complete", {"summary": END_SUMMARY}),))
        if self._at_end == "error":
            return Turn(error=ScriptedError("bad_response", END_SUMMARY, "Add turns to the script.", retryable=False))
        return Turn(text=END_SUMMARY)


def load_script(path: str | Path) -> Script:
    """Read a script file. Raises NotFoundError or InvalidArgumentError."""
    file = Path(path)
    try:
        if not file.is_file():
            raise NotFoundError(f"The script {file} is no file.", "Check the path.")
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise InvalidArgumentError(f"The script {file} is larger than {MAX_FILE_BYTES:,} bytes.")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "unreadable path"
        raise NotFoundError(f"The script {file} cannot be read: {reason}.", "Check the path.") from None
    try:
        if data.lstrip()[:1] == b"[":
            return Script(msgspec.json.decode(data, type=tuple[Turn, ...]))
        return msgspec.json.decode(data, type=Script)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"The script {file} cannot be used: {error}", "Correct it and try again.") from None


def _pieces(turn: Turn, assembler: TurnAssembler) -> list[Chunk]:
    chunks: list[Chunk] = [ReasoningDelta(piece) for piece in split(turn.reasoning, turn.chunk_chars)]
    chunks.extend(TextDelta(piece) for piece in split(turn.text, turn.chunk_chars))
    for index, call in enumerate(turn.tool_calls):
        chunks.extend(assembler.call(index, call_id=call.id, name=call.name))
        for piece in split(call.text, turn.chunk_chars):
            chunks.extend(assembler.call(index, arguments=piece))
    return chunks


def split(text: str, size: int) -> list[str]:
    """Pieces of at most `size` characters; 0 means one piece."""
    if not text:
        return []
    return [text] if size <= 0 else [text[start : start + size] for start in range(0, len(text), size)]


def _error(error: ScriptedError) -> ProviderError:
    return ProviderError(
        error.kind,
        error.message,
        error.hint,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
        provider="scripted",
    )
