#!/bin/sh
# Another version of Node.js beside the machine's, from npm's package `node`: for tests on the oldest and the newest that stackmeter
# runs on. Nothing outside of the folder changes. Prints the folder of the program.
set -eu

version=$1
folder=${XDG_CACHE_HOME:-$HOME/.cache}/stackmeter/node-$version
programs=$folder/node_modules/node/bin
if [ "$("$programs/node" --version 2>/dev/null)" != "v$version" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{ "private": true }' >"$folder/package.json"
  # Its install script fetches nothing: it links the program of the package for this platform.
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "node@$version" >&2
  [ "$("$programs/node" --version)" = "v$version" ]
fi
echo "$programs"
