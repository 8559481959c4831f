"""Sizes of a terminal at a shell's prompt: one after the other, the newest always, and no timer without one that waits."""

from __future__ import annotations

import itertools
import random

import pytest

from kernel.term import Terminal
from kernel.term.size_steps import MOST_S, PATIENCE_S, QUIET_S, UNSURE_S, SizeSteps

PROMPT = b"\x1b]133;A\x07$ \x1b]133;B\x07"
RUNNING = b"ls\r\n\x1b]133;C\x07"
TICK = 0.001


class Rig:
    """Sizes that are applied to nothing, a clock that only the test moves, and one timer."""

    def __init__(self, *, tells_at_once: bool = True) -> None:
        self.now = 100.0
        self.at_prompt = True
        self.tells_at_once = tells_at_once
        self.due: float | None = None
        self.prompts = 0
        self.applied: list[tuple[int, int]] = []
        self.times: list[float] = []
        self.steps = SizeSteps((80, 24), self._apply, self._wake_after, lambda: self.now, lambda: self.prompts)

    def _apply(self, columns: int, lines: int) -> bool:
        self.applied.append((columns, lines))
        self.times.append(self.now)
        if self.tells_at_once:
            self.steps.note_told()
        return self.at_prompt

    def _wake_after(self, seconds: float) -> None:
        assert seconds >= 0
        self.due = self.now + seconds

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due is not None and self.due <= end:
            self.now, self.due = max(self.now, self.due), None
            self.steps.on_time()
        self.now = end

    def want(self, *widths: int) -> None:
        for columns in widths:
            self.steps.want(columns, 24)

    def print(self, *, prompt: bool) -> None:
        self.prompts += prompt
        self.steps.note_output()

    @property
    def widths(self) -> list[int]:
        return [columns for columns, _ in self.applied]


@pytest.mark.feature("TT02")
def test_one_size_is_applied_at_once_and_leaves_no_timer() -> None:
    rig = Rig()
    rig.want(60, 60)
    assert rig.widths == [60] and rig.due is None and not rig.steps.pending
    rig.print(prompt=True)
    assert rig.due is None
    rig.advance(QUIET_S)
    rig.want(50)
    assert rig.widths == [60, 50] and rig.due is None


@pytest.mark.feature("TT02")
def test_the_newest_size_waits_until_the_prompt_was_drawn_for_the_one_before() -> None:
    rig = Rig()
    rig.want(60, 50, 40, 30)
    assert rig.widths == [60] and rig.steps.pending and rig.steps.size == (60, 24)
    rig.advance(2 * TICK)
    rig.print(prompt=True)
    rig.advance(QUIET_S - TICK)
    rig.print(prompt=False)
    rig.want(20)
    rig.advance(QUIET_S - TICK)
    assert rig.widths == [60], "the rest of the line was drawn since"
    rig.advance(2 * TICK)
    assert rig.widths == [60, 20]
    rig.advance(10.0)
    assert rig.widths == [60, 20] and rig.due is None


def test_an_answer_that_is_no_prompt_is_believed_after_a_longer_silence() -> None:
    rig = Rig()
    rig.want(60, 50)
    rig.print(prompt=False)
    rig.advance(UNSURE_S - TICK)
    assert rig.widths == [60]
    rig.advance(2 * TICK)
    assert rig.widths == [60, 50]


def test_a_shell_that_does_not_answer_is_waited_for_so_long_and_no_longer() -> None:
    rig = Rig()
    rig.want(60, 50)
    rig.advance(PATIENCE_S - TICK)
    assert rig.widths == [60]
    rig.advance(2 * TICK)
    assert rig.widths == [60, 50]


def test_a_program_that_never_stops_printing_holds_no_size_up_for_longer() -> None:
    rig = Rig()
    rig.want(60, 50)
    for _ in range(int(PATIENCE_S / TICK) + 2):
        rig.print(prompt=True)
        rig.advance(TICK)
    assert rig.widths == [60, 50]


def test_an_answer_counts_from_when_the_program_was_told() -> None:
    rig = Rig(tells_at_once=False)
    rig.want(60, 50)
    rig.print(prompt=True)
    rig.advance(0.5)
    assert rig.widths == [60]
    rig.steps.note_told()
    rig.advance(TICK)
    assert rig.widths == [60, 50], "it was drawn in the meantime"
    rig.want(40)
    rig.advance(MOST_S + TICK)
    assert rig.widths == [60, 50, 40], "nobody says that it was told"


def test_a_size_that_is_taken_back_is_not_applied() -> None:
    rig = Rig()
    rig.want(60, 50, 60)
    rig.advance(10.0)
    assert rig.widths == [60] and not rig.steps.pending


def test_nothing_waits_where_no_prompt_shows() -> None:
    rig = Rig()
    rig.at_prompt = False
    rig.want(60, 50, 40)
    assert rig.widths == [60, 50, 40] and rig.due is None


def test_a_prompt_that_is_seen_only_after_the_size_was_applied_is_waited_for() -> None:
    rig = Rig()
    rig.at_prompt = False
    rig.want(60)
    rig.steps.expect_answer()
    rig.want(50)
    assert rig.widths == [60]
    rig.print(prompt=True)
    rig.advance(QUIET_S + TICK)
    assert rig.widths == [60, 50]


def test_who_takes_over_gets_the_newest_size_at_once_and_waits_for_nobody() -> None:
    rig = Rig()
    rig.want(60, 50)
    rig.steps.stop_waiting()
    assert rig.widths == [60, 50]
    rig.want(40)
    assert rig.widths == [60, 50, 40]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_the_last_size_comes_in_time_and_none_before_its_turn(seed: int) -> None:
    generator = random.Random(seed)
    rig = Rig()
    last = 80
    for _ in range(300):
        match generator.randrange(4):
            case 0 | 1:
                last = generator.randint(1, 200)
                rig.want(last)
            case 2:
                rig.print(prompt=generator.random() < 0.5)
            case 3:
                rig.advance(generator.choice([0.0, TICK, QUIET_S, UNSURE_S]))
        assert rig.due is not None or not rig.steps.pending
    rig.advance(PATIENCE_S)
    assert rig.steps.size == (last, 24) and not rig.steps.pending
    assert min(later - earlier for earlier, later in itertools.pairwise(rig.times)) > QUIET_S - TICK / 2


def test_the_screen_knows_whether_a_shell_shows_its_prompt() -> None:
    terminal = Terminal(20, 5)
    assert not terminal.screen.at_prompt
    terminal.feed(PROMPT)
    assert terminal.screen.at_prompt and terminal.screen.marks.prompts == 1
    terminal.feed(b"\x1b[?1049h")
    assert not terminal.screen.at_prompt
    terminal.feed(b"\x1b[?1049l" + RUNNING)
    assert not terminal.screen.at_prompt
    terminal.feed(b"a\r\n" * 9 + PROMPT)
    terminal.resize(3, 2)
    assert terminal.screen.at_prompt and terminal.screen.marks.prompts == 2


def test_prompts_of_before_the_size_are_no_answer_to_it() -> None:
    rig = Rig()
    rig.prompts = 4
    rig.want(60)
    rig.want(50)
    rig.print(prompt=False)
    rig.advance(QUIET_S)
    assert rig.widths == [60], "the line was cleared, the prompt is not drawn yet"
    rig.print(prompt=True)
    rig.advance(QUIET_S)
    assert rig.widths == [60, 50]
