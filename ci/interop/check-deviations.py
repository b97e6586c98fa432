#!/usr/bin/python3
"""Compares a report with a list of known deviations.

    ci/interop/check-deviations.py LIST REPORT.json SUITES EXIT-CODE AGAIN
    ci/interop/check-deviations.py --skips LIST

LIST is an INI file: a section is a cause (clause, reason, actual, cases), as in
pykmip-deviations.ini; [not run] names cases that are left out. REPORT.json and EXIT-CODE
are kmip-conform's, SUITES the folder of its profiles. Exit code 0: the FAILs are exactly
those of the list, each with its 'actual', no case ended in ERROR, and every case of the
three profiles was run or is under [not run]. 1: they are not, and each difference is told,
with AGAIN and the case as the command that shows it. 2: the list or the report cannot be
used. --skips prints the cases under [not run].
"""
import configparser
import glob
import json
import os
import sys

NOT_RUN = 'not run'
PROFILES = ('baseline-server', 'symmetric-key-lifecycle-server', 'basic-cryptographic-server')


class Unusable(Exception):
    """The list or the report is not what it should be."""


def read_list(path):
    """(cause, actual) by case, and the cases that are not run."""
    ini = configparser.ConfigParser(delimiters=('=',), comment_prefixes=('#',), interpolation=None)
    with open(path, encoding='utf-8') as f:
        ini.read_file(f)
    known, skipped = {}, set()
    for cause in ini.sections():
        section = ini[cause]
        wanted = ['reason', 'cases'] + ([] if cause == NOT_RUN else ['clause', 'actual'])
        missing = [k for k in wanted if not section.get(k, '').strip()]
        unknown = [k for k in section if k not in wanted]
        if missing or unknown:
            what = 'lacks' if missing else 'has no use for'
            raise Unusable('%s: [%s] %s %s' % (path, cause, what, ', '.join(missing or unknown)))
        for line in filter(None, section['cases'].split('\n')):
            case, _, actual = (part.strip() for part in line.partition('|'))
            if case in known or case in skipped:
                raise Unusable('%s: %s is listed twice' % (path, case))
            if cause == NOT_RUN:
                skipped.add(case)
            else:
                known[case] = (cause, actual or section['actual'])
    return known, skipped


def differences(known, skipped, report, suites, code):
    """What is not as listed, a sentence each, in the order of the report."""
    found = {c['id']: c for c in report['cases']}
    fails = [c for c in report['cases'] if c['verdict'] == 'FAIL']
    for case in report['cases']:
        if case['verdict'] == 'ERROR':
            yield case['id'], 'ERROR: ' + case['reason']
        elif case['verdict'] == 'FAIL' and case['id'] not in known:
            yield case['id'], 'FAILs and is not in the list: ' + case['reason']
        elif case['verdict'] == 'FAIL':
            cause, actual = known[case['id']]
            if not any(actual in m['actual'] for m in case['mismatches']):
                yield case['id'], ('FAILs for another reason than [%s], %s: %s'
                                   % (cause, actual, case['reason']))
        elif case['id'] in known:
            yield case['id'], ('is listed under [%s], but ends in %s %s'
                               % (known[case['id']][0], case['verdict'], case['reason']))
    for case in sorted(set(known) - set(found)):
        yield case, 'is listed under [%s], but was not run' % known[case][0]
    for profile in PROFILES:
        on_disk = len(glob.glob(os.path.join(suites, profile, '*.yaml')))
        run = sum(c['suite'] == profile for c in report['cases'])
        left = sum(os.path.exists(os.path.join(suites, profile, s + '.yaml')) for s in skipped)
        if not on_disk or run + left != on_disk:
            yield profile, '%d cases, of which %d were run and %d left out' % (on_disk, run, left)
    if report['interrupted'] or report['not_run']:
        yield 'the run', 'did not get to its end'
    errors = report['counts']['ERROR']
    expected = 5 if errors else 1 if fails else 0
    if code != expected:
        yield 'the run', 'ended with exit code %d instead of %d' % (code, expected)


def check(list_path, report_path, suites, code, again):
    known, skipped = read_list(list_path)
    with open(report_path, encoding='utf-8') as f:
        report = json.load(f)
    wrong = list(differences(known, skipped, report, suites, int(code)))
    for case, what in wrong:
        print('%s: %s' % (case, what))
        if case in known or any(case == c['id'] for c in report['cases']):
            print('    again: %s %s' % (again, case))
    if wrong:
        print('\n%d not as in %s' % (len(wrong), list_path))
        return 1
    counts = ', '.join('%d %s' % (n, v) for v, n in report['counts'].items())
    print('%s, protocol %s: %s'
          % (report['target']['vendor'], report['target']['protocol'], counts))
    print('%d FAIL by %d causes, as listed; left out: %s'
          % (len(known), len({cause for cause, _ in known.values()}), ', '.join(sorted(skipped))))
    return 0


def main(args):
    try:
        if len(args) == 2 and args[0] == '--skips':
            print('\n'.join(sorted(read_list(args[1])[1])))
            return 0
        if len(args) == 5:
            return check(*args)
        print(__doc__.strip(), file=sys.stderr)
    except (Unusable, OSError, ValueError, KeyError, configparser.Error) as e:
        print('%s: %s' % (type(e).__name__, e), file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
