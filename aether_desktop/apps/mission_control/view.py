"""Mission Control's page: title bar controls, figures, agents, and the ways into deploying and history.

Joins the parts and answers the keys that belong to the whole page; painting, commands and forms are the parts' own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.apps.context import AppContext, open_agent
from aether_desktop.apps.mission_control.agent_actions import AgentActions
from aether_desktop.apps.mission_control.agent_grid import AgentGrid, Layout
from aether_desktop.apps.mission_control.agent_menu import build_agent_menu, build_sort_menu
from aether_desktop.apps.mission_control.deploy_sheet import DeployDesk
from aether_desktop.apps.mission_control.deploy_values import config_of
from aether_desktop.apps.mission_control.detaching import open_detached
from aether_desktop.apps.mission_control.history_panel import HistoryPanel
from aether_desktop.apps.mission_control.metrics_bar import GpuWatch, MetricsBar, figures_of
from aether_desktop.apps.mission_control.previews import PreviewProvider, TerminalPreviews
from aether_desktop.apps.mission_control.selection_bar import SelectionBar
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.agent_model import AgentListModel
from aether_desktop.models.agent_order import Sort, totals
from aether_desktop.models.agent_status import Group
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from aether_desktop.widgets.shown_text import exact_line
from kernel.errors import AetherError
from kernel.protocol.process import ProcessInfoGet
from kernel.protocol.records import ProcessInfo

_FILTER_NAMES = {
    Group.ALL: "All",
    Group.ACTIVE: "Active",
    Group.NEEDS_YOU: "Needs you",
    Group.IDLE: "Idle",
    Group.DONE: "Done",
    Group.FAILED: "Failed",
}
_NOTHING = {
    Group.ALL: ("No agents yet", "Deploy one: give it a role and a goal, and watch it work."),
    Group.ACTIVE: ("Nobody is at work", "Agents that think, act and observe by themselves appear here."),
    Group.NEEDS_YOU: ("Nobody needs you", "An agent that wants to do something risky waits here for your answer."),
    Group.IDLE: ("Nobody stands still", "Agents that you paused, or that a restart interrupted, wait here to go on."),
    Group.DONE: ("Nothing is done yet", "Agents that reached their goal, or that you stopped, appear here."),
    Group.FAILED: ("Nothing has failed", "Agents that gave up appear here, with the reason."),
}
_Choice = TypeVar("_Choice", Group, Sort, Layout)
_REASON_CHARACTERS = 400
_SIDE_BY_SIDE_PX = 760
_PANEL_PX = 380
_NARROW_PX = 600
_SLIM_PX = 360
_FILTER_PADDING_PX = 10
_NARROW_FILTER_PADDING_PX = 6
_SLIM_FILTER_PADDING_PX = 4
_LEAST_SEARCH_PX = 64
_TO_AGENTS = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _remembered(kind: type[_Choice], value: str) -> _Choice | None:
    """What the window remembers, None where it remembers nothing that is known here."""
    return next((choice for choice in kind if choice.value == value), None)


class MissionControl(QWidget):
    """The content of Mission Control's window."""

    def __init__(self, ctx: AppContext, previews: PreviewProvider | None = None) -> None:
        """``previews`` stands in for the agents' terminals in tests."""
        super().__init__()
        self._ctx = ctx
        self._store = ctx.stores.processes
        self._narrow = False
        self._tasks = TaskOwner(self, self._on_error)
        self.model = AgentListModel(self._store, self)
        self._previews = previews or TerminalPreviews(ctx.terminals, self)
        self.grid = AgentGrid(self.model, self._previews, self._store.want_told)
        self.commands = AgentActions(ctx.client, self._store, self, ctx.notify)
        self.deploy_desk = DeployDesk(ctx, self)
        self.history = HistoryPanel(ctx.client, self._store, ctx.notify)
        self.metrics = MetricsBar()
        self._gpus = GpuWatch(ctx.client, ctx.stores.kernel, self.metrics)
        self.selection_bar = SelectionBar()
        self.model.set_filter(_remembered(Group, ctx.window.state("filter")) or Group.ALL)
        self.model.set_order(_remembered(Sort, ctx.window.state("sort")) or Sort.NEWEST)
        self._build_title_widgets()
        self._build_page()
        self._show_layout(_remembered(Layout, ctx.window.state("layout")) or Layout.GRID)
        self._connect()
        self._show_counts()
        self._show_rows()

    # -- building ----------------------------------------------------------------------------------------------------

    def _build_title_widgets(self) -> None:
        self.filters = SegmentedControl("Show", self._segments(), self.model.filter)
        self.search = SearchField("Search agents", width_px=170)
        self.search.setMinimumWidth(_LEAST_SEARCH_PX)
        self.search.setToolTip("Search agents (/)")
        self.deploy = Button("Deploy agent", "primary", tooltip="Deploy an agent", shortcut="D")
        self._ctx.window.set_title_widgets([self.filters, self.search, self.deploy])
        # In the title bar they are no children of the page: its keys are heard there too.
        for widget in (self.filters, self.search, self.deploy):
            widget.installEventFilter(self)

    def _build_page(self) -> None:
        self.empty = EmptyState("agents", *_NOTHING[Group.ALL], "Deploy agent")
        self.nothing = EmptyState("search", "", "")
        self.stack = QStackedWidget()
        for page in (self.grid, self.empty, self.nothing):
            self.stack.addWidget(page)
        self.sort_button = IconButton("sort-desc", "Sort", shortcut="S")
        self.layout_button = IconButton("list", "Show as a list", shortcut="L")
        self.history_button = IconButton("history", "History", shortcut="H")
        self.history_button.setCheckable(True)
        self.older = Button("", "quiet", tooltip="Show the runs of before", shortcut="H")
        top = QHBoxLayout()
        top.setContentsMargins(SPACE.lg + 4, 0, SPACE.md, 0)
        top.setSpacing(SPACE.xs)
        top.addWidget(self.metrics, 1)
        for button in (self.sort_button, self.layout_button, self.history_button):
            top.addWidget(button)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.stack, 1)
        body.addWidget(self.history)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addSpacing(1)
        column.addLayout(body, 1)
        column.addWidget(self.older)
        column.addWidget(self.selection_bar)
        self.history.hide()
        self.selection_bar.hide()
        self.older.hide()
        self.setFocusProxy(self.grid)

    def _connect(self) -> None:
        self.filters.selected.connect(lambda key: self._filter(Group(key)))
        self.search.query_changed.connect(self._search)
        self.deploy.clicked.connect(lambda: self.deploy_desk.open())
        self.empty.action_requested.connect(lambda: self.deploy_desk.open())
        self.sort_button.clicked.connect(self._open_sort_menu)
        self.layout_button.clicked.connect(self.toggle_layout)
        self.history_button.toggled.connect(self._show_history)
        self.older.clicked.connect(lambda: self.history_button.setChecked(True))
        self.history.closed.connect(lambda: self.history_button.setChecked(False))
        self.history.opened.connect(self._open_past)
        self.history.deploy_again.connect(self._deploy_again)
        self.grid.opened.connect(self.open_agent)
        self.grid.detach_wanted.connect(self.detach_agent)
        self.grid.menu_wanted.connect(self._open_agent_menu)
        self.grid.selection_changed.connect(self._show_selection)
        self.selection_bar.pause_requested.connect(lambda: self.commands.pause(self.grid.selected_pids()))
        self.selection_bar.resume_requested.connect(lambda: self.commands.resume(self.grid.selected_pids()))
        self.selection_bar.stop_requested.connect(lambda: self.commands.ask_stop(self.grid.selected_pids()))
        self.selection_bar.clear_requested.connect(self.grid.clearSelection)
        self.model.counts_changed.connect(self._show_counts)
        self._ctx.stores.kernel.changed.connect(self._show_figures)
        for signal in (self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset):
            signal.connect(lambda *_arguments: self._show_rows())
        self._store.changed.connect(self._on_store_changed)
        if isinstance(self._previews, TerminalPreviews):
            self.destroyed.connect(self._previews.close)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _segments(self) -> list[Segment]:
        """The filters with their counts; in a narrow window with the one count that cannot wait."""
        counts = totals(self.model.counts, self._store.ended)
        return [
            Segment(group, name, -1 if self._narrow and group is not Group.NEEDS_YOU else counts.of(group))
            for group, name in _FILTER_NAMES.items()
        ]

    def _show_counts(self) -> None:
        self._show_segments()
        self._ctx.window.set_attention(self.model.counts.needs_you > 0)
        self._show_figures()
        self._show_rows()

    def _show_segments(self) -> None:
        self.filters.set_segments(self._segments())
        self._show_older()

    def _show_older(self) -> None:
        """Say where the runs are that are counted and not listed."""
        ended, counts = self._store.ended.all, self.model.counts
        listed = counts.all - counts.living
        long = f"The newest {listed:,} of {ended:,} ended runs are listed; History has all of them"
        self.older.setText("All runs are in History" if self._narrow else long)
        self.older.setVisible(self._store.attached and listed < ended and self.model.filter in (Group.ALL, Group.DONE, Group.FAILED))

    def _show_figures(self) -> None:
        self.metrics.set_figures(figures_of(self.model.counts, self._store.ended, self._ctx.stores.kernel.metrics))

    def _show_rows(self) -> None:
        if self.model.rowCount():
            page: QWidget = self.grid
        elif self.model.query:
            self.nothing.set_text(f"Nothing matches “{self.model.query[:60]}”", "Escape clears the search.")
            page = self.nothing
        elif self.model.counts.all == 0:
            self.empty.set_text(*(_NOTHING[Group.ALL] if self._store.attached else self._unknown()))
            page = self.empty
        else:
            self.nothing.set_text(*_NOTHING[self.model.filter])
            page = self.nothing
        if self.stack.currentWidget() is not page:
            had_focus = self.grid.hasFocus()
            self.stack.setCurrentWidget(page)
            if had_focus and page is not self.grid:
                self.setFocus()

    def _unknown(self) -> tuple[str, str]:
        """What is said while nothing is known of any agent."""
        absence = self._ctx.stores.kernel.absence
        if absence is None:
            return "Looking for agents…", ""
        return "Aether's kernel does not run", exact_line(str(absence), _REASON_CHARACTERS)

    def _show_selection(self) -> None:
        chosen = self.grid.selectionModel().selectedIndexes()
        if len(chosen) < 2:
            self.selection_bar.hide()
            return
        living = self.commands.living(self.grid.selected_pids())
        paused = sum(1 for view in living if view.info.state == "stopped")
        self.selection_bar.show_selection(len(chosen), running=len(living) - paused, paused=paused)
        self.selection_bar.show()

    def _show_history(self, wanted: bool) -> None:
        self.history.setVisible(wanted)
        self._place_history()
        if wanted:
            self.history.start()
        else:
            self.grid.setFocus()

    def _place_history(self) -> None:
        """Beside the agents where there is room, in their place where there is none."""
        roomy = self.width() >= _SIDE_BY_SIDE_PX
        self.stack.setVisible(roomy or self.history.isHidden())
        self.history.setFixedWidth(_PANEL_PX if roomy else max(200, self.width()))

    def _filter(self, group: Group) -> None:
        self.model.set_filter(group)
        self._ctx.window.set_state("filter", group.value)
        self._show_rows()
        self._show_segments()

    def _search(self, query: str) -> None:
        self.model.set_query(query)
        self._show_rows()

    def _on_store_changed(self, _pids: frozenset[int]) -> None:
        if not self.selection_bar.isHidden():
            self._show_selection()
        if self.model.counts.all == 0:
            self._show_rows()
        self._show_segments()
        self._show_figures()

    # -- what is done ------------------------------------------------------------------------------------------------

    def open_agent(self, pid: int) -> None:
        """Open the window of an agent."""
        view = self._store.get(pid)
        open_agent(self._ctx.open_window, pid, view.info.name if view is not None else "Agent")

    def detach_agent(self, pid: int) -> None:
        """Open the window of an agent as a native one."""
        view = self._store.get(pid)
        open_detached(self._ctx.open_window, pid, f"{view.info.name if view is not None else 'Agent'} · {pid}")

    def toggle_layout(self) -> None:
        """Change between cards and rows."""
        kind = Layout.LIST if self.grid.layout_kind is Layout.GRID else Layout.GRID
        self._show_layout(kind)
        self._ctx.window.set_state("layout", kind.value)

    def _show_layout(self, kind: Layout) -> None:
        self.grid.set_layout_kind(kind)
        name = "Show as cards" if kind is Layout.LIST else "Show as a list"
        self.layout_button.set_icon_name("agents" if kind is Layout.LIST else "list")
        self.layout_button.setAccessibleName(name)
        self.layout_button.setToolTip(f"{name} (L)")

    def _open_past(self, info: ProcessInfo) -> None:
        pid = str(info.pid)
        arguments = (("pid", pid), ("tab", "timeline"))
        self._ctx.open_window("agent-vm", arguments, key=pid, title=f"{info.name} · {pid}")

    def _deploy_again(self, info: ProcessInfo) -> None:
        self._tasks.spawn(self._open_copy(info), name=f"deploy-again-{info.pid}")

    async def _open_copy(self, info: ProcessInfo) -> None:
        reply = await self._ctx.client.execute(ProcessInfoGet(pid=info.pid))
        self.deploy_desk.open(copy_of=reply.config or config_of(reply.info))

    def _on_error(self, error: BaseException) -> None:
        if not isinstance(error, AetherError):
            raise error
        self._ctx.notify(Notice(error.message, error.hint, "error"))

    def _open_agent_menu(self, position: QPoint) -> None:
        pids = self.grid.selected_pids()
        if not pids:
            return
        menu = build_agent_menu(self, [view for pid in pids if (view := self._store.get(pid)) is not None])
        commands: dict[str, Callable[[], object]] = {
            "open": lambda: self.open_agent(pids[0]),
            "detach": lambda: self.detach_agent(pids[0]),
            "pause": lambda: self.commands.pause(pids),
            "resume": lambda: self.commands.resume(pids),
            "stop": lambda: self.commands.ask_stop(pids),
            "again": lambda: self._copy_and_deploy(pids[0]),
        }
        self._popup(menu, position, commands)

    def _copy_and_deploy(self, pid: int) -> None:
        view = self._store.get(pid)
        if view is not None:
            self._deploy_again(view.info)

    def _open_sort_menu(self) -> None:
        menu = build_sort_menu(self, self.model.order)
        position = self.sort_button.mapToGlobal(QPoint(0, self.sort_button.height() + 2))
        self._popup(menu, position, {sort.value: partial(self._sort, sort) for sort in Sort})

    def _sort(self, order: Sort) -> None:
        self.model.set_order(order)
        self._ctx.window.set_state("sort", order.value)

    def _popup(self, menu: QMenu, position: QPoint, commands: dict[str, Callable[[], object]]) -> None:
        def run(action: QAction) -> None:
            commands[str(action.data())]()

        menu.triggered.connect(run)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(position)

    # -- events ------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """D deploys, Space pauses, Delete stops, / searches, L, S and H change what is shown."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        command = self._keys().get(Qt.Key(event.key())) if plain else None
        if command is None:
            super().keyPressEvent(event)
            return
        command()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear the page's keys in the title bar; from there Down and Enter lead to the agents."""
        if not isinstance(event, QKeyEvent) or event.type() is not QEvent.Type.KeyPress:
            return False
        key = Qt.Key(event.key())
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if not plain or self.deploy_desk.sheet is not None:
            return False
        leaves = key in _TO_AGENTS and (watched is self.search or (watched is self.filters and key is not Qt.Key.Key_Down))
        if leaves or (watched is self.search and key is Qt.Key.Key_Escape and not self.search.text()):
            self._go_to_agents()
            return True
        if watched is self.search or (watched is self.deploy and key is Qt.Key.Key_Space) or key not in self._keys():
            return False
        self._keys()[key]()
        return True

    def _go_to_agents(self) -> None:
        self.grid.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.grid.currentIndex().isValid() and self.model.rowCount():
            self.grid.setCurrentIndex(self.model.index(0))

    def _keys(self) -> dict[Qt.Key, Callable[[], object]]:
        return {
            Qt.Key.Key_D: lambda: self.deploy_desk.open(),
            Qt.Key.Key_Space: lambda: self.commands.toggle_pause(self.grid.selected_pids()),
            Qt.Key.Key_Delete: lambda: self.commands.ask_stop(self.grid.selected_pids()),
            Qt.Key.Key_Slash: lambda: self.search.setFocus(Qt.FocusReason.ShortcutFocusReason),
            Qt.Key.Key_L: self.toggle_layout,
            Qt.Key.Key_S: self._open_sort_menu,
            Qt.Key.Key_H: self.history_button.toggle,
            Qt.Key.Key_Escape: self.grid.clearSelection,
        }

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the history its place, and make the title bar's controls fit."""
        super().resizeEvent(event)
        self._place_history()
        narrow = self.width() < _NARROW_PX
        if narrow is not self._narrow:
            self._narrow = narrow
            self.deploy.setText("Deploy" if narrow else "Deploy agent")
            self._show_segments()
        slim_px = _SLIM_FILTER_PADDING_PX if self.width() < _SLIM_PX else _NARROW_FILTER_PADDING_PX
        self.filters.set_text_padding(slim_px if narrow else _FILTER_PADDING_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the background and the line below the figures."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface0))
        painter.fillRect(0, self.metrics.geometry().bottom() + 1, self.width(), 1, QColor(tokens.line))
