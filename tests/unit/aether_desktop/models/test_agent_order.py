"""Words, groups, order, search and counts of agents."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import msgspec
import pytest

from aether_desktop.models.agent_order import Counts, Sort, count, matches, sort_key, totals, words_of
from aether_desktop.models.agent_status import Group, belongs, fraction_of, question_of, spoken, status_of
from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.ids import AgentPhase, ProcessState
from kernel.protocol.process import RunCounts
from tests.fakes.kernel_client import make_approval, make_info


def view(pid: int = 1, *, asks: float = 0.0, **changes: Any) -> ProcessView:
    approval = make_approval(pid, created_at=asks) if asks else None
    return ProcessView(info=make_info(pid, **changes), approval=approval)


@pytest.mark.parametrize(
    ("changes", "word", "group"),
    [
        ({"agent_phase": "executing"}, "executing", Group.ACTIVE),
        ({"agent_phase": "booting", "state": "created"}, "starting", Group.ACTIVE),
        ({"state": "sleeping", "agent_phase": "waiting"}, "waiting", Group.IDLE),
        ({"state": "stopped"}, "paused", Group.IDLE),
        ({"state": "stopped", "interrupted": True}, "interrupted", Group.IDLE),
        ({"state": "zombie", "exit_code": 0}, "completed", Group.DONE),
        ({"state": "dead", "exit_code": 143}, "stopped", Group.DONE),
        ({"state": "dead", "exit_code": 1}, "failed", Group.FAILED),
        ({"state": "dead", "exit_code": None}, "failed", Group.FAILED),
    ],
)
def test_every_state_has_its_word_and_its_group(changes: dict[str, Any], word: str, group: Group) -> None:
    status = status_of(view(**changes))
    assert (status.word, status.group) == (word, group)


def test_who_waits_for_the_person_needs_you_until_it_ends() -> None:
    assert status_of(view(asks=1.0)).word == "needs you"
    assert status_of(view(asks=1.0, state="dead", exit_code=0)).word == "completed"


EVERY_STATE = [
    view(state=state, agent_phase=phase, interrupted=interrupted, asks=asks, exit_code=code)
    for state, phase, interrupted, asks in product(get_args(ProcessState), get_args(AgentPhase), (False, True), (0.0, 1.0))
    for code in ((0, 1, 130, 137, 143, 124, None) if state in ("zombie", "dead") else (None,))
]


@pytest.mark.feature("MC02", "MC03")
def test_every_state_is_under_one_filter_and_its_number_is_that_filters() -> None:
    for agent in EVERY_STATE:
        group = status_of(agent).group
        under = [wanted for wanted in Group if wanted is not Group.ALL and belongs(group, wanted)]
        assert under == [group], agent.info
        assert belongs(group, Group.ALL)
        counts = count([group])
        assert {wanted: counts.of(wanted) for wanted in Group} == {wanted: int(belongs(group, wanted)) for wanted in Group}, agent.info


@pytest.mark.feature("MC02", "MC03")
def test_who_has_ended_is_counted_by_the_kernel_and_grouped_alike() -> None:
    for agent in EVERY_STATE:
        ended = RunCounts().after(agent.info.exit_code) if agent.ended else RunCounts()
        counts = count([status_of(agent).group])
        assert totals(counts, ended) == counts, agent.info


@pytest.mark.feature("MC03")
def test_the_groups_part_the_agents() -> None:
    counts = count([Group.NEEDS_YOU, Group.ACTIVE, Group.ACTIVE, Group.IDLE, Group.DONE, Group.FAILED])
    assert counts == Counts(all=6, active=2, needs_you=1, idle=1, done=1, failed=1)
    assert counts.living == 4
    assert sum(counts.of(group) for group in Group if group is not Group.ALL) == counts.all
    assert totals(counts, RunCounts(completed=40, failed=7, stopped=2)) == Counts(
        all=53, active=2, needs_you=1, idle=1, done=42, failed=7
    )


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.NEWEST, [5, 3, 9, 8, 7, 6]),
        (Sort.NAME, [5, 3, 6, 9, 8, 7]),
        (Sort.PHASE, [5, 3, 8, 9, 7, 6]),
        (Sort.PROGRESS, [5, 3, 7, 9, 8, 6]),
    ],
)
def test_questions_come_first_the_oldest_of_them_foremost(sort: Sort, expected: list[int]) -> None:
    agents = [
        view(3, asks=20.0),
        view(5, asks=10.0),
        view(6, name="analyst", state="dead", exit_code=0),
        view(7, name="Zoe", step=40),
        view(8, name="Tester", agent_phase="executing", step=1),
        view(9, name="Coder", step=2),
    ]
    assert [agent.pid for agent in sorted(agents, key=lambda agent: sort_key(agent, sort))] == expected


def test_a_search_finds_words_wherever_they_are() -> None:
    agent = msgspec.structs.replace(view(42, name="Löwe", goal="Cut the IMAGE"), action="make -j2")
    for query in ("löwe", "image cut", "42", "MAKE", "thinking", ""):
        assert matches(agent, words_of(query)), query
    assert not matches(agent, words_of("image zebra"))


@pytest.mark.parametrize(
    ("kind", "details", "words", "exact"),
    [
        ("command", {"command": "rm -rf a\n && b"}, "Wants to run", "rm -rf a ⏎ && b"),
        ("file", {"path": "/home/x", "diff": "+1"}, "Wants to write", "/home/x"),
        ("network", {"url": "https://example.org"}, "Wants to reach", "https://example.org"),
        ("command", {"command": "ls \u202e/ fr- mr\x1b[2K"}, "Wants to run", "ls ⟨U+202E⟩/ fr- mr⟨U+001B⟩[2K"),
        ("budget", {}, "Has used its budget", "Coder wants to run a command"),
    ],
)
def test_the_question_is_said_exactly(kind: str, details: dict[str, str], words: str, exact: str) -> None:
    assert question_of(make_approval(kind=kind, details=details)) == (words, exact)


def test_progress_is_bounded_and_whole_when_done() -> None:
    assert fraction_of(view(step=5, max_steps=10)) == 0.5
    assert fraction_of(view(step=50, max_steps=10)) == 1.0
    assert fraction_of(view(step=5, max_steps=0)) == 0.0
    assert fraction_of(view(step=2, state="dead", exit_code=0)) == 1.0


def test_a_card_is_one_sentence_for_a_screen_reader() -> None:
    said = spoken(view(7, asks=1.0))
    assert said.startswith("Coder 7, needs you, Wants to run rm -rf build/")
    assert said.endswith("step 17 of 50")
