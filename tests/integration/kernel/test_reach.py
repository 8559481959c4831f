"""What is said to leave a shared folder alone does so in a real shell: made-up lines are judged, then run."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from kernel.tools.command_reach import Place
from kernel.tools.command_risk import classify
from kernel.tools.command_rules import standing
from kernel.tools.guest_links import GuestLinks
from kernel.vfs.agent_files import FileMount

_PLAIN = (
    r"rm¦-rf¦-f¦work¦work/mine¦work/d¦a¦l¦l/mine¦sub¦..¦../work¦./¦'wo'rk¦wo\rk¦$HOME¦${HOME}/work/mine¦~¦~/work/d¦*¦w*¦{a,work}¦w?rk¦[w]ork¦&&"
    r"¦||¦;¦&¦|¦(¦)¦{¦}¦!¦cd¦cd work¦cd sub¦cd ..¦cd -¦pushd¦env¦-C¦HOME=work¦X=work¦$X¦$X/mine¦export¦nohup¦timeout 5¦xargs¦< list¦> out"
    r"¦2>/dev/null¦command¦exec¦eval¦sh -c¦'rm -rf work/mine'¦if¦then¦fi¦true¦for¦x¦in¦do¦done¦while¦f()¦f¦$(echo work)¦`echo work`¦touch"
    r"¦cp¦mv¦ln -s¦ln¦tee¦sub/up¦sub/up/mine¦sub/../l/mine¦l/../mine¦h/work/mine¦~/l¦'work'/mine¦\¦'¦#¦<<EOF¦EOF¦--¦-r¦-t¦mkdir¦-p¦install"
    r"¦find . -delete¦chmod¦-R¦sed -i s/m/n/¦shuf -o¦uniq¦sort -o¦split¦a\¦trap¦EXIT¦unset HOME¦read X <list¦set --¦printf¦cat¦list"
)
PIECES = (*_PLAIN.split("¦"), "\n", "wo\\\nrk", '"$HOME/work/mine"', '"', '"$@"')
BEGINNINGS = ("", "rm ", "rm -rf ", "cp a ", "touch ", "mv a ", "cd sub && cp ../a ", "tee ")


def is_untouched(work: Path) -> bool:
    names = sorted(str(path.relative_to(work)) for path in work.rglob("*"))
    return names == ["d", "d/x", "mine"] and (work / "mine").read_text() == "mine" and work.stat().st_mode & 0o777 == 0o755


def prepare(home: Path) -> None:
    """An agent's home with a shared folder in it and links into that."""
    shutil.rmtree(home, ignore_errors=True)
    for name in ("work/d", "sub/deep"):
        (home / name).mkdir(parents=True)
    (home / "work").chmod(0o755)
    for name, text in (("work/mine", "mine"), ("work/d/x", "x"), ("a", "a"), ("list", "work/mine\n")):
        (home / name).write_text(text)
    for name, target in (("l", "work"), ("sub/up", "../work"), ("h", str(home))):
        (home / name).symlink_to(target)


def run_confined(line: str, shell: str, cwd: Path, home: Path) -> None:
    """Run a line where nothing but the home can be changed."""
    confined = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", str(home), str(home), "--unshare-all",
                "--die-with-parent", "--chdir", str(cwd), "--setenv", "HOME", str(home), shell, "-c", line)  # fmt: skip
    quiet = subprocess.DEVNULL
    try:
        subprocess.run(confined, stdin=quiet, stdout=quiet, stderr=quiet, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.feature("PM04", "PM07")
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="made-up lines are run confined or not at all")
@pytest.mark.parametrize("seed", range(3))
def test_lines_that_run_unasked_leave_a_shared_folder_as_it_is(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    home = tmp_path / "home"
    work = home / "work"
    mounts = (FileMount(str(work), work), FileMount(str(home), home, shared=False))
    shells = [found for found in map(shutil.which, ("sh", "bash")) if found is not None]
    ran = 0
    prepare(home)
    while ran < 100:
        line = chance.choice(BEGINNINGS) + " ".join(chance.choice(PIECES) for _ in range(chance.randint(2, 9)))
        cwd = chance.choice([home, home, home / "sub", work, home / "l"])
        links = GuestLinks(mounts)
        place = Place(str(home), (links.follow(str(cwd)) or "",), (str(work),), links.follow, links.among)
        rule = standing(line, place).rule
        if classify(line, place).risk != "none" and (not rule or " in " in rule):
            continue
        ran += 1
        run_confined(line, chance.choice(shells), cwd, home)
        assert is_untouched(work), f"{line!r} in {cwd.relative_to(tmp_path)}"
        prepare(home)
