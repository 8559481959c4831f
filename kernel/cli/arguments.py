"""What stands on the command line, judged before a kernel is asked. The subcommands give these to their parsers as `type`."""

import argparse
from collections.abc import Callable, Sequence

from kernel.errors import NotFoundError
from kernel.protocol.records import MESSAGE_LIMIT_CHARACTERS, MODEL_LIMIT_CHARACTERS, MOST_STEPS, SHORT_LIMIT_CHARACTERS

LARGEST_PID = (1 << 53) - 1
MOST_DIGITS = len(str(LARGEST_PID))
LARGEST_NUMBER = (1 << 63) - 1
FORMATS = ("kernel", "session")


def add_format(parser: argparse.ArgumentParser) -> None:
    """`--json [FORMAT]`; the command line goes through `with_formats` first."""
    parser.add_argument("--json", nargs="?", const=FORMATS[0], choices=FORMATS, help="one JSON event a line")
    parser.set_defaults(formats=FORMATS)


def with_formats(words: Sequence[str], formats: Sequence[str]) -> list[str]:
    """The command line with a format behind each `--json`: argparse would take whatever word follows for one."""
    settled: list[str] = []
    for index, word in enumerate(words):
        if word == "--":
            return [*settled, *words[index:]]
        named = word != "--json" or (index + 1 < len(words) and words[index + 1] in formats)
        settled.append(word if named else f"--json={formats[0]}")
    return settled


def process_id(text: str) -> int:
    """A number that a process can have. Raises NotFoundError where none has it, ArgumentTypeError for what is no number."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):  # `int` takes underscores, spaces and the digits of every script as well
        raise argparse.ArgumentTypeError(
            f"{text[:100]!r} is not the number of a process. Write it in the digits 0 to 9, as `aether ps` does"
        )
    number = int(digits.lstrip("0")[: MOST_DIGITS + 1] or "0") if digits == text else 0
    if not 1 <= number <= LARGEST_PID:
        raise NotFoundError(f"There is no process {text[:100]}.", "`aether ps -a` lists all runs.")
    return number


def number_up_to(most: int = LARGEST_NUMBER) -> Callable[[str], int]:
    """A judge of whole numbers from 1 to `most`."""

    def judge(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if number < 1:
            raise argparse.ArgumentTypeError(f"{text[:100]!r} is not a whole number above 0")
        if number > most:
            raise argparse.ArgumentTypeError(f"{text[:100]} is too large; at most {most:,} is taken")
        return number

    return judge


steps = number_up_to(MOST_STEPS)


def message(text: str) -> str:
    """What an agent is told. Raises ArgumentTypeError where that is nothing, or too much."""
    if not text.strip():
        raise argparse.ArgumentTypeError("The message is empty.")
    return _bounded("message", text, MESSAGE_LIMIT_CHARACTERS)


def reason(text: str) -> str:
    """Why something is refused. Raises ArgumentTypeError where that is too much."""
    return _bounded("reason", text, SHORT_LIMIT_CHARACTERS)


def model(text: str) -> str:
    """The name of a model. Raises ArgumentTypeError where it is too long for one."""
    return _bounded("name of a model", text, MODEL_LIMIT_CHARACTERS)


def is_text(text: str) -> bool:
    """Whether it is valid Unicode: what of a command line or an input is not UTF-8 comes as single surrogates."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _bounded(what: str, text: str, most: int) -> str:
    if not is_text(text):
        raise argparse.ArgumentTypeError(f"The {what} is not valid UTF-8.")
    if len(text) > most:
        raise argparse.ArgumentTypeError(f"The {what} has {len(text):,} characters; at most {most:,} are taken.")
    return text
