"""Regular expressions that every supported Python reads alike.

Possessive quantifiers and atomic groups came with Python 3.11 and match wrongly in its first releases, of which Debian 12 has one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Compiles everything that the modules compile while they are imported, and says which patterns have what only repaired Pythons match.
LOOK = """
import importlib, pkgutil, re, sys
from re import _parser
NEW = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}
def has_new(items):
    for item in items:
        if str(getattr(item, "name", item)) in NEW:
            return True
        if isinstance(item, (tuple, list, _parser.SubPattern)) and has_new(item):
            return True
    return False
parse, seen = _parser.parse, []
def looking(pattern, flags=0, state=None):
    found = parse(pattern, flags, state)
    frame = sys._getframe(1)
    while frame is not None and not frame.f_globals.get("__name__", "").startswith(("kernel", "aether_desktop", "__main__")):
        frame = frame.f_back
    name = frame.f_globals["__name__"] if frame is not None else ""
    seen.append(name)
    if name and has_new(found.data):
        print("new:", name, repr(pattern))
    return found
_parser.parse = looking
re.purge()
for pattern in sys.argv[2:]:
    re.compile(pattern)
for package in sys.argv[1].split(","):
    if package:
        for module in pkgutil.walk_packages([package], package + "."):
            if module.name.rpartition(".")[2] not in ("__main__", "windows"):
                importlib.import_module(module.name)
print("parsed", len(seen))
"""


def looked(packages: str, *patterns: str) -> list[str]:
    """What a new Python says of the patterns that the packages compile, and of the given ones."""
    done = subprocess.run([sys.executable, "-c", LOOK, packages, *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_is_found() -> None:
    new = ["a++", "(?:a)*+", "[^x]{2,3}+b", "(?>a)", "x(a|(?:b?+c))"]
    old = ["a+", r"\++", "[+*]+", r"a\+\+", "a+?", r"[*+]", "a{2}", "(?:a+)+"]
    assert [re.findall(r"'(.*)'", line)[0] for line in looked("", *new, *old)[:-1]] == new


def test_no_pattern_needs_a_repaired_python() -> None:
    *wrong, count = looked("kernel,aether_desktop")
    assert not wrong, wrong
    assert int(count.split()[1]) > 100
