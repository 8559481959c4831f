"""The real application under real assistive technology: what a screen reader can see, press, read and hear of it."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.at_spi import COMPONENT, FOCUSABLE, FOCUSED, LINE, ON_SCREEN, SHOWING, TEXT, Reader, Thing, assistive, reader
from tests.e2e.test_desktop_process import Desktop, _deploy
from tests.fakes.scripts import call, turn, write_script
from tests.xvfb import screen

FLOOD_LINES = 50_000
FEW_ANNOUNCEMENTS = 30
ODD_PLACES = (-(2**31), -1, 0, 100_000, 2**31 - 1)
APPS = {"Mission Control": "Agents", "Files": "Files", "Settings": "Appearance"}


@pytest.fixture
def watched() -> Iterator[dict[str, str]]:
    with screen(window_manager=True) as display, assistive(display) as env:
        yield env


@pytest.fixture
def desktop(watched: dict[str, str], tmp_path: Path) -> Iterator[Desktop]:
    made = Desktop({**watched, "SHELL": "/bin/sh", "PS1": "$ "}, tmp_path)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(10)


def _nameless(seen: Thing) -> list[str]:
    """The roles of what the keyboard can reach and nobody could tell what it is."""
    return [thing.role for thing in seen.all() if thing.has(FOCUSABLE) and thing.has(SHOWING) and not thing.name.strip()]


async def _ask_odd_things(screen_reader: Reader, terminal: Thing) -> None:
    for place in ODD_PLACES:
        for member in ("GetCharacterAtOffset", "GetAttributes", "SetCaretOffset", "RemoveSelection"):
            await screen_reader.ask(terminal.place, TEXT, member, "i", place)
        await screen_reader.ask(terminal.place, TEXT, "GetStringAtOffset", "iu", place, LINE)
        await screen_reader.ask(terminal.place, TEXT, "GetCharacterExtents", "iu", place, ON_SCREEN)
        await screen_reader.ask(terminal.place, TEXT, "GetOffsetAtPoint", "iiu", place, place, ON_SCREEN)
        await screen_reader.ask(terminal.place, COMPONENT, "GetAccessibleAtPoint", "iiu", place, place, ON_SCREEN)
        for end in ODD_PLACES:
            await screen_reader.text(terminal.place, place, end)
            await screen_reader.ask(terminal.place, TEXT, "AddSelection", "ii", place, end)
    await screen_reader.ask(terminal.place, TEXT, "RemoveSelection", "i", 0)


async def _type(env: dict[str, str], line: str) -> None:
    subprocess.run(["xdotool", "type", "--delay", "4", "--", line], env=env, check=True)
    subprocess.run(["xdotool", "key", "Return"], env=env, check=True)


async def _reads(screen_reader: Reader, terminal: Thing, line: str) -> str:
    """The text of the terminal once it has this line."""
    async with asyncio.timeout(10):
        while line not in (text := await screen_reader.text(terminal.place)).split("\n"):
            await asyncio.sleep(0.05)
    return text


async def _prompts(screen_reader: Reader, terminal: Thing) -> None:
    """Until the shell asks. What a terminal shows when it is first seen is not read out."""
    async with asyncio.timeout(10):
        while not (await screen_reader.text(terminal.place)).startswith(("$ ", "# ")):
            await asyncio.sleep(0.05)


async def _hears(screen_reader: Reader, words: str) -> None:
    async with asyncio.timeout(10):
        while not any(words in said for said in screen_reader.heard):
            await asyncio.sleep(0.05)


@pytest.mark.feature("AA02")
@pytest.mark.feature("TT01")
async def test_a_screen_reader_sees_everything_and_reads_the_terminal(
    desktop: Desktop, watched: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = write_script(tmp_path, turn("Working.", call("run_command", command="rm -f clutter")))
    await _deploy(desktop.root, model)
    async with reader(watched, "Aether") as screen_reader:
        for app, shown in APPS.items():
            await screen_reader.press(app)
            await screen_reader.find({"Agents": "list", "Files": "tree", "Appearance": "filler"}[shown], shown)
        agent = await screen_reader.find("list item", "Coder 1")
        assert "survive" in agent.name
        await screen_reader.press("Terminal")
        terminal = await screen_reader.find("terminal")
        assert await screen_reader.ask(terminal.place, COMPONENT, "GrabFocus")
        await screen_reader.listen()
        await _prompts(screen_reader, terminal)
        await _type(watched, "echo it is $((40 + 2)) here")
        text = await _reads(screen_reader, terminal, "it is 42 here")
        at = text.index("it is 42 here")
        assert await screen_reader.ask(terminal.place, TEXT, "GetStringAtOffset", "iu", at + 3, LINE) == [
            "it is 42 here\n",
            at,
            at + len("it is 42 here\n"),
        ]
        assert await screen_reader.get(terminal.place, TEXT, "CharacterCount") == len(text)
        caret = await screen_reader.get(terminal.place, TEXT, "CaretOffset")
        assert text[:caret].count("\n") == text[: at + 14].count("\n")
        await _hears(screen_reader, "it is 42 here")
        screen_reader.heard.clear()
        await _type(watched, f"seq {FLOOD_LINES}; echo the end")
        await _reads(screen_reader, terminal, "the end")
        await _hears(screen_reader, "new lines")
        assert len(screen_reader.heard) < FEW_ANNOUNCEMENTS
        await _ask_odd_things(screen_reader, terminal)
        seen = await screen_reader.whole()
        assert _nameless(seen) == []
        assert [thing.name for thing in seen.all() if thing.role == "terminal" and thing.has(FOCUSED)]
    assert desktop.process is not None
    assert desktop.process.poll() is None
    assert desktop.stop() == 0
    said = capfd.readouterr().err
    assert "Traceback" not in said and "QAccessible" not in said, said
