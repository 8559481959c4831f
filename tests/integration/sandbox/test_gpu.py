"""A sandbox with a GPU sees its nodes and can open them, and nothing else that is new; one without sees none."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.sandbox.backend import Device, SystemFolder
from kernel.sandbox.gpu import GpuSource
from tests.fakes.gpu_machine import add_node, add_nvidia, add_rendering
from tests.integration.sandbox.workbench import Workbench, run, run_python

LISTED = "import os; print(sorted(os.path.join(at, name)[5:] for at, _, names in os.walk('/dev') for name in names))"
PARTS = {"nvidia-caps/nvidia-cap2", "nvidia-caps/nvidia-cap31"}
OPENED = "import os, sys; [os.write(os.open(path, os.O_RDWR), b'x') for path in sys.argv[1:]]; print('opened')"


@pytest.mark.feature("MC05")
async def test_only_who_was_given_it_sees_the_gpu(confined: Workbench, tmp_path: Path) -> None:
    add_nvidia(tmp_path / "machine", 0)
    add_rendering(tmp_path / "machine", 128, "nvidia")
    for part in (1, 2, 31):
        add_node(tmp_path / "machine", f"nvidia-caps/nvidia-cap{part}")
    devices = GpuSource(tmp_path / "machine").find().devices
    without = await run_python(confined.make(7), LISTED)
    given = confined.make(8, devices=devices)
    found = await run_python(given, LISTED)
    usual, shown = set(eval(without.output)), set(eval(found.output))
    assert shown - usual == {"nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "dri/renderD128", *PARTS}
    assert not any("nvidia" in name or "dri" in name for name in usual)
    assert (await run_python(given, OPENED, *(device.guest_path for device in devices))).output == "opened\n"
    assert (await run(given, "sh", "-c", "echo x > /dev/nvidia1")).status.code != 0
    assert "not permitted" in (await run(given, "mknod", "/tmp/mem", "c", "1", "1")).output
    environment = (await run(given, "env")).output
    assert "NVIDIA" not in environment and str(tmp_path) not in environment


NULL = "/sys/devices/virtual/mem/null"


@pytest.mark.skipif(not os.path.isdir(NULL), reason="this machine's /sys does not describe /dev/null")
async def test_of_sys_exactly_what_describes_the_gpu_is_seen_and_nothing_can_be_changed(confined: Workbench) -> None:
    """libdrm goes from a node's number to its description; a real one stands for the card's."""
    description = SystemFolder(NULL, NULL, (("/sys/dev/char/1:3", NULL), ("/sys/class/drm/renderD128", NULL)))
    given = confined.make(8, devices=(Device("/dev/null", "/dev/dri/renderD128"),), descriptions=(description,))
    listed = "import os; print([(at, sorted(folders + files)) for at, folders, files in os.walk('/sys')])"
    seen = dict(eval((await run_python(given, listed)).output))
    assert seen["/sys"] == ["class", "dev", "devices"]
    assert seen["/sys/dev/char"] == ["1:3"] and seen["/sys/devices/virtual/mem"] == ["null"]
    with open(f"{NULL}/uevent", encoding="utf-8") as file:
        said = file.read()
    assert (await run(given, "cat", "/sys/dev/char/1:3/uevent", "/sys/class/drm/renderD128/uevent")).output == said * 2
    assert (await run(given, "sh", "-c", f"echo add > {NULL}/uevent")).status.code != 0
    assert (await run(confined.make(9), "ls", "/sys")).status.code != 0


@pytest.fixture
def node_of_a_group() -> Iterator[Path]:
    """A device that only a group may open, in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="aether-node-") as folder:
        os.chmod(folder, 0o755)
        node = Path(folder, "nvidia0")
        try:
            os.mknod(node, stat.S_IFCHR | 0o660, os.makedev(1, 3))
            os.chown(node, 0, 44)
        except PermissionError:
            pytest.skip("only root can make a device node")
        os.chmod(node, 0o660)
        yield node


async def test_an_agent_with_a_user_of_its_own_opens_it_through_the_groups_right(confined: Workbench, node_of_a_group: Path) -> None:
    opened = ("/dev/nvidia0",)
    refused = confined.make(7, devices=(Device(str(node_of_a_group), "/dev/nvidia0"),))
    assert "PermissionError" in (await run_python(refused, OPENED, *opened)).output
    allowed = confined.make(8, devices=(Device(str(node_of_a_group), "/dev/nvidia0", 44),))
    assert (await run_python(allowed, OPENED, *opened)).output == "opened\n"
    groups = (await run_python(allowed, "import os; print(os.getgroups())")).output
    assert "44" not in groups  # inside it has no name, so that nothing can be given to it
