#!/usr/bin/env bash
# Sourced by the shell tests of this folder: where the programs are, a folder to work in, and
# the words in which a test says what is wrong.
#
#     cd "$(dirname "$0")/.." || exit 2
#     . ci/testing.sh
#     start_test "$@"                # BUILD: the folder of the programs
#     run 0 "$client" query; says Create
#     end_test "what is well"
#
# What a program prints is in $here/out and $here/err. Tests that run side by side have a
# folder each, in which they work: there `here` is ".", as it is unless a test sets it.
# Complaints gather in files called "failed"; end_test prints them all.
python=/usr/bin/python3
here=.
pids=() # of servers in the background, killed at the end

# start_test BUILD: sets build, conform, client, mock, tree, suites and work.
start_test() {
    local program
    [ $# -eq 1 ] || { echo "usage: ci/${0##*/} BUILD" >&2; exit 2; }
    build=$(cd "$1" && pwd) || exit 2
    tree=$PWD suites=$PWD/conformance/suites
    conform=$build/kmip-conform client=$build/kmip-client mock=$build/kmip-mock
    for program in "$conform" "$client" "$mock"; do
        [ -x "$program" ] || { echo "ci/${0##*/}: $program is not built: run make" >&2; exit 2; }
    done
    work=$(mktemp -d "${TMPDIR:-/tmp}/${0##*/}.XXXXXX") || exit 2
    trap 'for p in ${pids[@]+"${pids[@]}"}; do kill -9 "$p" 2>/dev/null; done; rm -rf "$work"' EXIT
    mkdir "$work/tmp" && export TMPDIR=$work/tmp
    export KMIP_SCENARIOS=$PWD/fixtures/scenarios # for a BUILD that is elsewhere
    export conform client mock NO_COLOR=1
    unset KMIP_HOST KMIP_PORT KMIP_CERTS KMIP_CA KMIP_CERT KMIP_KEY KMIP_OTHER_CERTS KMIP_CONTROL KMIP_RUN
}

# end_test WORDS: the complaints and exit 1, or WORDS and exit 0.
end_test() {
    local left
    left=$(find "$work/tmp" -mindepth 1 | head -n 5)
    [ -z "$left" ] || { echo "FAILED: temporary files are left: $left"; exit 1; }
    # Of a test that gave no folder to complain in.
    if [ -e "$tree/failed" ]; then cat "$tree/failed"; rm "$tree/failed"; exit 1; fi
    if find "$work" -name failed -exec cat {} + | grep .; then exit 1; fi
    echo "$*"
    exit 0
}

# fail WORDS: what is wrong, with what was printed. `name`: of one test of several.
fail() {
    { echo "FAILED: ${name:+$name: }$*"
      sed 's/^/    stdout: /' "$here/out" 2>/dev/null | tail -n 30
      sed 's/^/    stderr: /' "$here/err" 2>/dev/null | tail -n 15; } >>"$here/failed"
}

# run CODE PROGRAM ARGS...: must exit with CODE. `ran` is how it is named in complaints.
run() {
    local code=$1 rc=0
    shift
    ran="${1##*/} ${*:2}"
    timeout 300 "$@" >"$here/out" 2>"$here/err" </dev/null || rc=$?
    [ "$rc" -eq "$code" ] || fail "$ran: exit $rc instead of $code"
}

# A text on standard output, or one that matches; the same on standard error; on neither.
says() { grep -qF -- "$1" "$here/out" || fail "$ran: '$1' is not printed"; }
matches() { grep -qE -- "$1" "$here/out" || fail "$ran: '$1' is not printed"; }
tells() { grep -qF -- "$1" "$here/err" || fail "$ran: '$1' is not told"; }
tells_like() { grep -qE -- "$1" "$here/err" || fail "$ran: '$1' is not told"; }
silent_on() { ! grep -qF -- "$1" "$here/out" "$here/err" || fail "$ran: '$1' is printed"; }

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
