"""What the deploy dialog holds, what of it is wrong and why, and how it becomes an agent's configuration. Pure.

The texts are as a person typed them; ``check`` turns them into an ``AgentConfig`` or into one sentence for each wrong field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeGuard, get_args

from msgspec.structs import replace as replaced

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
    "ask": ("Ask me first", "Writes, risky commands and the network wait."),
    "edits": ("Let it write, ask for the rest", "Its own files are its own; the rest asks."),
    "yes": ("Never ask", "Its sandbox is the only guard."),
    "deny": ("Refuse what is risky", "What would need your answer is refused."),
}
_APPROVAL_SETTING: Final = "approval_setting"
_REMEMBERED: Final = (
    "role", "model", "max_steps", "token_budget", "time_budget_min", "memory_mb", "cpu_cores", "network", "gpu", "graphical",
    "approval", "folder", "folder_read_only",
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
    gpu: bool = False
    graphical: bool = False
    approval: ApprovalMode = "ask"
    folder: str = ""
    folder_read_only: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """``config`` where everything is right, else ``problems``: field name -> sentence."""

    config: AgentConfig | None
    problems: Mapping[str, str]


def check(values: DeployValues, folder_exists: FolderExists, copy_of: AgentConfig | None = None) -> Checked:
    """Read the fields. ``folder_exists`` says whether a folder (absolute or from ``~``) is there.

    copy_of: the run that is deployed again: what the dialog does not show (its tools, further folders) is kept from it.
    """
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
    before = copy_of or AgentConfig(role=values.role, goal=goal)
    sandbox = replaced(
        before.sandbox,
        memory_limit_mb=memory,
        cpu_limit=cores,
        network_access=values.network,
        gpu=values.gpu,
        graphical=values.graphical,
        mounts=_mounts(folder, values.folder_read_only, before.sandbox.mounts),
    )
    config = replaced(
        before,
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


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the settings say for new agents: ``approval``, and a text for each number that is left empty."""

    approval: ApprovalMode = "ask"
    numbers: Mapping[str, str] = field(default_factory=dict)


def defaults_of(settings: Mapping[str, Any]) -> Defaults:
    """Read the settings in force; one that is missing or odd has no text, and an odd approval is the careful one."""
    mode: Any = settings.get("approvals.mode")
    seconds = settings.get("agents.time_budget_s")
    numbers = {
        "max_steps": settings.get("agents.max_steps"),
        "token_budget": settings.get("agents.token_budget"),
        "time_budget_min": seconds / 60 if _is_number(seconds) else None,
        "memory_mb": settings.get("sandbox.memory_mb"),
        "cpu_cores": settings.get("sandbox.cpu_cores"),
    }
    return Defaults(
        approval=mode if mode in get_args(ApprovalMode) else "ask",
        numbers={name: _text(value) if value else "no limit" for name, value in numbers.items() if _is_number(value)},
    )


def remembered(values: DeployValues, setting: ApprovalMode) -> dict[str, Any]:
    """What is kept for the next time: everything but the goal. ``setting``: when agents ask according to the settings."""
    kept = {name: value for name, value in asdict(values).items() if name in _REMEMBERED}
    return {**kept, _APPROVAL_SETTING: setting}


def recalled(kept: object, setting: ApprovalMode = "ask") -> DeployValues:
    """The values of last time; whatever in ``kept`` is not what it should be is left at its default.

    setting: when agents ask according to the settings now. It counts, unless last time another was chosen under the same setting.
    """
    values = DeployValues(approval=setting)
    if not isinstance(kept, Mapping):
        return values
    if kept.get(_APPROVAL_SETTING) != setting:
        kept = {name: value for name, value in kept.items() if name != "approval"}
    for name in _REMEMBERED:
        value = kept.get(name)
        if isinstance(value, type(getattr(values, name))) and _known(name, value):
            values = replace(values, **{name: value})
    return values


def copied(config: AgentConfig) -> DeployValues:
    """The values with which an earlier run was deployed."""
    sandbox = config.sandbox
    mount = sandbox.mounts[0] if sandbox.mounts else None
    return DeployValues(
        role=config.role,
        goal=config.goal,
        model=config.model,
        max_steps=_text(config.max_steps),
        token_budget=_text(config.token_budget),
        time_budget_min=_text(config.time_budget_s / 60 if config.time_budget_s is not None else None),
        memory_mb=_text(sandbox.memory_limit_mb),
        cpu_cores=_text(sandbox.cpu_limit),
        network=sandbox.network_access,
        gpu=sandbox.gpu,
        graphical=sandbox.graphical,
        approval=config.approval,
        folder=mount.host_path if mount is not None else "",
        folder_read_only=mount.read_only if mount is not None else True,
    )


def config_of(info: ProcessInfo) -> AgentConfig:
    """What the record of a run tells of its configuration, for one whose configuration is not kept."""
    return AgentConfig(
        role=info.role,
        goal=info.goal,
        model=info.model,
        max_steps=info.max_steps or None,
        approval=info.approval,
        sandbox=SandboxConfig(network_access=info.network_access, gpu=info.gpu, graphical=info.graphical),
    )


def _mounts(folder: str, read_only: bool, before: tuple[WorkspaceMount, ...]) -> tuple[WorkspaceMount, ...]:
    """The dialog's folder in the place of the first of before, and the others."""
    if not folder:
        return before[1:]
    first = before[0] if before else WorkspaceMount(host_path=folder)
    return (replaced(first, host_path=folder, read_only=read_only), *before[1:])


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:.10g}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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
