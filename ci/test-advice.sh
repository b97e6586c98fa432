#!/usr/bin/env bash
# `kmip-conform advise` against the mock with every scenario: what it advises is what makes
# the driver's flow work against that very scenario, begun anew, and the opposite makes it
# fail; where nothing helps, it says what to ask the vendor. BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"

# mocked CODE SCRIPT ARGS...: a shell script while a mock of this scenario runs, from its
# start; in it, at: how to reach the mock. `set`: further --set of the mock.
mocked() {
    local code=$1 rc=0 args=()
    ran=$2
    [ -z "$scenario" ] || args+=(--scenario "$scenario")
    [ -z "$set" ] || args+=(--set "$set")
    timeout 300 "$mock" run --seed 7 "${args[@]}" -- bash -c '
        at=(--host "$KMIP_HOST" --port "$KMIP_PORT" --certs "$KMIP_CERTS")'"
        $2" bash "${@:3}" >out 2>err </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
    local left=(kmip-conform-*.journal)
    [ ! -e "${left[0]}" ] || [ -n "$may_leave" ] || fail "$ran: left behind: $(cat "${left[0]}")"
    rm -f "${left[@]}"
}

# The flow in each of two ways: the tester's, with handshake and pipeline, as configured;
# the client's, by hand.
as_configured='"$conform" run --profile driver --case driver-as-configured "${at[@]}" "$@"'
by_hand='set -e
    date=(); grep -q "compoundCreate: true" block && date=(--activation-date 0) # as released drivers
    key=$("$client" bucket-key create bucket --match position --values block "${at[@]}" "${date[@]}")
    printf 0123456789abcdef0123456789abcdef >data
    "$client" bucket-key cipher "$key" --match position --values block "${at[@]}" <data >cipher
    "$client" bucket-key decipher "$key" --match position --values block "${at[@]}" <cipher | cmp - data
    "$client" bucket-key destroy "$key" --match position --values block "${at[@]}"'

# --- what is advised ----------------------------------------------------------------

# setting KEY VALUE: in the block; VALUE may be a pattern.
setting() {
    local got
    got=$(sed -n "s/^  $1: *\([^#]*[^# ]\) *#.*/\1/p" block)
    # shellcheck disable=SC2254 # a pattern is meant
    case $got in $2) ;; *) fail "$1 is '$got', not '$2'" ;; esac
}

# block CODE OPTIONS...: the advice; on standard output nothing but the block, each line of
# it with its evidence.
block() {
    mocked "$1" '"$conform" advise --write written "${at[@]}" "$@"' "${@:2}"
    cp out block
    cmp -s out written || fail '--write writes something else than is printed'
    grep -vE '^(#|kmip:$|  [a-zA-Z]+: .*# ..)' block >more &&
        fail "more than YAML with evidence: $(cat more)"
}

# advice DEPTH COMPOUND ATTRIBUTE: what must be advised (patterns), and works.
advice() {
    block 0
    setting enabled true
    setting pipelineDepth "$1"
    setting compoundCreate "$2"
    setting bucketAttributeName "\"$3\""
    mocked 0 "$as_configured" --values block; says 'works by position with'
    mocked 0 "$by_hand"
}
any='[1-9]*' x=x-zenko-bucket
because() { grep -q -- "$1" block || fail "'$1' is not in the evidence"; }
# With these settings in place of the advised ones the flow fails.
opposite() { mocked 1 "$as_configured" "$@"; }
# Compound create with the Activation Date now: the key cannot be used.
now_fails() { # SCRIPT-BEFORE-IT
    mocked 0 "${1:-}"'
        key=$("$client" bucket-key create bucket --compound-create "${at[@]}") || exit 11
        ! echo data | "$client" bucket-key cipher "$key" "${at[@]}"'
    tells Pre-Active
}

default() { advice "$any" false $x; }
out_of_order() { advice 1 false $x; because 'pipelineDepth.*out of order'; opposite --pipeline-depth 8; }
out_of_order_once() { advice 1 false $x; because 'pipelineDepth.*out of order'; }
swapped_batch_ids() { advice 1 false $x; opposite --pipeline-depth 8; }
coalesced_replies() { advice 1 false $x; because 'pipelineDepth.*one TLS record'; opposite --pipeline-depth 8; }
compound_create_rejected() { advice "$any" false $x; opposite --compound-create; }
compound_create_ignored() { advice "$any" false $x; opposite --compound-create; }
no_custom_attributes() { advice "$any" false ''; opposite --bucket-attribute $x; }
custom_attributes_cut() { advice "$any" false ''; because 'comes back changed'; }
activation_delayed() { advice "$any" true $x; because 'two-step fails'; opposite --pipeline-depth 1; }
clock_ahead() { advice "$any" false $x; because 'note: .* \(89.9\|90.0\).. s ahead of ours'; }
clock_behind() { advice "$any" false $x; because 'note: .* \(89.9\|90.0\).. s behind ours'; now_fails; }
clock_frozen() { advice "$any" false $x; because 'note: .*stands still'; now_fails 'sleep 2'; }
clock_jumps() {
    advice "$any" false $x
    because 'note: .*jumps'
    now_fails 'for i in 1 2 3; do "$client" discover "${at[@]}" >/dev/null; done'
}
two_clocks() { advice "$any" false $x; because 'note: .* 90 s behind its own Time Stamps'; now_fails; }
lying_query() { advice "$any" false $x; because 'note: Query does not list Encrypt, Decrypt'; }
connection_limit() { advice "$any" false $x; because 'note: only 2 connections'; }
# The same, in a time that can be waited for.
slow_appliance() { set=faults.0.action.delay.lognormal.median=20ms; advice "$any" false $x; }
idle_close_30s() {
    advice "$any" false $x
    set=faults.0.action.idle_close.after=1s
    block 0 --idle 5s; because 'note: connections are closed after'
}
session_revoked() {
    advice "$any" false $x
    set=faults.0.action.session_revoked.after=1s
    block 0 --idle 2s; because 'note: after 2 s .*the token of the session has expired'
}

# --- nothing helps ------------------------------------------------------------------

# nothing_works CODE ASK OPTIONS...: what is to be asked of the vendor.
nothing_works() {
    may_leave=yes # a server like that does not let go of what was made, either
    block "$1" --timeout 5 "${@:3}"
    setting enabled false
    says 'No settings make the driver work against this server. Ask its vendor to'
    says "$2"
    mocked 2 '"$client" discover --values block "${at[@]}"'; tells 'switched off'
}
fragmented_replies() { nothing_works 1 'send every reply in one TLS record'; }
no_batch_id() { nothing_works 1 'with its Unique Batch Item ID'; }
wrong_batch_id() { nothing_works 1 'with its Unique Batch Item ID'; }
duplicated_replies() { nothing_works 1 'answer each request once'; }
lost_reply() { nothing_works 1 'for a reply in vain' --timeout 500ms; }
silent_hang() { nothing_works 1 'for a reply in vain' --timeout 500ms; }
dies_mid_reply() { nothing_works 1 'in the middle of a reply'; }
read_only_replica() { nothing_works 1 'write to its master'; }
older_versions_only() { nothing_works 1 'speak KMIP 1.2'; because 'KMIP 1.1, 1.0'; }
not_kmip() { nothing_works 3 'on which host and port KMIP answers'; because 'no KMIP server'; }
no_certificate() { nothing_works 3 'a certificate that is valid now, bears the name'; because "$1"; }
expired_server_certificate() { no_certificate 'it has expired'; }
not_yet_valid_server_certificate() { no_certificate 'it is not yet valid'; }
wrong_name_server_certificate() { no_certificate 'it is for another name'; }
unknown_ca_server_certificate() { no_certificate 'its issuer is not among the trusted ones'; }
# Which of its connections break is chance for a suite that goes as fast as it can: some
# advice, or something to ask.
flaky_network() {
    may_leave=yes
    mocked 0 'code=0; "$conform" advise "${at[@]}" || code=$?; [ $code -le 1 ]'
    grep -q '^  enabled: ' out || fail 'no block'
}
no_encrypt() {
    set='faults=[{action: {not_supported: Encrypt}, count: always}]'
    nothing_works 1 'Encrypt is not supported'
}

# --- a file, several hosts, Ctrl-C --------------------------------------------------

two_troubles() { scenario=out-of-order set=compound_create=reject; }
values() {
    two_troubles
    mocked 0 'printf "cloudserver:\n  kmip:\n    enabled: true\n    port: %s\n    hosts: [%s]\n    compoundCreate: yes\n    pipelineDepth: 0\n" "$KMIP_PORT" "$KMIP_HOST" >v.yaml
        "$conform" advise --values v.yaml --certs "$KMIP_CERTS"'
    says "v.yaml: the driver's flow fails with what stands there"
    says 'v.yaml:7: pipelineDepth is "0", should be "1": replies out of order'
    says '(the driver takes 0 for 8)'
    says 'v.yaml:6: compoundCreate is "yes", should be "false"'
    cp out block
    mocked 0 "$as_configured" --values block; says 'works by position with'
    mocked 0 "$by_hand"
}
values_as_advised() {
    two_troubles
    mocked 0 '"$conform" advise "${at[@]}" >block && "$conform" advise --values block --certs "$KMIP_CERTS"'
    says "block: the driver's flow works with what stands there"
    says 'these are the advised settings'
}
hosts() {
    two_troubles
    mocked 0 '"$conform" advise "${at[@]}" --host localhost --host 127.0.0.9'
    says '# host 127.0.0.1: works'; says '# host localhost: works'
    says '# host 127.0.0.9: does not work'
    says 'hosts: ["127.0.0.1"]'; says 'no failover'; tells 'no failover'
}
unreachable() {
    mocked 3 '"$conform" advise --host 127.0.0.9 --port 1 --certs "$KMIP_CERTS"'
    grep -q kmip: out && fail 'a block, though nobody answers'
    tells 127.0.0.9
}
# An end soon, nothing advised, nothing left.
interrupted() {
    mocked 4 '"$conform" advise "${at[@]}" --idle 120s & pid=$!
        sleep 6; kill -TERM $pid
        for i in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
        kill -9 $pid 2>/dev/null && exit 9
        wait $pid'
    grep -q kmip: out && fail 'a block, though it was interrupted'
}
command_line() {
    ran='advise --help'
    "$conform" advise --help >out 2>err || fail "$ran"
    says '--write'; says '--values'; says '--idle'
}

# --- all of them --------------------------------------------------------------------

others=(default no_encrypt values values_as_advised hosts unreachable interrupted command_line)
# The longest first.
names=(coalesced-replies lost-reply silent-hang slow-appliance flaky-network out-of-order "${others[@]}")
for file in fixtures/scenarios/*.yaml; do
    names+=("$(basename "$file" .yaml)")
done
for name in $(printf '%s\n' "${names[@]}" | awk '!seen[$0]++'); do
    function=${name//-/_} scenario= set= may_leave=
    [ ! -e "fixtures/scenarios/$name.yaml" ] || scenario=$name
    declare -F "$function" >/dev/null || { echo "FAILED: no test of the scenario $name"; exit 1; }
    while [ "$(jobs -pr | wc -l)" -ge 6 ]; do wait -n; done # they mostly wait
    ( mkdir "$work/$name" && cd "$work/$name" && "$function" ) &
done
wait
end_test "advice: what it says works, for every scenario"
