"""Nothing hides in a shown text, and nothing is endless."""

import time

import pytest

from kernel.protocol.shown_text import cut, exact, exact_line, one_line, printed, visible


@pytest.mark.feature("AP05")
def test_nothing_hides_in_a_command() -> None:
    assert visible("rm\u202e x\x1b[2K\r") == "rm⟨U+202E⟩ x⟨U+001B⟩[2K⟨U+000D⟩"
    assert visible("plain\n\ttext é 日本") == "plain\n\ttext é 日本"


@pytest.mark.parametrize("hidden", ["\u200b", "\u2066", "\ufeff", "\U000e0041", "\u3164", "\u2800", "\ud800", "\x9b", "\u00ad"])
def test_characters_without_looks_are_written_out(hidden: str) -> None:
    assert visible(f"a{hidden}b") == f"a⟨U+{ord(hidden):04X}⟩b"


def test_joiners_stay_where_they_join() -> None:
    for text in ("👩\u200d🔬", "می\u200cخواهم", "क\u200dष"):
        assert visible(text) == text
    assert visible("rm\u200d -rf") == "rm⟨U+200D⟩ -rf"


def test_a_space_that_is_none_shows_in_what_is_approved_and_not_in_prose() -> None:
    assert exact("rm\u00a0-rf\u3000/") == "rm⟨U+00A0⟩-rf⟨U+3000⟩/"
    assert visible("10\u202fkm") == "10\u202fkm"


def test_one_line_of_a_command_keeps_its_line_breaks_to_be_seen() -> None:
    assert exact_line("  ls\n\n  rm -rf   x\n", 100) == "ls ⏎ rm -rf x"
    assert exact_line("a" * 200, 10) == "a" * 10 + "…"
    assert exact_line("ls" + " " * 1_000 + "; rm x", 10) == "ls…", "what was left out is never silent"
    assert exact_line("ls \u00a0x", 100) == "ls ⟨U+00A0⟩x"


def test_printed_text_is_what_a_terminal_would_leave() -> None:
    assert printed("\x1b[1;31mFAILED\x1b[0m t.py\r\n10 %\r55 %\r100 %\n\x1b]0;title\x07done\r\n") == "FAILED t.py\n100 %\ndone\n"
    assert printed("a\u202eb") == "a⟨U+202E⟩b"


def test_large_hostile_texts_take_no_time() -> None:
    started = time.monotonic()
    for text in ("x" * 200_000 + "\r", "\x1b[" * 100_000, "\x1b]" * 100_000, "\r" * 200_000, "\u200b" * 50_000, " \n" * 100_000):
        printed(text), exact(text), exact_line(text, 500), one_line(text, 500)
    assert time.monotonic() - started < 5.0


def test_cutting_says_so() -> None:
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "abc…")
    assert one_line(" a \n b ", 10) == "a b"
