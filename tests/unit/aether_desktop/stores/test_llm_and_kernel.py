"""The stores of models and of the kernel."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from aether_desktop.stores.kernel import KernelStore
from aether_desktop.stores.llm import LlmStore
from kernel.errors import UnavailableError
from kernel.protocol.records import ModelInfo, SystemCheck
from kernel.protocol.system import (
    KernelMetrics,
    LlmChanged,
    LlmChoose,
    LlmList,
    LlmPull,
    LlmPullCancel,
    LlmPullProgress,
)
from tests.fakes.kernel_client import FakeKernelClient

pytestmark = pytest.mark.usefixtures("qapp")
QWEN = ModelInfo(id="ollama/qwen3:8b", provider="ollama", name="qwen3:8b")


@pytest.mark.feature("LP08")
async def test_models_are_those_that_answer_now() -> None:
    client = FakeKernelClient()
    store = LlmStore(client)
    await store.refresh()
    assert store.models == ()
    client.models, client.chosen = [QWEN], QWEN.id
    client.publish(LlmChanged(chosen=QWEN.id))
    for _ in range(4):
        await asyncio.sleep(0)
    assert store.models == (QWEN,)
    assert store.chosen == QWEN.id
    await store.refresh(search=True)
    assert client.sent(LlmList)[-1].refresh


async def looks(store: LlmStore, client: FakeKernelClient, wanted: int) -> None:
    """Until the kernel was asked to look for servers so often, without waiting for the pause between."""
    for _ in range(200):
        if len(client.sent(LlmList)) >= wanted:
            return
        if store._again.isActive():
            store._again.stop()
            store._again.timeout.emit()
        await asyncio.sleep(0)
    raise AssertionError(client.sent(LlmList))


@pytest.mark.feature("LP08")
async def test_a_list_that_is_seen_is_looked_at_again_and_again_and_no_other() -> None:
    client = FakeKernelClient()
    store, owner, seen = LlmStore(client), QObject(), True
    assert not store._again.isActive(), "nobody looks, so nothing runs"
    store.watch(owner, lambda: seen)
    await looks(store, client, 1)
    client.models = [QWEN]
    await looks(store, client, 3)
    assert store.models == (QWEN,)
    assert all(sent.refresh for sent in client.sent(LlmList))
    seen = False
    asked = len(client.sent(LlmList))
    for _ in range(3):
        store._again.timeout.emit()
        await asyncio.sleep(0)
    assert len(client.sent(LlmList)) == asked
    seen = True
    await looks(store, client, asked + 1)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete)
    await asyncio.sleep(0)
    store._again.stop()
    store._again.timeout.emit()
    await asyncio.sleep(0)
    assert len(client.sent(LlmList)) == asked + 1 and not store._again.isActive()


async def test_a_look_that_fails_is_made_again_and_one_that_goes_on_is_waited_for() -> None:
    client = FakeKernelClient()
    client.answer(LlmList, UnavailableError("The kernel is not running."))
    store, owner = LlmStore(client), QObject()
    store.watch(owner, lambda: True)
    await looks(store, client, 2)
    answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    client.answer(LlmList, lambda _command: answer)
    await looks(store, client, 3)
    store._again.timeout.emit()
    store.watch(QObject(owner), lambda: True)
    await asyncio.sleep(0)
    assert len(client.sent(LlmList)) == 3
    answer.cancel()
    await asyncio.sleep(0)


@pytest.mark.feature("LP04")
async def test_a_pull_shows_its_progress_and_can_be_cancelled() -> None:
    client = FakeKernelClient()
    store = LlmStore(client)
    await store.pull("gemma4:e2b")
    client.publish(LlmPullProgress(model="gemma4:e2b", status="Downloading", completed=3, total=4))
    pull = store.pull_of("gemma4:e2b")
    assert pull is not None
    assert pull.fraction == 0.75
    await store.cancel_pull("gemma4:e2b")
    assert client.sent(LlmPull)[0].model == client.sent(LlmPullCancel)[0].model == "gemma4:e2b"
    assert store.pull_of("gemma4:e2b") is None


async def test_a_pull_that_cannot_begin_leaves_nothing() -> None:
    client = FakeKernelClient()
    client.answer(LlmPull, UnavailableError("Ollama does not answer."))
    store = LlmStore(client)
    with pytest.raises(UnavailableError):
        await store.pull("m")
    assert store.pull_of("m") is None


@pytest.mark.feature("LP04")
async def test_the_choice_is_sent_and_known_at_once() -> None:
    client = FakeKernelClient()
    store = LlmStore(client)
    await store.choose("heuristic")
    assert client.sent(LlmChoose)[0].model == store.chosen == "heuristic"


async def test_the_kernel_says_how_it_is() -> None:
    client = FakeKernelClient()
    client.checks = (SystemCheck(name="Sandbox", ok=True, detail="there"),)
    store = KernelStore(client)
    changes: list[int] = []
    store.changed.connect(lambda: changes.append(1))
    assert store.notices == ()
    await store.attach()
    assert store.checks == ()
    await store.load_checks()
    assert store.checks == client.checks
    client.publish(KernelMetrics(process_count=3, cpu_percent=1, memory_mb=9, uptime=5, tokens_today=7, timestamp=1.0))
    assert store.metrics is not None
    assert (store.metrics.memory_mb, store.metrics.tokens_today) == (9, 7)
    assert len(changes) == 3
    assert store.connected
