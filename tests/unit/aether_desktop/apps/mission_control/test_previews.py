"""Cards show what their terminals print, a few times a second, and few terminals stay open for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QSizeF
from PySide6.QtGui import QColor

from aether_desktop.apps.mission_control.previews import MOST_OPEN, TerminalPreviews
from aether_desktop.theme.tokens import DARK, LIGHT, Tokens
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.preview import PreviewPicture, last_rows
from aether_desktop.widgets.terminal.schemes import SCHEMES
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("MC01")]


@pytest.fixture
def previews(client: FakeKernelClient) -> Iterator[TerminalPreviews]:
    parent = QObject()
    made = TerminalPreviews(TerminalFactory(client, parent), parent)
    yield made
    made.close()
    parent.deleteLater()


def shown(previews: TerminalPreviews, pid: int) -> str:
    watched = previews._watched.get(pid)
    return "\n".join(row.text.rstrip() for row in last_rows(watched.session.terminal, 20, to_cursor=False)[1]) if watched else ""


def picture(
    previews: TerminalPreviews, pid: int, ratio: float = 1.0, tokens: Tokens = DARK
) -> PreviewPicture | None:
    return previews.picture(pid, QSizeF(300, 100), ratio, tokens, running=True)


def whole(previews: TerminalPreviews, pid: int) -> bool:
    shot = picture(previews, pid)
    return shot is not None and shot.whole


async def test_what_a_visible_terminal_prints_is_shown(client: FakeKernelClient, previews: TerminalPreviews) -> None:
    changed: list[int] = []
    previews.changed.connect(changed.append)
    client.screens["tty-1-0"] = b"before\r\n"
    previews.show({1: "tty-1-0", 2: ""})
    await wait_until(lambda: changed == [1])
    assert shown(previews, 1) == "before"
    client.terminals["tty-1-0"].feed(b"after")
    await wait_until(lambda: len(changed) == 2)
    assert shown(previews, 1) == "before\nafter"
    assert previews.version(1) == 2
    assert list(client.terminals) == ["tty-1-0"]


async def test_a_hidden_card_says_nothing_until_it_is_back(client: FakeKernelClient, previews: TerminalPreviews) -> None:
    changed: list[int] = []
    previews.changed.connect(changed.append)
    previews.show({1: "tty-1-0"})
    client.terminals["tty-1-0"].feed(b"seen\r\n")
    await wait_until(lambda: shown(previews, 1) == "seen" and changed == [1])
    previews.show({2: "tty-2-0"})
    client.terminals["tty-1-0"].feed(b"unseen")
    client.terminals["tty-2-0"].feed(b"other")
    await wait_until(lambda: changed == [1, 2])
    assert not client.terminals["tty-1-0"].closed
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: changed == [1, 2, 1])
    assert shown(previews, 1) == "seen\nunseen"


async def test_a_program_that_fills_its_screen_is_a_picture_until_it_ends(
    client: FakeKernelClient, previews: TerminalPreviews
) -> None:
    client.screens["tty-1-0"] = b"before\r\n"
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: shown(previews, 1) == "before")
    assert picture(previews, 1) is not None
    assert not whole(previews, 1)
    assert picture(previews, 2) is None
    client.terminals["tty-1-0"].feed(b"\x1b[?1049h\x1b[2J\x1b[H\x1b[41m   ")
    await wait_until(lambda: whole(previews, 1))
    red = QColor(DARK.terminal.ansi[1]).rgb()
    for tokens, ratio in ((DARK, 1.0), (DARK, 2.0), (LIGHT, 1.0)):
        shot = picture(previews, 1, ratio, tokens)
        assert shot is not None
        image = shot.image
        assert image.devicePixelRatio() == ratio
        assert any(image.pixel(x, y) == red for x in range(12) for y in range(image.height()))
    client.terminals["tty-1-0"].feed(b"\x1b[?1049l")
    await wait_until(lambda: not whole(previews, 1))
    assert shown(previews, 1) == "before"


async def test_a_glyph_that_is_not_drawn_yet_comes_with_the_next_picture(
    client: FakeKernelClient, previews: TerminalPreviews
) -> None:
    changed: list[int] = []
    previews.changed.connect(changed.append)
    client.screens["tty-1-0"] = "".join(chr(0x4E00 + at) for at in range(300)).encode()
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: changed == [1])
    first = picture(previews, 1)
    assert first is not None
    before = first.image.copy()
    await wait_until(lambda: changed == [1, 1])
    after = picture(previews, 1)
    assert after is not None
    assert after.image != before


async def test_cards_have_the_colours_that_the_person_chose_for_terminals(
    client: FakeKernelClient, previews: TerminalPreviews
) -> None:
    changed: list[int] = []
    client.screens["tty-1-0"] = b"before\r\n"
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: picture(previews, 1) is not None)
    previews.changed.connect(changed.append)
    name = next(name for name, scheme in SCHEMES.items() if scheme.background != Scheme.of(DARK.terminal).background)
    previews._terminals.preferences.set_theme(name)
    await wait_until(lambda: 1 in changed)
    shot = picture(previews, 1)
    assert shot is not None
    assert shot.paper == SCHEMES[name].background


async def test_a_card_off_the_screen_keeps_no_picture(client: FakeKernelClient, previews: TerminalPreviews) -> None:
    client.screens["tty-1-0"] = b"before\r\n"
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: picture(previews, 1) is not None)
    previews.show({2: "tty-2-0"})
    assert previews._watched[1].preview is None


async def test_a_flood_is_read_to_its_end_in_bounded_pieces(client: FakeKernelClient, previews: TerminalPreviews) -> None:
    client.screens["tty-1-0"] = b"flood of text\r\n" * 200_000 + b"the end"
    previews.show({1: "tty-1-0"})
    await wait_until(lambda: shown(previews, 1).endswith("the end"))


async def test_no_more_terminals_stay_open_than_are_worth_it(client: FakeKernelClient, previews: TerminalPreviews) -> None:
    for pid in range(1, MOST_OPEN + 21):
        previews.show({pid: f"tty-{pid}-0"})
    still_open = [feed for feed in client.terminals.values() if not feed.closed]
    assert len(still_open) == MOST_OPEN
    previews.close()
    assert all(feed.closed for feed in client.terminals.values())
