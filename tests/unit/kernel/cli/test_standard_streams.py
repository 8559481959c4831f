"""Standard output that cannot be written says that it is that."""

import os
import subprocess
import sys

import pytest

PRINTS = """
import sys
from kernel.cli.standard_streams import OutputError, discard_output, prepare
prepare()
prepare()
try:
    print("x" * 20, flush=True)  # before what goes past the text to the buffer
    sys.stdout.buffer.write(b"y" * 100_000)
    sys.stdout.flush()
except OutputError as error:
    print(error.errno, file=sys.stderr)
    discard_output()
print("behind it")
"""


@pytest.mark.feature("CF01")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("redirect", "said"), [(">/dev/full", "28"), ("| :", "32"), (">&-", ""), (">/dev/null", "")])
def test_an_output_that_fails_is_told_from_other_files(redirect: str, said: str, unbuffered: str) -> None:
    words = ["bash", "-c", f'"$0" -c "$1" {redirect}', sys.executable, PRINTS]
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(words, env=env, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.stderr.strip() == said


@pytest.mark.feature("CF01")
def test_what_is_printed_arrives_in_its_order() -> None:
    done = subprocess.run([sys.executable, "-c", PRINTS], stdout=subprocess.PIPE, timeout=30, check=True)
    assert done.stdout == b"x" * 20 + b"\n" + b"y" * 100_000 + b"behind it\n"
