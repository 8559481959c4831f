"""Offering tools in words to a model whose server takes none.

Owns the wording and the rewriting of a request. The Ollama and OpenAI dialects call it when a server refuses tools;
`text_tool_calls` recognises what the model then writes. It must not parse answers.
"""

from __future__ import annotations

import msgspec

from kernel.providers import history, wire_json
from kernel.providers.base import ChatMessage, ChatRequest

_INTRODUCTION = (
    "You can use tools. To call one, write exactly this and then stop:\n"
    '<tool_call>\n{"name": "TOOL", "arguments": {...}}\n</tool_call>\n'
    "You will get the result in the next message. These are the tools, each with the JSON schema of its arguments:"
)


def in_words(request: ChatRequest) -> ChatRequest:
    """The same request without native tools: they are described in the system text, calls and results become text."""
    if not request.tools:
        return request
    conversation = history.prepare(request.messages)
    listed = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {wire_json.dump(tool.parameters)}" for tool in request.tools
    )
    described = f"{_INTRODUCTION}\n{listed}" if request.tool_choice != "none" else ""
    system = "\n\n".join(part for part in (conversation.system, described) if part)
    messages = [ChatMessage("system", system)] if system else []
    messages.extend(_rewritten(message) for message in conversation.messages)
    return msgspec.structs.replace(request, messages=tuple(messages), tools=())


def _rewritten(message: ChatMessage) -> ChatMessage:
    if message.role == "tool":
        result = f"<tool_result name={message.tool_name or 'tool'}>\n{history.result_text(message)}\n</tool_result>"
        return ChatMessage("user", result)
    if not message.tool_calls:
        return ChatMessage(message.role, message.text)
    calls = "\n".join(
        f"<tool_call>\n{wire_json.dump({'name': call.name, 'arguments': call.arguments})}\n</tool_call>"
        for call in message.tool_calls
    )
    return ChatMessage("assistant", f"{message.text}\n{calls}".strip())
