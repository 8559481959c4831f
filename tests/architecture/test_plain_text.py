"""Text that may come from anywhere is shown by what reads none of it as HTML: Qt's own labels guess, and so do its message boxes."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: The label that is told to read nothing as HTML, the box that is, and a logo, which shows no text.
KNOWN = {
    "aether_desktop/widgets/label.py": "QLabel",
    "aether_desktop/failure.py": "QMessageBox",
    "aether_desktop/shell/person_actions.py": "QLabel",
}
GUESSING = ("QLabel", "QMessageBox", "QErrorMessage", "QTextBrowser", "QTextEdit", "QWhatsThis", "QSystemTrayIcon")


def _makes(node: ast.AST) -> str:
    """The class that reads HTML where it sees some, if the node makes or extends one."""
    calls = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
    return next((part for call in calls for part in ast.unparse(call).split(".") if part in GUESSING), "")


def test_nothing_else_guesses_whether_a_text_is_html() -> None:
    makers = {
        f"{path.relative_to(ROOT)}": made
        for path in sorted((ROOT / "aether_desktop").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (made := _makes(node))
    }
    assert makers == KNOWN


def test_the_logo_shows_no_text() -> None:
    source = (ROOT / "aether_desktop/shell/person_actions.py").read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "QLabel"]
    assert calls and not any(call.args for call in calls) and "logo.setText" not in source
