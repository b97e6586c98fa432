#!/bin/sh
# Command line of kmip-mock: ready line and file, `run`, scenarios, exit codes, errors, signals.
#
#   ci/test-mock.sh BUILD      BUILD/kmip-mock is tested; exit 0 when all is well
set -u

build=${1:?usage: ci/test-mock.sh BUILD}
mock=$(cd "$build" && pwd)/kmip-mock
[ -x "$mock" ] || { echo "ci/test-mock.sh: $mock is not built: run make" >&2; exit 2; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/test-mock.XXXXXX") || exit 1
pids=
failed=0
trap 'for p in $pids; do kill -9 "$p" 2>/dev/null; done; rm -rf "$dir"' EXIT

fail() { printf 'FAIL %s: %s\n' "$name" "$*"; failed=1; }

# expect CODE WORD...: the program ends with CODE and every WORD stands in its output.
# What is run comes from $cmd, words of a shell command.
expect() {
    want=$1; shift
    out=$(cd "$dir" && sh -c "$cmd" 2>&1 </dev/null); got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $out"
    for word; do
        case $out in *"$word"*) ;; *) fail "'$word' is not in: $out" ;; esac
    done
}

# start ARGS...: a mock in the background; sets pid, out (its standard output), err.
start() {
    n=$((${n:-0} + 1)); out=$dir/out.$n; err=$dir/err.$n
    "$mock" "$@" >"$out" 2>"$err" &
    pid=$!; pids="$pids $pid"
    i=0
    until grep -q '^ready ' "$out" || [ $i -ge 500 ]; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02; i=$((i + 1))
    done
    grep -q '^ready ' "$out" || fail "no ready line: $(cat "$err")"
}

# ended: waits for pid, sets got to its exit code, forgets it.
ended() {
    wait "$pid"; got=$?
    pids=$(printf '%s ' $pids | sed "s/\\b$pid //")
}

# stop CODE: TERM, and the exit code that must come of it.
stop() {
    kill -TERM "$pid"; ended
    [ "$got" = "$1" ] || fail "exit $got instead of $1 after SIGTERM: $(cat "$err")"
}

field() { tr ' ' '\n' <"$out" | sed -n "s/^$1=//p"; }

# --- ready line and file --------------------------------------------------

name='ready line and file'
start --pki "$dir/pki" --listen 127.0.0.1:0 --ready-file "$dir/ready.json" --seed 7
grep -Eq "^ready host=127\.0\.0\.1 port=[1-9][0-9]* pid=$pid seed=7 client_certs=$dir/pki/client\$" "$out" ||
    fail "$(cat "$out")"
[ "$(wc -l <"$out")" = 1 ] || fail "more than one line on standard output"
for word in '"host": "127.0.0.1"' "\"port\": $(field port)" "\"pid\": $pid" '"seed": 7' \
            "\"client_certs\": \"$dir/pki/client\""; do
    grep -qF "$word" "$dir/ready.json" || fail "'$word' is not in $(cat "$dir/ready.json")"
done
for who in server client other; do
    for pem in ca cert key; do
        [ -r "$dir/pki/$who/kmip-$pem.pem" ] || fail "no $who/kmip-$pem.pem"
    done
done
first=$pid firstport=$(field port)

name='two mocks share a PKI folder and not a port'
start --pki "$dir/pki" --listen 127.0.0.1:0
[ "$(field port)" != "$firstport" ] || fail "the same port"
stop 0

name='port in use'
cmd="'$mock' --pki pki --listen 127.0.0.1:$firstport --ready-file ready.json"
expect 3 "127.0.0.1 port $firstport" 'another program listens there'
grep -qF "\"pid\": $first" "$dir/ready.json" || fail 'the ready file of the server that runs is gone'

name='SIGTERM ends with 0 and takes the ready file away'
pid=$first err=$dir/err.1
stop 0
[ ! -e "$dir/ready.json" ] || fail 'the ready file is still there'

name='a drawn seed is printed'
start --certs "$dir/pki/server" --listen 127.0.0.1:0
[ -n "$(field seed)" ] || fail "$(cat "$out")"
[ "$(field client_certs)" = "$dir/pki/client" ] || fail "clients' certificates beside: $(cat "$out")"
stop 0

name='SIGINT ends with 0'
start --pki "$dir/pki" --listen 127.0.0.1:0
kill -INT "$pid"; ended
[ "$got" = 0 ] || fail "exit $got"

name='beyond loopback'
start --pki "$dir/pki" --listen 0.0.0.0:0
[ "$(field host)" = 127.0.0.1 ] || fail "$(cat "$out")"
grep -q 'test tool' "$err" || fail "no warning: $(cat "$err")"
stop 0

name='a ready file whose process is gone is removed when the start fails'
sh -c 'echo "{\"host\": \"127.0.0.1\", \"port\": 1, \"pid\": $$}"' >"$dir/stale.json"
cmd="'$mock' --ready-file stale.json --certs nowhere"
expect 2
[ ! -e "$dir/stale.json" ] || fail 'it is still there'

name='a file that is no ready file stays until there is something to write'
echo precious >"$dir/precious.txt"
cmd="'$mock' --log bogus --ready-file precious.txt"
expect 2
cmd="'$mock' --certs nowhere --ready-file precious.txt"
expect 2
[ "$(cat "$dir/precious.txt")" = precious ] || fail 'it is gone'

# --- what is wrong on the command line or in files ------------------------

printf 'vendor: x\ncompund_create: accept\n' >"$dir/wrong.yaml"
mkdir "$dir/empty"
echo 'not a store' >"$dir/text.db"
name='wrong command line'
while IFS='|' read -r code args word1 word2; do
    cmd="'$mock' $args"
    expect "$code" 'kmip-mock: ' "$word1" "$word2"
done <<EOT
2||--pki DIR makes some|--certs DIR
2|--certs nowhere|no certificates folder nowhere|--pki DIR
2|--certs empty|empty/kmip-|
2|--pki pki --certs pki/server|give one of them|
2|--pki pki --config no.yaml|no.yaml|
2|--pki pki --config wrong.yaml|wrong.yaml:2:1|did you mean 'compound_create'
2|--pki pki --set clok.offset=1s|--set|did you mean 'clock'
2|--pki pki --set seed|path=value|
2|--pki pki --seed many|--seed takes a whole number|many
2|--pki pki --log loud|error, warn, info or debug|loud
2|--pki pki --listen here|HOST:PORT|here
2|--pki pki --listen 127.0.0.1:99999|HOST:PORT|
2|--pki|--pki needs a value|
2|--lissten x|did you mean --listen|
2|--pki pki extra|unexpected 'extra'|
2|--pki pki run -- true|unexpected 'run'|a command goes before its options
2|rum|unknown command 'rum'|did you mean 'run'
2|run|-- COMMAND|
2|run --|-- COMMAND|
2|run true|unexpected 'true'|
2|--pki text.db/pki|text.db|
2|--pki pki --set store=text.db|text.db|not an object store
2|--pki pki --set store=nowhere/store|nowhere/store|No such file
3|--pki pki --listen 192.0.2.1:0|192.0.2.1|does not have that address
EOT

name='help and version'
cmd="'$mock' --help"; expect 0 --config --ready-file 'run -- COMMAND' 'ctl COMMAND'
cmd="'$mock' run --help"; expect 0 -- '-- COMMAND' KMIP_CERTS 127
cmd="'$mock' --version"; expect 0 'kmip-mock '

# --- run ------------------------------------------------------------------

name='run returns the exit code of the command'
while IFS='|' read -r code command; do
    cmd="'$mock' run --pki pki -- $command"
    expect "$code"
done <<EOT
0|true
1|false
42|sh -c 'exit 42'
143|sh -c 'kill -TERM \$\$'
137|sh -c 'kill -KILL \$\$'
127|no-such-command-here
126|./empty
EOT

name='run hands its options after -- to the command'
cmd="'$mock' run --pki pki -- echo --seed 3 --help"; expect 0 '--seed 3 --help'

name='run sets the environment'
cat >"$dir/env.sh" <<'EOT'
[ "$KMIP_HOST" = 127.0.0.1 ] && [ "$KMIP_PORT" -gt 0 ] || exit 11
[ "$KMIP_CA" = "$KMIP_CERTS/kmip-ca.pem" ] && [ -r "$KMIP_CA" ] || exit 12
[ "$KMIP_CERT" = "$KMIP_CERTS/kmip-cert.pem" ] && [ -r "$KMIP_CERT" ] || exit 13
[ "$KMIP_KEY" = "$KMIP_CERTS/kmip-key.pem" ] && [ -r "$KMIP_KEY" ] || exit 14
[ "$KMIP_OTHER_CERTS" != "$KMIP_CERTS" ] && [ -r "$KMIP_OTHER_CERTS/kmip-key.pem" ] || exit 15
[ "$KEPT" = yes ] || exit 16
env | grep -c '^KMIP_HOST=' | grep -qx 1 || exit 17
dirname "$KMIP_CERTS"
EOT
cmd="KEPT=yes KMIP_HOST=elsewhere '$mock' run -- sh env.sh"
expect 0 kmip-mock.
[ ! -e "$out" ] || fail "the temporary certificates are still there: $out"

name='run says what runs a command likewise'
cmd="'$mock' run --set 'vendor=two words' --control 0 --ready-file r.json --pki pki -- sh -c 'echo \$KMIP_RUN; eval \"\$KMIP_RUN echo as before\"'"
expect 0 "$mock run --set 'vendor=two words' --control 0 --pki pki --seed " 'as before'

name='run forgets the certificates of an outer mock when it knows none'
mkdir -p "$dir/alone" && cp -r "$dir/pki/server" "$dir/alone/certs"
cmd="KMIP_CERTS=outer KMIP_KEY=outer '$mock' run --certs alone/certs -- sh -c 'echo \${KMIP_CERTS-unset} \${KMIP_KEY-unset}'"
expect 0 'unset unset'

name='run leaves standard input and output to the command'
out=$(echo hello | "$mock" run --pki "$dir/pki" -- cat 2>"$dir/err")
[ "$out" = hello ] || fail "'$out'"

name='run accepts connections while the command runs'
if command -v openssl >/dev/null; then
    cmd="'$mock' run -- sh -c 'openssl s_client -connect \$KMIP_HOST:\$KMIP_PORT -CAfile \$KMIP_CA \
         -cert \$KMIP_CERT -key \$KMIP_KEY -verify_return_error -verify_hostname localhost </dev/null'"
    expect 0 'Verify return code: 0 (ok)'
fi

name='several runs at the same time'
for i in 1 2 3 4; do
    "$mock" run --pki "$dir/shared" -- sh -c 'sleep 0.2; echo $KMIP_PORT' >"$dir/run.$i" 2>&1 &
    eval "run$i=$!"
done
wait "$run1" && wait "$run2" && wait "$run3" && wait "$run4" || fail 'one of them failed'
[ "$(sort -u "$dir"/run.[1-4] | wc -l)" = 4 ] || fail "$(cat "$dir"/run.[1-4])"

# --- scenarios and preloaded objects --------------------------------------

export KMIP_SCENARIOS=$(cd "$(dirname "$0")/.." && pwd)/fixtures/scenarios
name='scenarios are listed and explained'
cmd="'$mock' scenarios"; expect 0 'out-of-order  ' 'dies-mid-reply  '
cmd="'$mock' scenarios clock-behind lost-reply"; expect 0 'What a client shows: ' 'A reply never comes.'
cmd="'$mock' scenarios clock-behid"; expect 2 "did you mean 'clock-behind'?"
cmd="'$mock' scenarios --help"; expect 0 KMIP_SCENARIOS
cmd="KMIP_SCENARIOS=none '$mock' scenarios"; expect 2 'KMIP_SCENARIOS names the folder none'
export KMIP_CATALOGUES=$(cd "$(dirname "$0")/.." && pwd)/fixtures
name='deviations are listed, explained and put in force'
cmd="'$mock' deviations"; expect 0 'time-stamp-missing  ' 'activate-again  '
cmd="'$mock' deviations time-stamp-missing"; expect 0 'Rows:       BL-M-5' 'KMIP 1.2 spec, 6.5'
cmd="'$mock' variations"; expect 0 'identifiers-numbers  ' 'tls-1.2-only  '
cmd="'$mock' variations past-dates-refused"; expect 0 'Why:        What dates are taken is policy' 'Profiles:   baseline-server, symmetric'
cmd="'$mock' deviations time-stamp-mising"; expect 2 "did you mean 'time-stamp-missing'?"
cmd="'$mock' deviations --help"; expect 0 KMIP_CATALOGUES
cmd="KMIP_CATALOGUES=none '$mock' deviations"; expect 2 'KMIP_CATALOGUES names the folder none'
cmd="'$mock' --set deviations=time-stamp-mising"; expect 2 "did you mean 'time-stamp-missing'?"
cmd="'$mock' scenaris"; expect 2 "did you mean 'scenarios'?"

name='scenarios lie over the configuration'
echo 'clock: {offset: 1h}' >"$dir/mock.yaml"
printf 'faults: [{action: dropp}]\n' >"$dir/mine.yaml"
cmd="'$mock' run --pki pki --config mock.yaml --scenario clock-behind --scenario lost-reply -- true"; expect 0
cmd="'$mock' run --pki pki --scenario mine.yaml -- true"; expect 2 'mine.yaml:1:19: ' "did you mean 'drop'?"
cmd="'$mock' run --pki pki --scenario clock-behid -- true"; expect 2 "did you mean 'clock-behind'?"
cmd="cd / && '$mock' run --pki '$dir/pki' --scenario '$dir/mine.yaml' -- true"; expect 2 'mine.yaml:1:19: '

name='with --log info an exchange is a line: client, operation, object, result, sizes, duration, fault'
cmd="'$mock' run --pki pki --log info --set preload=states --set 'faults=[{name: slow, match: {operation: Get}, action: {delay: 1ms}}]' -- sh -c \
    \"'${mock%mock}client' get key-active >/dev/null; '${mock%mock}client' attributes nothing; true\""
expect 0 'info  #1/1 kmip-client: Get key-active -> Success, ' ' B in, ' ' B out, ' ' ms; fault: slow' \
    '#2/1 kmip-client: Get Attributes -> Operation Failed, Item Not Found: there is no object'

name='preloaded objects are there once'
cmd="'$mock' run --pki pki --set store=objects.db --set preload=states --log info -- true"
expect 0 'preloaded 6 objects; 0 were there already'
expect 0 'preloaded 0 objects; 6 were there already'
cmd="'$mock' run --pki pki --set 'preload=[{state: Actve}]' -- true"; expect 2 'preload:1:10: ' Actve
cmd="'$mock' run --pki pki --set 'preload=[{names: a}, {names: a}]' -- true"; expect 2 'is in use'

# run in the background with a command that says when it runs
run_sleeping() {
    rm -f "$dir/runs" "$dir/tmp"
    "$mock" run -- sh -c "dirname \"\$KMIP_CERTS\" >'$dir/tmp'; trap '$1' TERM; touch '$dir/runs'
        while :; do sleep 0.05; done" 2>"$dir/err" &
    pid=$!; pids="$pids $pid"
    i=0
    until [ -e "$dir/runs" ] || [ $i -ge 500 ]; do sleep 0.02; i=$((i + 1)); done
}

name='run passes SIGTERM on and removes its certificates'
run_sleeping 'exit 7'
kill -TERM "$pid"; ended
[ "$got" = 7 ] || fail "exit $got instead of 7"
[ ! -e "$(cat "$dir/tmp")" ] || fail 'the temporary certificates are still there'

name='a second signal ends run and its command at once'
run_sleeping ':'
kill -TERM "$pid"; sleep 0.3
kill -0 "$pid" 2>/dev/null || fail 'it did not wait for its command'
kill -TERM "$pid"; ended
[ "$got" = 137 ] || fail "exit $got instead of 137"
[ ! -e "$(cat "$dir/tmp")" ] || fail 'the temporary certificates are still there'

[ "$failed" = 0 ] && echo "kmip-mock command line: all well"
exit "$failed"
