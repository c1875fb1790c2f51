#!/bin/sh
# Installs what the lock file pins, once, and runs the given command with the project's own Node.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.aureole-installed ]; then
  echo "Installing the pinned dependencies (once; needs the npm registry) ..." >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  ln -sf ../../bin/aureole node_modules/.bin/aureole
  touch node_modules/.aureole-installed
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec "$@"
