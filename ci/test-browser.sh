#!/usr/bin/env bash
# ci/test-browser.sh BUILD: the driver of tests in a browser (ci/browser/browser.py).
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
run 0 "$python" -B ci/browser/test-browser.py
says "the browser driver:"
end_test "the browser driver: pages, keys, media, complaints, requests"
