#!/usr/bin/env bash
# PyKMIP's own client against our mock: a key's whole life over KMIP 1.2.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
pki=$(mktemp -d)
trap 'rm -rf "$pki"' EXIT
"$build/kmip-mock" run --pki "$pki" -- ci/interop/pykmip-client.py
