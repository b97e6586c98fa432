#!/usr/bin/env bash
# ci/test-reports.sh BUILD: the reports of a run. Each format is as its readers take it, says
# what the JSON says, is made later of the JSON byte for byte, and keeps secrets.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"

formats=(junit md tap html)

# made NAME: `report` makes of NAME.json what the run has written.
made() {
    local f args=()
    for f in "${formats[@]}"; do args+=("--$f" "again.$f"); done
    run 0 "$conform" report "$1.json" "${args[@]}"
    for f in "${formats[@]}"; do
        cmp "$1.$f" "again.$f" >>"$here/failed" || fail "$1: --$f made later is not what the run wrote"
    done
}

# sound NAME: every format is well formed and tells what the JSON does.
sound() {
    "$tree/ci/check-report.py" "$1.json" >out 2>err || fail "$1.json is not as its schema says"
    xmllint --noout --schema "$tree/ci/junit.xsd" "$1.junit" >out 2>err || fail "$1.junit is not as its schema says"
    perl "$tree/ci/tap-json.pl" "$1.tap" >tap.json 2>err || fail "$1.tap is no TAP: $(cat err)"
    local kind file
    for kind in "junit $1.junit" "tap tap.json" "md $1.md"; do
        read -r kind file <<<"$kind"
        "$tree/ci/check-reports.py" "$1.json" "$kind" "$file" >out 2>err || fail "$file against $1.json"
    done
}

# tested CODE NAME MOCK-OPTIONS -- RUN-OPTIONS: a run with every format, all of them checked.
tested() {
    local code=$1 as=$2 mocked=() f args=()
    shift 2
    while [ "$1" != -- ]; do mocked+=("$1"); shift; done
    shift
    for f in "${formats[@]}"; do args+=("--$f" "$as.$f"); done
    run "$code" "$mock" run --log error --control 0 --pki "$work/pki" ${mocked[@]+"${mocked[@]}"} -- \
        "$conform" run --suites "$suites" -q --json "$as.json" "${args[@]}" "$@"
    sound "$as"
    made "$as"
}

# prove FILE CODE WORDS
proves() {
    local rc=0
    prove --exec cat "$1" >out 2>err || rc=$?
    ran="prove $1"
    [ "$rc" -eq "$2" ] || fail "prove $1: exit $rc instead of $2"
    matches "$3"
}

no_stamp='faults=[{match: {operation: Get}, count: always, action: {remove: Response Header/Time Stamp}}]'
few=(--case 'get-*' --case 'locate-by-name*' --case 'discover-*')

good() {
    tested 0 run -- "${few[@]}"
    proves run.tap 0 'Result: PASS'
}

bad() {
    tested 1 run --set "$no_stamp" --set 'vendor="<img src=x> | `a` *b*"' -- "${few[@]}"
    proves run.tap 1 'Result: FAIL'
    ran="run.md"
    cp run.md out
    says '❌ KMIP conformance: not conformant: '
    says '| Vendor | &lt;img src=x&gt; \| \`a\` \*b\* |'
    says '<details><summary><code>get-'
    says 'Time Stamp (a reply holds a Time Stamp)'
    ran="run.junit"
    cp run.junit out
    says '<property name="vendor" value="&lt;img src=x&gt; | `a` *b*"/>'
    # The terminal report of a run that is over.
    run 0 "$conform" report run.json
    says 'Failures ('
    says 'not conformant: '
}

# What is known fails nothing; what is to be looked at is told.
known() {
    run 1 "$mock" run --log error --control 0 --pki "$work/pki" --set "$no_stamp" -- \
        "$conform" run --suites "$suites" -q "${few[@]}" --write-baseline known.yaml
    tested 0 run --set "$no_stamp" -- "${few[@]}" --baseline known.yaml
    proves run.tap 0 'Result: PASS'
    grep -q '^not ok .* # TODO known: FAIL: ' run.tap || fail "run.tap: no TODO"
    tested 1 better -- "${few[@]}" --baseline known.yaml --strict
    proves better.tap 1 'Result: FAIL'
    grep -q '^not ok .* - baseline$' better.tap || fail "better.tap: the entries that can go are no failure"
}

# What a vendor gets of one case.
ticket() {
    tested 1 run --set "$no_stamp" -- --case 'get-*'
    run 0 "$conform" ticket get-key-block --from run.json
    says 'Get returns the key in a Key Block'
    says 'BL-P-3: Get'
    matches '^Vendor +kmip-mock$'
    matches '^> 000008 +Response Header$'
    matches '^- +expected  Time Stamp'
    matches '^\+ +actual    absent$'
    says 'operation: Get'
    says '    <- here it shows'
    says '    000000  42 00 78 01 '
    says 'Key Material: <redacted, 32 bytes>'
    says ' xx xx xx xx '
    matches 'kmip-conform run .*--case get-key-block$'
    run 0 "$conform" ticket get-key-block --from run.json -o ticket.txt
    [ ! -s out ] || fail "ticket -o prints something"
    grep -q '^Case  *get-key-block' ticket.txt || fail "ticket.txt is not there"
    run 2 "$conform" ticket get-key-blok --from run.json; tells "did you mean 'get-key-block'?"
    run 2 "$conform" ticket get-key-block --from run.json -o /nowhere/t; tells '/nowhere'
    tested 0 good -- --case get-key-block
    run 2 "$conform" ticket get-key-block --from good.json; tells 'came out PASS: there is nothing to ask'
    # A reply that never came.
    run 1 "$mock" run --log error --pki "$work/pki" --set 'faults=[{match: {operation: Get}, count: always, action: {close: {when: before}}}]' -- \
        "$conform" run --suites "$suites" -q --json cut.json --case get-key-block
    run 0 "$conform" ticket get-key-block --from cut.json
    says 'No reply: '
}

# With --strict a warning is a failure for every reader.
strict() {
    local warns=(--profile authentication --case 'tls-1.3-*' --case 'tls-port-*')
    tested 0 run -- "${warns[@]}"
    proves run.tap 0 'Result: PASS'
    tested 1 strict -- "${warns[@]}" --strict
    proves strict.tap 1 'Result: FAIL'
    grep -q 'failures="2" errors="0"' strict.junit || fail "strict.junit: the warnings are no failures"
}

# What the driver suite has found out, too; on the terminal, the report of the run once more.
driver() {
    tested 0 run -- --profile driver --skip 'driver-clock-*'
    grep -q '"enabled": true' run.json || fail "run.json: no advice"
    run 0 "$conform" report run.json
    says 'For the storage driver'
    says 'pipelineDepth: '
}

repeated() { tested 0 run -- --case 'get-key-block' --repeat 3; }

# A gate that is shut: no case, and yet a failure for whoever reads it.
shut() {
    local f args=()
    for f in "${formats[@]}"; do args+=("--$f" "run.$f"); done
    KMIP_CERTS=$work/pki/client run 3 "$conform" run --host 127.0.0.1 --port 1 --suites "$suites" --json run.json "${args[@]}"
    sound run
    made run
    proves run.tap 1 'Result: FAIL'
    grep -q '<error message="' run.junit || fail "run.junit: no error"
    grep -q '\*\*gate\*\*' run.md || fail "run.md: no word on the gate"
}

# Key material that the case knows is in no report, unless it was asked for; and then it is said.
secrets() {
    local key=8f3a61d2c94b07e5a1b2c3d4e5f60718 f
    cat >own.yaml <<END
id: own-key
title: A key comes back
clause: KMIP 1.2 spec, 4.11
level: MUST
covers: [BL-P-3]
objects: {key: {material: $key, algorithm: AES, length: 128, mask: Encrypt | Decrypt, name: \$RUN-k}}
steps:
  - operation: Get
    payload: {Unique Identifier: \$key}
    expect: {payload: {Unique Identifier: nobody}}
END
    tested 1 run -- own.yaml
    for f in json "${formats[@]}"; do
        ! grep -qi "$key" "run.$f" || fail "run.$f holds the key"
    done
    grep -q 'redacted, 16 bytes' run.json || fail "run.json: the key is not there at all"
    grep -q 'xxxxxxxx' run.json || fail "run.json: the key is not covered in hexadecimal"
    tested 1 shown -- own.yaml --show-secrets
    grep -qi "$key" shown.json || fail "shown.json: --show-secrets shows nothing"
    json shown.json show_secrets true
    run 0 "$conform" ticket own-key --from run.json
    ! grep -qi "$key" out || fail "the ticket holds the key"
    run 0 "$conform" ticket own-key --from shown.json -o shown.txt
    grep -q 'WARNING: the run was recorded with --show-secrets' shown.txt || fail "shown.txt: no warning"
    [ "$(stat -c %a shown.txt)" = 600 ] || fail "shown.txt: others may read it"
}

refused() {
    printf '{}' >none.json
    run 2 "$conform" ticket a --from none.json; tells 'none.json is JSON, but no report'
    run 2 "$conform" ticket a; tells '--from RUN.json'
    run 2 "$conform" ticket --from none.json; tells 'the id of one case'
    run 2 "$conform" report; tells 'report takes one report of `run --json`'
    run 2 "$conform" report a b; tells 'takes one report'
    run 2 "$conform" report none.json --junit x; tells 'none.json is JSON, but no report of kmip-conform'
    run 2 "$conform" report nowhere.json; tells 'nowhere.json'
    run 2 "$conform" report none.json --md x --tap ./x; tells '--md and --tap go to the same place'
    run 2 "$conform" report none.json --md /nowhere/x; tells '/nowhere'
    run 0 "$conform" report --help; says '--junit'; says '--tap'; says '--md'
}

"$mock" run --pki "$work/pki" -- true 2>/dev/null || { echo "kmip-mock makes no certificates" >&2; exit 1; }
for name in good bad known ticket strict driver repeated shut secrets refused; do
    ( mkdir "$work/$name" && cd "$work/$name" && "$name" )
done
end_test "test-reports: all well"
