#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the lock file pins, unless that is already there, and runs the given command with
# the project's own Node. Whatever Node and npm have started it, they do no more than the installing.
set -eu
cd "$(dirname "$0")/.."
installed=node_modules/.aureole-installed

fail() {
  echo "aureole: $1" >&2
  exit 1
}

# The pinned Node is a binary: Linux on x64 or arm64, with glibc 2.28 or newer.
check_machine() {
  case "$(uname -s) $(uname -m)" in
    'Linux x86_64' | 'Linux aarch64') ;;
    *) fail "this is $(uname -s) on $(uname -m); Linux on x86_64 or aarch64 is needed" ;;
  esac
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || fail 'a Linux with glibc is needed (Debian 12 is fine, Alpine is not)'
  oldest=$(printf '%s\n' 2.28 "${libc#glibc }" | sort -V | head -n 1)
  [ "$oldest" = 2.28 ] || fail "$libc is too old; 2.28 or newer is needed (Debian 12 has 2.36)"
  command -v npm >/dev/null || fail 'npm is needed: apt install nodejs npm'
}

# The note is written last, so that an installation that was cut short is done again.
is_installed() {
  [ -x node_modules/.bin/node ] && [ "$(cat "$installed" 2>/dev/null)" = "$(cksum <package-lock.json)" ]
}

install() {
  echo 'Installing the pinned dependencies (once; needs the npm registry) ...' >&2
  NODE_OPTIONS='--require=./scripts/as-our-node.cjs' npm ci --include=dev --include=optional \
    --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    fail 'npm could not install (see above). If it does not reach a registry, set its registry or proxy (npm config) and repeat.'
  # Node comes as an optional package: npm does not mind when it is missing, and old ones do not link it.
  arch=x64
  [ "$(uname -m)" = x86_64 ] || arch=arm64
  ln -sf "../node-linux-$arch/bin/node" node_modules/.bin/node
  node_modules/.bin/node --version >/dev/null ||
    fail "npm did not install Node: is node-linux-$arch in your registry?"
  # Named in package.json, npx would install the whole project into a cache of its own first.
  ln -sf ../../bin/aureole node_modules/.bin/aureole
  cksum <package-lock.json >"$installed"
}

if ! is_installed; then
  check_machine
  # Of several at once the first installs and the others wait for it.
  exec 9<package-lock.json
  flock 9
  is_installed || install
  exec 9<&-
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec "$@"
