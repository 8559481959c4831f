"""The one registry of actions: what can be done, by which keys, and what it is called.

Menus, tooltips, the shortcuts sheet and the keyboard all read it, so that they never disagree. The bootstrap and the shell
register actions; pressing the keys works in every window of the application, detached ones too, unless something lies over what
they would act on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.widgets.key_hold import hold_over

Reach = Literal["desktop", "front", "nothing"]
"""What a key acts on: the desktop and what is opened in it, the window in front, or nothing that a question could lie over."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    ``keys`` are key sequences in portable text (``Ctrl+W``); the first one is shown. ``group`` is its heading in the
    shortcuts sheet. ``reach``: under a sheet over that, the keys do nothing.
    """

    action_id: str
    text: str
    keys: tuple[str, ...] = ()
    group: str = "General"
    icon: str = ""
    reach: Reach = "desktop"

    @property
    def key_text(self) -> str:
        """The first key sequence as this system writes it; empty if there is none."""
        return QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if self.keys else ""


class DuplicateActionError(ValueError):
    """Two actions have the same id or the same keys; the message names them."""


class ActionRegistry(QObject):
    """Holds the actions with their handlers and listens for their keys."""

    triggered = Signal(str)
    """Emitted with an action's id after its handler ran."""
    enabled_changed = Signal(str)
    """Emitted with the id of an action that became possible or impossible."""

    def __init__(self, surface: QWidget) -> None:
        """``surface`` owns the shortcuts; they end with it."""
        super().__init__(surface)
        self._surface = surface
        self._actions: dict[str, Action] = {}
        self._handlers: dict[str, Callable[[], object]] = {}
        self._shortcuts: dict[str, list[QShortcut]] = {}
        self._owner_of_keys: dict[str, str] = {}
        self._disabled: set[str] = set()

    @property
    def actions(self) -> Sequence[Action]:
        """All actions in the order in which they were registered."""
        return tuple(self._actions.values())

    def register(self, action: Action, handler: Callable[[], object]) -> None:
        """Add an action. Raises DuplicateActionError if its id or one of its keys is taken."""
        if action.action_id in self._actions:
            raise DuplicateActionError(f"there is already an action {action.action_id}")
        portable = [QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText) for keys in action.keys]
        for keys in portable:
            if keys in self._owner_of_keys:
                raise DuplicateActionError(f"{keys} already belongs to {self._owner_of_keys[keys]}")
        self._actions[action.action_id] = action
        self._handlers[action.action_id] = handler
        self._shortcuts[action.action_id] = [self._listen(action.action_id, keys) for keys in portable]
        self._owner_of_keys.update(dict.fromkeys(portable, action.action_id))

    def get(self, action_id: str) -> Action:
        """Return an action. Raises KeyError."""
        return self._actions[action_id]

    def has(self, action_id: str) -> bool:
        """Return True if there is such an action."""
        return action_id in self._actions

    def trigger(self, action_id: str) -> None:
        """Do it, unless it is disabled. Raises KeyError for an unknown action."""
        handler = self._handlers[action_id]
        if action_id not in self._disabled:
            handler()
            self.triggered.emit(action_id)

    def is_enabled(self, action_id: str) -> bool:
        """Return True if it can be done now."""
        return action_id in self._actions and action_id not in self._disabled

    def set_enabled(self, action_id: str, enabled: bool) -> None:
        """Let it be possible or not; its keys then go to the focused widget."""
        if enabled == (action_id not in self._disabled):
            return
        if enabled:
            self._disabled.discard(action_id)
        else:
            self._disabled.add(action_id)
        for shortcut in self._shortcuts.get(action_id, []):
            shortcut.setEnabled(enabled)
        self.enabled_changed.emit(action_id)

    def _listen(self, action_id: str, keys: str) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self._surface)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        shortcut.activated.connect(lambda: self._on_keys(action_id))
        return shortcut

    def _on_keys(self, action_id: str) -> None:
        if not self._is_held(self._actions[action_id].reach):
            self.trigger(action_id)

    def _is_held(self, reach: Reach) -> bool:
        """Whether keys must not act there now: a sheet, a menu or the like lies over it, and they are meant for that."""
        if reach == "nothing":
            return False
        if QApplication.activePopupWidget() is not None:
            return True
        native = QApplication.activeWindow() if reach == "front" else self._surface
        return hold_over(native or self._surface, light=reach == "front") is not None
