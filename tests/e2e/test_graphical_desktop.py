"""An agent's graphical desktop in the real window, kernel, sandbox and X server: what it shows is seen, what is typed arrives."""

import json
import os
import shutil
from pathlib import Path

import pytest

from kernel.providers.scripted import ScriptedCall, Turn
from tests.e2e.driven import ROOT, drive
from tests.e2e.graphical_desktop import GROUND, TYPED
from tests.fakes.llm_server import Reply, serving
from tests.xvfb import screen

READ = "read -r line; echo \"$line\" > ~/typed.new; mv ~/typed.new ~/typed; exec sleep 300"
OPEN = f"xterm -bg '{GROUND}' -fg '#ffffff' -geometry 60x16+80+60 -e sh -c '{READ}' >/dev/null 2>&1 & echo opened"
WAIT = "for n in $(seq 600); do [ -e ~/typed ] && break; sleep 0.1; done; cat ~/typed"
TURNS = (
    Turn(text="I open a window.", tool_calls=(ScriptedCall("run_command", {"command": OPEN}),)),
    Turn(text="I wait for words.", tool_calls=(ScriptedCall("run_command", {"command": WAIT}),)),
    Turn(text="", tool_calls=(ScriptedCall("run_command", {"command": "sleep 4"}),)),
    Turn(text="That is it.", tool_calls=(ScriptedCall("complete", {"summary": "It was written."}),)),
)


@pytest.mark.timeout(300)
@pytest.mark.feature("VN06", "VN03", "MC05")
async def test_a_desktop_that_the_switch_gave_is_seen_in_its_tab_and_takes_mouse_and_keys(tmp_path: Path) -> None:
    for program in ("Xtigervnc", "xterm", "xdotool"):
        assert shutil.which(program), f"{program} is missing; `make test` installs it"
    root = tmp_path / "root"
    ours = {"AETHER_FS_ROOT": str(root), "AETHER_REDUCED_MOTION": "1", "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb"}
    async with serving([Reply(turn=one) for one in TURNS]) as server:
        with screen(window_manager=True) as display:
            env = {**os.environ, **display, **ours, "OLLAMA_HOST": server.base_url}
            code, out, err = await drive(env, "tests.e2e.graphical_desktop", str(root))
    told: dict[str, object] = {}
    for line in out.splitlines():
        told = (json.loads(line) if line.startswith("{") else {}) | told  # the first error is what later ones came from
    assert "error" not in told and code == 0, f"{told.get('error')}\n{err}"
    assert TYPED in str(told["lines"])
    assert (root / "home/agent_1/typed").read_text() == f"{TYPED}\n"
    assert any("ended" in words for words in told["words"])  # type: ignore[attr-defined] # a list, as it was told
