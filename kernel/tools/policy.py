"""Whether a call runs, waits for a person or is refused, pure: the agent's mode, its person's rules, and what the tool previews.

Called by the loop before every tool call, after the arguments were read. Rules are patterns such as `run_command(pytest *)` or
`write_file(/home/agent_7/*)`.
"""

from dataclasses import dataclass
from typing import Literal

from kernel.protocol.ids import ApprovalMode, Confinement
from kernel.tools import command_risk
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
    """Whether an allowed pattern covers this call. High risks are never covered."""
    if preview.risk == "high" or not rule.startswith(f"{tool}("):
        return False
    if tool == "run_command":
        return command_risk.matches(rule, preview.details.get("command", ""))
    pattern = rule[len(tool) + 1 : -1]
    subject = preview.details.get("path") or preview.details.get("host") or ""
    if pattern.endswith("/*"):
        return subject.startswith(pattern[:-1])
    return subject == pattern
