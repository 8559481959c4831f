"""Finds the attribute ids and cluster codes that no cell uses any more, and frees them, a little at a time.

The lines of the history are looked through once, in spans: a span knows what its cells use, each entry of a table how many spans use
it. An entry that a span lost, when it was dropped, or that is new, is in doubt, and free unless another span or the screen uses it. So
the work goes with what came since the last time, however long the history is. The screen calls it between pieces of output. Of the
history it changes nothing but shades, and ``unread_from`` and ``drawn_late``, which say what it has not read yet.

Where nearly all is in use, the oldest lines give of their shades of direct colours, and at last all but their text, so that what is
drawn next has all of its own. Rows that wait below the screen, which are no lines of the history, keep theirs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from kernel.term.attributes import SIMPLEST, AttributeTable
from kernel.term.clusters import FIRST, ClusterTable
from kernel.term.history import History, Stored
from kernel.term.rows import ERASED, PLAIN, Row

#: After so many cells of the history no other span is looked through for now; a span ends at the first of its bounds.
MOST_CELLS = 120_000
MOST_SPAN_LINES, MOST_SPAN_ATTRIBUTES = 256, 1024
#: So many entries in doubt are decided on at once: more where more have come.
MOST_DECIDED, DECIDED_FOR_EACH_NEW = 10_000, 2
#: So many attributes of the history are simplified at once: more where more have come, since the first time may save nothing.
MOST_SIMPLIFIED, SIMPLIFIED_FOR_EACH_NEW, MOST_SIMPLIFIED_FOR_NEW = 2048, 3, 12_000
#: So many cells of spans are changed in the time that one attribute takes; what one line costs, in cells.
CELLS_PER_ATTRIBUTE, CELLS_PER_LINE = 32, 8
#: So many uses of spans whose lines are gone are taken back at once.
MOST_TAKEN_BACK = 60_000
#: Rows beside the screens are counted so many together.
HELD_LINES = 64
_CODES = re.compile(f"[{chr(FIRST)}-\U0010ffff]")


@dataclass(slots=True)
class _Span:
    """What the lines ``start:end`` (absolute numbers) use, and how often they have been simplified."""

    start: int
    end: int
    attrs: str
    codes: str
    simplified: int = 0


class _Uses:
    """How many spans use each entry of a table, by its number, and which entries may be used by none."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._doubtful: set[int] = set()
        #: In doubt, but for having been on the screen the last time.
        self._shown: set[int] = set()

    def add(self, numbers: Iterable[int]) -> None:
        """One more span uses ``numbers``."""
        counts = self._counts
        for number in numbers:
            if number >= len(counts):
                counts.extend([0] * (number + 1 - len(counts)))
            counts[number] += 1

    def remove(self, numbers: Iterable[int]) -> None:
        """One span that used ``numbers`` is gone."""
        for number in numbers:
            self._counts[number] -= 1
            if not self._counts[number]:
                self._doubtful.add(number)

    def forget(self) -> None:
        """No span is left."""
        self._doubtful.update(compress(range(len(self._counts)), self._counts))
        self._counts = [0] * len(self._counts)

    def doubt(self, numbers: Iterable[int]) -> None:
        """Perhaps nothing uses ``numbers``."""
        self._doubtful.update(numbers)

    def decide(self, shown: set[int], new: int) -> tuple[list[int], bool]:
        """Return entries that neither a span nor one of those ``shown`` is, and whether all in doubt were decided on.

        new: how many have come.
        """
        doubtful, counts = self._doubtful, self._counts
        doubtful |= self._shown - shown
        self._shown &= shown
        most, known = min(max(MOST_DECIDED, DECIDED_FOR_EACH_NEW * new), len(doubtful)), len(counts)
        all_of_them = most == len(doubtful)
        unused = []
        for _ in range(most):
            number = doubtful.pop()
            if number in shown:
                self._shown.add(number)
            elif number >= known or not counts[number]:
                unused.append(number)
        return unused, all_of_them


class Collector:
    """For the history and the tables of one screen."""

    def __init__(self, history: History, attributes: AttributeTable, clusters: ClusterTable) -> None:
        self._history = history
        self._attributes = attributes
        self._clusters = clusters
        self._spans: deque[_Span] = deque()
        self._attribute_uses = _Uses()
        self._cluster_uses = _Uses()
        #: The lines that became rows after they had been looked through, of those that are not looked at yet, the newest first.
        self._late: list[int] = []
        #: The rows beside the screens that are counted, and what they use.
        self._held: list[tuple[list[Row], _Span]] = []
        #: How many attributes had been interned the last time, and how many came since the time before.
        self._interned = 0
        self._arrived = 0

    def follow(self) -> bool:
        """Look through lines of the history that came since; whether all have been."""
        history, interned = self._history, self._attributes.interned
        self._arrived, self._interned = interned - self._interned, interned
        self._drop_spans()
        cells = MOST_CELLS - self._read_again(MOST_CELLS)
        at, end = max(history.unread_from, history.dropped), history.dropped + len(history)
        while at < end and cells > 0:
            span, looked_at = _read(at, history.stored_between(at, at + MOST_SPAN_LINES))
            self._add(span)
            at, cells = span.end, cells - looked_at
        history.unread_from = at
        return at >= end and not (history.drawn_late or self._late)

    def collect(self, rows: Sequence[Row], held: Sequence[Row], pen: str, known: Container[int] = ()) -> bool:
        """Free what neither the history uses, all of which ``follow`` has looked through, nor ``rows``, ``held`` or ``pen``.

        Return whether that is all for now; where it is not, there is more to do after the next output. ``held``: rows of which there may
        be very many, and which stay for long. ``known``: identities of rows that stay as they are.
        """
        done = True
        self._hold(held)
        if self._attributes.full:
            shown = set(map(ord, {pen, ERASED, PLAIN}.union(*[row.attrs for row in rows])))
            done = self._free_attributes(shown) and not self._thin_out(known)
            if done:
                self._attributes.rest()
        if self._clusters.full:
            codes = _CODES.findall("".join([row.text for row in rows if not row.text.isascii()]))
            done = self._free_clusters(set(_cluster_numbers(codes))) and done
        return done

    def _hold(self, rows: Sequence[Row]) -> None:
        """Count what rows beside the screens use; those that are the same as the last time have been."""
        before, self._held = self._held, []
        for first in range(0, max(len(rows), len(before) * HELD_LINES), HELD_LINES):
            number, lines = first // HELD_LINES, list(rows[first : first + HELD_LINES])
            known = before[number] if number < len(before) else None
            if known is not None and known[0] == lines:
                self._held.append(known)
                continue
            if lines:
                span, _ = _read(0, lines, whole=True)
                self._held.append((lines, span))
                self._count(span)
            if known is not None:
                self._remove(known[1])

    def _free_attributes(self, shown: set[int]) -> bool:
        self._attribute_uses.doubt(self._attributes.take_new())
        unused, all_of_them = self._attribute_uses.decide(shown, self._arrived)
        self._attributes.free(unused)
        return all_of_them

    def _free_clusters(self, shown: set[int]) -> bool:
        clusters = self._clusters
        new = clusters.take_new()
        self._cluster_uses.doubt(new)
        unused, all_of_them = self._cluster_uses.decide(shown, len(new))
        clusters.free(unused)
        if all_of_them:
            clusters.rest()
        return all_of_them

    def _drop_spans(self) -> None:
        """Forget spans whose lines are gone, and those of which lines are others now: they are looked through again."""
        spans, history = self._spans, self._history
        changed = 0
        while spans and spans[-1].end > history.unread_from and changed < MOST_TAKEN_BACK:
            changed += self._remove(span := spans.pop())
            history.unread_from = min(history.unread_from, span.start)
        if spans and (spans[-1].end > history.unread_from or spans[-1].end <= history.dropped):
            # Very many, or all: to take them back one by one takes longer than to begin anew.
            self._forget_spans()
        gone = 0
        while spans and spans[0].end <= history.dropped and gone < MOST_TAKEN_BACK:
            gone += self._remove(spans.popleft())

    def _forget_spans(self) -> None:
        self._spans.clear()
        self._held.clear()
        self._attribute_uses.forget()
        self._cluster_uses.forget()
        self._history.unread_from = self._history.dropped

    def _read_again(self, most: int) -> int:
        """Look again through spans in which lines have become rows; about ``most`` cells of them. Return how many cells it was."""
        history, late = self._history, self._late
        if not late and history.drawn_late:
            late.extend(sorted(history.drawn_late, reverse=True))
            history.drawn_late.clear()
        read = 0
        while late and read < most:
            line = late.pop()
            if not history.dropped <= line < history.unread_from:
                continue
            span = self._spans[bisect_right(self._spans, line, key=_start) - 1]
            now, cells = _read(span.start, history.stored_between(span.start, span.end), whole=True)
            self._replace(span, now.attrs)
            span.simplified = 0
            read += cells
            while late and late[-1] < span.end:
                late.pop()
        return read

    def _replace(self, span: _Span, attrs: str) -> None:
        """The lines of ``span`` use other attributes than they did."""
        self._attribute_uses.add(map(ord, attrs))
        self._attribute_uses.remove(map(ord, span.attrs))
        span.attrs = attrs

    def _add(self, span: _Span) -> None:
        before = self._spans[-1] if self._spans else None
        if before is None or not _go_together(before, span):
            self._spans.append(span)
            self._count(span)
            return
        more = _Span(
            span.start,
            span.end,
            "".join(set(span.attrs).difference(before.attrs)),
            "".join(set(span.codes).difference(before.codes)),
        )
        before.end, before.attrs, before.codes = span.end, before.attrs + more.attrs, before.codes + more.codes
        self._count(more)

    def _count(self, span: _Span) -> None:
        self._attribute_uses.add(map(ord, span.attrs))
        self._cluster_uses.add(_cluster_numbers(span.codes))

    def _remove(self, span: _Span) -> int:
        """Take back what ``span`` uses; return how much that was."""
        self._attribute_uses.remove(map(ord, span.attrs))
        self._cluster_uses.remove(_cluster_numbers(span.codes))
        return 1 + len(span.attrs) + len(span.codes)

    def _thin_out(self, known: Container[int]) -> bool:
        """Where most is in use, take shades from the lines that have lost fewest, the oldest of them first; whether there were any.

        What that frees is freed the next time.
        """
        if not self._attributes.crowded:
            return False
        most = max(MOST_SIMPLIFIED, min(SIMPLIFIED_FOR_EACH_NEW * self._arrived, MOST_SIMPLIFIED_FOR_NEW))
        changed = 0
        for times in range(SIMPLEST):
            for span in self._spans:
                if span.simplified == times and span.attrs:
                    changed += self._simplify(span, known)
                    if changed >= most:
                        break
            if changed >= most:
                break
        self._attribute_uses.doubt(self._attributes.take_new())
        self._interned = self._attributes.interned
        return changed > 0

    def _simplify(self, span: _Span, known: Container[int]) -> int:
        """Take shades from the lines of ``span``; return how much work it was, in attributes."""
        self._history.translate(span.start, span.end, self._attributes.simplified(span.simplified), known)
        # Every line keeps its number, so it is the same span.
        now, cells = _read(span.start, self._history.stored_between(span.start, span.end), whole=True)
        work = 1 + len(span.attrs) + cells // CELLS_PER_ATTRIBUTE
        self._replace(span, now.attrs)
        span.simplified += 1
        return work


def _start(span: _Span) -> int:
    return span.start


def _go_together(span: _Span, below: _Span) -> bool:
    """Whether both can be one: output comes in pieces of any size."""
    if span.end != below.start or span.simplified or below.simplified:
        return False
    return below.end - span.start <= MOST_SPAN_LINES and len(span.attrs) + len(below.attrs) <= MOST_SPAN_ATTRIBUTES


def _read(start: int, lines: Sequence[Stored], *, whole: bool = False) -> tuple[_Span, int]:
    """Return a span of ``lines``, the first of which has the number ``start``, and how many cells it has.

    Of the first of them where they use much, unless all are wanted (``whole``).
    """
    attrs: set[str] = set()
    codes: set[str] = set()
    cells, before, end = 0, "", start
    for line in lines:
        end += 1
        cells += CELLS_PER_LINE
        if isinstance(line, Row):
            if line.attrs != before:
                before = line.attrs
                attrs.update(before)
            cells += len(before)
            if not line.text.isascii():
                codes.update(_CODES.findall(line.text))
            if len(attrs) >= MOST_SPAN_ATTRIBUTES and not whole:
                break
        elif not isinstance(line, str):
            attrs.add(line[1])
    attrs -= {ERASED, PLAIN}
    return _Span(start, end, "".join(attrs), "".join(codes)), cells


def _cluster_numbers(codes: Iterable[str]) -> Iterable[int]:
    return [ord(code) - FIRST for code in codes]
