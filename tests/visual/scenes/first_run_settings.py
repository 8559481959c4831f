"""The first-run page and the settings, with and without models."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QScrollArea, QWidget

from aether_desktop.apps.first_run.view import FirstRun
from aether_desktop.apps.settings.view import SettingsView
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.protocol.records import ModelInfo, ProviderInfo, SystemCheck
from kernel.protocol.system import LlmPullProgress
from tests.fakes.app_context import World, attach, make_world, run_now
from tests.fakes.kernel_client import FakeKernelClient
from tests.visual.scene import Scene, in_both_themes

CHECKS = (
    SystemCheck(name="Sandbox", ok=True, detail="bubblewrap 0.8.0 confines agents", required=True),
    SystemCheck(name="Folder", ok=True, detail="/home/ada/.local/share/aether, 41.3 GB free", required=True),
    SystemCheck(name="Docker", ok=False, detail="not found", remedy="Install it with `sudo apt-get install docker.io`."),
    SystemCheck(name="GPU", ok=False, detail="no NVIDIA driver found", remedy="Not needed; local models run faster with one."),
    SystemCheck(name="Cloud keys", ok=False, detail="none set", remedy="Set GEMINI_API_KEY to use its models."),
    SystemCheck(name="Fonts", ok=True, detail="8 bundled; emoji, Chinese, Japanese and Korean found"),
    SystemCheck(name="Tray", ok=True, detail="found"),
)
BROKEN = (
    SystemCheck(
        name="Sandbox", ok=False, detail="bubblewrap was not found.", remedy="Install it: sudo apt-get install bubblewrap",
        required=True,
    ),
    *CHECKS[1:],
)  # fmt: skip


def client_with(*, models: bool, checks: tuple[SystemCheck, ...] = CHECKS, ollama: bool = True) -> FakeKernelClient:
    client = FakeKernelClient()
    client.checks = checks
    client.providers = [
        ProviderInfo(
            name="ollama", kind="ollama", base_url="http://127.0.0.1:11434", available=ollama, model_count=1 if models else 0,
            reason="" if ollama else "nothing answers", remedy="" if ollama else "Start it with: ollama serve",
        ),
        ProviderInfo(
            name="lmstudio", kind="openai", base_url="http://127.0.0.1:1234/v1", available=False, reason="nothing answers",
            remedy="Start its server on port 1234.",
        ),
        ProviderInfo(name="heuristic", kind="heuristic", base_url="", available=True, model_count=1),
    ]  # fmt: skip
    client.models = [ModelInfo(id="heuristic", provider="heuristic", name="built-in")]
    if models:
        qwen = ModelInfo(
            id="ollama/qwen3:8b", provider="ollama", name="qwen3:8b", context_length=40960, size_bytes=5_200_000_000
        )
        client.models.insert(0, qwen)
    return client


def still(work: object, name: str = "") -> None:
    """In place of ``TaskOwner.spawn``: no loop runs while a picture is made."""
    work.close()  # type: ignore[attr-defined] # a coroutine


def built(make: Callable[[World], QWidget], client: FakeKernelClient, theme: ThemeManager) -> QWidget:
    world = make_world(theme, theme, client)
    run_now(attach(world))
    run_now(world.stores.kernel.load_checks())
    spawn, TaskOwner.spawn = TaskOwner.spawn, lambda _self, work, *, name: still(work, name)  # type: ignore[assignment, method-assign, misc, return-value] # put back below
    try:
        view = make(world)
        view.ensurePolished()
    finally:
        TaskOwner.spawn = spawn  # type: ignore[method-assign] # as it was
    view._tasks.spawn = still  # type: ignore[attr-defined] # what would run at the first show
    return view


def first_run(theme: ThemeManager) -> QWidget:
    return built(lambda world: FirstRun(world.context), client_with(models=True), theme)


def without_model(theme: ThemeManager) -> QWidget:
    return built(lambda world: FirstRun(world.context), client_with(models=False, checks=BROKEN, ollama=False), theme)


def pulling(theme: ThemeManager) -> QWidget:
    client = client_with(models=False)
    view = built(lambda world: FirstRun(world.context), client, theme)
    client.publish(
        LlmPullProgress(model="gemma4:e2b", status="Downloading", completed=1_900_000_000, total=7_200_000_000)
    )
    return view


def as_in_its_window(view: QWidget) -> None:
    """A window gives the keyboard to what its page names for it."""
    view.setFocus()


def settings(theme: ThemeManager) -> QWidget:
    client = client_with(models=True)
    client.chosen = "ollama/qwen3:8b"
    view = built(lambda world: SettingsView(world.context), client, theme)
    assert isinstance(view, SettingsView)
    view.show_values({**client.settings, "terminal.theme": "auto", "terminal.font_px": 13, "terminal.scrollback": 10_000})
    return view


def scrolled(view: QWidget) -> None:
    area = view.findChild(QScrollArea)
    assert area is not None
    area.verticalScrollBar().setValue(430)
    assert isinstance(view, SettingsView)
    steps = view.inputs["agents.max_steps"]
    assert isinstance(steps, QLineEdit)
    steps.setText("lots")
    view.rows["agents.max_steps"].say("A whole number from 1 to 100,000.")


SCENES = (
    *in_both_themes("first-run", first_run, (760, 800), as_in_its_window),
    Scene("first-run-without-model", without_model, (760, 760), ThemeChoice.DARK, as_in_its_window),
    Scene("first-run-pulling", pulling, (500, 400), ThemeChoice.LIGHT, as_in_its_window),
    *in_both_themes("settings", settings, (720, 700)),
    Scene("settings-smallest", settings, (300, 320), ThemeChoice.LIGHT),
    Scene("settings-limits", settings, (560, 640), ThemeChoice.DARK, scrolled),
)
