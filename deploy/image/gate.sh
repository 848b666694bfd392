#!/bin/sh
# Starts the gate of docker-compose.site.yml: with the operator's certificate and token, or else with those of the first start.
set -eu
made=/run/stackmeter
tls=/tls
[ -e "$tls/gate.crt" ] || tls=$made
# gate accept makes this file.
[ ! -e "$made/gate.tokens" ] || set -- "$@" --token-file="$made/gate.tokens"
show='docker-compose --file docker-compose.site.yml exec prometheus_proxy cat'
if [ -z "${PORTAL_AUTH_TOKEN:-}" ]; then
  PORTAL_AUTH_TOKEN=$(cat "$made/portal.token")
  export PORTAL_AUTH_TOKEN
  echo "the first start made the portal's token; to show it: $show $made/portal.token"
fi
echo "the portal needs the certificate, unless a public authority signed it; to show it: $show $tls/gate.crt"
exec node dist/cli/main.js "$@" --tls-cert="$tls/gate.crt" --tls-key="$tls/gate.key"
