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
# A program that fails has no table.
run 0 "$conform" --help-table
matches '^\{"program": "kmip-conform", "purpose": "'
end_test "manuals, completions and schemas: all well"
