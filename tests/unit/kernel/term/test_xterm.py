"""Each case of ``tests.oracles.xterm_cases`` does what a real xterm 379 did: its replies, its cursor, and every cell."""

from __future__ import annotations

import pytest

from tests.oracles import xterm
from tests.oracles.xterm_cases import cases

RECORDED = xterm.recorded()


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("name", [name for name in cases() if name not in xterm.ON_PURPOSE])
def test_as_xterm(name: str) -> None:
    assert xterm.difference(name, RECORDED[name]) == ""


def test_every_case_was_recorded_and_what_differs_on_purpose_differs() -> None:
    assert set(RECORDED) == set(cases())
    assert len(RECORDED) > 800
    assert [name for name in xterm.ON_PURPOSE if not xterm.difference(name, RECORDED[name])] == []
