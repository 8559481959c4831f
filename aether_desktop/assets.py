"""Where the bundled resources lie.

Owns the way from a resource's name to its file, in a source tree and in a frozen application. Called by the theme and
the shell. It opens nothing and imports no Qt.
"""

from __future__ import annotations

import sys
from pathlib import Path


def resources_root() -> Path:
    """Return the folder that holds ``fonts/``, ``icons/`` and ``docs/``.

    A frozen application unpacks it beside the program; a source tree has it beside the packages.
    """
    frozen = getattr(sys, "_MEIPASS", None)
    base = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return base / "resources"


def resource(*parts: str) -> Path:
    """Return the path of one bundled file, for example ``resource("fonts", "Inter-Regular.otf")``."""
    return resources_root().joinpath(*parts)
