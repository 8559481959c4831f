"""Language model providers: thin dialects over one HTTP client, and the brains that need no network.

Map: `base` is the contract that the agent loop is written against. `http` is the only module that knows the HTTP
library. One file per wire dialect: `ollama`, `openai`, `gemini`, `anthropic`. `heuristic` is the built-in rule-based
brain, `scripted` plays prepared turns. `retrying`, `text_tool_calls` and `recording` wrap behaviour around any of
them. `pull` fetches a model through Ollama. `registry` discovers what is there and resolves a model name.

Importing this package costs nothing: everything is imported from its own module.
"""
