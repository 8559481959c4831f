"""The bundled typefaces and how they are asked for.

Inter is loaded at start (one regular, then the other weights), JetBrains Mono when a terminal or code is first shown.
Called by ``ThemeManager`` and by painting code. The files and their licences are under ``resources/fonts``.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase

from aether_desktop.assets import resource
from aether_desktop.theme.tokens import TYPE

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"

_UI_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "Inter-Bold.otf")
_MONO_FILES = (
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Bold.ttf",
    "JetBrainsMono-Italic.ttf",
    "JetBrainsMono-BoldItalic.ttf",
)


@lru_cache(maxsize=1)
def load_ui_fonts() -> bool:
    """Register Inter with Qt once; False if a file is missing or broken (Qt then falls back to the system's font)."""
    return all(_register(name) for name in _UI_FILES)


@lru_cache(maxsize=1)
def load_mono_fonts() -> bool:
    """Register JetBrains Mono with Qt once; False if a file is missing or broken."""
    return all(_register(name) for name in _MONO_FILES)


def ui_font(size_px: int = TYPE.body, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return Inter at ``size_px`` pixels."""
    load_ui_fonts()
    font = QFont(UI_FAMILY)
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(size_px)
    font.setWeight(weight)
    # Even advance widths at every scale: text keeps its place when a window moves to a screen of another density.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def mono_font(size_px: int = TYPE.body, *, ligatures: bool = False, bold: bool = False) -> QFont:
    """Return JetBrains Mono at ``size_px`` pixels; ligatures are off unless asked for, since they break cell grids."""
    load_mono_fonts()
    font = QFont(MONO_FAMILY)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPixelSize(size_px)
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if not ligatures:
        for feature in ("calt", "liga", "clig"):
            font.setFeature(QFont.Tag(feature), 0)
    return font


def tabular_ui_font(size_px: int = TYPE.body, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return Inter with digits of one width, for clocks and counters that must not jitter."""
    font = ui_font(size_px, weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _register(name: str) -> bool:
    return QFontDatabase.addApplicationFont(str(resource("fonts", name))) >= 0
