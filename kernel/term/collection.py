"""Finds the attribute ids and cluster codes that no cell uses any more, and frees them, a little at a time.

The lines of the history are looked through once, in spans: a span knows what its cells use, each entry of a table how many spans use
it. An entry that a span lost, when it was dropped, or that is new, is in doubt, and free unless another span or the screen uses it. So
the work goes with what came since the last time, however long the history is. The screen calls it between pieces of output.

Where nearly all is in use, the oldest lines give of their shades of direct colours, so that what is drawn next has all of its own.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from kernel.term.attributes import SHADES, AttributeTable
from kernel.term.clusters import FIRST, ClusterTable
from kernel.term.history import History, Stored
from kernel.term.rows import ERASED, PLAIN, Row

#: So many cells of the history are looked through at once, and more where a table is nearly full; a span ends at the first bounds.
MOST_CELLS, MOST_CELLS_CROWDED = 60_000, 240_000
MOST_SPAN_LINES, MOST_SPAN_ATTRIBUTES = 256, 1024
#: So many entries in doubt are decided on at once, and so many attributes of the history simplified: more where more have come, since
#: the first time that an attribute is simplified may save nothing.
MOST_DECIDED, MOST_SIMPLIFIED, SIMPLIFIED_FOR_EACH_NEW = 20_000, 3072, 3
#: So many cells of spans are changed in the time that one attribute takes.
CELLS_PER_ATTRIBUTE = 32
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

    def doubt(self, numbers: Iterable[int]) -> None:
        """Perhaps nothing uses ``numbers``."""
        self._doubtful.update(numbers)

    def decide(self, shown: set[int]) -> tuple[list[int], bool]:
        """Return entries that neither a span nor one of those ``shown`` is, and whether that are all."""
        doubtful, counts = self._doubtful, self._counts
        doubtful |= self._shown - shown
        self._shown &= shown
        most, known = min(MOST_DECIDED, len(doubtful)), len(counts)
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
        #: How many attributes came since the last time.
        self._arrived = 0

    def follow(self) -> bool:
        """Look through lines of the history that came since; whether all have been."""
        history = self._history
        self._drop_spans()
        at, end = max(history.unread_from, history.dropped), history.dropped + len(history)
        cells = MOST_CELLS_CROWDED if self._attributes.crowded else MOST_CELLS
        while at < end and cells > 0:
            span, looked_at = _read(at, history.stored_between(at, at + MOST_SPAN_LINES))
            if span.attrs or span.codes:
                self._add(span)
            at, cells = span.end, cells - looked_at
        history.unread_from = at
        if at < end:
            return False
        if history.late_attributes:
            # Any of the lines that there are may use them.
            self._add(_Span(history.dropped, end, "".join(history.late_attributes), "", len(SHADES)))
            history.late_attributes.clear()
        return True

    def collect(self, rows: Sequence[Row], pen: str, known: Container[int] = ()) -> bool:
        """Free what neither the history uses, all of which ``follow`` has looked through, nor ``rows`` or ``pen``.

        Return whether that is all for now; where it is not, there is more to do after the next output. ``known``: identities of rows
        that stay as they are.
        """
        done = True
        if self._attributes.full:
            shown = set(map(ord, {pen, ERASED, PLAIN}.union(*[row.attrs for row in rows])))
            done = self._free_attributes(shown) and not self._thin_out(known)
            if done:
                self._attributes.rest()
        if self._clusters.full:
            codes = _CODES.findall("".join([row.text for row in rows if not row.text.isascii()]))
            done = self._free_clusters(set(_cluster_numbers(codes))) and done
        return done

    def _free_attributes(self, shown: set[int]) -> bool:
        new = self._attributes.take_new()
        self._arrived = len(new)
        self._attribute_uses.doubt(new)
        unused, all_of_them = self._attribute_uses.decide(shown)
        self._attributes.free(unused)
        return all_of_them

    def _free_clusters(self, shown: set[int]) -> bool:
        clusters = self._clusters
        self._cluster_uses.doubt(clusters.take_new())
        unused, all_of_them = self._cluster_uses.decide(shown)
        clusters.free(unused)
        if all_of_them:
            clusters.rest()
        return all_of_them

    def _drop_spans(self) -> None:
        """Forget the spans whose lines are gone, and those of which lines are others now: they are looked through again."""
        spans, history = self._spans, self._history
        while spans and spans[0].end <= history.dropped:
            self._remove(spans.popleft())
        while spans and spans[-1].end > history.unread_from:
            history.unread_from = min(history.unread_from, spans[-1].start)
            self._remove(spans.pop())

    def _add(self, span: _Span) -> None:
        before = self._spans[-1] if self._spans else None
        if before is not None and _go_together(before, span):
            attrs = "".join(set(span.attrs).difference(before.attrs))
            codes = "".join(set(span.codes).difference(before.codes))
            before.end, before.attrs, before.codes = span.end, before.attrs + attrs, before.codes + codes
        else:
            self._spans.append(span)
            attrs, codes = span.attrs, span.codes
        self._attribute_uses.add(map(ord, attrs))
        self._cluster_uses.add(_cluster_numbers(codes))

    def _remove(self, span: _Span) -> None:
        self._attribute_uses.remove(map(ord, span.attrs))
        self._cluster_uses.remove(_cluster_numbers(span.codes))

    def _thin_out(self, known: Container[int]) -> bool:
        """Where most is in use, take shades from the lines that have lost fewest, the oldest of them first; whether there were any.

        What that frees is freed the next time.
        """
        if not self._attributes.crowded:
            return False
        changed, most = 0, max(MOST_SIMPLIFIED, SIMPLIFIED_FOR_EACH_NEW * self._arrived)
        while changed < most and self._spans:
            span = min(self._spans, key=lambda one: one.simplified)
            if span.simplified == len(SHADES):
                break
            self._history.translate(span.start, span.end, self._attributes.simplified(SHADES[span.simplified]), known)
            # Every line keeps its number, so it is the same span.
            now, cells = _read(span.start, self._history.stored_between(span.start, span.end), whole=True)
            self._attribute_uses.add(map(ord, now.attrs))
            self._attribute_uses.remove(map(ord, span.attrs))
            changed += len(span.attrs) + cells // CELLS_PER_ATTRIBUTE
            span.attrs = now.attrs
            span.simplified += 1
        self._attribute_uses.doubt(self._attributes.take_new())
        return changed > 0


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
    cells, before, end = 1, "", start
    for line in lines:
        end += 1
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
