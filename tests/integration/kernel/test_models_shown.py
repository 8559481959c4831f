"""The lists of models on the screen follow the servers: a real kernel, real HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QRadioButton, QWidget

from aether_desktop.apps.first_run.view import FirstRun
from aether_desktop.apps.mission_control.deploy_sheet import DeployDesk
from aether_desktop.stores.llm import LOOK_AGAIN_MS
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.llm import FAR_PATIENCE_S
from kernel.protocol.system import LlmExchanged
from kernel.providers.registry import ProvidersConfig
from tests.fakes.app_context import make_world
from tests.fakes.kernel_client import FakeKernelClient
from tests.fakes.llm_server import LlmServer, Models, later
from tests.integration.kernel.conftest import Bench, MakeBench
from tests.integration.kernel.test_exchanges import DirectClient
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

PATIENCE_S = 60.0
NEWS_WITHIN_S = 5.0


def test_the_pause_and_the_longest_look_are_within_five_seconds() -> None:
    assert LOOK_AGAIN_MS / 1000 + max(FAR_PATIENCE_S, ProvidersConfig().local_probe_s) < NEWS_WITHIN_S


@pytest.mark.feature("LP08")
async def test_servers_that_come_and_go_show_at_the_next_look_where_a_list_is_open(
    make_bench: MakeBench, qapp: QApplication, tmp_path: Path
) -> None:
    async with later(models=Models({"early": 8192})) as early, later(models=Models({"late": 8192})) as late:
        await early.start(early.port)
        bench = await make_bench(environ={"OLLAMA_HOST": late.base_url, "LMSTUDIO_URL": early.base_url})
        await _servers_come_and_go(bench, early, late, qapp, tmp_path)


async def _servers_come_and_go(bench: Bench, early: LlmServer, late: LlmServer, qapp: QApplication, tmp_path: Path) -> None:
    parent, theme = QObject(), ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    world = make_world(theme, parent, cast(FakeKernelClient, DirectClient(bench)))
    store = world.stores.llm
    surface = QWidget()
    surface.resize(900, 900)
    surface.show()
    desk = DeployDesk(world.context, surface)
    desk.open()
    form = desk.form
    assert form is not None

    async def shows(is_so: Callable[[], bool]) -> None:
        """Until it is so, looking again without the pause between."""

        def look() -> bool:
            if store._again.isActive():
                store._again.stop()
                store._again.timeout.emit()
            return is_so()

        await wait_until(look, PATIENCE_S)

    def offered() -> list[str]:
        return [form.model.itemData(row) for row in range(form.model.count())]

    await shows(lambda: offered() == ["", "lmstudio/early", "heuristic"])
    form.goal.setPlainText("Typed")
    await late.start(late.port)
    await early.close()
    await shows(lambda: offered() == ["", "ollama/late", "heuristic"])
    assert form.goal.toPlainText() == "Typed"
    desk.sheet.answer("cancel")  # type: ignore[union-attr]  # it is open
    await settle()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    surface.close()

    page = FirstRun(world.context)
    page.resize(720, 1200)
    page.show()
    await shows(lambda: page.models.wanted == "ollama/late")
    await late.close()
    await early.start(early.port)
    await shows(lambda: {button.property("model_id") for button in _options(page)} == {"lmstudio/early", "heuristic"})
    page.close()
    await wait_until(lambda: not store._looking, PATIENCE_S)
    said = len([event for event in bench.events if isinstance(event, LlmExchanged)])
    asked = len(early.requests)
    store._again.stop()
    store._again.timeout.emit()  # as after its pause
    await settle()
    assert len(early.requests) == asked, "nobody sees a list, so nobody is asked"
    assert len([event for event in bench.events if isinstance(event, LlmExchanged)]) == said
    for owned in (page, surface):
        owned.deleteLater()
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.setParent(None)
    await bench.kernel.stop()


def _options(page: FirstRun) -> list[QRadioButton]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return page.models.findChildren(QRadioButton)
