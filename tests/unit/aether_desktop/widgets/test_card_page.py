"""A page of cards is as high as its texts need, and what was found is said in sentences."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.card_page import Card, CardPage
from aether_desktop.widgets.finding_row import FindingRow, finding_text
from aether_desktop.widgets.label import Label

LONG = "AI agents work here as processes, each in its own sandbox. " * 4


def test_a_page_that_fits_does_not_scroll_and_one_that_does_not_does(qtbot: QtBot) -> None:
    page = CardPage(600)
    for number in range(3):
        card = Card(f"Card {number}")
        card.column.addWidget(Label(LONG, wrap=True))
        page.column.addWidget(card)
    page.column.addStretch(1)
    qtbot.addWidget(page)
    page.resize(800, 600)
    page.show()
    QApplication.processEvents()
    assert page.verticalScrollBar().maximum() == 0
    cards = page.findChildren(Card)
    assert [card.width() for card in cards] == [600, 600, 600]
    page.resize(320, 240)
    QApplication.processEvents()
    assert page.verticalScrollBar().maximum() > 0
    assert all(card.width() <= page.viewport().width() for card in cards)


@pytest.mark.parametrize(
    ("detail", "remedy", "said"),
    [
        ("not found", "Install it with `apt`.", "Not found. Install it with “apt”."),
        ("http://127.0.0.1:1, 1 model", "", "http://127.0.0.1:1, 1 model."),
        ("8 bundled; emoji found.", "", "8 bundled; emoji found."),
        ("", "Start it.", "Start it."),
        ("", "", ""),
        ("hidden\u202e", "", "Hidden⟨U+202E⟩."),
    ],
)
def test_what_was_found_is_said_in_sentences(detail: str, remedy: str, said: str) -> None:
    assert finding_text(detail, remedy) == said


def test_remedy_and_finding_are_of_one_size(qtbot: QtBot) -> None:
    row = FindingRow("Docker", "missing", "not found", "Install it.")
    qtbot.addWidget(row)
    assert [label.text() for label in row.findChildren(QLabel)] == ["Docker", "Not found. Install it."]
