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
BEGINNINGS = ("", "rm ", "rm -rf ", "cp a ", "touch ", "mv a ", "cd sub && cp ../a ", "tee ", "ls", "cat list", "echo a", "find . ",
              "mkdir -p ", "ln -s ", "sort ", "printf %s ")  # fmt: skip


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
    for shell in shells:  # what is run here does change what it can
        prepare(home)
        run_confined("touch l/control && rm work/d/x", shell, home, home)
        assert (work / "control").exists() and not (work / "d/x").exists()
    prepare(home)
    while ran < 100:
        pieces = [chance.choice(PIECES) + chance.choice((" ", " ", " ", "")) for _ in range(chance.randint(0, 9))]
        line = chance.choice(BEGINNINGS) + "".join(pieces)
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


#: Lines with which reviewers changed a shared folder, or a variable, link or alias that leads there, without a question.
BROKE = r"""
echo a;>work/mine
(echo a)>work/mine
echo a;</dev/null rm work/mine
echo a&&>/dev/null rm work/mine
echo a&>/dev/null rm work/mine
echo a|>/dev/null rm work/mine
echo a||:;2>/dev/null rm work/mine
[ 1 = 1 ];>work/mine
true¦>work/mine
rm a;>work/mine
rm a;<a rm work/mine
rm nothing&&>work/mine
rm a>/dev/null;>work/mine
rm b;2>&1>/dev/null rm work/mine
(ls)# it's¦rm -rf work/mine #'
ls # \¦#it's¦rm work/mine #'
cat <<\EOF¦it's¦EOF¦rm work/mine #'
cat <<A <<B¦it's¦A¦B¦rm work/mine #'
cat <<E-F¦it's¦E-F¦rm work/mine #'
echo ${a#<<x }¦rm -rf work/mine¦x
echo $((`rm work/mine`))
echo '$((' ; rm work/mine; echo '))'
# $((¦rm work/mine¦# ))
rm "$((`rm work/mine`))"
rm '$((' ; cp a work/mine; rm '))'
command rm -v work/mine
command cp -v a work/mine
cp -v a work/command
rm command -v work/mine
env '-Srm -rf work/mine'
env --split-string='rm work/mine'
env -S 'rm work/mine'
env -u in -u B -u C rm work/mine
xargs -I in -P 4 -n 1 rm work/mine <a
alias ls='cp /tmp/x'¦ls work/mine
printf /tmp/bin >p; read PATH <p; ls
for PATH in ~/bin; do ls; done
unset PATH; : ${PATH:=/tmp/bin}; ls
bash -c 'hash -p /tmp/bin/ls ls; ls'
bash -c 'jobs -x rm work/mine'
printf '%n' PATH && ls
cat a | uniq - work/mine
sed -bi s/m/n/ work/mine
sed --i s/m/n/ work/mine
sed --e='w work/mine' a
cp -vtwork a
mv -vtwork a
cp --ta=work a
cp --ar src/. .
cp -s ~/work/mine q; echo x >q
cp -P q r; echo > r
cd work && echo x > 5
cd work; echo x > -
cd sub/up/../work; touch z
cd work; touch '~'
cd work && sort -o~ ../a
touch command; cp -v command work/mine
git -c 'alias.x=!rm -rf work/mine' x
git init -q r; git -C r config core.fsmonitor 'rm work/mine;'; git -C r status
git --git-dir r/.git --work-tree work checkout-index -af
git config alias.x '!rm work/mine'; git x
awk --file=scr a
time -o work/mine ls
flock work/mine ls
shuf -eo work/mine a
csplit -kfwork/n a 1
gzip --re .
chmod --re 700 .
"""
ORDINARY = """
ls
ls -la work
cat work/mine
cat work/mine | head -n 3
grep -rn mine work 2>/dev/null | wc -l
find work -type f -name '*.py'
stat work/mine && du -sh work
diff work/mine a || echo 'they differ'
sort -rn list ; pwd
readlink -f l ; sha256sum work/mine
cd work && ls -la | head -n 3
cat ~/work/mine
"""


def place_of(home: Path) -> Place:
    links = GuestLinks((FileMount(str(home / "work"), home / "work"), FileMount(str(home), home, shared=False)))
    return Place(str(home), (str(home),), (str(home / "work"),), links.follow, links.among)


@pytest.mark.feature("PM04", "PM07")
@pytest.mark.parametrize("line", BROKE.strip().splitlines())
def test_what_broke_the_judge_asks_and_no_rule_covers_it(tmp_path: Path, line: str) -> None:
    home = tmp_path / "home"
    prepare(home)
    place = place_of(home)
    command = line.replace("¦", "\n")
    assert classify(command, place).risk != "none"
    rule = standing(command, place).rule
    assert not rule or " in " in rule


@pytest.mark.feature("PM07")
@pytest.mark.parametrize("line", ORDINARY.strip().splitlines())
def test_ordinary_reading_does_not_ask(tmp_path: Path, line: str) -> None:
    home = tmp_path / "home"
    prepare(home)
    assert classify(line, place_of(home)).risk == "none"
