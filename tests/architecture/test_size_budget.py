"""The size budget: files of at most 600 lines, functions of 60, classes of 350; nine in ten much smaller.

EXCEPTIONS only ever shrinks: a line is taken out when its piece fits, and none is added.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FILE_LINES_P90 = 600, 400
FUNCTION_LINES, FUNCTION_LINES_P90 = 60, 30
CLASS_LINES = 350
EXCEPTIONS: dict[str, int] = {}
SOURCES = sorted(path for package in ("kernel", "aether_desktop") for path in (ROOT / package).rglob("*.py"))


def _length(node: ast.AST) -> int:
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


def _nodes(kinds: tuple[type[ast.AST], ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, kinds):
                name = getattr(node, "name", "")
                found[f"{path.relative_to(ROOT)}::{name}:{getattr(node, 'lineno', 0)}"] = _length(node)
    return found


def _file_lengths() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in SOURCES}


def _too_long(lengths: dict[str, int], limit: int) -> list[str]:
    def allowed(name: str) -> int:
        return EXCEPTIONS.get(name.rpartition(":")[0] if "::" in name else name, limit)

    return [f"{name} has {lines} lines" for name, lines in lengths.items() if lines > allowed(name)]


def _p90(lengths: dict[str, int]) -> int:
    return sorted(lengths.values())[int(len(lengths) * 0.9)]


@pytest.mark.parametrize(
    ("lengths", "limit", "p90"),
    [
        (_file_lengths(), FILE_LINES, FILE_LINES_P90),
        (_nodes((ast.FunctionDef, ast.AsyncFunctionDef)), FUNCTION_LINES, FUNCTION_LINES_P90),
        (_nodes((ast.ClassDef,)), CLASS_LINES, CLASS_LINES),
    ],
    ids=["files", "functions", "classes"],
)
def test_everything_is_small_enough(lengths: dict[str, int], limit: int, p90: int) -> None:
    assert not _too_long(lengths, limit)
    assert _p90(lengths) <= p90


def test_the_agent_loop_can_be_read_in_one_sitting() -> None:
    assert _file_lengths()["kernel/agents/loop.py"] <= 200


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in SOURCES if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    nameless = {"utils", "util", "misc", "helpers", "helper", "common"}
    assert not [str(path) for path in SOURCES if path.stem in nameless or path.parent.name in nameless]


def test_broad_excepts_stand_at_marked_edges_only() -> None:
    unmarked = []
    for path in SOURCES:
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            words = line.strip()
            if words.startswith(("except Exception", "except BaseException", "except:")):
                reraised = any(later.strip() == "raise" for later in lines[number : number + 6])
                if "edge:" not in line and not reraised:
                    unmarked.append(f"{path.relative_to(ROOT)}:{number}")
    assert not unmarked
