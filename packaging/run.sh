#!/bin/sh
# Sets Aether up where needed and opens the desktop.
set -eu
cd "$(dirname "$0")/.."
sh packaging/setup.sh
exec .venv/bin/aether "$@"
