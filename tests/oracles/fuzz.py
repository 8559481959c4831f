"""Fuzzing of the terminal core: random and mutated bytes, fed whole and byte by byte, must give the same state.

The same holds for steps of short sequences and resizes, which moreover leave the terminal sound after each.
"""

from __future__ import annotations

import random
from collections.abc import Hashable

from kernel.term import Terminal
from kernel.term.rows import STUB

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
    b"\x1b]133;D;1\x07", b"\x1b[?K", b"\x1b[2Z", b"\x1b[?6r", b"\x1b-A\x0e", b"\x7f", b"\x1bl", b"\x1bm", b"q\x1b[700b",
    "\r\u0301".encode(), b"\x1bP1$t2;2;1;A;A;I;0;2;@;0BBB\x1b\\", b"\x1b[8364;1;1;2;3$x", b'\x1b[62;1"p', b"\x1b[>2;3;1$|", b'\x1b[>1"q',
]  # fmt: skip

#: A resize to (columns, lines), or bytes.
Step = tuple[int, int] | bytes

#: What changes screens, saves and restores cursors, leaves a cursor waiting to wrap, and draws and scrolls around rows below the screen.
_STEPS = [
    b"\x1b[?47h", b"\x1b[?47l", b"\x1b[?1047h", b"\x1b[?1047l", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?1048h", b"\x1b[?1048l",
    b"\x1b7", b"\x1b8", b"\x1b[H", b"\x1b[999H", b"\x1b[999;999H", b"\x1b[999;999HY", b"\x1b[2;3H", b"x" * 60,
    b"x" * 200 + b"\x1b[H", b"\x1b[H" + b"x" * 200 + b"\x1b[H", b"0123456789", b"ab", "日本語".encode(), "日".encode(), "é".encode(),
    b"\r\n", b"\n", b"a\r\nb\r\nc\r\nd\r\ne\r\n", b"\x1b[J", b"\x1b[2J", b"\x1b[3J", b"\x1b[K", b"\x1b[2;3r", b"\x1b[r",
    b"\x1b[?69h\x1b[2;4s", b"\x1b[?69l", b"\x1b[?6h", b"\x1b[?6l", b"\x1b[?7l", b"\x1b[?7h", b"\x1b[L", b"\x1b[M", b"\x1b[2S",
    b"\x1b[T", b"\x1bM", b"\x1b#8", b"\x1bc", b"\x1b[!p", b"\x1b[?40h\x1b[?3h", b"\x1b[?3l", b"\x1b]133;A\x07", b"\x1b]133;B\x07",
    b"\x1b]133;C\x07", b"\x1b]133;D;1\x07",
    b"\x1b]133;A\x07$ \x1b]133;B\x07" + b"typed " * 6, b"\r\n\x1b]133;D\x07\x1b]133;A\x07\x1b[J$ \x1b]133;B\x07", b"\x1b[A\r\x1b[J",
    b"\x1b[?47h\x1b[999;999HY\x1b[?47l", b"\x1b[?1047h\x1b[999;999HY\x1b[?1047l",
    b"\x1b[?1049h\x1b[999;999HY\x1b[?47l", b"\x1b[>999;999;1$|", b"\x1b[>2;3;1$|", b"\x1bl", b"\x1bm", b"q\x1b[300b",
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


def steps(generator: random.Random, count: int) -> list[Step]:
    """``count`` random steps."""
    made: list[Step] = []
    for _ in range(count):
        kind, number = generator.random(), generator.randint(0, 12)
        if kind < 0.33:
            made.append((generator.randint(1, 24), generator.randint(1, 9)))
        elif kind < 0.37:
            made.append(b"\x1b[8;%d;%dt" % (number, generator.randint(0, 24)))
        elif kind < 0.42:
            made.append(b"\x1b[>%d;%d$~" % (generator.choice([0, 1, number, 99999]), generator.randint(0, 1)))
        elif kind < 0.48:
            flags = generator.choice(b"@AHI")
            made.append(b"\x1bP1$t%d;%d;1;@;@;%c\x1b\\" % (number, generator.randint(0, 26), flags))
        else:
            made.append(generator.choice(_STEPS))
    return made


def take(terminal: Terminal, step: Step, *, bytewise: bool = False) -> None:
    """Resize ``terminal``, or feed it."""
    if isinstance(step, tuple):
        terminal.resize(*step)
    elif bytewise:
        for index in range(len(step)):
            terminal.feed(step[index : index + 1])
    else:
        terminal.feed(step)


def unsound(terminal: Terminal) -> str:
    """What about ``terminal`` may not be, whatever it was fed; nothing when it is sound."""
    screen, columns, lines = terminal.screen, terminal.columns, terminal.lines
    saved = (screen.saved_cursor, screen.other_saved_cursor)
    rows = [*screen.rows, *screen.other_rows, *terminal.history]
    marks = [mark.line for mark in screen.prompt_marks]
    first, end = terminal.history_dropped, terminal.history_dropped + len(terminal.history) + lines
    wrong = {
        "the cursor's line": not 0 <= terminal.cursor.y < lines,
        "the cursor's column": not 0 <= terminal.cursor.x < columns,
        "a saved cursor": any(not (0 <= cursor.x < columns and 0 <= cursor.y < lines) for cursor in saved),
        "the number of rows": not len(screen.rows) == len(screen.other_rows) == lines,
        "the width of a row": any({len(row.text), len(row.attrs)} != {columns} for row in rows),
        "the length of the history": len(terminal.history) > terminal.history.limit,
        "the number of rows below": len(screen.rows_below) > screen.most_rows_below,
        "the order of marks": marks != sorted(marks),
        "a wide character": any(STUB in text[:1] or STUB * 2 in text for text in [row.text for row in rows]),
        "the place of a mark": any(not first <= line < end for line in marks),
    }
    return ", ".join(name for name, found in wrong.items() if found)


def fuzz_steps(runs: int, *, seed: int = 1, each: int = 25) -> str:
    """Let two terminals take ``each`` steps, ``runs`` times; return what was wrong first, with the steps to it, or nothing."""
    for run in range(runs):
        generator = random.Random(seed * 1_000_003 + run)
        size = generator.randint(1, 24), generator.randint(1, 9)
        scrollback = generator.choice([0, 1, 5, 100])
        whole, single = (Terminal(*size, scrollback) for _ in range(2))
        done: list[Step] = []
        for step in steps(generator, each):
            done.append(step)
            try:
                take(whole, step)
                take(single, step, bytewise=True)
            except Exception as error:  # edge: the fuzz reports whatever escapes
                return f"{error!r} on {done!r} at {size} with {scrollback} lines of history"
            wrong = unsound(whole)
            if not wrong and (state(whole) != state(single) or whole.take_reply() != single.take_reply()):
                wrong = "different states"
            if wrong:
                return f"{wrong} on {done!r} at {size} with {scrollback} lines of history"
    return ""
