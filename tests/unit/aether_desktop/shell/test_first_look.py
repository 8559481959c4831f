"""The desktop opens whatever cannot be read at its start, and says what that was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from PySide6.QtCore import QObject

from aether_desktop.shell.first_look import attach_all, first_look
from aether_desktop.stores import Stores, build_stores
from kernel.errors import UnavailableError
from kernel.protocol.process import ProcessList
from kernel.protocol.system import KernelStatus, LlmList, SettingsGet
from tests.fakes.kernel_client import FakeKernelClient, make_info


@pytest.fixture
def client() -> FakeKernelClient:
    fake = FakeKernelClient()
    fake.processes = [make_info(4)]
    return fake


@pytest.fixture
def stores(client: FakeKernelClient) -> Iterator[Stores]:
    parent = QObject()
    yield build_stores(client, parent)
    parent.deleteLater()


async def test_the_settings_are_put_in_force(client: FakeKernelClient, stores: Stores) -> None:
    errors: list[BaseException] = []
    taken: list[Mapping[str, Any]] = []
    client.settings["desktop.theme"] = "light"
    assert await first_look(client, stores, taken.append, errors.append)
    assert taken[0]["desktop.theme"] == "light"
    client.settings["desktop.first_run_done"] = True
    assert not await first_look(client, stores, taken.append, errors.append)
    assert errors == []


@pytest.mark.parametrize("failing", [SettingsGet, ProcessList, KernelStatus, LlmList])
async def test_one_answer_that_fails_is_said_and_the_others_are_read(
    client: FakeKernelClient, stores: Stores, failing: type
) -> None:
    errors: list[BaseException] = []
    client.answer(failing, UnavailableError("It does not answer.", "Wait."))
    first_steps = await first_look(client, stores, lambda _values: None, errors.append)
    assert [str(error) for error in errors] == ["It does not answer. Wait."]
    assert first_steps is (failing is not SettingsGet)
    assert (stores.processes.get(4) is not None) is (failing is not ProcessList)
    assert (stores.kernel.status is not None) is (failing is not KernelStatus)
    assert bool(stores.llm.recommended) is (failing is not LlmList)


async def test_a_refresh_reads_all_that_it_can(client: FakeKernelClient, stores: Stores) -> None:
    errors: list[BaseException] = []
    client.answer(LlmList, UnavailableError("It does not answer."))
    await attach_all(stores, errors.append)
    assert len(errors) == 1
    assert stores.processes.attached
