"""Names of files for people: bounded, visible, free."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.widgets.file_browser import names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain.txt", "plain.txt"),
        ("a\nb\tc\x7f", "a␊b␉c⟨U+007F⟩"),
        ("\u202etxt.exe", "⟨U+202E⟩txt.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("👨‍👩‍👧 漢字 تقرير", "👨‍👩‍👧 漢字 تقرير"),
        ("\x85", "⟨U+0085⟩"),
        ("\u2028", "⟨U+2028⟩"),
        ("no\u00a0break", "no⟨U+00A0⟩break"),
    ],
)
def test_a_name_is_one_visible_line(name: str, shown: str) -> None:
    assert names.shown_name(name) == shown


@given(st.text())
def test_no_name_hides_anything(name: str) -> None:
    shown = names.shown_name(name)
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\0")


@pytest.mark.parametrize(
    "name", ["", "   ", ".", "..", "a/b", "a\0b", "a\nb", "\ud800", "é" * 128]
)
def test_impossible_names_are_refused_with_a_sentence(name: str) -> None:
    assert names.problem_with(name).endswith(".") or "possible" in names.problem_with(name)
    assert names.problem_with("fine.txt") == ""
    assert names.problem_with("é" * 127) == ""


@given(st.text(min_size=1, max_size=300), st.integers(0, 4))
def test_a_free_name_is_free_and_fits(wish: str, times: int) -> None:
    wish = wish.encode(errors="ignore").decode()[:120] or "x"
    wish = wish.encode()[: names.NAME_LIMIT_BYTES].decode(errors="ignore")
    taken = {wish}
    for _ in range(times):
        name = names.free_name(wish, taken)
        assert name not in taken
        assert len(name.encode()) <= names.NAME_LIMIT_BYTES
        taken.add(name)
    copy = names.copy_name(wish, taken)
    assert copy not in taken
    assert len(copy.encode()) <= names.NAME_LIMIT_BYTES


def test_numbers_go_before_the_ending() -> None:
    assert names.free_name("notes.txt", {"notes.txt", "notes 2.txt"}) == "notes 3.txt"
    assert names.copy_name("notes.txt", {"notes.txt"}) == "notes copy.txt"
    assert names.copy_name(".profile", set()) == ".profile copy"
    assert names.free_name("New folder", {"New folder"}) == "New folder 2"


def test_paths() -> None:
    assert names.parent_of("/home/agent_7") == "/home"
    assert names.parent_of("/home") == "/"
    assert names.parent_of("/") == "/"
    assert names.join("/", "home") == "/home"
    assert names.name_of("/home/agent_7") == "agent_7"
    assert names.lies_in("/home/agent_7/x", "/home/agent_7")
    assert not names.lies_in("/home/agent_77", "/home/agent_7")
    assert names.lies_in("/anything", "/")
    assert names.crumbs("/home/a\nb", "/") == [("Aether", "/"), ("home", "/home"), ("a␊b", "/home/a\nb")]
    assert names.crumbs("/home/agent_7/work", "/home/agent_7") == [
        ("agent_7", "/home/agent_7"),
        ("work", "/home/agent_7/work"),
    ]


def test_times_and_sizes() -> None:
    now = time.mktime((2026, 11, 20, 10, 41, 0, 0, 0, -1))
    assert names.moment_text(now - 60, now) == "10:40"
    assert names.moment_text(now - 86_400 * 2, now).startswith("18 ")
    assert names.moment_text(now - 86_400 * 400, now) == "2025-10-16"
    assert [names.size_text(size) for size in (0, 1023, 1024, 2**20, 3 * 2**30)] == [
        "0 B", "1023 B", "1.0 KB", "1.0 MB", "3.0 GB",
    ]  # fmt: skip
