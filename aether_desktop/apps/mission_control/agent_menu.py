"""The menus of agents: built from what they are, answered by the page through each action's ``data``."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QActionGroup, QColor
from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.models.agent_order import Sort
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import icon
from aether_desktop.widgets.menu import new_menu

_SORTS = {
    Sort.NEWEST: "Newest first",
    Sort.NAME: "By name",
    Sort.PHASE: "By phase",
    Sort.PROGRESS: "By progress",
}


def build_agent_menu(parent: QWidget, views: Sequence[ProcessView]) -> QMenu:
    """The context menu of selected agents; what cannot be done to them is grey."""
    menu = new_menu(parent)
    one = len(views) == 1
    living = [view for view in views if not view.ended]
    paused = [view for view in living if view.info.state == "stopped"]
    asks = one and views[0].approval is not None
    _add(menu, "open", "Review" if asks else "Open", "window", "Return", enabled=one)
    _add(menu, "detach", "Detach", "detach", "Shift+Return", enabled=one)
    menu.addSeparator()
    _add(menu, "pause", "Pause", "pause", "Space", enabled=len(living) > len(paused))
    _add(menu, "resume", "Resume", "play", "Space" if living and len(living) == len(paused) else "", enabled=bool(paused))
    _add(menu, "stop", "Stop…", "stop", "Delete", enabled=bool(living))
    menu.addSeparator()
    _add(menu, "again", "Deploy again…", "deploy", "", enabled=one)
    return menu


def build_sort_menu(parent: QWidget, current: Sort) -> QMenu:
    """The menu that says what comes first."""
    menu = new_menu(parent)
    note = menu.addAction("Who needs you comes first, then:")
    note.setEnabled(False)
    group = QActionGroup(menu)
    for sort, text in _SORTS.items():
        action = menu.addAction(text)
        action.setData(sort.value)
        action.setCheckable(True)
        action.setChecked(sort is current)
        group.addAction(action)
    return menu


def _add(menu: QMenu, key: str, text: str, icon_name: str, shortcut: str, *, enabled: bool) -> None:
    # The key is written beside the text only: the page itself answers it, and a second owner would make it ambiguous.
    action = menu.addAction(icon(icon_name, QColor(tokens_of(menu).text2)), f"{text}\t{shortcut}" if shortcut else text)
    action.setData(key)
    action.setEnabled(enabled)
