"""The contract between the agent loop and whatever does the thinking.

Owns the request and chunk types, the `Provider` protocol and `ProviderError`. The agent loop, the registry and every
dialect import it; it imports nothing but the error family, and must never know a wire format or a network library.

A stream is normalised: for every request a provider yields deltas in the order in which the model produced them,
`ToolCallStarted` / `ToolCallDelta`* / `ToolCallFinished` for each call (indices count up from 0), at most one `Usage`,
and exactly one `Finished` at the end. A stream that ends without `Finished` raised an exception; a tool call without
`ToolCallFinished` must never be executed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from kernel import errors

Role = Literal["system", "user", "assistant", "tool"]
ToolChoice = Literal["auto", "none", "required"]
FinishReason = Literal["stop", "tool_calls", "length", "filtered", "other"]
ErrorKind = Literal[
    "auth",
    "unknown_model",
    "context_overflow",
    "refused",
    "rate_limited",
    "overloaded",
    "truncated",
    "bad_response",
    "timeout",
    "quota",
    "unsupported",
]

#: Begins the message that stands for turns which were dropped to keep a conversation short. It is nobody's word.
EARLIER_WORK = "[Earlier work, shortened to fit your context]"
RETRYABLE_KINDS: frozenset[str] = frozenset({"refused", "rate_limited", "overloaded", "truncated", "timeout"})


class ToolCall(msgspec.Struct, frozen=True):
    """One call that the model asks for.

    `error` is empty, or says why `arguments` could not be read (then `arguments` is empty); the loop reports it to
    the model instead of running the tool.
    """

    id: str
    name: str
    arguments: dict[str, Any] = {}
    error: str = ""


class ChatMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a conversation.

    A tool result has role "tool", the call's id in `tool_call_id`, the tool's name in `tool_name` and its output in
    `text`. `provider_state` is opaque JSON-able data of one dialect, `{"dialect": ..., ...}`, as it came in
    `Finished.provider_state` of the turn: the same dialect replays it verbatim, all others ignore it.
    """

    role: Role
    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    tool_name: str = ""
    is_error: bool = False
    provider_state: dict[str, Any] | None = None


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool as the model sees it; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Sampling(msgspec.Struct, frozen=True):
    """How to sample; None leaves the choice to the server. Sizes are in tokens."""

    temperature: float | None = None
    context_size: int | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    think: bool = True


class ChatRequest(msgspec.Struct, frozen=True):
    """One turn to be answered. `model` is the name without the provider's prefix."""

    model: str
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    sampling: Sampling = Sampling()
    tool_choice: ToolChoice = "auto"


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """A piece of the answer's text."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """A piece of the model's visible reasoning."""

    text: str


class ToolCallStarted(msgspec.Struct, frozen=True, tag="call_started"):
    """The model began a call; `index` counts from 0 within the turn."""

    index: int
    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True, tag="call_delta"):
    """A piece of the call's arguments as JSON text, for display only."""

    index: int
    text: str


class ToolCallFinished(msgspec.Struct, frozen=True, tag="call_finished"):
    """The call is complete and may be executed once the turn has finished."""

    index: int
    call: ToolCall


class Usage(msgspec.Struct, frozen=True, tag="usage"):
    """Tokens of the turn. `input_tokens` includes cached ones, `output_tokens` includes reasoning ones."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The turn is complete; `provider_state` belongs into the assistant's ChatMessage."""

    reason: FinishReason
    provider_state: dict[str, Any] | None = None


class Retrying(msgspec.Struct, frozen=True, tag="retrying"):
    """Nothing has been emitted yet and the request is sent again after `delay_s`; `attempt` is the coming one."""

    attempt: int
    delay_s: float
    reason: str


Chunk = TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta | ToolCallFinished | Usage | Finished | Retrying


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that can be chosen now. `id` is "provider/name"; sizes are None where the server does not tell."""

    id: str
    provider: str
    name: str
    context_length: int | None = None
    capabilities: tuple[str, ...] = ()
    local: bool = False
    size_bytes: int | None = None


class ProviderError(errors.ProviderError):
    """A turn or a listing failed.

    `kind` says what a program can do about it, `hint` what a person can do. `retry_after_s` is the server's own wish.
    Neither text ever holds a key.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        hint: str = "",
        *,
        retryable: bool | None = None,
        retry_after_s: float | None = None,
        status: int = 0,
        provider: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.kind: ErrorKind = kind
        # Whether a retry helps depends on what the server said, not on the class of the error.
        self.retryable = (  # type: ignore[misc] # the base declares one answer for each class
            (kind in RETRYABLE_KINDS) if retryable is None else retryable
        )
        self.retry_after_s = retry_after_s
        self.status = status
        self.provider = provider


@runtime_checkable
class Provider(Protocol):
    """Something that answers chat requests. `name` is unique in the registry, `dialect` names the wire format."""

    @property
    def name(self) -> str:
        """The provider's name, the part of a model id before the first slash."""
        ...

    @property
    def dialect(self) -> str:
        """The wire format, for provider_state and for the log."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """Answer `request`; `aclose()` (use `contextlib.aclosing`) or cancelling the task closes the socket.

        Raises ProviderError.
        """
        ...

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that can be used now. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Release connections; the provider cannot be used afterwards."""
        ...


@runtime_checkable
class Honest(Protocol):
    """A provider that can tell that it did not work on a goal although it came to its end."""

    def shortfall(self, messages: Sequence[ChatMessage]) -> str:
        """Why the goal of the conversation was not worked on, as a sentence; "" where it was."""
        ...
