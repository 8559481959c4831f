"""The desktop's background: gradients painted once into a picture of the desktop's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap, QRadialGradient

from aether_desktop.theme.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Wallpaper:
    """A gradient: where its light comes from (shares of width and height), and its three colours in both themes."""

    name: str
    title: str
    centre: tuple[float, float]
    dark: tuple[str, str, str]
    light: tuple[str, str, str]


DEFAULT_WALLPAPER: Final = "dusk"

WALLPAPERS: Final[Mapping[str, Wallpaper]] = MappingProxyType(
    {
        wallpaper.name: wallpaper
        for wallpaper in (
            Wallpaper(
                "dusk", "Dusk", (0.15, 0.10), ("#2b2f6b", "#151832", "#0b0d1a"), ("#cfd6ff", "#dfe6f5", "#eef1f7")
            ),
            Wallpaper(
                "lagoon", "Lagoon", (0.80, 0.05), ("#124a5c", "#10263a", "#0a111c"), ("#c2ecec", "#dcecf2", "#eef3f7")
            ),
            Wallpaper(
                "ember", "Ember", (0.25, 0.95), ("#5a2c4d", "#28193a", "#0f0c1a"), ("#ffdccb", "#f3e2e8", "#f3eff6")
            ),
            Wallpaper(
                "graphite", "Graphite", (0.5, 0.0), ("#2a2e38", "#191c23", "#0e1014"), ("#e2e6ee", "#e9ecf2", "#f1f3f6")
            ),
        )
    }
)


def wallpaper_named(name: str) -> Wallpaper:
    """Return a wallpaper; the default one for an unknown name."""
    return WALLPAPERS.get(name, WALLPAPERS[DEFAULT_WALLPAPER])


def paint_wallpaper(wallpaper: Wallpaper, size: QSize, tokens: Tokens, ratio: float = 1.0) -> QPixmap:
    """Return the wallpaper as a picture of ``size`` logical pixels."""
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    colours = wallpaper.dark if tokens.dark else wallpaper.light
    centre = QPointF(size.width() * wallpaper.centre[0], size.height() * wallpaper.centre[1])
    gradient = QRadialGradient(centre, max(size.width() * 0.75, size.height() * 0.9, 1.0))
    for position, value in zip((0.0, 0.45, 1.0), colours, strict=True):
        gradient.setColorAt(position, QColor(value))
    painter = QPainter(picture)
    painter.fillRect(QRect(0, 0, size.width(), size.height()), gradient)
    painter.end()
    return picture
