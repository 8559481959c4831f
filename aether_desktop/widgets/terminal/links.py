"""Links of one view: shown when the pointer is over them, opened only after the person has seen where they lead.

Ctrl+click, the menu, and Ctrl+Shift+U for the keyboard. Nothing is ever run: web and mail addresses go to the system's browser,
of a file only the folder is shown. Made by `parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QMouseEvent, QPainter

from aether_desktop.widgets.terminal.address_text import Address, Piece, fitted, lines_of
from aether_desktop.widgets.terminal.ask_bar import MOST_LINES, BarAnswer, BarHost, Question
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.link_finding import Link, addresses_between, link_at, links_between
from aether_desktop.widgets.terminal.link_target import LinkTarget, link_target, url_of

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

TIP_CHARS = 90
LINE_PX = 1.5
#: What the system opens an address with; a web browser for the others.
_PROGRAMS = {"mailto": "mail program", "file": "file manager"}


def open_address(address: str) -> bool:
    """Hand an address to the system's browser, mail program or file manager."""
    return QDesktopServices.openUrl(url_of(address))


def address_of(path: Path) -> str:
    """A file or folder of this machine as an address."""
    return bytes(QUrl.fromLocalFile(str(path)).toEncoded().data()).decode("ascii")


class Links(QObject):
    """For one view. bars: where it asks. opener: takes an address that the person has agreed to."""

    def __init__(self, view: TerminalView, bars: BarHost, opener: Callable[[str], bool] = open_address) -> None:
        super().__init__(view)
        self._view = view
        self._bars = bars
        self.opener = opener
        self.files_are_here = False
        self._hovered: Link | None = None
        self._asked: Link | None = None
        self._point = QPoint(-1, -1)
        view.hovered.connect(self._on_hover)
        view.rows_shown.connect(self._look_again)
        view.session_changed.connect(self._look_again)
        view.press_handlers.append(self._on_press)
        view.overlays.append(self._paint)
        view.commands.add(Command("open-link", "Open Link…", self.ask_newest, ("Ctrl+Shift+U",), "links", self._any))

    @property
    def hovered(self) -> Link | None:
        """The link under the pointer."""
        return self._hovered

    def at(self, point: QPoint) -> Link | None:
        """The link at a point of the view that can be opened."""
        if not self._view.rect().contains(point):
            return None
        link = link_at(self._view.terminal, self._view.grid.position_at(point))
        return link if link is not None and _target(link) is not None else None

    def ask_newest(self) -> None:
        """Ask about the lowest link that shows."""
        newest = next(self._openable(reversed(self._shown())), None)
        if newest is not None:
            self.ask(newest)

    def ask(self, link: Link) -> None:
        """Show where a link leads, and ask whether to open it."""
        target = _target(link)
        if target is None:
            return
        self._asked = link
        answers = [BarAnswer("", "Cancel")]
        if target.scheme != "file" or self._folder(target) is not None:
            verb = "Show its folder" if target.scheme == "file" else "Open"
            answers.append(BarAnswer("open", verb, "attention" if target.warnings else "primary"))
        answers.append(BarAnswer("copy", "Copy address"))
        if self._another(link) is not None:
            answers.append(BarAnswer("other", "Another link"))
        question = Question(
            "Write a mail?" if target.scheme == "mailto" else "Where this link leads:",
            address=Address(target.before, target.host, target.after),
            warning=" ".join(target.warnings),
            icon="network" if target.scheme != "file" else "folder",
            answers=tuple(answers),
        )
        self._bars.ask(question, lambda key: self._on_answer(key, link, target), focus=True)
        self._asked = link
        self._view.update()

    def _on_answer(self, key: str, link: Link, target: LinkTarget) -> None:
        self._asked = None
        self._view.update()
        if key == "copy":
            _copy(target)
        elif key == "other":
            self.ask(self._another(link) or link)
        elif key == "open":
            self._open(target)

    def _open(self, target: LinkTarget) -> None:
        """Hand it to the system, and say so where nothing takes it."""
        folder = self._folder(target)
        if target.scheme == "file" and folder is None:
            return
        if self.opener(target.address if folder is None else address_of(folder)):
            return
        question = Question(
            f"It was not opened: no {_PROGRAMS.get(target.scheme, 'web browser')} was found on this computer.",
            address=Address(target.before, target.host, target.after),
            detail="Copy the address and open it where there is one.",
            icon="warning",
            answers=(BarAnswer("", "Close"), BarAnswer("copy", "Copy address")),
        )
        self._bars.ask(question, lambda key: _copy(target) if key == "copy" else None, focus=True)

    def _folder(self, target: LinkTarget) -> Path | None:
        """The folder of a file of this machine; None when it is not, or not there."""
        if target.scheme != "file" or not self.files_are_here or target.host not in ("", "localhost"):
            return None
        path = Path(url_of(target.address).path(QUrl.ComponentFormattingOption.FullyDecoded))
        folder = path if path.is_dir() else path.parent
        return folder if folder.is_dir() else None

    def _any(self) -> bool:
        addresses = addresses_between(self._view.terminal, *self._view.grid.shown())
        return any(link_target(address) is not None for address in addresses)

    def _shown(self) -> list[Link]:
        return links_between(self._view.terminal, *self._view.grid.shown())

    def _another(self, link: Link) -> Link | None:
        """The next one above a link that can be opened; above the uppermost comes the lowest. None where it is the only one."""
        shown = self._shown()
        cells = set(link.spans)
        index = next((at for at, other in enumerate(shown) if not cells.isdisjoint(other.spans)), len(shown))
        return next(self._openable(chain(reversed(shown[:index]), reversed(shown[index + 1 :]))), None)

    @staticmethod
    def _openable(links: Iterable[Link]) -> Iterator[Link]:
        return (link for link in links if _target(link) is not None)

    def _on_hover(self, point: QPoint, _held: Qt.KeyboardModifier) -> None:
        self._point = point
        self._look_again()

    def _look_again(self) -> None:
        link = self.at(self._point) if not self._view.selecting.dragging else None
        if link == self._hovered:
            return
        self._hovered = link
        target = _target(link) if link is not None else None
        self._view.setCursor(Qt.CursorShape.IBeamCursor if link is None else Qt.CursorShape.PointingHandCursor)
        self._view.setToolTip("" if target is None else _tip(target))
        self._view.update()

    def _on_press(self, event: QMouseEvent) -> bool:
        """Ctrl alone: with Alt it begins the selection of a block, on a link too."""
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers() & both != Qt.KeyboardModifier.ControlModifier:
            return False
        link = self.at(event.position().toPoint())
        if link is None:
            return False
        self.ask(link)
        return True

    def _paint(self, painter: QPainter) -> None:
        view = self._view
        for link in (self._hovered, self._asked):
            for span in link.spans if link is not None else ():
                area = view.grid.rect(span)
                if not area.isEmpty():
                    line = QRectF(area.left(), area.bottom() - LINE_PX, area.width(), LINE_PX)
                    painter.fillRect(line, QColor(view.scheme.foreground))


def _copy(target: LinkTarget) -> None:
    QGuiApplication.clipboard().setText(target.address)


def _target(link: Link) -> LinkTarget | None:
    return link_target(link.address, link.text if link.marked else "")


def _tip(target: LinkTarget) -> str:
    """A tooltip that Qt takes for no HTML but ours and does not break into lines of its own."""
    address = fitted(Address(target.before, target.host, target.after), TIP_CHARS, MOST_LINES)
    lines = ["".join(_marked(piece) for piece in line) for line in lines_of(address, TIP_CHARS)]
    told = [escape(text, quote=False) for text in (*target.warnings, "Ctrl+click opens it")]
    return f"<p style='white-space:pre'>{chr(10).join((*lines, *told))}</p>"


def _marked(piece: Piece) -> str:
    text = escape(piece.text, quote=False)
    return f"<b>{text}</b>" if piece.host else text
