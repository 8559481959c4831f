"""Pictures of cards are made anew when something in them changed, and only as much as changed."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage

from aether_desktop.apps.mission_control.card_pictures import PICTURES_KEPT, CardPictures, Look
from aether_desktop.apps.mission_control.preview_lines import Line, Run, Style
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import DARK, LIGHT, TerminalColours
from tests.fakes.kernel_client import make_approval, make_info

pytestmark = pytest.mark.usefixtures("theme")
LOOK = Look(400, 236, 1.0, False, "dark", False, False, False, False)


class Lines(QObject):
    """A preview provider with the same lines for everybody."""

    changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.text = "make -j2"
        self.number = 1
        self.screen: QImage | None = None

    def show(self, _terminals: object) -> None:
        """Nothing is read."""

    def lines(self, _pid: int, _count: int) -> tuple[Line, ...]:
        return ((Run(self.text, Style()),),) if self.text else ()

    def picture(self, _pid: int, _ratio: float, _colours: TerminalColours) -> QImage | None:
        return self.screen

    def version(self, _pid: int) -> int:
        return self.number


@pytest.mark.parametrize("output", ["make -j2", ""])
@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_new_words_on_an_old_picture_look_as_on_a_new_one(tokens: object, output: str) -> None:
    previews = Lines()
    previews.text = output
    kept, fresh = CardPictures(previews), CardPictures(previews)
    look = replace(LOOK, theme=tokens.name)  # type: ignore[attr-defined] # a theme's tokens
    before = ProcessView(info=make_info(1), thought="A first thought that is rather long.", files=("/a/report.md",))
    after = msgspec.structs.replace(before, thought="Another.", streaming=True)
    kept.get(before, look, tokens)  # type: ignore[arg-type] # as above
    grown = kept.get(after, look, tokens).toImage()  # type: ignore[arg-type] # as above
    assert grown == fresh.get(after, look, tokens).toImage()  # type: ignore[arg-type] # as above


def test_what_did_not_change_is_not_painted() -> None:
    previews = Lines()
    pictures = CardPictures(previews)
    view = ProcessView(info=make_info(1))
    first = pictures.get(view, LOOK, DARK).toImage()
    pictures.get(view, LOOK, DARK)
    assert pictures.painted == 1
    previews.number = 2
    previews.text = "other output"
    assert pictures.get(view, LOOK, DARK).toImage() != first
    asking = msgspec.structs.replace(view, approval=make_approval(1))
    assert pictures.get(asking, LOOK, DARK).toImage() != first
    assert pictures.get(asking, replace(LOOK, selected=True), DARK).toImage() != first
    assert pictures.painted == 4


def test_pictures_do_not_pile_up() -> None:
    pictures = CardPictures(Lines())
    for pid in range(1, PICTURES_KEPT + 20):
        pictures.get(ProcessView(info=make_info(pid)), replace(LOOK, width=60, height=58, as_list=True), DARK)
    assert 1 not in pictures
    assert PICTURES_KEPT + 19 in pictures
    assert len(pictures._kept) == PICTURES_KEPT


@pytest.mark.parametrize(("width", "height"), [(200, 120), (2000, 120), (100, 4000)])
@pytest.mark.parametrize("look", [LOOK, replace(LOOK, ratio=2.0)])
def test_a_program_that_fills_its_screen_shows_as_a_picture(look: Look, width: int, height: int) -> None:
    previews = Lines()
    previews.screen = QImage(width, height, QImage.Format.Format_RGB32)
    previews.screen.fill(QColor("#ff0000"))
    picture = CardPictures(previews).get(ProcessView(info=make_info(1)), look, DARK).toImage()
    red = [
        (x, y) for x in range(picture.width()) for y in range(picture.height()) if picture.pixelColor(x, y) == QColor("#ff0000")
    ]
    spots = [(x / look.ratio, y / look.ratio) for x, y in red]
    assert spots
    assert min(y for _, y in spots) >= 55
    assert max(y for _, y in spots) < 190
    assert min(x for x, _ in spots) >= 12
    assert max(x for x, _ in spots) < 388
