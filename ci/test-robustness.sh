#!/usr/bin/env bash
# ci/test-robustness.sh BUILD: the suites robustness and authentication. The honest mock
# passes both, hostile input under AddressSanitizer and UBSan; servers that are wrong in one
# known way each get the verdict, and the words, that they deserve.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-robustness.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/test-robustness.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
export build work
bad=0
sanitized=$build/asan/kmip-mock
[ "${VARIANT:-}" != asan ] || sanitized=$build/kmip-mock
grep -qaF __asan_init "$sanitized" || { echo "$sanitized is not built with sanitizers: make asan-mock" >&2; exit 2; }

wrong() {
    printf 'FAILED: %s\n' "$1"
    bad=1
}

# mock NAME CONFIG OPTIONS...: a run against a mock; NAME.out, NAME.json, and NAME.code.
mock() {
    local name=$1 config=$2
    shift 2
    "${mock:-$build/kmip-mock}" run --log error --set "$config" -- sh -c '
        exec "$build/kmip-conform" run --host "$KMIP_HOST" --port "$KMIP_PORT" \
            --certs "$KMIP_CERTS" --other-certs "$KMIP_OTHER_CERTS" --journal "$0.journal" \
            --json "$0.json" "$@"' "$work/$name" "$@" >"$work/$name.out" 2>&1
    echo $? >"$work/$name.code"
}

# is NAME CODE [TEXT...]: the exit code, and what the output says.
is() {
    local name=$1 code=$2 text
    shift 2
    [ "$(cat "$work/$name.code")" = "$code" ] ||
        { wrong "$name: exit $(cat "$work/$name.code") instead of $code"; tail -n 30 "$work/$name.out"; }
    for text in "$@"; do
        grep -qF -- "$text" "$work/$name.out" || wrong "$name: does not say: $text"
    done
}

# Verdicts other than PASS, from the report.
verdicts() {
    /usr/bin/python3 - "$work/$1.json" <<'P'
import json, sys
cases = json.load(open(sys.argv[1]))["cases"]
print(len(cases), *sorted(f'{c["verdict"]}:{c["id"]}' for c in cases if c["verdict"] != "PASS"))
P
}

# ---- the honest mock ----
mock=$sanitized mock honest seed=7 --profile robustness
grep -E 'Sanitizer|runtime error' "$work/honest.out" && wrong 'the sanitizers found something'
is honest 0 'conformant in all that was tested'
[ "$(verdicts honest)" = 32 ] || wrong "robustness: $(verdicts honest)"
grep -q '^Hostile' "$work/honest.out" && wrong 'our own mock needs no warning'
mock named vendor=Acme --profile robustness --case robust-stall-noise
is named 0 'Hostile      1 cases send some thousand malformed messages to 127.0.0.1:'
mock default seed=7 --case 'robust-*'
is default 2 'no case matches'

# One of each: what is claimed decides what is asked.
mock report seed=7 --profile authentication
mock tls12 seed=7 --profile authentication --auth-suite tls12
mock basic seed=7 --profile authentication --auth-suite basic
mock nonsense seed=7 --profile authentication --auth-suite ssl
is report 0
is tls12 0
is basic 1 'FAIL  tls-1.0-accepted'
is nonsense 2 "--auth-suite is basic, tls12 or report, not 'ssl'"
warned='WARN:tls-1.3-not-negotiated WARN:tls-mandatory-cbc-suites WARN:tls-port-5696'
for figures in robustness=honest auth-report=report auth-tls12=tls12 auth-basic=basic; do
    told=$(ci/figures.py --check "${figures%=*}" "$work/${figures#*=}.json") || wrong "$told"
done
other='NOT APPLICABLE:tls-1.0-accepted NOT APPLICABLE:tls-basic-mandatory-suite'
[ "$(verdicts report)" = "21 $other NOT APPLICABLE:tls-ssl-3.0-refused NOT APPLICABLE:tls-suite-outside-basic-list $warned WARN:tls-suite-outside-list" ] ||
    wrong "report: $(verdicts report)"
[ "$(verdicts tls12)" = "21 $other NOT APPLICABLE:tls-basic-suite NOT APPLICABLE:tls-ssl-3.0-refused NOT APPLICABLE:tls-suite-outside-basic-list $warned WARN:tls-suite-outside-list" ] ||
    wrong "tls12: $(verdicts tls12)"

# ---- broken servers ----
one=(--profile robustness --case robust-break-padding --timeout 1)
down='faults=[{match: {operation: Create, nth: 5, of: server}, action: {delay: 1ms}, then: {scenario: s, is: down}},
    {match: {state: {scenario: s, is: down}}, count: always, action: '
{ mock stall 'faults=[{match: {operation: Query, nth: 3, of: server}, action: stall, count: always}]' "${one[@]}" & }
{ mock silent 'faults=[{match: {operation: Locate}, action: stall, count: always}]' "${one[@]}" & }
{ mock hangs "$down"'handshake_stall}]' "${one[@]}" & }
{ mock gone "$down"'refuse}]' "${one[@]}" & }
{ mock http 'faults=[{match: {operation: Locate}, action: {not_ttlv: {as: http}}, count: always}]' "${one[@]}" & }
{ mock close 'faults=[{match: {operation: Get}, action: close, count: always}]' --profile robustness --case robust-break-order --timeout 1 & }
wait
is stall 0 'WARN  robust-break-padding' 'no answer behind other malformed messages, but one when it was sent again'
is silent 1 'expected an error or a closed connection, got no answer at all' 'seen      message, '
is hangs 1 'expected the next connection served, got a server that is gone, or hangs, since this: Request Message/' \
    'seen      last message, ' 'Stopped: the server does not answer any more since case robust-break-padding'
is gone 1 'expected the next connection served, got a server that is gone, or hangs, since this: Request Message/' \
    'seen      last message, '
is http 1 'not a KMIP message: it begins with 48 54 54 (this looks like an HTTP response)'
is close 0

# ---- one that is killed in the middle of it ----
"$build/kmip-mock" --log error --listen 127.0.0.1:0 --control 127.0.0.1:0 --pki "$work/killed-pki" \
    --ready-file "$work/killed.ready" >/dev/null 2>&1 &
server=$!
until [ -s "$work/killed.ready" ]; do
    kill -0 "$server" 2>/dev/null || { echo 'the mock does not start'; exit 1; }
    sleep 0.05
done
read -r port control < <(/usr/bin/python3 -c 'import json, sys
r = json.load(open(sys.argv[1])); print(r["port"], "%s:%d" % (r["control"]["host"], r["control"]["port"]))' "$work/killed.ready")
{ "$build/kmip-mock" ctl --control "$control" journal --operation Create --wait 9 --timeout 60s >/dev/null
  kill -9 "$server"; } &
"$build/kmip-conform" run --host 127.0.0.1 --port "$port" --certs "$work/killed-pki/client" \
    --journal "$work/killed.journal" --json "$work/killed.json" "${one[@]}" >"$work/killed.out" 2>&1
echo $? >"$work/killed.code"
wait
is killed 1 'FAIL  robust-break-padding' 'seen      last message, ' \
    'expected the next connection served, got a server that is gone, or hangs, since this: Request Message/' \
    'Stopped: the server does not answer any more since case robust-break-padding'

# ---- TLS that lets everybody in: a terminator in front, with an identity of its own ----
cat >"$work/terminator.py" <<'P'
import os, select, socket, ssl, subprocess, sys, threading

def relay(raw, port, certs, pki):
    there = ssl.create_default_context(cafile=certs + "/kmip-ca.pem")
    there.load_cert_chain(certs + "/kmip-cert.pem", certs + "/kmip-key.pem")
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(pki + "/server/kmip-cert.pem", pki + "/server/kmip-key.pem")
    try:
        a = here.wrap_socket(raw, server_side=True)
        b = there.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
        while True:
            ready = [s for s in (a, b) if s.pending()] or select.select([a, b], [], [])[0]
            for s in ready:
                data = s.recv(65536)
                if not data:
                    return
                (b if s is a else a).sendall(data)
    except OSError:
        pass
    finally:
        raw.close()

def serve(s, *args):
    while True:
        threading.Thread(target=relay, args=(s.accept()[0], *args), daemon=True).start()

port, certs, pki = int(os.environ["KMIP_PORT"]), os.environ["KMIP_CERTS"], sys.argv[1]
s = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(s, port, certs, pki), daemon=True).start()
sys.exit(subprocess.call([sys.argv[2], "run", "--host", "127.0.0.1", "--port", str(s.getsockname()[1]), *sys.argv[3:]]))
P
"$build/kmip-mock" run --log error --pki "$work/pki" -- /usr/bin/python3 "$work/terminator.py" "$work/pki" \
    "$build/kmip-conform" --certs "$work/pki/client" --profile authentication --case 'tls-certificate-*' \
    --case 'tls-no-certificate-*' --journal "$work/open.journal" --json "$work/open.json" >"$work/open.out" 2>&1
echo $? >"$work/open.code"
is open 1
[ "$(verdicts open)" = "7 FAIL:tls-certificate-expired FAIL:tls-certificate-not-yet-valid FAIL:tls-certificate-of-a-stranger FAIL:tls-certificate-without-its-key FAIL:tls-no-certificate-no-create FAIL:tls-no-certificate-no-keys" ] ||
    wrong "open: $(verdicts open)"

# ---- certificates that cannot be made ----
mkdir "$work/alone" && cp "$work"/pki/client/* "$work/alone"
mock keyless seed=7 --profile authentication --case tls-certificate-expired # has the key
"$build/kmip-mock" run --log error --pki "$work/pki" -- sh -c '
    exec "$build/kmip-conform" run --host "$KMIP_HOST" --port "$KMIP_PORT" --certs "$work/alone" \
        --journal "$work/alone.journal" --json "$work/alone.json" --profile authentication \
        --case "tls-certificate-*"' >"$work/alone.out" 2>&1
echo $? >"$work/alone.code"
is alone 0 'not testable here: it takes the key of the authority that signs clients' '--client-ca DIR'
[ "$(verdicts alone)" = "4 NOT APPLICABLE:tls-certificate-expired NOT APPLICABLE:tls-certificate-not-yet-valid" ] ||
    wrong "alone: $(verdicts alone)"
ls "${TMPDIR:-/tmp}"/kmip-conform.?????? >/dev/null 2>&1 && wrong 'a folder of certificates is left'

[ "$bad" -eq 0 ] && echo "all verdicts as expected"
exit "$bad"
