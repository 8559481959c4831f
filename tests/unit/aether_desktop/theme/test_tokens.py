"""The design values hold what they promise: contrast, one colour per phase, the agreed scales."""

from __future__ import annotations

import itertools

import pytest

from aether_desktop.theme.tokens import DARK, LIGHT, MOTION, RADIUS, SPACE, TYPE, Phase, Tokens, contrast, phase_of

THEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
MINIMUM = 4.5


def surfaces(tokens: Tokens) -> list[str]:
    return [tokens.surface0, tokens.surface1, tokens.surface2, tokens.surface3]


@pytest.mark.feature("DS11")
@THEMES
def test_text_is_readable_on_every_surface(tokens: Tokens) -> None:
    texts = (tokens.text1, tokens.text2, tokens.text3, tokens.accent_text, tokens.danger_text)
    for text, surface in itertools.product(texts, surfaces(tokens)):
        assert contrast(text, surface) >= MINIMUM, (text, surface)


@pytest.mark.feature("DS11")
@THEMES
@pytest.mark.parametrize("phase", list(Phase))
def test_phase_words_are_readable_on_every_surface(tokens: Tokens, phase: Phase) -> None:
    for surface in surfaces(tokens):
        assert contrast(tokens.phase(phase).text, surface) >= MINIMUM, surface


@THEMES
def test_text_on_filled_buttons_and_selections_is_readable(tokens: Tokens) -> None:
    for text, fill in (
        (tokens.on_accent, tokens.accent_fill),
        (tokens.on_attention, tokens.attention_fill),
        (tokens.on_accent, tokens.danger_fill),
        (tokens.text1, tokens.selection),
    ):
        assert contrast(text, fill) >= MINIMUM, (text, fill)


@THEMES
def test_menu_bar_text_is_readable_over_every_wallpaper(tokens: Tokens) -> None:
    from aether_desktop.shell.wallpaper import WALLPAPERS

    alpha = int(tokens.glass[1:3], 16) / 255
    for wallpaper in WALLPAPERS.values():
        for colour in wallpaper.dark if tokens.dark else wallpaper.light:
            mixed = "#" + "".join(
                f"{round(int(tokens.glass[at + 2 : at + 4], 16) * alpha + int(colour[at : at + 2], 16) * (1 - alpha)):02x}"
                for at in (1, 3, 5)
            )
            for text in (tokens.text1, tokens.text2, tokens.phase("waiting").text):
                assert contrast(text, mixed) >= MINIMUM, (wallpaper.name, text, mixed)


@THEMES
def test_each_phase_has_a_colour_of_its_own(tokens: Tokens) -> None:
    marks = [tokens.phase(phase).mark for phase in Phase]
    assert len(set(marks)) == len(marks)


@THEMES
def test_the_terminal_has_sixteen_readable_colours(tokens: Tokens) -> None:
    terminal = tokens.terminal
    assert len(terminal.ansi) == 16
    assert contrast(terminal.foreground, terminal.background) >= MINIMUM
    for colour in terminal.ansi[1:8]:
        assert contrast(colour, terminal.background) >= MINIMUM


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("thinking", Phase.THINKING),
        ("executing", Phase.ACTING),
        ("observing", Phase.OBSERVING),
        ("waiting", Phase.WAITING),
        ("completed", Phase.DONE),
        ("failed", Phase.FAILED),
        ("stopped", Phase.STOPPED),
        ("booting", Phase.IDLE),
        ("", Phase.IDLE),
        ("no such word", Phase.IDLE),
    ],
)
def test_words_of_the_kernel_have_a_colour(word: str, phase: Phase) -> None:
    assert phase_of(word) is phase


def test_the_scales_are_the_agreed_ones() -> None:
    assert (SPACE.xs, SPACE.sm, SPACE.md, SPACE.lg, SPACE.xl, SPACE.xxl) == (4, 8, 12, 16, 24, 32)
    assert (RADIUS.small, RADIUS.medium, RADIUS.large) == (6, 10, 14)
    assert (TYPE.caption, TYPE.label, TYPE.body, TYPE.lead, TYPE.title, TYPE.display) == (11, 12, 13, 15, 20, 28)
    assert all(120 <= duration <= 200 for duration in (MOTION.quick, MOTION.normal, MOTION.slow))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)
