"""Line editors without prompt marks draw their line again for another size: nothing of the output above it is lost, whatever they claim."""

from __future__ import annotations

import random

import pytest

from kernel.term import Terminal
from kernel.term.redraw import Claim, beginning, claim, neutral
from kernel.term.snapshot import snapshot
from tests.oracles import fuzz

TOP = "[top top top top top top]"
COMMAND = "echo " + "abcdefghi " * 12


class Bash:
    """What readline prints at a prompt of one line, as bash 3.2 to 5.2 and Python do; the cursor is at the end."""

    top = ""

    def __init__(self, columns: int, typed: str) -> None:
        self.columns = columns
        self.line = "$ " + typed

    @property
    def rows_above(self) -> int:
        """How many rows it goes up: it counts in the columns that it knows."""
        return len(self.line) // self.columns + (-(-len(self.top) // self.columns) if self.top else 0)

    def draw(self) -> str:
        return self.line + (" \r" if len(self.line) % self.columns == 0 else "")

    def clear(self) -> str:
        return "\r\x1b[K" + "\r\x1b[A\x1b[K" * self.rows_above + "\r"

    def answer(self, columns: int) -> bytes:
        clear = self.clear()
        self.columns = columns
        return (clear + self.draw()).encode()


class Zsh(Bash):
    """With a prompt of two lines, which it draws again as a whole."""

    top = TOP

    def draw(self) -> str:
        return self.top + "\r\n" + super().draw()

    def clear(self) -> str:
        return f"\x1b[{self.rows_above}A\r\r\x1b[0m\x1b[27m\x1b[24m\x1b[J"


class Fish(Zsh):
    """Erases behind what it has drawn."""

    def draw(self) -> str:
        return self.top + "\x1b[K\r\n" + Bash.draw(self) + "\x1b[J"

    def clear(self) -> str:
        return "\x1b]0;~\x07\x1b[30m\x1b(B\x1b[m\r\r" + "\x1b[A" * self.rows_above


class OneLineFish(Fish):
    """With a prompt of one line, where nothing but two carriage returns may stand before it."""

    top = ""

    def draw(self) -> str:
        return Bash.draw(self) + "\x1b[J"


class PromptToolkit(Bash):
    """As in IPython: it ends bracketed paste and begins it again with each answer."""

    def draw(self) -> str:
        return self.line

    def clear(self) -> str:
        column = len(self.line) % self.columns
        left, up = (f"\x1b[{column}D" if column else ""), (f"\x1b[{self.rows_above}A" if self.rows_above else "")
        return f"{left}{up}\x1b[J\x1b[0m\x1b[?7h\x1b[?2004l\x1b[?2004h"


EDITORS: list[type[Bash]] = [Bash, Zsh, Fish, OneLineFish, PromptToolkit]


def lines_of(terminal: Terminal) -> list[str]:
    """Each line as it was before it was broken into rows."""
    found = [""]
    for row in [*terminal.history, *terminal.rows, *terminal.screen.rows_below]:
        found[-1] += terminal.clusters.expand(row.text)
        if not row.wrapped:
            found.append("")
    return [line.rstrip() for line in found if line.strip()]


def split(terminal: Terminal) -> tuple[list[str], str]:
    """The lines of output, and what is below them without its spaces."""
    lines = lines_of(terminal)
    output = [line for line in lines if line.startswith("L")]
    last = max([index for index, line in enumerate(lines) if line.startswith("L")], default=-1)
    return output, "".join(lines[last + 1 :]).replace(" ", "")


def begin(make: type[Bash], generator: random.Random) -> tuple[Terminal, Bash, list[str]]:
    output = [f"L{number:03}:" + "abcdefghij" * generator.choice([0, 0, 1, 3, 7, 14]) + "." for number in range(generator.randint(3, 60))]
    terminal = Terminal(100, 30)
    terminal.feed(("\r\n".join(output) + "\r\n").encode())
    editor = make(100, generator.choice(["", "echo hello", COMMAND]))
    terminal.feed(b"\x1b[?2004h" + editor.draw().encode())
    return terminal, editor, output


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("make", EDITORS)
@pytest.mark.parametrize("seed", range(25))
def test_what_is_drawn_again_is_there_once_and_no_output_is_lost(make: type[Bash], seed: int) -> None:
    generator = random.Random(seed)
    terminal, editor, output = begin(make, generator)
    for _size in range(generator.randint(2, 12)):
        # Sometimes a size was replaced before the program has seen it.
        for _step in range(generator.choice([1, 1, 1, 3])):
            columns, lines = generator.randint(12, 200), generator.randint(16, 60)
            terminal.resize(columns, lines)
        terminal.feed(editor.answer(columns))
        assert split(terminal) == (output, (editor.top + editor.line).replace(" ", ""))


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("make", EDITORS)
def test_output_stays_when_answers_come_late(make: type[Bash]) -> None:
    """As over a slow line: the size changes again while answers to the ones before are on their way.

    What rows they mean cannot always be told then: a part of the prompt may stay, but nothing above it goes.
    """
    for seed in range(150):
        generator = random.Random(seed)
        terminal, editor, output = begin(make, generator)
        on_their_way: list[bytes] = []
        for _size in range(generator.randint(2, 12)):
            columns, lines = generator.randint(12, 200), generator.randint(16, 60)
            terminal.resize(columns, lines)
            on_their_way.append(editor.answer(columns))
            while len(on_their_way) > 2 or (on_their_way and generator.random() < 0.3):
                terminal.feed(on_their_way.pop(0))
        terminal.feed(b"".join(on_their_way))
        assert set(output) <= set(split(terminal)[0]), seed


def late_answers(end: bytes) -> Terminal:
    """A prompt in the fifth row of a screen whose sizes have overtaken the shell's answers, and what comes then."""
    terminal, editor = Terminal(100, 30), Bash(100, COMMAND)
    terminal.feed(b"L0\r\nL1\r\nL2\r\nL3\r\n\x1b[?2004h" + editor.draw().encode())
    for columns in (60, 90, 40):
        terminal.resize(columns, 30)
    terminal.feed(editor.answer(60) + editor.answer(90))
    assert terminal.screen.redrawn is not None
    terminal.feed(end)
    return terminal


@pytest.mark.parametrize("end", [b"\x1b[?2004l\r\n", b"\x1b[H\x1b[2J", b"\x1b[H\x1b[J"])
def test_who_enters_the_line_or_clears_the_screen_is_bounded_no_more(end: bytes) -> None:
    terminal = late_answers(end)
    assert terminal.screen.redrawn is None
    terminal.feed(b"\x1b[20;3H\x1b[19Aabove")
    assert terminal.display[0].strip().endswith("above")


def test_late_answers_do_not_come_above_the_line_also_once_the_size_has_changed_again() -> None:
    terminal = late_answers(b"")
    for columns in (20, 150):
        terminal.resize(columns, 30)
        terminal.feed(b"\r\x1b[K" + b"\x1b[A\x1b[K" * 20)
        assert split(terminal)[0] == ["L0", "L1", "L2", "L3"]


def test_who_answers_no_size_may_edit_the_lines_above() -> None:
    """As Python's own prompt, from 3.13 on."""
    for sizes, first in (((20,), b"x"), ((20, 22), b"\x1b[1A\x1b[1B"), ((20, 22), b"x")):
        terminal = Terminal(80, 24)
        terminal.feed(b"\x1b[?2004hrow1\r\nrow2\r\nrow3")
        for lines in sizes:
            terminal.resize(80, lines)
        terminal.feed(first)
        terminal.resize(80, 25)
        terminal.feed(b"\x1b[2A\rROW1")
        assert [row.strip() for row in terminal.display[:3]] == ["ROW1", "row2", "row3" + first.decode()[:1].strip("\x1b")]


def test_a_block_that_a_program_drew_again_is_no_prompt_of_the_shell_after_it() -> None:
    terminal = Terminal(100, 30)
    terminal.feed(b"$ make\r\n\x1b[?2004l\rbar 1\r\nbar 2\r\nbar 3")
    terminal.resize(90, 30)
    terminal.resize(80, 30)
    terminal.feed(b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2Kbar 1\r\nbar 2\r\nbar 3")
    terminal.feed(b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2KRESULT\r\n\x1b[?2004h")
    editor = Bash(80, COMMAND)
    terminal.feed(editor.draw().encode())
    terminal.resize(60, 30)
    terminal.feed(editor.answer(60))
    assert "RESULT" in lines_of(terminal)


def test_who_has_been_above_clears_the_screen_all_the_same() -> None:
    terminal = late_answers(b"x\x1b[30A\x1b[30B\x1b[H\x1b[Jnew")
    assert terminal.display[0].strip() == "new" and terminal.cursor.y == 0


def test_late_answers_stay_within_the_margins() -> None:
    terminal = late_answers(b"\r\x1b[10;20r\x1b[15;1H\x1b[99A")
    assert terminal.cursor.y == 9


def test_rows_from_below_the_screen_move_what_is_drawn_again() -> None:
    """They come in above it: it has another number then, and what comes above the old one is not cut off."""
    terminal = late_answers(b"")
    bound = terminal.screen._bound()
    assert bound is not None
    terminal.resize(40, 3)
    terminal.feed(b"\r\n" * 6)
    bound = terminal.screen._bound()
    assert bound is None or bound.numbering == terminal.history.numbering


def test_a_size_that_changes_under_another_screen_is_not_awaited_on_the_first() -> None:
    terminal = late_answers(b"\x1b[?1049h")
    terminal.resize(60, 30)
    assert terminal.screen.redrawn is None


@pytest.mark.parametrize("make", EDITORS)
@pytest.mark.parametrize("columns", [140, 60, 33])
def test_output_stays_when_what_was_typed_comes_before_the_answer(make: type[Bash], columns: int) -> None:
    output = [f"L{number}" for number in range(40)]
    terminal, editor = Terminal(45, 30), make(45, COMMAND)
    terminal.feed(("\r\n".join(output) + "\r\n\x1b[?2004h" + editor.draw()).encode())
    terminal.resize(columns, 30)
    terminal.feed(b"x")
    editor.line += "x"
    terminal.feed(editor.answer(columns))
    assert split(terminal)[0] == output


@pytest.mark.parametrize("make", EDITORS)
@pytest.mark.parametrize("columns", [140, 60, 33])
def test_an_answer_may_come_in_pieces(make: type[Bash], columns: int) -> None:
    states = []
    for pieces in (1, 10_000):
        terminal, editor, _output = begin(make, random.Random(3))
        terminal.resize(columns, 30)
        answer = editor.answer(columns)
        for at in range(0, len(answer), max(1, len(answer) // pieces)):
            terminal.feed(answer[at : at + max(1, len(answer) // pieces)])
        states.append((snapshot(terminal), lines_of(terminal)))
    assert states[0] == states[1]


def test_a_snapshot_has_what_waits_of_an_answer() -> None:
    terminal, _editor, _output = begin(Bash, random.Random(3))
    terminal.resize(60, 30)
    terminal.feed(b"\r\x1b[K")
    assert terminal.unfinished_input() == b"\r\x1b[K"


def test_titles_colours_and_modes_do_not_wait() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"$ ")
    terminal.resize(10, 5)
    terminal.feed(b"\x1b]0;new\x07\x1b[?25l")
    assert terminal.title == "new" and terminal.cursor.hidden
    assert terminal.screen.drawn is not None


@pytest.mark.parametrize(
    "output, expected",
    [
        ("\r\x1b[K\r\x1b[A\x1b[K\r$ ", Claim(1)),
        ("\r\r\n\r\x1b[K\r\x1b[A\x1b[K\r$ ", Claim(0)),  # the cursor was in the middle of the command
        ("\x1b[3A\r\r\x1b[0m\x1b[J$ ", Claim(3)),
        ("\r\r\x1b[A\x1b[A$ ", Claim(2)),
        ("\x1b[2A\x1b[4Cx", Claim(2, erases=False)),
        ("\r\r$ ", Claim(0)),
        ("\x1b[2K\x1b[1A\x1b[2K\x1b[Gx", Claim(1)),
        ("\x1b[H\x1b[2J\x1b[H", Claim(0, home=True)),
        ("\r\nmore", None),
        ("\r\r\nmore", None),
        ("\r 50%", None),
        ("text", None),
        ("\x08\x1b[Kx", None),
        ("\x1b[5;1H\x1b[K", None),
        ("\x1b[?1049h\x1b[H\x1b[J", None),
    ],
)
def test_what_output_goes_back_over(output: str, expected: Claim | None) -> None:
    end = beginning(output)
    assert claim(output[: end or 0]) == expected


@pytest.mark.parametrize("output", ["\r", "\r\x1b[", "\x1b", "\r\x1b[K\r\x1b[1", "\x1b[2A\x1b[3"])
def test_the_beginning_of_an_answer_waits(output: str) -> None:
    assert beginning(output) is None


def test_enter_is_seen_at_once() -> None:
    """A program that draws nothing again has what is typed echoed by the terminal."""
    terminal = Terminal(20, 5)
    terminal.feed(b"abc")
    terminal.resize(10, 4)
    terminal.feed(b"\r\n")
    assert (terminal.cursor.y, terminal.cursor.x) == (1, 0)
    assert terminal.unfinished_input() == b""


def test_what_waits_is_done_when_nothing_follows() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"one\r\ntwo")
    terminal.resize(20, 6)
    terminal.feed(b"\x1b[A\x1b[2D")
    assert terminal.holds and terminal.cursor.y == 1
    terminal.let_go()
    assert not terminal.holds and (terminal.cursor.x, terminal.cursor.y) == (1, 0)


def test_an_encoding_changes_also_while_controls_wait() -> None:
    whole, split = Terminal(20, 6), Terminal(20, 6)
    for terminal, pieces in ((whole, (b"\x1b%@\xe9",)), (split, (b"\x1b", b"%@\xe9"))):
        terminal.resize(21, 6)
        for piece in pieces:
            terminal.feed(piece)
    assert whole.display == split.display


def test_what_waits_is_bounded() -> None:
    assert beginning("\r" * 5000) is not None
    assert neutral("\x1b[1m\x1b]0;x\x07y") == 10


def at_hundred(text: bytes, columns: int, lines: int = 12) -> Terminal:
    terminal = Terminal(100, 12)
    terminal.feed(text)
    terminal.resize(columns, lines)
    return terminal


BLOCK = [f"task {number} " + "=" * 80 for number in range(4)]


@pytest.mark.parametrize("columns", [60, 140])
def test_a_block_that_is_drawn_again_in_place_leaves_no_copies(columns: int) -> None:
    """As builds and downloads show their progress: up over all rows, each erased and drawn."""
    terminal = at_hundred(b"output\r\n" + "".join(line + "\r\n" for line in BLOCK).encode(), columns)
    for number in range(20):
        step = "".join(f"\x1b[2Ktask {task} {number:02}\r\n" for task in range(4))
        terminal.feed(f"\x1b[4A{step}".encode())
    assert lines_of(terminal) == ["output", *[f"task {task} 19" for task in range(4)]]


def test_a_line_of_a_block_that_is_not_drawn_again_has_its_end_back() -> None:
    terminal = at_hundred("".join(line + "\r\n" for line in BLOCK).encode(), 60)
    terminal.feed(b"\x1b[4A\x1b[2Kdone\r\x1b[4B")
    assert lines_of(terminal) == ["done", *[line[:60] for line in BLOCK[1:]]]
    terminal.resize(100, 12)
    assert lines_of(terminal) == ["done", *BLOCK[1:]]


def test_a_progress_line_leaves_no_copies() -> None:
    terminal = at_hundred(b"output\r\n" + b"#" * 90, 40)
    for number in range(30):
        terminal.feed(b"\r\x1b[K%d %%" % number)
    assert lines_of(terminal) == ["output", "29 %"]


def test_who_clears_the_screen_clears_what_it_has_seen() -> None:
    """A pager without the alternate screen, in a terminal that has become taller: lines of the history have come back."""
    output = [f"line {number}" for number in range(30)]
    for clear in (b"\x1b[H\x1b[2J\x1b[H", b"\x1b[H\x1b[J"):
        terminal = at_hundred("\r\n".join(output).encode(), 100, 25)
        terminal.feed(clear + b"page")
        assert lines_of(terminal) == [*output[:18], "page"]


@pytest.mark.parametrize("text", [b"\r\nnext", b"more", b"\x07", b"\x1b[3;3Hx"])
def test_output_that_draws_nothing_again_finds_lines_rewrapped(text: bytes) -> None:
    terminal, other = at_hundred(b"a" * 250, 60), Terminal(60, 12)
    other.feed(b"a" * 250 + text)
    terminal.feed(text)
    assert terminal.display == other.display
    assert not terminal.screen.draws_again


def test_the_alternate_screen_is_none_of_it() -> None:
    terminal = Terminal(100, 12)
    terminal.feed(b"$ vi\r\n\x1b[?1049h")
    terminal.resize(60, 12)
    assert terminal.screen.drawn is None


def test_a_marked_prompt_is_none_of_it() -> None:
    terminal = at_hundred(b"\x1b]133;A\x07$ \x1b]133;B\x07" + b"x" * 150, 60)
    assert terminal.screen.drawn is None and terminal.screen.at_prompt


def test_who_asks_for_bracketed_paste_or_drew_again_is_waited_for() -> None:
    terminal = Terminal(100, 12)
    awaited = [terminal.screen.at_prompt]
    for output in (b"\x1b[?2004h$ ", b"\x1b[?2004l\r\n$ "):
        terminal.feed(output)
        awaited.append(terminal.screen.at_prompt)
    assert awaited == [False, True, False]
    terminal.resize(60, 12)
    prompts = terminal.screen.marks.prompts
    terminal.feed(b"\r\x1b[K\r$ ")
    assert (terminal.screen.at_prompt, terminal.screen.marks.prompts) == (True, prompts + 1)
    terminal.resize(50, 12)
    terminal.feed(b"text")
    assert terminal.screen.at_prompt is False




def test_who_asks_for_a_size_draws_nothing_again() -> None:
    terminal = Terminal(100, 12)
    terminal.feed(b"x" * 150 + b"\x1b[8;12;60t\r\x1b[K")
    assert terminal.columns == 60 and terminal.screen.drawn is None
    assert lines_of(terminal) == ["x" * 120]


_PIECES = [
    *[b"\r", b"\r\r", b"\x1b[K", b"\x1b[2K", b"\x1b[A", b"\x1b[2A", b"\x1b[9A", b"\x1b[2B", b"\x1bM", b"\x1b[J", b"\x1b[H", b"\x1b[2J"],
    *[b"\r\n", b"x" * 25, b"$ abc", "\u5bbd\u5b57".encode() * 4, b"\x1b[1m", b"\x1b[?2004h", b"\x1b]0;t\x07", b"\x1b[?1049h"],
    b"\x1b[?1049l",
]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_after_sizes_leaves_a_sound_screen_however_it_is_split(seed: int) -> None:
    generator = random.Random(seed)
    for _run in range(300):
        size, scrollback = (generator.randint(1, 24), generator.randint(1, 9)), generator.choice([0, 1, 5, 100])
        whole, single = (Terminal(*size, scrollback) for _ in range(2))
        for _step in range(20):
            if generator.random() < 0.4:
                size = generator.randint(1, 24), generator.randint(1, 9)
                whole.resize(*size)
                single.resize(*size)
            else:
                data = b"".join(generator.choices(_PIECES, k=generator.randint(1, 5)))
                whole.feed(data)
                for index in range(len(data)):
                    single.feed(data[index : index + 1])
            assert fuzz.unsound(whole) == ""
            assert fuzz.state(whole) == fuzz.state(single)
