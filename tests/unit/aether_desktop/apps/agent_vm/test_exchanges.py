"""An agent's calls to language models: as text (pure), and in its window with real keys, over a fake kernel."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.agent_vm import exchange_bodies
from aether_desktop.apps.agent_vm.exchange_bodies import AT_ONCE_CHARACTERS, PART_CHARACTERS
from aether_desktop.apps.agent_vm.exchange_model import OVERHEAD_CHARACTERS, ExchangeModel
from aether_desktop.apps.agent_vm.exchanges import ROW_CHARACTERS, line_of, readable, size_words
from aether_desktop.apps.agent_vm.view import AgentView
from kernel.errors import PermissionDeniedError
from kernel.protocol.records import LlmExchange
from kernel.protocol.system import LlmExchanged, LlmExchanges, LlmExchangesReply
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

CUT = "\n[... 300,000 bytes in all; the middle is left out ...]\n"


def _exchange(number: int, **changes: Any) -> LlmExchange:
    fields: dict[str, Any] = {
        "id": f"e{number}", "pid": PID, "provider": "ollama", "model": "tiny", "url": "http://127.0.0.1:11434/api/chat",
        "request_body": f'{{"n":{number}}}', "response_body": '{"done":true}', "status": 200, "started_at": 1000.0 + number,
        "duration_s": 1.5,
    }  # fmt: skip
    return LlmExchange(**{**fields, **changes})


def _known(world: World, *exchanges: LlmExchange, forgotten: int = 0) -> None:
    world.client.answer(LlmExchanges, LlmExchangesReply(exchanges=exchanges, forgotten=forgotten))


async def _model_tab(world: World, make_view: MakeView, *exchanges: LlmExchange, **more: Any) -> AgentView:
    _known(world, *exchanges)
    view: AgentView = await make_view(**more)
    view.show_tab("model")
    await settle()
    return view


def _ids(view: AgentView) -> list[str]:
    return [view.exchanges.model.line(row).exchange.id for row in range(view.exchanges.model.rowCount())]


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"b":[1,2.50,{"c":null}],"d":{},"e":[]}',
        '  [ {"text": "{\\"not\\": [1,2]} and \\\\" } , true ]',
        '"only a string"',
        json.dumps({"deep": [[[[{"x": ["y", {"z": "ü 漢 🚀"}]}]]]]}, ensure_ascii=False),
    ],
)
def test_json_is_indented_and_stays_the_same_json(body: str) -> None:
    shown, whole = readable(body)
    assert whole
    assert json.loads(shown) == json.loads(body)
    if body.startswith("{"):
        assert shown == json.dumps(json.loads(body.replace("2.50", "2.5")), indent=2, ensure_ascii=False).replace("2.5,", "2.50,")


@pytest.mark.parametrize(
    "body", ["", "no json", "{broken", '{"a":1}\n{"b":2}\n', 'data: {"a":1}\n\ndata: [DONE]\n', "[" * 50_000, "\\" * 9]
)
def test_what_is_no_json_is_shown_as_it_is(body: str) -> None:
    shown, whole = readable(body)
    assert whole and shown.replace("\n", "") == body.replace("\n", "")


def test_nothing_hides_and_no_line_is_long() -> None:
    shown, _ = readable('{"a":"\u202etxt","b":"' + "x" * 9_000 + '\x1b[2J\x00\u200b"}\r\n')
    for word in ("⟨U+202E⟩", "⟨U+001B⟩[2J", "⟨U+0000⟩", "⟨U+200B⟩"):
        assert word in shown
    assert "\r" not in shown and "⟨U+000D⟩" not in shown
    assert max(map(len, shown.split("\n"))) <= ROW_CHARACTERS + 100


def test_of_a_body_that_was_cut_the_beginning_is_indented_and_its_whole_size_told() -> None:
    head = '{"messages":[{"role":"user","content":"' + "x" * 3_000
    body = f"{head}{CUT}the end\"}}]}}"
    shown, _ = readable(body)
    assert shown.startswith('{\n  "messages": [\n    {\n      "role": "user",')
    assert "[... 300,000 bytes in all" in shown and shown.endswith('the end"}]}')
    assert line_of(_exchange(1, request_body=body)).request_bytes == 300_000


@pytest.mark.parametrize(
    "body", ["[" * 900 + "1," * 120_000 + "1" + "]" * 900, "[" * 120_000 + "]" * 120_000, "{" * 250_000, "\x00" * 250_000]
)
def test_hostile_bodies_take_bounded_room_and_time(body: str) -> None:
    before = time.process_time()
    shown, whole = readable(body, 200_000)
    assert (len(shown) <= 200_000 + 1 and not whole) or len(shown) <= 2 * len(body)
    assert time.process_time() - before < 3.0


def test_tokens_are_those_that_the_server_counted_whatever_an_answer_says() -> None:
    said = '{"usage":{"prompt_tokens":99,"completion_tokens":98}}'
    assert "tokens" not in line_of(_exchange(1, response_body=said)).figures
    assert line_of(_exchange(1, response_body=said, input_tokens=1_200, output_tokens=3)).figures.startswith("1,200 → 3 tokens · ")


def test_a_line_says_how_it_went() -> None:
    assert line_of(_exchange(1)).ok
    failed = line_of(_exchange(1, status=503, error="Over\u202eloaded\nnow"))
    assert (failed.ok, failed.outcome) == (False, "503 · Over⟨U+202E⟩loaded now")
    assert line_of(_exchange(1, status=0)).outcome == "no answer"
    assert [line_of(_exchange(1, duration_s=d)).took for d in (0.0841, 3.44, 1234.0, -1)] == ["84 ms", "3.4 s", "1,234 s", "0 ms"]
    assert [size_words(n) for n in (0, 1023, 2048, 3 << 20)] == ["0 B", "1023 B", "2.0 KB", "3.0 MB"]
    assert line_of(_exchange(1, request_body="ü")).request_bytes == 2


@pytest.mark.feature("LP05")
async def test_calls_are_read_when_the_tab_is_first_shown_and_then_come_live(world: World, make_view: MakeView) -> None:
    _known(world, _exchange(1), _exchange(2), forgotten=4)
    view = await make_view()
    assert not world.client.sent(LlmExchanges)
    view.show_tab("model")
    await settle()
    assert [sent.pid for sent in world.client.sent(LlmExchanges)] == [PID]
    assert view.exchanges.said.text() == "2 calls · 4 older ones are no longer kept"
    world.client.publish(LlmExchanged(exchange=_exchange(2)), LlmExchanged(exchange=_exchange(3)))
    world.client.publish(LlmExchanged(exchange=_exchange(9, pid=PID + 1)))
    await settle()
    assert _ids(view) == ["e1", "e2", "e3"]
    view.show_tab("logs")
    view.show_tab("model")
    await settle()
    assert len(world.client.sent(LlmExchanges)) == 1


async def test_what_ends_while_the_calls_are_read_is_there_once(world: World, make_view: MakeView) -> None:
    answer = asyncio.Event()

    async def slow(_command: LlmExchanges) -> LlmExchangesReply:
        await answer.wait()
        return LlmExchangesReply(exchanges=(_exchange(1), _exchange(2)))

    world.client.answer(LlmExchanges, slow)
    view = await make_view()
    view.show_tab("model")
    await settle()
    world.client.publish(LlmExchanged(exchange=_exchange(2)), LlmExchanged(exchange=_exchange(3)))
    answer.set()
    await wait_until(lambda: _ids(view) == ["e1", "e2", "e3"])


async def test_calls_that_were_lost_on_the_way_are_read_again(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, _exchange(1))
    _known(world, _exchange(1), _exchange(2), _exchange(3))
    world.client.lose_events()
    await wait_until(lambda: _ids(view) == ["e1", "e2", "e3"])


async def test_the_oldest_give_way_and_are_counted(world: World) -> None:
    _known(world, *(_exchange(number) for number in range(5)), forgotten=2)
    model = ExchangeModel(world.client, PID, world.context.theme, keep_characters=3 * OVERHEAD_CHARACTERS + 200)
    model.load()
    await settle()
    assert [model.line(row).exchange.id for row in range(model.rowCount())] == ["e2", "e3", "e4"]
    assert model.forgotten == 4
    world.client.publish(LlmExchanged(exchange=_exchange(6, response_body="x" * 100_000)))
    assert [model.line(row).exchange.id for row in range(model.rowCount())] == ["e6"]
    assert model.forgotten == 7


async def test_what_nobody_looks_at_is_let_go_and_read_again_with_the_same_call_chosen(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, *(_exchange(number) for number in range(5)))
    shown = view.exchanges
    shown.list.setCurrentIndex(shown.model.index(2))
    view.show_tab("logs")
    assert shown.hidden_for.isActive() and len(_ids(view)) == 5
    shown.hidden_for.timeout.emit()
    assert (_ids(view), shown.model.loaded) == ([], False)
    _known(world, *(_exchange(number) for number in range(7)))
    world.client.publish(LlmExchanged(exchange=_exchange(6)))
    await settle()
    assert _ids(view) == [], "nor is what comes kept"
    view.show_tab("model")
    await settle()
    assert not shown.hidden_for.isActive()
    assert _ids(view) == [f"e{number}" for number in range(7)]
    assert shown.list.currentIndex().row() == 2
    assert shown.detail.request.text.toPlainText() == '{\n  "n": 2\n}'


@pytest.mark.parametrize("known", [(), (1,)])
async def test_letting_go_while_the_calls_are_read_shows_nothing_of_them(world: World, known: tuple[int, ...]) -> None:
    answer = asyncio.Event()

    async def slow(_command: LlmExchanges) -> LlmExchangesReply:
        await answer.wait()
        return LlmExchangesReply(exchanges=tuple(map(_exchange, known)))

    world.client.answer(LlmExchanges, slow)
    model = ExchangeModel(world.client, PID, world.context.theme)
    model.load()
    await settle()
    model.release()
    answer.set()
    await settle()
    assert (model.rowCount(), model.loaded) == (0, False)
    model.load()
    await wait_until(lambda: model.loaded)
    assert model.rowCount() == len(known)


@pytest.mark.feature("LP05")
async def test_the_chosen_calls_bodies_are_shown_as_plain_text_and_copied_as_they_are(world: World, make_view: MakeView) -> None:
    body = '{"a":"<b>bold</b>\u202e"}'
    view = await _model_tab(world, make_view, _exchange(1), _exchange(2, request_body=body, response_body="<h1>no</h1>\x1b[31m"))
    detail = view.exchanges.detail
    assert view.exchanges.list.currentIndex().row() == 1
    assert detail.request.text.toPlainText() == '{\n  "a": "<b>bold</b>⟨U+202E⟩"\n}'
    assert detail.response.text.toPlainText() == "<h1>no</h1>⟨U+001B⟩[31m"
    QTest.mouseClick(detail.request.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == body
    view.exchanges.list.setFocus()
    QTest.keyClick(view.exchanges.list, Qt.Key.Key_Up)
    assert detail.request.text.toPlainText() == '{\n  "n": 1\n}'
    QTest.keyClick(view.exchanges.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "ollama/tiny  200  1.5 s" in QApplication.clipboard().text()


async def test_a_call_without_an_answer_says_why_in_its_place(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, _exchange(1, status=0, response_body="", error="The connection\x07 dropped."))
    assert view.exchanges.detail.response.text.toPlainText() == "The connection⟨U+0007⟩ dropped."


async def test_half_a_megabyte_is_made_readable_on_another_thread_and_comes_in_parts(
    world: World, make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def noted(body: str) -> tuple[str, bool]:
        threads.append(threading.current_thread())
        return readable(body)

    monkeypatch.setattr(exchange_bodies, "readable", noted)
    messages = [{"role": "user", "content": f"line {number} " + "word " * 8} for number in range(7_000)]
    body = json.dumps({"messages": messages})
    assert len(body) > 450_000 > AT_ONCE_CHARACTERS
    view = await _model_tab(world, make_view, _exchange(1, request_body=body, response_body="x" * 500_000))
    detail = view.exchanges.detail
    grown: dict[str, list[int]] = {"Request": [], "Response": []}
    for pane in (detail.request, detail.response):
        pane.text.document().contentsChange.connect(lambda _at, _gone, more, side=pane.side: grown[side].append(more))
    await wait_until(lambda: detail.request.whole and detail.response.whole)
    assert json.loads(detail.request.text.toPlainText()) == {"messages": messages}
    assert len(detail.response.text.toPlainText().replace("\n", "")) == 500_000
    assert len(threads) == 2 and threading.current_thread() not in threads
    for parts in grown.values():
        assert len(parts) > 5
        assert max(parts) <= PART_CHARACTERS + ROW_CHARACTERS, "no turn of the loop lays out more than a part"


async def test_another_call_is_shown_though_a_long_one_is_on_its_way(
    world: World, make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, read = asyncio.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(body: str) -> tuple[str, bool]:
        if len(body) > AT_ONCE_CHARACTERS:
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(30)
            loop.call_soon_threadsafe(read.set)
        return readable(body)

    monkeypatch.setattr(exchange_bodies, "readable", slow)
    view = await _model_tab(world, make_view, _exchange(1), _exchange(2, response_body='["' + "x" * 400_000 + '"]'))
    detail = view.exchanges.detail
    await wait_until(begun.is_set)
    view.exchanges.list.setCurrentIndex(view.exchanges.model.index(0))
    assert detail.response.whole
    go_on.set()
    await wait_until(read.is_set)
    await settle()
    assert detail.response.text.toPlainText() == '{\n  "done": true\n}'


async def test_the_list_follows_the_end_until_somebody_scrolls_up(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, *(_exchange(number) for number in range(100)))
    bar = view.exchanges.list.verticalScrollBar()
    await wait_until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    world.client.publish(LlmExchanged(exchange=_exchange(100)))
    await wait_until(lambda: bar.value() == bar.maximum())
    assert view.exchanges.list.currentIndex().row() == 99, "what is looked at stays"
    bar.setValue(0)
    world.client.publish(LlmExchanged(exchange=_exchange(101)))
    await settle()
    assert bar.value() == 0
    QTest.keyClick(view.exchanges.list, Qt.Key.Key_End)
    assert view.exchanges.list.following and view.exchanges.list.currentIndex().row() == 101


async def test_a_long_list_opens_at_once(world: World, make_view: MakeView) -> None:
    exchanges = [_exchange(number) for number in range(16_000)]
    view = await make_view()
    _known(world, *exchanges)
    before = time.thread_time()
    view.show_tab("model")
    await settle()
    assert len(_ids(view)) > 15_000
    assert time.thread_time() - before < 1.0


async def test_an_empty_tab_says_what_comes_first(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, step=0, agent_phase="booting")
    assert view.exchanges._empty.isVisible()
    assert "has not asked a model yet" in view.exchanges._empty._title.text()
    view.exchanges.show_process(world.client.processes[0].__class__(**{**_fields(world), "model": "heuristic/built-in"}))
    assert "No model is asked" in view.exchanges._empty._title.text()
    view.exchanges.show_process(world.client.processes[0].__class__(**{**_fields(world), "input_tokens": 900, "step": 4}))
    assert "since Aether was started" in view.exchanges._empty._title.text()
    world.client.publish(LlmExchanged(exchange=_exchange(1)))
    await settle()
    assert view.exchanges.list.isVisible()


def _fields(world: World) -> dict[str, Any]:
    info = world.client.processes[0]
    return {name: getattr(info, name) for name in info.__struct_fields__}


async def test_a_refusal_is_told_and_can_be_tried_again(world: World, make_view: MakeView) -> None:
    world.client.answer(LlmExchanges, PermissionDeniedError("You may not see the calls.", "Ask the owner."))
    view = await make_view()
    view.show_tab("model")
    await settle()
    failed = view.exchanges._failed
    assert failed.isVisible() and "You may not see the calls. Ask the owner." in failed._detail.text()
    _known(world, _exchange(1))
    failed.action_requested.emit()
    await wait_until(lambda: view.exchanges.list.isVisible())


async def test_found_words_are_selected_in_both_bodies_in_turn(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, _exchange(1, request_body="a needle", response_body="needle and needle"))
    detail = view.exchanges.detail
    view.exchanges.list.setFocus()
    QTest.keyClick(view.exchanges.list, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert detail.find_field.hasFocus()
    QTest.keyClicks(detail.find_field, "needle")
    places = []
    for _ in range(4):
        QTest.keyClick(detail.find_field, Qt.Key.Key_Return)
        cursors = [pane.text.textCursor() for pane in (detail.request, detail.response)]
        places.append([cursor.selectionStart() for cursor in cursors if cursor.hasSelection()])
    assert places == [[0], [11], [2], [0]]
    QTest.keyClick(detail.find_field, Qt.Key.Key_Escape)
    QTest.keyClick(detail.find_field, Qt.Key.Key_Escape)
    assert not detail.find_field.isVisible()


async def test_in_the_smallest_window_return_opens_a_call_and_escape_goes_back(world: World, make_view: MakeView) -> None:
    view = await _model_tab(world, make_view, _exchange(1), _exchange(2), size=(300, 200))
    calls, detail = view.exchanges.list, view.exchanges.detail
    assert view.tabs.width() <= 300 - 24
    assert calls.isVisible() and not detail.isVisible()
    view.setFocus()
    assert calls.hasFocus()
    QTest.keyClick(calls, Qt.Key.Key_Return)
    assert detail.isVisible() and not calls.isVisible()
    await settle()
    assert detail.response.text.isVisible() and not detail.request.text.isVisible()
    assert detail.response.text.hasFocus() and detail.response.text.height() >= 20
    QTest.keyClick(detail.response.text, Qt.Key.Key_Escape)
    assert calls.isVisible() and calls.hasFocus()


async def test_the_tab_that_a_person_chose_is_kept_with_the_window(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.show_tab("logs")
    assert not world.window.arguments, "what the program shows is nobody's choice"
    QTest.keyClick(view.tabs, Qt.Key.Key_End)
    assert view.tabs.current == "model"
    assert world.window.state("tab") == "model"


async def test_the_newest_call_is_chosen_also_where_the_list_gets_the_keyboard(world: World, make_view: MakeView) -> None:
    _known(world, _exchange(1), _exchange(2), _exchange(3))
    view = await make_view()
    view.show_tab("model")
    view.setFocus()
    await settle()
    assert view.exchanges.list.currentIndex().row() == 2
