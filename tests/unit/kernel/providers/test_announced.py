"""Which words before a block of code say that it is only shown; an ordinary sentence never does."""

import time

import pytest

from kernel.providers.announced import MAX_SENTENCE_CHARS, is_announced
from kernel.providers.base import Finished, ToolCallFinished
from kernel.providers.text_tool_calls import TextReader
from kernel.providers.turn import TurnAssembler, TurnLimits

BLOCK = '```json\n{"name": "read_file", "arguments": {"path": "1"}}\n```'
ORDINARY = [
    "It looks like the folder is empty, so I look:",
    "I would start by listing the files.",
    "I do not know what is there yet.",
    "You asked me to create an example project. First I list files.",
    "I will check the syntax of main.py. First:",
    "It looks like this folder is empty, so I look:",
    "This looks like a Python project. Let me read its configuration:",
    "I never read this file before, so I do it now:",
    "The tests don't run yet. I'll look at the first of them:",
    "The syntax is wrong in line 3, so I read the file again:",
    "I create the example project that you want:",
    "I write an example of a configuration to example.toml:",
    "Here is an example file for you, which I write now:",
    "The README says what to do, for example how to build it. I build it:",
    "I look at one of the sources, e.g. main.py:",
    "Let me see what it would look like:",
    "I do not use it any more, so I remove it:",
    "Would it help to see the log? I read it:",
    "For example, main.py is missing. I look for it:",
    "The format is JSON, so this reads it:",
    "The examples are in examples/, which I list:",
    "Do not worry, I only read it:",
    "An example of a configuration is missing, so I write one:",
    "Never mind. The file is there:",
    "Examples first:",
    "I only read it, not run it:",
    "I create a file that contains the following:",
    "The file holds what I need. I read it:",
    "The page says nothing of it, so I read the file:",
    "Now I look at the contents of main.py:",
    "The output says that it failed.",
    "If you don't use it, I remove it:",
    "They import it but never call it. So I look:",
    "The tests import it and don't use it:",
    "The module should not use this, so I remove the line:",
    "As you say, do not use it. I look for another:",
    "",
    "x" * MAX_SENTENCE_CHARS + " looks like this:",
]
DISPLAYS = [
    "For example:",
    "**For example:**",
    "- E.g.:",
    "For instance, a file is read with this:",
    "For example, I could write:",
    "You could write, for example, this:",
    "A call is, for example:",
    "A call looks like this:",
    "There is a tool for that. It would look like this:",
    "A call would look like:",
    "Here is an example:",
    "Here's a short example of how a file is read:",
    "I will show you an example:",
    "### Example",
    "Example 2:",
    "An example of a tool call:",
    "Do not run this:",
    "This deletes everything, so please don't run it:",
    "You should never call this:",
    "The syntax is:",
    "The format of a tool call is as follows:",
    "Nothing was done. The syntax for this is:",
    "<example>",
    "The page says:",
    "The file notes.txt contains the following:",
    "Contents of notes.txt:",
    "Beware. The text of the e-mail is:",
]
#: Notations of a call that stand in no block of code.
BARE = [
    'read_file(path="1")',
    '{"name": "read_file", "arguments": {"path": "1"}}',
    '[read_file(path="1")]',
    'functools[{"name": "read_file", "arguments": {"path": "1"}}]',
    'Action: read_file\nAction Input: {"path": "1"}',
    '<invoke name="read_file"><parameter name="path">1</parameter></invoke>',
    '<tool_call>{"name": "read_file", "arguments": {"path": "1"}}</tool_call>',
    "<function=read_file><parameter=path>1</parameter></function>",
]


def calls(line: str, size: int, block: str = BLOCK) -> int:
    """How many calls the reader finds in a block behind `line`."""
    written = f"{line}\n\n{block}"
    reader = TextReader({"read_file"}, TurnAssembler(TurnLimits()))
    chunks = [chunk for start in range(0, len(written), size) for chunk in reader.feed(written[start : start + size])]
    chunks += reader.finish(Finished("stop"), native=False)
    return sum(isinstance(chunk, ToolCallFinished) for chunk in chunks)


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_sentence_hides_no_call(line: str, size: int) -> None:
    assert calls(line, size) == 1


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("line", DISPLAYS)
def test_what_is_announced_as_shown_is_no_call(line: str, size: int) -> None:
    assert calls(line, size) == 0


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("bare", BARE)
def test_a_call_outside_of_a_block_can_be_announced_too(bare: str, size: int) -> None:
    assert calls("For example:", size, bare) == 0
    assert calls("For example:", size, f"{bare}\n\n{bare}") == 0
    assert calls("<example>", size, f"{bare}\n</example>\nNow I do it:\n{bare}") == 1
    assert calls("I read it:", size, bare) == 1


def test_what_a_sentence_ends_in_is_announced_by_its_beginning() -> None:
    call = '<tool_call>{"name": "read_file", "arguments": {"path": "1"}}</tool_call>'
    assert calls(f"The format is {call}.", 1, "") == 0
    assert calls(f"I do it: {call}", 1, "") == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "the file a a " * 300, "text of a " * 400, "example of " * 400, "you can e.g" * 400, ". " * 2_000, "for " * 1_000, "( " * 2_000,
        "*" * 4_000,
    ],
)  # fmt: skip
def test_hostile_lines_cost_little(hostile: str) -> None:
    started = time.process_time()
    assert not is_announced(hostile + "x")
    for end in range(0, MAX_SENTENCE_CHARS, 25):
        is_announced(hostile[:end])
    assert time.process_time() - started < 10
