#!/usr/bin/env bash
# ci/test-bench.sh BUILD: kmip-client bench against our mock: it counts what it sends, tells
# errors by kind, and leaves nothing behind. What it measures is not judged here.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
cd "$work" || exit 2

# value PATH: of the JSON object that was printed.
value() {
    "$python" -c '
import json, sys
v = json.load(open("out"))
for k in sys.argv[1].split("/"):
    v = v[int(k)] if isinstance(v, list) else v[k]
print(v)' "$1" 2>&1
}
# is PATH VALUE: as it must be.
is() {
    local got
    got=$(value "$1")
    [ "$got" = "$2" ] || fail "$ran: $1 is '$got' instead of '$2'"
}
# mocked CODE MOCK-OPTIONS -- BENCH-OPTIONS: a load on a mock of its own; afterwards the number
# of objects that are not destroyed must be $kept.
kept=0
mocked() {
    local code=$1 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    # shellcheck disable=SC2016 # for the inner shell
    run "$code" "$mock" run ${options[@]+"${options[@]}"} -- bash -c '
        "$client" bench "$@"; rc=$?
        "$client" locate >here; exit $rc' bench "$@"
    [ "$(wc -l <here)" -eq "$kept" ] ||
        fail "$ran: $(wc -l <here) objects are on the server instead of $kept"
}

# Counts, of one kind of request and of a mix.
mocked 0 -- --requests 500 --json
is sent 500; is replies 500; is refused 0; is lost 0; is operations/get/replies 500
is latency_us/n 500; is handshakes 1; is left_behind 0; is connections 1; is depth 8
mocked 0 -- --requests 900 --mix get=5,encrypt=3,create=2 --connections 7 --depth 3 --json
is sent 900; is replies 900; is handshakes 7; is left_behind 0
[ $(($(value operations/get/replies) + $(value operations/encrypt/replies) + \
    $(value operations/create/replies))) -eq 900 ] || fail "$ran: the parts are not the whole"
[ "$(value operations/create/replies)" -gt 100 ] || fail "$ran: hardly any Create"
mocked 0 -- --requests 400 --mix get,attributes,encrypt,decrypt,locate,create,query,discover \
    --match position --json
is replies 400; is refused 0
for op in get attributes encrypt decrypt locate create query discover; do
    [ "$(value "operations/$op/replies")" -gt 0 ] || fail "$ran: no $op"
done

# The same seed, the same mix.
mocked 0 -- --requests 300 --mix get,encrypt --seed 5 --json
first=$(value operations/get/replies)
mocked 0 -- --requests 300 --mix get,encrypt --seed 5 --json
is operations/get/replies "$first"

# A rate is kept, and what was due and not sent is told.
mocked 0 -- --rate 500 --requests 250 --connections 3 --json
is replies 250; is late 0
[ "$("$python" -c 'import json; print(json.load(open("out"))["seconds"] >= 0.45)')" = True ] ||
    fail "$ran: faster than the rate"
mocked 0 --set 'faults=[{name: slow, action: {delay: {fixed: 200ms}}, count: always}]' -- \
    --rate 1000 --duration 1s --depth 1 --timeout 5s --json
[ "$(value late)" -gt 900 ] || fail "$ran: late is $(value late)"
[ "$("$python" -c 'import json; print(json.load(open("out"))["latency_us"]["max"] > 600000)')" = \
    True ] || fail "$ran: the wait before the request is not in its latency"

# Connections.
mocked 0 -- --requests 60 --reconnect --connections 3 --json
is replies 60; is resumed 0
[ "$(value handshakes)" -ge 60 ] || fail "$ran: $(value handshakes) handshakes"
mocked 0 -- --requests 60 --resume --json
is replies 60
[ "$(value resumed)" -ge 58 ] || fail "$ran: $(value resumed) resumed"

# Errors by kind; the rest goes on.
mocked 0 --set 'faults=[{name: no, match: {operation: Get}, count: 5,
    action: {result: {status: Operation Failed, reason: Permission Denied}}}]' -- --requests 200 --json
is replies 200; is refused 5; is operations/get/refused 5; is errors/0/n 5
is errors/0/what 'Operation Failed, Permission Denied'; is latency_us/n 195
mocked 0 --set 'faults=[{name: cut, match: {operation: Get, nth: 50}, action: {close: {}}}]' -- \
    --requests 200 --json
[ $(($(value replies) + $(value lost))) -eq 200 ] || fail "$ran: requests are not accounted for"
[ "$(value lost)" -gt 0 ] || fail "$ran: nothing was lost"
matches 'connection: the server closed'
mocked 0 --set 'faults=[{name: swap, match: {operation: Get, nth: 20}, action: wrong_batch_id}]' \
    -- --requests 100 --json
matches 'names no request that is in flight'
mocked 0 --set 'replies={reorder: {window: 4, max_wait: 20ms}}' -- --requests 100 --json
is replies 100; is lost 0
mocked 0 --set 'faults=[{name: once, match: {operation: Get, nth: 40},
    action: {reorder: {window: 2, max_wait: 20ms}}}]' -- --requests 100 --match position --json
matches 'invalid batch item ID'
mocked 0 --set 'faults=[{name: mute, match: {operation: Get}, action: {stall: {}}}]' -- \
    --requests 20 --timeout 1s --json
matches 'no reply within 1 s'

# A sweep, for people and for programs.
mocked 0 -- --sweep --requests 64
for depth in 1 2 4 8 16 32; do matches "^ *$depth "; done
says 'Knee: depth'
mocked 0 -- --sweep --requests 64 --json
is depths/5/depth 32; is depths/5/replies 64; matches '"knee": (1|2|4|8|16|32)'
mocked 0 -- --duration 300ms --mix get,create
for word in Latency p99.9 get create all 'per second'; do says "$word"; done

# What is made is kept only when asked for; Ctrl-C ends early and cleans up all the same.
kept=10
mocked 0 -- --requests 10 --mix create --keep --json
is left_behind 10
kept=0
# shellcheck disable=SC2016 # for the inner shell
run 0 "$mock" run -- bash -c '
    "$client" bench --mix create,get --rate 200 --duration 60s --json & pid=$!
    sleep 1; kill -INT $pid; wait $pid; rc=$?
    "$client" locate >here; exit $rc'
is interrupted True; is left_behind 0
[ ! -s here ] || fail "$ran: keys are left: $(cat here)"

# A key that is given is left alone, and one that is not there is told.
# shellcheck disable=SC2016
run 0 "$mock" run -- bash -c '
    key=$("$client" bucket-key create mine) && "$client" bench --requests 20 --key "$key" --json &&
    "$client" get "$key" >/dev/null'
is replies 20
mocked 0 -- --requests 3 --key nobody --json
is refused 3; is errors/0/what 'Operation Failed, Item Not Found'

# What cannot be meant.
while IFS='|' read -r code words what; do
    # shellcheck disable=SC2086 # words of a row
    run "$code" "$mock" run -- "$client" bench $words
    tells "$what"
done <<'ROWS'
2|--mix fly=1|--mix takes OP=WEIGHT
2|--mix get=0|not 'get=0'
2|--mix get,get|each OP once
2|--mix get=1,|not ''
2|--rate 0|--rate takes requests per second
2|--rate ten|not 'ten'
2|--sweep --depth 3|--sweep goes with
2|--connections 0|--connections
2|--depth 5000|--depth
2|--duration x|--duration
3|--host 127.0.0.1 --port 1|127.0.0.1
ROWS

end_test "bench counts what it sends and cleans up"
