"""The messages of a conversation keep their places, also where one of them could not be written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.agents.transcript import Transcript
from kernel.providers.base import ChatMessage, ToolCall
from kernel.store.database import Database
from kernel.store.repositories.transcripts import TranscriptRepository
from tests.fakes.clock import ManualClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "a.db", ManualClock())
    await made.open()
    yield made
    await made.close()


def said(text: str) -> ChatMessage:
    return ChatMessage(role="user", text=text)


async def test_a_message_that_was_not_written_leaves_a_gap_that_nothing_is_lost_in(database: Database) -> None:
    transcript = Transcript(1, TranscriptRepository(database))
    await database.write(transcript.add(said("goal")))
    transcript.add(ChatMessage(role="assistant", tool_calls=(ToolCall(id="c", name="t", arguments={}),)))  # the disk was full
    answer = ChatMessage(role="tool", text="aborted", tool_call_id="c")
    await database.write(transcript.add(answer, said("otherwise")))
    again = Transcript(1, TranscriptRepository(database))
    await again.load()
    assert [message.text for message in again.messages] == ["goal", "otherwise"], "no result without its call"
    await database.write(again.add(said("later")))
    await transcript.load()
    assert [message.text for message in transcript.messages] == ["goal", "otherwise", "later"]


async def test_what_is_compacted_goes_on_behind_its_end(database: Database) -> None:
    transcript = Transcript(1, TranscriptRepository(database))
    await database.write(transcript.add(*(said("word " * 400) for _ in range(40))))
    statements = transcript.compact(2_000)
    assert statements is not None
    await database.write(statements)
    await database.write(transcript.add(said("last")))
    messages = transcript.messages
    await transcript.load()
    assert transcript.messages == messages and messages[-1].text == "last"
