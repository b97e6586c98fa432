#!/usr/bin/env bash
# kmip-client from the outside: its command line without a server, then each of its
# commands against our mock. BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-client.sh BUILD" >&2; exit 2; }
build=$1
client=$build/kmip-client
python=/usr/bin/python3

failures=0
fail() {
    echo "FAILED: $*"
    sed 's/^/    stdout: /' "$work/out" | head -n 20
    sed 's/^/    stderr: /' "$work/err" | head -n 20
    failures=$((failures + 1))
}

# run CODE ARGS...: the client must exit with CODE; output in $work/out and err.
run() {
    local code=$1 rc=0
    shift
    ran="kmip-client $*"
    "$client" "$@" >"$work/out" 2>"$work/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}

# says TEXT / tells TEXT: part of standard output / of standard error.
says() { grep -qF -- "$1" "$work/out" || fail "$ran: '$1' is not printed"; }
tells() { grep -qF -- "$1" "$work/err" || fail "$ran: '$1' is not told"; }
hides() {
    [ -n "$1" ] || fail "$ran: nothing to look for"
    if grep -qiF -- "$1" "$work/out" "$work/err"; then fail "$ran: shows $1"; fi
}

# json PATH: one value of the JSON object on standard output, such as error.code.
json() {
    "$python" -c '
import json, sys
v = json.load(open(sys.argv[1]))
for step in sys.argv[2].split("."):
    v = v[int(step)] if isinstance(v, list) else v[step]
print(v if isinstance(v, str) else json.dumps(v))' "$work/out" "$1" 2>"$work/json.err"
}
is() {
    local got
    if ! got=$(json "$1"); then
        fail "$ran: no JSON with $1: $(tail -n 1 "$work/json.err")"
        return
    fi
    [ "$got" = "$2" ] || fail "$ran: $1 is '$got', not '$2'"
}

commands="discover query create register locate get attributes activate revoke destroy encrypt
          decrypt check bucket-key send decode encode"

# --- without a server ------------------------------------------------------------

command_line() {
    local c
    run 0 --version; says "kmip-client "
    run 0 --help; for c in $commands; do says "  $c"; done
    for c in $commands; do
        run 0 "$c" --help; says "usage: kmip-client $c"; says "--json"
        run 0 "$c" -h; says "usage: kmip-client $c"
    done
    run 2; tells "usage: kmip-client"
    run 2 quory; tells "did you mean 'query'?"
    run 2 zzzzzzzz; tells "--help lists the commands"
    run 2 query --hots x; tells "did you mean --host?"
    run 2 query --port; tells "--port needs a value"
    run 2 query --json=1; tells "takes no value"
    run 2 get --host h; tells "operands are missing: kmip-client get UID"
    run 2 get a b --host h; tells "'b' is one operand too many"
    run 2 get a; tells "which server?"
    run 2 get a --json; is error.code USAGE
    run 2 --host h get a; tells "--certs DIR"      # options before the command too
    run 2 decode --hex --yaml; tells "choose one"
    run 2 bucket-key; tells "operands are missing"
}

# Mistakes that are found before anything is sent. $pki: certificates.
words() {
    local at="--host localhost --port 1 --certs $pki/client"
    run 2 query nonsense $at; tells "'nonsense' is no Query Function"
    run 2 discover 1.x $at; tells "no version such as 1.2"
    run 2 create --algorithm ASE $at; tells "did you mean 'AES'?"
    run 2 create --usage 'Encrypt|Dekrypt' $at; tells "did you mean 'Decrypt'?"
    run 2 create --length 0 $at; tells "--length takes"
    run 2 create --attribute Name $at; tells "--attribute takes NAME=VALUE"
    run 2 create --attribute 'Cryptographic Length=long' $at; tells "--attribute"
    run 2 create --attribute 'Cryptografic Length=1' $at; tells "Cryptographic Length"
    run 2 revoke 1 --reason Boredom $at; tells "no Revocation Reason Code"
    run 2 revoke 1 --compromised yesterday $at; tells "is no date"
    run 2 encrypt 1 --iv xyz $at; tells "hexadecimal"
    run 2 encrypt 1 /nowhere/file $at; tells "/nowhere/file"
    run 2 register --type 'Split Key' $at; tells "cannot be registered from a file"
    run 2 register --kind Password $at; tells "--kind means nothing"
    run 2 check 1 --lease -5 $at; tells "--lease"
    run 2 attributes 1 State --list $at; tells "names are for reading"
    run 2 attributes 1 --list --delete x-a $at; tells "--list does not go with changes"
    run 2 bucket-key burn b $at; tells "'burn' is none of"
    run 2 bucket-key create b $at --activation-date 0
    tells "bucket-key: create: --activation-date goes with --compound-create"
    run 2 bucket-key create b $at --out "$work/b"; tells "create: --out means nothing here"
    run 2 bucket-key cipher k $at --activation-date 0
    tells "cipher: --activation-date means nothing here"
    run 2 create --name $'\xff' $at; tells "--name is not UTF-8"
    run 2 revoke k --message $'\xff' $at; tells "--message is not UTF-8"
    run 2 create --attribute $'x-a=\xff' $at; tells "--attribute is not UTF-8"
    run 2 get $'\xff' $at; tells "operand 1 is not UTF-8: kmip-client get UID"
    run 2 locate x-a=b $'x-c=\xff' $at; tells "operand 2 is not UTF-8"
    run 2 bucket-key create $'\xff' $at; tells "operand 2 is not UTF-8"
    run 2 encrypt k $'/nowhere/\xff' $at; tells "/nowhere/" # a file may be called anything
    run 2 send /nowhere/m.yaml $at; tells "/nowhere/m.yaml"
    # and these are right, but nobody is there
    run 3 query $at; tells "port 1"
    run 3 query $at --json; is error.code CONNECT
    run 3 bucket-key create b $at
}

values_files() {
    printf 'kmip:\n  enabled: true\n  hosts:\n  - a\n  - b\n' >"$work/v.yaml"
    run 2 query --values "$work/v.yaml"; tells "v.yaml:5:5: "; tells "no failover"
    printf 'kmip:\n  enabled: false\n' >"$work/v.yaml"
    run 2 query --values "$work/v.yaml"; tells "v.yaml:2:12: "
    printf 'kmip:\n  hosts: []\n' >"$work/v.yaml"
    run 2 query --values "$work/v.yaml"; tells "v.yaml:2:10: "
    printf 'kmip:\n  hots: [a]\n' >"$work/v.yaml"
    run 2 query --values "$work/v.yaml"; tells "did you mean 'hosts'?"
    run 2 query --values /nowhere/v.yaml; tells "/nowhere/v.yaml"
    printf 'cloudserver:\n  kmip:\n    hosts: [127.0.0.1]\n    port: 1\n    pipelineDepth: 0\n' \
        >"$work/v.yaml"
    run 3 query --values "$work/v.yaml" --certs "$pki/client"
    tells "pipeline depth 0 is taken as 1"; tells "port 1"
}

pem_files() {
    local at="--host localhost --port 1"
    run 2 query $at --certs /nowhere; tells "/nowhere"
    run 2 query $at --certs "$pki/client" --ca /nowhere/ca.pem; tells "/nowhere/ca.pem"
    run 2 query $at --certs "$pki/client" --key "$pki/other/kmip-key.pem"
    tells "other/kmip-key.pem"
    echo nonsense >"$work/bad.pem"
    run 2 query $at --certs "$pki/client" --cert "$work/bad.pem"; tells "bad.pem"
    : >"$work/bad.pem"
    run 2 query $at --certs "$pki/client" --ca "$work/bad.pem"; tells "bad.pem"
}

# The pieces of fixtures/secrets.yaml's secrets (its second and third line tell them) in
# $work/out: four bytes that follow each other, raw, in hexadecimal or as a number.
pieces_of_secrets() {
    "$python" - "$work/out" <<'EOF'
import base64, sys
lines = open('fixtures/secrets.yaml').read().splitlines()
secrets = [bytes.fromhex(lines[2].strip('# ,')), lines[3].split()[-1].encode()]
out = open(sys.argv[1], 'rb').read()
squeezed = bytes(c for c in out.lower() if chr(c).isalnum() and c != ord('x'))
for s in secrets:
    assert len(s) == 32
    for i in range(29):
        p = s[i:i + 4]
        if (p in out or p.hex().encode() in squeezed
                or str(int.from_bytes(p, 'big')).encode() in out
                or i < 27 and base64.b64encode(s[i:i + 6]) in out):
            print(p.hex(), 'of', s)
EOF
}

# attributes N: a Get Attributes reply with N instances of x-a, in $work/n.bin. Many of
# them come without index: the reader takes no more than 200000 items.
attributes() {
    "$python" - "$1" >"$work/n.bin" <<'EOF'
import struct, sys
def item(tag, kind, v):
    return struct.pack('>II', tag << 8 | kind, len(v)) + v + b'\0' * (-len(v) % 8)
def number(tag, kind, v):
    return item(tag, kind, struct.pack('>i', v))
def group(tag, *of):
    return item(tag, 1, b''.join(of))
def attribute(i):
    index = [number(0x420009, 2, i)] if int(sys.argv[1]) < 1000 else []
    return group(0x420008, item(0x42000A, 7, b'x-a'), *index, item(0x42000B, 7, b'v%d' % i))
payload = group(0x42007C, item(0x420094, 7, b'k'), *map(attribute, range(int(sys.argv[1]))))
sys.stdout.buffer.write(group(
    0x42007B,
    group(0x42007A, group(0x420069, number(0x42006A, 2, 1), number(0x42006B, 2, 2)),
          item(0x420092, 9, struct.pack('>q', 1700000000)), number(0x42000D, 2, 1)),
    group(0x42000F, number(0x42005C, 5, 11), number(0x42007F, 5, 0), payload)))
EOF
}

# Instances of an attribute stand in one list, however many; nothing is lost.
attributes_in_json() {
    local n at=messages.0.message.response_message.batch_item.0.response_payload
    attributes 1
    run 0 decode "$work/n.bin" --json; is $at.attributes.x-a '["v0"]'
    attributes 2
    run 0 decode "$work/n.bin" --json; is $at.attributes.x-a '["v0", "v1"]'
    attributes 3
    run 0 decode "$work/n.bin" --json; is $at.attributes.x-a '["v0", "v1", "v2"]'
    is $at.attribute_indices.x-a '[0, 1, 2]'
    attributes 50000
    run 2 decode "$work/n.bin" --json; tells "not checked to its end" # one index for all
    n=$("$python" -c '
import json, sys
p = json.load(open(sys.argv[1]))["messages"][0]["message"]["response_message"]
p = p["batch_item"][0]["response_payload"]
a, i = p["attributes"]["x-a"], p["attribute_indices"]["x-a"]
print(a == ["v%d" % n for n in range(50000)] and i == [0] * 50000)' "$work/out")
    [ "$n" = True ] || fail "50000 instances: not one list of all"
    [ "$(stat -c %s "$work/out")" -lt 8000000 ] || fail "50000 instances: $(wc -c <"$work/out") bytes"
    : >"$work/out"

    cat >"$work/odd.yaml" <<'EOF'
Response Message:
  Response Header: {Protocol Version: 1.2, Time Stamp: 5, Batch Count: 1}
  Batch Item:
    Operation: Get Attributes
    Result Status: Success
    Response Payload:
      Unique Identifier: k
      Attributes:
        Cryptographic Usage Mask: [Encrypt, Decrypt]
        Name: [a, b]
        "name": c
        "state": 5
        "x-\0hidden": v
      Attribute:
        - {Attribute Name: !Integer 5, Attribute Value: !Integer 6}
        - {Attribute Name: Cryptographic Usage Mask, Attribute Value: !Integer 1}
EOF
    run 0 encode "$work/odd.yaml" --out "$work/odd"
    run 0 decode "$work/odd" --json
    is $at.attributes.cryptographic_usage_mask '["Encrypt", "Decrypt"]'
    is $at.attributes.name.1.name_value b
    is $at.attribute.0.attribute_name name; is $at.attribute.0.attribute_value c
    is $at.attribute.1.attribute_name state
    is $at.attribute.3.attribute_name 5; is $at.attribute.3.attribute_value 6
    is $at.attribute.4.attribute_name "Cryptographic Usage Mask"
    grep -qF 'x-\u0000' "$work/out" || fail "$ran: a name with a NUL is cut"
}

decode_encode() {
    local f n
    for f in fixtures/messages/*.yaml; do
        n=$(basename "$f" .yaml)
        run 0 encode "$f" --out "$work/$n.bin"
        [ "$(stat -c %a "$work/$n.bin")" = 600 ] || fail "$n.bin can be read by others"
        run 0 encode "$f" --hex
        tr -d ' \n' <"fixtures/messages/$n.hex" >"$work/want"
        tr -d '\n' <"$work/out" | diff -q - "$work/want" >/dev/null || fail "$ran: not $n.hex"
        run 0 decode "$work/$n.bin" --yaml --show-secrets
        cp "$work/out" "$work/again.yaml"
        run 0 encode "$work/again.yaml" --out "$work/again.bin"
        cmp -s "$work/$n.bin" "$work/again.bin" || fail "$n: YAML and back gives other bytes"
        run 0 decode "$work/$n.bin" --xml --show-secrets
        cp "$work/out" "$work/again.xml"
        run 0 encode "$work/again.xml" --out "$work/again.bin"
        cmp -s "$work/$n.bin" "$work/again.bin" || fail "$n: XML and back gives other bytes"
        run 0 decode "$work/$n.bin"; says " Message"
        run 0 decode "$work/$n.bin" --hex; says "00000000"
        run 0 decode "$work/$n.bin" --json; is messages.0.offset 0
        run 0 decode "fixtures/messages/$n.hex"
    done

    # several in a row, binary, hexadecimal, from standard input
    cat "$work/create-request.bin" "$work/get-response.bin" >"$work/two.bin"
    run 0 decode "$work/two.bin"; says "Message 1, "; says "Message 2, "
    run 0 decode "$work/two.bin" --yaml --show-secrets
    cp "$work/out" "$work/two.yaml"
    run 0 encode "$work/two.yaml" --out "$work/again.bin"
    cmp -s "$work/two.bin" "$work/again.bin" || fail "two messages: YAML and back differs"
    "$client" decode <"$work/two.bin" >"$work/out" 2>"$work/err" || fail "decode < binary"
    says "Message 2, "
    od -An -tx1 -v "$work/two.bin" | "$client" decode >"$work/out" 2>"$work/err" ||
        fail "decode < hexadecimal"
    says "Message 2, "

    # key material only when asked for
    local secret
    secret=$(sed -n 's/.*Key Material: *//p' fixtures/messages/get-response.yaml | tr -d ' "')
    secret=${secret##*ByteString}
    [ -n "$secret" ] || fail "get-response.yaml holds no key material"
    for f in "" --hex --yaml --json; do
        run 0 decode "$work/get-response.bin" $f; hides "$secret"
        run 0 decode "$work/get-response.bin" $f --show-secrets
        grep -qi -- "${secret:0:16}" "$work/out" || fail "$ran: does not show the key"
    done

    # no piece of a secret either, wherever it went astray
    run 0 encode fixtures/secrets.yaml --hex
    cp "$work/out" "$work/secrets"
    for f in "" --hex --yaml --json; do
        while read -r n; do
            echo "$n" | "$client" decode $f 2>&1
        done <"$work/secrets" >"$work/out"
        ran="decode $f of fixtures/secrets.yaml"
        pieces_of_secrets >"$work/err"
        [ ! -s "$work/err" ] || fail "$ran: shows pieces of a secret"
        says "rotocol"
    done
    for f in "" --hex --json; do # cut in the middle of the key
        "$client" decode $f <(head -n 1 "$work/secrets" | head -c 480) >"$work/out" 2>&1
        ran="decode $f of half a key"
        pieces_of_secrets >"$work/err"
        [ ! -s "$work/err" ] || fail "$ran: shows pieces of a secret"
    done

    # bytes that are no message
    printf 'HTTP/1.1 200 OK\r\n\r\n' >"$work/bad"
    run 2 decode "$work/bad"; tells "not a KMIP message"
    printf '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00' >"$work/bad"
    run 2 decode "$work/bad"; tells "TLS"
    : >"$work/bad"
    run 2 decode "$work/bad"; tells "no bytes"
    echo 42007 >"$work/bad"
    run 2 decode "$work/bad"; tells "hexadecimal"
    head -c 50 "$work/create-request.bin" >"$work/bad"
    run 2 decode "$work/bad"; tells "not a whole KMIP message: 50 bytes of"
    says "Request Header"; says "ttlv.span"
    run 2 decode "$work/bad" --hex; says "Request Header"
    run 2 decode "$work/bad" --json; is error.code TTLV_SHORT
    is messages.0.findings.0.rule ttlv.span
    is messages.0.message.request_message.request_header.protocol_version.protocol_version_major 1
    "$python" -c '
import struct, sys
m = b""
for _ in range(40):
    m = struct.pack(">II", 0x54000101, len(m)) + m
sys.stdout.buffer.write(struct.pack(">II", 0x42007B01, len(m)) + m)' >"$work/bad"
    run 2 decode "$work/bad"; tells "not checked to its end"; says "Response Message"
    run 2 decode "$work/bad" --json; is error.code TTLV_DEPTH
    { cat "$work/create-request.bin"; printf 'garbage!'; } >"$work/bad"
    run 2 decode "$work/bad"; says "Request Message"; tells "behind message 1"
    run 2 decode /nowhere/file; tells "/nowhere/file"
    run 2 decode "$work"; tells "$work"

    # a finding is shown, and is no failure
    tr -d '\n' <fixtures/messages/get-request.hex |
        sed 's/42000d0200000004000000/42000d02000000040000ff/I' >"$work/odd"
    run 0 decode "$work/odd"; says "message.batch_count"
    printf 'Request Message:\n  Request Header: {Batch Count: 1}\n' >"$work/odd.yaml"
    run 0 encode "$work/odd.yaml" --out "$work/odd"
    run 0 decode "$work/odd"; says "finding: MUST"; says "Protocol Version"
    run 0 decode "$work/odd" --json; is messages.0.findings.0.severity MUST
    # of a response also what it says by itself, whenever it was written
    cat >"$work/odd.yaml" <<'YAML'
Response Message:
  Response Header: {Protocol Version: 1.2, Time Stamp: 0, Batch Count: 3}
  Batch Item:
    - {Operation: Get, Result Status: Operation Failed}
    - {Operation: Get, Result Status: Success}
YAML
    run 0 encode "$work/odd.yaml" --out "$work/odd"
    run 0 decode "$work/odd"; says "message.batch_count"; says "Result Reason with Operation Failed"
    says "Response Payload with Success"
    ! grep -q "Time Stamp within" "$work/out" || fail "$ran: the age of a capture is blamed"

    attributes_in_json

    # YAML that is wrong
    printf 'Request Message:\n  Request Hedder: {}\n' >"$work/bad.yaml"
    run 2 encode "$work/bad.yaml" --hex; tells "bad.yaml:2:3: "
    printf 'a: [\n' >"$work/bad.yaml"
    run 2 encode "$work/bad.yaml" --hex; tells "bad.yaml:"
    : >"$work/bad.yaml"
    run 2 encode "$work/bad.yaml" --hex; tells "the file is empty"
    echo '[]' >"$work/bad.yaml"
    run 2 encode "$work/bad.yaml" --hex; tells "the list of messages is empty"
    printf 'Request Message:\n  Batch Item: {Operation: $what}\n' >"$work/var.yaml"
    run 2 encode "$work/var.yaml" --hex; tells "what"
    run 2 encode "$work/var.yaml" --hex --var what; tells "--var takes NAME=VALUE"
    run 0 encode "$work/var.yaml" --hex --var what=Get; says "42005c05000000040000000a"
}

# --- peers that are no proper servers -------------------------------------------------

# peer MODE: tls-peer.py in the background; sets at.
peer() {
    rm -f "$work/peer"
    "$python" ci/tls-peer.py "$1" "$pki/server" "$work/peer" 2>/dev/null &
    peer_pid=$!
    until [ -s "$work/peer" ]; do sleep 0.02; done
    at="--host 127.0.0.1 --port $(cat "$work/peer") --certs $pki/client"
}
peer_ends() {
    kill "$peer_pid"
    wait "$peer_pid" 2>/dev/null
}

odd_peers() {
    local at peer_pid
    peer thrice # replies that nobody asked for
    run 0 discover $at; says "Protocol Version: 1.2"
    tells "the server sent 352 bytes more that no request asked for"
    run 0 discover $at --json; is protocol_version.0 1.2
    tells "352 bytes more"
    peer_ends
    peer trickle # still coming, or stopped
    run 3 discover $at --timeout 500ms; tells "waited 0.5 s for a reply: "; tells "the latest 0."
    peer_ends
    run 3 discover $at --timeout 9223372036s; tells "port" # beyond what a clock can count
}

# --- against the mock ---------------------------------------------------------------

at_mock() {
    at="--host $KMIP_HOST --port $KMIP_PORT --certs $KMIP_CERTS"
}

reading_the_server() {
    run 0 discover $at; says "Protocol Version: 1.2, 1.1, 1.0"
    run 0 discover 1.1 $at; says "Protocol Version: 1.1"
    run 0 discover 9.9 $at; tells "the server speaks none of these versions"
    run 0 discover $at --json; is protocol_version.0 1.2
    run 0 query $at; says "Operation: "; says "Encrypt"; says "Vendor Identification: "
    run 0 query operations objects $at --json; is operation.0 Create
    run 0 query --protocol 1.0 $at; says "Operation: "
}

life_of_a_key() {
    run 0 create --name "ci key" --attribute x-note=hello $at --json
    is object_type "Symmetric Key"
    key=$(json unique_identifier)
    run 0 attributes "$key" $at; says "State: Pre-Active"; says "x-note: hello"
    run 0 attributes "$key" State $at --json; is attributes.state Pre-Active
    run 0 attributes "$key" --list $at; says "Cryptographic Usage Mask"
    run 0 attributes "$key" --add x-two=2 --set 'x-note="3"' --delete x-two $at --json
    is changes.0.operation "Add Attribute"; is changes.2.operation "Delete Attribute"
    run 0 attributes "$key" x-note $at --json; is attributes.x-note.0 3
    run 1 attributes "$key" --set 'State=Active' $at; tells "the server refused Modify Attribute"
    run 0 locate --name "ci key" $at; says "$key"
    run 0 locate 'x-note="3"' 'Cryptographic Algorithm=AES' $at --json
    is unique_identifier "[\"$key\"]"
    run 0 locate x-note=absent $at --json; is unique_identifier "[]"
    run 0 locate x-note=absent $at; tells "no object was found"
    run 0 locate x-note=3 $at; says "$key" # a word is a text, also one of digits
    run 0 attributes "$key" --set 'x-note=!Integer 3' $at
    run 0 locate x-note=3 $at; tells "no object was found"
    run 0 locate 'x-note=!Integer 3' $at; says "$key"
    run 1 encrypt "$key" Makefile --mode CBC --padding PKCS5 $at
    run 0 activate "$key" $at; says "$key"
    run 0 check "$key" --usage Encrypt $at; says "$key"
    run 0 attributes "$key" State $at; says "State: Active"

    local iv=000102030405060708090a0b0c0d0e0f
    local how="--mode CBC --padding PKCS5 --algorithm AES --iv $iv"
    run 0 encrypt "$key" Makefile $how --out "$work/secret" $at
    run 0 decrypt "$key" "$work/secret" $how $at
    cmp -s "$work/out" Makefile || fail "$ran: other bytes came back"
    printf 'data on standard input\0\377' >"$work/plain"
    "$client" encrypt $how "$key" $at <"$work/plain" >"$work/secret" 2>"$work/err" ||
        fail "encrypt < standard input"
    [ "$(wc -c <"$work/secret")" -eq 32 ] || fail "encrypt: $(wc -c <"$work/secret") bytes"
    run 0 decrypt "$key" "$work/secret" $how $at --json
    is data "$(od -An -tx1 -v "$work/plain" | tr -d ' \n')"

    run 0 get "$key" $at; says "Key Format Type: Raw"; says "redacted"
    run 0 get "$key" --out "$work/material" $at
    [ "$(stat -c %a.%s "$work/material")" = 600.32 ] || fail "$ran: mode and size of the file"
    local hex
    hex=$(od -An -tx1 -v "$work/material" | tr -d ' \n')
    hides "$hex"
    : >"$work/target"; chmod 644 "$work/target"; ln -s "$work/target" "$work/link"
    run 0 get "$key" --out "$work/link" $at
    [ "$(stat -c %a.%s "$work/target")" = 600.32 ] || fail "$ran: mode and size behind the link"
    "$client" get "$key" --out - $at >"$work/out" 2>"$work/err" || fail "get --out -"
    cmp -s "$work/out" "$work/material" || fail "get --out -: not the key alone"
    run 2 get "$key" --out - --json $at; tells "--json and --out -"
    run 0 get "$key" $at --json; hides "$hex"; is symmetric_key.key_block.key_format_type Raw
    run 0 get "$key" $at --show-secrets; says "$hex"
    run 0 get "$key" $at --show-secrets --json; is symmetric_key.key_block.key_value.key_material "$hex"

    run 1 destroy "$key" $at; tells "the server refused Destroy: Operation Failed, "
    run 1 destroy "$key" $at --json; is error.operation Destroy
    is error.result_status "Operation Failed"
    run 0 revoke "$key" --message "end of test" $at
    run 0 attributes "$key" State $at; says "State: Deactivated"
    run 0 destroy "$key" $at --json; is unique_identifier "$key"
    run 1 get "$key" $at
}

registering() {
    key=$("$client" create $at) || fail "create for a script"
    run 0 destroy "$key" $at; says "$key"
    cat >"$work/wrapped.yaml" <<'EOF'
Request Message:
  Request Header: {Protocol Version: 1.2, Batch Count: 1}
  Batch Item:
    Operation: Register
    Request Payload:
      Object Type: Symmetric Key
      Template-Attribute: {Attributes: {Cryptographic Usage Mask: Encrypt}}
      Symmetric Key:
        Key Block:
          Key Format Type: Raw
          Key Value: !ByteString 000102030405060708090A0B0C0D0E0F1011121314151617
          Cryptographic Algorithm: AES
          Cryptographic Length: 128
          Key Wrapping Data:
            Wrapping Method: Encrypt
            Encryption Key Information: {Unique Identifier: elsewhere}
EOF
    run 0 send "$work/wrapped.yaml" $at --json
    key=$(json replies.0.reply.response_message.batch_item.0.response_payload.unique_identifier)
    run 0 get "$key" --out "$work/back" $at; tells "what is written is wrapped"
    run 0 destroy "$key" $at
    printf 'sixteen bytes !!' >"$work/material"
    run 0 register "$work/material" --name "ci registered" $at --json
    key=$(json unique_identifier)
    run 0 get "$key" --out "$work/back" $at
    cmp -s "$work/material" "$work/back" || fail "$ran: other bytes came back"
    run 0 get "$key" --format "Transparent Symmetric Key" --out "$work/back" $at
    cmp -s "$work/material" "$work/back" || fail "$ran: other bytes came back"
    run 0 attributes "$key" "Cryptographic Length" $at; says "Cryptographic Length: 128"
    run 0 destroy "$key" $at
    run 0 register "$work/material" --type "Secret Data" $at
    run 0 register "$work/material" --type "Opaque Object" $at
    run 0 register --type Template --attribute "Cryptographic Length=128" --name "ci t" $at
    "$client" register $at <"$work/material" >"$work/out" 2>"$work/err" || fail "register < stdin"
    run 0 create --attribute "Activation Date=\$NOW-60" $at --json
    run 0 attributes "$(json unique_identifier)" State $at; says "State: Active"
}

bucket_keys() {
    local how
    for how in "" --compound-create "--match position" "--bucket-attribute x-ci-bucket" \
               "--compound-create --protocol 1.1"; do
        run 0 bucket-key create ci-bucket $how $at
        key=$(cat "$work/out")
        run 0 attributes "$key" $at; says "State: Active"
        case $how in *x-ci-bucket*) says "x-ci-bucket: ci-bucket" ;; esac
        head -c 32 /dev/urandom >"$work/plain"
        "$client" bucket-key cipher "$key" $at <"$work/plain" >"$work/secret" 2>"$work/err" ||
            fail "bucket-key cipher"
        [ "$(wc -c <"$work/secret")" -eq 48 ] || fail "bucket-key cipher: not 48 bytes"
        "$client" bucket-key decipher "$key" $at <"$work/secret" >"$work/out" 2>"$work/err" ||
            fail "bucket-key decipher"
        cmp -s "$work/out" "$work/plain" || fail "bucket-key decipher: other bytes came back"
        run 0 bucket-key destroy "$key" $at
        run 1 bucket-key destroy "$key" $at --json; is error.operation Revoke
    done
    run 0 bucket-key create b $at --json
    key=$(json unique_identifier)
    [ -n "$key" ] || fail "$ran: no identifier"
    run 0 bucket-key destroy "$key" $at --json; is unique_identifier "$key"
    printf 'cloudserver:\n  kmip:\n    enabled: true\n    hosts: [%s]\n    port: %s\n%s' \
        "$KMIP_HOST" "$KMIP_PORT" '    compoundCreate: true
    bucketAttributeName: x-from-values
    pipelineDepth: 4
' >"$work/v.yaml"
    run 0 bucket-key create b --values "$work/v.yaml" --certs "$KMIP_CERTS"
    run 0 attributes "$(cat "$work/out")" $at; says "x-from-values: b"; says "State: Active"
}

sending() {
    cat >"$work/m.yaml" <<'YAML'
- Request Message: &query
    Request Header: {Protocol Version: 1.2, Batch Count: 1}
    Batch Item:
      Operation: Query
      Unique Batch Item ID: 01
      Request Payload: {Query Function: Query Operations}
- Request Message:
    Request Header: {Protocol Version: 1.2, Batch Count: 1}
    Batch Item:
      Operation: Get
      Unique Batch Item ID: 02
      Request Payload: {Unique Identifier: $uid}
- Request Message:
    Request Header: {Protocol Version: 1.2, Batch Count: 1}
    Batch Item:
      Operation: Discover Versions
      Unique Batch Item ID: 03
      Request Payload: {}
YAML
    run 0 create $at --json
    key=$(json unique_identifier)
    run 0 send "$work/m.yaml" --var "uid=$key" $at
    says "to message 1 (Query)"; says "to message 2 (Get)"; says "to message 3 (Discover Versions)"
    says "Response Message"; says "redacted"
    run 0 send "$work/m.yaml" --var "uid=$key" --pipeline-depth 1 $at --json
    is replies.0.message 1; is replies.1.operation Get; is replies.2.order 3
    is replies.1.findings "[]"
    run 1 send "$work/m.yaml" --var uid=nobody $at; tells "message 2: the server refused Get"
    run 1 send "$work/m.yaml" --var uid=nobody $at --json
    is error.result_reason "Item Not Found"
    run 2 send "$work/m.yaml" $at; tells "uid"
}

refused_tls() {
    run 3 query --host "$KMIP_HOST" --port "$KMIP_PORT" --certs "$KMIP_CERTS" --ca "$pki/ca.pem"
    tells "certificate"
    run 3 query --host "$KMIP_HOST" --port "$KMIP_PORT" --certs "$pki/client" --ca "$KMIP_CA"
}

# --- running it -------------------------------------------------------------------

report() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed ($1)"
        exit 1
    fi
    echo "all passed ($1)"
}

case ${2:-} in
"")
    work=$(mktemp -d) pki=$(mktemp -d)
    trap 'rm -rf "$work" "$pki"' EXIT
    : >"$work/out" >"$work/err"
    "$build/kmip-mock" run --pki "$pki" -- true || exit 1
    command_line
    words
    values_files
    pem_files
    decode_encode
    odd_peers
    rc=0
    for how in "" "--set replies.reorder.window=4"; do
        "$build/kmip-mock" run $how -- "$0" "$build" inside "$pki" "$how" || rc=1
    done
    [ "$rc" -eq 0 ] || failures=$((failures + 1))
    report "command line"
    ;;
inside)
    work=$(mktemp -d) pki=$3
    trap 'rm -rf "$work"' EXIT
    : >"$work/out" >"$work/err"
    at_mock
    reading_the_server
    if [ -n "$4" ]; then # replies out of order: messages that are in flight together
        sending
    else
        life_of_a_key
        registering
        bucket_keys
        sending
        refused_tls
    fi
    report "against the mock${4:+ with $4}"
    ;;
esac
