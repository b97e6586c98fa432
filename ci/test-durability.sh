#!/usr/bin/env bash
# ci/test-durability.sh BUILD: nothing that was acknowledged is lost when the mock is killed, and
# nothing is half there. `make soak` does it 200 times.
set -u
cd "$(dirname "$0")/.." || exit 2
exec /usr/bin/python3 -B ci/harness/durability.py "${1:?usage: ci/test-durability.sh BUILD}" --rounds 20 --seed 1
