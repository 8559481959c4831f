"""``python -m tests.oracles.terminal``: replay the recordings, print the passes of each set; ``--fuzz`` runs the long fuzz.

Exits 1 when a set is below its goal or the fuzz finds a difference.
"""

from __future__ import annotations

import argparse
import sys

from tests.oracles import recordings, xterm
from tests.oracles.fuzz import fuzz, fuzz_steps

_GOALS = {"xterm.js": 69, "Alacritty": 19}


def main(arguments: list[str] | None = None) -> int:
    """Run and print; the exit status says whether all goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", action="store_true", help="2 million random bytes and 4,000 runs of steps, whole and byte by byte")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.fuzz:
        return _fuzz(options.seed)
    failed = _compare_with_xterm()
    if not recordings.FOLDER.is_dir():
        print(recordings.MISSING)
        return int(failed)
    for name, paths, difference in (
        ("xterm.js", recordings.fixtures(), recordings.fixture_difference),
        ("Alacritty", recordings.grids(), recordings.grid_difference),
    ):
        differences = {path.stem: found for path in paths if (found := difference(path))}
        passed = len(paths) - len(differences)
        print(f"{name}: {passed} of {len(paths)} (goal {_GOALS[name]})")
        for case, found in differences.items():
            print(f"  {case}: {found}")
        failed |= passed < _GOALS[name]
    return int(failed)


def _compare_with_xterm() -> bool:
    answers = xterm.recorded()
    different = {name: found for name, wanted in answers.items() if (found := xterm.difference(name, wanted))}
    print(f"xterm 379: {len(answers) - len(different)} of {len(answers)} ({len(xterm.ON_PURPOSE)} differ on purpose)")
    unwanted = set(different) - set(xterm.ON_PURPOSE)
    for name in sorted(unwanted):
        print(f"  {name}: {different[name]}")
    return bool(unwanted)


def _fuzz(seed: int) -> int:
    found = fuzz(2_000_000, seed=seed) or fuzz_steps(4_000, seed=seed)
    print(f"fuzz: {found or 'same state whole and byte by byte, no exception'}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
