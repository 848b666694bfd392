#!/bin/sh
# Installs another version of Node.js into a folder of its own, from npm's package `node`, for tests on the oldest and the
# newest version that stackmeter supports. It changes nothing outside of this folder, and prints the folder of the program.
set -eu

version=$1
folder=${XDG_CACHE_HOME:-$HOME/.cache}/stackmeter/node-$version
programs=$folder/node_modules/node/bin
if [ "$("$programs/node" --version 2>/dev/null)" != "v$version" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{ "private": true }' >"$folder/package.json"
  # The package's install script downloads nothing: it links the program for this platform.
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "node@$version" >&2
  [ "$("$programs/node" --version)" = "v$version" ]
fi
echo "$programs"
