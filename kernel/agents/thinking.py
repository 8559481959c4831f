"""The first half of a step: ask the model, show its words as they come, and put the whole thought into the journal.

Words are written before they are shown, a few times a second at the most; the finished thought replaces them.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec

from kernel.agents.agent import Agent
from kernel.agents.compaction import estimate_tokens
from kernel.errors import ProviderError
from kernel.protocol.agent import AgentNotice, AgentThinkingChunk, AgentThought
from kernel.protocol.process import ProcessProgressed
from kernel.providers.base import (
    ChatMessage,
    ChatRequest,
    Finished,
    FinishReason,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCall,
    ToolCallFinished,
    Usage,
)
from kernel.providers.base import ProviderError as EmptyAnswersError
from kernel.store.repositories.metrics import MetricsRepository

FLUSH_INTERVAL_S = 0.05
MAX_THOUGHT_CHARACTERS = 1_000_000


@dataclass(slots=True)
class Thought:
    """What a turn of the model brought."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    reason: FinishReason = "other"
    provider_state: dict[str, Any] | None = None
    usage: Usage | None = None
    kept: bool = False
    """Whether it went to the journal as a whole."""


async def think(agent: Agent, thought: Thought) -> Thought:
    """One turn of the model, in the journal when this returns; `thought` is filled as it comes. Raises ProviderError."""
    worked_s = agent.gate.work_time()
    request = ChatRequest(
        model=agent.model.name,
        messages=agent.transcript.messages,
        tools=agent.tools.specs(),
        sampling=agent.model.sampling,
    )
    words = _Words(agent)
    stream = agent.model.provider.stream(request)
    try:
        async for chunk in stream:
            await agent.gate.passage()
            await _take(agent, thought, words, chunk)
    finally:
        await words.close()
        closing = getattr(stream, "aclose", None)
        if closing is not None:
            await closing()
    await _keep(agent, thought, worked_s())
    if agent.guard.note_answer(empty=not thought.calls and not thought.text.strip()):
        thought.reasoning = ""  # it is in the journal already
        # It was asked to go on each time; its steps would be gone within a second.
        raise EmptyAnswersError(
            "unsupported", "The model answered neither a word nor a call, several times in a row.", "Choose another model."
        )
    return thought


async def keep_cut_short(agent: Agent, said: Thought) -> None:
    """What the model had said when a person cut it short stays in the journal, as a thought."""
    if not said.kept and (said.text or said.reasoning):
        thought = AgentThought(pid=agent.pid, step=agent.run.step, thought=said.text, reasoning=said.reasoning)
        await agent.record(thought, drop_chunks_of_step=agent.run.step)


async def keep_cut_off(agent: Agent) -> bool:
    """After an interruption: whether its last step was cut off before its thought, to be taken again; what was shown stays."""
    run = agent.run
    if run.thought_step is None or run.thought_step >= run.step:
        return False
    text, reasoning = await agent.journal.words_of_step(agent.pid, run.step)
    if text or reasoning:
        thought = AgentThought(pid=agent.pid, step=run.step, thought=text, reasoning=reasoning)
        await agent.record(thought, drop_chunks_of_step=run.step)
    return True


async def _take(agent: Agent, thought: Thought, words: "_Words", chunk: Any) -> None:
    match chunk:
        case TextDelta(text=text):
            thought.text += text
            words.add("text", text)
        case ReasoningDelta(text=text):
            thought.reasoning += text
            words.add("reasoning", text)
        case ToolCallFinished(call=call):
            thought.calls.append(call)
        case Usage():
            thought.usage = chunk
        case Finished(reason=reason, provider_state=state):
            thought.reason = reason
            thought.provider_state = state
        case Retrying(attempt=attempt, delay_s=delay_s, reason=reason):
            await agent.record(
                AgentNotice(
                    pid=agent.pid,
                    step=agent.run.step,
                    kind="retry",
                    message=f"{reason} Trying again {in_words(delay_s)} (attempt {attempt}).",
                )
            )
    if len(thought.text) + len(thought.reasoning) > MAX_THOUGHT_CHARACTERS:
        raise ProviderError("The model writes without end; its answer was cut off.", "Choose another model.")


def in_words(delay_s: float) -> str:
    """When, for a person: short times with a decimal, since 0 s would be no time at all."""
    return f"in {delay_s:.0f} s" if delay_s >= 9.5 else f"in {delay_s:.1f} s" if delay_s >= 0.05 else "at once"


async def _keep(agent: Agent, thought: Thought, duration_s: float) -> None:
    """Write the turn: the message for the model, the thought for people, the tokens."""
    message = ChatMessage(
        role="assistant",
        text=thought.text,
        reasoning=thought.reasoning,
        tool_calls=tuple(thought.calls),
        provider_state=thought.provider_state,
    )
    usage = thought.usage or Usage(estimate_tokens(agent.transcript.messages), estimate_tokens((message,)))
    step = agent.run.step
    run = msgspec.structs.replace(
        agent.run,
        input_tokens=agent.run.input_tokens + usage.input_tokens,
        output_tokens=agent.run.output_tokens + usage.output_tokens,
        active_s=agent.run.active_s + duration_s,
        thought_step=step,
    )
    events = []
    if thought.text or thought.reasoning:
        events.append(
            AgentThought(
                pid=agent.pid, step=step, thought=thought.text, reasoning=thought.reasoning, duration_s=duration_s
            )
        )
    counted = MetricsRepository.add_tokens(agent.clock.now(), usage.input_tokens + usage.output_tokens)
    thought.kept = True
    statements = (*agent.transcript.add(message), counted)
    await agent.to_the_end(agent.record(*events, run=run, also=statements, drop_chunks_of_step=step))
    summary = " ".join((thought.text or thought.reasoning).split())[:200]
    agent.bus.publish(
        ProcessProgressed(
            pid=agent.pid,
            step=step,
            max_steps=run.max_steps,
            summary=summary,
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
        )
    )


class _Words:
    """Gathers streamed words and writes them, the first at once, the others every `FLUSH_INTERVAL_S`."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._buffer: list[tuple[str, str]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, kind: str, text: str) -> None:
        if not text:
            return
        if self._buffer and self._buffer[-1][0] == kind:
            self._buffer[-1] = (kind, self._buffer[-1][1] + text)
        else:
            self._buffer.append((kind, text))
        if self._task is None:
            self._task = self._agent.scope.spawn(self._write_on(), name="words")

    async def close(self) -> None:
        """Stop; what was not written yet is in the thought that follows."""
        self._closed = True
        if self._task is not None:
            if self._agent.scope.closed:
                self._task.cancel()
            await asyncio.wait((self._task,))

    async def _write_on(self) -> None:
        while self._buffer and not self._is_closed():
            buffered, self._buffer = self._buffer, []
            await self._agent.record(*(self._chunk(kind, text) for kind, text in buffered))
            for _ in range(5):
                if self._is_closed():
                    return
                await asyncio.sleep(FLUSH_INTERVAL_S / 5)
        self._task = None

    def _is_closed(self) -> bool:
        return self._closed

    def _chunk(self, kind: str, text: str) -> AgentThinkingChunk:
        return AgentThinkingChunk(
            pid=self._agent.pid,
            step=self._agent.run.step,
            kind="reasoning" if kind == "reasoning" else "text",
            content=text,
        )
