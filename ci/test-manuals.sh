#!/usr/bin/env bash
# Option tables, --help, manual pages and completions agree, each shell being asked; schemas of
# the YAML formats take what the programs take, and refuse what they refuse.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
export PYTHONDONTWRITEBYTECODE=1

# check WORDS...: a script of ci/manuals that says on standard output what is wrong.
check() {
    run 0 "$python" "$@"
    says 'all well'
}

for folder in man completions; do
    [ -d "$build/$folder" ] || { echo "ci/${0##*/}: no $build/$folder: run make" >&2; exit 2; }
done
here=$work
check ci/manuals/check.py "$build"
check ci/manuals/schemas.py "$build"

# figure WORDS COUNT: a row of the README's figures is true, and not by half too low.
figure() {
    local stated
    stated=$(sed -n "s/^| $1 | over \([0-9]*\) |\$/\1/p" README.md)
    [ -n "$stated" ] && [ "$2" -gt "$stated" ] && [ "$2" -lt $((stated * 3 / 2)) ] ||
        fail "README.md: $1: '$stated', and there are $2"
}
figure 'cases in the suites' "$("$conform" list | grep -c '^  [a-z0-9]')"
figure 'deviations that they are held against' "$("$mock" deviations | grep -c '^[a-z0-9]')"
figure 'variations that must not fail' "$("$mock" variations | grep -c '^[a-z0-9]')"
figure 'scenarios of the field' "$("$mock" scenarios | grep -c '^[a-z0-9]')"
figure 'faults that a configuration can declare' "$("$python" -c '
import json
print(len(json.load(open("mockserver/mock.schema.json"))["definitions"]["action"]["anyOf"][1]["properties"]))')"
end_test "manuals, completions and schemas: all well"
