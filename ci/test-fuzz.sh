#!/usr/bin/env bash
# ci/test-fuzz.sh BUILD: every fuzz target over its corpus, each input as it is and changed in
# some ways, always the same: what a fuzzer has found once stays mended. `make fuzz` looks for
# more.
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
n=0
for source in ci/fuzz/target_*.c; do
    target=$(basename "$source" .c)
    target=${target#target_}
    corpus=fixtures/corpus/$target
    [ "$target" != reader ] || corpus=fixtures/corpus/message
    inputs=$(find "$corpus" -type f | wc -l)
    [ "$inputs" -gt 0 ] || fail "$target: there is no corpus $corpus"
    run 0 "$build/fuzz/$target" --mutants 4 "$corpus"
    matches "^$((inputs * 5)) inputs\$"
    n=$((n + inputs))
done

# Of what breaks a promise, the input is told.
printf 'kmip: {' >"$work/input"
run 0 "$build/fuzz/values" "$work/input"
end_test "fuzz targets: $n inputs and their mutants"
