#!/usr/bin/env python3
"""Turns the standard's tables (tables/*.tsv) into tags.h and schema_tables.c.

    generate.py            writes both beside itself
    generate.py --check    writes nothing; exit 1 when they are out of date

The tables name things by the standard's names and hold each fact once; every
reference is resolved here, so that a misspelt field, a tag without enumeration
or two constants of one name fail now and not in a test. The order of the output
depends on the tables alone.
"""
import csv
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MANAGED_OBJECT = '*managed object*'
KINDS = {'structure': 'PLAIN', 'request': 'REQUEST', 'response': 'RESPONSE'}
ITEMS = {'Request Batch Item': 'REQUEST_ITEM', 'Response Batch Item': 'RESPONSE_ITEM'}
SELECTORS = {'Credential Value': 'Credential Type', 'Key Material': 'Key Format Type'}
TYPES = {'Structure': 'STRUCTURE', 'Integer': 'INTEGER', 'LongInteger': 'LONG_INTEGER',
         'BigInteger': 'BIG_INTEGER', 'Enumeration': 'ENUMERATION', 'Boolean': 'BOOLEAN',
         'TextString': 'TEXT_STRING', 'ByteString': 'BYTE_STRING', 'DateTime': 'DATE_TIME',
         'Interval': 'INTERVAL'}
# Tags whose values are another tag's.
SAME_VALUES = {'Mask Generator Hashing Algorithm': 'Hashing Algorithm'}
NEEDS = {'yes': 'REQUIRED', 'no': 'OPTIONAL', 'cond': 'CONDITIONAL'}
CRYPTO = ['Certificate', 'Symmetric Key', 'Public Key', 'Private Key', 'Split Key', 'Secret Data',
          'PGP Key']
# What the "Applies to Object Types" rows of section 3 mean.
OBJECTS = {
    'All Objects': CRYPTO + ['Template', 'Opaque Object'],
    'All Cryptographic Objects': CRYPTO,
    'Keys': ['Symmetric Key', 'Public Key', 'Private Key', 'Split Key', 'PGP Key'],
    'Asymmetric Keys': ['Public Key', 'Private Key'],
    'Symmetric Keys': ['Symmetric Key'], 'Symmetric Key': ['Symmetric Key'],
    'Split Keys of symmetric keys': ['Split Key'], 'Split Key': ['Split Key'],
    'Private Key': ['Private Key'], 'Secret Data': ['Secret Data'],
    'Certificates': ['Certificate'], 'X.509 Certificates': ['Certificate'],
    'PGP keys': ['PGP Key'], 'Templates': ['Template'],
    'Opaque Object': ['Opaque Object'], 'Opaque Objects': ['Opaque Object'],
}


ATTRIBUTE_FLAGS = ['ALWAYS', 'SERVER_SETS', 'CLIENT_SETS', 'SERVER_MODIFIES', 'CLIENT_MODIFIES',
                   'CLIENT_DELETES', 'MULTI']


class TableError(Exception):
    """A table contradicts itself or another one."""


def need(condition, message):
    if not condition:
        raise TableError(message)


def read(name):
    """Rows of a table; each also knows its place for messages."""
    path = os.path.join(HERE, 'tables', name)
    with open(path, encoding='utf-8', newline='') as f:
        rows = list(csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE))
    for line, row in enumerate(rows, 2):
        need(None not in row and None not in row.values(), f'{name}:{line}: number of columns')
        row['at'] = f'{name}:{line}'
    return rows


def c_string(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def constant(*words):
    """KMIP_OBJECT_TYPE_PGP_KEY; a remark in parentheses at the end is left out."""
    text = ' '.join(re.sub(r' \(.*\)$', '', w) for w in words)
    return 'KMIP_' + re.sub(r'[^A-Z0-9]+', '_', text.upper()).strip('_')


def version(text, at):
    m = re.fullmatch(r'([1-9])\.([0-9])', text)
    need(m, f'{at}: {text!r} is no version')
    return int(m[1]) << 4 | int(m[2])


def types(text, at):
    if text == '*any*':
        return '0'
    for t in text.split('|'):
        need(t in TYPES, f'{at}: unknown type {t!r}')
    return ' | '.join(f'T_{TYPES[t]}' for t in text.split('|'))


def initialiser(*parts):
    """One row of a C array, broken at its commas where it does not fit in a line."""
    lines = ['    {']
    pieces = []
    for i, part in enumerate(parts):
        end = ', ' if i + 1 < len(parts) else '},'
        if part.startswith('"'):
            cut = part.rfind(' ', 0, 90) if len(part) > 94 else -1
            pieces += [part + end] if cut < 0 else [part[:cut] + '"', '"' + part[cut:] + end]
        else:
            pieces += (part + end).replace(' | ', ' |\n').splitlines()
    for text in pieces:
        text = text + ' ' if text.endswith('|') else text
        if len(lines[-1]) + len(text.rstrip()) > 100:
            lines.append('     ')
        lines[-1] += text
    return ''.join(line.rstrip() + '\n' for line in lines)


def flag(text, at):
    need(text in ('', 'yes', 'no'), f'{at}: {text!r} is neither yes nor no')
    return text == 'yes'


# How much of a tag's values must not be seen (enum kmip_secrecy).
SECRECY = {'': 'PUBLIC', 'no': 'PUBLIC', 'holder': 'HOLDER', 'yes': 'SECRET'}


def secrecy(text, at):
    need(text in SECRECY, f'{at}: secret is {text!r}, not one of yes, no, holder')
    return f'KMIP_{SECRECY[text]}'


def c_bool(value):
    return 'true' if value else 'false'


def index_by(keys):
    """Positions of keys in the order a binary search with strcmp takes."""
    return sorted(range(len(keys)), key=lambda i: keys[i].encode())


class Schema:
    """The tables, checked against each other."""

    def __init__(self):
        self.load_values()
        self.load_tags()
        self.load_structures()
        self.load_conditions()
        self.load_attributes()

    def load_values(self):
        self.enums = {}
        rows = [(r, 'enumeration', False) for r in read('enums.tsv')]
        rows += [(r, 'mask', True) for r in read('masks.tsv')]
        for row, column, mask in rows:
            entry = self.enums.setdefault(row[column], {'mask': mask, 'values': {}})
            if not row['value']:  # an enumeration that the standard leaves to extensions
                continue
            value = int(row['value'], 16)
            need(value not in entry['values'], f"{row['at']}: value twice")
            entry['values'][value] = row
        for name, entry in self.enums.items():
            entry['values'] = dict(sorted(entry['values'].items()))
            if entry['mask']:  # the reader of a mask takes the bits from 0 up as known
                bits = [1 << i for i in range(len(entry['values']))]
                need(list(entry['values']) == bits, f'{name}: bits with gaps')
        self.enums = dict(sorted(self.enums.items(), key=lambda kv: kv[0].encode()))

    def value(self, enumeration, name, at):
        need(enumeration in self.enums, f'{at}: no enumeration {enumeration!r}')
        for value, row in self.enums[enumeration]['values'].items():
            if row['name'] == name:
                return value
        raise TableError(f'{at}: {enumeration} has no {name!r}')

    def load_tags(self):
        self.tags = sorted(read('tags.tsv'), key=lambda r: int(r['tag'], 16))
        self.tag_named = {}
        first = int(self.tags[0]['tag'], 16)
        for i, row in enumerate(self.tags):
            row['number'] = int(row['tag'], 16)
            need(row['number'] == first + i, f"{row['at']}: tags must follow without gap")
            need(row['name'] not in self.tag_named, f"{row['at']}: name twice")
            row['version'] = version(row['since'], row['at'])
            row['position'] = i
            self.tag_named[row['name']] = row
            row['values'] = SAME_VALUES.get(row['name'], row['name'])
            if row['type'] == 'Enumeration':
                need(row['values'] in self.enums, f"{row['at']}: no enumeration {row['values']!r}")
        for name in self.enums:
            need(name in self.tag_named, f'enumeration {name!r} belongs to no tag')

    def tag(self, name, at):
        need(name in self.tag_named, f'{at}: no tag {name!r}')
        return self.tag_named[name]

    def load_structures(self):
        self.structs = {}
        for row in read('structures.tsv'):
            name, at = row['structure'], row['at']
            st = self.structs.get(name) or self.new_struct(name, row)
            need(st is list(self.structs.values())[-1], f'{at}: rows of {name} are apart')
            row['repeat'] = flag(row['repeatable'], at)
            need(row['required'] in NEEDS, f"{at}: required is {row['required']!r}")
            if row['field'] == MANAGED_OBJECT:
                row.update(number=0, version=0x10, types='T_STRUCTURE', secrecy='KMIP_PUBLIC')
            else:
                tag = self.tag(row['field'], at)
                row['secrecy'] = secrecy(row['secret'] or tag['secret'], at)
                since = version(row['since'], at) if row['since'] else 0x10
                row.update(number=tag['number'], types=types(tag['type'], at),
                           version=max(since, tag['version']))
            need(row['number'] not in [f['number'] for f in st['fields']], f'{at}: field twice')
            st['fields'].append(row)
        for name, st in self.structs.items():
            need(len(st['fields']) <= 32, f'{name}: more fields than a mask of 32 bits holds')

    def new_struct(self, name, row):
        at = row['at']
        kind, selector = KINDS.get(row['kind']), 0
        need(kind, f"{at}: unknown kind {row['kind']!r}")
        m = re.fullmatch(r'(.*) \((.*)\)', name)
        if name in ITEMS:
            kind, tag = ITEMS[name], 'Batch Item'
        elif m:
            need(m[1] in SELECTORS, f'{at}: nothing selects {name!r}')
            kind, tag = 'SELECTED', m[1]
            selector = self.value(SELECTORS[tag], m[2], at)
        elif kind == 'PLAIN':
            tag = name
        else:
            operation = re.sub(r' (Request|Response|Message) Payload$', '', name)
            selector = self.value('Operation', operation, at)
            tag = 'Request Payload' if kind == 'REQUEST' else 'Response Payload'
        st = {'name': name, 'section': row['section'], 'tag': self.tag(tag, at), 'kind': kind,
              'selector': selector, 'fields': [], 'conditions': [], 'position': len(self.structs)}
        self.structs[name] = st
        return st

    def field_mask(self, st, name, at):
        for i, field in enumerate(st['fields']):
            if field['field'] == name:
                return 1 << i
        raise TableError(f"{at}: {st['name']} has no field {name!r}")

    def load_conditions(self):
        for row in read('conditions.tsv'):
            at = row['at']
            need(row['structure'] in self.structs, f"{at}: no structure {row['structure']!r}")
            st = self.structs[row['structure']]
            alternatives = [sum(self.field_mask(st, f, at) for f in a.split(' & '))
                            for a in row['need'].split(' | ')]
            need(len(alternatives) <= 6, f'{at}: more than six alternatives')
            when, field, value = self.when(st, row['when'], at)
            text = row['need'].replace(' & ', ' and ').replace(' | ', ', or ')
            st['conditions'].append((when, field, value, alternatives, text, row['section']))

    def when(self, st, text, at):
        """The condition as (kind, field mask or tag, value)."""
        if not text:
            return 'ALWAYS', 0, 0
        m = re.fullmatch(r'has (.*)', text)
        if m:
            return 'HAS', self.field_mask(st, m[1], at), 0
        m = re.fullmatch(r'version before (.*)', text)
        if m:
            return 'VERSION_BEFORE', 0, version(m[1], at)
        m = re.fullmatch(r'operation is not (.*)', text)
        if m:
            return 'OPERATION_NOT', 0, self.value('Operation', m[1], at)
        m = re.fullmatch(r'batch count above (\d+)', text)
        if m:
            return 'BATCH_ABOVE', 0, int(m[1])
        m = re.fullmatch(r'(.*) is Byte String', text)
        if m:
            self.field_mask(st, m[1], at)
            return 'BYTES', self.tag(m[1], at)['number'], 0
        m = re.fullmatch(r'around it (.*) = (.*)', text)
        if m:
            return 'AROUND_EQUALS', self.tag(m[1], at)['number'], self.value(m[1], m[2], at)
        m = re.fullmatch(r'(.*) = (.*)', text)
        need(m, f'{at}: condition {text!r} not understood')
        self.field_mask(st, m[1], at)
        return 'EQUALS', self.tag(m[1], at)['number'], self.value(m[1], m[2], at)

    def load_attributes(self):
        self.attributes = read('attributes.tsv')
        for row in self.attributes:
            row['tag'] = self.tag(row['name'], row['at'])
            row['version'] = version(row['since'], row['at'])
            row['flags'] = self.attribute_flags(row)
            objects = []
            for phrase in row['applies_to'].split(', '):
                need(phrase in OBJECTS, f"{row['at']}: unknown object types {phrase!r}")
                objects += OBJECTS[phrase]
            row['objects'] = sum({1 << self.value('Object Type', o, row['at']) for o in objects})

    @staticmethod
    def attribute_flags(row):
        def yes(column):
            need(re.match(r'Yes|No|PGP key: Yes', row[column]), f"{row['at']}: {column} is unclear")
            return not row[column].startswith('No')
        on = [yes('always_has_value'), 'Server' in row['initially_set_by'],
              'Client' in row['initially_set_by'], yes('modifiable_by_server'),
              yes('modifiable_by_client'), yes('deletable_by_client'), yes('multiple_instances')]
        return ' | '.join(f'A_{name}' for name, is_on in zip(ATTRIBUTE_FLAGS, on) if is_on)


NOTICE = '/* Generated by generate.py from tables/: do not edit. */\n'


def constants(schema):
    """Rows (name, value) of tags.h by group."""
    groups = [('Tags (KMIP 1.2 spec, 9.1.3.1)',
               [(constant('Tag', t['name']), f"0x{t['number']:06X}u") for t in schema.tags])]
    for name, entry in schema.enums.items():
        rows = [(constant(name, r['name']), f'0x{v:08X}u') for v, r in entry['values'].items()]
        if not rows:
            continue
        groups.append((name + (' (mask)' if entry['mask'] else ''), rows))
    seen = {}
    for title, rows in groups:
        for name, value in rows:
            need(name not in seen, f'{name} stands for {seen.get(name)} and for {title} {value}')
            seen[name] = f'{title} {value}'
    return groups


def header(schema):
    out = ['/* The standard\'s tags and values as constants.\n *\n'
           ' * Generated by generate.py from tables/: do not edit. */\n'
           '#ifndef KMIP_SCHEMA_TAGS_H\n#define KMIP_SCHEMA_TAGS_H\n']
    for title, rows in constants(schema):
        out.append(f'\n/* {title} */\n')
        out += [f'#define {name} {value}\n' for name, value in rows]
    out.append('\n#endif\n')
    return ''.join(out)


def emit_enums(schema, out):
    for i, (name, entry) in enumerate(schema.enums.items()):
        if not entry['values']:
            continue
        out.append(f'\nstatic const struct kmip_enum_value v{i}[] = {{ /* {name} */\n')
        for value, row in entry['values'].items():
            out.append(initialiser(f'0x{value:08X}u', c_string(row['name']), c_string(row['xml']),
                                   f"0x{version(row['since'], row['at']):02X}"))
        out.append('};\n')
    out.append('\nconst struct kmip_enum kmip_enums[] = {\n')
    for i, (name, entry) in enumerate(schema.enums.items()):
        values = f'v{i}' if entry['values'] else 'NULL'
        out.append(initialiser(c_string(name), c_bool(entry['mask']), str(len(entry['values'])),
                               values))
    out.append(f'}};\nconst size_t kmip_n_enums = {len(schema.enums)};\n')


# Fields whose value decides what others of the message hold: kmip_walk_select.
SELECTING = ('Operation', 'Key Format Type', 'Credential Type', 'Attribute Name')


def emit_tags(schema, out):
    depend = {st['tag']['name'] for st in schema.structs.values() if st['kind'] != 'PLAIN'}
    depend.add('Attribute Value')
    position = {name: i for i, name in enumerate(schema.enums)}
    out.append('\nconst struct kmip_tag kmip_tags[] = {\n')
    for row in schema.tags:
        at = row['at']
        en = f"&kmip_enums[{position[row['values']]}]" if row['values'] in position else 'NULL'
        out.append(initialiser(f"0x{row['number']:06X}", c_string(row['name']),
                               c_string(row['xml']), types(row['type'], at),
                               f"0x{row['version']:02X}", secrecy(row['secret'], at),
                               c_bool(row['name'] in depend), c_bool(row['name'] in SELECTING),
                               en))
    out.append(f'}};\nconst size_t kmip_n_tags = {len(schema.tags)};\n')
    for array, column in (('kmip_tags_by_name', 'name'), ('kmip_tags_by_xml', 'xml')):
        order = index_by([t[column] for t in schema.tags])
        out.append(f'\nconst uint16_t {array}[] = {{\n')
        for i in range(0, len(order), 16):
            out.append('    ' + ' '.join(f'{n},' for n in order[i:i + 16]) + '\n')
        out.append('};\n')


def emit_structs(schema, out):
    for st in schema.structs.values():
        fields = f"f{st['position']}"
        out.append(f"\nstatic const struct kmip_field {fields}[] = {{ /* {st['name']} */\n")
        for f in st['fields']:
            tag = constant('Tag', f['field']) if f['number'] else '0'
            out.append(initialiser(tag, f['types'], f"KMIP_{NEEDS[f['required']]}",
                                   c_bool(f['repeat']), f"0x{f['version']:02X}",
                                   f['secrecy']))
        out.append('};\n')
        if st['conditions']:
            out.append(f"static const struct kmip_condition c{st['position']}[] = {{\n")
            for when, field, value, alternatives, text, section in st['conditions']:
                masks = ', '.join(f'0x{a:X}' for a in alternatives)
                out.append(initialiser(f'KMIP_WHEN_{when}', str(len(alternatives)),
                                       f'0x{field:X}', str(value), f'{{{masks}}}',
                                       c_string(text), c_string(section)))
            out.append('};\n')
    out.append('\nconst struct kmip_struct kmip_structs[] = {\n')
    for st in schema.structs.values():
        required = sum(1 << i for i, f in enumerate(st['fields']) if f['required'] == 'yes')
        conditions = f"c{st['position']}" if st['conditions'] else 'NULL'
        out.append(initialiser(c_string(st['name']), c_string(st['section']),
                               constant('Tag', st['tag']['name']), f"KMIP_STRUCT_{st['kind']}",
                               f"0x{st['selector']:X}", str(len(st['fields'])),
                               f"f{st['position']}", f'0x{required:X}',
                               str(len(st['conditions'])), conditions))
    out.append(f'}};\nconst size_t kmip_n_structs = {len(schema.structs)};\n')


def attribute_hash(name, factors):
    """The hash of dict.c over length, first, middle and last character."""
    b = name.encode()
    sample = (len(b), b[0], b[len(b) // 2], b[-1])
    return sum(f * s for f, s in zip(factors, sample)) % 256


def perfect_factors(names):
    """The first factors under which no two names share one of the 256 places."""
    for a in range(1, 64, 2):
        for b in range(1, 64, 2):
            for c in range(1, 64, 2):
                factors = (a, b, c, 7)
                if len({attribute_hash(n, factors) for n in names}) == len(names):
                    return factors
    raise TableError('no perfect hash of the attribute names found')


def emit_attributes(schema, out):
    out.append('\nconst struct kmip_attribute kmip_attributes[] = {\n')
    for row in schema.attributes:
        out.append(initialiser(c_string(row['name']), constant('Tag', row['name']),
                               c_string(row['section']), row['flags'],
                               f"0x{row['objects']:03X}", f"0x{row['version']:02X}",
                               c_bool(row['note'].startswith('deprecated since'))))
    out.append(f'}};\nconst size_t kmip_n_attributes = {len(schema.attributes)};\n')
    names = [row['name'] for row in schema.attributes]
    factors = perfect_factors(names)
    place = {attribute_hash(n, factors): i + 1 for i, n in enumerate(names)}
    out.append('\nconst struct kmip_attribute_hash kmip_attribute_hash = {\n'
               f"    {{{', '.join(map(str, factors))}}},\n    {{\n")
    for i in range(0, 256, 16):
        out.append('        ' + ' '.join(f'{place.get(n, 0)},' for n in range(i, i + 16)) + '\n')
    out.append('    }};\n')


def emit_indexes(schema, out):
    """What dict.c looks up by number: see schema_tables.h."""
    plain = {st['tag']['position']: st['position'] for st in schema.structs.values()
             if st['kind'] == 'PLAIN'}
    attribute = {row['tag']['position']: i for i, row in enumerate(schema.attributes)}
    objects = {schema.tag(r['name'], r['at'])['position']: v
               for v, r in schema.enums['Object Type']['values'].items()}
    out.append('\nconst struct kmip_tag_use kmip_tag_uses[] = {\n')
    for i, row in enumerate(schema.tags):
        st = f'&kmip_structs[{plain[i]}]' if i in plain else 'NULL'
        at = f'&kmip_attributes[{attribute[i]}]' if i in attribute else 'NULL'
        out.append(initialiser(st, at, str(objects.get(i, 0)),
                               c_bool(flag(row['natural'], row['at']))))
    out.append('};\n')
    out.append('\nconst uint32_t kmip_object_tags[KMIP_OBJECT_TYPES] = {\n    0,')
    out.append(''.join(f' 0x{schema.tags[p]["number"]:06X},' for p, _ in
                       sorted(objects.items(), key=lambda kv: kv[1])) + '\n};\n')
    for array, size, kind, tag in (
            ('kmip_request_payloads', 'KMIP_OPERATIONS', 'REQUEST', None),
            ('kmip_response_payloads', 'KMIP_OPERATIONS', 'RESPONSE', None),
            ('kmip_credential_values', 'KMIP_CREDENTIALS', 'SELECTED', 'Credential Value'),
            ('kmip_key_materials', 'KMIP_KEY_FORMATS', 'SELECTED', 'Key Material')):
        entries = {st['selector']: st['position'] for st in schema.structs.values()
                   if st['kind'] == kind and (tag is None or st['tag']['name'] == tag)}
        numbers = {'KMIP_OPERATIONS': 64, 'KMIP_CREDENTIALS': 8, 'KMIP_KEY_FORMATS': 32}
        need(max(entries) < numbers[size], f'{array} outgrows {size}')
        out.append(f'\nconst struct kmip_struct *const {array}[{size}] = {{\n')
        out += [f'    [{key}] = &kmip_structs[{p}],\n' for key, p in sorted(entries.items())]
        out.append('};\n')
    for array, kind in (('kmip_request_item', 'REQUEST_ITEM'),
                        ('kmip_response_item', 'RESPONSE_ITEM')):
        position = [s['position'] for s in schema.structs.values() if s['kind'] == kind][0]
        out.append(f'\nconst struct kmip_struct *const {array} = &kmip_structs[{position}];\n')


def source(schema):
    out = [NOTICE, '#include "kmip/schema/schema_tables.h"\n\n']
    out += [f'#define T_{t} TYPE_BIT(TTLV_{t})\n' for t in TYPES.values()]
    out += [f'#define A_{a} KMIP_ATTR_{a}\n' for a in ATTRIBUTE_FLAGS]
    emit_enums(schema, out)
    emit_tags(schema, out)
    emit_structs(schema, out)
    emit_attributes(schema, out)
    emit_indexes(schema, out)
    return ''.join(out)


def main(arguments):
    if arguments not in ([], ['--check']):
        print('usage: generate.py [--check]', file=sys.stderr)
        return 2
    try:
        schema = Schema()
        results = {'tags.h': header(schema), 'schema_tables.c': source(schema)}
    except (TableError, OSError, KeyError, ValueError) as e:
        print(f'generate.py: {e}', file=sys.stderr)
        return 1
    stale = []
    for name, text in results.items():
        path = os.path.join(HERE, name)
        old = None
        if os.path.exists(path):
            with open(path, encoding='utf-8', newline='') as f:
                old = f.read()
        if old == text:
            continue
        stale.append(name)
        if not arguments:
            with open(path, 'w', encoding='utf-8', newline='\n') as f:
                f.write(text)
    if arguments and stale:
        print(f"generate.py: {', '.join(stale)} out of date: run generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
