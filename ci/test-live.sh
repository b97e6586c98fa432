#!/usr/bin/env bash
# ci/test-live.sh BUILD: the mock's live page in a browser (ci/browser/test-live.py).
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
run 0 "$python" -B ci/browser/test-live.py "$build" "$work"
says "the live page:"
end_test "the live page: traffic, pipeline, faults, clock, scenarios, cases, a thousand a second, a token"
