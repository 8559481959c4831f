"""Pictures of cards are made anew when something in them changed, and only as much as changed."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QObject, QRectF, QSizeF, Signal
from PySide6.QtGui import QColor, QImage

from aether_desktop.apps.mission_control.card_pictures import PICTURES_KEPT, CardPictures, Look
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import DARK, LIGHT, Tokens
from aether_desktop.widgets.terminal.preview import PreviewPicture
from tests.fakes.kernel_client import make_approval, make_info

pytestmark = pytest.mark.usefixtures("theme")
PAPER, INK = 0x1A1B26, 0xABCDEF
LOOK = Look(400, 236, 1.0, False, "dark", False, False, False, False)


class SameForAll(QObject):
    """A preview provider with the same terminal for everybody: one colour."""

    changed = Signal(int)

    def __init__(self, size: tuple[int, int] = (480, 84), colour: str = "#ff0000") -> None:
        super().__init__()
        self.number = 1
        self.rooms: list[QSizeF] = []
        self.screen: PreviewPicture | None = PreviewPicture(filled(size, colour), False, PAPER, INK)

    def show(self, _terminals: object) -> None:
        """Nothing is read."""

    def picture(
        self, _pid: int, room: QSizeF, _ratio: float, _tokens: Tokens, *, running: bool
    ) -> PreviewPicture | None:
        self.rooms.append(room)
        return self.screen if running else None

    def version(self, _pid: int) -> int:
        return self.number


def filled(size: tuple[int, int], colour: str) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def spots_of(picture: QImage, colour: str, ratio: float) -> list[tuple[float, float]]:
    """Where a colour is, in logical pixels."""
    wanted = QColor(colour)
    return [
        (x / ratio, y / ratio)
        for x in range(picture.width())
        for y in range(picture.height())
        if picture.pixelColor(x, y) == wanted
    ]


@pytest.mark.parametrize("output", [True, False])
@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_new_words_on_an_old_picture_look_as_on_a_new_one(tokens: object, output: bool) -> None:
    previews = SameForAll()
    if not output:
        previews.screen = None
    kept, fresh = CardPictures(previews), CardPictures(previews)
    look = replace(LOOK, theme=tokens.name)  # type: ignore[attr-defined] # a theme's tokens
    before = ProcessView(info=make_info(1), thought="A first thought that is rather long.", files=("/a/report.md",))
    after = msgspec.structs.replace(before, thought="Another.", streaming=True)
    kept.get(before, look, tokens)  # type: ignore[arg-type] # as above
    grown = kept.get(after, look, tokens).toImage()  # type: ignore[arg-type] # as above
    assert grown == fresh.get(after, look, tokens).toImage()  # type: ignore[arg-type] # as above


def test_what_did_not_change_is_not_painted() -> None:
    previews = SameForAll()
    pictures = CardPictures(previews)
    view = ProcessView(info=make_info(1))
    first = pictures.get(view, LOOK, DARK).toImage()
    pictures.get(view, LOOK, DARK)
    assert pictures.painted == 1
    previews.number = 2
    previews.screen = PreviewPicture(filled((480, 84), "#00ff00"), False, PAPER, INK)
    assert pictures.get(view, LOOK, DARK).toImage() != first
    asking = msgspec.structs.replace(view, approval=make_approval(1))
    assert pictures.get(asking, LOOK, DARK).toImage() != first
    assert pictures.get(asking, replace(LOOK, selected=True), DARK).toImage() != first
    assert pictures.painted == 4


def test_pictures_do_not_pile_up() -> None:
    pictures = CardPictures(SameForAll())
    for pid in range(1, PICTURES_KEPT + 20):
        pictures.get(ProcessView(info=make_info(pid)), replace(LOOK, width=60, height=58, as_list=True), DARK)
    assert 1 not in pictures
    assert PICTURES_KEPT + 19 in pictures
    assert len(pictures._kept) == PICTURES_KEPT


@pytest.mark.parametrize(("width", "height"), [(200, 120), (2000, 120), (100, 4000)])
@pytest.mark.parametrize("look", [LOOK, replace(LOOK, ratio=2.0)])
def test_a_program_that_fills_its_screen_shows_as_a_picture(look: Look, width: int, height: int) -> None:
    previews = SameForAll()
    previews.screen = PreviewPicture(filled((width, height), "#ff0000"), True, PAPER, INK)
    picture = CardPictures(previews).get(ProcessView(info=make_info(1)), look, DARK).toImage()
    spots = spots_of(picture, "#ff0000", look.ratio)
    assert spots
    assert min(y for _, y in spots) >= 55
    assert max(y for _, y in spots) < 190
    assert min(x for x, _ in spots) >= 12
    assert max(x for x, _ in spots) < 388


def test_lines_are_cut_at_the_right_and_the_cursor_is_on_them() -> None:
    previews = SameForAll((2000, 40))
    assert previews.screen is not None
    previews.screen = previews.screen._replace(cursor=QRectF(12, 14, 6, 14))
    picture = CardPictures(previews).get(ProcessView(info=make_info(1)), LOOK, DARK).toImage()
    spots = spots_of(picture, "#ff0000", 1.0)
    left, top = min(spots)
    assert (max(x for x, _ in spots) < 388, max(y for _, y in spots)) == (True, top + 39)
    cursor = spots_of(picture, f"#{INK:06x}", 1.0)
    assert (left + 12, top + 14) in cursor
    assert (left + 17, top + 27) in cursor
    (room,) = previews.rooms
    assert 60 < room.height() < 236
    assert 300 < room.width() < 388


def test_a_question_leaves_room_for_the_newest_lines_above_it() -> None:
    previews = SameForAll()
    pictures = CardPictures(previews)
    view = ProcessView(info=make_info(1))
    pictures.get(view, LOOK, DARK)
    pictures.get(msgspec.structs.replace(view, approval=make_approval(1)), LOOK, DARK)
    without, under_a_question = (room.height() for room in previews.rooms)
    assert 30 < without - under_a_question < 40


def test_a_terminal_is_not_asked_for_in_the_list() -> None:
    previews = SameForAll()
    CardPictures(previews).get(ProcessView(info=make_info(1)), replace(LOOK, height=58, as_list=True), DARK)
    assert previews.rooms == []
