"""The HTML page that shows expected, rendered and differing pixels side by side."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage

from tests.visual.compare import Difference

REPORT_FOLDER = Path(__file__).parent / "report"

_PAGE = """<!doctype html><meta charset="utf-8"><title>Visual differences</title>
<style>body{{font:14px sans-serif;background:#1b1d24;color:#e8e8ee;margin:24px}}
section{{margin:0 0 40px}}div{{display:flex;gap:12px;flex-wrap:wrap}}figure{{margin:0;flex:1;min-width:320px}}
img{{max-width:100%;border:1px solid #555}}figcaption{{color:#aab;margin:4px 0}}</style>
<h1>{count} of the pictures differ</h1>{sections}
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One scene that differs from its picture (``expected`` None: it has none yet)."""

    name: str
    expected: QImage | None
    actual: QImage
    difference: Difference | None


def write_report(findings: Sequence[Finding], folder: Path = REPORT_FOLDER) -> Path:
    """Write the pictures and ``index.html`` into ``folder``; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = "".join(_section(finding, folder) for finding in findings)
    page = folder / "index.html"
    page.write_text(_PAGE.format(count=len(findings), sections=sections), encoding="utf-8")
    return page


def _section(finding: Finding, folder: Path) -> str:
    pictures = {
        "expected": finding.expected,
        "rendered": finding.actual,
        "differing": finding.difference.picture if finding.difference else None,
    }
    figures = ""
    for title, image in pictures.items():
        if image is not None:
            name = f"{finding.name}.{title}.png"
            image.save(str(folder / name))
            figures += f'<figure><figcaption>{title}</figcaption><img src="{html.escape(name)}"></figure>'
    return f"<section><h2>{html.escape(finding.name)}</h2><p>{html.escape(_said(finding))}</p><div>{figures}</div></section>"


def _said(finding: Finding) -> str:
    if finding.difference is None:
        return "There is no stored picture. Look at the rendered one and store it with --update."
    if finding.difference.reason:
        return finding.difference.reason
    return f"{finding.difference.share:.2%} of the pixels differ, by up to {finding.difference.worst}"
