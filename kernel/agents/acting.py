"""The second half of a step: gate each tool call, run it, and tell the model and the people what came of it.

Order for every call: action (journal) -> policy -> approval, before the tool runs, and again where what it would change is no longer what
was shown -> toolStarted (journal) -> run -> observation and the
model's message in one commit. A call that this order did not carry to its end is told to the model as such, never run again in silence.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec

from kernel.agents.agent import Agent
from kernel.agents.mail import untold
from kernel.errors import AetherError
from kernel.log import get_logger
from kernel.protocol.agent import AgentAction, AgentNotice, AgentObservation, AgentToolStarted
from kernel.providers.base import ChatMessage, ToolCall
from kernel.store.journal import Receipt
from kernel.tools.base import Preview, ToolResult, cut_middle, parse_arguments
from kernel.tools.policy import judge

OBSERVATION_CHARACTERS = 500
MOST_QUESTIONS = 3
ACTIONS = {
    "command": "run a command",
    "file": "write a file",
    "network": "reach the network",
    "message": "send a message",
}

_log = get_logger(__name__)


async def act(agent: Agent, calls: tuple[ToolCall, ...]) -> str | None:
    """Carry out the calls in order; the run's summary when one of them ended it."""
    for index, call in enumerate(calls):
        await agent.gate.passage()
        if agent.inbox.interrupted:
            await _skip(agent, calls[index:], "Not run: the person interrupted.")
            return None
        summary = await _carry_out(agent, call)
        if summary is not None:
            await _skip(agent, calls[index + 1 :], "Not run: a call before it ended the run.")
            return summary
    return None


async def report_unfinished(agent: Agent, calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """After an interruption of Aether: tell the model of calls whose outcome is unknown; returns those that never began."""
    not_begun: list[ToolCall] = []
    for call in calls:
        if await agent.journal.tool_started(agent.pid, agent.run.step, call.id):
            text = "Outcome unknown: Aether was interrupted while this ran. Check its effects before you repeat it."
            await _observe(agent, call, ToolResult(text, ok=False))
        else:
            not_begun.append(call)
    return tuple(not_begun)


async def report_aborted(agent: Agent, call: ToolCall) -> None:
    """Tell the model of a call that the person aborted or that did not run for it."""
    began = await agent.journal.tool_started(agent.pid, agent.run.step, call.id)
    text = "Aborted by the person while it ran." if began else "Not run: the person interrupted."
    await _observe(agent, call, ToolResult(text, ok=False))


async def _carry_out(agent: Agent, call: ToolCall) -> str | None:
    worked_s: Callable[[], float] = float  # nothing yet: neither the wait for an answer nor a pause is work
    try:
        admitted = await _admit(agent, call)
        if isinstance(admitted, ToolResult):
            result = admitted
        else:
            worked_s = agent.gate.work_time()
            result = await admitted()
    except AetherError as error:
        result = ToolResult(f"Error: {error}", ok=False)
    except Exception as error:  # noqa: BLE001  # edge: a tool's fault is the model's observation, not the end of the agent
        _log.exception("the tool %s failed", call.name)
        result = ToolResult(f"Error: the tool failed inside Aether ({type(error).__name__}).", ok=False)
    if result.completed is not None:
        result = await _last_word(agent, result)
    await _observe(agent, call, result, worked_s())
    return result.completed


async def _last_word(agent: Agent, result: ToolResult) -> ToolResult:
    """The result of a call that wants to end the run. It stands in the transcript: it says "complete" only where the run counts as that.

    So nobody's message is taken from here on, where it is the end: one that came while this is recorded would make it untrue.
    """
    while True:
        await agent.inbox.settled()
        await agent.peers.settled(agent.pid)
        if agent.inbox.holds or untold(agent):
            return replace(result, text="Not the end yet: there is a message to be read first.")
        if not agent.inbox.pending:
            break
    agent.close_to_messages()
    if not (shortfall := agent.shortfall()):
        return result
    return replace(result, text=f"The run ends without reaching its goal. {shortfall}", ok=False)


async def _admit(agent: Agent, call: ToolCall) -> ToolResult | Callable[[], Awaitable[ToolResult]]:
    """What runs the call, once its start is in the journal; or the reason why it does not run."""
    step = agent.run.step
    action = AgentAction(pid=agent.pid, step=step, call_id=call.id, tool=call.name[:200], args=call.arguments)
    if call.error:
        await agent.enter("executing", action)
        return ToolResult(f"Error: {call.error}", ok=False)
    context = agent.make_context(step)
    try:
        tool = agent.tools.get(call.name)
        arguments = parse_arguments(tool, call.arguments)
        preview = await tool.preview(arguments, context)
    except AetherError:
        await agent.enter("executing", action)
        raise
    await agent.enter("executing", msgspec.structs.replace(action, title=preview.title[:500]))
    refusal = await _refusal(agent, call, preview, lambda: tool.preview(arguments, context))
    if refusal is not None:
        return refusal
    await agent.record(AgentToolStarted(pid=agent.pid, step=step, call_id=call.id, tool=call.name))
    return lambda: tool.run(arguments, context)


async def _refusal(agent: Agent, call: ToolCall, preview: Preview, again: Callable[[], Awaitable[Preview]]) -> ToolResult | None:
    """None when the call may run. again: previews it as things are then."""
    if agent.guard.note(call) and not await _goes_on(agent, call):
        return ToolResult("Rejected: this call was repeated without progress. Try something else.", ok=False)
    judgement = judge(call.name, preview, agent.info.approval, agent.run.rules, agent.confinement())
    if judgement.decision == "allow":
        return None
    if judgement.decision == "deny":
        return ToolResult(judgement.reason, ok=False)
    return await _rejection(agent, call, preview, again)


async def _rejection(agent: Agent, call: ToolCall, preview: Preview, again: Callable[[], Awaitable[Preview]]) -> ToolResult | None:
    """Ask; None when what would be changed was shown as it is and approved. What changed in between is shown and asked for once more."""
    action = f"{agent.info.name} wants to {ACTIONS.get(preview.kind, 'go on')}"
    for _ in range(MOST_QUESTIONS):
        answer = await agent.desk.ask(agent.pid, call.id, call.name, _offered(agent, call, preview), action)
        await agent.gate.passage()
        if not answer.approved:
            reason = f": {answer.reason}" if answer.reason else "."
            return ToolResult(f"Rejected{reason}", ok=False)
        current = await again()
        if current.state == preview.state:
            if answer.scope == "always" and preview.rule not in agent.run.rules:
                await agent.record(run=msgspec.structs.replace(agent.run, rules=(*agent.run.rules, preview.rule)))
            return None
        preview = current
        action = f"{agent.info.name} wants to {ACTIONS.get(preview.kind, 'go on')}, which has changed meanwhile"
    return ToolResult("Not run: what it would change kept changing while a person was asked. Try again later, or ask the person.", ok=False)


def _offered(agent: Agent, call: ToolCall, preview: Preview) -> Preview:
    """The preview, without an "always" where none would be kept to (see `policy.judge`)."""
    unconfined = call.name == "run_command" and agent.confinement() == "none"
    return replace(preview, rule="", always="") if unconfined else preview


async def _goes_on(agent: Agent, call: ToolCall) -> bool:
    """Tell and ask when an agent repeats itself."""
    step = agent.run.step
    message = f"It has made the same call to {call.name} again and again."
    await agent.record(AgentNotice(pid=agent.pid, step=step, kind="loop", message=message))
    agent.guard.reset()
    if agent.info.approval in ("yes", "deny"):
        return False
    preview = Preview(call.name, kind="loop", details={"reason": message, "call": str(call.arguments)[:2000]})
    answer = await agent.desk.ask(agent.pid, call.id, call.name, preview, f"{agent.info.name} repeats itself. Go on?")
    return answer.approved


async def _skip(agent: Agent, calls: tuple[ToolCall, ...], reason: str) -> None:
    for call in calls:
        await _observe(agent, call, ToolResult(reason, ok=False))


async def _observe(agent: Agent, call: ToolCall, result: ToolResult, duration_s: float = 0.0) -> None:
    """The result for people and for the model, in one commit."""
    message = ChatMessage(
        role="tool", text=result.text, tool_call_id=call.id, tool_name=call.name, is_error=not result.ok
    )
    step = agent.run.step
    observation = AgentObservation(
        pid=agent.pid,
        step=step,
        call_id=call.id,
        tool=call.name[:200],
        result=cut_middle(result.text, OBSERVATION_CHARACTERS - 60)[:OBSERVATION_CHARACTERS],
        ok=result.ok,
        exit_code=result.exit_code,
        duration_s=duration_s,
        details=dict(result.details),
    )
    run = msgspec.structs.replace(agent.run, active_s=agent.run.active_s + duration_s)
    receipt = result.receipt() if result.receipt is not None else Receipt()
    statements = (*agent.transcript.add(message), *receipt.statements)
    await agent.to_the_end(agent.manager.record(agent.pid, *receipt.events, observation, run=run, also=statements))
