"""Whether a call runs, waits for a person or is refused, pure: the agent's mode, its person's rules, and what the tool previews.

Called by the loop before every tool call, after the arguments were read. Rules are patterns such as `run_command(pytest *)` or
`write_file(/home/agent_7/*)`. A call's preview says which rule is its own: the tool knows in which of the agent's folders a path lies, so
that a rule for the home holds for nothing that is mounted in it.
"""

from dataclasses import dataclass
from typing import Literal

from kernel.protocol.ids import ApprovalMode, Confinement
from kernel.tools import command_rules
from kernel.tools.base import Preview

Decision = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do with a call and why (for the model when denied)."""

    decision: Decision
    reason: str = ""


def judge(tool: str, preview: Preview, mode: ApprovalMode, rules: tuple[str, ...], confinement: Confinement) -> Judgement:
    """The one place that decides.

    Without confinement every command asks, whatever the mode but `yes` says, since nothing else guards the machine. What needs a
    person is refused in mode `yes`, where nobody may be there to be asked.
    """
    unconfined = confinement == "none" and tool == "run_command"
    if mode == "yes" and not preview.needs_person:
        return Judgement("allow")
    if preview.risk == "none" and not unconfined:
        return Judgement("allow")
    if any(covers(rule, tool, preview) for rule in rules) and not unconfined:
        return Judgement("allow")
    if mode == "edits" and preview.kind == "file" and preview.own_files:
        return Judgement("allow")
    if mode in ("deny", "yes"):
        harm = preview.harm or "it needs approval"
        return Judgement("deny", f"Not allowed: {harm}, and this agent may not ask.")
    return Judgement("ask")


def covers(rule: str, tool: str, preview: Preview) -> bool:
    """Whether an allowed pattern covers this call: it is the call's own, or a wider one for commands. High risks are never covered."""
    if preview.risk == "high" or not preview.rule or not rule.startswith(f"{tool}("):
        return False
    return rule == preview.rule or (tool == "run_command" and command_rules.includes(rule, preview.rule))
