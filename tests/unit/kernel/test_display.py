"""Whether a display answers is known before Qt is loaded."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import display
from kernel.display import NONE, trouble_with
from tests.xvfb import screen


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """The socket of a compositor that says nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "wayland-5"))
        server.listen(4)
        yield tmp_path / "wayland-5"


def test_where_nothing_is_set_there_is_none() -> None:
    assert trouble_with({}) == trouble_with({"DISPLAY": "", "WAYLAND_DISPLAY": ""}) == NONE
    assert trouble_with({"WAYLAND_DISPLAY": "wayland-5", "QT_QPA_PLATFORM": "xcb"}) == NONE


@pytest.mark.parametrize("name", [":4242", ":0x", "localhost:4242"])
def test_a_display_without_a_server_is_named(name: str) -> None:
    said = trouble_with({"DISPLAY": name})
    assert said.startswith(f"The display {name} does not answer (") and said.endswith(").")
    assert trouble_with({"DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}) == said


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc", "linuxfb:fb=/dev/fb1", "xcb;offscreen"])
def test_what_a_person_chose_is_left_alone(platform: str) -> None:
    assert trouble_with({"QT_QPA_PLATFORM": platform}) == ""
    assert trouble_with({"QT_QPA_PLATFORM": platform, "DISPLAY": ":4242"}) == ""


def test_a_server_that_runs_answers_in_no_time() -> None:
    with screen() as environ:
        assert trouble_with(environ) == ""
        begun = time.monotonic()
        assert trouble_with({"DISPLAY": environ["DISPLAY"], "WAYLAND_DISPLAY": "/nowhere"}) == "", "one that answers is enough"
        assert time.monotonic() - begun < 0.5


def test_a_compositor_is_found_by_either_kind_of_name(listening: Path) -> None:
    runtime = str(listening.parent)
    assert trouble_with({"WAYLAND_DISPLAY": str(listening)}) == ""
    assert trouble_with({"WAYLAND_DISPLAY": "wayland-5", "XDG_RUNTIME_DIR": runtime, "DISPLAY": ":4242"}) == ""
    assert "XDG_RUNTIME_DIR is not set" in trouble_with({"WAYLAND_DISPLAY": "wayland-5"})
    both = trouble_with({"WAYLAND_DISPLAY": "wayland-6", "XDG_RUNTIME_DIR": runtime, "DISPLAY": ":4242"})
    assert both.startswith("The display wayland-6 does not answer (no such file or directory). The display :4242 does not")


def test_where_wayland_was_chosen_and_not_named_its_usual_name_is_tried(listening: Path) -> None:
    """As libwayland does; left to itself, Qt takes X."""
    runtime, chosen = str(listening.parent), {"XDG_RUNTIME_DIR": str(listening.parent), "QT_QPA_PLATFORM": "wayland"}
    assert trouble_with(chosen) == trouble_with({**chosen, "XDG_RUNTIME_DIR": ""}) == NONE
    listening.rename(listening.with_name("wayland-0"))
    assert trouble_with(chosen) == trouble_with({**chosen, "QT_QPA_PLATFORM": "wayland-egl;xcb"}) == ""
    assert trouble_with({"XDG_RUNTIME_DIR": runtime}) == trouble_with({**chosen, "QT_QPA_PLATFORM": "xcb"}) == NONE
    (listening.parent / "wayland-0").unlink()
    (listening.parent / "wayland-0").touch()
    assert trouble_with(chosen) == "The display wayland-0 does not answer (connection refused)."


@pytest.mark.parametrize(("name", "answers"), [("far.example:0", False), (":4242", True), ("unix:4242", True)])
def test_a_server_that_says_nothing_does_not_hold_the_start_up(monkeypatch: pytest.MonkeyPatch, name: str, answers: bool) -> None:
    """One of this machine is taken for busy, so that Qt waits for it as ever."""
    reading, writing = os.pipe()

    def hang(name: str) -> str:
        os.read(reading, 1)
        return ""

    monkeypatch.setattr(display, "_ask_x", hang)
    monkeypatch.setattr(display, "LIMIT_S", 0.05)
    try:
        said = trouble_with({"DISPLAY": name})
    finally:
        os.close(writing)
    assert (said == "") is answers
    assert answers or "within" in said


def test_without_the_library_qt_may_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_XCB", "libnowhere.so.1")
    assert trouble_with({"DISPLAY": ":4242"}) == ""
