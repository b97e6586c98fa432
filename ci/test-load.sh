#!/usr/bin/env bash
# ci/test-load.sh BUILD: the short form of ci/soak/load.sh: crowds of bad clients with an honest
# one among them, who is served, while the mock's memory stays within bounds; requests
# without end that leave nothing behind; and what an idle connection takes.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: ci/test-load.sh BUILD}
export PYTHONDONTWRITEBYTECODE=1
bad=0
if [ -n "${VARIANT:-}" ]; then
    # Sanitizers keep what was freed: only that all are served counts.
    ci/soak/load.py "$build" --short --any-memory idle slow-readers slow-writers shaking || bad=1
    ci/soak/churn.py "$build" 500 100 || bad=1
else
    ci/soak/load.py "$build" --short || bad=1
    ci/soak/churn.py "$build" 10000 || bad=1
    ci/bench/idle.py "$build" 400 1.3 || bad=1
fi
exit "$bad"
