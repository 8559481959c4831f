"""What the deploy dialog holds, what of it is wrong and why, and how it becomes an agent's configuration. Pure.

The texts are as a person typed them; ``check`` turns them into an ``AgentConfig`` or into one sentence for each wrong field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, get_args

from kernel.protocol.ids import ROLES, AgentRole, ApprovalMode
from kernel.protocol.records import (
    GOAL_LIMIT_CHARACTERS,
    AgentConfig,
    ProcessInfo,
    SandboxConfig,
    WorkspaceMount,
)

ROLE_TEXTS: Final[Mapping[AgentRole, str]] = {
    "Researcher": "finds out and reports",
    "Coder": "writes and tests code",
    "Analyst": "works through data",
    "Assistant": "does what you ask",
    "DevOps": "builds and runs systems",
    "Designer": "drafts texts and layouts",
    "Tester": "tries to break things",
}
APPROVAL_TEXTS: Final[Mapping[ApprovalMode, tuple[str, str]]] = {
    "ask": ("Ask me first", "Files, commands and the network wait for you."),
    "edits": ("Let it write, ask for the rest", "Its own files are its own; the rest asks."),
    "yes": ("Never ask", "Its sandbox is the only guard."),
    "deny": ("Refuse what is risky", "What would need your answer is refused."),
}
_REMEMBERED: Final = (
    "role", "model", "max_steps", "token_budget", "time_budget_min", "memory_mb", "cpu_cores", "network", "approval",
    "folder", "folder_read_only",
)  # fmt: skip
FolderExists = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class DeployValues:
    """The dialog's fields. An empty number means the setting's default; an empty folder means none."""

    role: AgentRole = "Coder"
    goal: str = ""
    model: str = ""
    max_steps: str = ""
    token_budget: str = ""
    time_budget_min: str = ""
    memory_mb: str = ""
    cpu_cores: str = ""
    network: bool = False
    approval: ApprovalMode = "ask"
    folder: str = ""
    folder_read_only: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """``config`` where everything is right, else ``problems``: field name -> sentence."""

    config: AgentConfig | None
    problems: Mapping[str, str]


def check(values: DeployValues, folder_exists: FolderExists) -> Checked:
    """Read the fields. ``folder_exists`` says whether a folder (absolute or from ``~``) is there."""
    problems: dict[str, str] = {}
    goal = values.goal.strip()
    if not goal:
        problems["goal"] = "Say what the agent shall do."
    elif len(goal) > GOAL_LIMIT_CHARACTERS:
        problems["goal"] = (
            f"The goal has {len(goal):,} characters; at most {GOAL_LIMIT_CHARACTERS:,} are taken. "
            "Put long texts into a file and mount its folder."
        )
    max_steps = _whole(values.max_steps, 1, 100_000, "max_steps", problems)
    tokens = _whole(values.token_budget, 1, 10**12, "token_budget", problems)
    minutes = _number(values.time_budget_min, 0.01, 60 * 24 * 365, "time_budget_min", problems)
    memory = _whole(values.memory_mb, 16, 1_048_576, "memory_mb", problems)
    cores = _number(values.cpu_cores, 0.01, 1024, "cpu_cores", problems)
    folder = values.folder.strip()
    if folder and not folder.startswith(("/", "~")):
        problems["folder"] = "Begin with / or ~."
    elif folder and not folder_exists(folder):
        problems["folder"] = "There is no such folder."
    if problems:
        return Checked(None, problems)
    mounts = (WorkspaceMount(host_path=folder, read_only=values.folder_read_only),) if folder else ()
    sandbox = SandboxConfig(memory_limit_mb=memory, cpu_limit=cores, network_access=values.network, mounts=mounts)
    config = AgentConfig(
        role=values.role,
        goal=goal,
        model=values.model,
        max_steps=max_steps,
        token_budget=tokens,
        time_budget_s=minutes * 60 if minutes is not None else None,
        approval=values.approval,
        sandbox=sandbox,
    )
    return Checked(config, {})


def remembered(values: DeployValues) -> dict[str, Any]:
    """What is kept for the next time: everything but the goal."""
    return {name: value for name, value in asdict(values).items() if name in _REMEMBERED}


def recalled(kept: object) -> DeployValues:
    """The values of last time; whatever in ``kept`` is not what it should be is left at its default."""
    values = DeployValues()
    if not isinstance(kept, Mapping):
        return values
    for field in fields(DeployValues):
        value = kept.get(field.name)
        if field.name in _REMEMBERED and isinstance(value, type(getattr(values, field.name))) and _known(field.name, value):
            values = replace(values, **{field.name: value})
    return values


def copied(info: ProcessInfo, base: DeployValues) -> DeployValues:
    """The values of an earlier run; what its record does not tell stays as in ``base``."""
    return replace(
        base,
        role=info.role,
        goal=info.goal,
        model=info.model,
        max_steps=str(info.max_steps) if info.max_steps else "",
        network=info.network_access,
        approval=info.approval,
    )


def _known(name: str, value: object) -> bool:
    if name == "role":
        return value in ROLES
    if name == "approval":
        return value in get_args(ApprovalMode)
    return not isinstance(value, str) or len(value) <= 4096


def _whole(text: str, least: int, most: int, name: str, problems: dict[str, str]) -> int | None:
    plain = _digits(text)
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or len(plain) > 15 or not least <= int(plain) <= most:
        problems[name] = f"A whole number from {least:,} to {most:,}."
        return None
    return int(plain)


def _number(text: str, least: float, most: float, name: str, problems: dict[str, str]) -> float | None:
    plain = _digits(text)
    if not plain:
        return None
    try:
        value = float(plain) if len(plain) <= 20 else float("nan")
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        problems[name] = f"A number from {least:g} to {most:,.0f}."
        return None
    return value


def _digits(text: str) -> str:
    """A number without the separators that people type for thousands."""
    return "".join(text.split()).replace(",", "").replace("_", "")
