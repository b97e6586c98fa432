#!/usr/bin/env bash
# ci/test-variations.sh BUILD: a sample of the variations (all of them: `make mutation`), a
# few of each kind, with what the tester is to say of each. None fails, and no case is left
# without a verdict: a correct server is warned of, or told what it lacks, and no more.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-variations.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/test-variations.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"
export TMPDIR=$work/tmp KMIP_CATALOGUES=$PWD/fixtures

# name | cases with another verdict than PASS, beside those that are NOT APPLICABLE to the
# mock as it is, and those about the TLS that it offers
table='
tls-1.2-with-cbc-only|
tls-records-of-7-bytes|
time-stamp-a-second-behind|
server-information-of-the-vendor|
without-archive|NOT SUPPORTED archive-locate, NOT SUPPORTED archive-refuses-changing, NOT SUPPORTED archive-refuses-reading, NOT SUPPORTED archive-twice, NOT SUPPORTED archive-unknown-object, NOT SUPPORTED create-from-archived-template, NOT SUPPORTED recover-archive-date, NOT SUPPORTED recover-unknown-object, NOT SUPPORTED tc-101
identifiers-of-any-letters|
indices-always-told|
digests-several|
implicit-attributes-told|
locate-capped|
destroy-deactivates-first|WARN destroy-active, WARN sklc-m-2
dates-limit-every-use|
keys-without-3des|NOT SUPPORTED crypt-3des-ecb, NOT SUPPORTED tc-313
responses-extended|
undo-refused|WARN batch-undo, WARN batch-undo-without-failure
lost-framing-ends-connection|
crypt-without-parameters-as-invalid-field|
keys-aes-256-only|NOT SUPPORTED locate-all-criteria-match, NOT SUPPORTED register-transparent-returned, NOT SUPPORTED tc-141, NOT SUPPORTED tc-142, NOT SUPPORTED tc-311, NOT SUPPORTED tc-313, NOT SUPPORTED tc-61, NOT SUPPORTED tc-mdo-1, NOT SUPPORTED tc-mdo-2, NOT SUPPORTED tc-mdo-3, WARN state-create-with-past-activation, WARN state-create-with-past-dates, WARN state-register-with-past-activation, WARN tc-312, WARN tc-71
'
names=()
while IFS='|' read -r name _; do
    [ -n "$name" ] && names+=(--variation "$name")
done <<<"$table"
if ! "$build/kmip-conform" selftest -q --suites "$PWD/conformance/suites" "${names[@]}" \
    --json "$work/matrix.json" >"$work/out" 2>&1; then
    echo "FAILED: kmip-conform selftest ${names[*]}"
    cat "$work/out"
    exit 1
fi

printf '%s' "$table" >"$work/table"
/usr/bin/python3 - "$work/matrix.json" "$work/table" <<'P'
import json, sys
matrix = json.load(open(sys.argv[1]))
told = {}
for e in matrix["variations"]:
    assert e["result"] == "accepted", e["name"]
    assert sum(e["verdicts"].values()) > 400, e["name"] + ": not all cases"
    told[e["name"]] = ", ".join(sorted(
        f'{c["verdict"]} {c["id"]}' for c in e["cases"]
        if c["verdict"] not in ("PASS", "NOT APPLICABLE") and not c["id"].startswith("tls-")))
bad = 0
for line in filter(None, open(sys.argv[2]).read().splitlines()):
    name, expected = line.split("|")
    got = told.pop(name)
    if got != expected:
        print(f"FAILED: {name}\n    expected {expected}\n    got      {got}")
        bad = 1
assert not told, "run without being asked for: " + ", ".join(told)
sys.exit(bad)
P
rc=$?
[ "$rc" -eq 0 ] && echo "all variations as expected"
exit "$rc"
