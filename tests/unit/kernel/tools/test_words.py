"""What tools say of a request that is refused and of a command that ended."""

from types import SimpleNamespace
from typing import Any

import pytest

from kernel.tools.browse_web import BrowseWeb, BrowseWebArguments
from kernel.tools.run_command import RunCommand, RunCommandArguments


@pytest.mark.parametrize("given", [True, False])
async def test_who_may_not_use_the_network_is_told_what_gives_it(given: bool) -> None:
    context: Any = SimpleNamespace(network_access=given)
    harm = (await BrowseWeb().preview(BrowseWebArguments(url="https://example.org"), context)).harm
    assert ("`aether run --network`" in harm and "May use the network" in harm) is not given


@pytest.mark.parametrize(
    ("timed_out", "note", "said"),
    [
        (True, "timed out", "timed out after 1 s; everything it started was ended (exit code 137), no output"),
        (True, "more", "timed out after 1 s; everything it started was ended (exit code 137); more, no output"),
        (False, "more", "exit code 137; more, no output"),
    ],
)
async def test_a_command_that_took_too_long_says_so_once(timed_out: bool, note: str, said: str) -> None:
    async def run(command: str, *, cwd: str, timeout_s: float) -> SimpleNamespace:
        return SimpleNamespace(output="", exit_code=137, timed_out=timed_out, note=note, duration_s=1.0)

    files = SimpleNamespace(home=SimpleNamespace(guest_path="/home/a"))
    context: Any = SimpleNamespace(commands=SimpleNamespace(run=run), files=files, command_timeout_s=1.0)
    assert (await RunCommand().run(RunCommandArguments(command="x"), context)).text == said
