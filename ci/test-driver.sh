#!/usr/bin/env bash
# The driver suite and `advise` of kmip-conform against mocks that behave in known ways:
# what is seen, what is advised, that the advised settings work there and their opposites
# do not. BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-driver.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
conform=$build/kmip-conform client=$build/kmip-client mock=$build/kmip-mock
python=/usr/bin/python3 suites=$PWD/conformance/suites
for program in "$conform" "$client" "$mock"; do
    [ -x "$program" ] || { echo "ci/test-driver.sh: $program is not built: run make" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/test-driver.XXXXXX") || exit 2
mkdir "$work/tmp" && export TMPDIR=$work/tmp
export KMIP_SCENARIOS=$PWD/fixtures/scenarios # for a BUILD that is elsewhere
trap 'rm -rf "$work"' EXIT

# --- what a test says ---------------------------------------------------------------

# Each test runs in the background, in a folder of its own, with its complaints in
# "failed"; they are put together at the end.
fail() {
    { echo "FAILED: $name: $*"
      sed 's/^/    stdout: /' out 2>/dev/null | tail -n 30
      sed 's/^/    stderr: /' err 2>/dev/null | tail -n 15; } >>failed
}

# run CODE PROGRAM ARGS...
run() {
    local code=$1 rc=0
    shift
    ran="${1##*/} ${*:2}"
    "$@" >out 2>err </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}
says() { grep -qF -- "$1" out || fail "$ran: '$1' is not printed"; }
matches() { grep -qE -- "$1" out || fail "$ran: '$1' is not printed"; }
tells() { grep -qF -- "$1" err || fail "$ran: '$1' is not told"; }
silent() { if grep -qF -- "$1" out; then fail "$ran: '$1' is printed"; fi; }

# json FILE PATH VALUE: one value of a JSON file, such as counts.PASS.
json() {
    local got
    got=$("$python" -c '
import json, sys
v = json.load(open(sys.argv[1]))
for step in sys.argv[2].split("."):
    v = v[int(step)] if isinstance(v, list) else v[step]
print(v if isinstance(v, str) else json.dumps(v))' "$1" "$2" 2>&1)
    [ "$got" = "$3" ] || fail "$ran: $2 is '$got', not '$3'"
}

# setting KEY VALUE: in the block on standard output.
setting() {
    local got
    got=$(sed -n "s/^  $1: *\([^#]*[^# ]\) *#.*/\1/p" block)
    case $got in $2) ;; *) fail "$1 is '$got', not '$2'" ;; esac
}

# with CONFIG FUNCTION: FUNCTION while a mock with this configuration (--set, words
# split at '|') runs; at: how to reach it.
with() {
    local config=$1 args=() s
    while IFS= read -r s; do
        [ -n "$s" ] && args+=(--set "$s")
    done <<<"${config//|/$'\n'}"
    "$mock" run --seed 7 "${args[@]+"${args[@]}"}" -- bash -c '
        echo "$KMIP_HOST $KMIP_PORT $KMIP_CERTS" >at.new && mv at.new at
        while [ ! -e done ]; do sleep 0.05; done' 2>mock.log &
    local pid=$! i=0
    until [ -e at ] || [ $i -ge 400 ]; do sleep 0.05; i=$((i + 1)); done
    if read -r host port certs <at; then
        at=(--host "$host" --port "$port" --certs "$certs")
        "$2"
    else
        fail "no mock: $(cat mock.log)"
    fi
    touch done
    wait "$pid"
    rm -f at done
    local left=(kmip-conform-*.journal)
    [ ! -e "${left[0]}" ] || [ -e may-leave ] || fail "left behind: $(cat "${left[0]}")"
}

# --- the suite ----------------------------------------------------------------------

on_honest() {
    run 0 "$conform" run --profile driver "${at[@]}" --json run.json --junit run.xml --idle 1s
    says 'For the storage driver'; says 'enabled: true'; says 'the storage driver works'
    for v in WARN FAIL INCONCLUSIVE ERROR; do json run.json "counts.$v" 0; done
    json run.json driver.handshake true
    json run.json driver.adopted_version 1.2
    json run.json driver.alone.several_records 0
    json run.json driver.pipelined.out_of_order 0
    json run.json driver.create.two_step.works true
    json run.json driver.create.compound_epoch.works true
    json run.json driver.pipeline.5.depth 32
    json run.json driver.pipeline.5.works true
    json run.json driver.attributes.0.kept true
    json run.json driver.attributes.0.located true
    json run.json driver.idle_closed false
    json run.json driver.advice.compoundCreate false
    grep -q '<testcase name="driver-pipeline-8"' run.xml || fail 'no JUnit case of a probe'
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-as-configured \
        --pipeline-depth 32 --compound-create --bucket-attribute x-b
    says 'works by position with compoundCreate: true, bucketAttributeName: \"x-b\", pipelineDepth: 32'
    run 0 "$conform" run --profile driver "${at[@]}" --case 'driver-query-*' --repeat 2
    run 0 "$conform" run --profile driver "${at[@]}" --host localhost --case 'driver-discover*'
    says 'KMIP has no failover'; says "localhost:$port"
    run 2 "$conform" run --profile driver "${at[@]}" --host localhost --json x.json
    tells '--json is for one server'
    run 1 "$conform" run --profile driver "${at[@]}" --case driver-attribute-configured \
        --bucket-attribute bucket
}

without_a_server() {
    run 0 "$conform" list --profile driver --suites "$suites"; says driver-pipeline-32; says driver-as-advised
    run 0 "$conform" explain driver-key-compound-epoch --suites "$suites"; says 1970-01-01
    run 0 "$conform" advise --help; says '--write'; says '--values'
    run 2 "$conform" advise --host localhost --certs /nowhere; silent kmip:
    run 2 "$conform" advise operand; tells "no operand 'operand'"
    run 2 "$conform" advise --values /nowhere/v.yaml; tells /nowhere/v.yaml
    printf 'kmip:\n  pipelinDepth: 3\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells "v.yaml:2:3: "; tells "did you mean 'pipelineDepth'?"
    printf 'kmip:\n  hosts: kms\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells 'v.yaml:2:10: '
    printf 'other: 1\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells 'no kmip: block'
}

# --- advice -------------------------------------------------------------------------

# The block on standard output, read by the client library; the flow with it.
advised() {
    cp out block
    cp err advise.err
    run 0 "$conform" run --profile driver --case driver-as-configured --values block --certs "$certs"
    says 'works by position with'
    run 0 "$client" bucket-key create bucket --values block --certs "$certs"
    uid=$(cat out)
    printf '0123456789abcdef0123456789abcdef' >data
    ran='kmip-client bucket-key cipher and decipher'
    "$client" bucket-key cipher "$uid" --values block --certs "$certs" <data >cipher 2>err &&
        "$client" bucket-key decipher "$uid" --values block --certs "$certs" <cipher >back 2>err &&
        cmp -s data back || fail "$ran"
    run 0 "$client" bucket-key destroy "$uid" --values block --certs "$certs"
}

# advice DEPTH COMPOUND ATTRIBUTE [OPPOSITE...]: what must be advised (patterns), and
# options with which the flow must fail.
advice() {
    local depth=$1 compound=$2 attribute=$3
    shift 3
    run 0 "$conform" advise "${at[@]}" --write written
    cmp -s out written || fail '--write writes something else than is printed'
    advised
    setting enabled true
    setting port "$port"
    setting hosts "[[]\"$host\"]"
    setting pipelineDepth "$depth"
    setting compoundCreate "$compound"
    setting bucketAttributeName "\"$attribute\""
    grep -vE '^(#|kmip:$|  [a-zA-Z]+: .*# ..)' block >more && fail "more than YAML with evidence: $(cat more)"
    [ $# -eq 0 ] && return
    run 1 "$conform" run --profile driver --case driver-as-configured "${at[@]}" "$@"
}

x=x-zenko-bucket
on_default() { advice '[1-9]*' false $x; }
on_reordering() { advice 1 false $x --pipeline-depth 8; grep -q 'pipelineDepth.*out of order' block || fail "no evidence"; }
on_reordering_once() { advice 1 false $x; }
on_coalescing() { advice 1 false $x --pipeline-depth 8; grep -q 'pipelineDepth.*one TLS record' block || fail "no evidence"; }
on_reject() { advice '[1-9]*' false $x --compound-create; }
on_ignore() { advice '[1-9]*' false $x --compound-create; }
on_no_custom() { advice '[1-9]*' false '' --bucket-attribute $x; }
on_truncated() { advice '[1-9]*' false ''; grep -q 'comes back changed' block || fail "no evidence"; }
on_delayed_activate() { advice '[1-9]*' true $x --pipeline-depth 1; }
on_ahead() {
    advice '[1-9]*' false $x
    grep -q 'note: .* \(89.9\|90.0\).. s ahead of ours' block || fail 'the offset is not told'
}
# Compound create with the Activation Date now is what fails there.
on_behind() {
    advice '[1-9]*' false $x
    grep -q 'note: .* \(89.9\|90.0\).. s behind ours' block || fail 'the offset is not told'
    run 0 "$client" bucket-key create bucket --compound-create "${at[@]}"
    uid=$(cat out)
    run 1 "$client" encrypt "$uid" data "${at[@]}"
    run 0 "$client" destroy "$uid" "${at[@]}"
}

# No settings help: what to ask the vendor.
nothing_works() {
    run 1 "$conform" advise "${at[@]}" --timeout 5
    says 'enabled: false'; says "$1"; says 'Ask its vendor to'
    cp out block
    run 2 "$client" discover --values block --certs "$certs"; tells 'switched off'
}
on_split() { nothing_works 'send every reply in one TLS record'; }
on_no_id() { nothing_works 'with its Unique Batch Item ID'; }
on_no_encrypt() { nothing_works 'Encrypt is not supported'; }
on_http() {
    touch may-leave
    run 3 "$conform" advise "${at[@]}"; silent kmip:; tells 'no KMIP server'
}

# A values file against the advice; several hosts.
on_values() {
    printf 'cloudserver:\n  kmip:\n    enabled: true\n    port: %s\n    hosts: [%s]\n    compoundCreate: yes\n    pipelineDepth: 0\n' \
        "$port" "$host" >v.yaml
    run 0 "$conform" advise --values v.yaml --certs "$certs"
    says "v.yaml: the driver's flow fails with what stands there"
    says 'v.yaml:7: pipelineDepth is "0", should be "1": replies out of order'
    says '(the driver takes 0 for 8)'
    says 'v.yaml:6: compoundCreate is "yes", should be "false"'
    advised
    run 0 "$conform" advise --values block --certs "$certs" --write again
    says "block: the driver's flow works with what stands there"
    says 'these are the advised settings'
    run 0 "$conform" advise "${at[@]}" --host localhost --host 127.0.0.9
    says "# host $host: works"; says '# host localhost: works'; says '# host 127.0.0.9: does not work'
    says "hosts: [\"$host\"]"; says 'no failover'; tells 'no failover'
}

on_idle_close() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-idle --idle 5s
    says 'closes a connection after 1.'
}
on_revoked() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-idle --idle 2s
    says 'connect again; a new connection serves'
}
on_frozen() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-clock-offset
    says 'clock stands still'
}
on_two_clocks() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-clock-dates
    says 'dates keys 30 s behind its own Time Stamps'
}

# Ctrl-C: an end soon, nothing advised, nothing left.
on_interrupt() {
    "$conform" advise "${at[@]}" --idle 60s >out 2>err &
    local pid=$! rc=0 i=0
    sleep 6
    kill -TERM "$pid"
    until ! kill -0 "$pid" 2>/dev/null || [ $i -ge 100 ]; do sleep 0.1; i=$((i + 1)); done
    kill -9 "$pid" 2>/dev/null && fail 'it does not end when interrupted'
    wait "$pid" || rc=$?
    ran='kmip-conform advise, interrupted'
    [ "$rc" -eq 4 ] || fail "$ran: exit $rc instead of 4"
    silent kmip:
}

# --- all of them --------------------------------------------------------------------

reorder='replies.reorder={window: 4, max_wait: 5ms}'
every() { echo "faults=[{action: $1, count: always}]"; }
while IFS='@' read -r name function config; do
    while [ "$(jobs -pr | wc -l)" -ge 4 ]; do wait -n; done
    ( mkdir "$work/$name" && cd "$work/$name" || exit 1
      if [ "$config" = - ]; then "$function"; else with "$config" "$function"; fi ) &
done <<EOT
reordering@on_reordering@$reorder
reordering-once@on_reordering_once@faults=[{action: {reorder: 4}, count: 1}]
coalescing@on_coalescing@$(every '{coalesce: {count: 2, max_wait: 5ms}}')
values@on_values@$reorder|compound_create=reject
interrupt@on_interrupt@
honest@on_honest@
without-a-server@without_a_server@-
default@on_default@
clock-behind@on_behind@clock.offset=-90s
clock-ahead@on_ahead@clock.offset=90s
compound-rejected@on_reject@compound_create=reject
compound-ignored@on_ignore@compound_create=ignore
no-custom-attributes@on_no_custom@custom_attributes=reject
truncated-attributes@on_truncated@$(every '{custom_attributes: {is: truncate, length: 16}}')
activate-delayed@on_delayed_activate@$(every '{activate: {is: delayed, by: 60s}}')
split@on_split@$(every '{split: [8, 100]}')
no-batch-id@on_no_id@$(every no_batch_id)
no-encrypt@on_no_encrypt@$(every '{not_supported: Encrypt}')
http@on_http@$(every '{not_ttlv: http}')
idle-close@on_idle_close@$(every '{idle_close: 1s}')
session-revoked@on_revoked@$(every '{session_revoked: {after: 1s, message: connect again}}')
clock-frozen@on_frozen@clock.freeze=true
two-clocks@on_two_clocks@clock={offset: -30s, applies_to: life_cycle}
EOT
wait

left=$(find "$work/tmp" -mindepth 1 | head -n 5)
[ -z "$left" ] || { echo "FAILED: temporary files are left: $left"; exit 1; }
if cat "$work"/*/failed 2>/dev/null; then
    exit 1
fi
echo "driver suite and advice: all well"
