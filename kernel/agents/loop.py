"""The agent loop: think, act, observe, until the goal, the step limit or somebody ends it.

Small enough to read in one sitting. `thinking` asks the model, `recovery` knows what to do when it fails, `acting` runs the
tools; everything else here is when to stop and what to say to the model in between.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec

from kernel.agents import compaction, prompt
from kernel.agents.acting import act, report_aborted, report_unfinished
from kernel.agents.agent import Agent, Outcome
from kernel.agents.inbox import Said, without
from kernel.agents.limits import check_limits
from kernel.agents.mail import tell_of_mail
from kernel.agents.recovery import is_away, recover, shorten
from kernel.agents.thinking import Thought, keep_cut_off, keep_cut_short, think
from kernel.errors import ProviderError
from kernel.protocol.agent import (
    AgentCompleted,
    AgentNotice,
    AgentPlanCreated,
    AgentStepStarted,
    AgentUserMessage,
)
from kernel.providers.base import ChatMessage

T = TypeVar("T")


async def run_agent(agent: Agent, *, resumed: bool) -> Outcome:
    """Run to the end. Cancelling ends it at once; everything shown so far is in the store."""
    await _begin(agent, resumed)
    pending = await report_unfinished(agent, agent.transcript.unanswered())
    taken_again = resumed and await keep_cut_off(agent)
    awaited = resumed  # its model has not answered since the run was taken up
    errors = 0
    failure: ProviderError | None = None  # of its model's last turn
    idle_turns = 0
    while True:
        await agent.gate.passage()
        if pending:
            summary = await _interruptible(agent, act(agent, pending))
            pending = ()
            if summary is not None and (done := await _completed(agent, summary)) is not None:
                return done
            continue
        if not taken_again and (stop := await check_limits(agent, failure)) is not None:
            return stop
        await _hear(agent)
        await _next_step(agent, taken_again)
        taken_again = False
        said = Thought()
        try:
            thought = await _interruptible(agent, think(agent, said))
        except ProviderError as error:
            if awaited and is_away(error):
                return Outcome(1, str(error), interrupted=True)
            errors, failure = errors + 1, error
            answer = await recover(agent, error, said, errors)
            if isinstance(answer, Outcome):
                agent.close_to_messages()
                return answer
            await _interruptible(agent, agent.clock.sleep(answer))
            continue
        errors, failure = 0, None
        if thought is None:
            await keep_cut_short(agent, said)
            continue
        awaited = False
        if thought.calls:
            idle_turns = 0
            pending = tuple(thought.calls)
            continue
        idle_turns += 1
        if idle_turns > 1 and thought.reason != "length" and thought.text.strip():
            done = await _completed(agent, thought.text.strip())
            if done is not None:
                return done
            idle_turns = 0
            continue
        await _nudge(agent, thought)


async def _begin(agent: Agent, resumed: bool) -> None:
    """The first words, or those of before the interruption."""
    await agent.transcript.load()
    if agent.transcript.messages:
        return
    around = await agent.surroundings()
    statements = agent.transcript.add(*prompt.first_messages(agent.info, agent.config, around))
    await agent.record(AgentPlanCreated(pid=agent.pid, steps=prompt.plan_steps(agent.config.goal)), also=statements)


async def _next_step(agent: Agent, taken_again: bool) -> None:
    """Begin a step; one that was cut off before its thought is not counted again."""
    pacing = agent.settings().agents.pacing_s
    if pacing and agent.run.step:
        await agent.clock.sleep(pacing)
    run = msgspec.structs.replace(agent.run, step=agent.run.step + (not taken_again))
    started = AgentStepStarted(pid=agent.pid, step=run.step, max_steps=run.max_steps)
    await agent.enter("thinking", started, run=run)
    if compaction.needed(agent.transcript.messages, agent.model.context_tokens):
        await shorten(agent)


async def _hear(agent: Agent) -> None:
    """Give the model what people said meanwhile, also while it is given what they said before."""
    while True:
        await agent.inbox.settled()
        said = agent.inbox.take_steering()
        if said is None:
            return
        await _deliver(agent, said)


async def _deliver(agent: Agent, said: Said) -> None:
    """Give the model one message; in the same commit it leaves those that are kept over an interruption of Aether."""
    statements = agent.transcript.add(ChatMessage(role="user", text=said.text))
    event = AgentUserMessage(
        pid=agent.pid,
        step=agent.run.step,
        message_id=said.message_id,
        text=said.text,
        mode="queue" if said.mode == "queue" else "steer",
        from_uid=agent.info.owner_uid,
        delivered=True,
    )
    run = msgspec.structs.replace(agent.run, queued=without(agent.run.queued, said))
    await agent.record(event, run=run, also=statements)


async def _completed(agent: Agent, summary: str) -> Outcome | None:
    """The run's end, or None where a message gives it more to do. Between the last look and the closing nothing can come."""
    while True:
        await agent.inbox.settled()
        if agent.inbox.steering:
            return None
        if (queued := agent.inbox.take_queued()) is not None:
            await _deliver(agent, queued)
            return None
        if await tell_of_mail(agent):
            return None
        if not agent.inbox.pending:  # what came while its mail was being recorded is waited for: it may be refused
            break
    agent.close_to_messages()
    if shortfall := agent.shortfall():
        await agent.record(AgentNotice(pid=agent.pid, step=agent.run.step, kind="error", message=shortfall))
        return Outcome(1, summary)
    await agent.record(AgentCompleted(pid=agent.pid, step=agent.run.step, summary=summary))
    return Outcome(0, summary)


async def _nudge(agent: Agent, thought: Thought) -> None:
    """A turn without a call: the model is told how to go on."""
    text = prompt.CONTINUE if thought.reason == "length" else prompt.NUDGE
    await agent.record(also=agent.transcript.add(ChatMessage(role="user", text=text)))


async def _interruptible(agent: Agent, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of a piece of work, or None when a person aborted it."""
    task = agent.scope.spawn(work, name="work", awaited=True)
    aborted = False

    def abort() -> None:
        nonlocal aborted
        aborted = True
        task.cancel()

    agent.inbox.on_interrupt(abort)
    try:
        return await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if aborted and (current is None or not current.cancelling()):
            await _answer_aborted(agent)
            return None
        task.cancel()
        raise
    finally:
        agent.inbox.on_interrupt(None)


async def _answer_aborted(agent: Agent) -> None:
    """Each call of an aborted turn gets an answer, since models refuse a conversation with open calls."""
    for call in agent.transcript.unanswered():
        await report_aborted(agent, call)
