"""Wallpapers exist in both themes and are painted at the size that is asked for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize

from aether_desktop.shell.wallpaper import DEFAULT_WALLPAPER, WALLPAPERS, paint_wallpaper, wallpaper_named
from aether_desktop.theme.tokens import DARK, LIGHT


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("name", list(WALLPAPERS))
def test_each_wallpaper_is_dark_in_dark_and_light_in_light(name: str) -> None:
    wallpaper = wallpaper_named(name)
    for tokens, dark in ((DARK, True), (LIGHT, False)):
        image = paint_wallpaper(wallpaper, QSize(64, 40), tokens, 2.0).toImage()
        assert (image.width(), image.height()) == (128, 80)
        corners = [image.pixelColor(x, y).lightness() for x in (0, 127) for y in (0, 79)]
        assert all((lightness < 100) is dark for lightness in corners)


def test_an_unknown_name_is_the_default() -> None:
    assert wallpaper_named("was removed").name == DEFAULT_WALLPAPER
    assert wallpaper_named("").name == DEFAULT_WALLPAPER
