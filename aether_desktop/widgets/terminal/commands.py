"""What a person can do with a terminal by key or menu, as data. Made by `parts` and by apps; read by `view` and `menu`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do.

    keys: portable key sequences, such as "Ctrl+Shift+F"; the first is shown. group: what a menu keeps together; "" is in no menu.
    checked: None for a command that has no state.
    """

    command_id: str
    text: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    group: str = ""
    enabled: Callable[[], bool] = _always
    checked: Callable[[], bool] | None = None


def key_text(event: QKeyEvent) -> str:
    """The portable name of a pressed key, as in `Command.keys`."""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = Qt.Key.Key_Return if event.key() == Qt.Key.Key_Enter else Qt.Key(event.key())
    return QKeySequence(QKeyCombination(held, key)).toString(QKeySequence.SequenceFormat.PortableText)


class Commands:
    """Commands by id and by key. outer: those of the widget around it, which its keys reach as well."""

    def __init__(self) -> None:
        self.outer: Commands | None = None
        self._commands: dict[str, Command] = {}
        self._keys: dict[str, str] = {}

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __getitem__(self, command_id: str) -> Command:
        return self._commands[command_id]

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._commands

    def add(self, *commands: Command) -> None:
        """Know more commands; one with an id that is known replaces it."""
        for command in commands:
            self._commands[command.command_id] = command
            for key in command.keys:
                self._keys[QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)] = command.command_id

    def run(self, command_id: str) -> bool:
        """Do it; False when it cannot be done now. Raises KeyError."""
        command = self._commands[command_id]
        if not command.enabled():
            return False
        command.run()
        return True

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key belongs to one of them, possible now or not."""
        return key_text(event) in self._keys or (self.outer is not None and self.outer.wants(event))

    def handle(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False when it stands for nothing here."""
        command_id = self._keys.get(key_text(event))
        if command_id is not None:
            self.run(command_id)
            return True
        return self.outer is not None and self.outer.handle(event)
