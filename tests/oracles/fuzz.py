"""Fuzzing of the terminal core: random and mutated bytes, fed whole and byte by byte, must give the same state."""

from __future__ import annotations

import random
from collections.abc import Hashable

from kernel.term import Terminal

_PIECES = [
    b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b\\", b"\x07", b"\r\n", b"\n", b"\t", b"\b", b"\x1b[?1049h", b"\x1b[?1049l",
    b"\x1b[2J", b"\x1b[1;31m", b"\x1b[0m", b"\x1b[38;5;100m", b"\x1b[48;2;1;2;3m", b"\x1b[4:3m", b"\x1b[5;10H", b"\x1b[3;8r",
    b"\x1b[?69h", b"\x1b[2;9s", b"\x1b[?6h", b"\x1b[4h", b"\x1b[4l", b"\x1b[?7l", b"\x1b[?7h", b"\x1b[3@", b"\x1b[2P",
    b"\x1b[2L", b"\x1b[M", b"\x1b[5b", b"\x1b(0", b"\x1b(B", b"\x0e", b"\x0f", b"\x1b7", b"\x1b8", b"\x1bM", b"\x1bD",
    b"\x1b#8", b"\x1b%@", b"\x1b%G", b"\x1b G", b"\x1b F", b"\x1b[?2l", b"\x1b<", b"\x1bc", b"\x1b[!p", b"\x1b[S", b"\x1b[2T",
    b"\x1b[2;3;4;5$z", b"\x1b[1;1;9;9;2;2;3$v", b"\x1b[65;1;1;3;3$x", b"\x1b]8;;http://x/\x1b\\", b"\x1b]0;t\x07", b"\x9b",
    b"\x1b[?45h", b"\x1b[8;12;30t", b"\x1b[?40h\x1b[?3h", b"\x18", b"\x1b[1\"q", b"\x1bV", b"\x1b[K", b"\x1b[1J", b"\x1b[?5h",
    b"\x1b[>2;0$~", "日本語".encode(), "é".encode(), "e\u0301".encode(), "👩\u200d👧".encode(), "❤\ufe0f".encode(), "🇩🇪".encode(),
    "👍🏽".encode(), "\u200d".encode(), "\U00100001".encode(), b"hello world, this is a line of text ", b"ab",
    b"line one\r\nline two\r\nline three\r\nfour\r\nfive\r\nsix\r\n", b"\x1b[32mok\x1b[m done\r\n\x1b[31mbad\x1b[m\r\nz\r\nw\r\n",
    "日本\r\n語👍\r\n한국어 텍스트\r\nx\u0301y\r\nq\r\n".encode(),
    "\u0301\u0302\u0303\u0304\u0305".encode(), "1\ufe0f\u20e3".encode(), b"\x1b]133;A\x07$ \x1b]133;B\x07", b"\x1b]133;C\x07",
    b"\x1b]133;D;1\x07", b"\x1b[?K", b"\x1b[2Z", b"\x1b[?6r",
]  # fmt: skip


def state(terminal: Terminal) -> Hashable:
    """Everything visible about ``terminal``, comparable between terminals."""

    def cells(rows: object) -> Hashable:
        return tuple(
            (terminal.clusters.expand(row.text), tuple(terminal.attributes[attr] for attr in row.attrs), row.wrapped)
            for row in rows  # type: ignore[attr-defined]  # sequences of Row
        )

    cursor = terminal.cursor
    return (
        cells(terminal.rows),
        cells(terminal.history),
        cells(terminal.screen.rows_below),
        (cursor.x, cursor.y, cursor.hidden, cursor.shape, terminal.screen.wrap_pending),
        terminal.title,
        terminal.history_dropped,
        tuple(sorted(terminal.modes.private.items())),
        (terminal.columns, terminal.lines),
        tuple((mark.kind, mark.line, mark.exit_code) for mark in terminal.screen.prompt_marks),
    )


def sample(generator: random.Random, size: int) -> bytes:
    """Random bytes of about ``size``: sequences, text, mutations and noise."""
    parts: list[bytes] = []
    total = 0
    while total < size:
        kind = generator.random()
        if kind < 0.75:
            part = generator.choice(_PIECES)
            if kind < 0.1:
                mutated = bytearray(part)
                mutated[generator.randrange(len(mutated))] = generator.randrange(256)
                part = bytes(mutated)
        elif kind < 0.9:
            part = bytes(generator.choice(b"0123456789;:?>=<!\"$'* ABCDEFGHJKLMPSTXZ@`abcdefghilmnpqrstux{|}~") for _ in range(5))
        else:
            part = generator.randbytes(generator.randrange(1, 8))
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def fuzz(total: int, *, seed: int = 1, chunk: int = 400) -> str:
    """Feed ``total`` bytes in samples of ``chunk`` to two terminals; return what differed first, or nothing."""
    generator = random.Random(seed)
    done = 0
    while done < total:
        data = sample(generator, chunk)
        done += len(data)
        columns, lines = generator.choice([(20, 5), (80, 24), (7, 3), (2, 2), (40, 10), (1, 1)])
        whole, single = (Terminal(columns, lines, scrollback=50) for _ in range(2))
        try:
            whole.feed(data)
            for index in range(len(data)):
                single.feed(data[index : index + 1])
        except Exception as error:  # edge: the fuzz reports whatever escapes
            return f"{error!r} on {data!r} at {columns}x{lines}"
        if state(whole) != state(single) or whole.take_reply() != single.take_reply():
            return f"states differ on {data!r} at {columns}x{lines}"
    return ""
