"""Every scene looks as its stored picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.visual.check import check
from tests.visual.report import Finding, write_report
from tests.visual.scene import Scene, all_scenes


@pytest.fixture(scope="module")
def findings() -> Iterator[list[Finding]]:
    collected: list[Finding] = []
    yield collected
    if collected:
        write_report(collected)


def parameters() -> list[object]:
    return [
        pytest.param(scene, id=scene.name, marks=[pytest.mark.feature(scene.feature)] if scene.feature else [])
        for scene in all_scenes()
    ]


@pytest.mark.parametrize("scene", parameters())
def test_scene(scene: Scene, qapp: QApplication, tmp_path: Path, findings: list[Finding]) -> None:
    if qapp.platformName() != "offscreen":
        pytest.skip("pictures are stored for the offscreen platform")
    finding = check(scene, qapp, tmp_path)
    if finding is not None:
        findings.append(finding)
        share = (
            "there is none" if finding.difference is None else f"{finding.difference.share:.2%} of the pixels differ"
        )
        pytest.fail(f"{scene.name} does not look as stored ({share}); see tests/visual/report/index.html")
