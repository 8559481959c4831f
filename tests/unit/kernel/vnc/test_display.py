"""The programs of a desktop, and what they print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.vnc.display import MAX_LINE_CHARACTERS, READY_LINE, last_words, missing, programs, window_manager


def machine(*names: str) -> "dict[str, str]":
    return {name: f"/usr/bin/{name}" for name in names}


@pytest.mark.feature("VN01")
def test_the_server_listens_nowhere_but_at_its_socket() -> None:
    server = programs("1280x800", machine("Xtigervnc").get).server
    words = " ".join(server)
    for part in (":99", "-geometry 1280x800", "-nolisten tcp", "-nolisten local", "-rfbport -1", "-rfbunixmode 0600"):
        assert part in words


@pytest.mark.parametrize(
    ("there", "chosen"), [(("twm", "jwm"), "jwm"), (("openbox", "twm"), "openbox"), (("xfwm4", "icewm"), "xfwm4"), ((), "")]
)
def test_the_first_window_manager_that_is_there_is_taken(there: tuple[str, ...], chosen: str) -> None:
    assert window_manager(machine(*there).get) == chosen
    manager = programs("1024x768", machine(*there).get).manager
    assert READY_LINE in " ".join(manager[4:])
    assert (chosen or "echo") in manager


def test_what_is_missing_is_said_with_what_to_do() -> None:
    assert missing(machine("Xtigervnc").get) == ""
    assert "apt install tigervnc-standalone-server" in missing(machine("Xvfb").get)


def test_the_last_words_say_why() -> None:
    output = b"_XSERVTransmkdir: ERROR: euid != 0\n(EE) \x1b]0;evil\x07Cannot   bind: no space.\n[mi] mieq: warning: overriding\n99\n\n"
    assert last_words(output) == "(EE) ]0;evil Cannot bind: no space"
    assert last_words(b"99\n") == last_words(b"") == ""


@given(st.binary(max_size=2000))
def test_whatever_is_printed_can_be_shown(output: bytes) -> None:
    words = last_words(output)
    assert len(words) <= MAX_LINE_CHARACTERS and (not words or words.isprintable())
