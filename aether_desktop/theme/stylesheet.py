"""The application's style sheet: what a palette cannot say about Qt's standard widgets.

Made from tokens by ``ThemeManager``. Kept small, since Qt evaluates it for every widget. Widgets that paint themselves
(``aether_desktop.widgets``) take nothing from here. Labels choose a text role with the property ``role``.
"""

from __future__ import annotations

from string import Template

from aether_desktop.assets import resource
from aether_desktop.theme.current import colour
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE, Tokens

_SHEET = Template(
    """
QToolTip { background: $surface3; color: $text1; border: 1px solid $line_strong; padding: 2px 6px;
    font-size: ${label}px; }
QMenuBar { background: transparent; border: none; }
QMenu { background: $surface2; color: $text1; border: 1px solid $line_strong; padding: 5px; }
QMenu[rounded="true"] { border-radius: ${medium}px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: ${small}px; font-size: ${body}px; }
QMenu::item:selected { background: $accent_fill; color: $on_accent; }
QMenu::item:disabled { color: $text3; background: transparent; }
QMenu::separator { height: 1px; background: $line_strong; margin: 5px 8px; }
QMenu::icon { padding-left: 8px; }

QLabel[role="secondary"] { color: $text2; }
QLabel[role="tertiary"] { color: $text3; }
QLabel[role="caption"] { color: $text3; font-size: ${caption}px; }
QLabel[role="lead"] { font-size: ${lead}px; font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="display"] { font-size: ${display}px; font-weight: 700; }
QLabel[role="error"] { color: $danger_text; }
QLabel[role="attention"] { color: $attention_text; font-weight: 600; }
QLabel[role="link"] { color: $accent_text; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {
    background: $surface2; color: $text1; border: 1px solid $line; border-radius: ${field}px;
    selection-background-color: $selection; selection-color: $text1; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit { padding: 5px 10px; min-height: 18px; }
QPlainTextEdit, QTextEdit { padding: 6px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus,
QDateTimeEdit:focus { border: 1px solid $accent; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: $text3; background: $surface1; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"] { border: 1px solid $danger_text; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url($icons/chevron-down-$name.png); width: 14px; height: 14px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 20px; }
QAbstractSpinBox::up-arrow { image: url($icons/chevron-up-$name.png); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url($icons/chevron-down-$name.png); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface2; border: 1px solid $line_strong; padding: 4px; outline: none; }

QCheckBox, QRadioButton { spacing: 8px; padding: 3px 4px 3px 2px; border: 1px solid transparent; border-radius: ${small}px; }
QCheckBox:focus, QRadioButton:focus { border: 1px solid $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $text3; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QGroupBox::indicator {
    width: 14px; height: 14px; background: $surface2; border: 1px solid $text3; border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { background: $surface3; border: 1px solid $text1; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {
    background: $accent_fill; border: 1px solid $accent_fill; image: url($icons/check-light.png); }
QCheckBox::indicator:indeterminate { background: $accent_fill; border: 1px solid $accent_fill;
    image: url($icons/dash-light.png); }
QRadioButton::indicator:checked { background: $accent_fill; border: 1px solid $accent_fill;
    image: url($icons/dot-light.png); }
QCheckBox::indicator:checked:hover, QRadioButton::indicator:checked:hover { background: $accent; border: 1px solid $accent; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { background: $surface1; border: 1px solid $line_strong; }
QCheckBox::indicator:checked:disabled, QCheckBox::indicator:indeterminate:disabled,
QRadioButton::indicator:checked:disabled { background: $text3;
    border: 1px solid $text3; }

QPushButton, QToolButton { background: $surface2; color: $text1; border: 1px solid $line; border-radius: ${field}px;
    padding: 5px 12px; font-weight: 500; }
QToolButton { padding: 4px; }
QPushButton:hover, QToolButton:hover { background: $surface3; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $text3; background: $surface1; }
QPushButton:default { background: $accent_fill; color: $on_accent; }
QPushButton:default:focus { border: 2px solid $on_accent; padding: 4px 11px; }

QAbstractItemView { background: $surface0; alternate-background-color: $surface1; border: none; outline: none;
    selection-background-color: $selection; selection-color: $text1; }
QAbstractItemView:focus { border: 1px solid $accent; border-radius: ${small}px; }
QTreeView#file-table::item { padding: 0 8px; }
QTreeView#file-table QHeaderView::section { padding: 6px 11px; }
QHeaderView { background: $surface1; }
QHeaderView::section { background: $surface1; color: $text2; border: none; border-bottom: 1px solid $line_strong;
    padding: 6px 8px; font-size: ${label}px; font-weight: 500; }
QTabBar::tab { background: transparent; color: $text2; padding: 6px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text1; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent_text; }
QTabWidget::pane { border: none; border-top: 1px solid $line_strong; }
QGroupBox { border: 1px solid $line_strong; border-radius: ${medium}px; margin-top: 18px; padding: ${md}px; }
QGroupBox::title { subcontrol-origin: margin; left: 2px; color: $text2; }
QSplitter::handle { background: $line_strong; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QScrollArea { background: transparent; border: none; }
QProgressBar { background: $surface3; border: none; border-radius: 3px; max-height: 6px; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle { background: $scroll; border-radius: 3px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $text3; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
)

_FIELD_RADIUS_PX = 8


def build_stylesheet(tokens: Tokens) -> str:
    """Return the style sheet of a theme."""
    return _SHEET.substitute(
        name=tokens.name,
        icons=resource("icons").as_posix(),
        surface0=tokens.surface0,
        surface1=tokens.surface1,
        surface2=tokens.surface2,
        surface3=tokens.surface3,
        text1=tokens.text1,
        text2=tokens.text2,
        text3=tokens.text3,
        line=_css(tokens.line),
        line_strong=_css(tokens.line_strong),
        accent=tokens.accent,
        accent_text=tokens.accent_text,
        accent_fill=tokens.accent_fill,
        on_accent=tokens.on_accent,
        attention_text=tokens.phase("waiting").text,
        danger_text=tokens.danger_text,
        selection=tokens.selection,
        scroll=_css(tokens.line_strong),
        caption=TYPE.caption,
        label=TYPE.label,
        body=TYPE.body,
        lead=TYPE.lead,
        title=TYPE.title,
        display=TYPE.display,
        small=RADIUS.small,
        medium=RADIUS.medium,
        field=_FIELD_RADIUS_PX,
        md=SPACE.md,
    )


def _css(value: str) -> str:
    shade = colour(value)
    return f"rgba({shade.red()}, {shade.green()}, {shade.blue()}, {shade.alpha()})"
