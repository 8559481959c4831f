"""The one icon family, painted from the glyph font that qtawesome ships (Remix Icon, line style).

qtawesome itself is never imported: its import and its first icon cost 300 ms and 42 MB, one of its fonts 16 ms. The font
is loaded when the first icon is painted. Called by widgets and apps, which name what they mean (``"agents"``), or a
Remix glyph (``"rocket-line"``). An unknown name paints a question mark and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap

GLYPH_OF_MEANING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "add": "add-line",
        "agent": "computer-line",
        "agents": "function-line",
        "alert": "error-warning-line",
        "archive": "archive-line",
        "back": "arrow-left-line",
        "browser": "global-line",
        "calendar": "calendar-line",
        "chat": "chat-4-line",
        "check": "check-line",
        "chevron-down": "arrow-down-s-line",
        "chevron-left": "arrow-left-s-line",
        "chevron-right": "arrow-right-s-line",
        "chevron-up": "arrow-up-s-line",
        "close": "close-line",
        "code": "code-line",
        "command": "command-line",
        "copy": "file-copy-line",
        "delete": "delete-bin-line",
        "deploy": "rocket-line",
        "detach": "external-link-line",
        "download": "download-line",
        "edit": "edit-line",
        "editor": "code-line",
        "eye": "eye-line",
        "file": "file-line",
        "files": "folder-line",
        "filter": "filter-3-line",
        "folder": "folder-line",
        "folder-add": "folder-add-line",
        "forward": "arrow-right-line",
        "gpu": "cpu-line",
        "history": "history-line",
        "info": "information-line",
        "kernel": "cpu-line",
        "key": "key-2-line",
        "list": "list-check",
        "logs": "file-list-line",
        "menu": "menu-line",
        "minimise": "subtract-line",
        "maximise": "add-line",
        "more": "more-line",
        "network": "global-line",
        "notes": "file-text-line",
        "notification": "notification-3-line",
        "pause": "pause-line",
        "play": "play-line",
        "question": "question-line",
        "refresh": "refresh-line",
        "save": "save-line",
        "search": "search-line",
        "send": "send-plane-line",
        "settings": "settings-3-line",
        "shield": "shield-line",
        "stop": "stop-line",
        "success": "checkbox-circle-line",
        "system-monitor": "pulse-line",
        "terminal": "terminal-line",
        "time": "time-line",
        "timeline": "git-commit-line",
        "undo": "arrow-go-back-line",
        "upload": "upload-line",
        "user": "user-line",
        "wallpaper": "image-line",
        "warning": "alert-line",
        "window": "window-line",
    }
)

_FALLBACK_GLYPH = "question-line"


@dataclass(frozen=True, slots=True)
class GlyphFont:
    """A loaded glyph font: Qt family name and the character of each glyph name."""

    family: str
    characters: Mapping[str, str]


@lru_cache(maxsize=1)
def glyph_font() -> GlyphFont | None:
    """Load the glyph font once; None where qtawesome's files are not there (icons are then left blank)."""
    files = _font_files()
    if files is None:
        return None
    font_file, charmap_file = files
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(font_file)))
    if not families:
        return None
    codes: dict[str, str] = json.loads(charmap_file.read_text(encoding="utf-8"))
    return GlyphFont(families[0], MappingProxyType({name: chr(int(code, 16)) for name, code in codes.items()}))


def glyph(name: str) -> str:
    """Return the character that paints ``name`` (a meaning of the table above or a Remix glyph name)."""
    font = glyph_font()
    if font is None:
        return ""
    characters = font.characters
    return characters.get(GLYPH_OF_MEANING.get(name, name)) or characters.get(_FALLBACK_GLYPH, "")


def paint_icon(painter: QPainter, rect: QRect | QRectF, name: str, colour: QColor) -> None:
    """Paint icon ``name`` in ``colour``, centred in ``rect`` and as large as its shorter side."""
    font = glyph_font()
    if font is None:
        return
    area = QRectF(rect)
    glyphs = QFont(font.family)
    glyphs.setPixelSize(max(1, round(min(area.width(), area.height()))))
    glyphs.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    painter.save()
    painter.setFont(glyphs)
    painter.setPen(colour)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip), glyph(name))
    painter.restore()


def icon_pixmap(name: str, colour: QColor, size_px: int, device_ratio: float = 1.0) -> QPixmap:
    """Return icon ``name`` as a transparent pixmap of ``size_px`` logical pixels."""
    pixmap = QPixmap(QSize(size_px, size_px) * device_ratio)
    pixmap.setDevicePixelRatio(device_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_icon(painter, QRect(0, 0, size_px, size_px), name, colour)
    painter.end()
    return pixmap


def icon(name: str, colour: QColor, size_px: int = 16) -> QIcon:
    """Return a QIcon of one colour, sharp at single and double density."""
    result = QIcon(icon_pixmap(name, colour, size_px))
    result.addPixmap(icon_pixmap(name, colour, size_px, 2.0))
    return result


def _font_files() -> tuple[Path, Path] | None:
    spec = find_spec("qtawesome")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        fonts = Path(folder) / "fonts"
        font_file = next(iter(sorted(fonts.glob("remixicon-[0-9]*.ttf"))), None)
        charmap = next(iter(sorted(fonts.glob("remixicon-charmap-*.json"))), None)
        if font_file and charmap:
            return font_file, charmap
    return None
