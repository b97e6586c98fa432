#!/usr/bin/env bash
# kmip-conform from the outside: its command line, peers that are no KMIP servers, our
# mock as an honest, a faulty and a differing server, reports, Ctrl-C, and what is left
# on the server afterwards: nothing. BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work

# run CODE ARGS...: kmip-conform must exit with CODE; output in $work/out and err. It
# runs in the folder of the work, where a journal would be.
run() {
    local code=$1 rc=0
    shift
    ran="kmip-conform $*"
    (cd "$work/run" && timeout 120 "$conform" "$@") >"$work/out" 2>"$work/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}
# The command that a report names works as it stands, in the same folder.
pasted() {
    local command code=$1
    command=$(sed -n 's/^    again     //p' "$work/out" | head -n 1)
    (cd "$work/run" && env -u KMIP_CERTS sh -c "$command") >"$work/out" 2>"$work/err" </dev/null
    [ $? -eq "$code" ] || fail "pasted: $command"
}
no_journal() { ! ls "$work/run"/*.journal >/dev/null 2>&1 || fail "$ran: a journal is left"; }

mkdir "$work/run"
ln -s "$tree/conformance" "$work/run/conformance"
"$mock" run --pki "$work/pki" -- true 2>/dev/null || { echo "kmip-mock makes no certificates" >&2; exit 1; }

# --- servers --------------------------------------------------------------------

# serve ARGS...: a mock in the background, the client's environment set.
serve() {
    rm -f "$work/ready"
    "$mock" --pki "$work/pki" --listen "127.0.0.1:${port:-0}" --ready-file "$work/ready" --log error \
        "$@" >/dev/null 2>"$work/mock.err" &
    server=$!
    pids+=("$server")
    until [ -s "$work/ready" ]; do
        kill -0 "$server" 2>/dev/null || { echo "the mock does not start: $(cat "$work/mock.err")"; exit 1; }
        sleep 0.02
    done
    KMIP_PORT=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["port"])' "$work/ready")
    export KMIP_HOST=127.0.0.1 KMIP_PORT KMIP_CERTS=$work/pki/client
}
stop() {
    kill -TERM "$server" && wait "$server" 2>/dev/null
    unset KMIP_HOST KMIP_PORT KMIP_CERTS
}
# Nothing is left on the server.
nothing_left() {
    local left
    left=$("$client" locate 2>"$work/locate.err") || fail "locate: $(cat "$work/locate.err")"
    [ -z "$left" ] || fail "$ran: left on the server: $left"
}
peer() { # peer MODE: tls-peer.py in the background; sets port
    rm -f "$work/peer"
    "$python" ci/tls-peer.py "$1" "$work/pki/server" "$work/peer" 2>/dev/null &
    peer_pid=$!
    pids+=("$peer_pid")
    until [ -s "$work/peer" ]; do sleep 0.02; done
    peer_port=$(cat "$work/peer")
}

# case_file NAME: a case from standard input.
case_file() {
    cat >"$work/run/$1.yaml"
}

case_file my-key <<'YAML'
id: my-key
title: A key is made and found
clause: KMIP 1.2 spec, 4.1
level: MUST
objects:
  key: {state: Active}
steps:
  - note: It is there
    operation: Get Attributes
    payload: {Unique Identifier: $key, Attribute Name: State}
    expect: {payload: {Attributes: {State: Active}}}
YAML
case_file my-create <<'YAML'
id: my-create
title: A key that bears the run's prefix in a custom attribute only
clause: KMIP 1.2 spec, 4.1
level: MUST
steps:
  - note: Create it
    operation: Create
    payload:
      Object Type: Symmetric Key
      Template-Attribute:
        Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, x-ID: $RUN-x}
    expect: {payload: {Unique Identifier: $key}}
  - note: Look at it
    operation: Get Attributes
    payload: {Unique Identifier: $key}
YAML
case_file my-several <<'YAML'
id: my-several
title: A key with two instances of an attribute, which may be written with an index or without
clause: KMIP 1.2 spec, 2.1.1
level: MUST
objects:
  key: {attributes: {Object Group: [$RUN-a, $RUN-b]}}
steps:
  - note: Both are there
    operation: Get Attributes
    payload: {Unique Identifier: $key, Attribute Name: Object Group}
    expect: {payload: {Attributes: {Object Group: [$RUN-a, $RUN-b]}}}
YAML
case_file my-wait <<'YAML'
id: my-wait
title: A key, then nothing for a long time
clause: none
level: MUST
objects:
  key: {state: Active}
  other: {}
steps:
  - wait: 60s
YAML
case_file my-fail <<'YAML'
id: my-fail
title: What no server answers
clause: KMIP 1.2 spec, 4.25
level: MUST
why: It's for the test.
steps:
  - note: Ask
    operation: Query
    payload: {Query Function: Query Operations}
    expect: {fail: Item Not Found}
YAML
case_file my-warn <<'YAML'
id: my-warn
title: What a server should not do
clause: KMIP 1.2 spec, 4.25
level: SHOULD
steps:
  - {note: Ask, operation: Query, payload: {Query Function: Query Operations}, expect: {fail: any}}
YAML
case_file my-other <<'YAML'
id: my-other
title: Another client sees nothing of ours
clause: KMIP 1.2 spec, 3.18.2
level: MUST
objects:
  key: {}
steps:
  - {note: A key of theirs, client: other, operation: Create, payload: {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, Name: $RUN-theirs}}}, expect: {payload: {Unique Identifier: $theirs}}}
  - connect: {client: visitor, as: other}
  - {note: And one of a connection of its own, client: visitor, operation: Create, payload: {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, Name: $RUN-visitor}}}}
  - close: visitor
  - {note: Theirs is not ours, operation: Get Attributes, payload: {Unique Identifier: $theirs}, expect: {fail: any}}
YAML
case_file my-foreign <<'YAML'
id: my-foreign
title: A case must not destroy what it has not made
clause: none
level: MUST
vars: {theirs: FOREIGN}
steps:
  - {note: Try, operation: Destroy, payload: {Unique Identifier: $theirs}}
YAML

case_file my-lost <<'YAML'
id: my-lost
title: A Create that may be answered by a closed connection
clause: none
level: MUST
steps:
  - operation: Create
    client: fresh
    payload:
      Object Type: Symmetric Key
      Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, Name: $RUN-lost}}
    expect: {any_of: [success, {fail: any}, {status: Operation Undone}, {connection: closed}]}
  - {note: And something else, operation: Query, payload: {Query Function: Query Operations}}
YAML
case_file my-credential <<'YAML'
id: my-credential
title: A key that belongs to somebody with a password
clause: none
level: MUST
steps:
  - operation: Create
    header: {Authentication: {Credential: {Credential Type: Username and Password, Credential Value: {Username: Fred, Password: password1}}}}
    payload:
      Object Type: Symmetric Key
      Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, Name: $RUN-credential}}
YAML
case_file my-placeholder <<'YAML'
id: my-placeholder
title: What Locate finds must not be destroyed unseen
clause: none
level: MUST
steps:
  - header: {Batch Order Option: true}
    batch:
      - {operation: Locate, payload: {Attributes: {Name: prod-key}}}
      - {operation: Destroy}
YAML
case_file my-nameless <<'YAML'
id: my-nameless
title: A key that could not be found again
clause: none
level: MUST
steps:
  - operation: Create
    payload:
      Object Type: Symmetric Key
      Template-Attribute: {Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt, Name: my-own}}
YAML

# --- the command line -------------------------------------------------------------

command_line() {
    local ok=(--host 127.0.0.1 --port 1 --certs "$work/pki/client")
    run 2
    tells "usage: kmip-conform COMMAND"
    run 0 --help
    for c in run list explain cleanup; do says "$c"; done
    run 0 --version
    run 2 runs
    tells "unknown command 'runs'; did you mean 'run'?"
    run 0 run --help
    for o in --profile --case --skip --json --junit --repeat --strict --object --other-certs --journal \
        --host --certs --values KMIP_HOST; do says "$o"; done
    run 2 run --hots x
    tells "--hots"
    run 2 run --repeat 0 "${ok[@]}"
    tells "--repeat"
    run 2 run --port 99999
    tells "--port"
    run 2 run --profile baselin-server "${ok[@]}"
    tells "there is no profile 'baselin-server'; did you mean baseline-server?"
    run 2 run --case no-such-case "${ok[@]}"
    tells "no case matches"
    run 2 run --case sklc-m-1
    tells "which server?"
    run 2 run --case sklc-m-1 --host a --certs "$work/none"
    tells "$work/none"
    run 2 run --case sklc-m-1 "${ok[@]}" --other-certs "$work/none"
    tells "$work/none"
    run 2 run --case sklc-m-1 "${ok[@]}" --other-certs "$work/run"
    tells "$work/run/kmip-"
    run 2 run none.yaml "${ok[@]}"
    tells "none.yaml"
    run 2 run "$work" "${ok[@]}"
    tells "$work is a folder: name the files"
    run 2 run my-key.yaml "${ok[@]}" --json "$work/none/x.json"
    tells "cannot write a report to $work/none/x.json"
    run 2 run my-key.yaml "${ok[@]}" --junit "$work"
    tells "it is a folder"
    run 2 run my-key.yaml "${ok[@]}" --json - --junit -
    tells "go to the same place"
    run 2 run my-key.yaml "${ok[@]}" --json x.json --junit ./x.json
    tells "go to the same place"
    run 2 run my-key.yaml "${ok[@]}" --journal "$work/none/j"
    tells "--journal FILE names another place"
    run 2 run my-key.yaml "${ok[@]}" --journal /dev/null
    tells "must be a file of its own"
    run 2 run my-key.yaml "${ok[@]}" --journal my-key.yaml
    tells "is there already"
    run 2 run my-key.yaml my-key.yaml "${ok[@]}"
    tells "the id 'my-key' is also that of"
    run 2 run my-key.yaml "${ok[@]}" --suites "$work/none"
    tells "there is no folder"
    run 2 run my-key.yaml "${ok[@]}" --suites "$work/run"
    tells "$work/run holds no suites"
    run 2 list x
    tells "list takes no operand 'x'"
    run 2 list --case nothing-of-it
    run 0 list --profile basic-cryptographic-server --case 'cs-bc-m-1*'
    says "cs-bc-m-10"
    silent_on "sklc-m-1"
    run 2 explain
    run 2 explain sklc-m-11
    tells "there is no case 'sklc-m-11'; did you mean 'sklc-m-1'?"
    run 0 explain sklc-m-2
    says "covers  SK-T-2"
    run 0 explain my-fail.yaml
    says "It's for the test."
    run 0 explain ./my-fail.yaml
    run 2 explain /
    tells "explain takes the id of one case, or its file"
    run 2 --host a run
    tells "options go behind the command: kmip-conform run --host ..."
    run 2 explain none.yaml
    tells "none.yaml"
    run 2 cleanup "${ok[@]}"
    tells "cleanup takes the journal of a run"
    run 2 cleanup none.journal "${ok[@]}"
    tells "cannot open the journal none.journal"
    run 2 cleanup my-key.yaml "${ok[@]}"
    tells "my-key.yaml: not a journal of kmip-conform"
    no_journal
}

# What is wrong with a case file is told with its place, before any server is asked.
case_files() {
    local told text
    while IFS='|' read -r told text; do
        printf 'id: x\ntitle: t\nclause: c\nlevel: MUST\n%b\n' "$text" >"$work/run/bad.yaml"
        run 2 run bad.yaml --host 127.0.0.1 --port 1 --certs "$work/pki/client"
        tells "bad.yaml:$told"
    done <<'ROWS'
5:1: unknown key 'step'; did you mean 'steps'?|step: []
5:21: 'Gett' is no Operation|steps: [{operation: Gett}]
5:9: a step has either|steps: [{raw: '00', wait: 1s}]
5:45: 'Uniqu Identifier' is no field of the standard; did you mean|steps: [{operation: Get, expect: {payload: {Uniqu Identifier: a}}}]
5:10: there is no requirement row 'ZZ-1'|covers: [ZZ-1]\nsteps: [{wait: 1s}]
ROWS
}

# What is printed and cannot be written is no success; a closed output is nobody else's.
outputs() {
    local command rc
    while read -r command; do
        rc=0
        (cd "$work/run" && eval "$command") >/dev/full 2>"$work/err" || rc=$?
        : >"$work/out"
        ran=$command
        [ $rc -eq 2 ] || fail "$ran >/dev/full: exit $rc instead of 2"
        tells "cannot write standard output: No space left on device"
    done <<'ROWS'
"$conform" list
"$conform" list --coverage
"$conform" explain sklc-m-1
"$conform" --help
"$client" --help
"$mock" --help
"$mock" --version
ROWS
    serve
    (cd "$work/run" && "$conform" run my-key.yaml my-create.yaml --json "$work/r.json") >&- 2>"$work/err"
    rc=$?
    : >"$work/out"
    ran="kmip-conform run >&-"
    [ $rc -eq 0 ] || fail "$ran: exit $rc instead of 0"
    grep -q '"PASS": 2' "$work/r.json" || fail "$ran: $(cat "$work/r.json")"
    (cd "$work/run" && "$conform" run my-key.yaml) >/dev/full 2>"$work/err"
    [ $? -eq 2 ] || fail "kmip-conform run >/dev/full: no exit 2"
    "$client" query >&- 2>"$work/err" || fail "kmip-client query >&-"
    no_journal
    nothing_left
    stop
}

pem_files() {
    local d=$work/pem
    mkdir -p "$d"
    cp "$work/pki/client"/*.pem "$d"
    cp "$work/pki/other/kmip-key.pem" "$d"
    run 2 run my-key.yaml --host 127.0.0.1 --port 1 --certs "$d"
    tells "kmip-key.pem"
    : >"$d/kmip-key.pem"
    run 2 run my-key.yaml --host 127.0.0.1 --port 1 --certs "$d"
    tells "is empty"
    rm "$d/kmip-key.pem"
    run 2 run my-key.yaml --host 127.0.0.1 --port 1 --certs "$d"
    tells "kmip-key.pem"
}

# --- peers that are no KMIP servers -------------------------------------------------

# mode|exit code|what is told
peers() {
    local mode code told start
    while IFS='|' read -r mode code told; do
        peer "$mode"
        start=$SECONDS
        run "$code" run --case sklc-m-1 --host 127.0.0.1 --port "$peer_port" --certs "$work/pki/client" \
            --timeout 1 --json "$work/gate.json" --junit "$work/gate.xml"
        tells "$told"
        tells "nothing was tested"
        [ $((SECONDS - start)) -lt 10 ] || fail "$ran: took $((SECONDS - start)) s"
        "$python" -c 'import json, sys; assert json.load(open(sys.argv[1]))["gate"]["result"] != "open"' \
            "$work/gate.json" || fail "$ran: no gate in the report"
        kill "$peer_pid"
        wait "$peer_pid" 2>/dev/null
    done <<'ROWS'
tcp-silent|3|waited 1 s for the TLS handshake in vain
tcp-http|3|speaks plain HTTP on this port, not TLS
tcp-close|3|the server closed the connection in the TLS handshake
silent|3|Discover Versions does not work: waited 1 s for a reply in vain
http|3|this is no KMIP server
garbage|3|this is no KMIP server
close|3|the server closed the connection
half-close|3|the server closed the connection
cut|3|in the middle of a reply
trickle|3|waited 1 s for a reply: 
huge|3|the limit is
empty|1|message has no Response Header
other-version|1|Operation Failed, Invalid Message
ROWS
    run 3 run --case sklc-m-1 --host 127.0.0.1 --port 1 --certs "$work/pki/client"
    tells "no connection"
    run 3 run --case sklc-m-1 --host no-such-host.invalid --certs "$work/pki/client"
    tells "no-such-host.invalid"
    no_journal
}

# --- an honest server -----------------------------------------------------------------

honest() {
    local left
    serve
    run 0 run --case 'sklc-*' --case 'cs-bc-m-1' --skip sklc-o-1
    says "PASS           sklc-m-1"
    silent_on "sklc-o-1"
    silent_on $'\033'
    says "conformant in all that was tested"
    run 0 run -q --case 'sklc-*'
    silent_on "PASS           sklc"
    run 0 run my-key.yaml my-create.yaml
    says "Cases given by file"
    run 1 run my-fail.yaml --certs "$work/pki/client"
    says "clause    KMIP 1.2 spec, 4.25 (MUST)"
    says "expected  Operation Failed, Item Not Found"
    says "actual    Success"
    says "where     Response Message/Batch Item/Result Status (offset "
    says "note      It's for the test."
    says "  Query Function: Query Operations"
    says "      Response Message"
    says "again     $conform run --host 127.0.0.1 --port $KMIP_PORT --certs $work/pki/client my-fail.yaml"
    pasted 1
    run 0 run my-warn.yaml
    says "WARN"
    run 1 run my-warn.yaml --strict
    run 0 run my-key.yaml --repeat 3
    says "PASS in 3 of 3"
    says "every case came out the same each time"
    run 4 run my-other.yaml
    says "needs a second client identity: --other-certs DIR"
    KMIP_OTHER_CERTS=$work/pki/other run 0 run my-other.yaml
    left=$(KMIP_CERTS=$work/pki/other "$client" locate)
    [ -z "$left" ] || fail "the other client's objects are left: $left"
    run 4 run my-foreign.yaml
    says "not sent: Destroy of 'FOREIGN', an object that this run has not made"
    run 0 run my-key.yaml --protocol 1.0
    run 0 run my-key.yaml --protocol 1.1
    no_journal
    nothing_left
    far_away
    reports
    terminal
    interrupts
    stop
}

# Of a mock that is gone when the report is read, a case is run again under another.
under_a_mock() {
    (cd "$work/run" && "$mock" run --log error --seed 7 -- "$conform" run my-fail.yaml --protocol 1.1) \
        >"$work/out" 2>"$work/err" </dev/null
    ran="kmip-mock run -- kmip-conform run"
    says "again     $mock run --log error --seed 7 -- $conform run --protocol 1.1 my-fail.yaml"
    pasted 1
    (cd "$work/run" && "$mock" run --log error -- sh -c '"$0" run my-fail.yaml --cert "$KMIP_CERT"' "$conform") \
        >"$work/out" 2>"$work/err" </dev/null
    says "again     $conform run --host 127.0.0.1 "
}

# The program and a case file alone, far from the suites.
far_away() {
    mkdir "$work/far"
    cp "$conform" "$work/run/my-key.yaml" "$work/far"
    ran="kmip-conform run my-key.yaml, without suites"
    (cd "$work/far" && ./kmip-conform run my-key.yaml && ./kmip-conform explain my-key.yaml) \
        >"$work/out" 2>"$work/err" </dev/null || fail "$ran"
    says "conformant in all"
    (cd "$work/far" && ./kmip-conform run) >"$work/out" 2>"$work/err" && fail "$ran: all without suites"
    tells "the suites are not beside the program"
}

reports() {
    run 1 run my-fail.yaml my-key.yaml my-warn.yaml --json "$work/r.json" --junit "$work/r.xml"
    "$python" - "$work/r.json" "$work/r.xml" <<'PY' || fail "$ran: the reports are wrong"
import json, sys, xml.etree.ElementTree as E
r = json.load(open(sys.argv[1]))
assert r['report_version'] == 1 and r['exit_code'] == 1 and r['gate']['result'] == 'open'
assert [c['verdict'] for c in r['cases']] == ['FAIL', 'PASS', 'WARN'], r['cases']
assert r['counts']['FAIL'] == 1 and r['left_behind'] == []
assert r['target']['tls']['version'].startswith('TLS1.') and r['target']['vendor']
fail = r['cases'][0]
assert fail['mismatches'][0]['path'].endswith('Result Status') and fail['step'] == 1
assert 'Query Operations' in fail['exchanges'][0]['request']
assert fail['exchanges'][0]['took_ms'] > 0 and 0 <= fail['exchanges'][0]['sent_ms'] <= fail['took_ms']
suites = E.parse(sys.argv[2]).getroot()
assert suites.tag == 'testsuites' and len(suites.findall('.//testcase')) == 3
assert suites.find('.//failure').get('message').startswith('FAIL: expected')
PY
    run 1 run my-fail.yaml --json -
    "$python" -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/out" || fail "$ran: not JSON"
    tells "not conformant"
    run 0 run --case cs-bc-m-10 --json "$work/r.json"
    ! grep -qi '0123456789abcdef0123456789abcdef' "$work/r.json" || fail "$ran: key material in the report"
    run 0 run --case cs-bc-m-10 --json "$work/r.json" --show-secrets
    grep -qi '0123456789abcdef0123456789abcdef' "$work/r.json" || fail "$ran: --show-secrets shows none"
}

# on_terminal COMMAND...: its output, a pseudo-terminal's, a line per line written over.
on_terminal() {
    (cd "$work/run" && TERM=xterm "$python" - "$@" <<'PY') | tr '\r' '\n'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=theirs, stderr=theirs)
os.close(theirs)
try:
    while data := os.read(ours, 65536):
        sys.stdout.buffer.write(data)
except OSError:
    pass
child.wait()
PY
}

# On a terminal: a line that is written over, colours unless NO_COLOR.
terminal() {
    local text
    text=$(on_terminal env -u NO_COLOR "$conform" run --case 'sklc-m-*')
    case $text in
    *"[1/3] 0:00"*"[2/3] 0:00 "*"sklc-m-2"*) ;;
    *) fail "no progress on a terminal: $text" ;;
    esac
    case $text in *$'\033[32m'*) ;; *) fail "no colour on a terminal: $text" ;; esac
    case $(on_terminal "$conform" run --case 'sklc-m-*') in
    *$'\033['[0-9]*) fail "colour in spite of NO_COLOR" ;;
    esac
}

# --- Ctrl-C -----------------------------------------------------------------------------

# start ARGS...: a run in the background that stands in my-wait when this returns.
start() {
    (cd "$work/run" && exec "$conform" run my-wait.yaml "$@") >"$work/out" 2>"$work/err" </dev/null &
    running=$!
    pids+=("$running")
    ran="kmip-conform run my-wait.yaml $*"
    for _ in $(seq 500); do
        [ "$(grep -c made "$work/run/"*.journal 2>/dev/null)" = 2 ] && return
        sleep 0.02
    done
    fail "$ran: nothing is made"
}
ends() { # ends CODE
    local rc=0
    { wait "$running"; } 2>/dev/null || rc=$?
    [ "$rc" -eq "$1" ] || fail "$ran: exit $rc instead of $1"
}

interrupts() {
    local signal began
    for signal in INT TERM HUP; do
        start --json "$work/i.json"
        began=$SECONDS
        kill -"$signal" "$running"
        ends 4
        [ $((SECONDS - began)) -lt 5 ] || fail "$ran: SIG$signal took $((SECONDS - began)) s"
        says "INCONCLUSIVE   my-wait  interrupted"
        says "Interrupted"
        grep -q '"interrupted": true' "$work/i.json" || fail "$ran: the report does not tell"
        no_journal
        nothing_left
    done
    # Twice: at once, and the journal tells what is left.
    start
    kill -INT "$running"
    kill -TERM "$running"
    ends 130
    tells "removes what is left"
    run 0 cleanup "$(basename "$work/run/"*.journal)"
    says "2 of 2 objects removed"
    no_journal
    nothing_left
    # Killed: the same, from the journal alone.
    start
    kill -KILL "$running"
    ends 137
    run 2 cleanup "$(basename "$work/run/"*.journal)" --host localhost
    tells "is of a run against 127.0.0.1:"
    run 0 cleanup "$(basename "$work/run/"*.journal)"
    says "2 of 2 objects removed"
    no_journal
    nothing_left
}

# --- a faulty server ----------------------------------------------------------------------

# cases|exit code|what is printed|fault of the mock; nothing must be left on it
faults() {
    local cases code said fault start
    while IFS='|' read -r cases code said fault; do
        printf 'faults:\n- %s\n' "$fault" >"$work/faults.yaml"
        serve --config "$work/faults.yaml"
        start=$SECONDS
        # shellcheck disable=SC2086 # several files
        run "$code" run $cases --timeout 1
        [ $((SECONDS - start)) -lt 20 ] || fail "$ran: took $((SECONDS - start)) s"
        says "$said"
        no_journal
        nothing_left
        stop
    done <<'ROWS'
my-create.yaml|1|actual    the server closed the connection|{match: {operation: Create}, action: close}
my-create.yaml|1|actual    the server closed the connection|{match: {operation: Create}, action: reset}
my-create.yaml|1|waited 1 s for a reply in vain|{match: {operation: Create}, action: drop}
my-create.yaml|1|50 of at least 200 bytes of a reply had come|{match: {operation: Create}, action: {truncate: {at: 50}}}
my-create.yaml|1|in the middle of a reply|{match: {operation: Create}, action: {close_after: {bytes: 60}}}
my-create.yaml|1|this looks like an HTTP response|{match: {operation: Create}, action: {not_ttlv: {as: http}}}
my-create.yaml|1|message.version|{match: {operation: Get Attributes}, action: {wrong_version: {version: '1.1'}}}
my-create.yaml|1|the limit is|{match: {operation: Create}, action: {length: {huge: true}}}
my-create.yaml|0|ttlv.padding|{match: {operation: Create}, action: {bad_padding: {field: Batch Item/Operation}}}
my-create.yaml|1|message.time_stamp|{match: {operation: Get Attributes}, action: {remove: Response Header/Time Stamp}}
my-create.yaml|1|Query announces Create, and yet|{match: {operation: Create}, action: {result: Operation Not Supported}, count: always}
my-key.yaml|1|Query announces Activate, and yet|{match: {operation: Activate}, action: {result: Operation Not Supported}}
my-key.yaml|0|conformant in all|{match: {operation: Create}, action: {result: Permission Denied}}
my-several.yaml --json -|0|Attribute Index: 1|{match: {operation: Create}, action: {result: Invalid Field}}
my-several.yaml|0|conformant in all|{match: {operation: Create}, action: {result: Invalid Field}, count: 2}
my-several.yaml|4|; and Create, in other words, with Invalid Field: injected fault result; and Register with|{count: 8, action: {result: Invalid Field}, match: {operation: [Create, Register]}}
my-key.yaml|4|could not be made: the server answers Activate with Permission Denied|{match: {operation: Activate}, action: {result: Permission Denied}}
my-key.yaml my-create.yaml|1|conformant|{match: {operation: Get Attributes}, action: {delay: {fixed: 1500ms}}}
ROWS
}

# A server that does not say, or lies about, what it has made: the run finds it all the
# same. Exit code|fault
lies() {
    local code fault
    while IFS='|' read -r code fault; do
        printf 'faults:\n- %s\n' "$fault" >"$work/faults.yaml"
        serve --config "$work/faults.yaml"
        run "$code" run my-lost.yaml my-create.yaml --timeout 1
        no_journal
        nothing_left
        stop
    done <<'ROWS'
1|{match: {operation: Create}, count: always, action: {result: {status: Operation Failed, reason: General Failure, performed: true}}}
1|{match: {operation: Create}, count: always, action: {set: {field: Batch Item/Result Status, value: Operation Undone}}}
1|{match: {operation: Create}, count: always, action: {remove: {field: Batch Item/Operation}}}
1|{match: {operation: Create}, count: always, action: {remove: {field: Batch Item/Response Payload/Unique Identifier}}}
1|{match: {operation: Create}, count: always, action: {wrong_type: {field: Batch Item/Response Payload/Unique Identifier, type: ByteString}}}
1|{match: {operation: Create}, count: always, action: {close: {when: before}}}
1|{match: {operation: Create}, count: always, action: {duplicate: {copies: 1}}}
1|{match: {operation: Create}, count: always, action: drop}
ROWS
}

# A reply that nobody asked for: one case fails for it, and the others do not take it for
# theirs.
out_of_step() {
    printf 'faults:\n- {match: {operation: Get, nth: 1}, action: {duplicate: {copies: 1}}}\n' >"$work/faults.yaml"
    serve --config "$work/faults.yaml"
    run 1 run -q --case 'get-*' --case 'locate-*' --json "$work/step.json"
    says "nobody asked for"
    "$python" -c 'import json, sys; c = json.load(open(sys.argv[1]))["counts"]; assert c["FAIL"] == 1, c' \
        "$work/step.json" || fail "$ran: more than one case fails"
    no_journal
    nothing_left
    stop
}

# The storage driver's keys bear no name; after a crash they are known by the time they
# were made at.
nameless() {
    printf 'faults:\n- {match: {client: kmip-client, operation: Encrypt}, action: {delay: {fixed: 3s}}}\n' >"$work/faults.yaml"
    serve --config "$work/faults.yaml"
    (cd "$work/run" && exec "$conform" run --profile driver --case driver-key-two-step --journal d.journal) \
        >"$work/out" 2>"$work/err" </dev/null &
    running=$!
    pids+=("$running")
    ran="kmip-conform run --profile driver"
    for _ in $(seq 200); do
        grep -q made "$work/run/d.journal" 2>/dev/null && break
        sleep 0.02
    done
    kill -KILL "$running"
    ends 137
    "$client" create --name prod-key >/dev/null
    run 0 cleanup d.journal
    says "1 of 1 objects removed"
    [ -n "$("$client" locate --name prod-key)" ] || fail "$ran: the key of another is gone"
    [ "$("$client" locate | wc -l)" -eq 1 ] || fail "$ran: left on the server: $("$client" locate)"
    stop
}

# What the run has not made is not touched, whatever a case says; what it makes must be
# found again, also under a credential.
guard() {
    local uid
    printf 'credentials:\n- {username: Fred, password: password1}\n' >"$work/users.yaml"
    serve --config "$work/users.yaml"
    uid=$("$client" create --name prod-key --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["unique_identifier"])')
    run 4 run my-placeholder.yaml
    says "not sent: Destroy of whatever the ID Placeholder stands for"
    run 2 run my-nameless.yaml
    says "not sent: Create without a Name"
    run 0 run my-credential.yaml
    no_journal
    [ "$("$client" locate)" = "$uid" ] || fail "$ran: not only the foreign key is there: $("$client" locate)"
    [ -z "$("$client" locate --name my-own)" ] || fail "$ran: a key without prefix was made"
    # Nor what a journal says that is not the run's.
    local head='{"run":"kmipconf-12345678","server":"127.0.0.1:'$KMIP_PORT'"}'
    printf '%s\n{"intent":"prod-key","attribute":"Name","case":"x"}\n{"made":"%s","case":"x"}\n' "$head" "$uid" \
        >"$work/run/foreign.journal"
    run 1 cleanup foreign.journal
    says "0 of 2 objects removed"
    says "does not bear the run's prefix"
    printf '{"run":"p","server":"127.0.0.1:%s"}\n{"made":"%s","case":"x"}\n' "$KMIP_PORT" "$uid" >"$work/run/foreign.journal"
    run 2 cleanup foreign.journal
    tells "its first line names no run"
    [ "$("$client" locate)" = "$uid" ] || fail "$ran: somebody else's key is gone"
    # A line that cannot be read does not keep the others from being worked off.
    printf '%s\n{"made":{"intent":\n{"intent":"kmipconf-12345678-k","attribute":"Name","case":"x"}\n' "$head" \
        >"$work/run/foreign.journal"
    "$client" create --name kmipconf-12345678-k >/dev/null
    run 1 cleanup foreign.journal
    says "1 of 1 objects removed"
    says "line 2 of foreign.journal cannot be read"
    [ -e "$work/run/foreign.journal" ] || fail "$ran: a journal with unread lines is gone"
    rm "$work/run/foreign.journal"
    [ "$("$client" locate)" = "$uid" ] || fail "$ran: the run's key is left, or the other one gone"
    stop
}

# A server that goes away: the run ends, and says since when.
gone() {
    local pid began=$SECONDS
    serve
    (cd "$work/run" && exec "$conform" run my-wait.yaml my-key.yaml my-create.yaml my-warn.yaml --timeout 1) \
        >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    pids+=("$pid")
    sleep 0.3
    disown "$server"
    kill -KILL "$server"
    kill -INT "$pid"
    wait "$pid"
    ran="kmip-conform run, its server gone"
    says "Could not be removed from the server (2)"
    says "$conform cleanup --host 127.0.0.1"
    [ $((SECONDS - began)) -lt 20 ] || fail "$ran: took $((SECONDS - began)) s"
    rm -f "$work/run/"*.journal
    sed 's/60s/2s/' "$work/run/my-wait.yaml" >"$work/run/my-pause.yaml"
    serve
    disown "$server"
    (sleep 1 && kill -KILL "$server") &
    run 3 run my-pause.yaml my-key.yaml my-create.yaml --timeout 1
    says "Stopped: the server does not answer any more since case my-key"
    says "1 case was not run"
    says "the run is not complete"
    rm -f "$work/run/"*.journal
    unset KMIP_HOST KMIP_PORT KMIP_CERTS
}

# What cannot be removed is listed and kept; cleanup works it off when it can be.
refuses_destroy() {
    local journal
    printf 'store: %s\nfaults:\n- {match: {operation: Destroy}, action: {result: Permission Denied}, count: always}\n' \
        "$work/store.db" >"$work/faults.yaml"
    serve --config "$work/faults.yaml"
    run 4 run my-key.yaml --json "$work/left.json" --junit "$work/left.xml"
    says "Could not be removed from the server (1)"
    says "the server refuses to: Permission Denied"
    says "does not leave the server as it was; 1 object may be left on the server"
    silent_on "conformant in all"
    grep -q 'name="clean-up"' "$work/left.xml" || fail "$ran: JUnit does not tell"
    grep -q '"unique_identifier"' "$work/left.json" || fail "$ran: the report does not list it"
    journal=$(basename "$work/run/"*.journal)
    run 1 cleanup "$journal"
    says "0 of 1 objects removed"
    says "still there: "
    [ -e "$work/run/$journal" ] || fail "$ran: the journal is gone"
    run 2 run my-key.yaml --journal "$journal"
    tells "is there already"
    port=$KMIP_PORT
    stop
    port=$port serve --set "store=$work/store.db"
    run 0 cleanup "$journal"
    says "1 of 1 objects removed"
    no_journal
    nothing_left
    # An identifier of a journal that is not the run's is left alone.
    "$client" create >"$work/created" 2>/dev/null
    local uid
    uid=$("$client" locate)
    printf '{"run":"kmipconf-00000000","server":"127.0.0.1:%s"}\n{"made":"%s","case":"a"}\n' "$KMIP_PORT" "$uid" \
        >"$work/run/foreign.journal"
    run 1 cleanup foreign.journal
    says "does not bear the run's prefix"
    [ "$("$client" locate)" = "$uid" ] || fail "$ran: somebody else's key is gone"
    # One that the server does not know is not taken for removed: it may be hidden.
    sed -i 's/"made":"[^"]*"/"made":"none"/' "$work/run/foreign.journal"
    run 1 cleanup foreign.journal
    says "it is gone, or hidden from this client"
    rm "$work/run/foreign.journal"
    stop
    # 'Not found' is not believed of what is still there.
    printf 'faults:\n- {match: {operation: Destroy}, action: {result: Item Not Found}, count: always}\n' >"$work/faults.yaml"
    serve --config "$work/faults.yaml"
    run 4 run my-key.yaml
    says "answers its Destroy with Item Not Found, and yet has it"
    journal=$(basename "$work/run/"*.journal)
    run 1 cleanup "$journal"
    says "0 of 1 objects removed"
    rm "$work/run/$journal"
    stop
}

# --- servers that differ ----------------------------------------------------------------------

# The run goes to its end; a case shows the deviation, where one meets it.
differing() {
    local cases=(--case 'sklc-*' --case 'cs-bc-*' --case 'create-*' --case 'state-*' --skip '*-reached' -q)
    serve --set compound_create=reject
    run 1 run "${cases[@]}"
    says "cs-bc-m-1"
    no_journal
    nothing_left
    stop
    serve --set compound_create=ignore
    run 1 run "${cases[@]}"
    says "cs-bc-m-1"
    no_journal
    nothing_left
    stop
    serve --set clock.offset=-90s
    run 0 run --case 'sklc-*' --case 'cs-bc-*' -q
    says "90 s behind ours"
    no_journal
    stop
    serve --set clock.offset=90s
    run 0 run --case 'sklc-*' --case 'cs-bc-*' -q
    says "90 s ahead of ours"
    no_journal
    stop
    serve --set 'replies={reorder: {window: 4, max_wait: 20ms}}'
    run 0 run --case 'sklc-*' --case 'cs-bc-m-*' -q
    no_journal
    nothing_left
    stop
    serve --set custom_attributes=reject
    run 1 run my-create.yaml
    no_journal
    stop
}

# --- one fact, one verdict ----------------------------------------------------------------------

# cases (globs)|exit code|what is printed|configuration of the mock. A MUST that is broken is
# seen; what the standard leaves open, a slow server and another clock fail nobody.
verdicts() {
    local cases code said config pattern args
    while IFS='|' read -r cases code said config; do
        [ -n "$cases" ] || continue
        args=()
        for pattern in $cases; do args+=(--case "$pattern"); done
        serve --set "$config"
        run "$code" run -q "${args[@]}"
        says "$said"
        no_journal
        stop
    done <<'ROWS'
batch-id-echoed-on-failure|1|actual    absent|faults=[{match: {operation: Get}, count: always, action: {remove: {field: Batch Item/Operation}}}, {match: {operation: Get}, count: always, action: {remove: {field: Batch Item/Unique Batch Item ID}}}]
get-unknown-object|1|expected  Get (a response item names the operation|faults=[{match: {operation: Get}, count: always, action: {remove: {field: Batch Item/Operation}}}]
get-unk* sklc-m-* cs-bc* time-*|0|WARN           time-stamp-near-ours|clock.offset=48h
cs-bc* tc-141 tc-142|0|conformant in all|clock.offset=-2h
time-stamp-in-every-response|0|earlier than that of the reply before|clock.jumps=[{after: 3 requests, by: -1s}]
time-stamp-in-every-response|1|message.time_stamp|faults=[{match: {operation: Get}, count: always, action: {remove: Response Header/Time Stamp}}]
sklc-m-1 sklc-m-2 state-activate|0|conformant in all|faults=[{match: {operation: [Create, Activate]}, count: always, action: {delay: {fixed: 6s}}}]
state-activation-date-reached|4|the server took too long to see it|faults=[{match: {operation: Create}, count: always, action: {delay: {fixed: 6s}}}]
attr-custom-types|1|Query announces Add Attribute, and yet|faults=[{match: {operation: Add Attribute}, count: always, action: {result: Operation Not Supported}}]
discover-versions-best-first|0|PASS  conformant|versions=[1.2, 1.0]
discover-versions-best-first|0|expected  Protocol Version: less than|versions=[1.0, 1.2]
attr-index-starts-at-zero|1|schema.attribute_index_twice|faults=[{match: {operation: Get Attributes}, count: always, action: {set: {field: "Batch Item/Response Payload/Attribute[1]/Attribute Index", value: 0}}}]
attr-values-not-yet-set|1|no Activation Date|faults=[{match: {operation: Get Attributes}, count: always, action: {insert: {field: Batch Item/Response Payload/Attribute, value: {Attribute Name: Activation Date, Attribute Value: !DateTime 5}}}}]
attr-last-change-date-modify|1|at least|faults=[{match: {operation: Get Attributes, nth: 2}, count: 1, action: {set: {field: Batch Item/Response Payload/Attribute/Attribute Value, value: 2001-01-01T00:00:00Z}}}]
message-extension-not-critical|0|WARN           message-extension-not-critical|faults=[{match: {operation: Query, nth: 2}, count: 1, action: {result: Feature Not Supported}}]
tc-71|0|WARN           tc-71|faults=[{match: {operation: Create}, count: 1, action: {result: Feature Not Supported}}]
encrypt-usage-limits-*|4|It has Usage Limits, which is optional|faults=[{match: {operation: [Create, Register]}, count: always, action: {result: Invalid Field}}]
cs-bc-m-[1-5]|0|conformant in all that was tested; 2 cases that the profiles make mandatory did not run|faults=[{match: {client: "*"}, count: always, action: {hidden: {operations: [Register]}}}]
get-transparent-symmetric-key|1|step      3 of 4|faults=[{match: {operation: Get, nth: 2}, count: always, action: {result: Key Format Type Not Supported}}, {match: {operation: Register}, count: always, action: {result: Invalid Field}}]
ROWS
}

# --- virtual time -------------------------------------------------------------------------------

# Waits of a case take no time on a mock that can be told to let it pass, and only there.
virtual_time() {
    local control start=$SECONDS
    serve --control 127.0.0.1:0
    control=$("$python" -c 'import json, sys
c = json.load(open(sys.argv[1]))["control"]; print("%s:%d" % (c["host"], c["port"]))' "$work/ready")
    run 0 run --case 'attr-last-change-date-*' --control "$control" --json "$work/virtual.json"
    says "Time         virtual: waits advance the mock's clock by its control API at $control"
    [ $((SECONDS - start)) -lt 10 ] || fail "$ran: took $((SECONDS - start)) s"
    "$python" -c 'import json, sys; assert json.load(open(sys.argv[1]))["target"]["virtual_time"]' \
        "$work/virtual.json" || fail "$ran: the report does not say so"
    export KMIP_CONTROL=$control
    run 0 run --case sklc-m-1
    says 'Time         virtual'
    run 0 run --case sklc-m-1 --host localhost # another name: another server, for all we know
    silent_on 'virtual'
    run 0 run --case driver-clock-offset --profile driver # it measures a clock
    silent_on 'virtual'
    unset KMIP_CONTROL
    run 2 run --case sklc-m-1 --port 1 --control "$control"
    tells "is of the mock on port $KMIP_PORT, and the run tests port 1"
    run 3 run --case sklc-m-1 --control 127.0.0.1:1
    tells 'nothing listens on 127.0.0.1:1: was the mock started with --control?'
    run 3 run --case sklc-m-1 --control "127.0.0.1:$KMIP_PORT"
    tells "the mock's control API at 127.0.0.1:$KMIP_PORT"
    stop
}

command_line
case_files
outputs
pem_files
peers
honest
under_a_mock
faults
lies
out_of_step
guard
nameless
gone
refuses_destroy
differing
verdicts
virtual_time

end_test "test-conform: all well"
