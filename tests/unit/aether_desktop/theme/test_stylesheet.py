"""The style sheet and the palette are made of tokens, completely."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette

from aether_desktop.theme.current import tokens_for_palette
from aether_desktop.theme.palette import build_palette
from aether_desktop.theme.stylesheet import build_stylesheet
from aether_desktop.theme.tokens import DARK, LIGHT, Tokens

THEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])


@THEMES
def test_no_place_in_the_sheet_is_left_open(tokens: Tokens) -> None:
    sheet = build_stylesheet(tokens)
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")


@THEMES
def test_every_picture_of_the_sheet_is_there(tokens: Tokens) -> None:
    files = re.findall(r"url\(([^)]+)\)", build_stylesheet(tokens))
    assert files
    assert all(Path(name).is_file() for name in files)


@THEMES
@pytest.mark.usefixtures("qapp")
def test_the_tokens_are_found_again_from_the_palette(tokens: Tokens) -> None:
    palette = build_palette(tokens)
    assert tokens_for_palette(palette) is tokens
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name() == tokens.text3
