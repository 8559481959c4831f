"""The figures above the agents: how many of each kind, and what the kernel uses. One painted widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.agent_order import Counts, totals
from aether_desktop.stores.kernel import KernelStore
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import tabular_ui_font, ui_font
from aether_desktop.theme.tokens import TYPE
from kernel.errors import AetherError
from kernel.protocol.process import RunCounts
from kernel.protocol.records import GpuInfo, MetricsSample
from kernel.protocol.system import KernelStatus, KernelStatusReply

_HEIGHT_PX = 58
_GAP_PX = 26
_GPU_WEIGHT = 5
_GPU_ASKED_EVERY_MS = 5_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it counts; ``attention`` paints it amber. Those with a low ``weight`` go first for want of room."""

    value: str
    label: str
    weight: int
    attention: bool = False


def figures_of(counts: Counts, ended: RunCounts, metrics: MetricsSample | None) -> tuple[Figure, ...]:
    """The figures: the numbers that the filters have, in their order, and the kernel's newest sample.

    Those that are done are told apart here: completed, and stopped where some were.
    """
    shown = totals(counts, ended)
    figures = [
        Figure(str(shown.all), "agents", 8),
        Figure(str(shown.active), "active", 11),
        Figure(str(shown.needs_you), "needs you", 12, attention=shown.needs_you > 0),
        Figure(str(shown.idle), "idle", 9),
        Figure(str(ended.completed), "completed", 7),
        Figure(str(shown.failed), "failed", 10),
    ]
    if ended.stopped:
        figures.append(Figure(str(ended.stopped), "stopped", 1))
    if metrics is not None:
        figures += [
            Figure(duration_text(metrics.uptime), "uptime", 2),
            Figure(f"{metrics.memory_mb:.0f} MB", "memory", 3),
            Figure(count_text(metrics.tokens_today), "tokens today", 4),
        ]
    return tuple(figures)


def duration_text(seconds: float) -> str:
    """``2 h 14 m``, ``5 m``, ``12 s``, ``3 d 4 h``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} m"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} m" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def count_text(number: int) -> str:
    """``980``, ``12.4 k``, ``1.2 M``."""
    if number < 1000:
        return str(max(0, number))
    return f"{number / 1000:.1f} k" if number < 1_000_000 else f"{number / 1_000_000:.1f} M"


def gpu_figure(gpus: Sequence[GpuInfo]) -> Figure | None:
    """Memory of all GPUs together, `4.0 / 140 GB`; how many there are where nobody measures it; None where there are none."""
    if not gpus:
        return None
    label = "GPU memory" if len(gpus) == 1 else f"memory of {len(gpus)} GPUs"
    used = [gpu.memory_used_mb for gpu in gpus if gpu.memory_used_mb is not None]
    total = [gpu.memory_total_mb for gpu in gpus if gpu.memory_total_mb is not None]
    if len(used) == len(total) == len(gpus):
        return Figure(f"{_gigabytes(sum(used))} / {_gigabytes(sum(total))} GB", label, _GPU_WEIGHT)
    return Figure(str(len(gpus)), "GPU" if len(gpus) == 1 else "GPUs", _GPU_WEIGHT)


def _gigabytes(megabytes: int) -> str:
    size = megabytes / 1024
    return f"{size:.1f}" if size < 10 else f"{size:.0f}"


class MetricsBar(QWidget):
    """Shows figures side by side and leaves out the least important where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: tuple[Figure, ...] = ()
        self._given: tuple[Figure, ...] = ()
        self._gpu: Figure | None = None
        self._value_font = tabular_ui_font(TYPE.lead, QFont.Weight.DemiBold)
        self._label_font = ui_font(TYPE.caption)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_figures(self, figures: Sequence[Figure]) -> None:
        """Show other figures; that of the GPUs stays."""
        self._given = tuple(figures)
        self._join()

    def set_gpus(self, gpus: Sequence[GpuInfo]) -> None:
        """Show the GPUs' memory beside the other figures; nothing where there are none."""
        self._gpu = gpu_figure(gpus)
        self._join()

    def _join(self) -> None:
        new = self._given if self._gpu is None else (*self._given, self._gpu)
        if new != self._figures:
            self._figures = new
            self.setAccessibleName(", ".join(f"{figure.value} {figure.label}" for figure in new))
            self.update()

    @property
    def shown(self) -> tuple[Figure, ...]:
        """The figures for which there is room."""
        widths = {figure: self._width(figure) + _GAP_PX for figure in self._figures}
        kept: set[Figure] = set()
        room = float(self.width() + _GAP_PX)
        for figure in sorted(self._figures, key=lambda item: -item.weight):
            if widths[figure] > room:
                break
            room -= widths[figure]
            kept.add(figure)
        return tuple(figure for figure in self._figures if figure in kept)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, _HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """Room for one figure."""
        return QSize(60, _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the figures."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        x = 0.0
        for figure in self.shown:
            width = self._width(figure)
            amber = tokens.phase("waiting").text
            painter.setFont(self._value_font)
            painter.setPen(QColor(amber if figure.attention else tokens.text1))
            painter.drawText(QRectF(x, 10, width + 4, 20), int(Qt.AlignmentFlag.AlignVCenter), figure.value)
            painter.setFont(self._label_font)
            painter.setPen(QColor(amber if figure.attention else tokens.text3))
            painter.drawText(QRectF(x, 31, width + 4, 16), int(Qt.AlignmentFlag.AlignVCenter), figure.label)
            x += width + _GAP_PX

    def _width(self, figure: Figure) -> float:
        value = QFontMetricsF(self._value_font).horizontalAdvance(figure.value)
        return max(value, QFontMetricsF(self._label_font).horizontalAdvance(figure.label))


class GpuWatch(QObject):
    """Asks the kernel how full the GPUs are, while `bar` is on the screen and where there are any; a sleeping card is let sleep else."""

    def __init__(self, client: KernelClient, store: KernelStore, bar: MetricsBar) -> None:
        super().__init__(bar)
        self._client = client
        self._store = store
        self._bar = bar
        self._tasks = TaskOwner(self, self._on_error)
        self._asking = False
        self._seen: KernelStatusReply | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_GPU_ASKED_EVERY_MS)
        self._timer.timeout.connect(self._ask)
        store.changed.connect(self._on_status)
        bar.installEventFilter(self)
        self._on_status()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask only while somebody can look."""
        if watched is self._bar and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._run(event.type() is QEvent.Type.Show)
        return False

    def _on_status(self) -> None:
        status = self._store.status
        if status is not None and status is not self._seen:
            self._seen = status
            self._bar.set_gpus(status.gpus)
            self._run(self._bar.isVisible())

    def _run(self, visible: bool) -> None:
        status = self._store.status
        if not visible or status is None or not status.gpus:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
            self._ask()

    def _ask(self) -> None:
        if not self._asking:
            self._asking = True
            self._tasks.spawn(self._show(), name="gpus")

    async def _show(self) -> None:
        try:
            self._bar.set_gpus((await self._client.execute(KernelStatus())).gpus)
        finally:
            self._asking = False

    def _on_error(self, error: BaseException) -> None:
        """The last figures stay; the menu bar says where the kernel does not answer."""
        if not isinstance(error, AetherError):
            raise error
