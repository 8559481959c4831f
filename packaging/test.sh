#!/bin/sh
# Sets Aether up where needed and runs the whole test suite headless. Arguments go to pytest.
# Checks first (ruff, mypy, import rules), then unit and contract tests offscreen, then everything that needs a real screen under
# its own Xvfb. What it starts, it stops.
set -eu
cd "$(dirname "$0")/.."
sh packaging/setup.sh --test
export QT_QPA_PLATFORM=offscreen PYTHONDONTWRITEBYTECODE=1
unset AETHER_FS_ROOT AETHER_MODEL GEMINI_API_KEY OPENAI_API_KEY ANTHROPIC_API_KEY OLLAMA_HOST DISPLAY WAYLAND_DISPLAY || true
if [ "$#" -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi
.venv/bin/ruff check .
.venv/bin/mypy
.venv/bin/lint-imports
exec .venv/bin/python -m pytest -q -p no:cacheprovider tests
