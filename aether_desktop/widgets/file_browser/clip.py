"""Files that were cut or copied, on the system's clipboard: between the browser's windows, and as text for everybody else."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

_FORMAT = "application/x-aether-files"
_LIMIT_BYTES = 8 << 20


class Clip(msgspec.Struct, frozen=True):
    """Virtual paths; ``cut``: they are to be moved, not copied."""

    paths: tuple[str, ...]
    cut: bool = False


def put(clip: Clip) -> None:
    """Put files on the clipboard."""
    data = QMimeData()
    data.setData(_FORMAT, msgspec.json.encode(clip))
    data.setText("\n".join(clip.paths))
    QGuiApplication.clipboard().setMimeData(data)


def put_text(text: str) -> None:
    """Put a text on the clipboard."""
    QGuiApplication.clipboard().setText(text)


def taken() -> Clip | None:
    """The files on the clipboard; None where there are none, or what claims to be files is not."""
    data = QGuiApplication.clipboard().mimeData()
    if data is None or not data.hasFormat(_FORMAT):
        return None
    raw = data.data(_FORMAT).data()
    if len(raw) > _LIMIT_BYTES:
        return None
    try:
        clip = msgspec.json.decode(raw, type=Clip)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return clip if clip.paths else None


def clear() -> None:
    """Empty the clipboard: what was cut is where it belongs."""
    QGuiApplication.clipboard().clear()
