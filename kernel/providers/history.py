"""Bringing a conversation into the shape that every server accepts.

Owns the pairing of tool calls with results, the hoisting of system text and the cleaning of names. The dialects call
it before they translate; it must not change what was said.

Servers refuse a call without its result, a result without its call, and anything in between; after a crash, a
compaction or a steering message a stored conversation may hold all three.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from kernel.providers.base import ChatMessage, ToolCall

NO_RESULT = "No result of this call was recorded. Its outcome is unknown."
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class Conversation(msgspec.Struct, frozen=True):
    """System text and the messages after it; every call is followed at once by exactly its results, in order."""

    system: str
    messages: tuple[ChatMessage, ...]


def prepare(messages: Sequence[ChatMessage]) -> Conversation:
    """The conversation, paired. System messages after the first other message become notes by the user."""
    system: list[str] = []
    paired: list[ChatMessage] = []
    index = 0
    while index < len(messages) and messages[index].role == "system":
        system.append(messages[index].text)
        index += 1
    while index < len(messages):
        message = messages[index]
        index += 1
        if message.role == "assistant" and message.tool_calls:
            index = _take_results(messages, index, message, paired)
        elif message.role == "tool":
            paired.append(_orphan(message))
        elif message.role == "system":
            paired.append(ChatMessage("user", f"System note: {message.text}"))
        elif message.role == "user" or message.text or message.provider_state is not None:
            paired.append(message)
    return Conversation("\n\n".join(part for part in system if part), tuple(paired))


def _take_results(messages: Sequence[ChatMessage], index: int, turn: ChatMessage, out: list[ChatMessage]) -> int:
    results: dict[str, ChatMessage] = {}
    wanted = {call.id for call in turn.tool_calls}
    after: list[ChatMessage] = []
    while index < len(messages) and messages[index].role != "assistant":
        message = messages[index]
        if message.role == "tool" and message.tool_call_id in wanted and message.tool_call_id not in results:
            results[message.tool_call_id] = message
        elif message.role == "tool":
            after.append(_orphan(message))
        elif message.role == "system":
            after.append(ChatMessage("user", f"System note: {message.text}"))
        else:
            after.append(message)
        index += 1
    out.append(turn)
    out.extend(results.get(call.id) or _unknown(call) for call in turn.tool_calls)
    out.extend(after)
    return index


def _unknown(call: ToolCall) -> ChatMessage:
    return ChatMessage("tool", NO_RESULT, tool_call_id=call.id, tool_name=call.name, is_error=True)


def _orphan(message: ChatMessage) -> ChatMessage:
    return ChatMessage("user", f"Result of an earlier call of {message.tool_name or 'a tool'}:\n{message.text}")


def safe_name(name: str) -> str:
    """A tool name as servers accept it; models invent others, and the invention stays in the history."""
    return _UNSAFE.sub("_", name)[:64] or "unknown_tool"


def safe_id(call_id: str) -> str:
    """A call id as servers accept it."""
    return _UNSAFE.sub("_", call_id)[:64] or "call_unknown"


def result_text(message: ChatMessage) -> str:
    """A tool result for dialects that have no error flag."""
    if message.is_error and not message.text.lower().startswith("error"):
        return f"Error: {message.text}"
    return message.text or "(no output)"
