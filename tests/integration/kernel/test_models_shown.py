"""The lists of models on the screen follow the servers: a real kernel, real HTTP, real timers."""

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QRadioButton, QWidget

from aether_desktop.apps.first_run.view import FirstRun
from aether_desktop.apps.mission_control.deploy_sheet import DeployDesk
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from kernel.protocol.system import LlmExchanged
from tests.fakes.app_context import make_world
from tests.fakes.kernel_client import FakeKernelClient
from tests.fakes.llm_server import LlmServer, Models
from tests.integration.kernel.conftest import MakeBench
from tests.integration.kernel.test_exchanges import DirectClient
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

WITHIN_S = 5.0


@pytest.mark.feature("LP08")
async def test_servers_that_come_and_go_show_within_five_seconds_where_a_list_is_open(
    make_bench: MakeBench, qapp: QApplication, tmp_path: Path
) -> None:
    early, late = LlmServer(models=Models({"early": 8192})), LlmServer(models=Models({"late": 8192}))
    await early.start()
    await late.start()
    await late.close()
    bench = await make_bench(environ={"OLLAMA_HOST": late.base_url, "LMSTUDIO_URL": early.base_url})
    parent, theme = QObject(), ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    world = make_world(theme, parent, cast(FakeKernelClient, DirectClient(bench)))
    surface = QWidget()
    surface.resize(900, 900)
    surface.show()
    desk = DeployDesk(world.context, surface)
    desk.open()
    form = desk.form
    assert form is not None

    def offered() -> list[str]:
        return [form.model.itemData(row) for row in range(form.model.count())]

    await wait_until(lambda: offered() == ["", "lmstudio/early", "heuristic"])
    form.goal.setPlainText("Typed")
    await late.start(late.port)
    await early.close()
    await wait_until(lambda: offered() == ["", "ollama/late", "heuristic"], WITHIN_S)
    assert form.goal.toPlainText() == "Typed"
    desk.sheet.answer("cancel")  # type: ignore[union-attr]  # it is open
    await settle()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    surface.close()

    page = FirstRun(world.context)
    page.resize(720, 1200)
    page.show()
    await wait_until(lambda: page.models.wanted == "ollama/late")
    await late.close()
    await early.start(early.port)
    await wait_until(lambda: {button.property("model_id") for button in _options(page)} == {"lmstudio/early", "heuristic"}, WITHIN_S)
    page.close()
    said = len([event for event in bench.events if isinstance(event, LlmExchanged)])
    asked = len(early.requests)
    await wait_until(lambda: not world.stores.llm._looking)
    world.stores.llm._again.stop()
    world.stores.llm._again.timeout.emit()  # as after its pause
    await settle()
    assert len(early.requests) == asked, "nobody sees a list, so nobody is asked"
    assert len([event for event in bench.events if isinstance(event, LlmExchanged)]) == said
    for owned in (page, surface):
        owned.deleteLater()
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.setParent(None)
    await bench.kernel.stop()
    await early.close()


def _options(page: FirstRun) -> list[QRadioButton]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return page.models.findChildren(QRadioButton)
