"""Labels show hostile text as it is, in their tooltip too."""

from __future__ import annotations

from PySide6.QtGui import QTextDocumentFragment
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.label import ElidedLabel


def _shown(qtbot: QtBot, text: str, width: int) -> ElidedLabel:
    label = ElidedLabel(text)
    qtbot.addWidget(label)
    label.resize(width, 20)
    label.show()
    qtbot.waitExposed(label)
    label.grab()
    return label


def test_the_tooltip_of_a_cut_label_is_no_html(qtbot: QtBot) -> None:
    text = "Fix the <table> layout <img src=file:///etc/hostname> of R&D"
    label = _shown(qtbot, text, 60)
    assert QTextDocumentFragment.fromHtml(label.toolTip()).toPlainText() == text
    assert label.accessibleDescription() == text


def test_a_label_that_fits_has_no_tooltip(qtbot: QtBot) -> None:
    assert _shown(qtbot, "short", 400).toolTip() == ""
