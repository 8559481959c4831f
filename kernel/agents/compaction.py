"""Keeping a conversation shorter than the model's context, pure.

Old tool results are shortened first, then the oldest turns are replaced by one message that lists what was done. The system message,
the goal, what people said and the newest turns stay. Tool calls and their results stay together, since servers refuse halves.
"""

from collections.abc import Sequence

import msgspec

from kernel.agents import prompt
from kernel.providers.base import EARLIER_WORK, ChatMessage

CHARACTERS_PER_TOKEN = 3.5
START_AT = 0.75
AIM_AT = 0.5
SHORT_RESULT_CHARACTERS = 300
KEEP_NEWEST = 8
#: A shortening that gains less than this part of the context would only be made again at the next step.
LEAST_GAIN = 0.05
MARK = EARLIER_WORK


def estimate_tokens(messages: Sequence[ChatMessage]) -> int:
    """A careful guess; servers count differently."""
    characters = 0
    for message in messages:
        characters += len(message.text) + len(message.reasoning) + 16
        for call in message.tool_calls:
            characters += len(call.name) + len(msgspec.json.encode(call.arguments))
    return int(characters / CHARACTERS_PER_TOKEN)


def needed(messages: Sequence[ChatMessage], context_tokens: int) -> bool:
    """Whether the next request would come close to the limit."""
    return estimate_tokens(messages) > context_tokens * START_AT


def compact(messages: Sequence[ChatMessage], context_tokens: int) -> tuple[ChatMessage, ...]:
    """A conversation of about half of the context; unchanged where nothing can go."""
    target = int(context_tokens * AIM_AT)
    head, body = _head(messages)
    cut = _turn_boundary(body, max(0, len(body) - KEEP_NEWEST))
    old, new = list(body[:cut]), list(body[cut:])
    shortened = [_shorten(message) for message in old]
    if estimate_tokens([*head, *shortened, *new]) <= target:
        return (*head, *shortened, *new)
    summary = _summarise(old)
    result = (*head, *((summary,) if old else ()), *new)
    if estimate_tokens(result) <= target:
        return result
    return (*head, *((summary,) if old else ()), *(_shorten(message) for message in new))


def too_long_a_goal(messages: Sequence[ChatMessage], context_tokens: int) -> int:
    """The tokens of what can never be shortened, where they are more than half of the context; else 0."""
    tokens = estimate_tokens(_head(messages)[0])
    return tokens if tokens > context_tokens * AIM_AT else 0


def _head(messages: Sequence[ChatMessage]) -> tuple[list[ChatMessage], list[ChatMessage]]:
    """(system message and goal, the rest)."""
    count = 0
    while count < len(messages) and count < 2 and messages[count].role in ("system", "user"):
        count += 1
    return list(messages[:count]), list(messages[count:])


def _turn_boundary(body: Sequence[ChatMessage], wanted: int) -> int:
    """The nearest place at or after `wanted` that does not part calls from their results."""
    index = wanted
    while index < len(body) and body[index].role == "tool":
        index += 1
    return index


def _shorten(message: ChatMessage) -> ChatMessage:
    if message.role != "tool" or len(message.text) <= SHORT_RESULT_CHARACTERS:
        return message
    kept = message.text[:SHORT_RESULT_CHARACTERS]
    return msgspec.structs.replace(
        message, text=f"{kept}\n[... {len(message.text) - len(kept):,} characters of this old result were dropped]"
    )


def _summarise(old: Sequence[ChatMessage]) -> ChatMessage:
    lines: list[str] = []
    for message in old:
        if message.role == "user" and message.text.startswith(MARK):
            lines.append(message.text.removeprefix(MARK).strip())
        elif message.role == "user" and message.text in (prompt.NUDGE, prompt.CONTINUE):
            continue
        elif message.role == "user":
            lines.append(f"The person said: {message.text[:500]}")
        elif message.role == "assistant":
            if message.text:
                lines.append(f"You thought: {message.text[:200]}")
            lines.extend(
                f"You called {call.name}({msgspec.json.encode(call.arguments).decode()[:200]})" for call in message.tool_calls
            )
        elif message.role == "tool":
            lines.append(f"  result: {message.text[:150]}")
    body = "\n".join(lines)
    if len(body) > 12_000:
        body = f"{body[:2_000]}\n[...]\n{body[-10_000:]}"
    return ChatMessage(role="user", text=f"{MARK}\n{body}")
