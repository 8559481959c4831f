"""What an app may ask of the window it is shown in.

The shell's ``WindowFrame`` fulfils this Protocol; apps get it through their context and know nothing else of the shell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtWidgets import QWidget

CloseGuard = Callable[[Callable[[], None]], bool]
"""Called before a window closes, with a function that closes it after all.

Return True to let it close now. Return False to keep it open; a guard that asks the person keeps the function and calls
it once they agreed.
"""


class WindowHandle(Protocol):
    """The window of one app."""

    @property
    def window_id(self) -> str:
        """Unique among the open windows: the app's id, with ``:key`` where an app may have several windows."""

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Show another title and, small and cut where there is no room, a subtitle."""

    def set_title_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Put ``widgets`` (tabs, search field, button) at the right of the title bar; the window owns them."""

    def set_close_guard(self, guard: CloseGuard | None) -> None:
        """Ask ``guard`` before closing; None removes it."""

    def set_arguments(self, arguments: Sequence[tuple[str, str]]) -> None:
        """Remember with what to open this app again at the next start."""

    def state(self, key: str) -> str:
        """What ``set_state`` was told last for ``key``, in an earlier life of this window too; empty if nothing was.

        It may come from a file that anybody can write: treat an unknown value as none.
        """

    def set_state(self, key: str, value: str) -> None:
        """Remember a small choice of this window (the tab in front, an order); the empty ``value`` forgets it.

        It is saved with the layout a moment later, and found again by ``state`` when this window, the one with the same app and
        key, is opened again. A window has room for 8 keys of 40 characters with values of 200; what exceeds that is not remembered.
        """

    def set_attention(self, wanted: bool) -> None:
        """Mark the window as waiting for the person (amber title dot), or not."""

    def set_floor(self, colour: str) -> None:
        """Say what colour (``#rrggbb``) stands along the lower edge, so that the window's smooth corners have it too; "" is the theme's."""

    def raise_window(self) -> None:
        """Bring the window to the front, restored if it was minimised."""

    def request_close(self) -> bool:
        """Close the window, asking the guard; False if it stays open (for now)."""
