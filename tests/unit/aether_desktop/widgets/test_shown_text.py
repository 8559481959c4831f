"""A tooltip is read as it was written, and a name in a menu keeps its letters."""

from __future__ import annotations

import pytest
from PySide6.QtGui import Qt, QTextDocumentFragment

from aether_desktop.widgets.shown_text import TOOLTIP_CHARACTERS, menu_words, plain_tooltip


@pytest.mark.parametrize(
    "text",
    [
        "Fix the <table> layout",
        "<img src=file:///etc/hostname>",
        'python -c "<script>alert(1)</script>"',
        "&lt;b&gt; stays",
        "R&D",
        "two\nlines <b>",
        "  two  blanks <i>",
        "word " * 60,
    ],
)
def test_a_tooltip_is_read_as_it_was_written(text: str) -> None:
    tooltip = plain_tooltip(text)
    assert Qt.mightBeRichText(tooltip), "Qt would guess, so it is told"
    assert QTextDocumentFragment.fromHtml(tooltip).toPlainText().replace("\u2028", "\n") == text.rstrip("\n")


def test_a_tooltip_hides_nothing_and_ends() -> None:
    assert plain_tooltip("Open (Ctrl+O)") == "Open (Ctrl+O)"
    assert plain_tooltip("a\u202eb") == "a⟨U+202E⟩b"
    assert len(plain_tooltip("<" * 1_000_000)) < 5 * TOOLTIP_CHARACTERS


def test_a_name_in_a_menu_keeps_its_ampersand() -> None:
    assert menu_words("R&D\u202e\nx", 40) == "R&&D⟨U+202E⟩ ⏎ x"
