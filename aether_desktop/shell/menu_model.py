"""Menus as data, and how they are shown.

A menu is a title and entries that name actions of the registry. ``build_menu`` makes a QMenu when one is opened; it is
opened with ``popup``, which does not block, and deletes itself when it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from aether_desktop.shell.shortcuts import ActionRegistry
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import icon
from aether_desktop.widgets.menu import new_menu


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """An entry that triggers an action of the registry; left out where there is no such action."""

    action_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """An entry of its own, for menus about one thing (a window, a dock tile)."""

    text: str
    command: Callable[[], object]
    icon: str = ""
    enabled: bool = True
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class SubmenuEntry:
    """A menu inside a menu."""

    text: str
    entries: tuple[MenuEntry, ...]


@dataclass(frozen=True, slots=True)
class SeparatorEntry:
    """A line."""


MenuEntry = ActionEntry | CommandEntry | SubmenuEntry | SeparatorEntry

SEPARATOR = SeparatorEntry()


@dataclass(frozen=True, slots=True)
class MenuSpec:
    """A menu of the menu bar; ``entries`` is called each time it opens."""

    title: str
    entries: Callable[[], Sequence[MenuEntry]]


def build_menu(parent: QWidget, entries: Sequence[MenuEntry], registry: ActionRegistry | None) -> QMenu:
    """Return a menu of ``entries`` that deletes itself when it closes."""
    menu = new_menu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_menu(menu, entries, registry)
    return menu


def popup_menu(
    parent: QWidget, entries: Sequence[MenuEntry], position: QPoint, registry: ActionRegistry | None = None
) -> QMenu:
    """Show a menu of ``entries`` at the global ``position`` and return it; does not wait."""
    menu = build_menu(parent, entries, registry)
    menu.popup(position)
    return menu


def fill_menu(menu: QMenu, entries: Sequence[MenuEntry], registry: ActionRegistry | None) -> None:
    """Add ``entries`` to ``menu``; ``registry`` knows the actions that they name."""
    colour = QColor(tokens_of(menu).text2)
    for entry in entries:
        if isinstance(entry, SeparatorEntry):
            menu.addSeparator()
        elif isinstance(entry, SubmenuEntry):
            submenu = new_menu(menu, entry.text)
            menu.addMenu(submenu)
            fill_menu(submenu, entry.entries, registry)
        elif isinstance(entry, CommandEntry):
            item = menu.addAction(entry.text)
            _dress(item, entry.icon, colour)
            item.setEnabled(entry.enabled)
            if entry.checked is not None:
                item.setCheckable(True)
                item.setChecked(entry.checked)
            item.triggered.connect(lambda _checked=False, command=entry.command: command())
        elif registry is not None and registry.has(entry.action_id):
            action = registry.get(entry.action_id)
            item = menu.addAction(entry.text or action.text)
            _dress(item, action.icon, colour)
            item.setEnabled(registry.is_enabled(action.action_id))
            keys = next((keys for keys in action.keys if not _is_taken(keys)), "")
            if keys:
                item.setShortcut(QKeySequence(keys))
                # The registry listens for the keys; here they are only shown.
                item.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                item.setShortcutVisibleInContextMenu(True)
            item.triggered.connect(lambda _checked=False, which=action.action_id: registry.trigger(which))


def _is_taken(keys: str) -> bool:
    """Whether who has the keyboard takes these keys for itself, as a terminal does for its program: a menu does not promise them then."""
    focus = QApplication.focusWidget()
    if focus is None:
        return False
    pressed = QKeySequence(keys)[0]  # type: ignore[index] # its stub leaves this out
    asked = QKeyEvent(QEvent.Type.ShortcutOverride, pressed.key(), pressed.keyboardModifiers())
    asked.ignore()
    QApplication.sendEvent(focus, asked)
    return asked.isAccepted()


def _dress(item: QAction, icon_name: str, colour: QColor) -> None:
    if icon_name:
        item.setIcon(icon(icon_name, colour))
        item.setIconVisibleInMenu(True)
