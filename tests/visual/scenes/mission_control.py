"""Mission Control in its states: full, empty, asking, long and foreign texts, a list, small; its dialog and its history."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec.structs import replace as replaced
from PySide6.QtCore import QDateTime, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from aether_desktop.apps.mission_control.view import MissionControl
from aether_desktop.shell.app_registry import AppManifest, AppRegistry
from aether_desktop.shell.layout import MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.protocol.agent import AgentFileCreated, AgentNotice, AgentThought
from kernel.protocol.process import count_living
from kernel.protocol.records import GpuInfo, ModelInfo, ProviderInfo
from tests.fakes.app_context import World, attach, make_world, run_now
from tests.fakes.kernel_client import NOW, FakeKernelClient, make_approval, make_info
from tests.visual.scene import Scene, in_both_themes

G, R, Y, C, P, D, N = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[35m", "\x1b[90m", "\x1b[0m"
PYTEST = (
    f"{G}➜{N} pytest -q tests/unit\n........................ {D}[ 38%]{N}\n............{R}F{N}........... {D}[ 76%]{N}\n"
    f"...............          {D}[100%]{N}\n{R}FAILED{N} test_router.py::test_order\n"
    f"{R}1 failed{N}, {G}62 passed{N} in 3.41s\n{G}➜{N} "
)
MAKE = (
    f"{G}➜{N} {C}~/work{N} make -j2\n{D}[ 12%]{N} CC core/loop.o\n{D}[ 31%]{N} CC core/store.o\n"
    f"{Y}warning:{N} unused variable ‘n’\n{D}[ 58%]{N} CC net/http.o\n{D}[ 83%]{N} LD aetherd\n"
    f"{G}✓{N} built in 14.2 s\n{G}➜{N} {C}~/work{N} "
)
TAIL = (
    f"{G}➜{N} tail -f access.log\n{D}10:41:07{N} {G}200{N} GET /v1/agents  4ms\n{D}10:41:07{N} {G}200{N} GET /v1/runs    9ms\n"
    f"{D}10:41:08{N} {Y}429{N} POST /v1/chat  0ms\n{D}10:41:09{N} {G}200{N} POST /v1/chat 812ms\n"
)
GREP = (
    f'{G}➜{N} rg "deadline" --stats\n{P}kernel/tools/run_command.py{N}\n{G}41{N}:    deadline_s: float = 120\n'
    f"{G}88{N}:    async with timeout({R}deadline{N})\n{P}kernel/agents/budget.py{N}\n{G}17{N}:    {R}deadline{N}: float\n"
    "3 matches "
)
ENDED: dict[str, Any] = {"state": "dead", "cpu_percent": 0.0, "memory_mb": 0.0, "ended_at": NOW - 60}


def six() -> FakeKernelClient:
    client = FakeKernelClient()
    client.processes = [
        make_info(1042, step=17, agent_phase="waiting", cpu_percent=0.0, memory_mb=61),
        make_info(
            1038, name="DevOps", role="DevOps", goal="Cut the image under 200 MB", agent_phase="executing", step=31,
            cpu_percent=94.0, memory_mb=212,
        ),
        make_info(1040, name="Analyst", role="Analyst", goal="Why did p95 rise on Tuesday?", step=9, memory_mb=58),
        make_info(
            1044, name="Researcher", role="Researcher", goal="Find every deadline that is not enforced",
            agent_phase="observing", step=5, cpu_percent=1.2, memory_mb=44,
        ),
    ]  # fmt: skip
    client.approvals = [make_approval(1042)]
    client.past = [
        make_info(
            1031, name="Tester", role="Tester", goal="Reproduce issue 88 on a clean machine", agent_phase="completed",
            exit_code=0, step=22, summary="Reproduced: the lock is taken twice on a clean machine.", **ENDED,
        ),
        make_info(
            1029, goal="Port the importer to the new schema", agent_phase="failed", exit_code=1, step=50,
            summary="The step limit of 50 was reached.", **ENDED,
        ),
    ]  # fmt: skip
    screens = {1042: PYTEST, 1038: MAKE, 1040: TAIL, 1044: GREP, 1031: PYTEST, 1029: MAKE}
    client.screens = {f"tty-{pid}-0": text.replace("\n", "\r\n").encode() for pid, text in screens.items()}
    return client


def told(client: FakeKernelClient) -> None:
    """What the six said and wrote last."""
    client.publish(
        AgentThought(pid=1042, log_id=1, step=17, thought="A stale build hides the fix. I will clean and build again."),
        AgentThought(pid=1038, step=31, thought="The base image is most of it; a slim one would do."),
        AgentFileCreated(pid=1038, path="/home/agent_1038/Dockerfile", content=""),
        AgentThought(pid=1040, step=9, thought="Latency follows the 429s, so look at the limiter"),
        AgentThought(pid=1044, step=5, thought="Three places; only one of them is enforced."),
        AgentFileCreated(pid=1044, path="/home/agent_1044/notes.md", content=""),
        AgentFileCreated(pid=1044, path="/home/agent_1044/report.md", content=""),
        AgentFileCreated(pid=1031, path="/home/agent_1031/report.md", content=""),
    )


def extremes() -> FakeKernelClient:
    """Letters of the bundled fonts only (one rocket apart): others look different wherever other fonts are installed."""
    client = FakeKernelClient()
    long = "Read every file of the repository, note each function that is longer than sixty lines, and " * 4
    client.processes = [
        make_info(7, name="Агент с очень длинным именем, которое никуда не помещается", goal=long, step=99_999, max_steps=100_000),
        make_info(8, name="\u202eredoC\u202c", goal="\u202eRight to left\u202c, then left to right", agent_phase="executing"),
        make_info(9, name="Fox 🚀", goal="Ünïcödé ßtraße, Ωμέγα and Жёлтый together", agent_phase="observing"),
        make_info(10, state="stopped", interrupted=True, goal="Was interrupted", confinement="none", model="qwen3:8b"),
        make_info(11, state="stopped", goal="Paused by hand", memory_mb=2140.0),
        make_info(12, state="created", agent_phase="booting", step=0, goal="Just born"),
    ]
    return client


def foreign(client: FakeKernelClient) -> None:
    client.publish(
        AgentNotice(
            pid=7, step=3, kind="error", message="The key for Gemini is not accepted.",
            hint="Set GEMINI_API_KEY to a valid one.",
        ),
        AgentThought(pid=8, step=2, thought="One\nline\tafter\n\nanother, with \x1b[31mno colour\x1b[0m and a \x00 in it."),
        AgentThought(pid=9, step=2, thought="Counting, and then some more words so that it wraps " * 5),
        AgentNotice(pid=10, step=2, kind="interrupted", message="Aether ended while this agent was at step 17.", hint="Resume."),
    )  # fmt: skip


def _world(theme: ThemeManager, client: FakeKernelClient) -> World:
    world = make_world(theme, theme, client)
    run_now(attach(world))
    for view in world.stores.processes.all():
        # No loop runs while a picture is made, so what cards would ask for later is read now.
        run_now(world.stores.processes._tell(view.pid))
    return world


def page(
    client_of: Callable[[], FakeKernelClient], after: Callable[[FakeKernelClient], None] | None = None
) -> Callable[[ThemeManager], QWidget]:
    def build(theme: ThemeManager) -> QWidget:
        client = client_of()
        world = _world(theme, client)
        manifest = AppManifest(
            "mission-control", "Mission Control", "agents", "#7c8cff", "tests.visual.scenes.mission_control:create",
            size=(1010, 720),
        )  # fmt: skip
        at_work = count_living(client.processes, client.approvals).working
        status = StatusFeed(ShellStatus(KernelState.READY, needs_you=len(client.approvals), running=at_work), theme)

        def make_context(_manifest: Any, handle: Any, _arguments: Any) -> object:
            return replace(world.context, window=handle)

        window = MainWindow(
            AppRegistry((manifest,)), status, MemoryLayoutStore(), theme, make_context, logging.getLogger("visual")
        )
        window.menu_bar.show_time(QDateTime.fromString("2026-11-20T10:41:00", Qt.DateFormat.ISODate))
        window.menu_bar._minute.stop()  # else a picture that is made at the turn of a minute shows the real time
        window.world = world  # type: ignore[attr-defined] # the scene's own handle
        window.after = after  # type: ignore[attr-defined] # as above
        return window

    return build


def create(ctx: Any) -> QWidget:
    """The app of the scenes' desktop."""
    return MissionControl(ctx)


def opened(window: Any, *, zoomed: bool = True) -> MissionControl:
    """Open Mission Control over the whole desktop and let its terminals be read."""
    frame = window.open_window("mission-control")
    assert frame is not None
    if zoomed:
        frame.setGeometry(window.work_area().adjusted(12, 8, -12, -8))
    view = frame.findChild(MissionControl)
    assert isinstance(view, MissionControl)
    if window.after is not None:
        window.after(window.world.client)
    # No timer runs while a picture is made.
    for feed in window.world.client.terminals.values():
        feed.wake()
    schedule = view._ctx.terminals.schedule
    while schedule.busy:
        schedule._turn()
    view._previews._tell()  # type: ignore[attr-defined] # these are the real ones
    return view


def show(window: QWidget) -> None:
    opened(window)


def show_least(window: QWidget) -> None:
    """The smallest window that there is, a little higher."""
    opened(window)
    (frame,) = window.findChildren(WindowFrame)
    frame.setGeometry(12, 40, 300, 300)


def show_list(window: QWidget) -> None:
    opened(window).toggle_layout()


def show_selected(window: QWidget) -> None:
    view = opened(window)
    view.grid.select([1038, 1040, 1044])


def show_nothing_found(window: QWidget) -> None:
    view = opened(window)
    view.model.set_query("zebra")
    view._show_rows()


def show_deploy(window: QWidget, *, gpus: tuple[GpuInfo, ...] = ()) -> None:
    """gpus: the machine's, as far as the dialog sees it."""
    view = opened(window)
    kernel = view._ctx.stores.kernel
    assert kernel.status is not None
    kernel._status = replaced(kernel.status, gpus=gpus)  # not announced: the bar would begin to ask for it, and no loop runs here
    desk = view.deploy_desk
    for tasks in (desk._tasks, view._ctx.stores.llm._tasks):
        tasks.spawn = lambda work, name="": work.close()  # type: ignore[assignment, method-assign] # no loop runs here
    desk.open()
    run_now(desk._load())


def show_deploy_least(window: QWidget) -> None:
    """In a window of 300 px the fields stand below each other."""
    show_deploy_errors(window)
    (frame,) = window.findChildren(WindowFrame)
    frame.setGeometry(12, 36, 300, 560)


def show_deploy_errors(window: QWidget) -> None:
    show_deploy(window)
    view = window.findChild(MissionControl)
    assert isinstance(view, MissionControl)
    form = view.deploy_desk.form
    assert form is not None
    form.numbers["max_steps"].setText("many")
    form.numbers["memory_mb"].setText("4")
    form.folder.setText("work/here")
    view.deploy_desk._submit()


def show_deploy_switches(window: QWidget) -> None:
    """Everything that the machine can give is given."""
    show_deploy(window, gpus=(GpuInfo(name="NVIDIA H200"),))
    view = window.findChild(MissionControl)
    assert isinstance(view, MissionControl)
    form = view.deploy_desk.form
    assert form is not None
    for switch in (form.network, form.gpu, form.graphical):
        switch.setChecked(True)


def show_deploy_switches_narrow(window: QWidget) -> None:
    """In a window of 300 px, scrolled to the last switch."""
    show_deploy_switches(window)
    (frame,) = window.findChildren(WindowFrame)
    frame.setGeometry(12, 36, 300, 560)
    QApplication.processEvents()
    view = window.findChild(MissionControl)
    assert isinstance(view, MissionControl)
    form = view.deploy_desk.form
    assert form is not None
    area = view.deploy_desk.sheet.findChild(QScrollArea)  # type: ignore[union-attr] # the dialog is open
    assert area is not None
    area.ensureWidgetVisible(form.graphical)


def show_history(window: QWidget) -> None:
    view = opened(window)
    model = view.history.model
    view.history._notify = lambda _notice: None
    view.history.list.itemDelegate()._now = lambda: NOW  # type: ignore[attr-defined] # the same moment every time
    model._tasks.spawn = lambda work, name="": work.close()  # type: ignore[assignment, method-assign] # no loop runs here
    view.history_button.setChecked(True)
    run_now(model._fetch(model._generation, 0, 60))


def past() -> FakeKernelClient:
    client = six()
    goals = ("Write the release notes", "Find the slow query", "Sum up the survey in one page", "Check every link")
    for number in range(1028, 990, -1):
        moment = NOW - (1030 - number) * 7000.0
        client.past.append(
            make_info(
                number, goal=goals[number % 4], name=("Coder", "Analyst", "Researcher", "Tester")[number % 4],
                exit_code=(0, 0, 1, 143)[number % 4], step=number % 30 + 1, created_at=moment,
                **{**ENDED, "ended_at": moment + 60 * (number % 50)},
            )
        )  # fmt: skip
    return client


def with_models() -> FakeKernelClient:
    client = six()
    client.models = [
        ModelInfo(id="ollama/qwen3:8b", provider="ollama", name="qwen3:8b", context_length=40960, size_bytes=5_200_000_000),
        ModelInfo(id="heuristic", provider="heuristic", name="built-in"),
    ]
    client.chosen = "ollama/qwen3:8b"
    client.providers = [
        ProviderInfo(name="ollama", kind="ollama", base_url="http://127.0.0.1:11434", available=True, model_count=1),
        ProviderInfo(name="lmstudio", kind="openai", base_url="http://127.0.0.1:1234/v1", available=False, reason="refused"),
    ]
    return client


SIZE = (1060, 860)
SCENES = (
    *in_both_themes("mission-control", page(six, told), SIZE, show, "MC01"),
    *in_both_themes("mission-control-list", page(six, told), SIZE, show_list, "MC03"),
    *in_both_themes("mission-control-empty", page(FakeKernelClient), (1060, 620), show),
    *in_both_themes("mission-control-extremes", page(extremes, foreign), SIZE, show),
    *in_both_themes("deploy", page(with_models, told), SIZE, show_deploy, "MC05"),
    *in_both_themes("deploy-errors", page(with_models, told), SIZE, show_deploy_errors, "MC05"),
    *in_both_themes("deploy-switches", page(with_models, told), SIZE, show_deploy_switches, "VN06"),
    *in_both_themes("deploy-switches-narrow", page(with_models), (480, 640), show_deploy_switches_narrow, "VN06"),
    *in_both_themes("history", page(past, told), (1280, 800), show_history, "MC06"),
    Scene("mission-control-selected", page(six, told), SIZE, ThemeChoice.DARK, show_selected),
    Scene("mission-control-nothing-found", page(six, told), (900, 600), ThemeChoice.LIGHT, show_nothing_found),
    Scene("mission-control-small", page(six, told), (524, 470), ThemeChoice.DARK, show),
    Scene("mission-control-small-list", page(six, told), (524, 470), ThemeChoice.LIGHT, show_list),
    Scene("mission-control-smallest-empty", page(FakeKernelClient), (480, 360), ThemeChoice.LIGHT, show),
    Scene("mission-control-least", page(six, told), (480, 440), ThemeChoice.LIGHT, show_least),
    Scene("deploy-smallest", page(with_models, told), (480, 360), ThemeChoice.DARK, show_deploy),
    *in_both_themes("deploy-narrow", page(with_models), (480, 640), show_deploy_least, "MC05"),
    Scene("history-smallest", page(past, told), (480, 360), ThemeChoice.LIGHT, show_history),
    Scene("history-small", page(past, told), (524, 470), ThemeChoice.DARK, show_history),
)
