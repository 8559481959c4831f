"""The tab "Model" of an agent's window over a real kernel and a model server with real HTTP."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.agent_vm.exchanges_view import ExchangesView
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Command, Event
from kernel.protocol.system import LlmExchanged, LlmExchanges
from kernel.providers.base import Usage
from kernel.providers.scripted import ScriptedCall, Turn
from tests.fakes.llm_server import LlmServer, Models
from tests.integration.kernel.conftest import Bench, MakeBench
from tests.unit.aether_desktop.apps.conftest import wait_until

R = TypeVar("R")


class DirectClient:
    """The part of a `KernelClient` that the tab needs, on the kernel's own loop."""

    absence = None

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def execute(self, command: Command[R]) -> R:
        return await self._bench.kernel.execute(command, LOCAL_USER)

    def subscribe(self, listener: Callable[[Sequence[Event]], None], on_gap: object = None) -> Callable[[], None]:
        return self._bench.kernel.bus.on(Event, lambda event: listener((event,)))


def _shown(view: ExchangesView) -> list[Any]:
    return [view.model.line(row) for row in range(view.model.rowCount())]


@pytest.mark.feature("LP05")
async def test_every_call_of_an_agent_shows_its_request_and_its_answer(make_bench: MakeBench, qapp: QApplication) -> None:
    turns = [
        Turn(text="I look first.", tool_calls=(ScriptedCall("list_directory", {"path": "."}),), usage=Usage(310, 12)),
        Turn(text="Done <b>now</b>.", tool_calls=(ScriptedCall("complete", {"summary": "It is done."}),)),
    ]
    server = LlmServer(turns, models=Models({"mine": 8192}))
    await server.start()
    bench = await make_bench(environ={"LLAMACPP_URL": server.base_url})
    other = await bench.deploy(goal="another agent", model="heuristic")
    await bench.ended(other)
    pid = await bench.deploy(goal="look <i>around</i>", model="llamacpp/mine")
    view = ExchangesView(DirectClient(bench), pid)  # type: ignore[arg-type]  # terminals are not asked for
    view.resize(900, 600)
    await bench.wait(LlmExchanged, pid, lambda event: event.exchange.pid == pid)
    view.show()
    await bench.ended(pid)
    await wait_until(lambda: len(_shown(view)) == 2)
    first, second = _shown(view)
    assert [line.exchange.pid for line in (first, second)] == [pid, pid]
    assert (first.ok, first.outcome, first.exchange.provider, first.exchange.model) == (True, "200", "llamacpp", "mine")
    counted = [(line.exchange.input_tokens, line.exchange.output_tokens) for line in (first, second)]
    assert counted == [(310, 12), (0, 0)]
    assert first.request_bytes == len(server.chats[0].raw)
    view.list.choose_last()
    sent = json.loads(view.detail.request.text.toPlainText())
    assert sent == server.chats[1].body
    assert "Done <b>now</b>." in view.detail.response.text.toPlainText().replace("\\u003c", "<").replace("\\u003e", ">")
    reply = await bench.execute(LlmExchanges(pid=pid))
    assert [exchange.id for exchange in reply.exchanges] == [line.exchange.id for line in (first, second)]
    assert not (await bench.execute(LlmExchanges(pid=other))).exchanges, "the heuristic brain asks nobody"
    view.close()
    view.deleteLater()
    await bench.kernel.stop()
    await server.close()
