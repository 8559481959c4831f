"""The list of a folder: a table with icons, sorted by its header, renamed in place, whole by keyboard.

Shows a ``FileModel`` and says what the person wants; it does nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import icon
from aether_desktop.widgets.file_browser.file_model import STAT_ROLE, Column, FileModel
from kernel.protocol.records import FileStat

_ROW_PX = 28
_ICON_PX = 16
_SIZE_PX = 92
_CHANGED_PX = 124
_BOTH_FROM_PX = 400
_SIZE_FROM_PX = 260
_ICONS = {"directory": "folder", "symlink": "links-line", "pipe": "swap-line", "device": "kernel"}
_STYLED = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus
Index = QModelIndex | QPersistentModelIndex


class _FileDelegate(QStyledItemDelegate):
    """Adds the icon, and the field in which a name is changed."""

    renamed = Signal(object, str)

    def __init__(self, table: QTreeView) -> None:
        super().__init__(table)
        self._table = table
        self._icons: dict[tuple[str, str], QIcon] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _ROW_PX)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        entry: FileStat = index.data(STAT_ROLE)
        tokens = tokens_of(self._table)
        if index.column() == Column.NAME:
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.decorationSize = QSize(_ICON_PX, _ICON_PX)
            option.icon = self._icon(entry, tokens.phase("executing").text if entry.type == "directory" else tokens.text2)
            option.textElideMode = Qt.TextElideMode.ElideMiddle
            return
        if self._table.selectionModel().isRowSelected(index.row()):
            return
        for group in (option.palette.ColorGroup.Active, option.palette.ColorGroup.Inactive):
            option.palette.setColor(group, option.palette.ColorRole.Text, QColor(tokens.text3))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the row's ground flat, as everywhere else; the style would paint a gradient."""
        tokens, state = tokens_of(self._table), option.state
        has_keyboard = self._table.hasFocus()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.selection if has_keyboard else tokens.surface3))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(tokens.hover))
        if has_keyboard and index.row() == self._table.currentIndex().row():
            self._paint_ring(painter, option.rect, index.column(), QColor(tokens.accent))
        option.state = state & ~_STYLED
        super().paint(painter, option, index)

    def _paint_ring(self, painter: QPainter, cell: QRect, column: int, colour: QColor) -> None:
        """A cell's part of the ring around the row that has the keyboard."""
        header = self._table.header()
        painter.fillRect(cell.left(), cell.top(), cell.width(), 1, colour)
        painter.fillRect(cell.left(), cell.bottom(), cell.width(), 1, colour)
        if header.visualIndex(column) == 0:
            painter.fillRect(cell.left(), cell.top(), 1, cell.height(), colour)
        if header.sectionViewportPosition(column) + header.sectionSize(column) >= header.length():
            painter.fillRect(cell.right(), cell.top(), 1, cell.height(), colour)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        field = QLineEdit(parent)
        field.setAccessibleName("New name")
        field.setStyleSheet("padding: 1px 4px; min-height: 0;")
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        if editor.property("before") is not None:
            return  # the folder was read again while somebody types
        entry: FileStat = index.data(STAT_ROLE)
        editor.setText(entry.name)
        editor.setProperty("before", editor.text())

    def setModelData(self, editor: QWidget, _model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        if editor.text() != editor.property("before"):
            self.renamed.emit(index.data(STAT_ROLE), editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(28, 1, -2, -1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape in the field ends renaming and nothing else."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _icon(self, entry: FileStat, colour: str) -> QIcon:
        name = _ICONS.get(entry.type, "file")
        key = (name, colour)
        if key not in self._icons:
            self._icons[key] = icon(name, QColor(colour))
        return self._icons[key]


class FileTable(QTreeView):
    """The table; ``offer_key`` is asked first for every key."""

    opened = Signal(object)
    """An entry was double-clicked or Return was pressed on it; with its ``FileStat``."""
    renamed = Signal(object, str)
    """A name was changed in place: the ``FileStat`` and the new name."""
    menu_wanted = Signal(QPoint)
    """The context menu is asked for; with the global position."""
    chosen = Signal()
    """The selection changed."""

    def __init__(self, model: FileModel, offer_key: Callable[[QKeyEvent], bool]) -> None:
        super().__init__()
        self._files = model
        self._offer_key = offer_key
        self.setModel(model)
        delegate = _FileDelegate(self)
        delegate.renamed.connect(self.renamed)
        self.setItemDelegate(delegate)
        self.setAccessibleName("Files")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setObjectName("file-table")
        self.setStyleSheet("QAbstractItemView:focus { border: none; }")  # the row that has the keyboard is ringed instead
        self._dress_header()
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())

    def selected(self) -> tuple[FileStat, ...]:
        """The selected entries, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows(Column.NAME))
        return tuple(entry for row in rows if (entry := self._files.entry(row)) is not None)

    def select(self, names: Iterable[str]) -> None:
        """Select entries by name, go to the first of them; unknown ones are left out."""
        rows = sorted(row for name in names if (row := self._files.row_of(name)) >= 0)
        if not rows:
            return
        flags = QItemSelectionModel.SelectionFlag
        selection = self.selectionModel()
        selection.setCurrentIndex(self._files.index(rows[0], 0), flags.ClearAndSelect | flags.Rows)
        for row in rows[1:]:
            selection.select(self._files.index(row, 0), flags.Select | flags.Rows)
        self.scrollTo(self._files.index(rows[0], 0))

    def select_near(self, row: int) -> None:
        """Select the entry at ``row``, or the last one, where nothing is selected."""
        last = self._files.rowCount() - 1
        if last >= 0 and not self.selectionModel().hasSelection():
            self.setCurrentIndex(self._files.index(min(max(row, 0), last), 0))

    def begin_rename(self, name: str) -> None:
        """Let the person type another name in the place of ``name``."""
        row = self._files.row_of(name)
        if row >= 0:
            self.select([name])
            self.edit(self._files.index(row, Column.NAME))
            entry, field = self._files.entry(row), self.viewport().findChild(QLineEdit)
            stem = entry.name.rpartition(".")[0] if entry is not None and entry.type == "file" else ""
            if stem and field is not None:
                field.setSelection(0, len(stem))

    @property
    def renaming(self) -> bool:
        """Whether a name is being typed."""
        return self.state() is QAbstractItemView.State.EditingState

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The ring is around a whole row, of which Qt would paint one cell anew."""
        super().currentChanged(current, previous)
        for index in (current, previous):
            row = self.visualRect(index)
            self.viewport().update(0, row.top(), self.viewport().width(), row.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens; other keys are the browser's, then the list's."""
        if self._offer_key(event):
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            entry = self._files.entry(self.currentIndex().row())
            if entry is not None:
                self.opened.emit(entry)
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open what was double-clicked."""
        entry = self._files.entry(self.indexAt(event.position().toPoint()).row())
        if event.button() is Qt.MouseButton.LeftButton and entry is not None:
            self.opened.emit(entry)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu, beside the current row where the keyboard asked."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            place = self.visualRect(self.currentIndex()).center() if self.currentIndex().isValid() else QPoint(20, 20)
            self.menu_wanted.emit(self.viewport().mapToGlobal(place))
            return
        if not self.indexAt(event.pos()).isValid():
            self.clearSelection()
        self.menu_wanted.emit(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave columns out where there is no room."""
        super().resizeEvent(event)
        self.setColumnHidden(Column.CHANGED, self.viewport().width() < _BOTH_FROM_PX)
        self.setColumnHidden(Column.SIZE, self.viewport().width() < _SIZE_FROM_PX)

    def _dress_header(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((Column.SIZE, _SIZE_PX), (Column.CHANGED, _CHANGED_PX)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setSectionsClickable(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
