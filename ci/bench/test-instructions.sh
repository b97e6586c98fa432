#!/usr/bin/env bash
# ci/bench/test-instructions.sh BUILD: no decode, check, encode or request takes more
# instructions than ci/bench/instructions.tsv allows it.
exec "$(dirname "$0")/instructions" --check "${1:?usage: ci/bench/test-instructions.sh BUILD}"
