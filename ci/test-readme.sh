#!/usr/bin/env bash
# ci/test-readme.sh BUILD: what README.md tells people to type works as it stands there.
set -eu
cd "$(dirname "$0")/.."
exec /usr/bin/python3 ci/readme.py "$1"
