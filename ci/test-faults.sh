#!/usr/bin/env bash
# The faults of kmip-mock as kmip-client sees them: each fault alone, and none at all.
#
#   ci/test-faults.sh BUILD [--only TEXT]
#
# BUILD is where the programs are. ci/faults/ holds what is done; see test.py there.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-faults.sh BUILD [--only TEXT]" >&2; exit 2; }
exec "${PYTHON:-/usr/bin/python3}" -B ci/faults/test.py "$@"
