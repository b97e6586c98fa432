#!/usr/bin/env bash
# ci/soak/load.sh BUILD: a mock under load: what 5 000 idle connections take, crowds of bad
# clients with an honest one among them, and a million requests. Some minutes.
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: ci/soak/load.sh BUILD}
export PYTHONDONTWRITEBYTECODE=1
[ -n "${VARIANT:-}" ] || ci/bench/idle.py "$build" 5000 1.2
ci/soak/load.py "$build"
ci/soak/churn.py "$build"
