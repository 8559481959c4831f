"""Shells of this machine in tabs. Keys: Ctrl+Shift+T opens one more, Ctrl+Shift+W ends the one in front, Ctrl+Tab and
Ctrl+PageUp/PageDown go to the next, Alt+1 to Alt+9 to one by its place.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.terminal.glance import Glance
from aether_desktop.apps.terminal.messages import Messages
from aether_desktop.apps.terminal.titles import UNNAMED, tab_title
from aether_desktop.widgets.button import IconButton
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.single_shot import single_shot
from aether_desktop.widgets.terminal.commands import Command, Commands
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.shell_tabs import ShellTabs
from aether_desktop.widgets.terminal.tab_bar import Missed

HOST = 0
#: Programs may change their titles as often as they like; the last one shows this much after the first that did not show.
TITLE_PAUSE_MS = 60
#: What is drawn again for another size is whole after this.
LOOK_PAUSE_MS = 250


class ShellPage(ShellView):
    """A shell with what its tab shows of it."""

    news = Signal()
    """It shows what nobody has seen."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(ctx.client, ctx.terminals, HOST)
        self.chosen_name = ""
        self.missed = Missed.NOTHING
        self._seen = Glance.at(self.view.terminal)
        self._looks = single_shot(self, LOOK_PAUSE_MS, self._look)

    @property
    def title(self) -> str:
        """The tab's title."""
        return tab_title(chosen=self.chosen_name, program=self.view.terminal.title, folder=self.folder)

    def leave(self) -> None:
        """Nobody looks at it from now on."""
        self._seen = Glance.at(self.view.terminal)

    def look_for_news(self) -> None:
        """Tell soon whether it shows anything that nobody has seen."""
        if not self._looks.isActive():
            self._looks.start()

    def _look(self) -> None:
        now = Glance.at(self.view.terminal)
        if self._seen.is_outdated_by(now):
            self.news.emit()
        else:
            self._seen = now


class TerminalTabs(ShellTabs[ShellPage]):
    """Closing the window, or a tab, ends its shell and everything in it, after a question where something runs in it."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._messages = Messages()
        self._empty = EmptyState("terminal", "No shell is open", "", "Open a shell", parent=self)
        self._empty.action_requested.connect(self.open_tab)
        self.pages.addWidget(self._empty)
        self.new_button = IconButton("add", "New tab", shortcut="Ctrl+Shift+T")
        self.new_button.clicked.connect(self.open_tab)
        ctx.window.set_title_widgets([_sized(self.new_button)])
        ctx.window.set_close_guard(self.may_close)
        self._tab_commands = Commands()
        self._add_commands()
        self.bar.currentChanged.connect(self._on_current)
        self.bar.tabMoved.connect(self._on_moved)
        self.bar.renamed.connect(self._on_renamed)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)
        self._shells: list[ShellPage] = []
        #: The page that was in front the last time, while it has a tab.
        self._front: ShellPage | None = None
        self._titles = single_shot(self, TITLE_PAUSE_MS, self._show_titles)
        self.open_tab()

    @property
    def shells(self) -> tuple[ShellPage, ...]:
        """The shells, in the order of their tabs."""
        return tuple(self._shells)

    @property
    def current(self) -> ShellPage | None:
        """The shell in front."""
        return self.shell_at(self.bar.currentIndex())

    def open_tab(self) -> None:
        """One more shell, behind the one in front and in the same folder."""
        page = ShellPage(self._ctx)
        page.folder = self.current.folder if self.current is not None else ""
        page.view.commands.outer = self.commands
        parts = page.view.parts
        parts.titled.connect(lambda _title: self._show_titles_soon())
        page.folder_changed.connect(self._show_titles_soon)
        parts.bell.rung.connect(lambda: self._on_missed(page, Missed.BELL))
        parts.notified.connect(partial(self._on_notified, page))
        page.view.session_changed.connect(lambda: self._on_session(page))
        page.view.paper_changed.connect(self._show_floor)
        page.news.connect(lambda: self._on_missed(page, Missed.OUTPUT))
        page.finished.connect(lambda: self.drop(page))
        page.ended_badly.connect(lambda: self._on_missed(page, Missed.BELL))
        index = self.bar.currentIndex() + 1
        self._shells.insert(index, page)
        self.pages.addWidget(page)
        self.bar.insertTab(index, UNNAMED)
        self.bar.setCurrentIndex(index)
        self._on_current(self.bar.currentIndex())
        page.start()

    def shell_at(self, index: int) -> ShellPage | None:
        """The shell of a tab."""
        return self._shells[index] if 0 <= index < len(self._shells) else None

    def drop(self, shell: ShellPage) -> None:
        """Take a shell's tab away; the last one takes the window along."""
        if shell not in self._shells:
            return
        index = self._shells.index(shell)
        had_focus = shell.isAncestorOf(QApplication.focusWidget() or self)
        shell.end()
        self._shells.remove(shell)
        self._front = None if shell is self._front else self._front
        self.bar.removeTab(index)
        self.pages.removeWidget(shell)
        shell.deleteLater()
        self._on_current(self.bar.currentIndex())
        if not self._shells:
            self.setFocusProxy(self._empty)
            self._ctx.window.request_close()
        elif had_focus and self.current is not None:
            self.current.setFocus()

    # --- tabs

    def _add_commands(self) -> None:
        """Those of going from tab to tab are the program's keys while there is one tab."""
        self.commands.add(
            Command("tab-new", "New Tab", self.open_tab, ("Ctrl+Shift+T",)),
            Command("tab-close", "Close Tab", self.close_tab, ("Ctrl+Shift+W",)),
            Command("tab-rename", "Rename Tab", self._rename, ("Ctrl+Shift+R",)),
        )
        self._tab_commands.add(
            Command("tab-next", "Next Tab", lambda: self.step(1), ("Ctrl+Tab", "Ctrl+PgDown")),
            Command("tab-previous", "Previous Tab", lambda: self.step(-1), ("Ctrl+Shift+Tab", "Ctrl+Shift+Backtab", "Ctrl+PgUp")),
            Command("tab-right", "Move Tab Right", lambda: self._move(1), ("Ctrl+Shift+PgDown",)),
            Command("tab-left", "Move Tab Left", lambda: self._move(-1), ("Ctrl+Shift+PgUp",)),
            *(
                Command(f"tab-{place}", f"Tab {place}", partial(self._go, place - 1), (f"Alt+{place}",))
                for place in range(1, 10)
            ),
        )

    def _move(self, step: int) -> None:
        index = self.bar.currentIndex()
        if 0 <= index + step < len(self._shells):
            self.bar.moveTab(index, index + step)

    def _go(self, place: int) -> None:
        if place < len(self._shells):
            self.bar.setCurrentIndex(place)

    def _rename(self) -> None:
        self.bar.show()
        self.bar.edit_name(self.bar.currentIndex())

    def _on_moved(self, start: int, end: int) -> None:
        self._shells.insert(end, self._shells.pop(start))

    def _on_current(self, index: int) -> None:
        page = self.shell_at(index)
        if self._front is not None and page is not self._front:
            self._front.leave()
        self._front = page
        several = len(self._shells) > 1
        self.bar.setVisible(several)
        self.commands.outer = self._tab_commands if several else None
        self.pages.setCurrentWidget(page or self._empty)
        self._show_floor()
        if page is None:
            return
        self.setFocusProxy(page)
        self._set_missed(page, Missed.NOTHING)
        self._show_title(page)
        if self.isVisible():
            page.setFocus()

    def _show_floor(self) -> None:
        """The window's lower corners are the terminal's, not the theme's."""
        self._ctx.window.set_floor(f"#{self.current.view.paper:06x}" if self.current is not None else "")

    # --- what happens in them

    def _on_session(self, page: ShellPage) -> None:
        session = page.view.session
        if session is not None:
            session.changed.connect(lambda: self._on_changed(page))
        self._show_title(page)

    def _on_changed(self, page: ShellPage) -> None:
        if page is not self.current and page.missed is Missed.NOTHING:
            page.look_for_news()

    def _on_renamed(self, index: int, name: str) -> None:
        self._shells[index].chosen_name = name
        self._show_title(self._shells[index])
        self._shells[index].setFocus()

    def _show_titles_soon(self) -> None:
        """Not anew at each change: a title that never rests would never show."""
        if not self._titles.isActive():
            self._titles.start()

    def _show_titles(self) -> None:
        for page in self._shells:
            self._show_title(page)

    def _show_title(self, page: ShellPage) -> None:
        if page not in self._shells:
            return
        index = self._shells.index(page)
        title = page.title
        if self.bar.tabText(index) != title.replace("&", "&&"):
            self.bar.setTabText(index, title.replace("&", "&&"))
        self.bar.setTabToolTip(index, "\n".join(text for text in (title, page.folder) if text).replace("<", "‹"))
        self.bar.show_missed(index, page.missed)
        if page is self.current:
            self._ctx.window.set_title("Terminal" if title == UNNAMED else title, page.folder)

    def _on_missed(self, page: ShellPage, missed: Missed) -> None:
        if page not in self._shells:
            return
        if missed is Missed.BELL and not self._in_front(page):
            self._ctx.window.set_attention(True)
        if page is not self.current and page.missed is not Missed.BELL:
            self._set_missed(page, missed)

    def _set_missed(self, page: ShellPage, missed: Missed) -> None:
        if page.missed is not missed:
            page.missed = missed
            self.bar.show_missed(self._shells.index(page), missed)

    def _on_notified(self, page: ShellPage, title: str, text: str) -> None:
        if self._in_front(page):
            return
        notice = self._messages.notice(page.title, title, text)
        if notice is not None:
            self._ctx.notify(notice)

    def _in_front(self, page: ShellPage) -> bool:
        """Whether the person looks at it."""
        focused = QApplication.focusWidget()
        return page is self.current and focused is not None and self.isAncestorOf(focused)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self.isAncestorOf(new):
            self._ctx.window.set_attention(False)


def _sized(button: QWidget) -> QWidget:
    """A title bar asks its widgets for their size hints, which a button of fixed size does not have."""
    holder = QWidget()
    row = QVBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(button)
    return holder
