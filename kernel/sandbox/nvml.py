"""What NVIDIA's driver says of its cards, asked through its own library (the module `pynvml`).

`Nvml` is the one adapter: it asks on a thread of its own, which nobody waits for where a driver hangs, and lets go of the library after
each question, since holding it keeps a card from sleeping. What the driver says is bounded and printable before it gets further. Called
by `GpuSource`, which says what may be asked about.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.log import get_logger

QUERY_TIMEOUT_S = 5.0
NAME_CHARACTERS = 100
MOST_GPUS = 64

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the driver says of the card with the node /dev/nvidia<minor>. Memory in bytes, None where it does not say."""

    minor: int
    name: str
    used_bytes: int | None = None
    total_bytes: int | None = None


class Nvml:
    """Asks the driver. library: stands for `pynvml` (tests)."""

    def __init__(self, library: Any = None, *, timeout_s: float = QUERY_TIMEOUT_S) -> None:
        self._library = library
        self._timeout_s = timeout_s
        self._asking: threading.Thread | None = None

    def __call__(self, addresses: Sequence[str] | None) -> tuple[Measured, ...]:
        """The cards at these PCI addresses, None for all that there are; empty where the driver says nothing. Blocks for up to 5 s.

        A card that is not named is not woken. Where no device nodes have been made yet, asking makes those that it can.
        """
        if self._asking is not None and self._asking.is_alive():
            return ()  # the driver hangs: one thread in it is enough
        answers: list[Measured] = []
        answered = threading.Event()

        def ask() -> None:
            try:
                answers.extend(self._ask(addresses))
            except Exception as error:  # noqa: BLE001  # edge: the driver's library raises classes that it makes as it goes
                _log.info("the NVIDIA driver says nothing: %s", error)
            answered.set()

        self._asking = threading.Thread(target=ask, name="nvml", daemon=True)
        self._asking.start()
        return tuple(answers) if answered.wait(self._timeout_s) else ()

    def _ask(self, addresses: Sequence[str] | None) -> list[Measured]:
        library = self._library or _library()
        library.nvmlInit()
        try:
            asked: list[tuple[Callable[[Any], Any], int | bytes]]
            if addresses is None:
                asked = [(library.nvmlDeviceGetHandleByIndex, at) for at in range(min(MOST_GPUS, library.nvmlDeviceGetCount()))]
            else:
                asked = [(library.nvmlDeviceGetHandleByPciBusId, address.encode()) for address in addresses[:MOST_GPUS]]
            return [measured for way, key in asked if (measured := _measure(library, way, key)) is not None]
        finally:
            library.nvmlShutdown()


def _library() -> Any:
    """The module; imported late, since few machines have a driver for it."""
    import pynvml

    return pynvml


def printable_name(text: str) -> str:
    """A card's name as one short printable line, or ""."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:NAME_CHARACTERS]


def _measure(library: Any, way: Callable[[Any], Any], key: int | bytes) -> Measured | None:
    """One card; None where it does not even say which it is, such as one that was taken away."""
    try:
        handle = way(key)
        minor = int(library.nvmlDeviceGetMinorNumber(handle))
        name = library.nvmlDeviceGetName(handle)
    except library.NVMLError:
        return None
    text = printable_name(name.decode(errors="replace") if isinstance(name, bytes) else str(name))
    memory = _memory(library, handle)
    return Measured(minor, text, memory.used, memory.total) if memory is not None else Measured(minor, text)


def _memory(library: Any, handle: Any) -> Any:
    """As nvidia-smi counts it, without what the driver keeps for itself; old drivers count that in. None where there is none of its own."""
    for version in ((library.nvmlMemory_v2,), ()):
        try:
            return library.nvmlDeviceGetMemoryInfo(handle, *version)
        except library.NVMLError:
            continue
    return None
