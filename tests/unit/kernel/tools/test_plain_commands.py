"""A line is plain only if its words leave the shell and its programs nothing to make of it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.tools.plain_commands import changed, only_reads, single

READS = r"""
ls
ls -la work
ls work 2>/dev/null | head -5
cat 'work/a b' "c d" 2>&1
grep -rn 'def main' work --include='*.py' | wc -l
tail -n 20 work/log > /dev/null
head -c 10 work/a >/dev/null
find work -maxdepth 2 -type f -not -name '*.pyc' -mtime -1 -print
sort -k 2,2n -t , work/a | cut -d, -f1 | tr a-z A-Z
test -f work/a && echo 'it is $HOME and `x` there!' || echo "no; > no"
date -u +%Y-%m-%d ; uname -a
printf '%s %5d\n' a 5
du -sh work ; df -h
stat -c '%s %n' work/a
od -An -tx1 work/a
ps aux ; sleep 0.1
seq 1 5 | nl | tac | rev
cd work
cd ~/work && ls -la ~ | head -5
ls;
ls ;
ls; echo done
cat work/f; ls work
ls work;
uname -a; id
cat 'a;b'; ls "c; d"; ls ~; ls 2>&1; ls >/dev/null;
"""
READS_NOT = r"""
ls;ls
cat x;rm y
ls; rm y
ls ;; ls
ls;; ls
ls;;
ls; ; ls
;
; ls
ls |;
ls &&
ls; >/dev/null
ls &;
ls&&ls
ls ;ls
ls &
ls & ls
ls |& cat
| ls
ls | | ls
>/dev/null ls
ls >work/f
ls > work/f
ls >>/dev/null
ls 2> /dev/null
ls >/dev/null2
ls > '/dev/null'
ls >| /dev/null
cat < a
ls $X
ls '~'
ls ~root
ls ~/$X
ls ~;ls
~/bin/ls
cd -
cd work ; rm a
ls *
ls [a]
ls {a,b}
ls \a
ls a#b
# ls
ls "$HOME"
ls 'a
ls !
( ls )
X=1 ls
'ls'
/bin/ls
./ls
ls --zero
ls -I a
head --lines=5 a
tail -n x a
grep 'a$' b
sort -o work/f a
sort -uo work/f a
sort --o work/f a
sort -T work a
sort -k 1 -o a
sort -t
date 01010000
date -s x
date '-us' x
file -C
find . -delete
find . -fprint work/f
find . -name f -exec rm x
find . -name
echo ~
printf -v PATH x
printf '-v' PATH x
printf '%n' PATH
printf '%-*n' 5 PATH
printf %s '$(x)'
printf
diff -l a b
ps a=b
test -v a
less a
tee
env
xargs
command ls
"""


LINES_READ = ["cat work/f\n", "cd work\nls", "ls\n\n  id ; pwd;\n\t\nls | wc\n"]
LINES_READ_NOT = [
    "ls\nrm -rf work",
    "ls;\nrm y",
    "ls \\\nwork",
    "ls work\\\n",
    "l\\\ns",
    "cat <<E\nls\nE",
    "cat <<'E'\nls\nE\n",
    "ls\r\nls",
    "ls\rls",
    "ls\vls",
    "ls\x85ls",
    "ls\u2028ls",
    "ls\n;",
    "ls |\nwc",
    "ls\n| wc",
    "ls\n>/dev/null",
    "ls &\nls",
    "ls\n*",
    "ls () {\nls\n}",
    'ls "a\nb"',
    "ls 'a\nls'",
    "ls $(\nls )",
]


@pytest.mark.feature("PM07")
@pytest.mark.parametrize("line", [*READS.strip().splitlines(), *LINES_READ])
def test_ordinary_reading_is_plain(line: str) -> None:
    assert only_reads(line)


@pytest.mark.feature("PM07")
@pytest.mark.parametrize(
    "line",
    [
        *READS_NOT.strip().splitlines(), *LINES_READ_NOT,
        "", " ", "\n", "ls\r", "ls 'a\nb'", "ls 'a\0'", "ls é", "ls\xa0a",
    ],
)  # fmt: skip
def test_anything_else_is_not(line: str) -> None:
    assert not only_reads(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rm -f 'a b' c\"d\"'e'", ["rm", "-f", "a b", "cde"]),
        ("rm a 2>/dev/null", ["rm", "a"]),
        ("rm a ; rm b", None),
        ("rm a;rm b", None),
        ("rm a; rm b", None),
        ("rm a\nrm b", None),
        ("rm a;\n", ["rm", "a"]),
        ("rm ~/a", None),
        ("rm '$X'", None),
        ("r'm' a", None),
    ],
)
def test_the_words_of_one_program(line: str, words: list[str] | None) -> None:
    assert single(line) == words


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ("rm -rf a b", ["a", "b"]),
        ("cp a/x b", ["a/x", "b", "b/x"]),
        ("ln -s a/x", ["a/x", "./x"]),
        ("mv a/ b/", ["a/", "b/", "b//a"]),
        ("cp -r a b", None),
        ("cp -tb a", None),
        ("rm -- a", None),
        ("rm - a", None),
        ("rm *", None),
        ("rm", None),
        ("shred a", None),
    ],
)
def test_all_that_a_program_changes_is_named(words: str, paths: list[str] | None) -> None:
    assert changed(words.split()) == paths


@settings(max_examples=300, deadline=None)
@given(st.text("ab <>|&;\"'$(){}~*\n\\#=-/`!", max_size=30))
def test_a_plain_line_has_nothing_special_outside_of_quotes(text: str) -> None:
    words = single(f"ls {text}")
    if words is not None:
        assert only_reads(f"echo {text}")
        assert not set("$`\\!\n") & set(text.strip(" \n"))


@pytest.mark.parametrize("piece", ["a", "' '", "a ", " ", "\t\n", "; ls", ";", "\nls", "| ", "'", '"', " ; ls", "2>&1 "])
def test_reading_a_long_line_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    only_reads("ls " + piece * 5_000 + " $")
    assert time.process_time() - begun < 1
