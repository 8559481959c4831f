"""Real sandboxes: each test gets a workbench and leaves no process, descriptor or control group behind."""

import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.sandbox.backend import SandboxBackend
from kernel.sandbox.bubblewrap import BubblewrapBackend
from kernel.sandbox.cgroups import ControlGroups, own_hierarchies
from kernel.sandbox.host import HostBackend
from kernel.tasks import Scope
from tests.integration.sandbox.workbench import Workbench, control_group_folders, own_children


def make_backend(kind: str, scope: Scope) -> SandboxBackend:
    """A backend by the name of a test's parameter."""
    if kind == "host":
        return HostBackend(scope, find_groups=ControlGroups.none)
    if kind == "version 1":
        return BubblewrapBackend(scope, find_groups=only_version_1)
    return BubblewrapBackend(scope, find_groups=ControlGroups.detect if kind == "groups" else ControlGroups.none)


def only_version_1() -> ControlGroups:
    """The control groups of a machine that has version 1 alone."""
    return ControlGroups.detect(dataclasses.replace(own_hierarchies(), unified=None, unified_own=None))


async def make_workbench(kind: str, root: Path) -> AsyncIterator[Workbench]:
    """A workbench, ended and checked afterwards."""
    children, descriptors = own_children(), len(os.listdir("/proc/self/fd"))
    scope = Scope("test")
    backend = make_backend(kind, scope)
    probe = await backend.probe()
    assert probe.available, f"{probe.reason} {probe.remedy}"
    bench = Workbench(backend, root)
    yield bench
    await bench.close()
    await backend.close()
    await scope.close()
    assert own_children() <= children
    assert control_group_folders() == set()
    # The loop's own thread pool keeps no descriptor; one spare for the test's log capture.
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 1


@pytest.fixture(params=["groups", "rlimits"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workbench]:
    """Bubblewrap with the machine's control groups, and without any."""
    async for made in make_workbench(request.param, tmp_path):
        yield made


@pytest.fixture
async def confined(tmp_path: Path) -> AsyncIterator[Workbench]:
    """Bubblewrap as this machine does it best."""
    async for made in make_workbench("groups", tmp_path):
        yield made


@pytest.fixture(params=["groups", "version 1", "rlimits", "host"])
async def any_bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workbench]:
    """Every way of running commands: what holds for one must hold for all."""
    async for made in make_workbench(request.param, tmp_path):
        yield made
