"""One pass over texts of any size: what it finds, and that it holds no more than a piece of them."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools import head_of_change as module
from kernel.tools.head_of_change import BREAKS, Head, StoppedError, ends_in_line, head_of_change, lines_of

MILLION = 1_000_000
texts = st.text(st.sampled_from(["a", "é", "😀", *BREAKS]), max_size=40)


def never() -> bool:
    return False


@settings(max_examples=500, deadline=None)
@given(text=texts, piece=st.integers(1, 9))
def test_lines_are_those_of_splitlines_wherever_the_pieces_end(text: str, piece: int) -> None:
    whole = text.splitlines(keepends=True)
    if whole and not whole[-1].endswith(BREAKS):
        whole[-1] += "\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_CHARACTERS", piece)
        assert list(lines_of(text, never)) == whole
        assert list(lines_of(text.encode(), never)) == whole
    assert ends_in_line(text) is ends_in_line(text.encode()) is (text != "" and not text.endswith(BREAKS))


def test_the_head_has_what_came_before_and_counts_what_came_after() -> None:
    old = "".join(f"{number}\n" for number in range(1_000))
    new = old.replace("500\n", "x\ny\n").replace("900\n", "")
    head = head_of_change(old, new, 5, never)
    assert head == Head(497, ("497\n", "498\n", "499\n", "500\n", "501\n"), ("497\n", "498\n", "499\n", "x\n", "y\n"), 1_000, 1_000, 2, 2)
    assert head_of_change(old, old.encode().decode(), 5, never) is None
    assert head_of_change("", "a", 5, never) == Head(0, (), ("a\n",), 0, 1, 1, 0)
    assert head_of_change("a\nb\n", "b\na\n", 5, never) == Head(0, ("a\n", "b\n"), ("b\n", "a\n"), 2, 2, 0, 0)


@pytest.mark.parametrize("before", [0, 1, 20_000])
def test_a_line_without_end_is_its_beginning_and_a_checksum_of_all_of_it(before: int) -> None:
    """Where in a piece it begins makes no difference to it."""
    long = "x" * 200_000
    shifted = "." * (before - 1) + "\n" if before else ""
    found = list(lines_of(shifted + long + "\nend", never))[-2]
    assert found == next(lines_of(long, never))
    assert found.startswith("x" * module.SHOWN_OF_LONG_LINE + "\n[... 196,001 more characters of this line; checksum ")
    assert list(lines_of(long[:-1] + "y", never)) != [found]
    assert list(lines_of(found, never)) != [found], "a text that says the same is not taken for it"
    assert next(lines_of("x" * module.LONG_LINE_CHARACTERS, never)) != "x" * module.LONG_LINE_CHARACTERS
    nearly = "é" * (module.LONG_LINE_CHARACTERS - 1)
    assert list(lines_of(f"a\n{nearly}\n".encode(), never)) == ["a\n", next(lines_of(nearly, never))]


def test_of_a_million_lines_no_more_is_held_than_differs() -> None:
    old = b"".join(b"%d\n" % number for number in range(MILLION))
    new = old.replace(b"500000\n", b"x\n").decode()
    tracemalloc.start()
    try:
        head = head_of_change(old, new, 200, never)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert head is not None and (head.added, head.removed, head.before) == (1, 1, MILLION)
    assert peak < 4_000_000


def test_what_counts_many_lines_is_many_small_tables() -> None:
    tally = module._Tally()
    for number in range(100_000):
        tally.add(f"{number}", 1)
    assert max(map(len, tally._tables)) < 1_000
    assert tally.totals() == (100_000, 0)
    assert not tally._tables


def test_it_stops_between_two_pieces() -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(StoppedError):
        head_of_change("a\n" * MILLION, "b\n" * MILLION, 5, stopped)
    assert asked == 6
