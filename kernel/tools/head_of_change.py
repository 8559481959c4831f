"""Where two very large texts begin to differ, and how many lines change after that: one pass, without a list of all lines.

A text may come as the bytes of a file, so that it need not be decoded as a whole; bytes that are no UTF-8 stay apart from all characters
(as surrogates, see `surrogateescape`). Runs in a thread beside the kernel's loop, which waits for whatever one call of the interpreter
does at a stretch: so text is taken in pieces, lines without end become a beginning and a checksum, and a million lines are counted in
many small tables, since one large one stands still when it grows and when it goes. Called by `comparison`.
"""

import codecs
import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

PIECE_CHARACTERS = 1 << 15
LONG_LINE_CHARACTERS = PIECE_CHARACTERS + 1
SHOWN_OF_LONG_LINE = 4_000
TABLES = 256
CONTEXT_LINES = 3
BREAKS = ("\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")

Text = str | bytes


class StoppedError(Exception):
    """Nobody waits for the comparison any more."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines that differ, with up to ``CONTEXT_LINES`` before them. Each line has its ending; the last of a text has one too.

    begin: lines before `old` and `new`. before, after: the lines of the whole texts. added, removed: lines that the one text has more
    often than the other, so that a line that only moved is neither.
    """

    begin: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    before: int
    after: int
    added: int
    removed: int


def head_of_change(before: Text, after: Text, limit: int, stopped: Callable[[], bool]) -> Head | None:
    """At most `limit` lines of each text from where they differ; None where all lines and their endings are equal.

    stopped: asked for each piece. Raises StoppedError where it says so.
    """
    pairs = zip_longest(lines_of(before, stopped), lines_of(after, stopped))
    recent: deque[str] = deque(maxlen=CONTEXT_LINES)
    same = 0
    for first in pairs:
        if first[0] != first[1]:
            break
        recent.append(first[0])
        same += 1
    else:
        return None
    old, new, tally = list(recent), list(recent), _Tally()
    count_old = count_new = same
    for was, now in chain((first,), pairs):
        if was is not None:
            count_old += 1
            if len(old) < limit:
                old.append(was)
        if now is not None:
            count_new += 1
            if len(new) < limit:
                new.append(now)
        if was != now:
            tally.add(was, -1)
            tally.add(now, 1)
    added, removed = tally.totals()
    return Head(same - len(recent), tuple(old), tuple(new), count_old, count_new, added, removed)


def lines_of(text: Text, stopped: Callable[[], bool]) -> Iterator[str]:
    """The lines as `splitlines` finds them, with their endings. Of one without end the beginning, then, after a line break that no
    other line has inside, how much is left out and a checksum of all of it: such lines are equal where the whole ones are.
    """
    return chain.from_iterable(_pieces(text, stopped))


def ends_in_line(text: Text) -> bool:
    """Whether the last line has no end."""
    last = text[-4:].decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text[-1:]
    return bool(last) and not last.endswith(BREAKS)


def _pieces(text: Text, stopped: Callable[[], bool]) -> Iterator[list[str]]:
    begun = _BegunLine()
    for piece in _decoded(text) if isinstance(text, bytes) else _cut(text):
        if stopped():
            raise StoppedError
        lines = piece.splitlines(keepends=True)
        rest = "" if lines[-1].endswith(BREAKS) else lines.pop()
        if lines:
            lines[0] = begun.ended(lines[0])
            yield lines
        begun.add(rest)
    if begun.length:
        yield [begun.ended("\n")]


def _cut(text: str) -> Iterator[str]:
    """The text in pieces, none of which ends within a CR LF."""
    begin = 0
    while begin < len(text):
        end = begin + PIECE_CHARACTERS
        if text[end - 1 : end + 1] == "\r\n":
            end += 1
        yield text[begin:end]
        begin = end


def _decoded(content: bytes) -> Iterator[str]:
    """The same of bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    held = ""
    for begin in range(0, len(content), PIECE_CHARACTERS):
        last = begin + PIECE_CHARACTERS >= len(content)
        piece = held + decoder.decode(content[begin : begin + PIECE_CHARACTERS], last)
        held = "\r" if piece.endswith("\r") and not last else ""
        if piece := piece.removesuffix(held):
            yield piece


class _BegunLine:
    """A line that goes on in the next piece."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.length = 0
        self._kept: list[str] = []
        self._checksum = hashlib.blake2b(digest_size=16)

    def add(self, part: str) -> None:
        """One more part, which holds no end."""
        if not part:
            return
        self.length += len(part)
        self._checksum.update(part.encode("utf-8", "surrogatepass"))
        if self.length <= LONG_LINE_CHARACTERS + SHOWN_OF_LONG_LINE:
            self._kept.append(part)

    def ended(self, rest: str) -> str:
        """The whole line, or what stands for it; the next one begins."""
        if not self.length:
            return rest
        self.add(rest)
        line = "".join(self._kept)
        if self.length > LONG_LINE_CHARACTERS:
            more = self.length - SHOWN_OF_LONG_LINE
            line = f"{line[:SHOWN_OF_LONG_LINE]}\n[... {more:,} more characters of this line; checksum {self._checksum.hexdigest()} ...]\n"
        self._begin()
        return line


class _Tally:
    """How much more often a line is in the one text than in the other."""

    def __init__(self) -> None:
        self._tables: list[dict[str, int]] = [{} for _ in range(TABLES)]

    def add(self, line: str | None, count: int) -> None:
        """Count a line; None is none."""
        if line is None:
            return
        table = self._tables[hash(line) % TABLES]
        total = table.get(line, 0) + count
        if total:
            table[line] = total
        else:
            del table[line]

    def totals(self) -> tuple[int, int]:
        """(added, removed); what was counted goes, table by table."""
        added = removed = 0
        while self._tables:
            for count in self._tables.pop().values():
                if count > 0:
                    added += count
                else:
                    removed -= count
        return added, removed
