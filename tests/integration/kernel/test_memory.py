"""The memory limit of an agent: its model and its person are told that it was reached, whatever the exit code."""

import pytest

from kernel.protocol import agent
from kernel.protocol.records import SandboxConfig
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

BOMB = "python3 -c 'import time; kept = []\nwhile True: kept.append(b\"x\" * (4 << 20)); time.sleep(0.01)'"
SAID = "the memory limit of 96 MB was reached"


@pytest.mark.feature("TL05")
@pytest.mark.parametrize(("command", "code"), [(BOMB, 137), (f"{BOMB}; echo after", 0)])
async def test_a_command_that_reaches_the_memory_limit_says_so(bench: Bench, command: str, code: int) -> None:
    pid = await bench.deploy(
        turn("", call("run_command", command=command)),
        turn("", call("run_command", command="echo fine")),
        turn("", call("complete", summary="done")),
        sandbox=SandboxConfig(memory_limit_mb=96),
    )
    await bench.ended(pid)
    bomb, fine, _ = bench.of(pid, agent.AgentObservation)
    assert bomb.result.startswith(f"exit code {code}; {SAID}")
    assert fine.result == "exit code 0\nfine"
    console = (bench.root / f"var/kernel/terminals/tty-{pid}-0.log").read_text()
    assert console.count(SAID) == 1
