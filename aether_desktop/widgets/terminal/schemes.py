"""Well-known colour schemes of terminals, as data. Chosen in `preferences`; pure.

Each scheme names its author's colours: background, foreground, cursor, selection, then the sixteen of the palette.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aether_desktop.widgets.terminal.colours import Scheme

#: The desktop's own, which are dark in both of its themes.
AUTOMATIC: Final = "auto"


def _scheme(base: str, ansi: str) -> Scheme:
    """A scheme of hexadecimal numbers; base: background, foreground, cursor, selection."""
    background, foreground, cursor, selection = (int(number, 16) for number in base.split())
    colours = tuple(int(number, 16) for number in ansi.split())
    return Scheme(foreground=foreground, background=background, cursor=cursor, selection=selection, ansi=colours)


SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        "Tokyo Night": _scheme(
            "1a1b26 c0caf5 c0caf5 33467c",
            "15161e f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff a9b1d6"
            " 414868 f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff c0caf5",
        ),
        "Tokyo Night Day": _scheme(
            "e1e2e7 3760bf 3760bf b7c1e3",
            "b4b5b9 f52a65 587539 8c6c3e 2e7de9 9854f1 007197 6172b0"
            " a1a6c5 f52a65 587539 8c6c3e 2e7de9 9854f1 007197 3760bf",
        ),
        "Gruvbox Dark": _scheme(
            "282828 ebdbb2 ebdbb2 665c54",
            "282828 cc241d 98971a d79921 458588 b16286 689d6a a89984"
            " 928374 fb4934 b8bb26 fabd2f 83a598 d3869b 8ec07c ebdbb2",
        ),
        "Gruvbox Light": _scheme(
            "fbf1c7 3c3836 3c3836 d5c4a1",
            "fbf1c7 cc241d 98971a d79921 458588 b16286 689d6a 7c6f64"
            " 928374 9d0006 79740e b57614 076678 8f3f71 427b58 3c3836",
        ),
        "Solarized Dark": _scheme(
            "002b36 839496 839496 274642",
            "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5"
            " 586e75 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3",
        ),
        "Solarized Light": _scheme(
            "fdf6e3 657b83 657b83 d9d2c2",
            "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5"
            " 586e75 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3",
        ),
        "Nord": _scheme(
            "2e3440 d8dee9 d8dee9 4c566a",
            "3b4252 bf616a a3be8c ebcb8b 81a1c1 b48ead 88c0d0 e5e9f0"
            " 4c566a bf616a a3be8c ebcb8b 81a1c1 b48ead 8fbcbb eceff4",
        ),
        "One Dark": _scheme(
            "282c34 abb2bf 528bff 3e4451",
            "282c34 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 abb2bf"
            " 5c6370 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 ffffff",
        ),
        "One Light": _scheme(
            "fafafa 383a42 526fff d5d5d8",
            "383a42 e45649 50a14f c18401 4078f2 a626a4 0184bc a0a1a7"
            " 696c77 e45649 50a14f c18401 4078f2 a626a4 0184bc 202227",
        ),
        "High Contrast": _scheme(
            "000000 ffffff ffff00 4d4d00",
            "000000 ff6b6b 5dff5d ffff55 8fb8ff ff8cff 5dffff ffffff"
            " 9a9a9a ff9d9d 9dff9d ffffaa b8d2ff ffb8ff aaffff ffffff",
        ),
    }
)  # fmt: skip
