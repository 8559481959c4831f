"""Renders scenes and holds them against their stored pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.visual.compare import compare
from tests.visual.render import render
from tests.visual.report import Finding
from tests.visual.scene import Scene

REFERENCES = Path(__file__).parent / "references"


def check(scene: Scene, application: QApplication, home: Path, references: Path = REFERENCES) -> Finding | None:
    """Return what is wrong with ``scene``; None if it looks as stored."""
    actual = render(scene, application, home)
    expected = QImage(str(references / f"{scene.name}.png"))
    if expected.isNull():
        return Finding(scene.name, None, actual, None)
    difference = compare(expected, actual)
    return None if difference.acceptable else Finding(scene.name, expected, actual, difference)


def store(scene: Scene, application: QApplication, home: Path, references: Path = REFERENCES) -> bool:
    """Store the scene's picture unless the stored one is equal; True if it was written."""
    if check(scene, application, home, references) is None:
        return False
    references.mkdir(parents=True, exist_ok=True)
    return render(scene, application, home).save(str(references / f"{scene.name}.png"), "PNG", 20)
