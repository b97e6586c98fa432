#!/usr/bin/env bash
# ci/interop/test-pykmip-server.sh BUILD [CASE...]: the profiles against a server that we did
# not write. What it does otherwise is in pykmip-baseline.yaml, with the reason for each;
# anything new fails, and so does an entry that is no longer true. Takes about 50 s: PyKMIP
# writes its database for every object.
#
# With CASE (an id or a pattern) it only shows these cases in detail. REPORT=FILE in the
# environment keeps the report.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: ci/interop/test-pykmip-server.sh BUILD [CASE...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/kmip-mock" run --pki "$work/pki" -- true # for the certificates
# 60 s for a reply: a slow machine is no deviation.
conform=("$build/kmip-conform" run --suites "$PWD/conformance/suites"
    --other-certs "$work/pki/other" --timeout 60 --journal "$work/journal")
if [ $# -gt 0 ]; then
    ci/interop/pykmip-server.py "$work/pki" -- "${conform[@]}" --verbose "${@/#/--case=}"
    exit
fi
# One request with 1 MiB (level MAY, so no FAIL can come of it): PyKMIP takes half a minute
# of processor time to read it, byte by byte, and slows down what comes behind.
conform+=(--skip crypt-1-mib --baseline ci/interop/pykmip-baseline.yaml)
rc=0
ci/interop/pykmip-server.py --log "$work/server.log" "$work/pki" -- \
    "${conform[@]}" --quiet --json "$work/report.json" >"$work/report.txt" || rc=$?
if [ ! -s "$work/report.json" ]; then
    tail -n 40 "$work/report.txt" "$work/server.log"
    echo "no report; exit code $rc" >&2
    exit 1
fi
[ -z "${REPORT:-}" ] || cp "$work/report.json" "$REPORT"
# --strict would ask for the warnings, too; of the entries nothing may be left over.
/usr/bin/python3 - "$work/report.json" <<'PYTHON' || rc=1
import json, sys
report = json.load(open(sys.argv[1]))
baseline = report['baseline']
left_over = baseline['stale'] + baseline['expired'] + baseline['nowhere']
for entry in left_over:
    print('%s:%d: %s is %s' % (baseline['file'], entry['line'], entry['case'],
                               entry.get('now', 'over or the id of no case')))
print('%s, protocol %s: %s; known: %d' % (
    report['target']['vendor'], report['target']['protocol'],
    ', '.join('%d %s' % (n, v) for v, n in report['counts'].items()), baseline['known']))
sys.exit(bool(left_over or report['not_run'] or report['interrupted']))
PYTHON
[ "$rc" -eq 0 ] || tail -n 60 "$work/report.txt"

# Four cases at a time come out alike. (Those about the ID Placeholder would not, and rightly:
# PyKMIP 0.10 has one for all its connections.)
ci/interop/pykmip-server.py --log "$work/server.log" "$work/pki" -- \
    "${conform[@]}" --quiet --jobs 4 --case 'revoke-*' --case 'state-*' --case 'get-*' \
    --json "$work/jobs.json" >"$work/jobs.txt" || { tail -n 60 "$work/jobs.txt"; rc=1; }
/usr/bin/python3 - "$work/report.json" "$work/jobs.json" <<'PYTHON' || rc=1
import json, sys
whole, jobs = ({c['id']: c['verdict'] for c in json.load(open(path))['cases']} for path in sys.argv[1:])
other = [i for i in jobs if jobs[i] != whole[i]]
for i in other:
    print('%s is %s, and %s with --jobs 4' % (i, whole[i], jobs[i]))
print('with --jobs 4: %d cases' % len(jobs))
sys.exit(bool(other) or not jobs)
PYTHON
exit "$rc"
