"""When a run must end or ask although its goal is not reached: the step limit, and budgets of tokens and time."""

from kernel.agents import budget
from kernel.agents.agent import Agent, Outcome
from kernel.errors import ProviderError
from kernel.protocol.agent import AgentCompleted, AgentNotice
from kernel.tools.base import Preview


async def check_limits(agent: Agent, failure: ProviderError | None = None) -> Outcome | None:
    """The end by the step limit; budgets pause and ask. failure: why the model's last turn came to nothing, None where it did not.

    The limit ends a run as completed. A run whose model never answered has done nothing, so it has failed.
    """
    run = agent.run
    if run.step >= run.max_steps:
        return await _end_by_steps(agent, failure)
    reason = budget.exceeded(run)
    if reason is None:
        return None
    await agent.record(AgentNotice(pid=agent.pid, step=run.step, kind="budget", message=reason))
    if agent.info.approval not in ("yes", "deny"):
        preview = Preview("budget", kind="budget", details={"reason": reason})
        answer = await agent.desk.ask(agent.pid, "", "", preview, f"{agent.info.name} has used its budget. Go on?")
        await agent.gate.passage()
        if answer.approved:
            tokens = agent.config.token_budget or agent.settings().agents.token_budget
            time_s = agent.config.time_budget_s or agent.settings().agents.time_budget_s
            await agent.record(run=budget.raised(run, tokens, time_s))
            return None
    return Outcome(1, reason)


async def _end_by_steps(agent: Agent, failure: ProviderError | None) -> Outcome:
    run = agent.run
    message = f"The limit of {run.max_steps:,} step{'' if run.max_steps == 1 else 's'} is reached."
    answered = any(said.role == "assistant" for said in agent.transcript.messages)
    hint = "Deploy it again with more steps if the goal needs them." if answered else "Its model never answered."
    agent.close_to_messages()
    notice = AgentNotice(pid=agent.pid, step=run.step, kind="limit", message=message, hint=hint)
    if answered:
        await agent.record(notice, AgentCompleted(pid=agent.pid, step=run.step, summary=message))
        return Outcome(0, message)
    await agent.record(notice)
    return Outcome(1, f"{failure or hint} {message}")
