#!/usr/bin/env bash
# `kmip-conform repro` of every scenario: the bug shows as the scenario promises, and the
# remedy holds; then what it prints, its trace, and what it says when a bug does not show.
# BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-repro.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
conform=$build/kmip-conform mock=$build/kmip-mock python=/usr/bin/python3
for program in "$conform" "$mock"; do
    [ -x "$program" ] || { echo "ci/test-repro.sh: $program is not built: run make" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/test-repro.XXXXXX") || exit 2
mkdir "$work/tmp" && export TMPDIR=$work/tmp
trap 'rm -rf "$work"' EXIT
export KMIP_SCENARIOS=$PWD/fixtures/scenarios # for a BUILD that is elsewhere

# --- what a test says ---------------------------------------------------------------

fail() {
    { echo "FAILED: $name: $*"
      sed 's/^/    stdout: /' out 2>/dev/null | grep -v ' ms  [-<]' | head -n 60
      sed 's/^/    stderr: /' err 2>/dev/null | tail -n 15; } >>failed
}

# run CODE ARGS...: kmip-conform repro ARGS.
run() {
    local code=$1 rc=0
    shift
    ran="repro $*"
    "$conform" repro "$@" >out 2>err </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}
says() { grep -qF -- "$1" out || fail "$ran: '$1' is not printed"; }
matches() { grep -qE -- "$1" out || fail "$ran: '$1' is not printed"; }
tells() { grep -qF -- "$1" err || fail "$ran: '$1' is not told"; }

# json PATH VALUE: one value of trace.json, such as attempts.0.outcome.
json() {
    local got
    got=$("$python" -c '
import json, sys
v = json.load(open("trace.json"))
for step in sys.argv[1].split("."):
    v = v[int(step)] if isinstance(v, list) else v[step]
print(v if isinstance(v, str) else json.dumps(v))' "$1" 2>&1)
    [ "$got" = "$2" ] || fail "$ran: $1 is '$got', not '$2'"
}

# --- every scenario -----------------------------------------------------------------

# What is to be seen beyond the verdict.
shows_out_of_order() { says 'the id of outstanding request'; says 'came as'; says 'by id, depth 8'; }
shows_clock_behind() {
    matches '(89.9..|90.0..) s behind ours'; says 'Time Stamp'; says 'Activation Date'
    matches '(89|90) s after Create'
}
shows_clock_ahead() {
    matches '(89.9..|90.0..) s ahead of ours'
    matches '(89|90|91) s into our future'; says 'as planned'
}
shows_compound_create_rejected() { says 'no key: the server refused Create'; }
shows_clock_frozen() { says 'stands still'; }
shows_dies_mid_reply() { says '1 key is left that nobody refers to'; says 'the key had been made'; }
shows_idle_close_30s() { says '31s pass (virtual time)'; says 'over 2 connections'; }
shows_session_revoked() { says 'tries again on the same connection'; says '25h pass'; }
shows_not_kmip() { says 'HTTP'; }

scenario() {
    run 0 "$name" --trace trace.json
    says 'In the field'; says 'What helps'; says 'Driver setting'
    says "kmip-mock --scenario $name --seed 7"
    says 'The bug is reproduced, and the remedies hold.'
    json repro "$name"
    json reproduced true
    json remedies_hold true
    local function=shows_${name//-/_}
    ! declare -F "$function" >/dev/null || "$function"
}

# --- the command --------------------------------------------------------------------

listed() {
    local file
    run 0
    for file in "$KMIP_SCENARIOS"/*.yaml; do
        matches "^$(basename "$file" .yaml) +$(sed -n '1s/^# \(.*\)\.$/\1/p' "$file")$"
    done
    run 0 --help; says '--trace'; says '--seed'; says '--set'; says '--wait'
    run 2 out-of-oder; tells 'did you mean out-of-order?'
    run 2 a b; tells 'one name'
    KMIP_MOCK=/nowhere/mock run 2 clock-ahead; tells /nowhere/mock
    KMIP_SCENARIOS=/nowhere run 2 clock-ahead; tells /nowhere
    run 2 clock-ahead --trace /nowhere/trace.json; tells /nowhere/trace.json
    run 3 out-of-order --set nonsense=1; tells "unknown key 'nonsense'"
}

traced() {
    run 0 out-of-order --trace trace.json --set replies.reorder.window=3
    json settings '["replies.reorder.window=3"]'
    json attempts.0.who 'as the driver'
    json attempts.0.outcome breaks
    json attempts.0.as_expected true
    json attempts.0.match position
    json attempts.0.depth 8
    json attempts.1.who remedied
    json attempts.1.outcome works
    json attempts.1.match id
    json attempts.1.events.0.kind sent
    json attempts.1.events.0.operation Encrypt
    json attempts.1.events.0.request 1
    json attempts.2.depth 1
    json attempts.2.outcome works
}

# The real time until a key is usable, seen in place of reckoned.
waited() { run 0 clock-behind --set clock.offset=-3s; says 's after Create: by the server'; }

# A server that is well behaved after all, and one whose trouble is another.
not_shown() {
    run 1 out-of-order --set replies.reorder.window=1
    says 'not as expected'
    says 'The bug is not reproduced: attempt 1 did not come out as expected.'
    says 'The remedies hold.'
    run 1 compound-create-rejected --set compound_create=accept
    says 'attempt 1, 3 did not come out as expected'
    run 1 no-batch-id --set 'faults=[{action: {not_ttlv: http}, count: always}]' --trace trace.json
    says 'in another way than expected'
    json reproduced false
    json remedies_hold true
    run 1 no-custom-attributes \
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
left=$(find "$work/tmp" -mindepth 1 | head -n 5)
[ -z "$left" ] || { echo "FAILED: temporary files are left: $left"; exit 1; }
if cat "$work"/*/failed 2>/dev/null; then
    exit 1
fi
echo "repro: every scenario shows, and what helps holds"
