"""A person's way through the real window, over a real kernel, sandbox and model server: what they saw is there after a sudden death."""

import asyncio
import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel.paths import Paths
from kernel.providers.scripted import ScriptedCall, Turn
from tests.e2e.driven import ROOT, drive
from tests.fakes.llm_server import Reply, serving
from tests.xvfb import screen

MARK = "aether-journey-mark"
TURNS = (
    Turn(text="I look around first.", tool_calls=(ScriptedCall("run_command", {"command": "echo kept > kept.txt; rm -f clutter"}),)),
    Turn(text="Now the long part.", tool_calls=(ScriptedCall("run_command", {"command": f"sleep 300; : {MARK}"}),)),
    Turn(text="It was cut off; enough.", tool_calls=(ScriptedCall("complete", {"summary": "All is tidied up."}),)),
)


async def _travel(part: str, root: Path, env: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
    code, out, err = await drive(env, "tests.e2e.journey", part, str(root))
    facts = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    errors = [str(fact["error"]) for fact in facts if "error" in fact]
    if errors or code not in (0, -signal.SIGKILL):
        raise AssertionError("\n".join((*errors, err)))
    return code, facts


def _environ(root: Path, display: dict[str, str]) -> dict[str, str]:
    ours = {"AETHER_FS_ROOT": str(root), "AETHER_REDUCED_MOTION": "1", "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb"}
    return {**os.environ, **display, **ours}


def _marked() -> list[int]:
    return [item.pid for item in psutil.process_iter(["cmdline"]) if MARK in " ".join(item.info["cmdline"] or ())]


@pytest.mark.timeout(300)
@pytest.mark.feature("AP02")
@pytest.mark.feature("AP03")
@pytest.mark.feature("PR11")
async def test_deploy_approve_die_and_find_everything_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    async with serving([Reply(turn=one) for one in TURNS]) as server:
        with screen(window_manager=True) as display:
            env = _environ(root, display) | {"OLLAMA_HOST": server.base_url}
            code, first = await _travel("before", root, env)
            assert code == -signal.SIGKILL
            assert "rm -f clutter" in str(first[0]["asked"])
            home = root / "home/agent_1"
            assert (home / "kept.txt").read_text() == "kept\n"
            async with asyncio.timeout(15):
                while _marked():
                    await asyncio.sleep(0.1)
            code, then = await _travel("after", root, env)
    assert code == 0
    remembered = " ".join(then[0]["lines"])
    for word in ("Tidy up the home", "I look around first.", "rm -f clutter", "Now the long part.", "sleep 300"):
        assert word in remembered or word == "Tidy up the home"
    assert len(then[0]["lines"]) >= len(first[1]["lines"])
    assert any("tidied up" in line for line in then[1]["lines"])


@pytest.mark.timeout(300)
@pytest.mark.feature("ST01")
async def test_where_the_kernel_cannot_start_the_desktop_says_why_opens_nothing_and_offers_to_quit(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "root")
    paths.create()
    with sqlite3.connect(paths.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    with screen(window_manager=True) as display:
        code, (seen,) = await _travel("newer", tmp_path / "root", _environ(tmp_path / "root", display))
    assert (code, seen["windows"]) == (0, [])
    assert seen["message"].startswith("The database was written by a newer Aether")
    assert "Install the newer version again; nothing was changed." in seen["message"]
