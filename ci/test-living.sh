#!/usr/bin/env bash
# ci/test-living.sh BUILD: living with a server: what is known of it (baselines), what a new
# firmware changes (diff), what comes out one way and then another (--repeat), many machines
# (--shard, merge), many connections (--jobs), and reports as their schema has them.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work

# run CODE ARGS...: kmip-conform must exit with CODE; output in $work/out and err.
run() {
    local code=$1 rc=0
    shift
    ran="kmip-conform $*"
    (cd "$work" && timeout 300 "$conform" "$@") >"$work/out" 2>"$work/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}
holds() { grep -qF -- "$2" "$work/$1" || fail "$ran: '$2' is not in $1"; }
same() { "$tree/ci/same-report.py" "$@" >"$work/differs" || fail "$ran: $* differ: $(cat "$work/differs")"; }
clean() {
    ! ls "$work"/*.journal >/dev/null 2>&1 || fail "$ran: a journal is left"
    left=$("$client" locate 2>"$work/locate.err") || fail "locate: $(cat "$work/locate.err")"
    [ -z "$left" ] || fail "$ran: left on the server: $left"
}

"$mock" run --pki "$work/pki" -- true 2>/dev/null || { echo "kmip-mock makes no certificates" >&2; exit 1; }
# A mock keeps the virtual time that earlier runs let pass: of one case it is the matter.
suites=(--suites "$tree/conformance/suites" --other-certs "$work/pki/other" -q --skip time-stamp-near-ours)

# serve ARGS...: a mock in the background, the environment set for it, in virtual time.
serve() {
    rm -f "$work/ready"
    "$mock" --pki "$work/pki" --listen 127.0.0.1:0 --control 127.0.0.1:0 --ready-file "$work/ready" \
        --log error "$@" >/dev/null 2>"$work/mock.err" &
    server=$!
    pids+=("$server")
    until [ -s "$work/ready" ]; do
        kill -0 "$server" 2>/dev/null || { echo "the mock does not start: $(cat "$work/mock.err")"; exit 1; }
        sleep 0.02
    done
    read -r KMIP_PORT KMIP_CONTROL < <("$python" -c 'import json, sys
r = json.load(open(sys.argv[1])); c = r["control"]; print(r["port"], "%s:%d" % (c["host"], c["port"]))' "$work/ready")
    export KMIP_HOST=127.0.0.1 KMIP_PORT KMIP_CONTROL KMIP_CERTS=$work/pki/client
}
stop() {
    kill -TERM "$server" && wait "$server" 2>/dev/null
    unset KMIP_HOST KMIP_PORT KMIP_CERTS KMIP_CONTROL
}

# A server that breaks one rule of Get, and none.
few=(--case 'get-*' --case 'locate-by-name*' --case 'query-*' --case 'sklc-m-*')
wrong='faults=[{match: {operation: Get}, count: always, action: {remove: Response Header/Time Stamp}}]'

# --- what is known ----------------------------------------------------------------------------

baselines() {
    serve --set "$wrong"
    run 1 run "${suites[@]}" "${few[@]}" --json "$work/wrong.json" --write-baseline known.yaml
    says "known.yaml: "
    holds known.yaml "verdict: FAIL"
    run 2 run "${suites[@]}" "${few[@]}" --write-baseline known.yaml
    tells "--baseline known.yaml with --write-baseline known.yaml adds to it"
    printf '# Ticket 4711.\n' >>"$work/known.yaml"
    run 0 run "${suites[@]}" "${few[@]}" --baseline known.yaml --json "$work/known.json" --junit "$work/known.xml" --strict
    says "Known deviations ("
    says "Of these known: "
    says "nothing new: every failure is known"
    silent_on "Failures ("
    holds known.json '"known": {'
    holds known.xml ' failures="0"'
    holds known.xml 'message="known: FAIL: '
    # One that is not in it.
    sed '0,/^    - get-/{/^    - get-/d}' "$work/known.yaml" >"$work/less.yaml"
    run 1 run "${suites[@]}" "${few[@]}" --baseline less.yaml --junit "$work/less.xml"
    says "not conformant: 1 failed that are not known"
    says "Failures (1)"
    holds less.xml ' failures="1"'
    # Added to, with what a person wrote left as it is.
    cp "$work/less.yaml" "$work/before.yaml"
    run 1 run "${suites[@]}" "${few[@]}" --baseline less.yaml --write-baseline less.yaml
    says "less.yaml: 1 known deviation added"
    head -c "$(stat -c %s "$work/before.yaml")" "$work/less.yaml" | cmp -s - "$work/before.yaml" ||
        fail "$ran: what stood in less.yaml is changed"
    run 0 run "${suites[@]}" "${few[@]}" --baseline less.yaml
    # Over.
    sed 's/^  verdict: FAIL/  expires: 2020-02-29\n&/' "$work/known.yaml" >"$work/over.yaml"
    run 1 run "${suites[@]}" "${few[@]}" --baseline over.yaml --json "$work/over.json"
    says "was known until 2020-02-29, and counts again"
    # Mistakes have a place.
    printf -- '- verdict: FAIL\n  reson: x\n  cases: a\n' >"$work/slip.yaml"
    run 2 run "${suites[@]}" "${few[@]}" --baseline slip.yaml
    tells "slip.yaml:2:3: "
    tells "did you mean 'reason'"
    run 2 run "${suites[@]}" --baseline none.yaml
    tells "none.yaml"
    run 2 run "${suites[@]}" --json both --write-baseline both
    tells "go to the same place"
    clean
    stop
    # The server is mended.
    printf -- '- {verdict: FAIL, reason: x, cases: [no-such-case]}\n' >>"$work/known.yaml"
    serve
    run 0 run "${suites[@]}" "${few[@]}" --baseline known.yaml --json "$work/stale.json" --junit "$work/stale.xml"
    says "Entries of the baseline to look at"
    says "is PASS now: the entry can go"
    says "no case of this run is called no-such-case"
    holds stale.xml '<testsuite name="baseline" tests="1" failures="0" errors="0"'
    run 1 run "${suites[@]}" "${few[@]}" --baseline known.yaml --strict --junit "$work/strict.xml"
    says "better now (--strict)"
    holds strict.xml '<testsuite name="baseline" tests="1" failures="0" errors="1"'
    run 0 run "${suites[@]}" "${few[@]}" --json "$work/right.json"
    run 0 run "${suites[@]}" --case query-operations --baseline known.yaml
    silent_on "the entry can go" # of what was not run
    clean
    stop
}

# --- two firmwares ----------------------------------------------------------------------------

diffs() {
    run 1 diff right.json wrong.json --json "$work/diff.json"
    says "PASS -> "
    says "worse than before: "
    says "    again    $conform run"
    "$python" -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert d["diff_version"] == 1 and d["regressions"], d
new = [c for c in d["cases"] if c["kind"] == "new"]
assert len(new) == d["counts"]["new"] > 1, d["counts"]
assert all(c["old"]["verdict"] == "PASS" and c["new"]["verdict"] == "FAIL" for c in new), new' \
        "$work/diff.json" || fail "$ran: diff.json"
    run 0 diff wrong.json right.json
    says "Fixed ("
    says "not worse than before"
    run 0 diff wrong.json known.json # known or not is no matter of the server
    says " 0 new, 0 fixed, 0 changed, 0 vanished, 0 added, "
    run 1 diff -q right.json wrong.json
    run 2 diff right.json none.json
    tells "cannot open none.json"
    printf '{"a": 1,\n' >"$work/cut.json"
    run 2 diff right.json cut.json
    tells "cut.json:2:"
    run 2 diff right.json
    tells "diff takes two reports"
    # A server that cannot be reached any more.
    KMIP_CERTS=$work/pki/client run 3 run "${suites[@]}" "${few[@]}" --host 127.0.0.1 --port 1 --json "$work/shut.json"
    run 1 diff right.json shut.json
    says "The new run did not get to its end"
    run 2 diff shut.json right.json
    tells "shut.json tested nothing"
}

# --- now and then -----------------------------------------------------------------------------

repeats() {
    serve --set 'faults=[{match: {operation: Get, nth: 2}, count: 1, action: {remove: Response Header/Time Stamp}}]'
    run 1 run "${suites[@]}" --case get-object --case query-operations --case get-default-format --case 'get-symm*' \
        --case get-unknown-object --repeat 3 --json "$work/repeat.json" --junit "$work/repeat.xml" --verbose
    says "FAIL in 1 of 3, PASS in 2"
    holds repeat.xml "(FAIL in 1 of 3, PASS in 2)"
    holds repeat.xml "<system-out>PASS in 3 of 3</system-out>"
    holds repeat.json '"rounds": 3'
    # Known only if each round is.
    printf -- '- {verdict: FAIL, reason: Time Stamp, cases: [%s]}\n' \
        "$(sed -n 's/.*FAIL  *\([a-z0-9-]*\)  FAIL in.*/\1/p' "$work/out" | paste -sd,)" >"$work/flaky.yaml"
    clean
    stop
    serve --set 'faults=[{match: {operation: Get, nth: 2}, count: 1, action: {remove: Response Header/Time Stamp}}]'
    run 0 run "${suites[@]}" --case get-object --case query-operations --case get-default-format --case 'get-symm*' \
        --case get-unknown-object --repeat 3 --baseline flaky.yaml
    says "Known deviations (1)"
    stop
}

# --- many machines ----------------------------------------------------------------------------

shards() {
    local i of=3
    serve --set "$wrong"
    run 1 run "${suites[@]}" --json "$work/whole.json" --junit "$work/whole.xml" --baseline less.yaml
    for i in $(seq $of); do
        run 1 run "${suites[@]}" --shard "$i/$of" --json "$work/shard$i.json" --baseline less.yaml
    done
    run 1 merge shard2.json shard3.json shard1.json --json "$work/merged.json" --junit "$work/merged.xml"
    says "Of these known: "
    silent_on "another certificate"
    same "$work/whole.json" "$work/merged.json"
    same "$work/whole.xml" "$work/merged.xml"
    run 0 diff whole.json merged.json
    clean
    # As a job may go wrong.
    run 2 merge shard1.json shard3.json
    tells "shard 2 of 3 is missing"
    run 2 merge shard1.json shard3.json shard2.json shard3.json
    tells "are both shard 3 of 3"
    run 2 merge whole.json shard1.json
    tells "whole.json is the report of a whole run"
    run 0 run "${suites[@]}" "${few[@]}" --shard 2/3 --json "$work/few.json" --baseline less.yaml
    run 2 merge shard1.json few.json shard3.json
    tells "different choices of cases"
    sed 's/"vendor": "kmip-mock"/"vendor": "other"/' "$work/shard2.json" >"$work/other.json"
    run 2 merge shard1.json other.json shard3.json
    tells "different servers, by vendor identification: kmip-mock and other"
    # A certificate is for people to judge.
    sed 's/"sha256": "[0-9a-f]*"/"sha256": "00ff"/' "$work/shard3.json" >"$work/renewed.json"
    run 1 merge shard1.json shard2.json renewed.json --json "$work/merged2.json"
    tells 'warning: the server of renewed.json had another certificate (SHA-256 00ff) than that of shard1.json ('
    silent_on 'Certificate  '
    ! grep -q '"certificate"' "$work/merged2.json" || fail "$ran: the whole report names a certificate"
    sed 's/"report_version": 1/"report_version": 2/' "$work/shard2.json" >"$work/later.json"
    run 2 merge shard1.json later.json shard3.json
    tells "later.json is a report of version 2"
    run 2 run "${suites[@]}" --shard 4/3
    tells "--shard takes i/n"
    # More shards than cases: an empty one is no failure.
    for i in $(seq 4); do
        run 0 run "${suites[@]}" --case query-operations --case query-objects --shard "$i/4" --json "$work/small$i.json"
    done
    run 0 merge small1.json small2.json small3.json small4.json --json - -q
    clean
    stop
}

# --- many connections -------------------------------------------------------------------------

jobs_apart() {
    local began one many pid
    serve
    run 0 run "${suites[@]}" --json "$work/one.json"
    for i in 1 2; do
        run 0 run "${suites[@]}" --jobs 8 --json "$work/jobs.json" --junit "$work/jobs.xml"
        same --verdicts "$work/one.json" "$work/jobs.json"
        clean
    done
    # In real time: cases that wait do so at the same time.
    unset KMIP_CONTROL
    waits=(--case 'state-*-reached' --case 'attr-last-change-date-*')
    began=$(date +%s%N)
    run 0 run "${suites[@]}" "${waits[@]}" --json "$work/one.json"
    one=$(($(date +%s%N) - began)) began=$(date +%s%N)
    run 0 run "${suites[@]}" "${waits[@]}" --jobs 8 --json "$work/jobs.json"
    many=$(($(date +%s%N) - began))
    same --verdicts "$work/one.json" "$work/jobs.json"
    [ $((many * 2)) -lt "$one" ] || fail "$ran: $((many / 1000000)) ms, and $((one / 1000000)) ms without --jobs"
    clean
    # Ended in the middle of it: all that was made goes, by all.
    (cd "$work" && exec "$conform" run "${suites[@]}" --jobs 4) >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    pids+=("$pid")
    sleep 1
    kill -INT "$pid"
    wait "$pid"
    [ $? -eq 4 ] || fail "kmip-conform run --jobs 4, Ctrl-C: another exit code than 4"
    ran="kmip-conform run --jobs 4, Ctrl-C"
    says "Interrupted: "
    clean
    # What cannot be removed is told once, whoever made it.
    stop
    serve --set 'faults=[{match: {operation: Destroy}, count: always, action: {result: Permission Denied}}]'
    run 4 run "${suites[@]}" --case 'query-*' --case 'locate-by-name*' --case 'attr-digest-of*' --jobs 4 --json "$work/left.json" --journal left.j
    says "Could not be removed from the server"
    "$python" -c 'import json, sys
left = [x["unique_identifier"] for x in json.load(open(sys.argv[1]))["left_behind"]]
assert left and len(left) == len(set(left)), left' "$work/left.json" || fail "$ran: left.json"
    stop
}

# --- reports ----------------------------------------------------------------------------------

# report NAME MOCK-OPTIONS... -- RUN-OPTIONS...: NAME.json, whatever comes out.
report() {
    local name=$1 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    (cd "$work" && timeout 300 "$mock" run --log error ${options[@]+"${options[@]}"} -- \
        "$conform" run "${suites[@]}" "$@" --journal "$name.j" --json "$name.json") \
        >"$work/$name.out" 2>&1 </dev/null
    [ -s "$work/$name.json" ] || fail "run $*: no report: $(tail -n 3 "$work/$name.out")"
}

schema() {
    local down='faults=[{match: {operation: Get, nth: 2, of: server}, action: close, then: {scenario: s, is: down}},
        {match: {state: {scenario: s, is: down}}, count: always, action: refuse}]'
    cat >"$work/many.yaml" <<'EOF'
id: many
title: More mismatches than a report keeps
clause: KMIP 1.2 spec, 4.12
level: MUST
objects: {key: {}}
steps:
  - note: none of them is there
    operation: Get Attributes
    payload: {Unique Identifier: $key}
    expect:
      payload:
        Attributes:
          State: Active
EOF
    for i in $(seq 30); do echo "          x-$i: one"; done >>"$work/many.yaml"
    printf -- '- {cause: c, clause: KMIP 1.2 spec, note: n, expires: 2999-12-31, verdict: FAIL, reason: Pre-Active, cases: [many]}\n- {expires: 2020-02-29, verdict: FAIL, reason: x, cases: [no-such-case]}\n' \
        >"$work/many-known.yaml"
    report many -- many.yaml --baseline many-known.yaml --show-secrets &
    report stopped --set "$down" -- --case 'get-*' --timeout 1 &
    report lost --set 'faults=[{match: {operation: Create}, action: close, count: always},
        {match: {operation: Locate}, action: {result: General Failure}, count: always}]' -- --case locate-by-name &
    report driver --set "$wrong" -- --profile driver &
    report odd --scenario fragmented-replies --scenario out-of-order --set clock.freeze=true -- \
        --profile driver --bucket-attribute x-b --pipeline-depth 4 --case driver-first-request \
        --case driver-handshake --case 'driver-clock-*' --case driver-pipeline-4 --case driver-as-configured &
    report idle --set 'faults=[{action: {idle_close: 1s}, count: always}]' -- --profile driver \
        --case driver-idle --idle 2s &
    report greeting --set "vendor=$(printf 'x%.0s' {1..9000})" -- --profile driver --case driver-handshake &
    report vain --set 'faults=[{match: {operation: Create}, action: {result: General Failure}, count: always}]' -- \
        --profile driver --case driver-as-advised --case driver-as-configured --compound-create &
    report revoked --set 'faults=[{action: {session_revoked: {after: 1s, message: again}}, count: always}]' -- \
        --profile driver --case driver-idle --idle 2s &
    report lying --scenario lying-query -- --profile driver --case driver-query-operations &
    wait
    ran="ci/check-report.py --all"
    "$tree/ci/check-report.py" --all "$work"/{wrong,known,over,stale,right,repeat,shut,whole,shard1,merged,merged2,left}.json \
        "$work"/{many,stopped,lost,driver,odd,idle,greeting,vain,revoked,lying}.json >"$work/out" 2>"$work/err" ||
        fail "reports are not as the schema has them"
}

baselines
diffs
repeats
shards
jobs_apart
schema

end_test "test-living: all well"
