"""The context menu of a terminal: its commands in groups, the colours, and the link under the pointer. Made by `parts`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from aether_desktop.widgets.menu import new_menu
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.schemes import AUTOMATIC, SCHEMES

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

GROUPS = ("link", "clipboard", "find", "links", "prompts", "screen", "zoom")


class ContextMenu(QObject):
    """For one view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        view.menu_wanted.connect(self.open)
        view.commands.add(Command("menu", "Menu", self._open_at_cursor, ("Menu", "Shift+F10")))

    def build(self, at: QPoint) -> QMenu:
        """The menu for a point of the view; it deletes itself when it closes."""
        view = self._view
        menu = new_menu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Terminal menu")
        link = view.parts.links.at(at)
        if link is not None:
            menu.addAction("Open This Link…").triggered.connect(lambda: view.parts.links.ask(link))
            menu.addSeparator()
        known = [command for command in view.commands if command.group in GROUPS]
        known.sort(key=lambda command: GROUPS.index(command.group))
        for _group, commands in groupby(known, key=lambda command: command.group):
            for command in commands:
                menu.addAction(_action(command, menu))
            menu.addSeparator()
        menu.addMenu(self._themes(menu))
        return menu

    def open(self, at: QPoint) -> None:
        """Show it at a point of the view."""
        self.build(at).popup(self._view.mapToGlobal(at))

    def _open_at_cursor(self) -> None:
        area = self._view.grid.cursor_rect()
        self.open(area.bottomLeft() if not area.isEmpty() else self._view.rect().center())

    def _themes(self, parent: QMenu) -> QMenu:
        preferences = self._view.preferences
        menu = new_menu(parent, "Colours")
        group = QActionGroup(menu)
        for name in (AUTOMATIC, *SCHEMES):
            action = menu.addAction("The Desktop's" if name == AUTOMATIC else name)
            action.setCheckable(True)
            action.setChecked(name == preferences.theme)
            action.setActionGroup(group)
            action.triggered.connect(lambda _checked=False, name=name: preferences.set_theme(name))
        return menu


def _action(command: Command, menu: QMenu) -> QAction:
    # The key is shown only: the view's own table acts on it.
    keys = QKeySequence(command.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if command.keys else ""
    action = QAction(f"{command.text}\t{keys}" if keys else command.text, menu)
    action.setEnabled(command.enabled())
    if command.checked is not None:
        action.setCheckable(True)
        action.setChecked(command.checked())
    action.triggered.connect(lambda: command.run())
    return action
