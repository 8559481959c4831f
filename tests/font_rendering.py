"""How text is drawn in pictures: the same on every distribution. Called before the first QApplication of tests and scenes."""

import os
from pathlib import Path


def draw_alike() -> None:
    """Take the settings of `fonts.conf` beside this file, unless the caller's environment names some."""
    os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).with_name("fonts.conf")))
