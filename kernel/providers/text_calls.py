"""Finding the tool call in what a model wrote as text.

Owns the notations that small models use. `text_tool_calls` hands it one finished piece of text at a time; it is pure,
bounded and never raises. Only names of tools that exist count, so that prose about JSON stays prose.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from typing import Any

import msgspec

from kernel.providers import wire_json

MAX_CALLS = 16
_ARGUMENT_NAMES = ("arguments", "parameters", "args", "input", "params", "tool_input", "action_input")
_NAME_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action")
_XML_FUNCTION = re.compile(
    r"<(?:function(?:=|\s+name=[\"']?)|invoke\s+name=[\"']?)([\w.-]+)[\"']?\s*>(.*?)(?:</(?:function|invoke)>|\Z)", re.DOTALL
)
_XML_PARAMETER = re.compile(r"<parameter(?:=|\s+name=[\"']?)([\w.-]+)[\"']?\s*>\n?")
_NAMED_OBJECT = re.compile(r"\s*([A-Za-z_][\w.-]{0,80})[ \t]*(?:\[ARGS\][ \t]*)?(?:[:(][ \t]*)?(?=\{)")
_ACTION = re.compile(r"\**Action[ \t*]*:[ \t*]*([\w.-]+)\s*\**Action[ \t]*Input[ \t*]*:[ \t*]*(?=\{)")
#: A string, which is kept, or a comma with nothing behind it.
_TRAILING_COMMA = re.compile(r"(\"(?:[^\"\\]|\\(?:.|\Z))*(?:\"|\Z))|,(?=\s*[}\]])", re.DOTALL)


class WrittenCall(msgspec.Struct, frozen=True):
    """A call that was found."""

    name: str
    arguments: dict[str, Any]


def parse(text: str, tools: Collection[str]) -> list[WrittenCall]:
    """The calls that `text` consists of, in any of the known notations; empty where it is anything else."""
    text = text.strip()
    if text.startswith("functools["):
        text = text.removeprefix("functools")
    if not text:
        return []
    for reader in (_from_json, _from_xml, _from_named_objects, _from_action, _from_python):
        calls = reader(text, tools)
        if calls:
            return calls[:MAX_CALLS]
    exact = _without_trailing_commas(text)
    if exact == text:
        return []
    for reader in (_from_json, _from_named_objects, _from_action):
        calls = reader(exact, tools)
        if calls:
            return calls[:MAX_CALLS]
    return []


def _without_trailing_commas(text: str) -> str:
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", text)


def _load(text: str) -> Any:
    """The value of JSON in which a comma may trail, or None."""
    value = wire_json.load(text)
    return wire_json.load(_without_trailing_commas(text)) if value is None else value


def _from_json(text: str, tools: Collection[str]) -> list[WrittenCall]:
    if text[0] not in "[{":
        return []
    values = _values(text)
    calls: list[WrittenCall] = []
    for value in values:
        found = _from_value(value, tools)
        if not found:
            return []
        calls.extend(found)
    return calls


def _values(text: str) -> list[Any]:
    """The JSON values that follow each other in `text`, or none where anything else is between them."""
    whole = wire_json.load(text)
    if whole is not None:
        return [whole]
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    position = 0
    try:
        while position < len(text) and len(values) < MAX_CALLS:
            value, position = decoder.raw_decode(text, position)
            values.append(value)
            position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n,;"))
    except (ValueError, RecursionError):
        return []
    return values if position >= len(text) else []


def _from_value(value: Any, tools: Collection[str]) -> list[WrittenCall]:
    if isinstance(value, list):
        nested = [_from_value(item, tools) for item in value[:MAX_CALLS]]
        return [call for calls in nested for call in calls] if nested and all(nested) else []
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("tool_calls"), list):
        return _from_value(value["tool_calls"], tools)
    if isinstance(value.get("function"), dict):
        return _from_value(value["function"], tools)
    for field in _NAME_NAMES:
        name = _known(value.get(field), tools)
        if name:
            arguments = _arguments_of(value, field)
            return [] if arguments is None else [WrittenCall(name, arguments)]
    return []


def _arguments_of(value: dict[str, Any], name_field: str) -> dict[str, Any] | None:
    for field in _ARGUMENT_NAMES:
        if field in value:
            given = value[field]
            if isinstance(given, str):
                given = _load(given)
            if not isinstance(given, dict) or (given.get("type") == "object" and isinstance(given.get("properties"), dict)):
                return None  # the latter describes a tool, as in a list of those that there are
            return given
    # {"tool": "read_file", "path": "a.txt"}: what is beside the name is meant as arguments. A "name" alone is data.
    rest = {field: item for field, item in value.items() if field not in (name_field, "type", "id")}
    return rest if name_field in ("tool", "tool_name", "action", "function_name") else None


def _from_xml(text: str, tools: Collection[str]) -> list[WrittenCall]:
    calls = []
    for match in _XML_FUNCTION.finditer(text):
        name = _known(match.group(1), tools)
        body = match.group(2).strip()
        arguments = _parameters(body) or (_load(body) if body else {})
        if not name or not isinstance(arguments, dict):
            return []
        calls.append(WrittenCall(name, arguments))
    return calls


def _parameters(body: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for piece in body.split("</parameter>")[:-1]:
        opening = _XML_PARAMETER.search(piece)
        if opening:
            values[opening.group(1)] = _literal(piece[opening.end() :].removesuffix("\n"))
    return values


def _literal(text: str) -> Any:
    """A parameter's value: JSON where it is a whole number, a truth value, a list or an object, else the text itself."""
    stripped = text.strip()
    if re.fullmatch(r"-?\d{1,15}|true|false|null|[\[{].*[\]}]", stripped, re.DOTALL):
        value = wire_json.load(stripped)
        return text if value is None and stripped != "null" else value
    return text


def _from_named_objects(text: str, tools: Collection[str]) -> list[WrittenCall]:
    """`write_file: {...}`, `write_file({...})`, `write_file[ARGS]{...}`, `write_file {...}`, one or several."""
    decoder = json.JSONDecoder(strict=False)
    calls: list[WrittenCall] = []
    position = 0
    while position < len(text) and len(calls) < MAX_CALLS:
        match = _NAMED_OBJECT.match(text, position)
        name = _known(match.group(1), tools) if match else ""
        if match is None or not name:
            return []
        try:
            arguments, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return []
        if not isinstance(arguments, dict):
            return []
        calls.append(WrittenCall(name, arguments))
        tail = text[position:]
        position += len(tail) - len(tail.lstrip(" \t\r\n,;)"))
    return calls


def _from_action(text: str, tools: Collection[str]) -> list[WrittenCall]:
    """`Action: write_file` and on the next line `Action Input: {...}`."""
    match = _ACTION.match(text)
    arguments = wire_json.load_object(text[match.end() :]) if match else None
    name = _known(match.group(1), tools) if match else ""
    return [WrittenCall(name, arguments)] if name and arguments is not None else []


def _from_python(text: str, tools: Collection[str]) -> list[WrittenCall]:
    """`read_file(path="a.txt")`, also inside `print(...)` or a list: only keyword arguments that are literals."""
    text = text.strip()
    if len(text) > 100_000 or not re.match(r"\[?\s*(?:print\()?[A-Za-z_][\w.]*\(", text):
        return []
    try:
        body = ast.parse(text, mode="exec").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    calls: list[WrittenCall] = []
    for statement in body[:MAX_CALLS]:
        expression = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
        for item in expression.elts if isinstance(expression, ast.List) else [expression]:
            call = _python_call(item, tools)
            if call is None:
                return []
            calls.append(call)
    return calls


def _python_call(node: ast.AST | None, tools: Collection[str]) -> WrittenCall | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name) and node.func.id == "print" and len(node.args) == 1:
        return _python_call(node.args[0], tools)
    function = node.func
    # `functions.read_file(...)` means read_file; what stands before the last dot does not matter.
    written = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    name = _known(written, tools)
    if not name or node.args:
        return None
    arguments: dict[str, Any] = {}
    for keyword in node.keywords:
        try:
            value = ast.literal_eval(keyword.value)
            sent = msgspec.json.decode(msgspec.json.encode(value))
        except (ValueError, TypeError, SyntaxError, msgspec.MsgspecError, RecursionError, MemoryError):
            return None
        if sent != value:
            return None  # bytes, infinity, tuples: JSON cannot say what was written
        arguments[keyword.arg or ""] = sent
    return WrittenCall(name, arguments) if "" not in arguments else None


def _known(name: Any, tools: Collection[str]) -> str:
    """The tool that a written name means: exactly, or behind a prefix such as `functions.`."""
    if not isinstance(name, str):
        return ""
    if name in tools:
        return name
    last = re.split(r"[.:/]", name.strip())[-1]
    return last if last in tools else ""
