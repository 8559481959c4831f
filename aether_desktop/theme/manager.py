"""Which theme is shown, and the change from one to another.

``ThemeManager`` is made once by the bootstrap, applies style, palette, font and style sheet to the QApplication, and says
``theme_changed``. Widgets that only paint need not listen: a new palette repaints them.
"""

from __future__ import annotations

from configparser import ConfigParser
from configparser import Error as ConfigError
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from aether_desktop.theme import fonts, motion
from aether_desktop.theme.palette import build_palette
from aether_desktop.theme.stylesheet import build_stylesheet
from aether_desktop.theme.tokens import DARK, LIGHT, Tokens


class ThemeChoice(StrEnum):
    """What the person chose."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"


class ThemeManager(QObject):
    """Applies a theme to the whole application. Lives in the GUI thread; ``application`` outlives it."""

    theme_changed = Signal(object)
    """Emitted with the new ``Tokens`` after they were applied."""
    choice_changed = Signal(object)
    """Emitted with the new ``ThemeChoice``, also where it comes to the same tokens, after they were applied."""

    def __init__(
        self,
        application: QApplication,
        choice: ThemeChoice = ThemeChoice.DARK,
        *,
        reduced_motion: bool | None = None,
        home: Path | None = None,
    ) -> None:
        """Apply ``choice`` at once.

        ``reduced_motion`` None follows the system's setting, read below ``home`` (the person's home folder).
        """
        super().__init__(application)
        self._application = application
        self._home = home or Path.home()
        self._choice = choice
        self._tokens: Tokens | None = None
        self.set_reduced_motion(reduced_motion)
        application.setStyle("Fusion")
        application.setFont(fonts.ui_font())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        """The tokens in use."""
        return self._tokens or DARK

    @property
    def choice(self) -> ThemeChoice:
        """What the person chose (not what it came to)."""
        return self._choice

    @property
    def reduced_motion(self) -> bool:
        """True where nothing moves."""
        return motion.motion_reduced()

    def choose(self, choice: ThemeChoice) -> None:
        """Change to another theme; nothing is painted anew when it comes to the same tokens."""
        if choice is not self._choice:
            self._choice = choice
            self._apply()
            self.choice_changed.emit(choice)

    def toggle(self) -> None:
        """Change between dark and light."""
        self.choose(ThemeChoice.LIGHT if self.tokens.dark else ThemeChoice.DARK)

    def set_reduced_motion(self, reduced: bool | None) -> None:
        """Turn motion off or on; None follows the system."""
        motion.set_reduced_motion(system_reduces_motion(self._home) if reduced is None else reduced)

    def _resolve(self) -> Tokens:
        if self._choice is ThemeChoice.DARK:
            return DARK
        if self._choice is ThemeChoice.LIGHT:
            return LIGHT
        scheme = QGuiApplication.styleHints().colorScheme()
        if scheme is Qt.ColorScheme.Unknown:
            return DARK if system_prefers_dark(self._home) else LIGHT
        return DARK if scheme is Qt.ColorScheme.Dark else LIGHT

    def _apply(self) -> None:
        tokens = self._resolve()
        if tokens is self._tokens:
            return
        self._tokens = tokens
        self._application.setPalette(build_palette(tokens))
        self._application.setStyleSheet(build_stylesheet(tokens))
        self.theme_changed.emit(tokens)

    def _on_system_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._choice is ThemeChoice.SYSTEM:
            self._apply()


def system_prefers_dark(home: Path) -> bool:
    """Return True unless the GTK settings below ``home`` ask for a light theme (used where Qt cannot tell)."""
    return _gtk_setting(home, "gtk-application-prefer-dark-theme", "1") in {"1", "true"}


def system_reduces_motion(home: Path) -> bool:
    """Return True where the GTK settings below ``home`` turn animations off."""
    return _gtk_setting(home, "gtk-enable-animations", "1") in {"0", "false"}


def _gtk_setting(home: Path, key: str, default: str) -> str:
    parser = ConfigParser(interpolation=None, strict=False)
    for version in ("gtk-4.0", "gtk-3.0"):
        try:
            text = (home / ".config" / version / "settings.ini").read_text(encoding="utf-8")[:65536]
            parser.read_string(text)
        except (OSError, UnicodeDecodeError, ConfigError):
            continue
        value = parser.get("Settings", key, fallback=None)
        if value is not None:
            return value.strip().lower()
    return default
