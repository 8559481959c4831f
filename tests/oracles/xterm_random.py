"""``xvfb-run -a python -m tests.oracles.xterm_random --seed 1 --count 2000``: random control functions, asked of a real xterm and of us.

What differs is made as short as it can be and printed, to be judged by a person: xterm has quirks, and of the first kinds of
differences ``tests.oracles.xterm.ON_PURPOSE`` says why they are there. Needs an xterm and a display, so that no other test runs it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from typing import Any

from tests.oracles.xterm import ours
from tests.oracles.xterm_basics import BOX, LR, TB, C, G, at
from tests.oracles.xterm_record import ask_xterm

_TEXTS = ("ab", "hello", "abcdefghijklmnopqrstuvwxyz", "e\u0301", " ", "x  y")
_CONTROLS = ("\r", "\n", "\r\n", "\t", "\b", "\b\b", "\x0b", "\x1bD", "\x1bE", "\x1bM", "\x1b6", "\x1b9")
_MARGINS = (TB, LR, BOX, C + "r", C + "?69l", C + "2;4r", C + "?69h" + C + "3;18s")
_MODES = tuple(C + mode for mode in ("?6h", "?6l", "?7l", "?7h", "4h", "4l", "20h", "20l", "?45h", "?45l", "?41h", "?69h"))
_SAVED = ("\x1b7", "\x1b8", C + "s", C + "u", "\x1bH", C + "g", C + "3g")
_PROTECTION = (C + '1"q', C + '0"q', C + '2"q', "\x1bV", "\x1bW")
_SCREENS = tuple(f"{C}?{mode}{final}" for mode in (47, 1047, 1048, 1049) for final in "hl")
_PENS = (C + "1m", C + "4m", C + "7m", C + "m", C + "44m", C + "!p", "\x1b#8")
_QUESTIONS = (C + "6n", C + "2$w", '\x1bP$q"q\x1b\\', "\x1bP$qr\x1b\\", "\x1bP$qs\x1b\\")
_MOVES = tuple("ABCDEFGIZ`ade")
_EDITS = ("L", "M", "@", "P", "X", "S", "T", "^", "b", " @", " A", "'}", "'~")
_ROUNDS = 20


def sequence(generator: random.Random) -> list[str]:
    """A few control functions and texts."""

    def count() -> str:
        return generator.choice(["", "0", str(generator.randrange(1, 9)), str(generator.randrange(1, 9)), "99"])

    def area() -> str:
        return ";".join(str(generator.randrange(12)) for _ in range(4))

    def rectangle() -> str:
        extent = C + generator.choice("012") + "*x" + C
        return generator.choice(
            [
                f"{C}35;{area()}$x",
                f"{C}{area()}$z",
                f"{C}{area()}${{",
                f"{C}{area()};1;{generator.randrange(9)};{generator.randrange(21)};1$v",
                f"{extent}{area()};{generator.choice('0147')}$r",
                f"{extent}{area()};{generator.choice('17')}$t",
            ]
        )

    made = [] if generator.random() < 0.6 else [G]
    for _ in range(generator.randrange(3, 14)):
        kinds = [
            lambda: at(generator.randrange(1, 9), generator.choice([1, 2, 5, 12, 19, 20, generator.randrange(1, 21)])),
            lambda: C + count() + generator.choice(_MOVES),
            lambda: C + count() + generator.choice(_EDITS),
            lambda: C + generator.choice(["", "?"]) + generator.choice(["", "0", "1", "2"]) + generator.choice("JK"),
            rectangle,
        ]
        tables = (_TEXTS, _TEXTS, _CONTROLS, _MARGINS, _MODES, _SAVED, _PROTECTION, _SCREENS, _PENS, _QUESTIONS)
        chosen = generator.randrange(len(kinds) * 2 + len(tables))
        made.append(kinds[chosen // 2]() if chosen < 2 * len(kinds) else generator.choice(tables[chosen - 2 * len(kinds)]))
    return made


def shortened(different: list[list[str]]) -> list[list[str]]:
    """Leave out of each sequence what the difference does not need; one xterm answers for all in a round."""
    for _ in range(_ROUNDS):
        tried = {
            json.dumps([number, at]): [*parts[:at], *parts[at + 1 :]]
            for number, parts in enumerate(different)
            for at in range(len(parts))
        }
        found: dict[int, list[str]] = {}
        for name, answer in ask_xterm({name: "".join(parts) for name, parts in tried.items()}).items():
            if _differs("".join(tried[name]), answer):
                found.setdefault(json.loads(name)[0], tried[name])
        if not found:
            break
        different = [found.get(number, parts) for number, parts in enumerate(different)]
    return different


def main() -> int:
    """Ask, shorten, print; the exit status says whether anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    asked = [sequence(generator) for _ in range(options.count)]
    answers = ask_xterm({str(number): "".join(parts) for number, parts in enumerate(asked)})
    different = [asked[int(number)] for number, answer in answers.items() if _differs("".join(asked[int(number)]), answer)]
    lines = [f"{len(different)} of {len(asked)} differ"]
    lines += sorted({json.dumps(["G" if part == G else part for part in parts]) for parts in shortened(different)}, key=len)
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(different))


def _differs(text: str, answer: dict[str, Any]) -> bool:
    return ours(text.encode("utf-8")) != answer


if __name__ == "__main__":
    sys.exit(main())
