"""Text from agents, files and clipboards made safe to look at in a window: nothing hides, nothing is endless, nothing is markup. Pure.

What widgets, apps and the shell call. The characters are judged in `kernel.protocol.shown_text`, which stores and models
share; tooltips and menus, which Qt reads in its own way, are added here.
"""

from __future__ import annotations

import html
import re

from kernel.protocol.shown_text import LINE_BREAK, cut, exact, exact_line, one_line, printed, visible

__all__ = ("LINE_BREAK", "cut", "exact", "exact_line", "menu_words", "one_line", "plain_tooltip", "printed", "visible")

TOOLTIP_CHARACTERS = 1_200
TOOLTIP_LINE = 80
_MARKUP = re.compile("[<&]")


def plain_tooltip(text: str) -> str:
    """A text for ``setToolTip`` or ``ToolTipRole`` that is shown as it is and never read as HTML, its long lines wrapped.

    At most `TOOLTIP_CHARACTERS` of it. Short texts without `<` and `&` come back unchanged; the others are escaped for Qt, which takes
    every tooltip that looks like HTML for HTML.
    """
    shown = visible(cut(text, TOOLTIP_CHARACTERS))
    if not _MARKUP.search(shown) and all(len(line) <= TOOLTIP_LINE for line in shown.split("\n")):
        return shown
    return f'<p style="white-space: pre-wrap">{html.escape(shown, quote=False)}</p>'


def menu_words(text: str, limit: int) -> str:
    """`exact_line` for a menu, a tab or a button, where a single `&` would vanish and underline the letter behind it."""
    return exact_line(text, limit).replace("&", "&&")
