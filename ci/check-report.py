#!/usr/bin/python3
"""Checks reports against their schema.

    ci/check-report.py [--all] REPORT.json...

Each must be as conformance/report.schema.json says; the schema itself must be one that
notices a field too many, one too few and one of another type. With --all each field that the
schema has must be in one of the reports, so that none stands there untried. Exit code 1: they
are not.
"""
import copy
import json
import os
import sys

from jsonschema import Draft202012Validator

SCHEMA = os.path.join(os.path.dirname(__file__), '..', 'conformance', 'report.schema.json')


def undocumented(node, where='the report'):
    """Fields that the schema does not describe; verdicts as keys speak for themselves."""
    for key, child in node.get('properties', {}).items():
        if not child.get('description') and '$ref' not in child and 'const' not in child \
                and 'enum' not in child and not key.isupper():
            yield '%s: %s has no description' % (where, key)
        yield from undocumented(child, '%s: %s' % (where, key))
    for key in ('items',):
        if key in node:
            yield from undocumented(node[key], where)
    for key, child in node.get('$defs', {}).items():
        yield from undocumented(child, key)


# An event of a pipeline's picture, as traces of `kmip-conform repro` have it too: what stands
# beside the exchanges, which a report's own pictures do not have.
OF_TRACES = ['/driver/pipeline/seen/events/' + field for field in ('passed_ms', 'text', 'faults', 'did')]


def inside(schema, node):
    """The schema's node with what it refers to, and its alternatives."""
    if '$ref' in node:
        yield from inside(schema, schema['$defs'][node['$ref'].rsplit('/', 1)[1]])
    for one in node.get('anyOf', []) + node.get('oneOf', []):
        yield from inside(schema, one)
    yield node


def fields(schema, node, where=''):
    """Paths of all fields."""
    for part in inside(schema, node):
        for key, child in part.get('properties', {}).items():
            yield where + '/' + key
            yield from fields(schema, child, where + '/' + key)
        if 'items' in part:
            yield from fields(schema, part['items'], where)


def present(value, where=''):
    """Paths of all fields of a report."""
    if isinstance(value, list):
        for one in value:
            yield from present(one, where)
    elif isinstance(value, dict):
        for key, child in value.items():
            yield where + '/' + key
            yield from present(child, where + '/' + key)


def broken(report):
    """(what, report) that must be refused."""
    for key in report:
        less = copy.deepcopy(report)
        del less[key]
        if key not in ('stopped', 'show_secrets', 'reach', 'requirements', 'baseline', 'shard', 'driver', 'journal'):
            yield 'without ' + key, less
    more = copy.deepcopy(report)
    more['surprise'] = 1
    yield 'with a field more', more
    for change in ({'verdict': 'GOOD'}, {'took_ms': '5'}, {'surprise': 1}, {'covers': None}):
        if report['cases']:
            other = copy.deepcopy(report)
            other['cases'][0].update(change)
            yield 'with a case with %s' % change, other


def main(args):
    paths = [a for a in args if a != '--all']
    with open(SCHEMA, encoding='utf-8') as f:
        schema = json.load(f)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    wrong = list(undocumented(schema))
    untried = dict.fromkeys(fields(schema, schema)) if '--all' in args else {}
    for path in paths:
        with open(path, encoding='utf-8') as f:
            report = json.load(f)
        for path_of in present(report):
            untried.pop(path_of, None)
        for error in validator.iter_errors(report):
            wrong.append('%s: %s: %s' % (path, error.json_path, error.message[:300]))
        for what, other in broken(report):
            if validator.is_valid(other):
                wrong.append('%s: is valid %s' % (path, what))
    wrong += ['no report has the field ' + field for field in untried if field not in OF_TRACES]
    print('\n'.join(wrong))
    return 1 if wrong or not paths else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
