"""What a graphical desktop is made of: the programs, their arguments, their names. Pure.

Used by `manager.py`, which runs them in an agent's sandbox, and by whoever asks whether this machine has them.
"""

from collections.abc import Callable
from dataclasses import dataclass

#: The display that programs of an agent are told of; every sandbox has a display 99 of its own.
DISPLAY = ":99"
#: The server's socket in the agent's private /tmp; only its owner may connect.
SOCKET_NAME = ".aether-screen"
SERVER = "Xtigervnc"
WINDOW_MANAGERS = ("openbox", "xfwm4", "jwm", "icewm", "fluxbox", "twm")
BACKGROUND = "#2b3240"
#: Where programs of the system are, inside of a sandbox as well as on this machine.
PROGRAM_FOLDERS = "/usr/local/bin:/usr/bin:/bin"
REMEDY = "Install it: `sudo apt install tigervnc-standalone-server openbox xterm x11-xserver-utils`."
READY_LINE = DISPLAY[1:]
MANAGER_STARTS_S = 0.3  # for those that do not tell
MAX_LINE_CHARACTERS = 200
#: What a healthy server prints as well.
_USUAL = ("_XSERVTransmkdir", "warning", "xkbcomp", "XKEYBOARD")

#: What an earlier server of this display left behind when it was killed, and what makes the next one refuse to start.
_LEFTOVERS = f"/tmp/.X{DISPLAY[1:]}-lock /tmp/.X11-unix/X{DISPLAY[1:]} /tmp/{SOCKET_NAME}"
# `mkdir`: the server makes this folder only as root. The agent may have put something else in its place.
_SERVE = f'[ -d /tmp/.X11-unix ] || rm -rf /tmp/.X11-unix; rm -rf {_LEFTOVERS}; mkdir -p -m 1777 /tmp/.X11-unix; exec "$@"'
_PAINT = f'command -v xsetroot >/dev/null && xsetroot -solid "{BACKGROUND}" -cursor_name left_ptr; exec "$@"'

# One that was left by its own menu, or killed, is there again; without its server it fails, and that is the end of it.
_STAY = 'while "$@" || [ $? -gt 128 ]; do sleep 1; done'

Find = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Programs:
    """What runs for one desktop, one after the other; both are commands inside of the sandbox, and print `READY_LINE`.

    server: prints it once there is a display. manager: paints the background and manages windows, and prints it once it does: a window
    that another program opens while one begins to manage windows may never be shown.
    """

    server: tuple[str, ...]
    manager: tuple[str, ...]


def missing(find: Find) -> str:
    """Why this machine has no graphical desktops and what to do, in a sentence or two; "" where it has them.

    find: the path of a program, None where it is not there.
    """
    return "" if find(SERVER) else f"Graphical desktops need TigerVNC's X server ({SERVER}), which is not installed. {REMEDY}"


def window_manager(find: Find) -> str:
    """The window manager that desktops get; "" where there is none, which leaves windows without frames."""
    return next((name for name in WINDOW_MANAGERS if find(name)), "")


def programs(size: str, find: Find) -> Programs:
    """What to run for a desktop of `size`, such as "1280x800"."""
    server = (
        *(SERVER, DISPLAY, "-geometry", size, "-depth", "24", "-displayfd", "1", "-noreset", "-nolisten", "tcp", "-nolisten", "local"),
        *("-SecurityTypes", "None", "-rfbport", "-1", "-rfbunixpath", f"/tmp/{SOCKET_NAME}", "-rfbunixmode", "0600"),
        # Every viewer of ours is the same "host" to the server: it must not shut it out after a few that broke off.
        *("-AlwaysShared", "-UseBlacklist=0", "-Log", "*:stderr:0", "-desktop", "Aether"),
    )
    manager = _managing(window_manager(find))
    return Programs(("/bin/sh", "-c", _SERVE, "sh", *server), ("/bin/sh", "-c", _PAINT, "sh", *manager))


def _managing(manager: str) -> tuple[str, ...]:
    """The window manager's command, which prints `READY_LINE` when it manages windows."""
    if not manager:
        return ("echo", READY_LINE)
    tells = ("--startup", f"echo {READY_LINE}") if manager == "openbox" else ()
    script = _STAY if tells else f"(sleep {MANAGER_STARTS_S:g}; echo {READY_LINE}) & {_STAY}"
    return ("/bin/sh", "-c", script, "sh", manager, *tells)


def last_words(output: bytes) -> str:
    """The last line of a program's output that says something, fit to be shown: printable, and not long."""
    for line in reversed(output.splitlines()):
        plain = "".join(character if character.isprintable() else " " for character in line.decode(errors="replace"))
        text = " ".join(plain.split())
        if text and text != READY_LINE and not any(usual.lower() in text.lower() for usual in _USUAL):
            return text[:MAX_LINE_CHARACTERS].rstrip(" .")
    return ""
