"""How NVIDIA's driver is asked: what becomes of its answers, of its refusals and of a driver that hangs."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.sandbox.nvml import MOST_GPUS, Measured, Nvml


class NVMLError(Exception):
    """As the library's own."""


class Library:
    """The driver's library with some cards: {address: (minor, name, memory)}; memory None where it is refused."""

    NVMLError = NVMLError
    nvmlMemory_v2 = 2

    def __init__(self, cards: dict[str, tuple[int, Any, tuple[int, int] | None]], *, old: bool = False) -> None:
        self.cards = cards
        self.old = old
        self.open = 0
        self.woken: list[str] = []

    def nvmlInit(self) -> None:
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, at: int) -> str:
        return list(self.cards)[at]

    def nvmlDeviceGetHandleByPciBusId(self, address: bytes) -> str:
        if address.decode() not in self.cards:
            raise NVMLError("not found")
        self.woken.append(address.decode())
        return address.decode()

    def nvmlDeviceGetMinorNumber(self, handle: str) -> int:
        return self.cards[handle][0]

    def nvmlDeviceGetName(self, handle: str) -> Any:
        return self.cards[handle][1]

    def nvmlDeviceGetMemoryInfo(self, handle: str, version: int | None = None) -> SimpleNamespace:
        memory = self.cards[handle][2]
        if memory is None or (self.old and version is not None):
            raise NVMLError("not supported")
        return SimpleNamespace(used=memory[0] + (version is None), total=memory[1])


def test_only_the_named_cards_are_touched_and_nothing_is_kept_open() -> None:
    library = Library({"0000:01:00.0": (1, "NVIDIA One", (5, 50)), "0000:02:00.0": (0, "NVIDIA Two", (6, 60))})
    assert Nvml(library)(["0000:02:00.0", "0000:09:00.0"]) == (Measured(0, "NVIDIA Two", 6, 60),)
    assert library.woken == ["0000:02:00.0"]
    assert library.open == 0
    assert [one.minor for one in Nvml(library)(None)] == [1, 0]


def test_what_it_says_is_bounded_and_never_trusted() -> None:
    cards: dict[str, tuple[int, Any, tuple[int, int] | None]] = {f"{at:x}": (at, b"x\x1b[2J" * 500, None) for at in range(100)}
    answers = Nvml(Library(cards))(None)
    assert len(answers) == MOST_GPUS
    assert "\x1b" not in answers[0].name and len(answers[0].name) == 100
    assert answers[0].used_bytes is None
    assert Nvml(Library({"a": (0, "Old", (5, 50))}, old=True))(None) == (Measured(0, "Old", 6, 50),)


def test_without_the_library_or_with_one_that_fails_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library({})
    monkeypatch.setattr(library, "nvmlInit", lambda: (_ for _ in ()).throw(NVMLError("no driver")))
    assert Nvml(library)(None) == ()
    assert library.open == 0


def test_a_driver_that_hangs_holds_one_thread_and_nobody_else() -> None:
    library = Library({"a": (0, "A", (1, 2))})
    hung, freed, asked = threading.Event(), threading.Event(), 0

    def hang() -> None:
        nonlocal asked
        asked += 1
        hung.set()
        freed.wait(30)

    library.nvmlInit = hang  # type: ignore[method-assign]  # a driver that does not answer
    nvml = Nvml(library, timeout_s=0.01)
    assert nvml(None) == ()
    assert hung.wait(30)
    assert nvml(None) == ()
    assert asked == 1
    freed.set()
