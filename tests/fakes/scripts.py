"""Scripts for the scripted provider, written where a kernel can load them as `scripted:<file>`."""

import json
from pathlib import Path
from typing import Any


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """A tool call of a turn."""
    return {"name": tool, "arguments": arguments}


def turn(text: str = "", *calls: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A turn: what the model says and which tools it calls."""
    return {"text": text, "tool_calls": list(calls), **fields}


def write_script(folder: Path, *turns: dict[str, Any], name: str = "script", **fields: Any) -> str:
    """Write the script; returns the model id that plays it."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"turns": list(turns), **fields}))
    return f"scripted:{path}"
