"""A kernel that falls silent is not shown as one that runs."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from aether_desktop.shell.kernel_watch import KernelWatch


def test_silence_is_noticed_and_ends_with_the_next_word(qtbot: QtBot) -> None:
    watch = KernelWatch(silence_ms=30)
    seen: list[bool] = []
    watch.changed.connect(lambda: seen.append(watch.silent))
    assert not watch.silent
    watch.heard()
    qtbot.waitUntil(lambda: seen == [True])
    watch.heard()
    assert seen == [True, False]


def test_before_the_first_word_it_only_starts(qtbot: QtBot) -> None:
    watch = KernelWatch(silence_ms=1)
    qtbot.wait(20)
    assert not watch.silent
