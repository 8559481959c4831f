"""What the terminal says of itself when a program asks by XTGETTCAP: data only.

Names are those of terminfo and, where it has others, of termcap; keys are as they are in normal mode.
"""

from __future__ import annotations

_NAME = "xterm-256color"
_KEYS: dict[str, tuple[str, ...]] = {
    "\x1b[A": ("kcuu1", "ku"),
    "\x1b[B": ("kcud1", "kd"),
    "\x1b[C": ("kcuf1", "kr"),
    "\x1b[D": ("kcub1", "kl"),
    "\x1b[H": ("khome", "kh"),
    "\x1b[F": ("kend", "@7"),
    "\x1b[Z": ("kcbt", "kB"),
    "\x1b[2~": ("kich1", "kI"),
    "\x1b[3~": ("kdch1", "kD"),
    "\x1b[5~": ("kpp", "kP"),
    "\x1b[6~": ("knp", "kN"),
    "\x7f": ("kbs", "kb"),
    "\x1bOP": ("kf1", "k1"),
    "\x1bOQ": ("kf2", "k2"),
    "\x1bOR": ("kf3", "k3"),
    "\x1bOS": ("kf4", "k4"),
    "\x1b[15~": ("kf5", "k5"),
    "\x1b[17~": ("kf6", "k6"),
    "\x1b[18~": ("kf7", "k7"),
    "\x1b[19~": ("kf8", "k8"),
    "\x1b[20~": ("kf9", "k9"),
    "\x1b[21~": ("kf10", "k;"),
    "\x1b[23~": ("kf11", "F1"),
    "\x1b[24~": ("kf12", "F2"),
}

#: Value by name.
CAPABILITIES: dict[str, str] = {
    "TN": _NAME,
    "name": _NAME,
    "Co": "256",
    "colors": "256",
    "RGB": "8",
    **{name: value for value, names in _KEYS.items() for name in names},
}
