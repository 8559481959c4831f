"""What can be done in the file browser: one table for the keys, the context menu and the tooltips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import icon
from aether_desktop.widgets.menu import new_menu

if TYPE_CHECKING:
    from aether_desktop.widgets.file_browser.view import FilesView


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class FileAction:
    """One action.

    keys: portable key sequences; the first is shown. in_list: its keys work only while the list has the keyboard.
    checked: for what is on or off. group: a line separates groups in the menu; "" keeps it out of the menu.
    """

    text: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    group: str = ""
    in_list: bool = True
    possible: Callable[[], bool] = _always
    checked: Callable[[], bool] | None = None


def actions_of(view: FilesView) -> tuple[FileAction, ...]:
    """Everything that can be done in ``view``, in the order of its menu."""
    one, change, here = view.one_chosen, view.may_change_chosen, view.may_change_folder
    return (
        FileAction("Open", view.open_chosen, ("Return",), "window", "open", possible=one),
        FileAction("New Folder", view.new_folder, ("Ctrl+Shift+N",), "folder-add", "new", in_list=False, possible=here),
        FileAction("New File", view.new_file, ("Ctrl+Alt+N",), "file", "new", in_list=False, possible=here),
        FileAction("Cut", lambda: view.cut_or_copy(cut=True), ("Ctrl+X",), "scissors-line", "clip", possible=change),
        FileAction("Copy", lambda: view.cut_or_copy(cut=False), ("Ctrl+C",), "copy", "clip", possible=view.any_chosen),
        FileAction("Paste", view.paste, ("Ctrl+V",), "clipboard-line", "clip", possible=view.may_paste),
        FileAction("Rename", view.begin_rename, ("F2",), "edit", "change", possible=lambda: change() and one()),
        FileAction("Delete…", view.delete, ("Del",), "delete", "change", possible=change),
        FileAction("Copy Path", view.copy_paths, ("Ctrl+Shift+C",), group="path"),
        FileAction("Copy Path on This Computer", view.copy_host_paths, group="path"),
        FileAction("Hidden Files", view.toggle_hidden, ("Ctrl+H",), group="view", checked=lambda: view.model.shows_hidden),
        FileAction("Refresh", view.load, ("F5",), "refresh", "view", in_list=False),
        FileAction("Back", view.go_back, ("Alt+Left",), in_list=False),
        FileAction("Forward", view.go_forward, ("Alt+Right",), in_list=False),
        FileAction("Up", view.go_up, ("Alt+Up",), in_list=False),
        FileAction("Up", view.go_up, ("Backspace",)),
        FileAction("Go to Path", view.path.begin_typing, ("Ctrl+L",), in_list=False),
        FileAction("Search", view.begin_search, ("Ctrl+F",), in_list=False),
        FileAction("Save", view.text.save, ("Ctrl+S",), in_list=False),
    )


def matching(actions: Sequence[FileAction], event: QKeyEvent, *, in_list: bool) -> FileAction | None:
    """The action whose keys were pressed, possible or not."""
    pressed = QKeySequence(event.keyCombination())
    for action in actions:
        if (in_list or not action.in_list) and any(QKeySequence(keys) == pressed for keys in action.keys):
            return action
    return None


def open_menu(parent: QWidget, actions: Sequence[FileAction], position: QPoint) -> QMenu:
    """Show the actions at the global ``position``; what is not possible is grey. Does not wait."""
    menu = new_menu(parent)
    menu.setAccessibleName("Actions")
    colour = QColor(tokens_of(parent).text2)
    group = ""
    for action in actions:
        if not action.group:
            continue
        if group and action.group != group:
            menu.addSeparator()
        group = action.group
        # The key is only written here: the browser answers it, and a second owner would make it ambiguous.
        keys = QKeySequence(action.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if action.keys else ""
        entry = menu.addAction(f"{action.text}\t{keys}" if keys else action.text)
        if action.icon:
            entry.setIcon(icon(action.icon, colour))
        entry.setEnabled(action.possible())
        if action.checked is not None:
            entry.setCheckable(True)
            entry.setChecked(action.checked())
        entry.triggered.connect(lambda _checked=False, run=action.run: run())
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(position)
    return menu
