#!/usr/bin/env bash
# ci/test-page.sh BUILD: reports as pages (--html, compare), in a browser.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work

# tested CODE DEVIATIONS ARGS...: a run against a mock with these deviations.
tested() {
    local code=$1 deviations=$2
    shift 2
    run "$code" "$mock" run --control 127.0.0.1:0 --log error --set "deviations=[$deviations]" -- \
        "$conform" run --suites "$suites" -q --journal "$work/journal" "$@"
}

# --- the whole of a run ------------------------------------------------------------------------

tested 1 locate-ignores-name,boolean-2,get-another-key --json "$work/run.json" --html "$work/run.html"
size=$(stat -c %s "$work/run.html")
[ "$size" -lt 10000000 ] || fail "the page of all suites has $size bytes"
run 0 "$conform" report "$work/run.json" --html "$work/again.html"
cmp -s "$work/run.html" "$work/again.html" || fail "$ran: another page than the run's own"
# The key that a case registers is nowhere in it, in no form.
key=$(sed -n 's/.*Key Material: *\$\{0,1\}\([0-9a-f]\{32,\}\).*/\1/p; s/.*\bk[0-9]*: *\([0-9a-f]\{32,\}\).*/\1/p' \
    conformance/suites/baseline-server/get-registered-raw.yaml | head -n 1)
[ -n "$key" ] || fail "get-registered-raw names no key"
grep -q 'case-get-registered-raw' "$work/run.html" || fail "the page has no get-registered-raw"
! tr -d ' \n' <"$work/run.html" | grep -qi "$key" || fail "the page tells a key"

# --- with a baseline ---------------------------------------------------------------------------

few=(--case 'get-*' --case 'locate-*')
tested 1 locate-ignores-name "${few[@]}" --write-baseline "$work/known.yaml"
tested 1 locate-ignores-name,boolean-2,get-another-key "${few[@]}" --baseline "$work/known.yaml" \
    --html "$work/baseline.html"

# --- side by side ------------------------------------------------------------------------------

tested 0 '' "${few[@]}" --json "$work/good.json"
mkdir "$work/other"
tested 1 locate-ignores-name "${few[@]}" --json "$work/other/good.json"
run 0 "$conform" compare "$work/good.json" "$work/run.json" "$work/other/good.json" \
    --html "$work/compared.html"
matches '^[1-9][0-9]* cases differ, [1-9][0-9]* are the same$'
says "locate-by-name: "
says "$work/other/good.json" # of files that are named alike, the whole path
run 2 "$conform" compare "$work/good.json"
tells "compare takes 2 to 16 reports"
run 2 "$conform" compare "$work/good.json" "$work/absent.json"
tells "absent.json"

# --- the pipeline picture ----------------------------------------------------------------------

run 0 "$conform" repro out-of-order --html "$work/repro.html"
says "The bug is reproduced, and the remedies hold."
run 0 "$conform" repro clock-behind --html "$work/clocks.html"
tested 0 '' --profile driver --case 'driver-*' --html "$work/driver.html"
grep -q 'id="driver"' "$work/driver.html" || fail "the page does not tell of the storage driver"

# --- nobody there ------------------------------------------------------------------------------

run 0 "$mock" run --pki "$work/pki" -- true
run 3 "$conform" run --host 127.0.0.1 --port 1 --certs "$work/pki/client" --suites "$suites" \
    --html "$work/shut.html"

# --- what cannot be ----------------------------------------------------------------------------

tested 2 '' --html "$work/none/page.html"
tells "cannot write a report to"

run 0 "$python" -B ci/browser/test-report.py "$work/run.html" "$work/baseline.html" \
    "$work/compared.html" "$work/shut.html" "$work/repro.html" "$work/clocks.html" \
    "$work/driver.html"
says "the pages of reports:"
end_test "the pages of reports: filters, links, cases, bytes, themes, paper, pictures, no request"
