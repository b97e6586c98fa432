#!/usr/bin/env bash
# ci/test-selftest.sh BUILD: a sample of `kmip-conform selftest` (all of it is `make
# mutation`), and selftest itself: with catalogues made here, what breaks nothing survives,
# what shows elsewhere is told as that, a correct server that fails is shown, and runs that
# crash or hang are no kills.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-selftest.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
conform=$build/kmip-conform python=/usr/bin/python3
for program in "$conform" "$build/kmip-mock"; do
    [ -x "$program" ] || { echo "ci/test-selftest.sh: $program is not built: run make" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/test-selftest.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/made"
export TMPDIR=$work/tmp
suites=$PWD/conformance/suites # for a BUILD that is elsewhere
small=symmetric-key-lifecycle-server # a profile of a few cases
failed=0

# run CODE ARGS...: kmip-conform selftest ARGS; out, err and matrix.json are in $work.
run() {
    local code=$1 rc=0
    shift
    ran="selftest $*"
    "$conform" selftest --suites "$suites" "$@" >"$work/out" 2>"$work/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "exit $rc instead of $code"
    [ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
}
fail() {
    echo "FAILED: $ran: $*"
    sed 's/^/    stdout: /' "$work/out" | tail -n 40
    sed 's/^/    stderr: /' "$work/err" | tail -n 15
    failed=1
}
says() { grep -qE -- "$1" "$work/out" || fail "'$1' is not printed"; }
tells() { grep -qE -- "$1" "$work/err" || fail "'$1' is not told"; }
# json EXPRESSION: holds for the report, m.
json() {
    "$python" -c 'import json, sys
m = json.load(open(sys.argv[1]))
by_name = {e["name"]: e for e in m["deviations"] + m["variations"]}
sys.exit(not eval(sys.argv[2]))' "$work/matrix.json" "$1" || fail "the report: not $1"
}

# ---- a sample of the catalogues ----------------------------------------------------

# One or two from each part.
sample=(
    time-stamp-missing time-stamp-an-hour-ahead batch-count-one-too-many batch-id-another
    result-status-always-success payload-unknown-field text-not-utf-8 get-object-type-another
    version-1.0-refused query-hides-create stop-as-continue undo-leaves-traces
    maximum-response-size-ignored placeholder-outlives-request state-writable indices-shift
    digest-of-something-else last-change-date-stays-at-modify locate-ignores-name
    get-after-destroy activate-refused activation-date-reached-ignored encrypt-mask-ignored
    usage-limits-not-counted pkcs5-not-removed iv-ignored
)
names=()
for name in "${sample[@]}"; do
    names+=(--deviation "$name")
done
export KMIP_CATALOGUES=$PWD/fixtures
run 0 -q "${names[@]}" --json "$work/matrix.json"
says "^Deviations +${#sample[@]}: ${#sample[@]} killed \([0-9]+ by a case about it, [0-9]+ by a rule"
says '^Honest mock +1: 1 clean$'
json 'm["report"] == "selftest" and m["version"] == 1 and m["cases"] > 500'
json 'm["summary"]["deviations"]["killed"] == len(m["deviations"]) and not m["variations"]'
json 'all(any(c["kills"] and c["tie"] in ("case", "rule", "gate") and c["by"] for c in e["cases"])
         for e in m["deviations"])'

# ---- selftest itself ---------------------------------------------------------------

export KMIP_CATALOGUES=$work/made
cat >"$work/made/deviations.yaml" <<'YAML'
- name: breaks-nothing
  what: The vendor has another name
  clause: KMIP 1.2 spec, 4.25
  level: MUST
  operation: Query
  rows: [BL-P-12]
  config: {vendor: somebody else}
- name: shows-elsewhere
  what: Said to be about Locate, but the replies of Query lack their Time Stamp
  clause: KMIP 1.2 spec, 4.9
  level: MUST
  operation: Query
  rows: []
  config: {faults: [{match: {operation: Query}, action: {remove: Response Header/Time Stamp}, count: always}]}
- name: shows-as-a-warning
  what: A Time Stamp that is off is no more than a warning
  clause: KMIP 1.2 spec, 6.5
  level: MUST
  operation: any
  rows: [BL-M-5]
  config: {clock: {offset: 1h, applies_to: time_stamp}}
- name: is-killed
  what: Get returns other bytes
  clause: KMIP 1.2 spec, 6.5
  level: MUST
  operation: any
  rows: [BL-M-5]
  config: {faults: [{action: {remove: Response Header/Time Stamp}, count: always}]}
- name: does-not-start
  what: There is no such key of the configuration
  clause: KMIP 1.2 spec, 4.25
  level: MUST
  operation: any
  rows: []
  config: {faults: 7}
YAML
cat >"$work/made/variations.yaml" <<'YAML'
- name: another-vendor
  what: The vendor has another name
  clause: KMIP 1.2 spec, 4.25
  why: It is free
  operation: Query
  rows: []
  config: {vendor: somebody else}
- name: not-correct-at-all
  what: Replies lack their Time Stamp
  clause: KMIP 1.2 spec, 6.5
  why: It is not
  operation: any
  rows: []
  config: {faults: [{action: {remove: Response Header/Time Stamp}, count: always}]}
YAML
run 1 --json "$work/matrix.json"
says 'SURVIVED +breaks-nothing +nothing noticed it'
says 'SURVIVED +shows-elsewhere +noticed elsewhere only'
says 'SURVIVED +shows-as-a-warning +no more than a warning'
says 'killed +is-killed +case: [a-z]'
says 'BROKEN +does-not-start +the mock did not start: '
says 'accepted +another-vendor'
says 'BLAMED +not-correct-at-all +a correct server failed'
says '^Deviations +5: 1 killed \(1 by a case about it\), 1 noticed by nothing, 2 noticed elsewhere only, 1 not brought to the end$'
says '^Variations +2: 1 accepted, 1 blamed$'
json 'sum(by_name["breaks-nothing"]["verdicts"].values()) == m["cases"]'
json 'sum(by_name["is-killed"]["verdicts"].values()) < m["cases"]'
json 'by_name["breaks-nothing"]["result"] == "survived"'
json 'by_name["shows-elsewhere"]["result"] == "elsewhere"'
json 'not any(c["kills"] for c in by_name["shows-elsewhere"]["cases"])'
json 'by_name["not-correct-at-all"]["result"] == "blamed"'

# What nobody asked for does not run.
run 0 --deviation 'is-*' --profile $small
says '^Deviations +1: 1 killed \(1 by a rule for every reply\)$'
says 'killed +is-killed +rule: [a-z].* \[KMIP 1.2 spec, 6.5\]'
grep -q '^Variations' "$work/out" && fail "variations were run"
run 0 --variation 'another*' --profile $small
grep -q '^Deviations' "$work/out" && fail "deviations were run"
run 0 --deviation is-killed --full --profile $small --json "$work/matrix.json"
json 'sum(by_name["is-killed"]["verdicts"].values()) == m["cases"]'
run 5 --deviation does-not-start --profile $small
run 5 --deviation is-killed --timeout 200ms
tells 'the run was not at its end after'
run 2 --deviation no-such-thing
tells 'no deviation matches'
run 2 operand
tells "no operand such as 'operand'"
sed -i 's/BL-P-12/BL-P-1200/' "$work/made/deviations.yaml"
run 2
tells 'breaks-nothing: there is no row BL-P-1200'
sed -i 's/BL-P-1200/BL-P-12/' "$work/made/deviations.yaml"

# A tester that ends in the middle of a run is no kill either: it is killed here when the
# mock is up.
cat >"$work/mock" <<SH
#!/bin/sh
case "\$*" in *is-killed*) kill -KILL \$PPID ;; esac
exec "$build/kmip-mock" "\$@"
SH
chmod +x "$work/mock"
export KMIP_MOCK=$work/mock
run 5 --deviation is-killed --profile $small
says 'BROKEN +is-killed +the run crashed: Killed'
cat >"$work/mock" <<SH
#!/bin/sh
case "\$*" in *breaks-nothing*) (sleep 1; kill -ABRT \$\$) & ;; esac
exec "$build/kmip-mock" "\$@"
SH
run 5 --deviation breaks-nothing
says 'BROKEN +breaks-nothing +the mock ended by itself: Aborted'

[ "$failed" -eq 0 ] && echo "selftest: as expected"
exit "$failed"
