#!/usr/bin/env bash
# ci/interop/test-pykmip-server.sh BUILD [CASE...]: the three profiles against a server that
# we did not write. No ERROR, and exactly the FAILs of pykmip-deviations.ini, where the
# reason for each stands. Takes about 40 s: PyKMIP writes its database for every object.
#
# With CASE (an id or a pattern) it only shows these cases in detail.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: ci/interop/test-pykmip-server.sh BUILD [CASE...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list=ci/interop/pykmip-deviations.ini
suites=$PWD/conformance/suites

"$build/kmip-mock" run --pki "$work/pki" -- true # for the certificates
# 60 s for a reply: a slow machine is no deviation.
conform=("$build/kmip-conform" run --suites "$suites" --other-certs "$work/pki/other"
    --timeout 60 --journal "$work/journal")
if [ $# -gt 0 ]; then
    ci/interop/pykmip-server.py "$work/pki" -- "${conform[@]}" --verbose "${@/#/--case=}"
    exit
fi
while read -r id; do
    conform+=(--skip "$id")
done < <(ci/interop/check-deviations.py --skips "$list")
rc=0
ci/interop/pykmip-server.py --log "$work/server.log" "$work/pki" -- \
    "${conform[@]}" --json "$work/report.json" >"$work/report.txt" || rc=$?
if [ ! -s "$work/report.json" ]; then
    tail -n 40 "$work/report.txt" "$work/server.log"
    echo "no report; exit code $rc" >&2
    exit 1
fi
ci/interop/check-deviations.py "$list" "$work/report.json" "$suites" "$rc" \
    "ci/interop/test-pykmip-server.sh $build" || {
    tail -n 12 "$work/report.txt"
    exit 1
}
