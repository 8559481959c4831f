"""The pure parts of an agent: compaction, repetition, budgets, inbox, plan, gate."""

import asyncio

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.agents import budget, compaction, prompt
from kernel.agents.gate import Gate
from kernel.agents.inbox import Inbox, Said, without
from kernel.agents.repetition import RepetitionGuard
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.providers.base import ChatMessage, ToolCall
from kernel.store.repositories.processes import RunRecord

SYSTEM = ChatMessage(role="system", text="You are an agent.")
GOAL = ChatMessage(role="user", text="Do it.")


def turn(number: int, calls: int, size: int) -> list[ChatMessage]:
    """An assistant's turn with its results."""
    made = tuple(ToolCall(id=f"c{number}-{index}", name="read_file", arguments={"path": f"f{index}"}) for index in range(calls))
    results = [ChatMessage(role="tool", text="r" * size, tool_call_id=call.id, tool_name="read_file") for call in made]
    return [ChatMessage(role="assistant", text=f"Turn {number}.", tool_calls=made), *results]


def whole(messages: tuple[ChatMessage, ...]) -> bool:
    """Every call has its result and every result its call, in order."""
    open_calls: list[str] = []
    for message in messages:
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                return False
            open_calls.remove(message.tool_call_id)
        elif open_calls:
            return False
        open_calls.extend(call.id for call in message.tool_calls)
    return not open_calls


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20_000)), max_size=40), st.integers(2_048, 32_768))
def test_calls_and_results_stay_together(turns: list[tuple[int, int]], context: int) -> None:
    messages = [SYSTEM, GOAL, *(message for index, (calls, size) in enumerate(turns) for message in turn(index, calls, size))]
    shorter = compaction.compact(messages, context)
    assert shorter[:2] == (SYSTEM, GOAL)
    assert whole(shorter)
    again = compaction.compact(shorter, context)
    assert whole(again)


def test_a_long_conversation_fits_afterwards_and_tells_what_was_done() -> None:
    messages = [SYSTEM, GOAL, *(message for index in range(60) for message in turn(index, 2, 3_000))]
    assert compaction.needed(messages, 32_768)
    shorter = compaction.compact(messages, 32_768)
    assert not compaction.needed(shorter, 32_768)
    assert "read_file" in str(shorter[2].text)
    assert shorter[-1] == messages[-1]


def test_a_goal_that_leaves_no_room_is_told_apart_from_a_long_conversation() -> None:
    long_goal = ChatMessage(role="user", text="x" * 20_000)
    talk = [message for index in range(20) for message in turn(index, 1, 2_000)]
    assert compaction.too_long_a_goal([SYSTEM, GOAL, *talk], 8_192) == 0
    assert compaction.too_long_a_goal([SYSTEM, long_goal, *talk], 8_192) > 4_096
    assert compaction.too_long_a_goal([SYSTEM, long_goal, *talk], 32_768) == 0


def test_what_people_said_and_what_was_done_survive_a_second_shortening() -> None:
    told = ChatMessage(role="user", text="The key is under the mat.")
    nudge = ChatMessage(role="user", text=prompt.NUDGE)
    messages: list[ChatMessage] = [SYSTEM, GOAL, *(item for index in range(8) for item in turn(index, 1, 2_000)), nudge, told]
    for index in range(8, 20):
        messages += turn(index, 2, 3_000)
    once = compaction.compact(messages, 8_192)
    assert any("under the mat" in message.text for message in once)
    more = [*once]
    for index in range(20, 32):
        more += turn(index, 2, 3_000)
    twice = compaction.compact(more, 8_192)
    assert any("under the mat" in message.text for message in twice)
    assert sum("Earlier work" in message.text for message in twice) == 1
    assert not any(f"The person said: {compaction.MARK}" in message.text for message in twice)
    assert not any("said: Go on with a tool call" in message.text for message in twice)


def call(name: str = "x", **arguments: object) -> ToolCall:
    return ToolCall(id="", name=name, arguments=dict(arguments))


def test_the_same_call_again_and_again_is_a_loop() -> None:
    guard = RepetitionGuard(3)
    assert [guard.note(call(a=1, b=2)), guard.note(call(b=2, a=1)), guard.note(call(a=1, b=2))] == [False, False, True]
    guard.reset()
    assert not guard.note(call(a=1, b=2))


@pytest.mark.parametrize("cycle", [2, 3])
def test_a_short_cycle_is_a_loop(cycle: int) -> None:
    guard = RepetitionGuard(3)
    noted = [guard.note(call(n=number % cycle)) for number in range(cycle * 3)]
    assert noted == [False] * (cycle * 3 - 1) + [True]


def test_progress_is_no_loop() -> None:
    guard = RepetitionGuard(2)
    assert not any(guard.note(call(n=number)) for number in range(100))


def test_budgets_say_what_was_used_and_are_raised_beyond_it() -> None:
    run = RunRecord(input_tokens=600, output_tokens=500, token_budget=1000, active_s=10, time_budget_s=60)
    assert budget.exceeded(run) == "It has used 1,100 tokens; its budget is 1,000."
    raised = budget.raised(run, 1000, 60)
    assert (raised.token_budget, raised.time_budget_s) == (2100, 60)
    assert budget.exceeded(raised) is None
    slow = RunRecord(active_s=61, time_budget_s=60)
    assert "61 s" in str(budget.exceeded(slow))
    assert budget.raised(slow, 0, 0).time_budget_s == pytest.approx(61.1)
    assert budget.exceeded(RunRecord(input_tokens=10**9)) is None


def test_the_three_verbs_of_an_inbox() -> None:
    inbox = Inbox((("old", "from before"), ("left", "said before", "steer")))
    assert inbox.take_steering() == ("left", "said before", "steer")
    aborted: list[int] = []
    inbox.on_interrupt(lambda: aborted.append(1))
    inbox.put(Said("1", "later", "queue"))
    inbox.put(Said("2", "soon", "steer"))
    assert aborted == []
    assert [said.message_id for said in inbox.pending] == ["2", "old", "1"]
    inbox.expect(Said("3", "now", "interrupt"))
    inbox.put(Said("3", "now", "interrupt"))
    assert (aborted, inbox.interrupted) == ([1], True)
    assert [said.message_id for said in (inbox.take_steering(), inbox.take_steering()) if said] == ["2", "3"]
    assert inbox.take_steering() is None
    assert not inbox.interrupted
    assert [said.message_id for said in (inbox.take_queued(), inbox.take_queued()) if said] == ["old", "1"]
    assert inbox.take_queued() is None
    inbox.on_interrupt(None)
    inbox.expect(Said("4", "x", "interrupt"))
    inbox.on_interrupt(lambda: aborted.append(2))
    assert aborted == [1, 2]


@pytest.mark.feature("AL05")
@pytest.mark.parametrize(
    ("goal", "steps"),
    [
        ("1. Read it\n2. Write it", ("Read it", "Write it")),
        ("- one\n- two\n- three", ("one", "two", "three")),
        ("Read the file. Then write a report!", ("Read the file", "Then write a report!")),
        ("Look and then leave", ("Look", "leave")),
        ("   ", ("Reach the goal",)),
        ("עשה זאת", ("עשה זאת",)),
    ],
)
def test_a_goal_as_steps(goal: str, steps: tuple[str, ...]) -> None:
    assert prompt.plan_steps(goal) == steps


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=2000))
def test_any_goal_has_a_bounded_plan(goal: str) -> None:
    steps = prompt.plan_steps(goal)
    assert 1 <= len(steps) <= prompt.MAX_PLAN_STEPS
    assert all(0 < len(step) <= 300 for step in steps)


async def test_a_closed_gate_holds_until_it_opens() -> None:
    gate = Gate()
    await asyncio.wait_for(gate.passage(), 1)
    gate.close()
    waiting = asyncio.get_running_loop().create_task(gate.passage())
    await asyncio.sleep(0)
    assert gate.closed
    assert not waiting.done()
    gate.open()
    await asyncio.wait_for(waiting, 1)


def test_time_behind_a_closed_gate_is_no_work() -> None:
    now = 100.0
    gate = Gate(lambda: now)
    worked_s = gate.work_time()
    now += 2
    gate.close()
    gate.close()
    now += 50
    assert worked_s() == 2
    gate.open()
    gate.open()
    now += 3
    assert worked_s() == 5
    gate.close()
    now += 1
    later = gate.work_time()
    now += 1
    gate.open()
    now += 0.5
    assert (later(), worked_s()) == (0.5, 5.5)


def test_a_message_leaves_the_stored_ones_alone() -> None:
    stored = (("1", "one", "steer"), ("2", "two", "queue"), ("2", "again", "queue"), ("3", "three"))
    assert without(stored, Said("2", "two", "queue")) == (stored[0], *stored[2:])
    assert without(stored, Said("9", "", "queue")) == stored


def test_a_run_record_of_an_older_version_is_still_read() -> None:
    assert msgspec.json.decode(b'{"step": 3, "unknown": 1}', type=RunRecord).step == 3


def first_words(around: prompt.Surroundings, *, allowed: bool = True, tools: tuple[str, ...] | None = None) -> str:
    """What an agent is told of itself."""
    config = AgentConfig(role="Coder", goal="x", tools=tools)
    info = ProcessInfo(
        pid=1, uid="agent_1", name="Ada", command="x", state="running", cwd="/home/agent_1", created_at=0, network_access=allowed
    )
    return prompt.system_prompt(info, config, around)


def test_an_agent_is_told_of_the_network_that_there_is() -> None:
    assert "You have network access." in first_words(prompt.Surroundings())
    lacking = first_words(prompt.Surroundings(network=False))
    assert "You have network access" not in lacking
    assert "Commands have no network access, since this machine lacks" in lacking and "browse_web can still" in lacking
    assert "browse_web" not in first_words(prompt.Surroundings(network=False), tools=("run_command",))
    assert "Commands have no network access." in first_words(prompt.Surroundings(), allowed=False)


def test_an_agent_that_nothing_confines_is_told_what_it_was_not_given() -> None:
    words = first_words(prompt.Surroundings(confined=False), allowed=False)
    assert "You were not given a GPU: do not use one." in words and "You have no GPU" not in words
    assert "You were not given the network: do not use it." in words
    assert "You see only" not in words and "Work only in your home" in words


def test_an_agent_is_told_of_the_gpus_that_it_may_use() -> None:
    assert "You have no GPU." in first_words(prompt.Surroundings())
    one, two = "NVIDIA H200 (/dev/nvidia0)", "NVIDIA H200 (/dev/nvidia1)"
    assert f"You may use this GPU: {one}." in first_words(prompt.Surroundings(gpus=(one,)))
    assert f"these GPUs: {one}, {two}." in first_words(prompt.Surroundings(gpus=(one, two)))


async def test_what_is_being_recorded_is_given_to_nobody_but_an_interruption_aborts_at_once() -> None:
    inbox, aborted = Inbox(), list[int]()
    inbox.on_interrupt(lambda: aborted.append(1))
    said = Said("1", "now", "interrupt")
    inbox.expect(said)
    settled = asyncio.ensure_future(inbox.settled())
    await asyncio.sleep(0)
    assert (inbox.interrupted, aborted) == (True, [1])
    assert inbox.take_steering() is None
    assert (inbox.pending, settled.done()) == ((said,), False)
    inbox.put(said)
    await settled
    assert (inbox.pending, aborted) == ((said,), [1])
    inbox.expect(Said("2", "after an answer", "interrupt"), abort=False)
    assert (inbox.interrupted, aborted) == (True, [1])
    inbox.withdraw(inbox.pending[-1])
    assert inbox.pending == (said,)
    await inbox.settled()


@pytest.mark.feature("VN01")
def test_a_desktop_is_told_of_with_its_size() -> None:
    assert "graphical" not in first_words(prompt.Surroundings()) and "DISPLAY" not in first_words(prompt.Surroundings())
    words = first_words(prompt.Surroundings(desktop="1280x800"))
    assert "a graphical desktop of 1280x800 pixels: DISPLAY is set" in words and "background" in words
    assert "  " not in words and " You see only your home" in words
