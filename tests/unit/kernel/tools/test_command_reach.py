"""What could write in a folder that is shared asks; what plainly reads does not."""

import time
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools.base import ToolContext
from kernel.tools.command_reach import Place
from kernel.tools.command_risk import LONGEST_JUDGED, Verdict, classify
from kernel.tools.command_rules import standing
from kernel.tools.files import Mkdir, MkdirArguments
from kernel.tools.policy import judge
from kernel.tools.run_command import RunCommand, RunCommandArguments
from kernel.vfs.agent_files import AgentFiles, FileMount
from kernel.vfs.homes import Home

HOME = "/home/agent_1"
PLACE = Place(HOME, (HOME,), (f"{HOME}/work", "/mnt/data"))
ALONE = Place(HOME, (HOME,), ())

READING = """
ls -la work
cat work/a | grep b | wc -l
sort -u work/a
find work -name '*.py'
grep -rn x work 2>/dev/null
echo "a > b"
diff work/a work/b
"""
NOT_SURELY = """
cd work && ls && git status
cd ~/work; git log --oneline | head -3; git diff HEAD~1 -- a.py
git -C work branch -a
git branch --show-current
sed -n 1,3p work/a
sed 's/a/b/g' work/a >/dev/null
sed -n '/x/p' work/a
awk '{print $1}' work/a
ls work # > work/a
echo a#b
for f in work/*; do echo "$f"; wc -l "$f"; done
if [ -f work/a ]; then cat work/a; else echo no; fi
while read line; do echo "$line"; done
command -v git
LC_ALL=C sort work/a
timeout 5 ls work
export A=1; echo $A
jq .name work/package.json
"""
OWN = """
echo x > notes
echo x >> ~/notes 2>&1
cat a > /tmp/b
cp work/a /tmp/
cp work/a .
cp -r work/src /tmp/src
mv a b
mkdir -p build/x
touch build/x ~/y "$HOME/z"
tee log
sed -i s/a/b/ notes
ln -s a b
chmod +x run
git add notes
git commit -m "x > work/a"
cd build && echo x > y
ls work > /tmp/list
sort a | uniq -c
cd sub && cp x y && cd ../other && touch z
cp x \\<joined>y
ln -s a/b c
ln -sf /usr/bin/python3 .
cat > notes <<EOF
make and rm and anything
EOF
sort work/a > sorted
gzip notes
"""
WRITING = """
> work/a
echo x > work/a
echo x > ~/work/a
echo x > "$HOME/work/a"
echo x > ${HOME}/work/a
echo x >> /mnt/data/a
echo x >| work/a
echo x 1<> work/a
cat a &> work/a
cd work && echo x > a
cd ~/work; touch a
cd "work" && echo x > a
pushd work; echo x > a
cd $X; echo x > a
eval "cd work"; echo x > a
echo x > ./build/../work/a
echo x > $FILE
echo x > *
cp /dev/null work/a
cp a b c work
cp -t work a
cp --target-directory=work a
cp -r x ~
mv work/* /tmp
mv * /tmp
mv work/a /tmp
mv a work
sed -i s/a/b/ work/a
sed 's/a/b/w work/a' x
sed 'w work/a' x
sed -n 'e touch work/a' x
tee work/a
cat a | tee work/a
touch work/a
mkdir work/b
ln -s ~/work w
chmod -R 700 .
chmod +x work/a
sort -o work/a b
sort -owork/a b
awk '{print > f}' f=work/a
git -C work add a
cd work && git commit -am x
git --work-tree=work add a
git diff --output=work/a
tar xf a.tar
tar xf a.tar -C work
unzip a.zip
patch -p0
make
pytest -q
npm test
python3 main.py
./configure
/tmp/ls
./ls work
PATH=/tmp ls
LD_PRELOAD=./x.so ls
find work | xargs touch
ls | xargs -I{} cp {} work
ls | parallel touch
gzip -r .
rsync a work
install a work
cat > work/a <<EOF
text
EOF
sh -c 'echo x > work/a'
env sh -c 'cd work; touch a'
echo $(touch work/a)
{ echo x; } > work/a
for f in a b; do cp a work; done > /dev/null
f() { echo x > work/a; }; f
split -b 1 a work/x
split --filter='touch work/a' x
cat a | less -o work/a
shuf a -o work/b
uniq a work/b
rg --pre ./x y
cp --parents /tmp/a ~
"cd" work && cp x a
\\cd work && cp x a
cd wo""rk && cp x a
cd sub && cd ../work && cp x a
cd /tmp; cd; cp x work/a
cd a; cd ..; cd a; cp x ../work/b
for i in 1 2; do cd ..; done; cp x work/a
"eval" "cd work"; touch a
"env" -C work touch a
env --chdir=work touch a
HOME=/home/agent_1/work; cp x ~/a
ln -s ~ h; cp x h/work/a
ln -s .. sub/up
touch wor{k..k}/a
touch wo\\<joined>rk/a
/usr/bin/xargs cp x < list
"""


def lines(text: str) -> list[str]:
    """One command a line; a here-document is one command, and <joined> is a line feed."""
    found: list[str] = []
    for line in text.strip().splitlines():
        if found and "<<EOF" in found[-1] and not found[-1].endswith("\nEOF"):
            found[-1] += "\n" + line
        else:
            found.append(line.replace("<joined>", "\n"))
    return found


@pytest.mark.feature("PM07")
@pytest.mark.parametrize("command", lines(READING))
def test_plain_reading_never_asks(command: str) -> None:
    assert classify(command, PLACE).risk == "none"


@pytest.mark.feature("PM07")
@pytest.mark.parametrize("command", lines(NOT_SURELY) + lines(OWN))
def test_what_is_not_surely_plain_reading_asks_where_a_folder_is_shared_only(command: str) -> None:
    assert classify(command, PLACE) == Verdict("low", f"could write in {HOME}/work, /mnt/data")
    assert classify(command, ALONE).risk == "none"


@pytest.mark.feature("PM07")
@pytest.mark.parametrize("command", lines(WRITING))
def test_what_could_write_in_a_shared_folder_asks(command: str) -> None:
    verdict = classify(command, PLACE)
    assert verdict.risk != "none"
    assert verdict.harm


@pytest.mark.parametrize("command", ["echo x > work/a", "cp /dev/null work/a", "mv work/* /tmp", "make", "python3 x.py", "sed -i s/a/b/ x"])
def test_where_nothing_is_shared_writing_is_its_own_affair(command: str) -> None:
    assert classify(command, ALONE).risk == "none"


@pytest.mark.parametrize("command", ["cd sub && echo x > a", "touch a", "> a", "git add .", "split -b 1 a", "sort -o -t", "sort a -o -x"])
def test_in_a_shared_folder_everything_that_writes_asks(command: str) -> None:
    assert classify(command, Place(HOME, (f"{HOME}/work",), PLACE.shared)).risk == "low"


@pytest.mark.parametrize(
    "command",
    ["git checkout -- .", "git checkout .", "git branch -D x", "git restore a", "git stash drop", "git tag -d v1", "git commit --amend",
     "crontab -r", "sqlite3 a.db 'drop table x'", "sqlite3 a.db .shell", "dig x.org", "ping -c 1 x.org", "nslookup x"],
)  # fmt: skip
def test_losing_work_and_reaching_the_network_ask_everywhere(command: str) -> None:
    assert classify(command, ALONE).risk == "low"


@pytest.mark.parametrize("command", ["git checkout main", "git checkout -b x", "git stash", "git tag v1", "sqlite3 a.db 'select 1'"])
def test_ordinary_git_and_queries_do_not(command: str) -> None:
    assert classify(command, ALONE).risk == "none"


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("cat <<EOF\nrm -rf /\nEOF", "none"),
        ("cat <<EOF\nrm -rf /\nEOF\nrm -rf /", "high"),
        ("cat <<-'END'\n\trm -rf /\n\tEND\nls", "none"),
        ('echo "<<EOF"\nrm -rf /\nEOF', "high"),
        ("ls # <<EOF\nrm -rf /\nEOF", "high"),
        ("echo '\n<<EOF\n'\nrm -rf /\nEOF", "high"),
        ("cat <<EOF\nrm -rf /", "high"),
        ("ls # x\nrm -rf /", "high"),
        ("echo a#b; rm -rf /", "high"),
        ("ls # rm -rf /", "none"),
        ("ls \\ # x; rm -rf /", "high"),
        ("ls \\ a # x; rm -rf /", "none"),
        ("ls a\\\n#x; rm -rf /", "high"),
        ("ls \\\\ # x; rm -rf /", "none"),
        ("ls a\n#x; rm -rf /", "none"),
        ("cat <<A <<B\nA\nB\nrm -rf /", "high"),
        ("sh <<EOF\nls\nEOF", "high"),
        ("cat <<EOF | sh\nls\nEOF", "high"),
        ("cat <<< EOF\nrm -rf /\nEOF", "high"),
        ("cat <<EOF\n$(rm -rf /)\nEOF", "high"),
    ],
)
def test_the_text_of_a_here_document_is_no_command(command: str, risk: str) -> None:
    assert classify(command, ALONE).risk == risk


@pytest.mark.parametrize(
    "piece",
    ["cd a;", "> a ", "cat <<A\n", "sed -n s/a/b/p x;", "{", "~", "env -C ", "eval ", "cp a work;", "a/../", "sed -n 's/\\", "*", "X=1 ",
     "git -C ", "<<", "\n'", "cd -P cd ", "$HOME/", "env ", "cd ", "rm a ", "rm a/b;"],
)  # fmt: skip
def test_the_time_it_takes_stays_small(piece: str) -> None:
    line = (piece * LONGEST_JUDGED)[:LONGEST_JUDGED]
    begun = time.process_time()
    classify(line, PLACE)
    standing(line, PLACE)
    assert time.process_time() - begun < 1.5


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*"ab <>|&;\"'$(){}~*\n\\#=-/", "cd ", "work", "<<EOF", "EOF", "git ", "sed ", "../"]), max_size=40))
def test_any_text_gets_a_verdict(words: list[str]) -> None:
    assert classify("".join(words), PLACE).risk in ("none", "low", "high")


def context(tmp_path: Path, *, read_only: bool = False) -> ToolContext:
    home = Home(1, "agent_1", tmp_path / "home", tmp_path / "tmp", HOME)
    files = AgentFiles(home, (FileMount(f"{HOME}/work", tmp_path / "work", read_only),))
    nothing = cast(Any, None)
    return ToolContext(1, 1, files, nothing, nothing, nothing, nothing, nothing, nothing, nothing, 60.0, False)


@pytest.mark.feature("PM02")
async def test_an_agent_that_may_not_ask_cannot_write_in_a_mounted_folder_by_command(tmp_path: Path) -> None:
    run = RunCommand()
    for arguments, decision in (
        (RunCommandArguments(command="echo x > work/a"), "deny"),
        (RunCommandArguments(command="echo x > a", cwd="work"), "deny"),
        (RunCommandArguments(command="echo x > a", cwd="~/work/sub"), "deny"),
        (RunCommandArguments(command="echo x > a"), "deny"),
        (RunCommandArguments(command="cat a", cwd="work"), "allow"),
    ):
        preview = await run.preview(arguments, context(tmp_path))
        assert judge("run_command", preview, "deny", (), "bubblewrap").decision == decision
    preview = await run.preview(RunCommandArguments(command="make"), context(tmp_path, read_only=True))
    assert preview.risk == "none"


async def test_a_folder_made_in_a_mounted_one_asks(tmp_path: Path) -> None:
    assert (await Mkdir().preview(MkdirArguments(path="work/new"), context(tmp_path))).risk == "low"
    assert (await Mkdir().preview(MkdirArguments(path="new"), context(tmp_path))).risk == "none"
