"""The pictures of the cards and rows that were last on the screen, made anew only when something in them changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

from aether_desktop.apps.mission_control import card_painter, row_painter
from aether_desktop.apps.mission_control.paint_parts import Face
from aether_desktop.apps.mission_control.previews import PreviewProvider
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import Tokens

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.preview import PreviewPicture

PICTURES_KEPT: Final = 96


@dataclass(frozen=True, slots=True)
class Look:
    """How one card is to look; ``width`` and ``height`` in px, ``ratio`` in device pixels a px."""

    width: int
    height: int
    ratio: float
    as_list: bool
    theme: str
    selected: bool
    focused: bool
    hovered: bool
    review_hovered: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    view: ProcessView
    version: int
    look: Look
    picture: QPixmap


class CardPictures:
    """Keeps one picture for each agent, ``PICTURES_KEPT`` at the most. ``painted`` counts those that were made."""

    def __init__(self, previews: PreviewProvider) -> None:
        self._previews = previews
        self._kept: dict[int, _Kept] = {}
        self.painted = 0

    def __contains__(self, pid: object) -> bool:
        return pid in self._kept

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def get(self, view: ProcessView, look: Look, tokens: Tokens) -> QPixmap:
        """The picture of an agent that looks so."""
        version = self._previews.version(view.pid)
        kept = self._kept.get(view.pid)
        if kept is not None and kept.view is view and kept.version == version and kept.look == look:
            return kept.picture
        picture = _canvas(kept.picture if kept is not None else None, look)
        words_only = kept is not None and kept.version == version and kept.look == look and _differ_in_words(kept.view, view)
        self._paint(picture, view, look, tokens, words_only=words_only and picture is kept.picture)  # type: ignore[union-attr]  # where only words differ there is one
        self.painted += 1
        if kept is None and len(self._kept) >= PICTURES_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[view.pid] = _Kept(view, version, look, picture)
        return picture

    def _paint(self, picture: QPixmap, view: ProcessView, look: Look, tokens: Tokens, *, words_only: bool) -> None:
        area = QRectF(0, 0, look.width, look.height)
        screen: PreviewPicture | None = None
        if not look.as_list:
            room = card_painter.terminal_room(area, view).size()
            screen = self._previews.picture(view.pid, room, look.ratio, tokens, running=not view.ended)
        face = Face(view, screen, look.selected, look.focused, look.hovered, look.review_hovered)
        painter = QPainter(picture)
        if look.as_list:
            painter.fillRect(area, QColor(tokens.surface0))
            row_painter.paint_row(painter, area, face, tokens)
        elif words_only and view.approval is None:
            card_painter.repaint_words(painter, area, face, tokens)
        else:
            painter.fillRect(area, QColor(tokens.surface0))
            card_painter.paint_card(painter, area, face, tokens)
        painter.end()


def _differ_in_words(before: ProcessView, after: ProcessView) -> bool:
    """Whether nothing but the thought changed, which is most of what happens."""
    return (
        before.info is after.info
        and before.approval is after.approval
        and before.files == after.files
        and before.notice == after.notice
        and before.action == after.action
    )


def _canvas(old: QPixmap | None, look: Look) -> QPixmap:
    """The old picture to paint over where it has the right size: making a new one costs as much as painting it."""
    size = QSize(round(look.width * look.ratio), round(look.height * look.ratio))
    if old is not None and old.size() == size and old.devicePixelRatioF() == look.ratio:
        return old
    picture = QPixmap(size)
    picture.setDevicePixelRatio(look.ratio)
    return picture
