"""Sessions: shared by their viewers, typed into in order, repainted no more often than worth it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from aether_desktop.stores.terminal_schedule import TerminalSchedule
from aether_desktop.stores.terminals import INPUT_PIECE_CHARS, SYNCHRONIZED_S, TerminalStore
from kernel.errors import InvalidArgumentError, LimitReachedError
from kernel.protocol.base import Empty
from kernel.protocol.tty import TtyInput, TtyResize
from kernel.term.events import Bell, TitleChanged
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("TT07")]


@pytest.fixture
def store(client: FakeKernelClient) -> Iterator[TerminalStore]:
    parent = QObject()
    yield TerminalStore(client, TerminalSchedule(parent), parent)
    parent.deleteLater()


@pytest.fixture
def client() -> FakeKernelClient:
    return FakeKernelClient()


async def test_viewers_share_a_session_and_the_last_one_ends_it(client: FakeKernelClient, store: TerminalStore) -> None:
    first, second = store.open("t"), store.open("t")
    assert first is second
    feed = client.terminals["t"]
    first.release()
    assert not feed.closed
    second.release()
    assert feed.closed
    assert store.open("t") is not first


async def test_output_is_parsed_and_events_are_told(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    told: list[object] = []
    shown: list[str] = []
    session.told.connect(told.append)
    session.changed.connect(lambda: shown.append(session.terminal.display[0].rstrip()))
    client.terminals["t"].feed(b"hello\x07\x1b]2;title\x07")
    await wait_until(lambda: shown[-1:] == ["hello"])
    assert told == [Bell(), TitleChanged("title")]


async def test_a_flood_is_shown_some_of_the_time_and_its_end_always(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    shown: list[str] = []
    session.changed.connect(lambda: shown.append(session.terminal.display[28].rstrip()))
    client.terminals["t"].feed(b"".join(b"line %d\r\n" % n for n in range(200_000)))
    await wait_until(lambda: shown[-1:] == ["line 199999"])
    assert len(shown) < 60


async def test_synchronized_output_is_held_but_not_for_ever(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    shown: list[str] = []
    session.changed.connect(lambda: shown.append(session.terminal.display[0].rstrip()))
    client.terminals["t"].feed(b"\x1b[?2026hhalf")
    await wait_until(lambda: session.terminal.display[0].startswith("half"))
    assert shown == []
    await wait_until(lambda: shown == ["half"])
    client.terminals["t"].feed(b"\x1b[?2026l\x1b[?2026h\rwhole\x1b[?2026l")
    await wait_until(lambda: shown[-1] == "whole")
    assert SYNCHRONIZED_S < 0.3


async def test_what_is_typed_goes_out_in_order_and_waits_for_a_deaf_program(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    got: list[str] = []
    refusals = 2

    def take(command: TtyInput) -> Empty:
        nonlocal refusals
        if len(got) == 1 and refusals:
            refusals -= 1
            raise LimitReachedError("full")
        got.append(command.data)
        return Empty()

    client.answer(TtyInput, take)
    long = "x" * (INPUT_PIECE_CHARS + 5)
    for text in ("a", "b", long, "é日"):
        session.write(text.encode())
    await wait_until(lambda: "".join(got) == "ab" + long + "é日")
    assert max(map(len, got)) == INPUT_PIECE_CHARS


async def test_the_size_reaches_screen_and_program_and_a_programs_wish_is_undone(
    client: FakeKernelClient, store: TerminalStore
) -> None:
    session = store.open("t")
    session.resize(90, 20, tell=True)
    session.resize(90, 20, tell=True)
    await wait_until(lambda: any(isinstance(command, TtyResize) for command in client.commands))
    assert [(c.cols, c.rows) for c in client.commands if isinstance(c, TtyResize)] == [(90, 20)]
    client.terminals["t"].feed(b"\x1b[8;10;40t")
    await wait_until(lambda: session.terminal.columns == 40)
    session.restore_size()
    assert (session.terminal.columns, session.terminal.lines) == (90, 20)


PROMPT = b"\x1b]133;A\x07$ \x1b]133;B\x07"


def told_sizes(client: FakeKernelClient) -> list[int]:
    """The widths that the program was told of."""
    return [command.cols for command in client.commands if isinstance(command, TtyResize)]


@pytest.mark.feature("TT02")
async def test_at_a_prompt_sizes_come_one_after_the_other_and_typing_waits_for_none(
    client: FakeKernelClient, store: TerminalStore
) -> None:
    session = store.open("t")
    feed = client.terminals["t"]
    feed.feed(PROMPT)
    session.resize(90, 20, tell=True)
    assert session.terminal.columns == 90
    seen: list[int] = []
    session.resized.connect(lambda: seen.append(session.terminal.columns))
    for columns in (70, 50, 40):
        session.resize(columns, 20, tell=True)
    session.write(b"x")
    await wait_until(lambda: any(isinstance(command, TtyInput) for command in client.commands))
    assert session.terminal.columns == 90 and session._sizes.pending
    feed.feed(b"\r\x1b[K" + PROMPT + b"x")
    await wait_until(lambda: session.terminal.columns != 90)
    assert session.terminal.columns == 40 and session.terminal.display[0].rstrip() == "$ x"
    await wait_until(lambda: told_sizes(client)[1:] == [40])
    assert told_sizes(client) == [90, 40] and seen == [40]


async def test_without_a_prompt_every_size_is_applied_at_once(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    client.terminals["t"].feed(PROMPT + b"cat\r\n\x1b]133;C\x07")
    for columns in (90, 70, 50):
        session.resize(columns, 20, tell=True)
        assert session.terminal.columns == columns
    await wait_until(lambda: told_sizes(client) == [90, 70, 50])


async def test_what_was_drawn_for_the_size_before_is_parsed_before_the_next_one(
    client: FakeKernelClient, store: TerminalStore
) -> None:
    session = store.open("t")
    session.resize(20, 20, tell=True)
    shown: list[str] = []
    session.changed.connect(lambda: shown.append(session.terminal.display[0].rstrip()))
    client.terminals["t"].feed(b"\x1b[1;15Htext")
    session.resize(10, 20, tell=True)
    assert [line.rstrip() for line in session.terminal.display[:2]] == ["", "    text"]
    await wait_until(lambda: bool(shown))


async def test_a_shell_that_shows_its_prompt_when_its_screen_arrives_is_waited_for(
    client: FakeKernelClient, store: TerminalStore
) -> None:
    session = store.open("t")
    feed = client.terminals["t"]
    screen, feed.terminal = feed.terminal, None  # type: ignore[assignment] # as a real one before the kernel has answered
    screen.feed(PROMPT)
    session.resize(90, 20, tell=True)
    feed.terminal = screen
    session._on_readable()
    assert session.terminal.columns == 90
    session.resize(70, 20, tell=True)
    assert session.terminal.columns == 90
    feed.feed(PROMPT)
    await wait_until(lambda: told_sizes(client) == [90, 70])


async def test_a_shell_that_never_answers_gets_the_last_size_all_the_same(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    client.terminals["t"].feed(PROMPT)
    for columns in (90, 70, 50):
        session.resize(columns, 20, tell=True)
    await wait_until(lambda: told_sizes(client) == [90, 50])
    assert session.terminal.columns == 50


async def test_a_session_that_ends_leaves_no_size_behind(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    client.terminals["t"].feed(PROMPT)
    for columns in (90, 70):
        session.resize(columns, 20, tell=True)
    session.release()
    assert not session._stepping.isActive()
    await asyncio.sleep(0)
    QApplication.processEvents()
    assert told_sizes(client)[1:] == []


async def test_the_end_comes_after_the_last_output(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    finished: list[str] = []
    session.finished.connect(lambda: finished.append(session.terminal.display[0].rstrip()))
    feed = client.terminals["t"]
    feed.ended = True
    feed.feed(b"last words")
    await wait_until(lambda: finished == ["last words"])
    assert session.ended


async def test_mouse_reports_that_are_no_text_arrive_as_their_bytes(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    session.write(b"\x1b[M \x99&")
    await wait_until(lambda: any(isinstance(command, TtyInput) for command in client.commands))
    (sent,) = [command for command in client.commands if isinstance(command, TtyInput)]
    assert sent.base64
    assert base64.b64decode(sent.data) == b"\x1b[M \x99&"


@pytest.mark.expects_records
async def test_a_refused_piece_takes_no_other_with_it(
    client: FakeKernelClient, store: TerminalStore, caplog: pytest.LogCaptureFixture
) -> None:
    session = store.open("t")
    got: list[str] = []

    def take(command: TtyInput) -> Empty:
        if command.base64:
            raise InvalidArgumentError("not this")
        got.append(command.data)
        return Empty()

    client.answer(TtyInput, take)
    for data in (b"a", b"\xff", b"b"):
        session.write(data)
    await wait_until(lambda: "".join(got) == "ab")
    assert "refused" in caplog.text


async def test_an_interrupt_overtakes_a_paste_that_the_program_does_not_read(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    got: list[str] = []
    refused: list[str] = []

    def take(command: TtyInput) -> Empty:
        if got and "\x03" not in command.data:
            refused.append(command.data)
            raise LimitReachedError("full")
        got.append(command.data)
        return Empty()

    client.answer(TtyInput, take)
    session.write(b"\x1b[200~")
    await wait_until(lambda: bool(got))
    session.write(b"x" * (3 * INPUT_PIECE_CHARS))
    session.write(b"\x1b[201~")
    await wait_until(lambda: bool(refused))
    session.write(b"\x03")
    session.write(b"ls")
    await wait_until(lambda: len(got) == 2)
    assert got[1] == "\x03\x1b[201~ls"


async def test_an_interrupt_does_not_overtake_keys_that_are_on_their_way(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    got: list[str] = []

    def take(command: TtyInput) -> Empty:
        got.append(command.data)
        return Empty()

    client.answer(TtyInput, take)
    for data in (b"a", b"b", b"c", b"\x03", b"d"):
        session.write(data)
    await wait_until(lambda: "".join(got) == "abc\x03d")


async def test_who_looks_is_told_when_the_screen_is_the_real_one(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    arrived: list[int] = []
    session.arrived.connect(lambda: arrived.append(session.terminal.columns))
    client.terminals["t"].feed(b"x")
    client.terminals["t"].feed(b"y")
    await wait_until(lambda: session.terminal.display[0].startswith("xy"))
    assert len(arrived) == 1


async def test_a_view_that_tells_nobody_takes_back_no_size_that_another_tells_of(client: FakeKernelClient, store: TerminalStore) -> None:
    session = store.open("t")
    client.terminals["t"].feed(PROMPT)
    session.resize(90, 20, tell=True)
    session.resize(70, 20, tell=True)
    session.resize(70, 20, tell=False)
    await wait_until(lambda: told_sizes(client) == [90, 70])
    assert session.terminal.columns == 70
