"""A slice takes its time, whatever a program prints; what costs little goes in large pieces again."""

from __future__ import annotations

import time

import pytest

from kernel.term import Terminal
from kernel.tty.feeding import (
    BYTES_PER_DEAR_ONE,
    FIRST_PIECE_BYTES,
    LEAST_BYTES_PER_S,
    MOST_LINE_FEEDS,
    MOST_LOGGED,
    MOST_OTHER_BYTES,
    MOST_PIECE_BYTES,
    MOST_PLAIN_S,
    MOST_SEQUENCES,
    SLICE_S,
    Feeding,
)

#: Each of its parts costs a thousand times what text of that length does.
COSTLY = b"q\x1b[65535b" * 2000
#: A slow machine is not to fail this; all of it at once took more than ten seconds.
SOON_S = 2.0


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("before", [b"\x1b[?69h\x1b[2;119s\x1b[4h", b"\x1b(0", b"\x1b[?7l", b"\x1b%@", b"\x1bV"])
def test_a_slice_ends_after_its_time(before: bytes) -> None:
    terminal = Terminal(120, 36)
    terminal.feed(before)
    feeding, done = Feeding(terminal), 0
    for _slice in range(20):
        started = time.perf_counter()
        done += feeding.feed(COSTLY[done:], len(COSTLY))
        assert time.perf_counter() - started < SOON_S
    assert done > 0


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("before", [b"", b"x" * 3000], ids=["alone", "after text"])
@pytest.mark.parametrize("costly", [b"\x1b6", b"\x1b[ @", b"\x1bc", b"\x1b[?5W", b"\x80", b"\x85", b"\x1bV", b"\x1b[*y"])
def test_what_is_dear_for_its_length_is_parsed_over_many_slices(before: bytes, costly: bytes) -> None:
    feeding, data = Feeding(Terminal(200, 50)), before + costly * (131_072 // len(costly))
    first = feeding.feed(data, len(data))
    assert 0 < first <= len(before) + 32_768
    assert 0 < feeding.feed(data[first:], len(data)) <= MOST_PIECE_BYTES


@pytest.mark.feature("TT02")
def test_of_what_is_dear_only_so_much_goes_in_at_once_however_cheap_the_text_before_it_was() -> None:
    terminal = Terminal(80, 24)
    feeding, text = Feeding(terminal), b"x" * (64 << 10)
    at_once: list[int] = []
    terminal.feed = lambda piece: at_once.append(piece.count(b"\x1b[$r"))  # type: ignore[method-assign]  # only counts
    data = text + b"\x1b[$r" * 10_000
    done = 0
    while done < len(data):
        done += feeding.feed(data[done:], len(data))
    assert sum(at_once) == 10_000
    assert max(at_once) <= MOST_PIECE_BYTES // BYTES_PER_DEAR_ONE


@pytest.mark.feature("TT02")
def test_what_shows_nothing_dear_ends_after_its_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, now = Terminal(80, 24), 0.0
    monkeypatch.setattr("kernel.tty.feeding.time.thread_time", lambda: now)

    def feed(piece: bytes) -> None:
        nonlocal now
        now += len(piece) / (1.1 * LEAST_BYTES_PER_S)

    terminal.feed = feed  # type: ignore[method-assign]  # takes just longer than what counts as dear
    Feeding(terminal).feed(b"x" * (1 << 20), 1 << 20)
    assert now <= MOST_PLAIN_S + FIRST_PIECE_BYTES / LEAST_BYTES_PER_S


@pytest.mark.feature("TT02")
@pytest.mark.parametrize(
    ("mode", "sequence"),
    [
        (b"\x1bV", b"\x1b[2J"),
        (b'\x1b[1"q', b"\x1b[?2J"),
        (b"\x1b[?69h\x1b[2;79s", b"\n"),
        (b"\x1b[?69h\x1b[2;79s", b"\x0b"),
        (b"\x1b[2;9r\x1b[5H\x1b]133;C\x07", b"\n"),
        (b"\x1b%@", b"\x85"),
    ],
    ids=["protected", "DECSCA", "side margins", "VT", "marks in margins", "single bytes"],
)
def test_where_modes_make_all_else_dear_only_so_much_goes_in_behind_cheap_text(mode: bytes, sequence: bytes) -> None:
    terminal = Terminal(80, 24)
    terminal.feed(mode)
    at_once: list[int] = []
    terminal.feed = lambda piece: at_once.append(piece.count(sequence))  # type: ignore[method-assign]  # only counts
    feeding, data, done = Feeding(terminal), b"x\r" * 20_000 + sequence * 10_000, 0
    while done < len(data):
        done += feeding.feed(data[done:], len(data))
    assert sum(at_once) == 10_000
    assert max(at_once) <= MOST_PIECE_BYTES // BYTES_PER_DEAR_ONE


@pytest.mark.feature("TT02")
def test_what_erases_around_protected_cells_goes_in_in_the_smallest_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may cost half a millisecond, and none is looked for."""
    terminal, now = Terminal(80, 24), 0.0
    terminal.feed(b"\x1bV")
    monkeypatch.setattr("kernel.tty.feeding.time.thread_time", lambda: now)

    def feed(piece: bytes) -> None:
        nonlocal now
        now += 0.0005 * piece.count(b"\x1b[2J")

    terminal.feed = feed  # type: ignore[method-assign]  # takes as long as a large screen does
    feeding = Feeding(terminal)
    for _ in range(5):
        before = now
        feeding.feed(b"\x1b[2J" * 10_000, 1 << 20)
        assert now - before <= 2 * SLICE_S


def test_text_goes_in_whole_and_no_more_than_asked_for() -> None:
    terminal = Terminal(80, 24)
    feeding, text = Feeding(terminal), b"x" * 1000 + b"\r\n"
    assert feeding.feed(b"", 100) == 0
    assert feeding.feed(text, 700) == 700
    assert feeding.feed(text[700:], MOST_PIECE_BYTES) == len(text) - 700
    assert terminal.cursor.x == 0


@pytest.mark.feature("TT02")
@pytest.mark.parametrize(
    ("sequence", "counted", "most"),
    [
        (b"\x1b[2J", b"\x1b", MOST_SEQUENCES),
        (b"\r\x1b[99I", b"\x1b", MOST_SEQUENCES),
        (b"\n", b"\n", MOST_LINE_FEEDS),
        ("漢".encode(), b"", MOST_OTHER_BYTES),
    ],
    ids=["erase", "tabs", "line feeds", "wide"],
)
def test_behind_cheap_text_a_piece_has_only_so_much_of_what_costs_more(sequence: bytes, counted: bytes, most: int) -> None:
    terminal = Terminal(80, 24)
    at_once: list[int] = []

    def count(piece: bytes) -> None:
        at_once.append(piece.count(counted) if counted else len(piece))

    terminal.feed = count  # type: ignore[method-assign]  # only counts
    feeding, data, done = Feeding(terminal), b"x" * 20_000 + sequence * 30_000, 0
    while done < len(data):
        done += feeding.feed(data[done:], len(data))
    assert sum(at_once) == (data.count(counted) if counted else len(data))
    assert max(at_once) <= most


@pytest.mark.feature("TT02")
def test_an_introducer_of_one_character_is_dear() -> None:
    terminal = Terminal(80, 24)
    pieces: list[int] = []
    terminal.feed = lambda piece: pieces.append(len(piece))  # type: ignore[method-assign]  # only counts
    Feeding(terminal).feed(("text " * 100 + "\x9b65535b").encode() * 100, 1 << 20)
    assert max(pieces) <= MOST_PIECE_BYTES


@pytest.mark.feature("TT02")
@pytest.mark.expects_records
def test_a_fault_of_the_parser_costs_one_piece(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal(80, 24)
    parse = terminal.feed

    def stumble(piece: bytes) -> None:
        if b"BAD" in piece:
            raise RuntimeError("a fault of the parser")
        parse(piece)

    monkeypatch.setattr(terminal, "feed", stumble)
    feeding = Feeding(terminal)
    for _fault in range(3 * MOST_LOGGED):
        assert feeding.feed(b"BAD", 3) == 3
        assert feeding.feed(b"good\r\n", 6) == 6
    assert [line.strip() for line in terminal.display[: 3 * MOST_LOGGED]] == ["good"] * 3 * MOST_LOGGED
    assert len(caplog.records) == MOST_LOGGED
