"""Every menu comes from one place, so that none looks different from the others."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKER = "aether_desktop/widgets/menu.py"


def _makes_a_menu(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        return any(ast.unparse(base).endswith("QMenu") for base in node.bases)
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("QMenu")


def test_menus_are_made_in_one_place() -> None:
    makers = {
        f"{path.relative_to(ROOT)}"
        for path in sorted((ROOT / "aether_desktop").rglob("*.py"))
        if any(_makes_a_menu(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    }
    assert makers == {MAKER}
