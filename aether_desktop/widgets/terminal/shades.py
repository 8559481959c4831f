"""Colour laid over cells as if it were behind their text: the paper changes, the letters keep their contrast.

Where the paper of a cell hides that, because it is as light as the colour in a dark scheme or as dark in a light one, another is mixed into
the whole cell. Called by what marks cells: the selection and the matches of a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from aether_desktop.widgets.terminal.colours import Scheme, mix

_MIDDLE = 128
#: A paper that changes by less, in the channel that changes most (0 to 255), does not seem to change.
LEAST_CHANGE = 40
#: How much of another colour is mixed into cells then.
_SHARE = 0.45


def shade(painter: QPainter, area: QRectF, papers: Sequence[int], colour: int, scheme: Scheme, *, share: float = 1.0) -> None:
    """Shade some cells of a line. papers: of each cell, 0xRRGGBB, as `colour`. share: how much of that is mixed in, 0 to 1."""
    colour = mix(colour, scheme.background, share)
    dark = _is_dark(scheme)
    mode = QPainter.CompositionMode.CompositionMode_Lighten if dark else QPainter.CompositionMode.CompositionMode_Darken
    painter.setCompositionMode(mode)
    painter.fillRect(area, QColor(colour))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    if not papers:
        return
    width = area.width() / len(papers)
    for start, end, over in _hidden(papers, colour, scheme):
        ink = QColor(over)
        ink.setAlphaF(_SHARE)
        painter.fillRect(QRectF(area.x() + start * width, area.y(), (end - start) * width, area.height()), ink)


def _hidden(papers: Sequence[int], colour: int, scheme: Scheme) -> Iterator[tuple[int, int, int]]:
    """The runs of cells that would look as before, and what to mix into them: start, end, colour."""
    over = {paper: over_paper(paper, colour, scheme) for paper in set(papers)}
    at = 0
    for found, run in groupby(papers, key=over.__getitem__):
        start, at = at, at + sum(1 for _ in run)
        if found is not None:
            yield start, at, found


def over_paper(paper: int, colour: int, scheme: Scheme) -> int | None:
    """What to mix into cells on `paper`, which look as before with `colour` behind their text; None where they do not."""
    # On its own background a scheme's colour is enough, however near it is: the letters there keep their contrast.
    least = min(LEAST_CHANGE, _change(scheme.background, shaded(scheme.background, colour, scheme)))
    if _change(paper, shaded(paper, colour, scheme)) >= least:
        return None
    return max((colour, scheme.foreground, scheme.background), key=lambda other: _change(paper, other))


def shaded(paper: int, colour: int, scheme: Scheme) -> int:
    """`paper` with `colour` behind the text: in each channel the lighter of both, or the darker one in a light scheme."""
    choose = max if _is_dark(scheme) else min
    return sum(choose(paper >> shift & 255, colour >> shift & 255) << shift for shift in (16, 8, 0))


def _change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))


def _is_dark(scheme: Scheme) -> bool:
    return QColor(scheme.background).lightness() < _MIDDLE
