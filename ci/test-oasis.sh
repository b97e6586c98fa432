#!/usr/bin/env bash
# Published cases as the tester reads them (samples of our own in their form,
# fixtures/oasis-like) against the mock, honest and not; and KMIP XML through the client.
# OASIS=DIR runs the cases in DIR against the mock too. BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
samples=$PWD/fixtures/oasis-like
mkdir "$work/run"
users='credentials=[{username: ann, password: not-a-secret}, {username: ben, password: none-either}]'

# on CODE MOCK-OPTIONS -- RUN-OPTIONS: `kmip-conform run` against a mock of its own, whose
# clock the waits advance. Nothing stays behind: no journal, and no object.
on() {
    local code=$1 rc=0 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    ran="run $* (mock ${options[*]-})"
    (cd "$work/run" && timeout 120 "$mock" run --log error --control 127.0.0.1:0 \
        ${options[@]+"${options[@]}"} -- sh -c '"$@"; rc=$?; "$0" locate >locate.out; exit $rc' \
        "$client" "$conform" run "$@") >"$work/out" 2>"$work/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
    [ ! -s "$work/run/locate.out" ] || fail "$ran: left on the server: $(cat "$work/run/locate.out")"
    ! ls "$work/run"/*.journal >/dev/null 2>&1 || fail "$ran: a journal is left"
}
verdict() { # verdict WORD ID...
    local word=$1 id
    shift
    for id; do
        grep -qE "^. $word +$id( |\$)" "$work/out" || fail "$ran: $id is not $word"
    done
}

# --- the samples ----------------------------------------------------------------

on 0 --set "$users" -- --oasis "$samples" --json "$work/report.json"
verdict PASS kc-1-10 kc-2-11 kc-3-12 kc-4-12 kc-5-12 kc-6-12 kc-7-12 kc-8-12 kc-cr-m-1-12 kc-se-m-1-12 kc-se-m-2-12
verdict WARN kc-al-o-1-12
verdict 'NOT APPLICABLE' kc-np-1-12
says 'Notify, Put'
verdict 'NOT SUPPORTED' kc-sv-m-1-14
says 'Discover Versions does not list version 1.4'
python3 -c 'import json, sys
cases = json.load(open(sys.argv[1]))["cases"]
assert len(cases) == 14 and all(c["suite"] == "oasis" for c in cases)' "$work/report.json" ||
    fail "$ran: the JSON report"

# Files one by one, as operands; the series in the order given.
on 0 -- --oasis "$samples/KC-SE-M-1-12_Series_Begins.xml" "$samples/KC-SE-M-2-12_Series_Ends.xml"
verdict PASS kc-se-m-1-12 kc-se-m-2-12
on 4 -- --oasis "$samples/KC-SE-M-2-12_Series_Ends.xml"
verdict 'NOT APPLICABLE' kc-se-m-2-12
on 0 -- --oasis "$samples" --repeat 3 --case 'kc-se-*' --case kc-3-12
# A server that speaks the version of a later case.
on 0 --set 'variations=[versions-1.0-to-1.4]' -- --oasis "$samples" --case kc-sv-m-1-14
verdict PASS kc-sv-m-1-14
on 1 --set 'variations=[versions-1.0-to-1.4]' --set "faults=[{match: {operation: Decrypt}, action: {set: {field: Batch Item/Response Payload/Data, value: 000102030405060708090a0b0c0d0e00}}, count: always}]" -- \
    --oasis "$samples" --case kc-sv-m-1-14
# Beside cases of the suites.
on 0 -- --suites "$tree/conformance/suites" --profile symmetric-key-lifecycle-server --oasis "$samples" --case kc-1-10 --case 'sklc-m-1*'

# What only a mock can be made to be: it is, for that case alone, also when that case fails.
on 0 --set clock.offset=-90s -- --oasis "$samples/KC_6_12_Dates_of_Then.xml" "$samples/KC_7_12_What_is_Spoken.xml" \
    --json "$work/then.json"
verdict PASS kc-6-12 kc-7-12
json "$work/then.json" target.clock_offset_seconds -90
on 0 -- --oasis "$samples" --case kc-6-12 --case kc-8-12 --repeat 2 --jobs 4
verdict PASS kc-6-12 kc-8-12
(cd "$work/run" && timeout 60 "$mock" run --log error -- "$conform" run --oasis "$samples" --case kc-6-12 \
    --case kc-8-12) >"$work/out" 2>"$work/err" && fail "run without --control"
ran='run without --control'
verdict 'NOT APPLICABLE' kc-6-12 kc-8-12
says 'its dates have passed: a key that is deactivated at 2010-02-11T13:00:00+00:00 is expected to be Active; a mock can be made so: --control'
says "it takes a fresh object out of the server's group"
# ... also when it fails.
on 1 --set 'faults=[{match: {operation: Create}, action: {result: General Failure}, count: always}]' -- \
    --oasis "$samples/KC_6_12_Dates_of_Then.xml" "$samples/KC_7_12_What_is_Spoken.xml" --json "$work/then.json"
json "$work/then.json" target.clock_offset_seconds 0

# ... and what the mock does not take is told in its words.
cat >"$work/preload.yaml" <<'EOF'
id: preload
title: A mock that is given a key
clause: KMIP 1.2 spec, 4.11
level: MUST
mock:
  preload: {identifier: "${RUN}-key", state: NOWHERE}
  otherwise: a key of this name has to be there
steps: [{operation: Get, payload: {Unique Identifier: $RUN-key}}]
EOF
on 2 -- "$work/preload.yaml"
says 'refuses /objects: '
sed -i 's/NOWHERE/Active/' "$work/preload.yaml"
on 0 -- "$work/preload.yaml"
sed -i 's/  preload: .*/  preload: states/; s/\$RUN-key/key-active/' "$work/preload.yaml"
on 0 -- "$work/preload.yaml"

# A server that is not set up for the case, and servers that differ legitimately.
on 4 -- --oasis "$samples/KC_4_12_Credentials.xml"
says 'the server does not take the credential of the case'
on 4 --set 'credentials=[{username: ann, password: not-a-secret}]' -- --oasis "$samples/KC_4_12_Credentials.xml"
verdict 'NOT APPLICABLE' kc-4-12
on 0 --set asynchronous=ignore -- --oasis "$samples" --case kc-5-12
verdict PASS kc-5-12
on 4 --set keep_metadata=false -- --oasis "$samples" --case kc-2-11
says 'the server keeps no attributes of destroyed objects'
for offset in -300s 300s; do
    on 0 --set "clock.offset=$offset" -- --oasis "$samples" --case kc-1-10 --case kc-2-11 --case kc-cr-m-1-12
done

# Servers that are wrong are told so.
fault() { # fault REQUEST ACTION: for every one
    echo "faults=[{match: {operation: $1}, action: {$2}, count: always}]"
}
on 1 --set "$(fault Get 'set: {field: Batch Item/Response Payload/Unique Identifier, value: somebody-elses}')" -- --oasis "$samples" --case kc-3-12
on 1 --set "$(fault Encrypt 'remove: Batch Item/Response Payload/Data')" -- --oasis "$samples" --case kc-cr-m-1-12

# Without the control API a case takes the time that it takes.
(cd "$work/run" && timeout 60 "$mock" run --log error -- "$conform" run --oasis "$samples" --case kc-cr-m-1-12) \
    >"$work/out" 2>"$work/err" || fail "run without --control"

# --- what can be had without a server ------------------------------------------------

run 0 "$conform" list --oasis "$samples"
says 'kc-al-o-1-12                                 MAY    Optional'
run 0 "$conform" explain "$samples/KC_5_12_Asynchronous.xml"
says '!bind ASYNC_1'
run 0 "$conform" explain "$samples/KC_NP_1_12_Notify.xml"
says 'does not apply: the case needs messages from the server'
echo '<KMIP><RequestMessage/></KMIP>' >"$work/half.xml"
run 2 "$conform" list --oasis "$work/half.xml"
tells "half.xml:1:7: the <RequestMessage> of line 1 has no <ResponseMessage> behind it"
ln -s "$samples" "$work/link"
run 0 "$conform" list --oasis "$work/link"
says 'kc-8-12 '
mkdir "$work/none"
run 2 "$conform" list --oasis "$work/none"
tells 'holds no test case'
run 2 "$conform" run --oasis "$work/nowhere.xml"
tells 'nowhere.xml'

# --- XML through the client --------------------------------------------------------------

for hex in fixtures/messages/*.hex; do
    run 0 "$client" decode --xml --show-secrets "$hex"
    cp "$work/out" "$work/message.xml"
    run 0 "$client" encode --xml --hex "$work/message.xml"
    [ "$(tr -d '\n' <"$work/out")" = "$(tr -d '\n' <"$hex")" ] || fail "$hex does not come back from XML"
    run 0 "$client" decode --xml "$hex"
    ! grep -qE '<(KeyMaterial|Password)[^>]* value=' "$work/out" || fail "$hex: a secret in XML"
done
# Several messages in one element, from a published case's form and back.
run 0 "$client" encode --xml --out "$work/all.bin" --var UNIQUE_IDENTIFIER_0=an-id "$samples/KC_2_11_Dates.xml"
run 0 "$client" decode --xml "$work/all.bin"
[ "$(grep -c '<RequestMessage>' "$work/out")" -eq 7 ] || fail "$ran: seven requests"
cp "$work/out" "$work/all.xml"
run 0 "$client" encode --xml --out "$work/again.bin" "$work/all.xml"
cmp -s "$work/all.bin" "$work/again.bin" || fail "$ran: other bytes come back"
run 2 "$client" encode --xml --hex "$samples/KC_2_11_Dates.xml"
tells 'no variable "UNIQUE_IDENTIFIER_0" is known'
"$client" decode --xml fixtures/messages/get-response.hex >"$work/redacted.xml" 2>/dev/null
run 2 "$client" encode --xml --hex "$work/redacted.xml"
tells 'redacted.xml:'
printf '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>\n<RequestMessage>&b;</RequestMessage>' >"$work/entity.xml"
run 2 "$client" encode --xml --hex "$work/entity.xml"
tells 'entity.xml:1:13: KMIP XML has no document type'
run 2 "$client" decode --xml --yaml fixtures/messages/get-response.hex
tells 'choose one of --hex, --yaml, --xml and --json'

# --- the published ones, where they are at hand -------------------------------------------

if [ -n "${OASIS:-}" ]; then
    on 0 --config fixtures/published-cases.yaml -- --oasis "$OASIS"
    cat "$work/out"
fi

end_test "published cases: all well"
