#!/usr/bin/env bash
# ci/soak/secrets.sh BUILD: secrets in what is put out, looked for in a run of all suites.
set -u
cd "$(dirname "$0")/../.." || exit 2
exec /usr/bin/python3 -B ci/harness/secrets.py "${1:?usage: ci/soak/secrets.sh BUILD}"
