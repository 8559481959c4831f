"""One agent's window: its tabs, what it asks, and its controls. Joins the parts; each part is a file of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.apps.agent_vm.approval_panel import ApprovalPanel
from aether_desktop.apps.agent_vm.banner import Banner
from aether_desktop.apps.agent_vm.control_bar import ALIVE, ControlBar
from aether_desktop.apps.agent_vm.exchanges_view import ExchangesView
from aether_desktop.apps.agent_vm.key_help import LEAVE_KEYS
from aether_desktop.apps.agent_vm.live_output import LiveOutput
from aether_desktop.apps.agent_vm.logs import LogsView
from aether_desktop.apps.agent_vm.processes_popover import ProcessesPopover
from aether_desktop.apps.agent_vm.recent_keys import RecentKeys
from aether_desktop.apps.agent_vm.shells import AgentTerminals
from aether_desktop.apps.agent_vm.timeline import TimelineView
from aether_desktop.apps.context import AppContext, open_agent
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.agent_status import status_of
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.widgets.file_browser import FilesView
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.shown_text import exact_line, one_line, visible
from kernel.errors import AetherError
from kernel.protocol.base import Command
from kernel.protocol.ids import ApprovalScope, MessageMode
from kernel.protocol.ids import Signal as ProcessSignalName
from kernel.protocol.process import (
    ProcessApprove,
    ProcessInfoGet,
    ProcessReject,
    ProcessResume,
    ProcessSend,
    ProcessSignal,
    ProcessSpawn,
)
from kernel.protocol.records import Approval, ProcessInfo

if TYPE_CHECKING:
    from aether_desktop.apps.agent_vm.desktop import DesktopPage

LEAST_PAGE_PX = 24
NAME_CHARACTERS = 80
GOAL_CHARACTERS = 200
LEAST_SIZE = (280, 100)
"""What the desktop's smallest window leaves below a title bar of two rows."""
TIGHT_PX = 270
NO_LIMIT_PX = 16_777_215
TABS = (("terminal", "Terminal"), ("logs", "Logs"), ("timeline", "Timeline"), ("files", "Files"), ("model", "Model"))
DESKTOP_TAB = ("desktop", "Desktop")
"""Behind the terminal, where the agent has one."""
DESKTOP_IS = "The screen of the programs that the agent runs with windows"
TAB_PADDING_PX = 8
"""Around each tab's text: five fit into the smallest window so."""
TIGHT_TAB_PADDING_PX = 2
SIX_TABS_PX = 360
"""A window that is less wide holds six tabs only close together."""


class _Pages(QStackedWidget):
    """Gives its room to the question and the controls in a small window: the pages scroll."""

    def hasHeightForWidth(self) -> bool:
        """A page's text that wraps makes no claim."""
        return False

    def minimumSizeHint(self) -> QSize:
        """A strip."""
        return QSize(0, LEAST_PAGE_PX)


class AgentView(QWidget):
    """Shows and steers the agent `pid`, living or dead."""

    def __init__(self, ctx: AppContext, pid: int) -> None:
        super().__init__()
        self._ctx = ctx
        self._pid = pid
        self._info: ProcessInfo | None = None
        self._title = ("", "")
        self._question: Sheet | None = None
        self._tasks = TaskOwner(self, self._on_error)
        self.journal = ctx.stores.journals.open(pid, self)
        self.journal.failed.connect(self._on_error)
        self.terminals = AgentTerminals(ctx.client, ctx.terminals, self)
        self.timeline = TimelineView(self.journal)
        LiveOutput(self.terminals.record, self.journal, self)
        self.logs = LogsView(ctx.client, self.journal)
        self.files = FilesView(ctx.client, f"/home/agent_{pid}")
        self.exchanges = ExchangesView(ctx.client, pid)
        self.desktop: DesktopPage | None = None
        self._page_of: dict[str, QWidget] = dict(
            zip((key for key, _ in TABS), (self.terminals, self.logs, self.timeline, self.files, self.exchanges), strict=True)
        )
        self._wanted_tab = ""
        self._pages = _Pages()
        for page in self._page_of.values():
            self._pages.addWidget(page)
        self.banner = Banner(self)
        self.keys = RecentKeys(self)
        self.approval = ApprovalPanel(self.keys, self)
        self.controls = ControlBar(self)
        self.tabs = SegmentedControl("Views of the agent", [Segment(*tab) for tab in TABS], text_padding_px=TAB_PADDING_PX)
        ctx.window.set_title_widgets([self.tabs])
        ctx.window.set_close_guard(self.terminals.may_close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self._pages, 1)
        column.addWidget(self.approval)
        column.addWidget(self.controls)
        self.setMinimumSize(*LEAST_SIZE)
        self._connect()
        self.show_tab("timeline")
        known = ctx.stores.processes.get(pid)
        if known is not None and known.info.graphical:
            self._add_desktop()
        self.show_tab(ctx.arguments.get("tab") or ctx.window.state("tab") or "timeline")
        self._tasks.spawn(self._load(), name="load")

    def show_tab(self, key: str) -> None:
        """Change the view; that of a desktop shows as soon as the agent is known to have one."""
        self._wanted_tab = key
        page = self._page_of.get(key)
        if page is not None:
            self._pages.setCurrentWidget(page)
            self.tabs.set_current(key)
            self._aim_focus()

    def _choose_tab(self, key: str) -> None:
        """A person's choice stays with the window: it opens with this tab the next time, also after it was closed."""
        self.show_tab(key)
        self._ctx.window.set_state("tab", key)
        # An argument asks for a tab at the first opening only; kept, it would outdo the choice at the next start.
        self._ctx.window.set_arguments(tuple((name, value) for name, value in self._ctx.arguments.items() if name != "tab"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See QWidget."""
        super().resizeEvent(event)
        self._share_height()
        self._share_width()

    def _share_width(self) -> None:
        tight = self.desktop is not None and self.width() < SIX_TABS_PX
        self.tabs.set_text_padding(TIGHT_TAB_PADDING_PX if tight else TAB_PADDING_PX)

    def _add_desktop(self) -> None:
        """The page and the tab of an agent that has a desktop."""
        from aether_desktop.apps.agent_vm.desktop import DesktopPage

        self.desktop = DesktopPage(self._ctx.client, self._pid)
        self._page_of[DESKTOP_TAB[0]] = self.desktop
        self._pages.addWidget(self.desktop)
        self.tabs.set_segments([Segment(*tab) for tab in (TABS[0], DESKTOP_TAB, *TABS[1:])])
        self.tabs.setTabToolTip(1, DESKTOP_IS)
        self._share_width()
        if self._wanted_tab == DESKTOP_TAB[0]:
            focus = QApplication.focusWidget()
            had_focus = focus is not None and self._pages.isAncestorOf(focus)
            self.show_tab(self._wanted_tab)
            if had_focus:
                self.setFocus()  # what was shown until now took it along

    def _share_height(self) -> None:
        """In a very low window a question is all there is; without one, the page and the row of buttons.

        What has no room keeps the keyboard if it has it: it gets no height, but is not hidden.
        """
        tight = self.height() < TIGHT_PX
        asks = tight and self.approval.approval is not None
        for part in (self.banner, self.approval, self.controls):
            part.set_tight(tight)
        for widget in (self._pages, self.controls):
            widget.setMaximumHeight(0 if asks else NO_LIMIT_PX)
        self.banner.setMaximumHeight(0 if asks or (tight and self.banner.repeats) else NO_LIMIT_PX)

    def _aim_focus(self) -> None:
        """Who gets the keyboard when the window comes to the front: the question first, else the view shown."""
        lists: dict[QWidget, QWidget] = {self.logs: self.logs.list, self.timeline: self.timeline.list}
        page = self._pages.currentWidget() or self._pages
        self.setFocusProxy(self.approval if self.approval.approval is not None else lists.get(page, page))

    def _connect(self) -> None:
        self.tabs.selected.connect(self._choose_tab)
        self._ctx.stores.processes.changed.connect(self._on_changed)
        controls = self.controls
        controls.pause_requested.connect(lambda: self._signal("SIGSTOP"))
        controls.resume_requested.connect(self._resume)
        controls.stop_requested.connect(self._ask_to_stop)
        controls.kill_requested.connect(self._ask_to_kill)
        controls.shell_requested.connect(self._open_shell)
        controls.processes_requested.connect(self._show_processes)
        controls.listen(self)
        controls.listen(self.tabs)
        for owner in (self, self.tabs):
            answer = QShortcut(QKeySequence("Ctrl+Return"), owner)
            answer.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            answer.activated.connect(self._go_to_question)
        leave = QShortcut(QKeySequence(LEAVE_KEYS), self)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.activated.connect(lambda: self.tabs.setFocus(Qt.FocusReason.ShortcutFocusReason))
        controls.message_sent.connect(self._say)
        controls.redeploy_requested.connect(lambda: self._tasks.spawn(self._deploy_again(), name="deploy again"))
        self.banner.resume_requested.connect(self._resume)
        self.banner.discard_requested.connect(lambda: self._signal("SIGTERM"))
        self.approval.approved.connect(self._approve)
        self.approval.rejected.connect(self._reject)
        self.approval.left.connect(self._leave_question)
        self.keys.came_in.connect(self._on_came_in)

    async def _load(self) -> None:
        """What the store does not know: runs of long ago."""
        reply = await self._ctx.client.execute(ProcessInfoGet(pid=self._pid))
        view = self._ctx.stores.processes.get(self._pid)
        self._show(view.info if view is not None else reply.info, view.approval if view is not None else None)

    async def _deploy_again(self) -> None:
        """A new agent with the same values, in a window of its own."""
        reply = await self._ctx.client.execute(ProcessInfoGet(pid=self._pid))
        if reply.config is not None:
            pid = (await self._ctx.client.execute(ProcessSpawn(config=reply.config))).pid
            open_agent(self._ctx.open_window, pid, reply.info.name)

    def _on_changed(self, pids: frozenset[int]) -> None:
        if self._pid in pids:
            view = self._ctx.stores.processes.get(self._pid)
            if view is not None:
                self._show(view.info, view.approval)

    def _show(self, info: ProcessInfo, approval: Approval | None) -> None:
        self._info = info
        status = status_of(ProcessView(info=info, approval=approval))
        self._show_title(f"{exact_line(info.name, NAME_CHARACTERS)} · {info.pid}", visible(one_line(info.goal, GOAL_CHARACTERS)))
        self._ctx.window.set_attention(approval is not None)
        self.controls.show_process(info, status)
        self.banner.show_process(info, status)
        self.exchanges.show_process(info)
        if info.graphical and self.desktop is None:
            self._add_desktop()
        if self.desktop is not None:
            self.desktop.show_process(info)
        self.approval.show_approval(approval)
        self._share_height()
        self.timeline.list.set_living(info.state in ("created", "running", "sleeping") and not info.interrupted)
        self.terminals.show_record(info.tty_id)
        self._aim_focus()

    def _show_title(self, title: str, subtitle: str) -> None:
        """Once for each title: the window tells everybody of it."""
        if (title, subtitle) != self._title:
            self._title = (title, subtitle)
            self._ctx.window.set_title(title, subtitle)

    def _send(self, command: Command[Any], name: str) -> None:
        self._tasks.spawn(self._ctx.client.execute(command), name=name)

    def _signal(self, signal: ProcessSignalName) -> None:
        self._send(ProcessSignal(pid=self._pid, signal=signal), "signal")

    def _resume(self) -> None:
        if self._info is not None and self._info.interrupted:
            self._send(ProcessResume(pid=self._pid), "resume")
        else:
            self._signal("SIGCONT")

    def _say(self, text: str, mode: str) -> None:
        chosen: MessageMode = "queue" if mode == "queue" else "interrupt" if mode == "interrupt" else "steer"
        # The kernel names the message after the command's id: said once, it is one row however often it is told.
        command = ProcessSend(pid=self._pid, text=text, mode=chosen, id=uuid.uuid4().hex)
        self._tasks.spawn(self._deliver(command), name="send")

    async def _deliver(self, command: ProcessSend) -> None:
        taken = False
        try:
            await self._ctx.client.execute(command)
            taken = True
        finally:
            if isValid(self.controls):
                self.controls.end_sending(taken=taken)

    def _approve(self, approval_id: str, scope: str) -> None:
        chosen: ApprovalScope = "always" if scope == "always" else "once"
        command = ProcessApprove(pid=self._pid, approval_id=approval_id, scope=chosen)
        self._tasks.spawn(self._answer(command), name="approve")

    def _reject(self, approval_id: str, reason: str) -> None:
        command = ProcessReject(pid=self._pid, approval_id=approval_id, reason=reason)
        self._tasks.spawn(self._answer(command), name="reject")

    async def _answer(self, command: ProcessApprove | ProcessReject) -> None:
        try:
            await self._ctx.client.execute(command)
        except AetherError:
            self.approval.answer_again(command.approval_id)
            raise

    def _go_to_question(self) -> None:
        if self.approval.approval is not None:
            self.approval.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_came_in(self, focus: QWidget) -> None:
        """Who opens the window for its question sees what led to it."""
        if focus is self.approval:
            self.show_tab("timeline")

    def _leave_question(self) -> None:
        """The keyboard goes on to what is shown: never to a button that the next Enter would press."""
        self._aim_focus()
        self.setFocus()

    def _open_shell(self) -> None:
        self.show_tab("terminal")
        self.terminals.open_shell(self._pid)

    def _show_processes(self) -> None:
        popover = ProcessesPopover(self)
        popover.wanted.connect(lambda: self._tasks.spawn(self._fill_processes(popover), name="processes"))
        popover.open_above(self.controls.processes_button)

    async def _fill_processes(self, popover: ProcessesPopover) -> None:
        reply = await self._ctx.client.execute(ProcessInfoGet(pid=self._pid))
        if isValid(popover):
            popover.show_processes(reply.children)

    def _ask_to_stop(self) -> None:
        self._ask_to_end("stop", "SIGTERM", "Its files and its log stay; its work is not finished.")

    def _ask_to_kill(self) -> None:
        """The emergency stop: asked for a second time, it waits for no answer."""
        if self._question is not None and isValid(self._question):
            self._question.answer("kill")
            return
        text = "It and all that it runs end at once, in the middle of what they do. What it has written so far stays."
        self._question = self._ask_to_end("kill", "SIGKILL", text)

    def _ask_to_end(self, verb: str, signal: ProcessSignalName, text: str) -> Sheet | None:
        if self._info is None or self._info.state not in ALIVE:
            return None
        answers = (Answer(verb, f"{verb.capitalize()} the agent", "danger"), Answer("keep", "Let it work", "primary", default=True))
        sheet = Sheet(self, f"{verb.capitalize()} {self._info.name} · {self._pid}?", text, answers=answers)
        sheet.finished.connect(lambda key: self._signal(signal) if key == verb else None)
        sheet.open()
        return sheet

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._ctx.notify(Notice(error.message, error.hint, "error"))
        else:
            raise error
