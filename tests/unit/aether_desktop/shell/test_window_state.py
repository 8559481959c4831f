"""What windows remember of their own: over a restart, and no more than there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.shell.layout import JsonLayoutStore, LayoutRecord, MemoryLayoutStore
from aether_desktop.shell.window_state import MAX_KEYS, MAX_VALUE_CHARACTERS, MAX_WINDOWS, WindowState, WindowStates
from tests.unit.aether_desktop.shell.conftest import MakeDesktop


@pytest.mark.feature("DS01")
def test_a_choice_of_a_window_is_found_again_after_a_restart(make_desktop: MakeDesktop, tmp_path: Path) -> None:
    path = tmp_path / "layout.json"
    before = make_desktop(JsonLayoutStore(path))
    before.restore()
    agent = before.open_window("agent-vm", (("pid", "7"),), key="7")
    files = before.open_window("files")
    assert agent is not None
    assert files is not None
    agent.set_state("tab", "files")
    files.set_state("order", "size")
    before.windows.close(files)
    before.prepare_to_quit()

    after = make_desktop(JsonLayoutStore(path))
    after.restore()
    again = after.windows.find("agent-vm:7")
    assert again is not None
    assert again.state("tab") == "files"
    reopened = after.open_window("files")
    assert reopened is not None
    assert reopened.state("order") == "size"
    assert reopened.state("tab") == ""


@pytest.mark.feature("DS01")
def test_the_app_can_ask_while_it_builds_its_view(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(MemoryLayoutStore(LayoutRecord(states=(WindowState("files", (("order", "size"),)),))))
    desktop.restore()
    frame = desktop.open_window("files")
    assert frame is not None
    assert frame.state("order") == "size"


def test_a_choice_is_saved_only_when_it_is_another(make_desktop: MakeDesktop) -> None:
    frame = make_desktop().open_window("files")
    assert frame is not None
    changes: list[str] = []
    frame.content_changed.connect(lambda: changes.append(frame.state("order")))
    frame.set_state("order", "size")
    frame.set_state("order", "size")
    frame.set_state("order", "")
    frame.set_state("order", "")
    assert changes == ["size", ""]


def test_a_new_window_does_not_begin_as_an_earlier_one_with_its_number_ended(make_desktop: MakeDesktop) -> None:
    desktop = make_desktop(MemoryLayoutStore(LayoutRecord(states=(WindowState("terminal:1", (("zoom", "2"),)),))))
    desktop.restore()
    frame = desktop.open_window("terminal")
    assert frame is not None
    assert frame.window_id == "terminal:1"
    assert frame.state("zoom") == ""


def test_there_is_room_for_little() -> None:
    states = WindowStates()
    for number in range(MAX_KEYS + 5):
        states.put("a", f"key{number}", "x")
    assert not states.put("a", "key0", "x" * (MAX_VALUE_CHARACTERS + 1))
    assert not states.put("b" * 300, "key", "x")
    assert states.get("a", "key0") == "x"
    assert states.get("a", f"key{MAX_KEYS}") == ""
    for number in range(MAX_WINDOWS):
        states.put(f"w{number}", "tab", "logs")
    assert len(states.records()) == MAX_WINDOWS
    assert states.get("a", "key0") == ""


def test_what_was_loaded_is_bounded_as_what_was_said() -> None:
    states = WindowStates()
    states.load(WindowState(f"w{number}", (("tab", "x" * number),)) for number in range(MAX_VALUE_CHARACTERS + 50))
    kept = states.records()
    assert len(kept) == MAX_WINDOWS
    assert kept[-1].window_id == f"w{MAX_VALUE_CHARACTERS}"
