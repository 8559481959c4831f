"""Conformance levels (DECSCL): control functions that a terminal of a lower level does not know. Pure; used by the parts of the screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from kernel.term.state import ScreenState

_Screen = TypeVar("_Screen", bound=ScreenState)
_Arguments = ParamSpec("_Arguments")
_Method = Callable[Concatenate[_Screen, _Arguments], None]


def since(level: int) -> Callable[[_Method[_Screen, _Arguments]], _Method[_Screen, _Arguments]]:
    """Make a method of the screen do nothing below the conformance level ``level`` (1 to 5)."""

    def decorate(method: _Method[_Screen, _Arguments]) -> _Method[_Screen, _Arguments]:
        @wraps(method)
        def checked(self: _Screen, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
            if self.conformance >= 60 + level:
                method(self, *args, **kwargs)

        return checked

    return decorate
