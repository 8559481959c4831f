"""The built-in rule-based brain: a provider that needs no model, no network and no key.

Owns the mapping between a conversation and a plan. It keeps no state: the goal is the user's message, and the answers
recorded so far are replayed into the plan to find the step that is due, so a run resumes wherever it stopped. It must
never claim to be a language model, and never report what no tool said.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from kernel.providers.base import (
    EARLIER_WORK,
    ChatMessage,
    ChatRequest,
    Chunk,
    ModelInfo,
    ReasoningDelta,
    TextDelta,
)
from kernel.providers.heuristic_goals import read_goal
from kernel.providers.heuristic_intents import Goal
from kernel.providers.heuristic_plans import NEEDS_MODEL, NOT_ALL_DONE, NOT_DONE, Action, Observed, plan
from kernel.providers.turn import TurnAssembler, TurnLimits, taken_ids

NAME = "heuristic"
REPORT = "report.md"
MAX_SHORTFALL_CHARS = 300
_GOAL_LABEL = re.compile(r"(?ims)^\s*(?:\*\*)?(?:your |the )?goal(?:\*\*)?\s*:\s*(?:\*\*)?\s*(.+?)(?:\n\s*\n|\Z)")


class HeuristicProvider:
    """Answers every request with the next step of a fixed plan, or with a sentence when the plan is done."""

    name = NAME
    dialect = NAME

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """One entry: itself."""
        return (ModelInfo(NAME, NAME, "built-in", capabilities=("completion", "tools"), local=True),)

    async def aclose(self) -> None:
        """Nothing is held."""

    def shortfall(self, messages: Sequence[ChatMessage]) -> str:
        """See `Honest`: a goal that could not be read was not worked on, and one of which nothing could be done is not reached."""
        start, goal, _, _ = _current_goal(messages)
        if goal is None:
            return ""
        if not goal.readable:
            return f"The built-in brain cannot read this goal. {NEEDS_MODEL}"
        first = _summary(messages[start:]).partition("\n")[0]
        why = first.removeprefix(NOT_DONE).removeprefix(NOT_ALL_DONE)
        if goal.unread and first == why:
            first, why = NOT_ALL_DONE, f"I did not understand: {'; '.join(goal.unread)}"
        if first == why:
            return ""
        how_much = "Nothing of what the goal asks for could be" if first.startswith(NOT_DONE) else "Not all of what the goal asks for was"
        return f"{how_much} done: {why[:MAX_SHORTFALL_CHARS].rstrip(' .')}."

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """The next step for the conversation."""
        action = next_action(request)
        turn = TurnAssembler(TurnLimits(), taken_ids(request), NAME)
        if action is None:
            yield TextDelta(f"There is nothing left that I can do here. {NEEDS_MODEL}")
        else:
            for piece in re.findall(r"\S+\s*", action.thought):
                yield ReasoningDelta(piece)
                await asyncio.sleep(0)
            for chunk in turn.whole_call(call_id="", name=action.tool, arguments=action.arguments):
                yield chunk
        for chunk in turn.end("stop"):
            yield chunk


def next_action(request: ChatRequest) -> Action | None:
    """The step that is due, or None when everything is done. A pure function of the conversation."""
    tools = frozenset(tool.name for tool in request.tools)
    start, goal, notes, number = _current_goal(request.messages)
    if goal is None:
        return None
    report = REPORT if number == 1 else f"report-{number}.md"
    steps = plan(goal, tools, notes, report)
    action = next(steps, None)
    for name, observed in _answers(request.messages[start:]):
        if action is None:
            break
        if name != action.tool:
            continue  # a step of another model, or of an earlier goal
        try:
            action = steps.send(observed)
        except StopIteration:
            action = None
    return action


def _current_goal(messages: Sequence[ChatMessage]) -> tuple[int, Goal | None, tuple[str, ...], int]:
    """Where the goal that counts was given, the goal, later messages that are no goals, and how many goals there were.

    The first message of the user is the goal; a later one takes its place only if it can be read.
    """
    start, goal, number = 0, None, 0
    notes: list[str] = []
    for index, message in enumerate(messages):
        if message.role != "user" or not message.text.strip() or message.text.startswith(EARLIER_WORK):
            continue
        labelled = _GOAL_LABEL.search(message.text[:40_000])
        candidate = read_goal(labelled.group(1) if labelled else message.text)
        if goal is None or candidate.readable:
            start, goal, number = index + 1, candidate, number + 1
            notes.clear()
        else:
            notes.append(message.text[:1_000])
    return start, goal, tuple(notes[:20]), number


def _summary(messages: Sequence[ChatMessage]) -> str:
    """What the last call of `complete` said."""
    calls = (call for message in reversed(messages) for call in message.tool_calls if call.name == "complete")
    call = next(calls, None)
    return str(call.arguments.get("summary", "")) if call else ""


def _answers(messages: Sequence[ChatMessage]) -> list[tuple[str, Observed]]:
    """Tool name and answer of every call that has one, in order."""
    results = {message.tool_call_id: message for message in messages if message.role == "tool"}
    answers = []
    for message in messages:
        for call in message.tool_calls:
            result = results.get(call.id)
            if result is not None:
                answers.append((call.name, Observed(result.text, result.is_error)))
    return answers
