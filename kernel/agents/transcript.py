"""What one agent's model has been told and has said, in memory and in the store.

Owned by the loop. New messages are written in the same commit as the events that show them, so that a resume finds both or neither.
"""

import msgspec

from kernel.agents import compaction
from kernel.providers.base import ChatMessage, ToolCall
from kernel.store.connection import Statement
from kernel.store.repositories.transcripts import TranscriptRepository


class Transcript:
    """The messages of one run."""

    def __init__(self, pid: int, repository: TranscriptRepository) -> None:
        self._pid = pid
        self._repository = repository
        self._messages: list[ChatMessage] = []
        self._next = 0  # position of the next one

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """All messages in order."""
        return tuple(self._messages)

    async def load(self) -> None:
        """Find what an earlier kernel wrote."""
        rows = await self._repository.load(self._pid)
        self._next = rows[-1][0] + 1 if rows else 0
        self._messages = _with_calls([msgspec.json.decode(body, type=ChatMessage) for _, body in rows])

    def add(self, *messages: ChatMessage) -> tuple[Statement, ...]:
        """Append; the returned statements belong into the commit that shows it."""
        start = self._next
        self._next += len(messages)
        self._messages.extend(messages)
        return tuple(
            self._repository.put(self._pid, start + offset, msgspec.json.encode(message))
            for offset, message in enumerate(messages)
        )

    def compact(self, context_tokens: int, least_gain: int = 1) -> tuple[Statement, ...] | None:
        """Shorten; the statements that write it, or None where fewer than `least_gain` tokens could go and nothing was changed."""
        shorter = compaction.compact(self._messages, context_tokens)
        if compaction.estimate_tokens(self._messages) - compaction.estimate_tokens(shorter) < least_gain:
            return None
        self._messages, self._next = list(shorter), len(shorter)
        return self._repository.replace_all(self._pid, [msgspec.json.encode(message) for message in shorter])

    def unanswered(self) -> tuple[ToolCall, ...]:
        """The calls of the last turn that have no result."""
        for index in range(len(self._messages) - 1, -1, -1):
            message = self._messages[index]
            if message.role == "assistant":
                answered = {later.tool_call_id for later in self._messages[index + 1 :] if later.role == "tool"}
                return tuple(call for call in message.tool_calls if call.id not in answered)
            if message.role != "tool":
                return ()
        return ()


def _with_calls(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Without results whose call is not there, since models refuse those: on a full disk a turn that was aborted is not written."""
    called: set[str] = set()
    kept: list[ChatMessage] = []
    for message in messages:
        if message.role == "assistant":
            called = {call.id for call in message.tool_calls}
        if message.role != "tool" or message.tool_call_id in called:
            kept.append(message)
    return kept
