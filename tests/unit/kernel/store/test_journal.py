"""Written before it is shown; read back in pages."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import pytest

from kernel.bus import EventBus
from kernel.errors import StorageError
from kernel.protocol import codec
from kernel.protocol.agent import AgentNotice, AgentThinkingChunk, AgentThought
from kernel.protocol.base import Event, JournalEvent
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.journal import DROP_CHUNKS, RETRY_S, Journal
from tests.fakes.clock import ManualClock


class Rig:
    """A journal on a real file and what it said."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.database = Database(path / "a.db", self.clock)
        self.bus = EventBus(self.clock)
        self.journal = Journal(self.database, self.bus, self.clock)
        self.said: list[Event] = []
        self.bus.on(Event, self.said.append)

    async def fill(self, pid: int, count: int, text: str = "x") -> None:
        await self.journal.record(*(AgentThought(pid=pid, step=1, thought=f"{text}{number}") for number in range(count)))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    await made.database.open()
    await made.journal.open()
    yield made
    await made.database.close()


def thoughts(page: tuple[dict[str, object], ...]) -> list[object]:
    return [event["thought"] for event in page]


async def test_an_event_is_in_the_store_before_anybody_sees_it(rig: Rig) -> None:
    found: list[bool] = []

    def listener(event: JournalEvent) -> None:
        connection = __import__("sqlite3").connect(rig.database._path)
        found.append(connection.execute("SELECT count(*) FROM agent_logs WHERE log_id = ?", (event.log_id,)).fetchone()[0] == 1)
        connection.close()

    rig.bus.on(AgentThought, listener)
    await rig.fill(1, 3)
    assert found == [True, True, True]


async def test_log_ids_rise_and_are_never_used_twice(rig: Rig, tmp_path: Path) -> None:
    await asyncio.gather(*(rig.fill(pid, 10) for pid in range(1, 6)))
    ids = [event.log_id for event in rig.said if isinstance(event, AgentThought)]
    assert len(set(ids)) == 50
    again = Journal(rig.database, rig.bus, rig.clock)
    await again.open()
    await again.record(AgentThought(pid=1, thought="later"))
    assert rig.said[-1].log_id == max(ids) + 1  # type: ignore[attr-defined]  # the thought just recorded


@pytest.mark.feature("ST03")
async def test_pages_from_the_end_before_an_entry_and_from_a_place(rig: Rig) -> None:
    await rig.fill(1, 25)
    await rig.fill(2, 5, "other")
    newest, total, first = await rig.journal.page(1, limit=10)
    assert (thoughts(newest), total, first) == ([f"x{number}" for number in range(15, 25)], 25, 15)
    older, total, first = await rig.journal.page(1, before_log_id=newest[0]["logId"], limit=10)
    assert (thoughts(older), total, first) == ([f"x{number}" for number in range(5, 15)], 25, 5)
    oldest, _, first = await rig.journal.page(1, before_log_id=older[0]["logId"], limit=10)
    assert (len(oldest), first) == (5, 0)
    nothing, _, first = await rig.journal.page(1, before_log_id=oldest[0]["logId"], limit=10)
    assert (nothing, first) == ((), 0)
    middle, total, first = await rig.journal.page(1, index=7, limit=3)
    assert (thoughts(middle), total, first) == (["x7", "x8", "x9"], 25, 7)
    assert await rig.journal.page(1, index=99) == ((), 25, 25)
    assert (await rig.journal.page(1, index=-5, limit=1))[2] == 0
    assert await rig.journal.page(3) == ((), 0, 0)


async def test_a_page_has_about_eight_megabytes_and_one_entry_at_least(rig: Rig) -> None:
    for size in (5_000_000, 5_000_000, 9_000_000, 10):
        await rig.journal.record(AgentThought(pid=1, thought="z" * size))
    sizes = [len(str(event["thought"])) for event in (await rig.journal.page(1))[0]]
    assert sizes == [10]
    assert len((await rig.journal.page(1, index=0))[0]) == 1
    assert len((await rig.journal.page(1, index=2))[0]) == 1


async def test_a_finished_thought_takes_the_place_of_its_pieces(rig: Rig) -> None:
    await rig.journal.record(*(AgentThinkingChunk(pid=1, step=1, kind="text", content=word) for word in "abc"))
    await rig.journal.record(AgentThinkingChunk(pid=2, step=1, kind="text", content="other"))
    await rig.journal.record(AgentThought(pid=1, step=1, thought="abc"), also=(Statement(DROP_CHUNKS, (1, 1)),))
    assert [event["type"] for event in (await rig.journal.page(1))[0]] == ["agent.thought"]
    assert len((await rig.journal.page(2))[0]) == 1


@pytest.mark.expects_records
async def test_while_the_disk_is_full_it_waits_says_so_once_and_loses_nothing(rig: Rig) -> None:
    await rig.fill(1, 1, "before")
    writer = rig.database._writer
    assert writer is not None
    pages = (await rig.database.query("PRAGMA page_count"))[0][0]
    await writer.execute(f"PRAGMA max_page_count={pages}")
    also = Statement("INSERT INTO transcript VALUES (1, 0, 'together')")
    recording = asyncio.get_running_loop().create_task(rig.journal.record(AgentThought(pid=1, thought="w" * 50_000), also=(also,)))
    async with asyncio.timeout(5):
        while not [event for event in rig.said if isinstance(event, AgentNotice)]:
            await asyncio.sleep(0.005)
    for _ in range(3):
        waits = len(rig.clock.slept)
        await rig.clock.advance(RETRY_S)
        async with asyncio.timeout(5):
            while len(rig.clock.slept) == waits:
                await asyncio.sleep(0.005)
    notices = [event for event in rig.said if isinstance(event, AgentNotice)]
    assert len(notices) == 1
    assert "is full" in notices[0].message
    assert "is full" in str(rig.journal.trouble)
    assert "by itself" in notices[0].hint
    assert not recording.done()
    assert len([event for event in rig.said if isinstance(event, AgentThought)]) == 1
    await writer.execute("PRAGMA max_page_count=1000000")
    await rig.clock.advance(RETRY_S)
    await asyncio.wait_for(recording, 5)
    assert rig.journal.trouble is None
    assert [len(str(event["thought"])) for event in (await rig.journal.page(1))[0]] == [len("before0"), 50_000]
    assert (await rig.database.query("SELECT body FROM transcript"))[0][0] == "together"


async def test_which_calls_began(rig: Rig) -> None:
    from kernel.protocol.agent import AgentToolStarted

    await rig.journal.record(AgentToolStarted(pid=1, step=3, call_id="a'b", tool="x"))
    assert await rig.journal.tool_started(1, 3, "a'b")
    assert not await rig.journal.tool_started(1, 3, "other")
    assert not await rig.journal.tool_started(2, 3, "a'b")
    assert not await rig.journal.tool_started(1, 4, "a'b"), "some servers number the calls of each turn anew"


class Refusing:
    """A database that refuses what it is told to refuse, by the thought."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused: dict[str, StorageError] = {}
        self.tried: list[str] = []
        submit = rig.database.submit

        def pick(statements: Sequence[Statement]) -> "asyncio.Future[None]":
            thought = str(json.loads(statements[-1].parameters[-1])["thought"])
            self.tried.append(thought)
            if thought not in self.refused:
                return submit(statements)
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(self.refused[thought])
            return failed

        monkeypatch.setattr(rig.database, "submit", pick)


@pytest.mark.expects_records
@pytest.mark.parametrize(
    "words", ["The database x refused: database disk image is malformed.", "x cannot be written: attempt to write a readonly database."]
)
async def test_what_no_waiting_mends_is_said_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    database = Refusing(rig, monkeypatch)
    database.refused["one"] = StorageError(words)
    with pytest.raises(StorageError, match=r"refused|readonly"):
        await asyncio.wait_for(rig.journal.record(AgentThought(pid=1, step=1, thought="one")), 1)
    assert rig.clock.slept == []
    database.refused.clear()
    await rig.journal.record(AgentThought(pid=1, step=1, thought="one"))


@pytest.mark.expects_records
async def test_what_waits_for_room_is_written_before_what_came_later(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Refusing(rig, monkeypatch)
    database.refused["one"] = StorageError("The disk that holds x is full; nothing can be saved.")
    shown: list[str] = []
    loop = asyncio.get_running_loop()

    def record(word: str) -> "asyncio.Task[None]":
        thought = AgentThought(pid=1, step=1, thought=word)
        return loop.create_task(rig.journal.record(thought, committed=lambda: shown.append(word)))

    first = record("one")
    await asyncio.sleep(0.05)
    others = [record(word) for word in ("two", "three")]
    await asyncio.sleep(0.05)
    assert (database.tried, shown) == (["one"], [])
    database.refused.clear()
    await rig.clock.advance(RETRY_S)
    await asyncio.wait_for(asyncio.gather(first, *others), 5)
    assert shown == ["one", "two", "three"]
    assert rig.clock.slept == [RETRY_S]


@pytest.mark.expects_records
async def test_it_says_whether_anything_waits_for_room(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is held back at any time between the first refusal and the last commit, or until who records gives up."""
    database = Refusing(rig, monkeypatch)
    loop = asyncio.get_running_loop()
    for word in ("one", "two"):
        database.refused[word] = StorageError("The disk that holds x is full; nothing can be saved.")
    await rig.journal.record(AgentThought(pid=2, step=1, thought="zero"))
    assert not rig.journal.holds_back
    thoughts = [AgentThought(pid=1, step=1, thought=word) for word in ("one", "two", "three")]
    first, second, third = (loop.create_task(rig.journal.record(thought)) for thought in thoughts)
    await asyncio.sleep(0.05)
    assert rig.journal.holds_back
    first.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
        assert rig.journal.holds_back
    second.cancel()
    await asyncio.wait_for(third, 5)
    assert not rig.journal.holds_back


@pytest.mark.expects_records
async def test_nothing_gets_between_what_waits_when_its_turn_changes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Refusing(rig, monkeypatch)
    database.refused["one"] = StorageError("The disk that holds x is full; nothing can be saved.")
    loop = asyncio.get_running_loop()
    shown: list[str] = []

    def record(word: str) -> "asyncio.Task[None]":
        thought = AgentThought(pid=1, step=1, thought=word)
        return loop.create_task(rig.journal.record(thought, committed=lambda: shown.append(word)))

    first = record("one")
    await asyncio.sleep(0.05)
    second = record("two")
    await asyncio.sleep(0.05)
    first.cancel()
    late = record("late")  # begins after "one" has given up its turn, before "two" has got it
    await asyncio.wait_for(asyncio.gather(second, late), 5)
    assert shown == ["two", "late"]


class Deciding:
    """A database that says full, damaged or yes when it is told to."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[None]] = []

    def submit(self, statements: object) -> "asyncio.Future[None]":
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]


FULL, DAMAGED = StorageError("The disk is full."), StorageError("The database is malformed.")


@pytest.mark.expects_records
@pytest.mark.parametrize(
    ("answers", "cancelled_after", "decided"),
    [
        ([None], None, "committed"),
        ([FULL, None], None, "committed"),
        ([DAMAGED], None, "refused"),
        ([None], 0, "committed"),
        ([FULL], 0, "refused"),
        ([FULL], 1, "refused"),
    ],
)
async def test_whoever_records_is_told_once_how_it_went_also_where_it_is_cancelled(
    answers: list[StorageError | None], cancelled_after: int | None, decided: str
) -> None:
    """Cancelled while its commit is under way (0 answers), or while it waits for room (1)."""
    database, clock, told = Deciding(), ManualClock(), list[str]()
    journal = Journal(database, EventBus(clock), clock)  # type: ignore[arg-type]  # as much of a database as is used
    work = asyncio.ensure_future(
        journal.record(AgentThought(pid=1, thought="x"), committed=lambda: told.append("committed"), refused=lambda: told.append("refused"))
    )

    async def turns() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    await turns()
    for number, answer in enumerate([*answers, None]):
        if number == cancelled_after:
            work.cancel()
            await turns()
            assert told == ([] if number == 0 else ["refused"]), "nothing is said before it is decided"
        if number == len(answers):
            break
        if answer is None:
            database.asked[number].set_result(None)
        else:
            database.asked[number].set_exception(answer)
        await turns()
        if cancelled_after is None:
            await clock.advance(RETRY_S)
            await turns()
    await asyncio.gather(work, return_exceptions=True)
    assert told == [decided]


@pytest.mark.feature("ST03")
async def test_words_that_stream_are_one_event_where_they_began_and_no_entry(rig: Rig) -> None:
    def chunk(content: str, kind: Literal["text", "reasoning"] = "text", step: int = 2) -> AgentThinkingChunk:
        return AgentThinkingChunk(pid=1, step=step, kind=kind, content=content)

    await rig.fill(1, 3)
    await rig.journal.record(chunk("so: ", "reasoning"), *(chunk(str(number)) for number in range(200)))
    await rig.fill(1, 1, "said meanwhile ")
    await rig.journal.record(chunk("!"), AgentThinkingChunk(pid=2, step=1, kind="text", content="another's"))
    for page, total, first in (await rig.journal.page(1, limit=3), await rig.journal.page(1, index=1, limit=3)):
        assert (total, first) == (4, 1)
        assert [event["type"].removeprefix("agent.") for event in page] == ["thought"] * 2 + ["thinkingChunk"] * 2 + ["thought"]
        assert [page[2]["content"], page[3]["content"]] == ["so: ", "".join(map(str, range(200))) + "!"]
        assert [event["logId"] for event in page[3:]] == [206, 205]
        assert isinstance(codec.event_from_builtins(page[3]), AgentThinkingChunk)
    older, total, first = await rig.journal.page(1, before_log_id=206, limit=2)
    assert (thoughts(older), total, first) == (["x2", "said meanwhile 0"], 4, 2)
    assert thoughts((await rig.journal.page(1, index=0, limit=2))[0]) == ["x0", "x1"]
