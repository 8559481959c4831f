"""Renders a scene to a picture. Needs a QApplication (offscreen, one pixel per pixel)."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from aether_desktop.theme.manager import ThemeManager
from tests.font_rendering import draw_alike
from tests.visual.scene import Scene


def offscreen_application() -> QApplication:
    """Return the QApplication, made offscreen and unscaled where there is none yet."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = "1"
    draw_alike()
    return QApplication(["tests.visual"])


def render(scene: Scene, application: QApplication, home: Path) -> QImage:
    """Return the scene's picture, ``scene.size`` pixels large; ``home`` stands for the person's home folder."""
    theme = ThemeManager(application, scene.theme, reduced_motion=True, home=home)
    application.setCursorFlashTime(0)
    widget = scene.build(theme)
    widget.resize(*scene.size)
    # Not activated: a blinking cursor or a focus ring that comes and goes would make the picture differ.
    widget.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    widget.show()
    application.processEvents()
    if scene.settle is not None:
        scene.settle(widget)
        application.processEvents()
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    widget.render(image)
    close = getattr(widget, "prepare_to_quit", None)
    if close is not None:
        close()
    widget.close()
    widget.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.setParent(None)
    theme.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return image
