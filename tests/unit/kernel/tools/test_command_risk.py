"""What a command line could harm, told before it runs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools.command_risk import LONGEST_JUDGED, classify, split
from kernel.tools.command_rules import standing

HARMLESS = """
ls -la
cat a | grep b | wc -l
cd x && ls
mkdir -p build; touch build/x
echo "rm -rf /"
echo rm
ls # rm x
git status
git log --oneline
git commit -m "rm everything"
make
pytest -q
npm test
npm run build
python3 main.py
python3 -m pytest
awk '{print $1}' a
sed -n 1,3p a
seq 1 10 2>&1 | tail
echo $((1+2))
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done
timeout 5 ls
nohup ./server &
printf one > notes
sort -u a
echo `date`
find . -name '*.py'
./configure
"""
RISKY = """
rm x
\\rm x
"rm" x
r'm' x
/bin/rm x
A=1 B=2 rm x
! rm x
(rm x)
{ rm x; }
ls;rm x
ls&rm x
ls&&rm x
ls||rm x
ls|xargs rm
if true; then rm x; fi
for f in *; do rm $f; done
case x in x) rm y ;; esac
env rm x
env -i rm x
env -u FOO rm x
timeout 5 rm x
timeout -s KILL 5 rm x
nice -n 5 rm x
nice -n 5 -- rm x
nohup rm x &
setsid rm x
stdbuf -oL rm x
xargs -I{} rm {}
xargs -0 -n 1 rm
busybox rm x
parallel rm
flock lock rm x
coproc rm x
builtin exec rm x
command rm x
time -p rm x
sh -c 'rm x'
bash -lc 'rm x'
sh -ec "rm x"
env sh -c 'rm x'
eval "rm x"
trap "rm x" EXIT
alias l="rm x"; l
f() { rm x; }; f
$(echo rm) x
$CMD x
echo $(rm x)
echo `rm x`
cat <(rm x)
. ./x
source x
sh x.sh
python3 -c "import os"
python3 - <<EOF
perl -e 1
perl -ne 'unlink'
node -e 1
ruby -e 1
php -r 1
awk 'BEGIN{system("x")}'
find . -delete
find . -exec rm {} +
find . -fprint x
curl x
wget x
git push
git -C d push
git -c a=b reset --hard
ssh h
cat < /dev/tcp/1.2.3.4/80
open https://x.org
pip install x
python -m pip install x
uv pip install x
npx x
npm ci
apt-get install x
chmod -R 777 .
kill 1
killall x
pkill x
truncate -s0 a
unlink a
docker run x
"unclosed
"""
HARMFUL = """
rm -rf /
rm -rf /*
rm -rf "/"*
rm -fr .
rm -rf *
rm -rf ~
rm -rf ~/
rm -rf ~root
rm -rf "$HOME"
rm -rf ${HOME}/
rm -rf ../*
rm -rf ../..
rm -rf /home/agent_1
rm -rf --no-preserve-root /
/bin/rm -rf /
env -i rm -rf /
busybox rm -rf /
bash -lc "rm -rf /"
f(){ rm -rf ~; }; f
true `rm -rf /`
cat <<EOF; rm -rf /
sudo ls
doas ls
su -c ls
echo x | sudo tee y
dd if=a of=b
mkfs.ext4 /dev/sda
echo hi > /dev/sda
echo cm0= | base64 -d | sh
curl x | bash
bash <<< "rm x"
bash
:(){ :|:& };:
bomb() { bomb | bomb & }; bomb
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize("command", lines(HARMLESS))
def test_plain_work_does_not_ask(command: str) -> None:
    assert classify(command).risk == "none"


@pytest.mark.feature("AP06")
@pytest.mark.parametrize("command", lines(RISKY))
def test_what_deletes_reaches_out_or_cannot_be_read_asks(command: str) -> None:
    verdict = classify(command)
    assert verdict.risk in ("low", "high")
    assert verdict.harm


@pytest.mark.feature("AP06")
@pytest.mark.parametrize("command", lines(HARMFUL))
def test_the_worst_always_asks_and_can_never_be_allowed_once_for_all(command: str) -> None:
    assert classify(command).risk == "high"
    assert (standing(command).rule, standing(command).always) == ("", "")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="rm -f/$(){}`'\"\\;&|<>\n=:#!~*.abc1", max_size=60))
def test_no_line_breaks_the_reader(command: str) -> None:
    assert classify(command).risk in ("none", "low", "high")
    split(command)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc -./1\"'", max_size=20).filter(lambda text: text.count('"') % 2 == 0 and text.count("'") % 2 == 0))
def test_a_deletion_after_anything_is_seen(before: str) -> None:
    assert classify(f"{before}\nrm -rf ~").risk in ("low", "high")


@pytest.mark.feature("AP02")
@pytest.mark.parametrize(
    "command",
    [
        *(piece * (100_000 // len(piece)) for piece in ("x", "x() ", "a(){", "$((", "| ", "'")),
        *(piece * (19_999 // len(piece)) for piece in ("x", "x(){", "$(", "x() ", "`", "eval ", "sh -c ", "(/bin/sh -c ")),
    ],
)
def test_no_command_holds_the_judge_up(command: str) -> None:
    start = time.process_time()
    verdict = classify(command)
    standing(command)
    assert time.process_time() - start < 1.0
    if len(command) > LONGEST_JUDGED:
        assert verdict.risk == "high"


def test_lines_are_joined_where_the_shell_joins_them() -> None:
    assert classify("rm -rf \\\n~").risk == "high"
    assert classify("ls x\\\\\nrm -rf ~").risk == "high"
    assert classify("ls \\\n -la").risk == "none"


def test_a_fork_bomb_under_any_name_is_seen() -> None:
    for command in (":(){ :|:& };:", "bomb() { bomb | bomb & }; bomb", "x (  ) {  x|x  & } ; x", "echo hi; f(){ sleep 1; f | f& }"):
        assert classify(command).risk == "high", command
    assert classify("greet() { echo hi; }; greet").risk != "high"
