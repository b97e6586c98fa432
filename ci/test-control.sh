#!/bin/sh
# The control API from the outside: where it listens, `kmip-mock ctl`, SIGHUP.
#
#   ci/test-control.sh BUILD      BUILD/kmip-mock and kmip-client are tested
set -u

build=${1:?usage: ci/test-control.sh BUILD}
build=$(cd "$build" && pwd)
mock=$build/kmip-mock client=$build/kmip-client conform=$build/kmip-conform
for p in "$mock" "$client" "$conform"; do
    [ -x "$p" ] || { echo "ci/test-control.sh: $p is not built: run make" >&2; exit 2; }
done
dir=$(mktemp -d "${TMPDIR:-/tmp}/test-control.XXXXXX") || exit 1
pids=
failed=0
name=
trap 'for p in $pids; do kill -9 "$p" 2>/dev/null; done; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset KMIP_CONTROL KMIP_CONTROL_TOKEN
python=${PYTHON:-/usr/bin/python3}

fail() { printf 'FAIL %s: %s\n' "$name" "$*"; failed=1; }

# expect CODE WORD...: $cmd ends with CODE and every WORD stands in its output.
expect() {
    want=$1; shift
    out=$(sh -c "$cmd" 2>&1 </dev/null); got=$?
    [ "$got" = "$want" ] || fail "$cmd: exit $got instead of $want: $out"
    for word; do
        case $out in *"$word"*) ;; *) fail "$cmd: '$word' is not in: $out" ;; esac
    done
}

# ctl CODE ARGS...: WORDs to be found follow --.
ctl() {
    want=$1; shift
    args=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do args="$args '$1'"; shift; done
    [ $# -eq 0 ] || shift
    cmd="'$mock' ctl $args"
    expect "$want" "$@"
}

# start ARGS...: a mock in the background; sets pid, ready (its standard output), err.
start() {
    n=$((${n:-0} + 1)); ready=$dir/out.$n; err=$dir/err.$n
    "$mock" --pki pki --listen 127.0.0.1:0 "$@" >"$ready" 2>"$err" &
    pid=$!; pids="$pids $pid"
    i=0
    until grep -q "^ready " "$ready" 2>/dev/null || [ $i -ge 500 ]; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02; i=$((i + 1))
    done
    grep -q '^ready ' "$ready" || fail "no ready line: $(cat "$err")"
    KMIP_CONTROL=$(field control)
    export KMIP_CONTROL
}

# stop CODE: TERM, and the exit code that must come of it.
stop() {
    kill -TERM "$pid"
    wait "$pid"; got=$?
    pids=$(printf '%s ' $pids | sed "s/\\b$pid //")
    [ "$got" = "$1" ] || fail "exit $got instead of $1 after SIGTERM: $(cat "$err")"
}

field() { tr ' ' '\n' <"$ready" | sed -n "s/^$1=//p"; }

# until_true COMMAND: tries for up to ten seconds.
until_true() {
    i=0
    until sh -c "$1" >/dev/null 2>&1; do
        [ $i -lt 500 ] || { fail "never true: $1"; return; }
        sleep 0.02; i=$((i + 1))
    done
}

kmip() { "$client" "$@" --host 127.0.0.1 --port "$(field port)" --certs pki/client; }

# --- where it listens -----------------------------------------------------

name='no control API unless asked for'
start --ready-file ready.json
[ -z "$(field control)" ] || fail "$(cat "$ready")"
grep -q '"control": null' ready.json || fail "$(cat ready.json)"
stop 0

name='ready line and file tell the place'
start --control 127.0.0.1:0 --ready-file ready.json --seed 7
case $KMIP_CONTROL in 127.0.0.1:[1-9]*) ;; *) fail "$(cat "$ready")" ;; esac
"$python" - "$KMIP_CONTROL" <<'PY' || fail "$(cat ready.json)"
import json, sys
c = json.load(open("ready.json"))["control"]
sys.exit("%s:%d" % (c["host"], c["port"]) != sys.argv[1])
PY
grep -Eq 'seed=7 control=[^ ]* client_certs=/' "$ready" || fail "$(cat "$ready")"

name='port in use'
cmd="'$mock' --pki pki --listen 127.0.0.1:0 --control $KMIP_CONTROL"
expect 3 'control API' 'another program listens there'

name='beyond loopback'
for place in 0.0.0.0:0 '[::]:0'; do
    cmd="'$mock' --pki pki --listen 127.0.0.1:0 --control '$place'"
    expect 2 'loopback only' "$place"
done
cmd="'$mock' --pki pki --listen 127.0.0.1:0 --control nonsense"
expect 2 'nonsense'

# --- a token --------------------------------------------------------------

name='a token'
stop 0
printf 'a-secret-word-of-some-length\n' >token
start --control 0 --control-token-file token
ctl 1 health -- 'asks for the token' '"field": "Authorization"'
ctl 1 health --control-token another -- 'asks for the token'
ctl 0 health --control-token-file token -- '"status": "ok"'
ctl 0 health --control-token a-secret-word-of-some-length -- '"status": "ok"'
ctl 2 health --control-token a --control-token-file token -- 'one will do'
cmd="KMIP_CONTROL_TOKEN=a-secret-word-of-some-length '$mock' ctl state"; expect 0 '"followers": 0'
case $out$(cat "$ready" "$err") in *a-secret-word*) fail "the token is told: $out" ;; esac
run="'$conform' run --host 127.0.0.1 --port $(field port) --certs pki/client --case locate-by-name"
cmd="$run --journal j.1 --control $KMIP_CONTROL"; expect 2 'asks for a token' KMIP_CONTROL_TOKEN
cmd="$run --journal j.2 --control $KMIP_CONTROL --control-token b"; expect 2 'asks for another token'
cmd="$run --journal j.3 --control $KMIP_CONTROL --control-token-file token"; expect 0 'waits advance the mock'
stop 0

name='a token lets others in'
start --control 0.0.0.0:0 --control-token a-secret-word-of-some-length
grep -q 'listens beyond loopback on 0.0.0.0:0' "$err" || fail "$(cat "$err")"
tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q 'a-secret-word' && fail 'ps shows the token'
ctl 0 health --control-token-file token -- '"status": "ok"'
ctl 1 health
stop 0
cmd="'$mock' --pki pki --listen 127.0.0.1:0 --control 0 --control-token-file nowhere"; expect 2 nowhere
cmd="'$mock' --pki pki --listen 127.0.0.1:0 --control 0 --control-token 'a b'"; expect 2 'no blanks'
cmd="'$mock' run --pki pki --control 0 --control-token-file token -- '$mock' ctl health"; expect 0 '"status": "ok"'
cmd="KMIP_CONTROL_TOKEN=x '$mock' run --pki pki -- sh -c 'echo \${KMIP_CONTROL_TOKEN-unset}'"; expect 0 unset
start --control 127.0.0.1:0 --ready-file ready.json --seed 7

# --- ctl ------------------------------------------------------------------

name='ctl: looking'
ctl 0 health -- '"status": "ok"'
ctl 0 state -- '"seed": 7' '"version"'
ctl 0 --control "$KMIP_CONTROL" faults -- '"faults": []'
ctl 0 scenarios -- '"scenarios": {}'
ctl 0 clock -- '"advanced": "0s"'
ctl 0 journal -- '"exchanges": []'
cmd="http_proxy=http://192.0.2.1:1 '$mock' ctl health"; expect 0 ok

name='ctl: faults'
printf -- '- name: from-file\n  match: {operation: Create}\n  action: {delay: 1ms}\n' >faults.yaml
ctl 0 fault add faults.yaml -- '"name": "from-file"' '"delay": "1ms"'
ctl 0 fault add '{name: inline, match: {operation: Get, state: {scenario: outage, is: on}}, action: drop}'
ctl 0 fault add '{"name": "from/json", "match": {"client": "nobody"}, "action": "drop"}'
cmd="echo '{name: piped, match: {client: nobody}, action: drop}' | '$mock' ctl fault add -"
expect 0 piped
ctl 0 fault get from/json -- '"action": "drop"'
ctl 0 fault remove from/json
ctl 1 fault get from/json -- "no fault named 'from/json'"
ctl 0 scenario set outage on -- '"state": "on"'
ctl 0 scenario get outage -- '"state": "on"'
ctl 0 scenario reset outage -- started
ctl 0 fault reset -- '"fired": 0'
ctl 0 fault set '{name: only, match: {client: nobody}, action: drop}'
ctl 1 fault get inline
ctl 0 fault clear -- '"faults": []'
ctl 1 fault add '[{action: drop}, {action: {reorder: {window: 1}}}]' -- \
    '"field": "faults[1].action.reorder.window"' 'kmip-mock: faults[1].action.reorder.window' 'line 1'
ctl 0 faults -- '"faults": []'

name='ctl: clock'
ctl 0 clock set '{offset: -90s}' -- '"offset": "-90s"'
ctl 0 clock advance 2h -- '"advanced": "7200s"'
ctl 0 clock reset -- '"offset": "0s"'
ctl 1 clock advance backwards -- 'duration'

name='ctl: objects'
ctl 0 preload states -- key-active
ctl 0 objects --state Active -- '"identifier": "key-active"' '"total": 6'
ctl 0 object get key-active -- 'Cryptographic Algorithm'
ctl 0 object remove key-active
ctl 1 object get key-active -- "no object 'key-active'"
ctl 0 preload '{identifier: mine, names: [n 1]}' -- mine
ctl 0 objects --name 'n*' -- '"n 1"'
ctl 0 objects clear -- '"removed": 6'

name='ctl: journal'
kmip create >made || fail 'create'
ctl 0 journal -- '"Create"' 'Object Type: Symmetric Key'
( sleep 0.3; kmip discover >/dev/null ) &
ctl 0 journal --operation 'Discover Versions' --wait 1 --timeout 20s --messages yaml -- 'Request Message:'
wait $!
ctl 1 journal --operation Destroy --wait 1 --timeout 200ms -- '0 of 1 exchanges'
ctl 1 journal --operation Creat -- "did you mean 'Create'"
ctl 0 journal --client 'kmip-*' --connection 1 --since 1 --limit 1 --messages none -- '"number": 1'
ctl 0 clock set '{offset: -90s, applies_to: life_cycle}'
kmip discover >/dev/null
ctl 0 journal --limit 1 -- '"time_stamp": "7200s"' '"life_cycle": "7110s"'
ctl 0 clock reset
ctl 0 journal clear -- '"forgotten": 3'

name='ctl: wrong command lines'
while IFS='|' read -r args word1 word2; do
    cmd="'$mock' ctl $args"
    expect 2 'kmip-mock: ' "$word1" "$word2"
done <<EOT
|what is to be done|--help
fualts|unknown command|did you mean 'faults'
fault ad x|did you mean 'fault add'|
fault|unknown command|
fault add|usage: kmip-mock ctl fault add FILE
fault add a b|usage|
fault add no-such-file.yaml|no-such-file.yaml|
fault remove|usage: kmip-mock ctl fault remove NAME|
state now|unknown command 'ctl state now'|
state --wait 3|takes no --wait|
journal --timeout 3s|--timeout is for --wait|
journal --state Active|takes no --state|
--control here faults|HOST:PORT|here
--contrl x faults|did you mean --control|
EOT
cmd="env -u KMIP_CONTROL '$mock' ctl state"; expect 2 'which server' KMIP_CONTROL
cmd="KMIP_CONTROL=: '$mock' ctl state"; expect 2 'KMIP_CONTROL is HOST:PORT'
cmd="'$mock' ctl --help"; expect 0 'fault add' 'journal' '--operation'

name='ctl: no control API there'
ctl 3 --control 127.0.0.1:1 state -- 'nothing listens on 127.0.0.1:1' '--control'
"$python" -c '
import http.server, threading
s = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
open("other", "w").write("127.0.0.1:%d" % s.server_port)
s.serve_forever()' >/dev/null 2>&1 &
pids="$pids $!"
until_true 'test -s other'
ctl 3 --control "$(cat other)" state -- 'no control API'
ctl 3 --control "127.0.0.1:$(field port)" state

name='a wait ends when its client goes'
"$mock" ctl journal --wait 1 --timeout 600s >waited 2>&1 &
waiting=$!
until_true "'$mock' ctl state | grep -q '\"waiting\": 1'"
kill -9 "$waiting"
wait "$waiting" 2>/dev/null
until_true "'$mock' ctl state | grep -q '\"waiting\": 0'"

name='a wait ends when the server stops'
"$mock" ctl journal --wait 1 --timeout 60s >waited 2>&1 &
waiting=$!
until_true "'$mock' ctl state | grep -q '\"waiting\": 1'"
stop 0
wait $waiting; got=$?
[ $got = 1 ] || fail "exit $got"
grep -q 'the server stops' waited || fail "$(cat waited)"
[ ! -e ready.json ] || fail 'the ready file is still there'

# --- run ------------------------------------------------------------------

name='run tells its command the place'
cmd="'$mock' run --pki pki --control 0 -- '$mock' ctl health"; expect 0 '"status": "ok"'
cmd="KMIP_CONTROL=outer '$mock' run --pki pki -- sh -c 'echo \${KMIP_CONTROL-unset}'"; expect 0 unset

# --- the configuration file, and SIGHUP -----------------------------------

name='control: of the configuration'
printf 'control: 127.0.0.1:0\nvendor: one\n' >mock.yaml
start --config mock.yaml --ready-file ready.json
ctl 0 state -- '"vendor": "one"' '"config": "mock.yaml"'

name='SIGHUP reloads the file'
printf 'control: 127.0.0.1:0\nvendor: two\nfaults:\n  - {name: f, match: {client: x}, action: drop}\n' >mock.yaml
kill -HUP "$pid"
until_true "'$mock' ctl state | grep -q '\"vendor\": \"two\"'"
ctl 0 faults -- '"name": "f"'

name='SIGHUP with a wrong file changes nothing'
printf 'control: 127.0.0.1:0\nvendor: three\nfaults:\n  - {name: f, acton: drop}\n' >mock.yaml
kill -HUP "$pid"
until_true "grep -q 'mock.yaml:4:15: .*action' '$err'"
ctl 0 state -- '"vendor": "two"'
ctl 1 reload -- '"field": "faults[0].acton"' '"line": 4' '"column": 15' '"file": "mock.yaml"'
printf 'control: 127.0.0.1:0\nvendor: three\nstore: other.db\n' >mock.yaml
ctl 1 reload -- 'takes a restart' '"field": "store"'
ctl 0 state -- '"vendor": "two"'

name='a handshake that is stalled stays so over a reload, until its fault is taken away'
printf 'control: 127.0.0.1:0\nvendor: two\nfaults: [{name: stuck, action: handshake_stall}]\n' >mock.yaml
ctl 0 reload
kmip discover >discovered 2>&1 &
stuck=$!
ctl 0 journal --fault stuck --wait 1 --timeout 20s
printf 'control: 127.0.0.1:0\nvendor: two\n' >mock.yaml
ctl 0 reload
ctl 0 state -- '"retired": 1'
kill -0 "$stuck" || fail "$(cat discovered)"
ctl 0 fault remove stuck
wait "$stuck" || fail "$(cat discovered)"
ctl 0 state -- '"retired": 0'

name='options stay in force over what is reloaded'
stop 0
printf 'vendor: one\nlisten: 127.0.0.1:1\n' >mock.yaml
start --config mock.yaml --control 0 --seed 3 --set limits.batch_items=7
printf 'vendor: two\nlisten: 127.0.0.1:2\n' >mock.yaml
ctl 0 reload -- reloaded
ctl 0 state -- '"vendor": "two"' '"seed": 3'
stop 0

name='a scenario is reloaded too'
mkdir -p s
printf '# One.\nfaults: [{name: one, match: {client: x}, action: drop}]\n' >s/mine.yaml
start --control 0 --scenario s/mine.yaml
ctl 0 faults -- '"name": "one"'
ctl 0 state -- '"scenarios": [' '"s/mine.yaml"'
printf '# Two.\nfaults: [{name: two, match: {client: x}, action: drop}]\n' >s/mine.yaml
ctl 0 reload
ctl 0 faults -- '"name": "two"'
stop 0

name='scenarios chosen while it runs'
start --control 0
ctl 0 library -- '"name": "out-of-order"' '"in_force": []' 'Replies in another order'
ctl 0 choose lost-reply -- '"in_force": true'
ctl 0 faults -- '"name": "lost-reply"'
ctl 0 choose '[read-only-replica, clock-behind]'
ctl 0 faults -- '"name": "read-only-replica"'
ctl 0 clock -- '"offset": "-90s"'
ctl 0 objects -- '"identifier": "replicated-key"'
ctl 0 reload -- reloaded
ctl 1 choose out-of-ordr -- "did you mean 'out-of-order'"
ctl 1 choose '[../secret]' -- 'is a path'
ctl 0 library -- '"read-only-replica",'
ctl 0 choose '[]' -- '"in_force": []'
ctl 0 faults -- '"faults": []'
stop 0
printf 'vendor: one\n' >mock.yaml
start --control 0 --config - <mock.yaml
ctl 1 choose lost-reply -- 'standard input'
stop 0

name='SIGHUP without a file is no end'
start --control 0
kill -HUP "$pid"
until_true "grep -q 'no configuration file to reload' '$err'"
ctl 0 health -- ok
ctl 1 reload -- 'nothing to reload'
stop 0

name='the terminal goes, and the server with it'
"$python" - "$mock" <<'PY' || fail 'it is still there'
import os, pty, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["kmip-mock", "--pki", "pki", "--listen", "127.0.0.1:0"])
seen = b""
while b"ready " not in seen:
    seen += os.read(master, 1000)
os.close(master)
for _ in range(500):
    if os.waitpid(pid, os.WNOHANG)[0]:
        sys.exit(0)
    time.sleep(0.02)
os.kill(pid, 9)
sys.exit(1)
PY

[ "$failed" = 0 ] && echo "control API: all well"
exit "$failed"
