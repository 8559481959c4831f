"""`python -m tests.features`: which feature rows have no test that proves them.

Reads the `@pytest.mark.feature("ID", ...)` marks in the test files and the IDs of `resources/docs/features.txt`; exits 1 with
--strict when one of the rows that are promised so far has no test.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PROMISED = ROOT.parent / "resources" / "docs" / "features.txt"


def marked_features() -> dict[str, list[str]]:
    """Feature ID -> the tests that carry it."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            for identity in _marks(node):
                name = getattr(node, "name", "module")
                found.setdefault(identity, []).append(f"{path.relative_to(ROOT)}::{name}")
    return found


def promised_features() -> list[str]:
    """The IDs that the program promises so far, in order."""
    return [line.split()[0] for line in PROMISED.read_text("utf-8").splitlines() if line.strip() and line[0] != "#"]


def _marks(node: ast.AST) -> list[str]:
    expressions: list[ast.expr] = list(getattr(node, "decorator_list", []))
    if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets):
        expressions.append(node.value)
    identities: list[str] = []
    for expression in expressions:
        for call in ast.walk(expression):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "feature":
                identities.extend(arg.value for arg in call.args if isinstance(arg, ast.Constant))
    return [str(identity) for identity in identities]


def main() -> int:
    """Print the rows without a test."""
    found = marked_features()
    promised = promised_features()
    missing = [identity for identity in promised if identity not in found]
    print(f"{len(promised) - len(missing)} of {len(promised)} promised features have a test")
    for identity in missing:
        print(f"  {identity}")
    unknown = sorted(set(found) - set(promised))
    if unknown:
        print(f"tested beyond what is promised: {', '.join(unknown)}")
    return 1 if missing and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
