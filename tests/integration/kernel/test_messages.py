"""Messages between processes: queues, limits, and what survives."""

import asyncio
import sqlite3
from typing import Any

import msgspec
import pytest

from aether_desktop.stores.reducers.timeline import Timeline
from kernel.agents.inbox import Said
from kernel.errors import (
    ConflictError,
    DiskFullError,
    LimitReachedError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
)
from kernel.principal import LOCAL_USER, Principal
from kernel.protocol import agent, process, system
from kernel.protocol.base import JournalEvent, ProcessEvent
from kernel.protocol.records import AgentConfig
from kernel.protocol.unions import COMMANDS
from kernel.providers.base import ChatMessage
from kernel.store import journal
from kernel.store.connection import Statement
from kernel.store.database import Database
from tests.fakes.scripts import call, turn, write_script
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))
WAITING = turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done"))


def send(to_pid: int, payload: object = "x", from_pid: int = 0) -> system.IpcSend:
    return system.IpcSend(from_pid=from_pid, to_pid=to_pid, channel="c", payload=payload)


@pytest.mark.feature("PR12", "PR13")
async def test_a_queue_keeps_the_newest_hundred_in_order(bench: Bench) -> None:
    pid = await bench.deploy(WAITING, turn("", call("check_messages")), DONE)
    for number in range(105):
        await bench.execute(send(pid, {"n": number}))
    (bench.home(pid) / "go").touch()
    await bench.ended(pid)
    delivered = [event.message_id for event in bench.of(pid, system.IpcDelivered)]
    sent = [event.message for event in bench.of(pid, system.IpcMessageSent)]
    assert len(sent) == 105
    assert delivered == [message.id for message in sent[5:]]
    observation = bench.of(pid, agent.AgentObservation)[1]
    assert observation.result.startswith('from 0 (c): {"n":5}')
    assert observation.result.endswith('from 0 (c): {"n":104}')
    assert sent[0].from_uid == "kernel"


@pytest.mark.feature("PR13")
async def test_a_message_has_at_most_a_megabyte(bench: Bench) -> None:
    pid = await bench.deploy(WAITING)
    await bench.execute(send(pid, "x" * 999_998))
    with pytest.raises(LimitReachedError, match="1,000,001 bytes"):
        await bench.execute(send(pid, "x" * 999_999))
    page = await bench.execute(system.HistoryLogs(pid=pid))
    assert len([event for event in page.events if event["type"] == "ipc.message"]) == 1


async def test_a_flooded_history_is_given_in_bounded_pages(bench: Bench) -> None:
    pid = await bench.deploy(WAITING)
    for number in range(20):
        await bench.execute(send(pid, f"{number:02d}" + "x" * 900_000))
    seen: list[str] = []
    page = await bench.execute(system.HistoryLogs(pid=pid, limit=10_000))
    assert sum(len(str(event)) for event in page.events) < 9_000_000
    assert page.first_index == page.total - len(page.events)
    index = 0
    while index < page.total:
        part = await bench.execute(system.HistoryLogs(pid=pid, index=index, limit=10_000))
        seen += [event["message"]["payload"][:2] for event in part.events if event["type"] == "ipc.message"]
        assert part.events
        index += len(part.events)
    assert seen == [f"{number:02d}" for number in range(20)]


@pytest.mark.feature("PR12")
async def test_what_waits_survives_the_kernel(make_bench: MakeBench) -> None:
    first = await make_bench()
    pid = await first.deploy(WAITING, turn("", call("check_messages")), DONE)
    await first.execute(send(pid, "before the restart"))
    await first.kernel.stop()
    second = await make_bench()
    (second.home(pid) / "go").touch()
    await second.execute(process.ProcessResume(pid=pid))
    await second.ended(pid)
    texts = [event.result for event in second.of(pid, agent.AgentObservation)]
    assert any("before the restart" in text for text in texts)
    await second.kernel.stop()


@pytest.mark.feature("AL09", "PR06")
async def test_what_was_said_to_an_interrupted_agent_keeps_its_place(make_bench: MakeBench) -> None:
    """Signals too; what steers is given before the next step, what was queued when the work is done."""
    first = await make_bench()
    pid = await first.deploy(WAITING, turn("", call("think", thought="at work")), DONE, DONE)
    await first.wait(agent.AgentToolStarted, pid)
    await first.execute(process.ProcessSignal(pid=pid, signal="SIGUSR1"))
    await first.execute(process.ProcessSend(id="later", pid=pid, text="later", mode="queue"))
    await first.kernel.stop()
    second = await make_bench()
    await second.execute(process.ProcessSignal(pid=pid, signal="SIGUSR2"))
    await second.execute(process.ProcessSend(id="soon", pid=pid, text="soon", mode="steer"))
    await second.execute(process.ProcessResume(pid=pid))
    assert (await second.ended(pid)).code == 0
    told = [event for event in second.of(pid, agent.AgentUserMessage) if event.delivered]
    assert [event.mode for event in told] == ["steer", "steer", "steer", "queue"]
    assert ["SIGUSR1" in told[0].text, "SIGUSR2" in told[1].text, told[2].text, told[3].text] == [True, True, "soon", "later"]
    await second.kernel.stop()


@pytest.mark.feature("AL09")
async def test_a_message_is_kept_until_its_own_delivery(bench: Bench) -> None:
    """The commit of the first of two leaves the second where a kill cannot take it."""
    pid = await bench.deploy(WAITING, DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    for name in ("one", "two"):
        await bench.execute(process.ProcessSend(id=name, pid=pid, text=name, mode="steer"))
    rows: list[str] = []

    def look(event: agent.AgentUserMessage) -> None:
        if event.delivered:
            database = sqlite3.connect(bench.root / "var/kernel/aether.db")
            (row,) = database.execute("SELECT json_extract(run, '$.queued') FROM processes WHERE pid = ?", (pid,))
            rows.append(row[0])
            database.close()

    bench.kernel.bus.on(agent.AgentUserMessage, look)
    (bench.home(pid) / "go").touch()
    await bench.ended(pid)
    assert rows == ['[["two","two","steer"]]', "[]"]


async def test_nobody_is_told_what_no_one_would_read(bench: Bench) -> None:
    pid = await bench.deploy(DONE)
    await bench.ended(pid)
    with pytest.raises(NotFoundError, match="no living process"):
        await bench.execute(send(pid))
    with pytest.raises(Exception, match="has ended"):
        await bench.execute(process.ProcessSend(pid=pid, text="hello?"))


class Sender:
    """Sends a message at every event of a run, and keeps what became of each."""

    def __init__(self, bench: Bench, make: Any) -> None:
        self.accepted: list[int] = []
        self.refused: list[str] = []
        self._bench, self._make, self._count = bench, make, 0
        self._tasks: list[asyncio.Task[None]] = []

    def on_event(self, event: ProcessEvent) -> None:
        if not isinstance(event, agent.AgentUserMessage | system.IpcMessageSent) and self._count < 40:
            self._count += 1
            self._tasks.append(asyncio.get_running_loop().create_task(self._send(event.pid, self._count)))

    async def _send(self, pid: int, number: int) -> None:
        try:
            await self._bench.execute(self._make(pid, number))
        except (ConflictError, NotFoundError) as error:
            self.refused.append(error.message)
        else:
            self.accepted.append(number)

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)


@pytest.mark.feature("AL09", "PR12")
@pytest.mark.parametrize("mode", ["queue", "steer", "interrupt"])
async def test_whatever_a_person_says_is_heard_or_refused(bench: Bench, mode: str) -> None:
    """Whenever it is said: also between the last turn and the exit."""
    sender = Sender(bench, lambda pid, number: process.ProcessSend(id=f"m{number}", pid=pid, text=f"word {number}", mode=mode))
    bench.kernel.bus.on(ProcessEvent, sender.on_event)
    pid = await bench.deploy(turn("", call("think", thought="x")), DONE, script={"at_end": "complete"}, max_steps=500)
    assert (await bench.ended(pid)).code == 0
    await sender.settle()
    heard = {event.message_id for event in bench.of(pid, agent.AgentUserMessage) if event.delivered}
    assert heard == {f"m{number}" for number in sender.accepted}
    assert sender.accepted
    assert all("end" in message for message in sender.refused)


@pytest.mark.feature("AL09")
async def test_who_speaks_to_an_agent_that_is_ending_is_told_so(bench: Bench) -> None:
    answers: list[asyncio.Task[Any]] = []

    def on_completed(event: agent.AgentCompleted) -> None:
        for command in (process.ProcessSend(pid=event.pid, text="wait!"), send(event.pid)):
            answers.append(asyncio.get_running_loop().create_task(bench.execute(command)))

    bench.kernel.bus.on(agent.AgentCompleted, on_completed)
    pid = await bench.deploy(DONE)
    await bench.ended(pid)
    for error in await asyncio.gather(*answers, return_exceptions=True):
        assert isinstance(error, ConflictError)
        assert "is ending" in error.message
    assert not bench.of(pid, agent.AgentUserMessage, system.IpcMessageSent)


@pytest.mark.feature("PR12", "TL10")
async def test_an_agent_with_unread_messages_takes_one_more_turn(bench: Bench) -> None:
    reads = await bench.deploy(WAITING, DONE, turn("", call("check_messages")), DONE)
    ignores = await bench.deploy(WAITING, DONE, DONE)
    cannot = await bench.deploy(WAITING, DONE, tools=("run_command",))
    for pid in (reads, ignores, cannot):
        await bench.execute(send(pid, "the figures are wrong"))
        (bench.home(pid) / "go").touch()
        assert (await bench.ended(pid)).code == 0
    assert len(bench.of(reads, system.IpcDelivered)) == 1
    assert any("the figures are wrong" in event.result for event in bench.of(reads, agent.AgentObservation))
    assert [len(bench.of(pid, agent.AgentStepStarted)) for pid in (reads, ignores, cannot)] == [4, 3, 2]
    assert "1 unread message" in bench.of(ignores, agent.AgentNotice)[0].message


async def test_what_came_too_late_because_of_a_limit_is_said(bench: Bench) -> None:
    pid = await bench.deploy(WAITING, DONE, max_steps=1)
    await bench.wait(agent.AgentToolStarted, pid)
    await bench.execute(process.ProcessSend(pid=pid, text="go on", mode="queue"))
    (bench.home(pid) / "go").touch()
    await bench.ended(pid)
    assert [event.delivered for event in bench.of(pid, agent.AgentUserMessage)] == [False]
    assert any("did not read any more" in notice.message for notice in bench.of(pid, agent.AgentNotice))


@pytest.mark.feature("TL10")
async def test_an_interrupted_look_at_the_messages_loses_none(bench: Bench) -> None:
    """The interruption comes at each of the moments of the call."""
    for moment in (agent.AgentAction, agent.AgentToolStarted, system.IpcDelivered):
        pid = await bench.deploy(
            WAITING, turn("", call("check_messages")), turn("", call("check_messages")), turn("", call("check_messages")), DONE
        )
        await bench.execute(send(pid, "keep me"))
        run = bench.supervisor_run(pid)

        sent: list[Any] = []

        def interrupt(event: Any, run: Any = run, pid: int = pid, sent: list[Any] = sent) -> None:
            if event.pid == pid and getattr(event, "tool", "check_messages") == "check_messages":
                if not sent:
                    run.inbox.put(Said("now", "look here", "interrupt"))
                sent.append(event)

        bench.kernel.bus.on(moment, interrupt)
        (bench.home(pid) / "go").touch()
        assert (await bench.ended(pid)).code == 0
        observed = [event.result for event in bench.of(pid, agent.AgentObservation) if event.tool == "check_messages"]
        assert sum("keep me" in text for text in observed) == 1, moment
        assert len(bench.of(pid, system.IpcDelivered)) == 1
        page = await bench.execute(system.HistoryLogs(pid=pid))
        shown = [event.log_id for event in bench.events if getattr(event, "pid", 0) == pid and getattr(event, "log_id", 0)]
        assert {event["logId"] for event in page.events} <= set(shown), "what is in the journal was shown, too"


async def test_users_neither_see_nor_reach_each_others_agents(make_bench: MakeBench) -> None:
    bench = await make_bench()
    alice, bob = Principal("alice"), Principal("bob")
    model = write_script(bench.scripts, turn("", call("run_command", command="sleep 60")), name="sleeper")
    spawn = process.ProcessSpawn(config=AgentConfig(role="Coder", goal="x", model=model))
    execute = bench.kernel.execute
    queue = bench.kernel.subscribe(bob)
    hers = (await execute(spawn, alice)).pid
    await bench.wait(process.ProcessStateChanged, hers)
    assert not [event for event in queue.take()[0] if isinstance(event, ProcessEvent)]
    his = (await execute(spawn, bob)).pid
    assert [info.pid for info in (await execute(process.ProcessList(), bob)).processes] == [his]
    assert len((await execute(process.ProcessList(), LOCAL_USER)).processes) == 2
    assert [card.pid for card in (await execute(system.IpcListAgents(), bob)).agents] == [his]
    assert [info.pid for info in (await execute(system.HistoryProcesses(), bob)).processes] == [his]
    refused = (
        process.ProcessSignal(pid=hers, signal="SIGKILL"),
        process.ProcessInfoGet(pid=hers),
        process.ProcessSend(pid=hers, text="x"),
        process.ProcessApprove(pid=hers),
        process.ProcessReject(pid=hers),
        process.ProcessResume(pid=hers),
        system.HistoryLogs(pid=hers),
        send(his, from_pid=hers),
        send(his, from_pid=0),
        send(hers, from_pid=his),
        system.SettingsGet(),
        system.SettingsSet(name="agents.max_steps", value=1),
        system.LlmExchanges(),
        system.KernelShutdown(),
    )
    for command in refused:
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            await execute(command, bob)
    await bench.kernel.stop()


async def test_every_command_has_a_handler(make_bench: MakeBench) -> None:
    bench = await make_bench()
    assert bench.kernel._router.commands == frozenset(COMMANDS)
    await bench.kernel.stop()


class Refusing:
    """A database that refuses the groups that would write a word into a log or a queue."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
        self._submit, self._word = Database.submit, word
        monkeypatch.setattr(Database, "submit", lambda database, statements: self._decide(database, tuple(statements)))

    def _decide(self, database: Database, statements: tuple[Statement, ...]) -> "asyncio.Future[None]":
        if not any(self._word in str(statement.parameters) and "processes" not in statement.sql for statement in statements):
            return self._submit(database, statements)
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.02, refused.set_exception, StorageError("The database is damaged."))
        return refused


@pytest.mark.expects_records
@pytest.mark.feature("AL09", "PR12")
@pytest.mark.parametrize("mode", ["queue", "steer", "interrupt"])
async def test_what_cannot_be_recorded_reaches_no_agent(bench: Bench, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """Neither a person's word nor another agent's, and whoever said it is told. The running call goes on, unless it was to be aborted."""
    command = "while [ ! -e go ]; do sleep 0.02; done; echo was not aborted"
    pid = await bench.deploy(turn("", call("run_command", command=command)), turn("", call("check_messages")), DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    Refusing(monkeypatch, "unspeakable")
    for lost in (process.ProcessSend(id="m", pid=pid, text="unspeakable", mode=mode), send(pid, "unspeakable")):
        with pytest.raises(StorageError):
            await bench.execute(lost)
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    results = [event.result for event in bench.of(pid, agent.AgentObservation)]
    assert ("Aborted by the person" if mode == "interrupt" else "was not aborted") in results[0]
    assert results[1] == "No messages."
    assert not bench.of(pid, agent.AgentUserMessage, system.IpcMessageSent)
    assert not [notice for notice in bench.of(pid, agent.AgentNotice) if "did not read" in notice.message]
    with sqlite3.connect(bench.root / "var/kernel/aether.db") as database:
        rows = database.execute("SELECT * FROM processes WHERE pid = ?", (pid,)).fetchall()
    assert rows and "unspeakable" not in str(rows), "nor would it be given after a restart"


@pytest.mark.feature("AL09")
async def test_an_agent_does_not_end_while_a_word_to_it_is_being_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given after its commit, however long that takes."""
    held: list[asyncio.Future[None]] = []
    submit = Database.submit

    def slowly(database: Database, statements: Any) -> "asyncio.Future[None]":
        group = tuple(statements)
        if not any("slow word" in str(statement.parameters) for statement in group) or held:
            return submit(database, group)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held.append(answer)
        asyncio.get_running_loop().call_later(
            0.3, lambda: submit(database, group).add_done_callback(lambda done: answer.set_result(None))
        )
        return answer

    pid = await bench.deploy(WAITING, DONE, DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    monkeypatch.setattr(Database, "submit", slowly)
    saying = asyncio.ensure_future(bench.execute(process.ProcessSend(id="s", pid=pid, text="slow word", mode="queue")))
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    await saying
    said = [event.delivered for event in bench.of(pid, agent.AgentUserMessage)]
    assert said == [False, True], "recorded and shown first, then given"


@pytest.mark.feature("AL09")
async def test_an_interruption_aborts_before_its_text_is_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the disk is full: what runs ends at once, and the model is told why once that is in the store."""
    room = asyncio.Event()
    submit = Database.submit

    def held(database: Database, statements: Any) -> "asyncio.Future[None]":
        group = tuple(statements)
        if room.is_set() or not any("leave that" in str(statement.parameters) for statement in group):
            return submit(database, group)

        async def later() -> None:
            await room.wait()
            await submit(database, group)

        return asyncio.ensure_future(later())

    pid = await bench.deploy(WAITING, DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    monkeypatch.setattr(Database, "submit", held)
    saying = asyncio.ensure_future(bench.execute(process.ProcessSend(id="s", pid=pid, text="leave that", mode="interrupt")))
    aborted = await bench.wait(agent.AgentObservation, pid)
    assert aborted.result == "Aborted by the person while it ran."
    assert not bench.of(pid, agent.AgentUserMessage)
    room.set()
    await saying
    assert (await bench.ended(pid)).code == 0
    assert [event.delivered for event in bench.of(pid, agent.AgentUserMessage)] == [False, True]
    assert len(bench.of(pid, agent.AgentStepStarted)) == 2, "the model was asked with it"


@pytest.mark.feature("EV10")
async def test_what_was_said_to_a_run_that_was_ended_before_its_next_step_shows_as_not_delivered(bench: Bench) -> None:
    pid = await bench.deploy(WAITING, DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    await bench.execute(process.ProcessSend(pid=pid, text="look left", mode="steer"))
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM"))
    await bench.ended(pid)
    timeline = Timeline()
    for event in bench.of(pid, JournalEvent):
        timeline.apply(event)
    (said,) = [row for row in timeline.rows if row.kind == "user"]
    assert (said.text, said.title) == ("look left", "You said · not delivered, its run ended first")
    assert not said.running and not said.ok


@pytest.mark.feature("AL09")
async def test_what_the_model_had_said_when_it_was_interrupted_stays_as_a_thought(bench: Bench) -> None:
    words = "A long thought that goes on. " * 20
    slow = turn(words, delay_s=0.02, chunk_chars=5)
    pid = await bench.deploy(slow, DONE)
    await bench.wait(agent.AgentThinkingChunk, pid)
    await bench.execute(process.ProcessSend(id="s", pid=pid, text="leave that", mode="interrupt"))
    assert (await bench.ended(pid)).code == 0
    shown = "".join(chunk.content for chunk in bench.of(pid, agent.AgentThinkingChunk) if chunk.step == 1)
    page = await bench.execute(system.HistoryLogs(pid=pid))
    thoughts = [event["thought"] for event in page.events if event["type"] == "agent.thought"]
    assert shown and thoughts[0].startswith(shown) and len(thoughts[0]) < len(words)
    assert thoughts[1:] == [words, "Done."]
    assert page.total == len(page.events), "no words are left beside their thought"
    timeline = Timeline()
    for event in [event for event in bench.events if isinstance(event, JournalEvent)]:
        timeline.apply(event)
    assert [row.running for row in timeline.rows if row.kind == "thought"] == [False] * 3


@pytest.mark.feature("AL09")
async def test_an_interruption_while_the_thought_is_written_writes_it_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, begun = Database.submit, asyncio.Event()

    def slowly(database: Database, statements: Any) -> "asyncio.Future[None]":
        group = tuple(statements)
        written = submit(database, group)
        if begun.is_set() or not any("agent.thought" in str(statement.parameters) for statement in group):
            return written
        begun.set()
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.3, lambda: written.add_done_callback(lambda done: answer.set_result(None)))
        return answer

    monkeypatch.setattr(Database, "submit", slowly)
    pid = await bench.deploy(turn("I will look at it.", call("run_command", command="true")), DONE)
    await asyncio.wait_for(begun.wait(), 20)
    await bench.execute(process.ProcessSend(id="s", pid=pid, text="leave that", mode="interrupt"))
    assert (await bench.ended(pid)).code == 0
    page = await bench.execute(system.HistoryLogs(pid=pid))
    assert [event["thought"] for event in page.events if event["type"] == "agent.thought"].count("I will look at it.") == 1


@pytest.mark.expects_records
@pytest.mark.feature("AL09")
@pytest.mark.parametrize("held_back", ["agent.thought", "agent.observation"])
async def test_an_interruption_while_the_disk_is_full_loses_neither_thought_nor_result(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, held_back: str
) -> None:
    """What waits for room when the person interrupts is written when there is some, and the conversation has an answer to each call."""
    submit, begun, full = Database.submit, asyncio.Event(), True

    def submit_unless_full(database: Database, statements: Any) -> "asyncio.Future[None]":
        group = tuple(statements)
        if any(held_back in str(statement.parameters) for statement in group):
            begun.set()
        if not (begun.is_set() and full):
            return submit(database, group)
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refused.set_exception(DiskFullError("The disk is full.", "Free some space."))
        return refused

    monkeypatch.setattr(Database, "submit", submit_unless_full)
    monkeypatch.setattr(journal, "RETRY_S", 0.05)
    pid = await bench.deploy(turn("I will look at it.", call("run_command", command="true")), DONE)
    await asyncio.wait_for(begun.wait(), 20)
    saying = asyncio.ensure_future(bench.execute(process.ProcessSend(id="s", pid=pid, text="leave that", mode="interrupt")))
    await asyncio.sleep(0.3)
    full = False
    await saying
    assert (await bench.ended(pid)).code == 0
    page = await bench.execute(system.HistoryLogs(pid=pid))
    assert [event["thought"] for event in page.events if event["type"] == "agent.thought"].count("I will look at it.") == 1
    assert next(event["callId"] for event in page.events if event["type"] == "agent.observation")
    with sqlite3.connect(bench.root / "var/kernel/aether.db") as database:
        rows = database.execute("SELECT body FROM transcript WHERE pid = ? ORDER BY position", (pid,)).fetchall()
    messages = [msgspec.json.decode(row[0], type=ChatMessage) for row in rows]
    calls = [each.id for message in messages for each in message.tool_calls]
    answers = [message.tool_call_id for message in messages if message.role == "tool"]
    assert len(calls) == len(answers) == len(set(answers)) and sorted(calls) == sorted(answers)
