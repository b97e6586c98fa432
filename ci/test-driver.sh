#!/usr/bin/env bash
# The driver suite of kmip-conform against mocks that behave in known ways: what is seen of
# them (what is advised: ci/test-advice.sh). BUILD is where the programs are.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"

# Each test runs in the background, in a folder of its own.

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
    json run.json driver.connected_at_a_time 4
    json run.json driver.advice.compoundCreate false
    for id in first-request discover-versions query-extension-map query-server-information \
        query-operations handshake clock-offset clock-dates clock-drift key-two-step \
        key-compound-now key-compound-epoch keys-pipelined-two-step keys-pipelined-compound-now \
        keys-pipelined-compound-epoch attribute-x attribute-length reconnect connections idle \
        as-advised; do
        grep -q "^✓ PASS  *driver-$id " out || fail "driver-$id does not pass"
    done
    grep -q '<testcase name="driver-pipeline-8"' run.xml || fail 'no JUnit case of a probe'
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-as-configured \
        --pipeline-depth 32 --compound-create --bucket-attribute x-b
    says 'works by position with compoundCreate: true, bucketAttributeName: "x-b", pipelineDepth: 32'
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
    run 2 "$conform" advise --host localhost --certs /nowhere; silent_on kmip:
    run 2 "$conform" advise operand; tells "no operand 'operand'"
    run 2 "$conform" advise --values /nowhere/v.yaml; tells /nowhere/v.yaml
    printf 'kmip:\n  pipelinDepth: 3\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells "v.yaml:2:3: "; tells "did you mean 'pipelineDepth'?"
    printf 'kmip:\n  hosts: kms\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells 'v.yaml:2:10: '
    printf 'other: 1\n' >v.yaml
    run 2 "$conform" advise --values v.yaml; tells 'no kmip: block'
}

# --- idle, clocks ------------------------------------------------------------------

on_idle_close() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-idle --idle 5s
    says 'closes a connection after 1.'; says 'a new connection serves'
}
on_revoked() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-idle --idle 2s
    says 'connect again; a new connection serves'
}
on_frozen() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-clock-offset
    says 'clock stands still'
}
on_bounded() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-connections --case 'driver-pipeline-*'
    says '2 at a time, not more'
}
on_too_long() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-query-server-information
    says "though the request's Maximum Response Size is 8000"
}
on_too_large() { # as the standard has it, and the handshake fails all the same
    run 1 "$conform" run --profile driver "${at[@]}" --case driver-query-server-information
    says 'Response Too Large'
}
# In flight together they come back with each other's id; one after the other they are right.
on_swapped() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-handshake
    says 'one after the other they work, as with pipelineDepth 1'
}
on_two_clocks() {
    run 0 "$conform" run --profile driver "${at[@]}" --case driver-clock-dates
    says 'dates keys 30 s behind its own Time Stamps'
}

# --- all of them --------------------------------------------------------------------

every() { echo "faults=[{action: $1, count: always}]"; }
while IFS='@' read -r name function config; do
    while [ "$(jobs -pr | wc -l)" -ge 4 ]; do wait -n; done
    ( mkdir "$work/$name" && cd "$work/$name" || exit 1
      if [ "$config" = - ]; then "$function"; else with "$config" "$function"; fi ) &
done <<EOT
honest@on_honest@
without-a-server@without_a_server@-
bounded@on_bounded@limits.connections=2
too-long@on_too_long@$(every "{set: {field: Batch Item/Response Payload/Vendor Identification, value: $(printf 'x%.0s' {1..9000})}}")
too-large@on_too_large@vendor=$(printf 'x%.0s' {1..9000})
idle-close@on_idle_close@$(every '{idle_close: 1s}')
session-revoked@on_revoked@$(every '{session_revoked: {after: 1s, message: connect again}}')
clock-frozen@on_frozen@clock.freeze=true
two-clocks@on_two_clocks@clock={offset: -30s, applies_to: life_cycle}
swapped@on_swapped@$(every '{swap_replies: {max_wait: 5ms}}')
EOT
wait

end_test "driver suite: all well"
