"""What is known of a machine by its version numbers and files."""

import sys

import pytest

from kernel.sandbox import machine
from kernel.sandbox.backend import Mount, SandboxSpec
from kernel.sandbox.cgroups import Capabilities
from kernel.sandbox.host import HostLauncher


@pytest.mark.parametrize(
    ("release", "counts"),
    [("5.14.0-x", True), ("6.1.0-13-amd64", True), ("5.4.0", False), ("4.18.0-el8", False), ("odd", False)],
)
def test_process_counts_by_namespace(release: str, counts: bool) -> None:
    assert machine.counts_processes_by_namespace(release) is counts


def test_what_is_tried_out_is_out_of_reach_of_a_terminals_signals() -> None:
    code, output = machine.run((sys.executable, "-I", "-c", "import os; print(os.getsid(0) == os.getpid())"))
    assert (code, output) == (0, "True\n")


@pytest.mark.parametrize("name", ["x86_64", "amd64", "aarch64", "arm64"])
def test_filters_for_known_processors(name: str) -> None:
    assert machine.filter_path(False, name).endswith("_strict.bpf")
    assert machine.filter_path(True, name).endswith("_network.bpf")


def test_no_filter_for_others() -> None:
    assert machine.filter_path(False, "riscv64") == ""


def test_programs_that_cannot_be_run_are_an_answer() -> None:
    code, reason = machine.run(("/no/such/program",))
    assert code == -1
    assert "No such file" in reason
    assert machine.bwrap_version("/no/such/program") == ()


def test_paths_of_an_unconfined_agent() -> None:
    launcher = HostLauncher("python3", able=Capabilities(), told=lambda *launched: None)
    mounts = (Mount("/data/w", "/home/agent_7/work", False),)
    spec = SandboxSpec(7, "agent_7", "/var/h7", "/var/t7", mounts)
    assert launcher.host_path(spec, "/home/agent_7") == "/var/h7"
    assert launcher.host_path(spec, "/home/agent_7/x") == "/var/h7/x"
    assert launcher.host_path(spec, "/home/agent_7/work/y") == "/data/w/y"
    assert launcher.host_path(spec, "/home/agent_77") == "/home/agent_77"
    assert "not confined" in launcher.note(spec)
