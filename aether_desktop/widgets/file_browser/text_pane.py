"""The text of one file: read, and changed where nothing of it would be lost.

A file is changed only if writing it back unchanged would give the same bytes. Unsaved changes stay until they are saved or given up.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.file_browser.names import is_lost, name_of, shown_name, size_text
from aether_desktop.widgets.label import ElidedLabel, Label
from kernel.protocol.fs import FileContent

SHOWN_CHARACTERS = 400_000
LINE_CHARACTERS = 10_000
"""A longer line would take seconds to break into rows."""
_HEAD_PX = 38
_PARAGRAPH = "\u2029"


class TextPane(QWidget):
    """A header with name and buttons, and the text."""

    reading_wanted = Signal()
    """A file was opened, not only looked at: its text must be in sight."""
    save_wanted = Signal()
    """The person wants the changes in the file."""
    discard_wanted = Signal()
    """The person gives the changes up."""
    dirty_changed = Signal()
    """There are unsaved changes, or no longer."""

    def __init__(self, *, editable: bool) -> None:
        """editable: texts may be changed here."""
        super().__init__()
        self._may_edit = editable
        self._path = ""
        self._original = ""
        self._line_end = "\n"
        self.name = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        self.note = Label("", "caption")
        self.save = Button("Save", "primary", tooltip="Save", shortcut="Ctrl+S")
        self.discard = Button("Discard", tooltip="Give the changes up")
        self.text = QPlainTextEdit()
        self.text.setFont(mono_font(TYPE.label))
        self.text.setAccessibleName("Content of the file")
        self.text.setTabChangesFocus(not editable)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setStyleSheet(
            "QPlainTextEdit { border: 1px solid transparent; border-radius: 0; background: transparent; padding: 0 6px; }"
        )
        self._hint = Label("", "secondary", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(SPACE.lg, 0, SPACE.lg, SPACE.xxl)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.text)
        self.save.clicked.connect(self.save_wanted)
        self.discard.clicked.connect(self.discard_wanted)
        self.text.modificationChanged.connect(self._on_modified)
        self._lay_out()
        self.show_hint("")

    @property
    def path(self) -> str:
        """The file that is shown; "" for none."""
        return self._path

    @property
    def dirty(self) -> bool:
        """Whether there are unsaved changes."""
        return self.text.document().isModified()

    def show_hint(self, hint: str) -> None:
        """Show no file, and why."""
        self._path = ""
        self._fill("", editable=False)
        self._hint.setText(hint)
        self._pages.setCurrentWidget(self._hint)
        self.name.setText("")
        self.note.setText("")

    def show_file(self, path: str, content: FileContent) -> None:
        """Show a file's text; reading again what is shown keeps the place."""
        again = path == self._path
        place = self.text.verticalScrollBar().value() if again else 0
        self.follow_rename(path)
        shown = content.content[:SHOWN_CHARACTERS]
        self._pages.setCurrentWidget(self._hint if content.binary else self.text)
        reason = "" if self._may_edit else "read only"
        if content.binary:
            reason = "no text"
            self._hint.setText(f"This is no text: {size_text(content.size)} of binary data.")
            shown = ""
        elif len(content.content) > SHOWN_CHARACTERS:
            reason = f"only the first {SHOWN_CHARACTERS:,} of {len(content.content):,} characters"
            shown = "\n".join(line[:LINE_CHARACTERS] for line in shown.split("\n"))
        elif longest_line(shown) > LINE_CHARACTERS:
            reason = f"read only: lines are cut after {LINE_CHARACTERS:,} characters"
            shown = "\n".join(line[:LINE_CHARACTERS] for line in shown.split("\n"))
        elif is_lost(content.content):
            reason = "read only: not all of it is valid text"
        self._line_end = "\r\n" if "\r\n" in shown else "\n"
        self._original = shown
        self._fill(shown.replace("\r\n", "\n"), editable=not reason)
        if not reason and self._whole_text() != shown:
            reason = "read only: it mixes line ends or holds signs that would change"
            self.text.setReadOnly(True)
        self.text.verticalScrollBar().setValue(place)
        self.note.setText(", ".join(part for part in (size_text(content.size), reason) if part))

    def current_text(self) -> str:
        """The text as it is to be written, with the file's own line ends."""
        return self._whole_text()

    def mark_saved(self, size: int) -> None:
        """The file holds what is shown. size: bytes."""
        self._original = self._whole_text()
        self.text.document().setModified(False)
        self.note.setText(size_text(size))

    def give_up(self) -> None:
        """Show the text as it was read."""
        self._fill(self._original.replace("\r\n", "\n"), editable=True)

    def follow_rename(self, path: str) -> None:
        """The file has another path."""
        self._path = path
        self.name.setText(shown_name(name_of(path)))
        self.name.setAccessibleName(f"File {path}")

    def say(self, note: str) -> None:
        """Say something about the file beside its name."""
        self.note.setText(note)

    def _fill(self, text: str, *, editable: bool) -> None:
        self.text.setPlainText(text)
        self.text.setReadOnly(not editable)
        self.text.document().setModified(False)
        self._on_modified(False)

    def _whole_text(self) -> str:
        return raw_text(self.text.document()).replace("\n", self._line_end)

    def _on_modified(self, modified: bool) -> None:
        self.save.setVisible(modified)
        self.discard.setVisible(modified)
        self.dirty_changed.emit()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE.sm)
        top.addWidget(self.name, 1)
        top.addWidget(self.note)
        top.addWidget(self.discard)
        top.addWidget(self.save)
        head = QWidget()
        head.setLayout(top)
        head.setFixedHeight(_HEAD_PX)
        top.setContentsMargins(SPACE.md, 0, SPACE.md, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self._pages, 1)


def longest_line(text: str) -> int:
    """The length of the longest line, in characters."""
    return max(map(len, text.split("\n")), default=0)


def raw_text(document: QTextDocument) -> str:
    """The document's text with every character as it is (``toPlainText`` would turn no-break spaces into spaces)."""
    return document.toRawText().replace(_PARAGRAPH, "\n")
