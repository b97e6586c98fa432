#!/usr/bin/env bash
# `kmip-conform repro` of every scenario: the bug shows as the scenario promises, and the
# remedy holds; then what it prints, its trace, and what it says when a bug does not show.
# BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"

# repro CODE ARGS...: kmip-conform repro ARGS.
repro() { run "$1" "$conform" repro "${@:2}"; }
trace() { json trace.json "$@"; }

# --- every scenario -----------------------------------------------------------------

# What is to be seen beyond the verdict.
shows_out_of_order() { says 'the id of outstanding request'; says 'came as'; says 'by id, depth 8'; says '◀┼'; }
shows_clock_behind() {
    matches '(89.9..|90.0..) s behind ours'; says "our clock      the server's"; says 'Time Stamp'; says 'Activation Date'
    matches '(89|90) s after Create'
}
shows_clock_ahead() {
    matches '(89.9..|90.0..) s ahead of ours'
    matches '(89|90|91) s into our future'; says 'as planned'
    matches '^5  as the driver +compound create, Activation Date now +works'
}
shows_two_clocks() { says 'our clock      that of its keys'; says 'dates of keys are 90 s behind'; }
shows_compound_create_rejected() { says 'no key: the server refused Create'; }
shows_clock_frozen() { says 'stands still'; }
shows_dies_mid_reply() { says '1 key is left that nobody refers to'; says 'the key had been made'; }
shows_idle_close_30s() { says '31s pass (virtual time)'; says 'over 2 connections'; }
shows_session_revoked() { says 'tries again on the same connection'; says '25h pass'; }
shows_not_kmip() { says 'HTTP'; }

# What is made to go wrong has its label wherever a failure came of it, and nothing has one
# where the server was put right. Of a clock, a limit or a version there is no firing.
labelled() {
    case $name in
    clock-*|two-clocks|connection-limit|older-versions-only) return ;;
    esac
    "$python" - trace.json "$name" <<'P' >faults.txt 2>&1 || fail "time line: $(cat faults.txt)"
import json, sys
trace, name = json.load(open(sys.argv[1])), sys.argv[2]
for i, a in enumerate(trace["attempts"], 1):
    struck = [e for e in a["events"] if "faults" in e]
    bad = [e for e in struck if not e["faults"] or not e["did"]]
    assert not bad, f"attempt {i}: {bad}"
    assert struck or a["expected"] == "works", f"attempt {i} breaks without a label"
    assert not struck or a["who"] != "server repaired", f"attempt {i}: {struck}"
    times = [e["ms"] for e in a["events"]]
    assert times == sorted(times), f"attempt {i}: not in order"
    own = [e for e in a["events"] if e["kind"] == "fault"]
    assert all("faults" in e for e in own), f"attempt {i}: {own}"
P
    says 'fault '
}

scenario() {
    repro 0 "$name" --trace trace.json
    says 'In the field'; says 'What helps'; says 'Driver setting'
    says "kmip-mock --scenario $name --seed 7"
    says 'The bug is reproduced, and the remedies hold.'
    trace repro "$name"
    trace reproduced true
    trace remedies_hold true
    labelled
    local function=shows_${name//-/_}
    ! declare -F "$function" >/dev/null || "$function"
}

# --- the command --------------------------------------------------------------------

listed() {
    local file
    repro 0
    for file in "$KMIP_SCENARIOS"/*.yaml; do
        matches "^$(basename "$file" .yaml) +$(sed -n '1s/^# \(.*\)\.$/\1/p' "$file")$"
    done
    repro 0 --help; says '--trace'; says '--seed'; says '--set'; says '--wait'
    repro 2 out-of-oder; tells 'did you mean out-of-order?'
    repro 2 a b; tells 'one name'
    KMIP_MOCK=/nowhere/mock repro 2 clock-ahead; tells /nowhere/mock
    KMIP_SCENARIOS=/nowhere repro 2 clock-ahead; tells /nowhere
    repro 2 clock-ahead --trace /nowhere/trace.json; tells /nowhere/trace.json
    repro 3 out-of-order --set nonsense=1; tells "unknown key 'nonsense'"
}

traced() {
    repro 0 out-of-order --trace trace.json --set replies.reorder.window=3
    trace settings '["replies.reorder.window=3"]'
    trace attempts.0.who 'as the driver'
    trace attempts.0.outcome breaks
    trace attempts.0.as_expected true
    trace attempts.0.match position
    trace attempts.0.depth 8
    trace attempts.1.who remedied
    trace attempts.1.outcome works
    trace attempts.1.match id
    trace attempts.1.events.0.kind sent
    trace attempts.1.events.0.connection 1
    trace attempts.1.events.0.operation Encrypt
    trace attempts.1.events.0.request 1
    trace attempts.2.depth 1
    trace attempts.2.outcome works
}

# The real time until a key is usable, seen in place of reckoned.
waited() { repro 0 clock-behind --set clock.offset=-3s; says 's after Create: by the server'; }

# A server that is well behaved after all, and one whose trouble is another.
not_shown() {
    repro 1 out-of-order --set replies.reorder.window=1
    says 'not as expected'
    says 'The bug is not reproduced: attempt 1 did not come out as expected.'
    says 'The remedies hold.'
    repro 1 compound-create-rejected --set compound_create=accept
    says 'attempt 1, 3 did not come out as expected'
    repro 1 no-batch-id --set 'faults=[{action: {not_ttlv: http}, count: always}]' --trace trace.json
    says 'in another way than expected'
    trace reproduced false
    trace remedies_hold true
    repro 1 no-custom-attributes \
        --set 'faults=[{match: {operation: Activate}, action: {result: Item Not Found}, count: always}]'
    says 'The bug is reproduced.'
    says 'A remedy does not hold: attempt 2.'
}

# --- all of them --------------------------------------------------------------------

names=(listed traced waited not_shown)
for file in fixtures/scenarios/*.yaml; do
    names+=("$(basename "$file" .yaml)")
done
for name in "${names[@]}"; do
    while [ "$(jobs -pr | wc -l)" -ge 4 ]; do wait -n; done
    ( mkdir "$work/$name" && cd "$work/$name" || exit 1
      if [ -e "$KMIP_SCENARIOS/$name.yaml" ]; then scenario; else "$name"; fi ) &
done
wait
end_test "repro: every scenario shows, and what helps holds"
