#!/bin/sh
# Installs other people's clients (once) and runs them against the sandbox: tests/foreign/run.sh [pytest options]
# Needs Node.js 20 or newer. Nothing of it is part of `make test`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ ! -e "$here/.venv/.made" ] || [ "$here/requirements.txt" -nt "$here/.venv/.made" ]; then
  echo "Installing Microsoft's Graph client into tests/foreign/.venv (once)…"
  "${PYTHON:-python3}" -m venv "$here/.venv"
  "$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$here/.venv/.made"
fi
if [ ! -e "$here/node_modules/.made" ] || [ "$here/package.json" -nt "$here/node_modules/.made" ]; then
  echo "Installing CLI for Microsoft 365 into tests/foreign/node_modules (once)…"
  (cd "$here" && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts)
  touch "$here/node_modules/.made"
fi
cd "$root"
exec .venv/bin/python -m pytest tests/foreign "$@"
