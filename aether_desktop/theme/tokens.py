"""The one set of design values, dark and light.

Owns every colour, length and duration of the desktop. Read by the palette, the style sheet and all painting code, which
name a role and never a value. Pure data: no Qt here. ``tests/unit/aether_desktop/theme/test_tokens.py`` holds the
contrast of each text role on each surface at 4.5:1 or better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Phase(StrEnum):
    """What an agent is doing, as far as colour is concerned."""

    THINKING = "thinking"
    ACTING = "acting"
    OBSERVING = "observing"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    IDLE = "idle"


_PHASE_OF_WORD: Final[Mapping[str, Phase]] = MappingProxyType(
    {
        **{phase.value: phase for phase in Phase},
        "executing": Phase.ACTING,
        "completed": Phase.DONE,
        "succeeded": Phase.DONE,
        "needs_you": Phase.WAITING,
        "blocked": Phase.WAITING,
        "error": Phase.FAILED,
        "dead": Phase.STOPPED,
        "zombie": Phase.STOPPED,
        "paused": Phase.STOPPED,
        "booting": Phase.IDLE,
        "created": Phase.IDLE,
        "sleeping": Phase.IDLE,
    }
)


def phase_of(word: str) -> Phase:
    """Return the colour role of a phase or state word of the kernel; anything unknown is ``Phase.IDLE``."""
    return _PHASE_OF_WORD.get(word, Phase.IDLE)


@dataclass(frozen=True, slots=True)
class PhaseColour:
    """``mark`` fills dots and bars, ``text`` is readable on every surface, both as ``#rrggbb``."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class TerminalColours:
    """Default colours of a terminal and its sixteen palette entries (normal 0-7, bright 8-15), as ``#rrggbb``."""

    background: str
    foreground: str
    cursor: str
    selection: str
    dim: str
    ansi: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shadow:
    """A window's shadow: blur and offset in px, opacity of black-ish ``colour`` from 0 to 255."""

    colour: str
    opacity: int
    blur: int
    offset_y: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """All colours of one theme. Colours are ``#rrggbb``; those with alpha are ``#aarrggbb`` (Qt's order)."""

    name: str
    surface0: str
    surface1: str
    surface2: str
    surface3: str
    text1: str
    text2: str
    text3: str
    line: str
    line_strong: str
    accent: str
    accent_text: str
    accent_fill: str
    on_accent: str
    attention_fill: str
    on_attention: str
    danger_fill: str
    danger_text: str
    glass: str
    scrim: str
    selection: str
    hover: str
    wallpaper: tuple[str, str, str]
    shadow: Shadow
    terminal: TerminalColours
    phases: Mapping[Phase, PhaseColour]

    @property
    def dark(self) -> bool:
        """True for the dark theme."""
        return self.name == "dark"

    def phase(self, word: str) -> PhaseColour:
        """Return the colours of a phase word of the kernel (``executing``, ``completed``...) or of a ``Phase``."""
        return self.phases[phase_of(word)]


@dataclass(frozen=True, slots=True)
class Space:
    """Distances between things, in px."""

    xs: int = 4
    sm: int = 8
    md: int = 12
    lg: int = 16
    xl: int = 24
    xxl: int = 32


@dataclass(frozen=True, slots=True)
class Radius:
    """Corner radii, in px."""

    small: int = 6
    medium: int = 10
    large: int = 14


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Font sizes, in px."""

    caption: int = 11
    label: int = 12
    body: int = 13
    lead: int = 15
    title: int = 20
    display: int = 28


@dataclass(frozen=True, slots=True)
class Motion:
    """Durations in ms; all motion eases out and is off where the person or the system asks for less."""

    quick: int = 120
    normal: int = 160
    slow: int = 200


SPACE: Final = Space()
RADIUS: Final = Radius()
TYPE: Final = TypeScale()
MOTION: Final = Motion()

TERMINAL: Final = TerminalColours(
    background="#1a1b26",
    foreground="#c0caf5",
    cursor="#c0caf5",
    selection="#33467c",
    dim="#565f89",
    ansi=(
        "#15161e", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#a9b1d6",
        "#414868", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0caf5",
    ),
)  # fmt: skip

DARK: Final = Tokens(
    name="dark",
    surface0="#12141f",
    surface1="#191c2a",
    surface2="#212536",
    surface3="#2a2f44",
    text1="#eceef6",
    text2="#b4bbd0",
    text3="#98a0b8",
    line="#14ffffff",
    line_strong="#2effffff",
    accent="#7c8cff",
    accent_text="#8f9dff",
    accent_fill="#5563e6",
    on_accent="#ffffff",
    attention_fill="#ffb454",
    on_attention="#2b1d00",
    danger_fill="#c8323f",
    danger_text="#ff7f8c",
    glass="#d9151828",
    scrim="#8c05060c",
    selection="#34408f",
    hover="#0fffffff",
    wallpaper=("#2b2f6b", "#151832", "#0b0d1a"),
    shadow=Shadow(colour="#000000", opacity=140, blur=42, offset_y=16),
    terminal=TERMINAL,
    phases=MappingProxyType(
        {
            Phase.THINKING: PhaseColour("#b58cff", "#b58cff"),
            Phase.ACTING: PhaseColour("#6aa8ff", "#6aa8ff"),
            Phase.OBSERVING: PhaseColour("#4fd1d9", "#4fd1d9"),
            Phase.WAITING: PhaseColour("#ffb454", "#ffb454"),
            Phase.DONE: PhaseColour("#63d297", "#63d297"),
            Phase.FAILED: PhaseColour("#ff6b7a", "#ff7f8c"),
            Phase.STOPPED: PhaseColour("#8b93a7", "#9ba3b8"),
            Phase.IDLE: PhaseColour("#6c7590", "#98a0b8"),
        }
    ),
)

LIGHT: Final = Tokens(
    name="light",
    surface0="#f7f8fb",
    surface1="#ffffff",
    surface2="#f0f2f8",
    surface3="#e4e8f1",
    text1="#161a2b",
    text2="#47506b",
    text3="#5c6480",
    line="#170b1230",
    line_strong="#330b1230",
    accent="#4a5bef",
    accent_text="#4352dd",
    accent_fill="#4a5bef",
    on_accent="#ffffff",
    attention_fill="#ffb454",
    on_attention="#2b1d00",
    danger_fill="#c8323f",
    danger_text="#b3202f",
    glass="#d9ffffff",
    scrim="#591a2140",
    selection="#cdd4ff",
    hover="#0a0b1230",
    wallpaper=("#cfd6ff", "#dfe6f5", "#eef1f7"),
    shadow=Shadow(colour="#2a3560", opacity=66, blur=42, offset_y=16),
    terminal=TERMINAL,
    phases=MappingProxyType(
        {
            Phase.THINKING: PhaseColour("#b58cff", "#6d3fc4"),
            Phase.ACTING: PhaseColour("#6aa8ff", "#1f5fb8"),
            Phase.OBSERVING: PhaseColour("#4fd1d9", "#0b6c74"),
            Phase.WAITING: PhaseColour("#ffb454", "#8a5300"),
            Phase.DONE: PhaseColour("#63d297", "#1c6e43"),
            Phase.FAILED: PhaseColour("#ff6b7a", "#b3202f"),
            Phase.STOPPED: PhaseColour("#8b93a7", "#555e76"),
            Phase.IDLE: PhaseColour("#a3abc0", "#5c6480"),
        }
    ),
)


def contrast(first: str, second: str) -> float:
    """Return the WCAG contrast ratio (1.0 to 21.0) of two opaque ``#rrggbb`` colours."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
