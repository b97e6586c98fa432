#!/usr/bin/env bash
# ci/test-mutants.sh BUILD: a sample of `kmip-conform selftest --mutants` (all of it is `make
# mutation`), and the command itself: what nobody excuses survives, what it is called wrongly
# for, and what it leaves behind.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-mutants.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
conform=$build/kmip-conform python=/usr/bin/python3
for program in "$conform" "$build/kmip-mock"; do
    [ -x "$program" ] || { echo "ci/test-mutants.sh: $program is not built: run make" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/test-mutants.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/reasons"
export TMPDIR=$work/tmp KMIP_CATALOGUES=$PWD/fixtures
suites=$PWD/conformance/suites # for a BUILD that is elsewhere
failed=0

# run CODE ARGS...: selftest --mutants ARGS; out, err and mutants.json are in $work.
run() {
    local code=$1 rc=0
    shift
    ran="selftest --mutants $*"
    "$conform" selftest --mutants --suites "$suites" "$@" >"$work/out" 2>"$work/err" </dev/null ||
        rc=$?
    [ "$rc" -eq "$code" ] || fail "exit $rc instead of $code"
    [ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
}
fail() {
    echo "FAILED: $ran: $*"
    sed 's/^/    stdout: /' "$work/out" | tail -n 40
    sed 's/^/    stderr: /' "$work/err" | tail -n 15
    failed=1
}
says() { grep -qE -- "$1" "$work/out" || fail "'$1' is not printed"; }
tells() { grep -qE -- "$1" "$work/err" || fail "'$1' is not told"; }
# json EXPRESSION: holds for the report, m.
json() {
    "$python" -c 'import json, sys
m = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/mutants.json" "$1" || fail "the report: not $1"
}

# ---- a sample --------------------------------------------------------------------------

run 0 --every 4 -q --json "$work/mutants.json"
says 'every mutant is noticed, or is a legal reply'
says '^ +[0-9]+ .* all$'
json 'm["good"] and m["cases"] > 500 and m["replies"] > 1500'
json 'sum(sum(v for k, v in c.items() if type(v) is int) for c in m["classes"]) > 50000'
json 'all(c["clause"] for c in m["classes"] if c.get("stands") == "legal")'
json 'not [c for c in m["classes"] if "given_up" in c]'
json '{c["mutation"] for c in m["classes"]} == {"removed", "duplicated", "swapped", "retyped", "changed"}'
json '{"by_rules", "by_case", "unnoticed"} <= {k for c in m["classes"] for k in c}'

# ---- without its reasons -----------------------------------------------------------------

export KMIP_CATALOGUES=$work/reasons
cat >"$work/reasons/mutants.yaml" <<'END'
- why: What a message says is up to the server
  clause: KMIP 1.2 spec, 6.11
  mutation: changed
  field: Result Message
END
run 1 --case get-unknown-object --json "$work/mutants.json"
says '^SURVIVED  Get, failed: Result Message: removed: 1 of 1, in step 1 of get-unknown-object$'
says 'mutants SURVIVED'
says 'What a message says is up to the server \(KMIP 1.2 spec, 6.11\)'
says 'Get, failed: Result Message$'
json 'not m["good"] and m["cases"] == 1'
run 1 --case get-unknown-object --full
says ' 0  Get, failed: Operation$'

echo '- {why: none, clause: none, mutation: remove, field: none}' >"$work/reasons/mutants.yaml"
run 2 --case get-unknown-object
tells "mutants.yaml:1:.* no mutation 'remove'; did you mean 'removed'"
rm "$work/reasons/mutants.yaml"
run 2 --case get-unknown-object
tells 'which has no mutants.yaml'
export KMIP_CATALOGUES=$PWD/fixtures

# ---- called wrongly --------------------------------------------------------------------

run 2 --case no-such-case
tells 'no case matches'
run 2 --every 0
"$conform" selftest --every 3 >"$work/out" 2>"$work/err"
[ $? -eq 2 ] || fail "--every without --mutants"
tells 'of --mutants'
run 2 --deviation 'locate-*'
tells 'as it is'

[ "$failed" -eq 0 ] && echo "all mutants as expected"
exit "$failed"
