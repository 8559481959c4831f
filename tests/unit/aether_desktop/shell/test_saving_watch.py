"""A full disk is told by the desktop itself, not by the agent alone that met it."""

from __future__ import annotations

from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.saving_watch import SavingWatch
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.stores.kernel import KernelStore
from kernel.protocol.agent import AgentNotice
from kernel.protocol.system import KernelMetrics
from tests.fakes.kernel_client import FakeKernelClient

FULL = "The disk that holds /srv/aether is full; nothing can be saved."
HINT = "Free some space: Aether goes on by itself as soon as there is room."


def full(pid: int) -> AgentNotice:
    """As the journal says it: without a place in itself."""
    return AgentNotice(pid=pid, kind="error", message=FULL, hint=HINT)


def saved(pid: int) -> AgentNotice:
    return AgentNotice(pid=pid, kind="info", message="Going on.", log_id=7)


def sample(*, can_save: bool) -> KernelMetrics:
    return KernelMetrics(process_count=2, cpu_percent=1.0, memory_mb=100.0, can_save=can_save)


def test_a_full_disk_is_in_the_menu_bar_and_in_one_notice_until_there_is_room(desktop: MainWindow, status: StatusFeed) -> None:
    status.set_status(ShellStatus(kernel=KernelState.READY))
    client = FakeKernelClient()
    SavingWatch(desktop, KernelStore(client))
    indicator = desktop.menu_bar.kernel
    assert (indicator.text(), indicator.accessibleName()) == ("Kernel", "The kernel is running")

    client.publish(full(3))
    client.publish(full(4))
    assert indicator.text() == "Cannot save"
    assert FULL in indicator.toolTip() and HINT in indicator.toolTip()
    assert FULL in indicator.accessibleName()
    assert [notice.title for notice in desktop.notices.shown] == [FULL]

    client.publish(saved(3))
    assert indicator.text() == "Cannot save"
    client.publish(saved(4))
    assert (indicator.text(), indicator.toolTip()) == ("Kernel", "The kernel is running")
    assert [notice.title for notice in desktop.notices.shown] == ["Everything can be saved again"]


def test_it_goes_away_by_itself_though_no_agent_writes_again(desktop: MainWindow, status: StatusFeed) -> None:
    status.set_status(ShellStatus(kernel=KernelState.READY))
    client = FakeKernelClient()
    SavingWatch(desktop, KernelStore(client))
    indicator = desktop.menu_bar.kernel
    client.publish(full(3), full(4))
    client.publish(sample(can_save=False))
    assert indicator.text() == "Cannot save"
    client.publish(sample(can_save=True))
    assert indicator.text() == "Kernel"
    assert [notice.title for notice in desktop.notices.shown] == ["Everything can be saved again"]
    client.publish(sample(can_save=True), full(3))
    assert indicator.text() == "Cannot save"


def test_what_is_in_the_journal_is_no_trouble_and_an_unreachable_kernel_is_said_first(desktop: MainWindow, status: StatusFeed) -> None:
    status.set_status(ShellStatus(kernel=KernelState.READY))
    client = FakeKernelClient()
    SavingWatch(desktop, KernelStore(client))
    client.publish(AgentNotice(pid=3, kind="error", message="The model refused.", log_id=5))
    assert desktop.menu_bar.kernel.text() == "Kernel"
    assert desktop.notices.shown == ()
    client.publish(full(3))
    status.set_status(ShellStatus(kernel=KernelState.OFFLINE, kernel_detail="The kernel has ended."))
    assert desktop.menu_bar.kernel.toolTip() == "The kernel has ended."
