"""Where links are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from aether_desktop.widgets.terminal.link_finding import addresses_between, link_at, links_between, trimmed
from kernel.term import Terminal
from kernel.term.attributes import AttributeTable
from kernel.term.selection import Position, Span


def screen(text: str, columns: int = 40, lines: int = 10) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(text.encode())
    return terminal


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.org/x.", "https://a.org/x"),
        ("https://a.org/x)", "https://a.org/x"),
        ("https://a.org/x_(y)", "https://a.org/x_(y)"),
        ("https://a.org/x),", "https://a.org/x"),
        ("https://a.org/?q=[1]", "https://a.org/?q=[1]"),
        ("https://a.org/'\"", "https://a.org/"),
    ],
)
def test_punctuation_that_follows_is_not_part_of_it(written: str, address: str) -> None:
    assert trimmed(written) == address


def test_a_plain_address_is_found_at_each_of_its_cells() -> None:
    terminal = screen("see https://a.org/x, or not")
    for column in (4, 10, 18):
        link = link_at(terminal, Position(0, column))
        assert link is not None and link.address == "https://a.org/x" and link.spans == (Span(0, 4, 19),)
    assert link_at(terminal, Position(0, 3)) is None
    assert link_at(terminal, Position(0, 19)) is None
    assert link_at(terminal, Position(99, 0)) is None


def test_an_address_over_wrapped_lines_is_one() -> None:
    terminal = screen("x" * 30 + " https://a.org/" + "p" * 60 + " end")
    link = link_at(terminal, Position(1, 5))
    assert link is not None and link.address == "https://a.org/" + "p" * 60
    assert [span.line for span in link.spans] == [0, 1, 2]
    assert link == link_at(terminal, Position(0, 35))


@pytest.mark.feature("TT01")
def test_a_marked_link_is_its_cells_and_its_parts_belong_together() -> None:
    terminal = screen(
        "\x1b]8;id=1;https://a.org\x1b\\one\x1b]8;;\x1b\\ and \x1b]8;id=1;https://a.org\x1b\\two\x1b]8;;\x1b\\\r\n"
        "\x1b]8;;https://b.org\x1b\\three\x1b]8;;\x1b\\ \x1b]8;;https://b.org\x1b\\four\x1b]8;;\x1b\\"
    )
    link = link_at(terminal, Position(0, 9))
    assert link is not None and link.address == "https://a.org" and link.text == "onetwo"
    assert link.spans == (Span(0, 0, 3), Span(0, 8, 11))
    alone = link_at(terminal, Position(1, 1))
    assert alone is not None and alone.text == "three" and alone.spans == (Span(1, 0, 5),)


def test_a_marked_link_that_wraps_is_one() -> None:
    terminal = screen("\x1b]8;;https://a.org\x1b\\" + "y" * 100 + "\x1b]8;;\x1b\\", columns=40)
    link = link_at(terminal, Position(1, 3))
    assert link is not None and link.spans == (Span(0, 0, 40), Span(1, 0, 40), Span(2, 0, 20))


def test_all_links_in_reading_order_each_once() -> None:
    terminal = screen("https://a.org https://b.org\r\n\x1b]8;;https://c.org\x1b\\c\x1b]8;;\x1b\\ mailto:x@y.org")
    found = [link.address for link in links_between(terminal, 0, 9)]
    assert found == ["https://a.org", "https://b.org", "https://c.org", "mailto:x@y.org"]


def test_a_screen_full_of_one_link_is_found_in_time() -> None:
    terminal = screen("\x1b]8;;https://a.org\x1b\\" + "z" * (200 * 60), columns=200, lines=60)
    assert len(links_between(terminal, 0, 59)) == 1


@pytest.mark.parametrize("kind", ["\x1b]8;id=a{0};https://a.b/{0}\x1b\\x", "\x1b]8;;https://a.b/{0}\x1b\\x", "\x1b]8;;\x1b\\ http://a/"])
def test_a_screen_full_of_many_links_costs_no_more_than_its_cells(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = [0]

    def counted(look: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def count(of: Any, key: Any) -> Any:
            looked[0] += 1
            return look(of, key)

        return count

    monkeypatch.setattr(Terminal, "absolute_row", counted(Terminal.absolute_row))
    monkeypatch.setattr(AttributeTable, "__getitem__", counted(AttributeTable.__getitem__))

    def looks(lines: int) -> int:
        """How often rows and attributes are looked at."""
        terminal = screen("".join(kind.format(number) for number in range(200 * lines)), columns=200, lines=lines)
        looked[0] = 0
        assert len(links_between(terminal, 0, lines - 1)) >= 200 * lines // 10
        every = looked[0]
        looked[0] = 0
        assert len(list(islice(addresses_between(terminal, 0, lines - 1), 1))) == 1
        assert looked[0] < every / 2
        return every

    # Some rows around are looked at whatever the screen; to look at them for each link would be far more.
    assert looks(12) < 4 * 200 * 12
    assert looks(48) < 5 * looks(12)


def test_a_plain_address_that_begins_above_or_in_the_middle_of_a_word_break_is_found() -> None:
    terminal = screen("x" * 38 + " https://a.org/" + "p" * 60 + " https://b.org/" + " " * 12 + "https://c.org")
    assert [link.address for link in links_between(terminal, 1, 1)] == ["https://a.org/" + "p" * 60]
    assert [link.address for link in links_between(terminal, 3, 4)] == ["https://b.org/", "https://c.org"]


def test_where_a_marked_text_is_an_address_itself_the_mark_counts() -> None:
    terminal = screen("\x1b]8;;https://evil.org\x1b\\https://a.org\x1b]8;;\x1b\\ https://b.org")
    assert [(link.address, link.marked) for link in links_between(terminal, 0, 0)] == [
        ("https://evil.org", True), ("https://b.org", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://ja.wikipedia.org/wiki/日本語 plain", "https://ja.wikipedia.org/wiki/日本語"),
        ("https://a.org/😀/x next", "https://a.org/😀/x"),
        ("https://a.org/e\u0301/🇩🇪 next", "https://a.org/e\u0301/🇩🇪"),
        ("https://example.com。然后", "https://example.com"),
        ("（https://example.com/日）。", "https://example.com/日"),
        ("「https://example.com」を", "https://example.com"),
        ("https://example.com/文，然后", "https://example.com/文"),
        ("https://example.com/々〆ー", "https://example.com/々〆ー"),
    ],
)
def test_wide_characters_are_part_of_an_address_and_their_punctuation_is_not(written: str, address: str) -> None:
    for before in range(45):
        terminal = screen("x" * before + " " + written, columns=40)
        (link,) = links_between(terminal, 0, 9)
        assert link.address == address, before
        assert all(link_at(terminal, Position(span.line, span.start)) == link for span in link.spans)
        cells = "".join(terminal.absolute_row(span.line).text[span.start : span.end] for span in link.spans)  # type: ignore[union-attr]
        assert terminal.clusters.expand(cells) == address


def test_a_marked_wide_text_that_wraps_is_one() -> None:
    for before in (38, 39):
        terminal = screen("x" * before + "\x1b]8;;https://a.org\x1b\\" + "日本語" * 20 + "\x1b]8;;\x1b\\", columns=41)
        (link,) = links_between(terminal, 0, 9)
        assert link.text == "日本語" * 20
