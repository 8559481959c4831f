"""The settings that people change, in groups, with words for them; and the reading of what was typed. Pure.

A setting that the kernel does not know is not shown, so an older kernel costs a row and no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from aether_desktop.widgets.terminal.geometry import LARGEST_PX, SMALLEST_PX
from aether_desktop.widgets.terminal.schemes import AUTOMATIC, SCHEMES

Kind = Literal["switch", "whole", "number", "text", "choice"]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. name: the kernel's dotted name. choices: (value, words). least/most: of numbers, in the setting's unit."""

    name: str
    label: str
    kind: Kind
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: float = 0
    most: float = 10**9


@dataclass(frozen=True, slots=True)
class Group:
    """Settings under one heading."""

    title: str
    fields: tuple[Field, ...]


_DESKTOP_SIZES: Final = ("1024x768", "1280x800", "1440x900", "1600x900", "1920x1080", "2560x1440")
GROUPS: Final[tuple[Group, ...]] = (
    Group(
        "Approvals",
        (
            Field(
                "approvals.mode",
                "When agents ask",
                "choice",
                "New agents start with this, unless another is chosen for one of them.",
                (
                    ("ask", "Ask me first"),
                    ("edits", "Let them write, ask for the rest"),
                    ("yes", "Never ask"),
                    ("deny", "Refuse what is risky"),
                ),
            ),
            Field(
                "approvals.timeout_s",
                "Seconds to answer",
                "number",
                "A question without an answer in time counts as refused; 0 waits for ever.",
                most=86_400,
            ),
        ),
    ),
    Group(
        "Agents",
        (
            Field("agents.max_steps", "Steps", "whole", "A run ends after this many.", least=1, most=100_000),
            Field("agents.token_budget", "Tokens", "whole", "After this many an agent pauses and asks; 0 is no limit."),
            Field("agents.time_budget_s", "Seconds of work", "number", "After this many an agent pauses and asks; 0 is no limit."),
            Field(
                "agents.repeat_limit", "Equal calls in a row", "whole", "After this many an agent asks how to go on.", least=2, most=1000
            ),
            Field(
                "agents.command_timeout_s",
                "Seconds for a command",
                "number",
                "A command that takes longer is ended.",
                least=0.1,
                most=86_400,
            ),
            Field("agents.pacing_s", "Seconds between steps", "number", "With 0 an agent goes as fast as it can.", most=600),
            Field(
                "agents.resume_at_start", "Take up interrupted agents", "switch", "They go on at their step when Aether starts."
            ),
        ),
    ),
    Group(
        "Sandbox",
        (
            Field("sandbox.memory_mb", "Memory, MB", "whole", "All processes of an agent share it.", least=16, most=1_048_576),
            Field("sandbox.cpu_cores", "Processor cores", "number", "All processes of an agent share them.", least=0.01, most=1024),
            Field("sandbox.disk_mb", "Disk, MB", "whole", "Its home and /tmp share it.", least=1),
            Field("sandbox.max_processes", "Processes", "whole", "Threads count as well.", least=4),
            Field(
                "sandbox.desktop_size",
                "Graphical desktop, px",
                "choice",
                "Desktops of agents that are started from now on.",
                tuple((size, size.replace("x", " × ")) for size in _DESKTOP_SIZES),
            ),
        ),
    ),
    Group(
        "Terminal",
        (
            Field(
                "terminal.theme",
                "Colours",
                "choice",
                "All open terminals change at once.",
                ((AUTOMATIC, "The desktop's (dark)"), *((name, name) for name in SCHEMES)),
            ),
            Field("terminal.font_px", "Font size, px", "whole", "All open terminals change at once.", least=SMALLEST_PX, most=LARGEST_PX),
            Field(
                "terminal.scrollback", "Lines of history", "whole", "Terminals that are opened from now on keep this many.", most=200_000
            ),
        ),
    ),
    Group(
        "Model servers",
        (
            Field("providers.ollama_url", "Ollama", "text"),
            Field("providers.lmstudio_url", "LM Studio", "text"),
            Field("providers.vllm_url", "vLLM", "text", "Left empty, ports 8000 and 8001 are tried."),
            Field("providers.llamacpp_url", "llama.cpp", "text"),
            Field("providers.openai_url", "OpenAI", "text", "Any compatible server will do."),
            Field("providers.anthropic_url", "Anthropic", "text"),
            Field("providers.gemini_url", "Gemini", "text"),
        ),
    ),
    Group(
        "Answers of models",
        (
            Field("providers.temperature", "Temperature", "number", "The lower, the more predictable.", most=2),
            Field("providers.top_p", "Top p", "number", "1 turns it off.", least=0.01, most=1),
            Field("providers.context_size", "Context, tokens", "whole", "A model sees this much of a run at once.", least=512),
            Field("providers.max_tokens", "Longest answer, tokens", "whole", "0 leaves it to the server."),
        ),
    ),
)


def parse(field: Field, text: str) -> tuple[object | None, str]:
    """The value that was typed, or None and a sentence about what is wrong with it."""
    plain = text.strip()
    if field.kind == "text":
        if len(plain) > 2000:
            return None, "This is too long."
        if plain and not plain.startswith(("http://", "https://")):
            return None, "Begin with http:// or https://."
        return plain, ""
    compact = "".join(plain.split()).replace(",", "").replace("_", "")
    bounds = f"from {field.least:g} to {field.most:,.0f}" if field.most < 10**9 else f"of {field.least:g} or more"
    try:
        value = int(compact) if field.kind == "whole" else float(compact)
    except ValueError:
        value = float("nan")
    if not field.least <= value <= field.most:
        return None, f"A {'whole number' if field.kind == 'whole' else 'number'} {bounds}."
    return value, ""


def shown(value: object) -> str:
    """A value as its field shows it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
