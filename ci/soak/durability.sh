#!/usr/bin/env bash
# ci/soak/durability.sh BUILD: 200 kills under load, with moments drawn anew (SEED=N repeats them).
set -u
cd "$(dirname "$0")/../.." || exit 2
exec /usr/bin/python3 -B ci/harness/durability.py "${1:?usage: ci/soak/durability.sh BUILD}" --rounds 200 \
    --seed "${SEED:-$RANDOM}"
