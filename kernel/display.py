"""Whether a display answers, found out before Qt is loaded: Qt ends the process where none does, with words about its plugins.

Blocking, and asked once: by `aether` before it becomes the desktop, and by `aether doctor`. What cannot be found out counts as an answer,
so that Qt tries. Knows Linux and the like; where windows belong to the system there is nothing to ask.
"""

import os
import re
import threading
from collections.abc import Mapping

LIMIT_S = 1.5
NONE = "There is no display here."
USUAL_WAYLAND = "wayland-0"
_XCB = "libxcb.so.1"
_X_NAME_UNREADABLE = 5
_LOCAL = re.compile(r"(?:unix)?[:/]")  # how the name of a display begins that is not reached over the network


def trouble_with(environ: Mapping[str, str]) -> str:
    """Why Qt would find no display, in sentences; "" where it may try. `NONE` where no variable names one."""
    wanted = _platforms(environ.get("QT_QPA_PLATFORM", ""))
    if wanted is None or environ.get("WAYLAND_SOCKET"):
        return ""
    answers = []
    wayland, x, runtime = environ.get("WAYLAND_DISPLAY"), environ.get("DISPLAY"), environ.get("XDG_RUNTIME_DIR", "")
    if not wayland and environ.get("QT_QPA_PLATFORM") and _is_usual_wayland_there(runtime):  # left to itself, Qt does not look for it
        wayland = USUAL_WAYLAND
    if wayland and "wayland" in wanted:
        answers.append((wayland, _silence_of_wayland(wayland, runtime)))
    if x and "xcb" in wanted and all(reason for _, reason in answers):
        answers.append((x, _silence_of_x(x)))
    if not answers:
        return NONE
    if not all(reason for _, reason in answers):
        return ""
    return " ".join(f"The display {name} does not answer ({reason})." for name, reason in answers)


def _platforms(chosen: str) -> tuple[str, ...] | None:
    """Which of xcb and wayland Qt would try; None where it may do without either, or was told more than their names."""
    if not chosen:
        return ("wayland", "xcb")
    names = [name.strip() for name in chosen.split(";") if name.strip()]
    if not names or not all(name == "xcb" or re.fullmatch(r"wayland(-[a-z-]+)?", name) for name in names):
        return None
    return tuple("xcb" if name == "xcb" else "wayland" for name in names)


def _is_usual_wayland_there(runtime: str) -> bool:
    """Whether there is a socket of the name that a client tries where no variable names one."""
    return bool(runtime) and os.path.exists(os.path.join(runtime, USUAL_WAYLAND))


def _silence_of_wayland(name: str, runtime: str) -> str:
    """Why no compositor answers, "" where one does."""
    if not name.startswith("/") and not runtime:
        return "XDG_RUNTIME_DIR is not set"
    import socket  # here, and ctypes below, since what a start does not need it does not load

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(LIMIT_S)
            client.connect(os.path.join(runtime, name))
    except (TimeoutError, BlockingIOError):  # somebody listens there, and is busy
        return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _silence_of_x(name: str) -> str:
    """Why no X server answers, "" where one does."""
    found: list[str] = []
    asking = threading.Thread(target=lambda: found.append(_ask_x(name)), name="display", daemon=True)
    asking.start()
    asking.join(LIMIT_S)
    if found:
        return found[0]
    # One of this machine that takes so long is there, and busy; a network may keep a caller waiting for minutes.
    return "" if _LOCAL.match(name) else f"nothing came back within {LIMIT_S:g} s"


def _ask_x(name: str) -> str:
    """Connect as Qt would, with the same rights."""
    try:
        import ctypes

        xcb = ctypes.CDLL(_XCB)
        xcb.xcb_connect.restype = ctypes.c_void_p
        xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))
        xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
        connection = xcb.xcb_connect(os.fsencode(name), None)
        error: int = xcb.xcb_connection_has_error(connection)
        xcb.xcb_disconnect(connection)
    except (ImportError, OSError, AttributeError):
        return ""
    if not error:
        return ""
    return "that is not the name of one" if error == _X_NAME_UNREADABLE else "no X server is there, or it refuses this user"
