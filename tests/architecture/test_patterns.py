"""Regular expressions that every supported Python reads alike.

Possessive quantifiers and atomic groups came with Python 3.11 and match wrongly in its first releases, of which Debian 12 has one.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NEW = re.compile(r"(?<!\\)[+*?}]\+|\(\?>")
_CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:\\.|[^\]\\])*\]")


def patterns(source: str) -> list[str]:
    """The string constants in the arguments of calls of `re`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    arguments = [argument for call in calls if ast.unparse(call.func).startswith("re.") for argument in call.args]
    parts = [part for argument in arguments for part in ast.walk(argument) if isinstance(part, ast.Constant)]
    return [part.value for part in parts if isinstance(part.value, str)]


def is_new(pattern: str) -> bool:
    """Whether a pattern has a possessive quantifier or an atomic group."""
    return _NEW.search(_CLASS.sub("C", pattern)) is not None


def test_what_is_found() -> None:
    assert all(map(is_new, ["a++", "(?:a)*+", "[^x]{2,3}+b", "(?>a)", "a?+"]))
    assert not any(map(is_new, ["a+", r"\++", "[+*]+", r"a\+\+", "a+?", r"[*+]", "a{2}"]))


def test_no_pattern_needs_a_repaired_python() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {pattern}"
        for folder in ("kernel", "aether_desktop")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for pattern in patterns(path.read_text(encoding="utf-8"))
        if is_new(pattern)
    ]
    assert not wrong, wrong
