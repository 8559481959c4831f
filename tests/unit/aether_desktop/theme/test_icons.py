"""Icons come from one family, exist, and paint something; unknown names do no harm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from aether_desktop.shell.app_registry import DEFAULT_MANIFESTS
from aether_desktop.theme.icons import GLYPH_OF_MEANING, glyph, glyph_font, icon, icon_pixmap


def inked(image: QImage) -> int:
    return sum(image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height()))


@pytest.mark.usefixtures("qapp")
def test_every_named_icon_is_in_the_font() -> None:
    font = glyph_font()
    assert font is not None
    missing = {name for name, glyph_name in GLYPH_OF_MEANING.items() if glyph_name not in font.characters}
    assert not missing


@pytest.mark.usefixtures("qapp")
def test_the_icons_of_all_apps_have_a_meaning() -> None:
    assert {manifest.icon for manifest in DEFAULT_MANIFESTS} <= set(GLYPH_OF_MEANING)


@pytest.mark.usefixtures("qapp")
def test_an_icon_paints_in_its_colour() -> None:
    image = icon_pixmap("terminal", QColor("#ff0000"), 32).toImage()
    assert inked(image) > 40
    strongest = max((image.pixelColor(x, y) for x in range(32) for y in range(32)), key=lambda colour: colour.alpha())
    assert (strongest.red(), strongest.green(), strongest.blue()) == (255, 0, 0)


@pytest.mark.usefixtures("qapp")
def test_an_unknown_name_paints_a_question_mark() -> None:
    assert glyph("no such icon") == glyph("question")


@pytest.mark.usefixtures("qapp")
def test_an_icon_is_sharp_at_double_density() -> None:
    sizes = {(size.width(), size.height()) for size in icon("search", QColor("white"), 16).availableSizes()}
    assert sizes == {(16, 16), (32, 32)}
    assert icon_pixmap("search", QColor("white"), 16, 2.0).width() == 32


def test_qtawesome_is_never_imported() -> None:
    program = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from aether_desktop.theme import icons; assert icons.glyph('terminal');"
        "assert 'qtawesome' not in sys.modules and 'qtpy' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
