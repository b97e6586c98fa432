#!/usr/bin/env bash
# ci/test-misbehaving.sh BUILD: the three profiles against mocks that are configured to
# misbehave. Each run gets to its end, and what differs from a run against the honest
# mock is exactly what the misbehaviour explains. All at once. The honest mock's run waits
# for real, the others in virtual time: what comes out is the same.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-misbehaving.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/test-misbehaving.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT

# name | configuration | exit code | verdicts that differ from the honest mock's
#
# Refused compound create: what needs a key made active at once fails; refusing dates
# that have passed is a policy the standard leaves to the server. Ignored: the date is
# lost, which every case about an Activation Date meets. A clock that is off breaks no
# rule, for cases reckon in the server's time; its Time Stamp shows it. Replies out of
# order are seen by nobody who waits for each.
table='
compound-rejected|compound_create=reject|1|FAIL cs-bc-m-1, FAIL cs-bc-m-2, FAIL cs-bc-m-3, WARN state-create-with-past-activation, WARN state-create-with-past-dates
compound-ignored|compound_create=ignore|1|FAIL attr-activation-date-not-deletable, FAIL crypt-within-dates, FAIL cs-bc-m-1, FAIL cs-bc-m-2, FAIL cs-bc-m-3, FAIL state-activation-date-ahead, FAIL state-activation-date-reached, FAIL state-create-with-past-activation, FAIL state-modify-activation-date-ahead, WARN process-start-before-activation, WARN state-create-with-past-dates, WARN state-modify-activation-date-past
clock-behind|clock.offset=-90s|0|WARN time-stamp-near-ours
clock-ahead|clock.offset=+90s|0|WARN time-stamp-near-ours
reordering|replies.reorder={window: 4, max_wait: 2ms}|0|
honest|seed=7|0|
'

while IFS='|' read -r name config code differs; do
    [ -n "$name" ] || continue
    (
        control=(--control 127.0.0.1:0)
        [ "$name" != honest ] || control=()
        "$build/kmip-mock" run --seed 7 --set "$config" ${control[@]+"${control[@]}"} -- sh -c '
            exec "$0" run --quiet --host "$KMIP_HOST" --port "$KMIP_PORT" --certs "$KMIP_CERTS" \
                --other-certs "$KMIP_OTHER_CERTS" --json "$1"' \
            "$build/kmip-conform" "$work/$name.json" >"$work/$name.out" 2>&1
        echo $? >"$work/$name.code"
    ) &
done <<<"$table"
wait

# What is not PASS in one report but has another verdict in the other.
differences() {
    /usr/bin/python3 - "$work/honest.json" "$1" <<'P'
import json, sys
honest, other = ({c["id"]: c["verdict"] for c in json.load(open(f))["cases"]} for f in sys.argv[1:])
assert honest.keys() == other.keys() and len(honest) > 500, "not the same cases"
print(", ".join(sorted(f"{v} {i}" for i, v in other.items() if v != honest[i])))
P
}

bad=0
while IFS='|' read -r name config code differs; do
    [ -n "$name" ] || continue
    got=$(cat "$work/$name.code")
    if [ "$got" != "$code" ]; then
        echo "FAILED: $config: exit $got instead of $code"
        tail -n 40 "$work/$name.out"
        bad=1
    fi
    got=$(differences "$work/$name.json" 2>&1)
    if [ "$got" != "$differs" ]; then
        printf 'FAILED: %s: other verdicts than expected\n    expected %s\n    got      %s\n' \
            "$config" "$differs" "$got"
        bad=1
    fi
    grep -q '^Time  *virtual' "$work/$name.out" && time=virtual || time=real
    [ $time = "$([ "$name" = honest ] && echo real || echo virtual)" ] ||
        { echo "FAILED: $config: in $time time"; bad=1; }
    case $name in
    clock-behind) grep -q '^Clock  *90 s behind ours' "$work/$name.out" || { echo "FAILED: $config: not told"; bad=1; } ;;
    clock-ahead) grep -q '^Clock  *90 s ahead of ours' "$work/$name.out" || { echo "FAILED: $config: not told"; bad=1; } ;;
    esac
done <<<"$table"
[ "$bad" -eq 0 ] && echo "all runs as expected"
exit "$bad"
