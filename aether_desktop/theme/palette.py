"""The QPalette of a theme, for Qt's Fusion style.

Made from tokens by ``ThemeManager``; standard widgets take their colours from here, so that the style sheet stays small.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from aether_desktop.theme.tokens import Tokens

_Role = QPalette.ColorRole


def build_palette(tokens: Tokens) -> QPalette:
    """Return the palette of ``tokens``; ``current.tokens_for_palette`` finds the tokens back from it."""
    palette = QPalette()
    roles = {
        _Role.Window: tokens.surface0,
        _Role.WindowText: tokens.text1,
        _Role.Base: tokens.surface1,
        _Role.AlternateBase: tokens.surface0,
        _Role.Text: tokens.text1,
        _Role.PlaceholderText: tokens.text3,
        _Role.Button: tokens.surface2,
        _Role.ButtonText: tokens.text1,
        _Role.BrightText: tokens.on_accent,
        _Role.Highlight: tokens.selection,
        _Role.HighlightedText: tokens.text1,
        _Role.Link: tokens.accent_text,
        _Role.LinkVisited: tokens.accent_text,
        _Role.ToolTipBase: tokens.surface3,
        _Role.ToolTipText: tokens.text1,
        _Role.Light: tokens.surface3,
        _Role.Midlight: tokens.surface2,
        _Role.Mid: tokens.surface3,
        _Role.Dark: tokens.surface0,
        _Role.Shadow: tokens.surface0,
        _Role.Accent: tokens.accent,
    }
    for role, value in roles.items():
        palette.setColor(role, QColor(value))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text3))
    return palette
