"""The comparison itself: it sees what a person would see and forgives what nobody would."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from tests.visual.compare import compare
from tests.visual.report import Finding, write_report


def picture(colour: str = "#202020", size: tuple[int, int] = (120, 80)) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_equal_pictures_are_equal() -> None:
    assert compare(picture(), picture()).acceptable


def test_a_shade_nobody_sees_is_forgiven() -> None:
    assert compare(picture("#202020"), picture("#2a2a2a")).acceptable


@pytest.mark.parametrize("size", [(6, 6), (60, 3)])
def test_a_missing_control_is_seen(size: tuple[int, int]) -> None:
    changed = picture()
    painter = QPainter(changed)
    painter.fillRect(10, 10, *size, QColor("#ffffff"))
    painter.end()
    difference = compare(picture(), changed)
    assert not difference.acceptable
    assert difference.worst > 200
    assert difference.picture is not None
    assert difference.picture.pixelColor(11, 11) == QColor(255, 60, 60)


def test_another_size_is_never_the_same() -> None:
    difference = compare(picture(), picture(size=(121, 80)))
    assert not difference.acceptable
    assert "121x80" in difference.reason


def test_the_report_shows_all_three_pictures(tmp_path: Path) -> None:
    difference = compare(picture(), picture("#ffffff"))
    page = write_report([Finding("a<b", picture(), picture("#ffffff"), difference)], tmp_path)
    text = page.read_text("utf-8")
    assert "a&lt;b" in text
    assert sorted(path.suffixes[0] for path in tmp_path.glob("*.png")) == [".differing", ".expected", ".rendered"]
