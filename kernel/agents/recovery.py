"""When the model fails: what stays of its words, how long to wait, and when to give up.

A model that cannot be reached costs a step, not the agent. Called by the loop; shortens the conversation where it is too long.
"""

from dataclasses import replace

import msgspec

from kernel.agents import compaction
from kernel.agents.agent import Agent, Outcome
from kernel.agents.thinking import Thought, in_words
from kernel.errors import AetherError, ProviderError
from kernel.protocol.agent import AgentNotice, AgentThought
from kernel.protocol.process import ProcessUpdated
from kernel.providers.registry import HEURISTIC

MAX_ERRORS_IN_A_ROW = 3
#: A request that failed before any word of its answer was sent again already; one that was cut off later was not.
MAX_CUTS_IN_A_ROW = 7
ERROR_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
LONGEST_WAIT_S = 900.0
#: Another turn may go well although the same request need not be sent again.
PASSING_KINDS = ("", "bad_response")


#: What keeps a resumed run from going on with the model that it began with; others end it or pass.
AWAY_KINDS = frozenset({"refused", "timeout", "unknown_model", "auth", "quota", "overloaded"})


def is_away(error: ProviderError) -> bool:
    """Whether the model is not there now, so that a run that was just resumed had better wait for it."""
    return getattr(error, "kind", "") in AWAY_KINDS


async def recover(agent: Agent, error: ProviderError, said: Thought, count: int) -> Outcome | float:
    """Put a failed turn into the journal, with what its model had said already.

    count: how many turns failed in a row. Returns the seconds to wait before the next turn, or how the run ends.
    """
    kind = getattr(error, "kind", "")
    asked_s = getattr(error, "retry_after_s", None) or 0.0
    cut_off = error.retryable and (kind == "truncated" or bool(said.text or said.reasoning or said.calls))
    wait_s = max(min(ERROR_PAUSE_S * 2 ** (count - 1), LONGEST_PAUSE_S), asked_s)
    outcome = _end(error, kind, wait_s, count, MAX_CUTS_IN_A_ROW if cut_off else MAX_ERRORS_IN_A_ROW)
    step = agent.run.step
    events = [
        AgentThought(
            pid=agent.pid,
            step=step,
            thought="\n\n".join(part for part in (said.text, f"The model could not answer: {error}") if part),
            reasoning=said.reasoning,
        ),
        AgentNotice(pid=agent.pid, step=step, kind="error", message=error.message, hint=error.hint),
    ]
    if asked_s and outcome is None:
        message = f"The server asks to wait: it goes on in {wait_s:.0f} s."
        events.append(AgentNotice(pid=agent.pid, step=step, kind="retry", message=message))
    elif cut_off and outcome is None:
        message = f"Trying again {in_words(wait_s)}."
        events.append(AgentNotice(pid=agent.pid, step=step, kind="retry", message=message))
    await agent.record(*events, run=msgspec.structs.replace(agent.run, thought_step=step), drop_chunks_of_step=step)
    if outcome is None and kind == "refused" and not cut_off and await _took_another(agent):
        return 0.0
    if outcome is None and kind == "context_overflow":
        return 0.0 if await _tell_less(agent) else Outcome(1, str(error))
    return wait_s if outcome is None else outcome


async def _took_another(agent: Agent) -> bool:
    """Whether a run that nobody named a model for goes on with another one: its server is gone and has not said a word in it."""
    before = agent.model.identity
    if not agent.model.chosen_for_it or any(message.role == "assistant" for message in agent.transcript.messages):
        return False
    try:
        model = await agent.choose_again()
    except AetherError:
        return False
    if model.identity == before:
        return False
    agent.model = model
    now = f"it works with {model.identity}"
    if model.provider.name == HEURISTIC:
        now = "no other model answers, so the built-in helper works: rules, not a language model"
    message = f"{before} was chosen, but its server is gone: {now}."
    notice = AgentNotice(pid=agent.pid, step=agent.run.step, kind="retry", message=message)
    await agent.manager.record(agent.pid, notice, changes={"model": model.identity})
    agent.bus.publish(ProcessUpdated(pid=agent.pid, info=agent.info))
    return True


async def _tell_less(agent: Agent) -> bool:
    """Shorten what was refused as too long; False where nothing could go.

    A server may take less than it lists, or than the settings say: what it refused is the most that it is told from now on.
    """
    refused, expected = compaction.estimate_tokens(agent.transcript.messages), agent.model.context_tokens
    if not await shorten(agent, to_fit=min(refused, expected), least_gain=1):
        return False
    if refused < expected:
        agent.model = replace(agent.model, context_tokens=refused)
        message = f"Its model was expected to take {expected:,} tokens and refused about {refused:,}: it is told less from now on."
        await agent.record(AgentNotice(pid=agent.pid, step=agent.run.step, kind="compaction", message=message))
    return True


async def shorten(agent: Agent, *, to_fit: int | None = None, least_gain: int | None = None) -> bool:
    """Shorten the conversation to what its model takes; False where too little could go.

    to_fit: tokens that the model takes where that is less than was expected of it. least_gain: tokens; a small part of the context
    where it is not given. A goal that leaves no room is told of, once.
    """
    context = agent.model.context_tokens
    before = compaction.estimate_tokens(agent.transcript.messages)
    goal = compaction.too_long_a_goal(agent.transcript.messages, context)
    if goal and not agent.told_of_goal:
        agent.told_of_goal = True
        message = f"Its goal takes about {goal:,} of the {context:,} tokens of its model and cannot be shortened."
        hint = "Put long texts into a file and mount its folder, or choose a model with a larger context."
        await agent.record(AgentNotice(pid=agent.pid, step=agent.run.step, kind="compaction", message=message, hint=hint))
    statements = agent.transcript.compact(to_fit or context, int(context * compaction.LEAST_GAIN) if least_gain is None else least_gain)
    if statements is None:
        return False
    after = compaction.estimate_tokens(agent.transcript.messages)
    message = f"Its conversation was shortened from about {before:,} to {after:,} tokens to fit the model."
    notice = AgentNotice(pid=agent.pid, step=agent.run.step, kind="compaction", message=message)
    await agent.record(notice, also=statements)
    return True


def _end(error: ProviderError, kind: str, wait_s: float, count: int, allowed: int) -> Outcome | None:
    """How the run ends where another turn would be no use."""
    if wait_s > LONGEST_WAIT_S:
        asked = f"The server asks to wait {wait_s / 60:,.0f} min; at most {LONGEST_WAIT_S / 60:.0f} min are waited for."
        return Outcome(1, f"{error.message} {asked} {error.hint}".strip())
    lasting = not error.retryable and kind not in (*PASSING_KINDS, "context_overflow")
    return Outcome(1, str(error)) if lasting or count >= allowed else None
