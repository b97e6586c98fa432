#!/usr/bin/env bash
# Every scenario of fixtures/scenarios against a client set up as the storage driver (by
# position, eight requests in flight) and against what its comment matches helps. BUILD is
# where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"

# Each firing is in the server's log, under the fault's name.
fires() { tells_like "fault $1 \\("; }

# mocked CODE COMMAND...: with a mock of this scenario, which has an Active key "k".
# `set`: its further --set.
mocked() {
    local code=$1 rc=0
    shift
    ran="${1##*/} ${*:2}"
    timeout 120 "$mock" run --seed 7 --config "$work/key.yaml" --scenario "$name" \
        ${set:+--set "$set"} -- "$@" >out 2>err </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}

# flow CODE OPTIONS: the driver's whole flow, by position, at depth 8 unless told. burst
# CODE OPTIONS: eight Encrypts with one key.
flow() {
    mocked "$1" "$conform" run --profile driver --suites "$suites" --case driver-as-configured \
        --timeout 2s --pipeline-depth 8 "${@:2}"
}
burst() { mocked "$1" "$client" send --timeout 2s "${@:2}" "$work/eight.yaml"; }
position=(--match position)
alone=(--match position --pipeline-depth 1)
# bucket CODE CREATE-OPTIONS...: a key as the driver makes it, used at once, ended.
bucket() {
    mocked "$1" bash -c 'key=$("$client" bucket-key create tests "$@") &&
        echo some data | "$client" bucket-key cipher "$key" >ciphered &&
        "$client" bucket-key decipher "$key" <ciphered && "$client" bucket-key destroy "$key"' \
        bash "${@:2}"
}

echo 'preload: {identifier: k, state: Active, dates: {initial: -2d}}' >"$work/key.yaml"
for i in 1 2 3 4 5 6 7 8; do
    cat <<END
- Request Message:
    Request Header: {Protocol Version: 1.2, Batch Count: 1}
    Batch Item:
      Operation: Encrypt
      Unique Batch Item ID: 0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}0${i}
      Request Payload:
        Unique Identifier: k
        Cryptographic Parameters:
          {Block Cipher Mode: CBC, Padding Method: PKCS5, Cryptographic Algorithm: AES}
        Data: 0$i
        IV/Counter/Nonce: "00000000000000000000000000000000"
END
done >"$work/eight.yaml"
# answers: which message got which data. honest: when nothing is wrong.
answers() { sed -nE 's/^Reply [0-9]+, to message ([0-9]+) .*/\1/p; s/^ +Data: //p' "$@" | paste - - | sort; }
"$mock" run --seed 7 --config "$work/key.yaml" -- "$client" send "$work/eight.yaml" 2>/dev/null |
    answers >"$work/honest"
[ "$(sort -u "$work/honest" | wc -l)" -eq 8 ] || { echo "FAILED: an honest mock does not encrypt"; exit 1; }

# --- replies of a pipeline ----------------------------------------------------------

out_of_order() {
    flow 1; matches 'invalid batch item ID'
    flow 0 --pipeline-depth 1
    burst 3 "${position[@]}"; tells_like 'invalid batch item ID'; fires replies.reorder
    burst 0 --match id
    answers out | cmp -s - "$work/honest" || fail 'by id: not every answer is the right one'
    burst 0 "${alone[@]}"
}
out_of_order_once() {
    burst 3 "${position[@]}"; tells_like 'invalid batch item ID'; fires out-of-order-once
    burst 0 --match id
    burst 0 "${alone[@]}"
    mocked 0 bash -c '! "$client" send --match position '"$work/eight.yaml"' 2>&1 &&
        "$client" send --match position '"$work/eight.yaml"
}
coalesced_replies() {
    flow 1; matches 'shares a TLS record'; fires coalesced-replies
    flow 0 --pipeline-depth 1
    burst 0 --match id
}
fragmented_replies() {
    flow 1; matches 'Wrong buffer size'; fires fragmented-replies
    flow 1 --pipeline-depth 1
    burst 0 --match id
}
wrong_batch_id() {
    for how in '--match id' '--match position' '--match position --pipeline-depth 1'; do
        # shellcheck disable=SC2086
        burst 3 $how; tells_like 'invalid batch item ID'; fires wrong-batch-id
    done
}
no_batch_id() {
    flow 1; matches 'carries no id'; fires no-batch-id
    flow 1 --pipeline-depth 1
    burst 0 --match id
}
swapped_batch_ids() {
    burst 3 "${position[@]}"; tells_like 'invalid batch item ID'; fires swapped-batch-ids
    burst 0 "${alone[@]}"
    burst 0 --match id # and nobody complains, though each has the other's answer:
    answers out | cmp -s - "$work/honest" && fail 'by id: every answer is the right one'
}
duplicated_replies() {
    burst 3 --match id; tells_like 'invalid batch item ID'; fires duplicated-replies
    burst 3 "${alone[@]}"
}
lost_reply() {
    burst 3 "${position[@]}"; tells_like 'id of outstanding request 2'; fires lost-reply
    burst 3 "${alone[@]}"; tells_like 'waited 2 s for a reply in vain'
    burst 3 --match id; tells_like 'message 4: waited 2 s'
}
silent_hang() {
    burst 3 "${position[@]}"; tells_like 'message 5: waited 2 s'; fires silent-hang
    mocked 0 bash -c '! "$client" send --timeout 1s '"$work/eight.yaml"' 2>&1 && "$client" query'
}
slow_appliance() {
    burst 0 "${position[@]}"; fires slow-appliance
    tells_like 'delayed by [0-9]{2,}\.'
    burst 3 --timeout 50ms; tells_like 'waited'
}
not_kmip() {
    flow 3; fires not-kmip
    burst 3 --match id; tells_like 'this looks like an HTTP response'
}

# --- keys ---------------------------------------------------------------------------

clock_behind() {
    bucket 1 --compound-create; tells_like 'Pre-Active'
    bucket 0
    bucket 0 --compound-create --activation-date 0
    flow 0; flow 0 --compound-create
}
clock_ahead() {
    bucket 0; bucket 0 --compound-create
    mocked 0 bash -c '"$client" attributes --json k "Initial Date" >k.json; date -u +%s
        key=$("$client" bucket-key create tests); "$client" attributes "$key" "Initial Date"'
    local ours theirs
    ours=$(head -n 1 out) theirs=$(date -u -d "$(sed -n 's/^ *Initial Date: //p' out)" +%s)
    [ $((theirs - ours)) -ge 88 ] && [ $((theirs - ours)) -le 93 ] || fail "the key is of $theirs at $ours"
}
clock_jumps() { # each bucket is six requests: the second falls behind, the fourth is right again
    mocked 0 bash -c 'make() { "$client" bucket-key create --compound-create tests; }
        use() { echo data | "$client" bucket-key cipher "$1" >/dev/null; }
        "$client" query operations >/dev/null; a=$(make); use "$a" || exit 11
        b=$(make); if use "$b" 2>/dev/null; then exit 12; fi
        for i in 1 2 3 4 5 6 7 8 9 10; do "$client" query operations >/dev/null; done
        c=$(make); use "$c" || exit 13'
    bucket 0
}
clock_frozen() {
    mocked 0 bash -c 'sleep 1.1; key=$("$client" bucket-key create --compound-create tests)
        sleep 1.1; if echo data | "$client" bucket-key cipher "$key"; then exit 11; fi'
    tells_like 'Pre-Active'
    bucket 0
}
two_clocks() {
    bucket 1 --compound-create; tells_like 'Pre-Active'
    bucket 0; bucket 0 --compound-create --activation-date 0
}
compound_create_rejected() {
    flow 1 --compound-create; matches 'refused Create'; fires compound_create
    flow 0
    bucket 1 --compound-create; bucket 0
}
compound_create_ignored() {
    flow 1 --compound-create; matches 'Pre-Active'; fires compound_create
    flow 0
    mocked 0 bash -c 'key=$("$client" bucket-key create --compound-create tests)
        if echo data | "$client" bucket-key cipher "$key"; then exit 11; fi
        "$client" activate "$key" >/dev/null && echo data | "$client" bucket-key cipher "$key" >/dev/null'
}
activation_delayed() {
    bucket 1; tells_like 'Pre-Active'; fires activation-delayed
    bucket 0 --compound-create --activation-date 0
    mocked 0 bash -c 'key=$("$client" bucket-key create tests); sleep 2.5
        echo data | "$client" bucket-key cipher "$key" >/dev/null'
}
no_custom_attributes() {
    flow 1 --bucket-attribute x-bucket; matches 'refused Create'; fires custom_attributes
    flow 0
}
custom_attributes_cut() {
    mocked 0 bash -c 'long=a-bucket-with-a-long-name
        "$client" bucket-key create --bucket-attribute x-bucket "$long" >/dev/null || exit 11
        [ -z "$("$client" locate x-bucket=$long)" ] || exit 12
        [ -n "$("$client" locate "x-bucket=${long:0:16}")" ] || exit 13'
    fires custom-attributes-cut
    flow 0
}
read_only_replica() {
    flow 1; matches 'write to its master'; fires read-only-replica
    mocked 0 bash -c 'echo data | "$client" bucket-key cipher replicated-key >/dev/null'
    burst 0 "${position[@]}"
}
lying_query() {
    flow 0
    mocked 0 bash -c '"$client" query operations >ops; grep -q Locate ops && ! grep -q Encrypt ops &&
        ! "$client" locate'
    tells_like 'Operation Not Supported'; fires lying-query-refused; fires lying-query-hidden
}
older_versions_only() {
    mocked 0 "$client" discover
    matches '1\.1'; grep -q '1\.2' out && fail '1.2 is spoken'
    flow 1
}

# --- connections --------------------------------------------------------------------

# The documented way to see it sooner, and a connection that is left alone.
idle_close_30s() {
    flow 0
    set=faults.0.action.idle_close.after=1s
    mocked 0 "$conform" run --profile driver --suites "$suites" --case driver-idle --idle 2s
    matches 'clos'; fires idle-close-30s
}
session_revoked() {
    flow 0
    set=faults.0.action.session_revoked.after=1s
    mocked 0 "$conform" run --profile driver --suites "$suites" --case driver-idle --idle 2s
    matches 'WARN'; matches 'the token of the session has expired'; fires session-revoked
}
flaky_network() {
    # One request at a time: what else was on its way when a connection broke is chance.
    local twice='for i in 1 2 3 4 5 6 7 8; do
        "$client" send --timeout 5s --pipeline-depth 1 '"$work/eight.yaml"' >/dev/null 2>&1; done'
    mocked 0 bash -c "$twice; true"
    grep -oE '#[0-9]+/[0-9]+ .*' err | sort >first
    [ "$(wc -l <first)" -ge 4 ] || fail 'the network is not flaky'
    mocked 0 bash -c "$twice; true"
    grep -oE '#[0-9]+/[0-9]+ .*' err | sort | cmp -s - first || fail 'not the same with the same seed'
}
certificate() { # WHAT IS SAID
    flow 3
    burst 3 --match id; tells_like "the server's certificate is refused: $1"; fires "$name"
}
expired_server_certificate() { certificate 'it has expired'; }
not_yet_valid_server_certificate() { certificate 'it is not yet valid'; }
wrong_name_server_certificate() { certificate 'it is for another name'; }
unknown_ca_server_certificate() { certificate 'its issuer is not among the trusted ones'; }
dies_mid_reply() {
    flow 1; matches 'broke|reset by peer'; fires dies-mid-reply
    mocked 0 bash -c 'ask() { "$client" "$@" >/dev/null 2>&1; }
        if ask bucket-key create --bucket-attribute x-bucket tests; then exit 11; fi
        if ask query; then exit 12; fi
        if ask query; then exit 13; fi
        ask query || exit 14
        [ -n "$("$client" locate x-bucket=tests)" ] || exit 15
        ask bucket-key create tests || exit 16'
    fires dies-mid-reply-down
}
connection_limit() {
    flow 0
    mocked 0 "$conform" run --profile driver --suites "$suites" --case driver-connections
    matches '2 at a time, not more'
}

# --- all of them --------------------------------------------------------------------

for file in fixtures/scenarios/*.yaml; do
    name=$(basename "$file" .yaml) function=${file##*/}
    function=${function%.yaml} function=${function//-/_}
    declare -F "$function" >/dev/null || { echo "FAILED: no test of the scenario $name"; exit 1; }
    while [ "$(jobs -pr | wc -l)" -ge 4 ]; do wait -n; done
    ( mkdir "$work/$name" && cd "$work/$name" || exit 1
      set=
      "$function" ) &
done
wait
end_test "scenarios: all do what they say"
