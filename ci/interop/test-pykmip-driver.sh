#!/usr/bin/env bash
# The driver suite against a server that we did not write: PyKMIP's takes no Activation
# Date in Create and no custom attributes; advice must find settings that work there.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/kmip-mock" run --pki "$work/pki" -- true # for the certificates
cat >"$work/test.sh" <<'EOT'
set -eu
conform=$1
cd "$2"
at="--host $KMIP_HOST --port $KMIP_PORT --certs $KMIP_CERTS"
"$conform" advise $at >block || { cat block; exit 1; }
cat block
grep -q '^  compoundCreate: false ' block
grep -q '^  bucketAttributeName: "" ' block
flow="run --profile driver --case driver-as-configured --certs $KMIP_CERTS"
"$conform" $flow --values block
rc=0
"$conform" $flow --values block --compound-create >out || rc=$?
[ "$rc" -eq 1 ] || { cat out; echo "compound create: exit $rc instead of 1"; exit 1; }
EOT
ci/interop/pykmip-server.py "$work/pki" -- sh "$work/test.sh" "$build/kmip-conform" "$work"
