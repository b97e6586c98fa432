#!/usr/bin/python3
"""The figures that README.md states, from runs.

    ci/figures.py BUILD [--write]          makes them all and prints them (make figures); some
                                           minutes. --write puts them into README.md
    ci/figures.py --check ROW REPORT.json  does README.md have what this report says? Exit code
                                           1: it does not

OASIS=DIR in the environment is a folder of published OASIS cases, one folder of it for each
version; without it the row of README.md stays as it is.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
README = os.path.join(ROOT, 'README.md')
BEGIN, END = '<!-- make figures -->\n', '<!-- figures end -->\n'
HEAD = '| What | Figures |\n|---|---|\n'


# ---- what a report says -----------------------------------------------------------------

def counts(report):
    return ', '.join('%d %s' % (n, v) for v, n in report['counts'].items() if n)


def of_cases(report):
    return '%d cases: %s' % (len(report['cases']), counts(report))


def of_robustness(report):
    """Families of malformed messages tell in their evidence how many they sent."""
    sent = sum(int(n) for case in report['cases'] for line in case.get('evidence', [])
               for n in re.findall(r': (\d+) messages?, ', line))
    return '%s; %d malformed messages' % (of_cases(report), sent)


def of_known(report):
    rest = {v: n - sum(c['verdict'] == v and 'known' in c for c in report['cases'])
            for v, n in report['counts'].items()}
    return '%s; %d known to the baseline, %d FAIL and %d INCONCLUSIVE are not' % (
        of_cases(report), report['baseline']['known'], rest['FAIL'], rest['INCONCLUSIVE'])


def of_published(report):
    others = [c['id'] for c in report['cases'] if c['verdict'] != 'PASS']
    return '%d of %d PASS; not %s' % (
        report['counts']['PASS'], len(report['cases']), ', '.join(others) or 'one')


def of_selftest(matrix):
    d, v = matrix['summary']['deviations'], matrix['summary']['variations']
    return '%d of %d deviations killed, %d of %d variations accepted' % (
        d['killed'], d['all'], v['accepted'], v['all'])


ROWS = {  # by the name for --check: title, and what makes the text of a report
    'profiles': ('All profiles, against the mock', of_cases),
    'robustness': ('Hostile input, against the mock', of_robustness),
    'auth-report': ('`--auth-suite report`, against the mock', of_cases),
    'auth-tls12': ('`--auth-suite tls12`, against the mock', of_cases),
    'auth-basic': ('`--auth-suite basic`, against the mock', of_cases),
    'pykmip': ("All profiles, against PyKMIP 0.10's server", of_known),
    'selftest': ('Servers wrong in one way, and ones that differ', of_selftest),
}


def row(title, text):
    return '| %s | %s |\n' % (title, text)


# ---- runs ----------------------------------------------------------------------------------

def load(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def run(*command, **environment):
    """What comes of it is in its report; a run that makes none is an error."""
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False,
                   env={**os.environ, **environment})


def against_mock(build, out, *options, mock=()):
    run(build + '/kmip-mock', 'run', '--log', 'error', '--control', '0', *mock, '--',
        build + '/kmip-conform', 'run', '-q', '--json', out, '--journal', out + '.journal', *options)


def published(build, out, folder):
    """A row for each version."""
    for version in sorted(os.listdir(folder)):
        against_mock(build, out, '--oasis', os.path.join(folder, version),
                     mock=('--config', 'fixtures/published-cases.yaml'))
        yield row('Published cases of KMIP %s' % version.lstrip('v'), of_published(load(out)))


def make_reports(build, work):
    suites = ('--suites', 'conformance/suites')
    for name, options in (('profiles', ()), ('robustness', ('--profile', 'robustness')),
                          ('auth-report', ('--profile', 'authentication')),
                          ('auth-tls12', ('--profile', 'authentication', '--auth-suite', 'tls12')),
                          ('auth-basic', ('--profile', 'authentication', '--auth-suite', 'basic'))):
        against_mock(build, '%s/%s' % (work, name), *suites, *options)
    run('ci/interop/test-pykmip-server.sh', build, REPORT=work + '/pykmip')
    run(build + '/kmip-conform', 'selftest', '-q', *suites, '--json', work + '/selftest')


# ---- the page --------------------------------------------------------------------------------

def page():
    """README.md: before the rows, the rows, and behind them."""
    with open(README, encoding='utf-8') as f:
        before, rest = f.read().split(BEGIN)
    rows, behind = rest.split(END)
    return before, rows, behind


def check(name, path):
    title, text = ROWS[name]
    wanted = row(title, text(load(path)))
    if wanted in page()[1]:
        return 0
    print('README.md does not have this figure (make figures ARGS=--write):\n' + wanted, end='')
    return 1


def main(args):
    if args[:1] == ['--check'] and len(args) == 3 and args[1] in ROWS:
        return check(*args[1:])
    if not args or args[0].startswith('-') or args[1:] not in ([], ['--write']):
        print(__doc__, file=sys.stderr)
        return 2
    build, folder = os.path.abspath(args[0]), os.environ.get('OASIS')
    before, old, behind = page()
    with tempfile.TemporaryDirectory() as work:
        make_reports(build, work)
        rows = HEAD + ''.join(row(title, text(load('%s/%s' % (work, name))))
                              for name, (title, text) in ROWS.items())
        kept = ''.join(re.findall(r'^\| Published .*\n', old, re.M))
        rows += ''.join(published(build, work + '/oasis', folder)) if folder else kept
    print(rows, end='')
    if args[1:]:
        with open(README, 'w', encoding='utf-8') as f:
            f.write(before + BEGIN + rows + END + behind)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
