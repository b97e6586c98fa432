#!/usr/bin/python3
"""Checks the other reports of a run against its JSON.

    ci/check-reports.py RUN.json junit RUN.xml
    ci/check-reports.py RUN.json tap TAP.json     what TAP::Parser made of it (ci/tap-json.pl)
    ci/check-reports.py RUN.json md RUN.md

Counts, ids, verdicts and texts must be those of the JSON. Exit code 1: they are not.
"""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

SKIPPED = ('NOT SUPPORTED', 'NOT APPLICABLE', 'INCONCLUSIVE')


def outcome(report, case):
    """What a case is to a CI."""
    verdict, known = case['verdict'], 'known' in case
    if verdict == 'FAIL' or (verdict == 'WARN' and report['strict'] and not known):
        return 'known' if known else 'failed'
    if verdict in SKIPPED:
        return 'skipped'
    return {'PASS': 'passed', 'WARN': 'warned', 'ERROR': 'error'}[verdict]


def junit(report, path):
    """Yields what is wrong with the JUnit report."""
    elements = {'failed': 'failure', 'error': 'error', 'skipped': 'skipped', 'known': 'skipped',
                'warned': 'system-out'}
    root = ElementTree.parse(path).getroot()
    for one in root.iter():
        if one.get('message') and one.get('message') not in (one.text or ''):
            yield 'the text of a <%s> is not its message, and more' % one.tag
    found = {(c.get('classname'), c.get('name')): c for c in root.iter('testcase')}
    sums = {'failures': 0, 'errors': 0, 'tests': 0}
    for suite in root:
        for key in sums:
            sums[key] += int(suite.get(key))
        if len(suite) - len(suite.findall('properties')) != int(suite.get('tests')):
            yield 'suite %s does not hold as many cases as it says' % suite.get('name')
    for key, n in sums.items():
        if int(root.get(key)) != n:
            yield 'the suites have %d %s together, the report says %s' % (n, key, root.get(key))
    for case in report['cases']:
        one = found.get((case['suite'] or 'file', case['id']))
        if one is None:
            yield case['id'] + ' is missing'
            continue
        element = elements.get(outcome(report, case))
        if element and one.find(element) is None:
            yield '%s is no <%s>' % (case['id'], element)
        if not element and len(one) and 'rounds' not in case:
            yield '%s did not pass' % case['id']
        if element:
            # Jenkins shows the message of what is skipped, and GitLab shows no message at all.
            for text in (one.find(element).get('message', case['reason']), one.find(element).text):
                if case['reason'] not in text:
                    yield '%s: %r is not told' % (case['id'], case['reason'])
            if case['rerun'] not in one.find(element).text:
                yield '%s: the command that runs it again is not told' % case['id']


def tap(report, path):
    """Yields what is wrong with the TAP report."""
    with open(path, encoding='utf-8') as f:
        tests = json.load(f)
    if len(tests) < len(report['cases']):
        yield '%d tests for %d cases' % (len(tests), len(report['cases']))
    for case, test in zip(report['cases'], tests):
        what = outcome(report, case)
        if not test['description'].startswith('- %s: ' % case['id']):
            yield '%s is called %r' % (case['id'], test['description'])
        if test['ok'] != (what in ('passed', 'warned', 'skipped')):
            yield '%s: ok is %r' % (case['id'], test['ok'])
        directive = {'skipped': 'SKIP', 'known': 'TODO'}.get(what, '')
        if test['directive'] != directive:
            yield '%s has the directive %r, not %r' % (case['id'], test['directive'], directive)
        told = test['yaml'] or {}
        if what in ('warned', 'failed', 'error', 'known'):
            if told.get('verdict') != case['verdict'] or told.get('again') != case['rerun']:
                yield '%s: the diagnostics are %r' % (case['id'], told)
            actual = [m['actual'] for m in told.get('mismatches', [])]
            if actual != [m['actual'] for m in case['mismatches']]:
                yield '%s: the diagnostics have the mismatches %r' % (case['id'], actual)


def plain(text):
    """Markdown as text."""
    text = re.sub(r'\\([\\`*_{}\[\]#|~$@])', r'\1', text)
    for entity, char in (('&lt;', '<'), ('&gt;', '>'), ('&#39;', "'"), ('&quot;', '"'), ('&amp;', '&')):
        text = text.replace(entity, char)
    return text


def markdown(report, path):
    """Yields what is wrong with the Markdown report."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    if len(text.encode()) > 1 << 20:
        yield 'it is longer than a summary of GitHub may be'
    for case in report['cases']:
        row = re.search(r'^\| \S+ `%s` .*$' % re.escape(case['id']), text, re.M)
        if (row is not None) != (outcome(report, case) != 'passed'):
            yield '%s: a row that should not be, or is missing' % case['id']
        if row and case['mismatches'] and case['mismatches'][0]['actual'][:200] not in plain(row[0]):
            yield '%s: its row does not tell what came: %s' % (case['id'], row[0])
    for tag in ('details', 'pre', 'summary'):
        if text.count('<%s>' % tag) != text.count('</%s>' % tag):
            yield 'a <%s> is not closed' % tag
    tables = [line for line in text.split('\n') if line.startswith('|')]
    width = {'| Case ': 6, '| Profile ': 10}
    columns = 3
    for line in tables:
        for begin, n in width.items():
            columns = n if line.startswith(begin) else columns
        if line == '| | |':
            columns = 3
        if len(re.findall(r'(?<!\\)\|', line)) != columns:
            yield 'a row of another width: ' + line


def main(args):
    with open(args[0], encoding='utf-8') as f:
        report = json.load(f)
    wrong = list({'junit': junit, 'tap': tap, 'md': markdown}[args[1]](report, args[2]))
    print('\n'.join(wrong[:10]), end='\n' if wrong else '')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
