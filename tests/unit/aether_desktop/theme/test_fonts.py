"""The bundled fonts load, come with their licences, and keep a terminal's cells in step."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF

from aether_desktop.assets import resource
from aether_desktop.theme.fonts import MONO_FAMILY, UI_FAMILY, load_mono_fonts, load_ui_fonts, mono_font, ui_font

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.mark.feature("DS11")
def test_the_bundled_fonts_load() -> None:
    assert load_ui_fonts()
    assert load_mono_fonts()
    assert QFontInfo(ui_font()).family() == UI_FAMILY
    assert QFontInfo(mono_font()).family() == MONO_FAMILY


def test_each_font_comes_with_its_licence() -> None:
    for name in ("Inter", "JetBrainsMono"):
        text = resource("fonts", f"{name}-OFL.txt").read_text("utf-8")
        assert "SIL OPEN FONT LICENSE Version 1.1" in text
        assert text.startswith("Copyright")


def test_weights_differ() -> None:
    regular, bold = QFontMetricsF(ui_font(20)), QFontMetricsF(ui_font(20, QFont.Weight.Bold))
    assert bold.horizontalAdvance("Mission Control") > regular.horizontalAdvance("Mission Control")


@pytest.mark.parametrize("size_px", [10, 13, 17])
def test_every_cell_of_a_terminal_is_equally_wide(size_px: int) -> None:
    metrics = QFontMetricsF(mono_font(size_px))
    cell = metrics.horizontalAdvance("M")
    for text in ("!=", "->", "===", "iiii", "<=>"):
        assert metrics.horizontalAdvance(text) == pytest.approx(cell * len(text), abs=0.05)


def test_ligatures_are_off_in_terminals_and_on_request_elsewhere() -> None:
    assert mono_font().featureValue(QFont.Tag("calt")) == 0
    assert not mono_font(ligatures=True).featureTags()
