#!/usr/bin/python3
"""What the templates of this folder say, held against what there is.

    ci/package/templates.py BUILD VERSION check     everything parses, refers to what is there and
                                                    calls programs by options that they have
    ci/package/templates.py BUILD VERSION deb ROOT  each file below ROOT is in one Debian package
    ci/package/templates.py BUILD VERSION sh WHAT   a piece to be run by a test: build and github
                                                    (steps of the action), gitlab, job, merge,
                                                    container (what the image's last stage runs);
                                                    config: the mock's, of its ConfigMap
    ci/package/templates.py BUILD VERSION advised FILE  FILE, by kmip-conform advise, is values.yaml
Exit code 1: with a line for each that is wrong."""
import fnmatch
import glob
import os
import re
import shlex
import subprocess
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = ('kmip-conform', 'kmip-mock', 'kmip-client')
POD = {'containers', 'volumes', 'securityContext', 'automountServiceAccountToken', 'restartPolicy'}
CONTAINER = {'name', 'image', 'command', 'ports', 'readinessProbe', 'livenessProbe', 'resources',
             'securityContext', 'volumeMounts'}
# kind: apiVersion, the keys of its spec that have to be there, those that may
KINDS = {
    'ConfigMap': ('v1', None, None),
    'Service': ('v1', {'selector', 'ports'}, set()),
    'PersistentVolumeClaim': ('v1', {'accessModes', 'resources'}, set()),
    'Deployment': ('apps/v1', {'selector', 'template'}, {'replicas', 'strategy'}),
    'Job': ('batch/v1', {'template'}, {'completionMode', 'completions', 'parallelism', 'backoffLimit'}),
}
wrong = []


def object_to(condition, *words):
    if not condition:
        wrong.append(' '.join(str(w) for w in words))


def load(*path):
    with open(os.path.join(HERE, *path), encoding='utf-8') as f:
        return list(yaml.safe_load_all(f))


def manifests():
    return [(name, doc) for name in ('mock.yaml', 'conform.yaml', 'merge.yaml')
            for doc in load('kubernetes', name)]


def pods():
    return [(name, doc, doc['spec']['template']['spec']) for name, doc in manifests()
            if doc['kind'] in ('Deployment', 'Job')]


# ---- commands ----------------------------------------------------------------------------

def check_call(build, words, where):
    """kmip-... and the options behind it, as far as the end of the command or --."""
    program, rest = words[0], words[1:]
    command = [w for w in rest[:1] if not w.startswith('-')]
    said = subprocess.run([os.path.join(build, program), *command, '--help'], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    for word in rest:
        if word in ('--', '||', '&&', ';', '|'):
            break
        if word.startswith('--'):
            option = word.split('=')[0]
            object_to(re.search(r'(^|[ ,])%s([ =,]|$)' % re.escape(option), said, re.M) or option == '--help',
                      where + ':', program, *command, 'has no', option)


def check_shell(build, text, where):
    """Every call of a program of ours in a piece of shell."""
    for line in text.replace('\\\n', ' ').splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ''
        try:
            words = list(lexer)
        except ValueError:
            continue
        for i, word in enumerate(words):
            if word in PROGRAMS and words[i + 1:] and not words[i - 1].startswith('--'):
                check_call(build, words[i:], where)


# ---- Kubernetes ----------------------------------------------------------------------------

def check_container(build, name, pod, container, version):
    where = '%s: container %s' % (name, container.get('name'))
    object_to(set(container) <= CONTAINER, where, 'has', set(container) - CONTAINER)
    object_to(container['image'] == 'kmip-conform:' + version, where, 'is of another version:', container['image'])
    volumes = {v['name'] for v in pod['volumes']}
    for mount in container['volumeMounts']:
        object_to(mount['name'] in volumes, where, 'mounts', mount['name'], 'that the pod does not have')
    object_to(container['securityContext'].get('readOnlyRootFilesystem') is True, where, 'writes anywhere')
    for command in [container['command']] + [container[p]['exec']['command'] for p in
                                             ('readinessProbe', 'livenessProbe') if p in container]:
        if command[0] == 'sh':
            check_shell(build, command[2], where)
        else:
            check_call(build, command, where)


def check_manifest(name, doc):
    api, needs, may = KINDS.get(doc['kind'], (None, None, None))
    object_to(doc['apiVersion'] == api, name, doc['kind'], 'is of', api)
    object_to(re.fullmatch(r'[a-z0-9]([-a-z0-9]*[a-z0-9])?', doc['metadata']['name']), name, 'bad name')
    if needs is not None:
        have = set(doc['spec'])
        object_to(needs <= have <= needs | may, name, doc['kind'], 'has', have)
    if doc['kind'] == 'Deployment':
        want, labels = doc['spec']['selector']['matchLabels'], doc['spec']['template']['metadata']['labels']
        object_to(want.items() <= labels.items(), name, 'selects pods other than its own')


def check_kubernetes(build, version):
    docs = manifests()
    have = {(d['kind'], d['metadata']['name']) for _, d in docs}
    for name, doc in docs:
        check_manifest(name, doc)
    for name, doc, pod in pods():
        object_to(set(pod) <= POD, name, 'pod has', set(pod) - POD)
        object_to(pod['securityContext']['runAsNonRoot'] is True, name, 'runs as root')
        for volume in pod['volumes']:
            for key, kind, at in (('configMap', 'ConfigMap', 'name'),
                                  ('persistentVolumeClaim', 'PersistentVolumeClaim', 'claimName')):
                if key in volume:
                    object_to((kind, volume[key][at]) in have, name, 'there is no', kind, volume[key][at])
        for container in pod['containers']:
            check_container(build, name, pod, container, version)
    service = next(d for _, d in docs if d['kind'] == 'Service')
    mock = next(d for _, d in docs if d['kind'] == 'Deployment')
    object_to(service['spec']['selector'] == mock['spec']['template']['metadata']['labels'],
              'the Service selects other pods')
    job = next(d for n, d in docs if n == 'conform.yaml' and d['kind'] == 'Job')
    object_to('/%d"' % job['spec']['completions'] in sh('job'), 'conform.yaml: shards and completions differ')
    hosts = load('kubernetes', 'values.yaml')[0]['kmip']['hosts']
    object_to(hosts == [service['metadata']['name']], 'values.yaml names another host:', hosts)


# ---- GitHub, GitLab, container ------------------------------------------------------------

def check_references(version):
    """Those who take a template over name the version that it is of."""
    for path, pattern in (('github/action.yml', r'ci/package/github@v(\S+)'),
                          ('gitlab/kmip-conform.yml', r'ref: v([^,\s]+)')):
        with open(os.path.join(HERE, path), encoding='utf-8') as f:
            named = re.findall(pattern, f.read())
        object_to(named == [version], path, 'names version', named)


def check_github():
    action = load('github', 'action.yml')[0]
    object_to(action['runs']['using'] == 'composite', 'action.yml: not composite')
    with open(os.path.join(HERE, 'github', 'action.yml'), encoding='utf-8') as f:
        for used in re.findall(r'\$\{\{ *inputs\.(\w+) *\}\}', f.read()):
            object_to(used in action['inputs'], 'action.yml: there is no input', used)
    for step in action['runs']['steps']:
        object_to(step.get('shell') == 'bash' and 'run' in step, 'action.yml: a step without shell or run')
        object_to('${{' not in step['run'], 'action.yml: an input goes into a script as it is')


def check_container_file(build):
    with open(os.path.join(HERE, 'Containerfile'), encoding='utf-8') as f:
        text = f.read()
    for source in re.findall(r'^COPY (?!--from)(\S+) ', text, re.M):
        object_to(os.path.exists(os.path.join(ROOT, source)), 'Containerfile: there is no', source)
    for line in re.findall(r'(?:CMD|\\\n) +(kmip-[^\n\\]*)', text) + re.findall(r'^#  +(kmip-.*)', text, re.M):
        check_shell(build, line.strip(), 'Containerfile')
    object_to(re.search(r'^USER \d+$', text, re.M), 'Containerfile: runs as root')


# ---- Debian ---------------------------------------------------------------------------------

def check_deb(root):
    files = {os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names}
    lists = glob.glob(os.path.join(HERE, 'debian', '*.install'))
    object_to(len(lists) == 3, 'packages without a list of files:', lists)
    owners = {}
    for path in lists:
        with open(path, encoding='utf-8') as f:
            patterns = [line.split()[0] for line in f]
        for pattern in patterns:
            got = [f for f in files if fnmatch.fnmatch(f, pattern) or fnmatch.fnmatch(f, pattern + '/*')]
            object_to(got or os.path.exists(os.path.join(ROOT, pattern)), path, 'nothing is installed as', pattern)
            for f in got:
                owners.setdefault(f, []).append(os.path.basename(path))
    for f in sorted(files):
        object_to(len(owners.get(f, [])) == 1, f, 'is in', owners.get(f, 'no package'))


# ---- what advise prints ---------------------------------------------------------------------

def check_advised(path):
    """Where the server is, is another matter, and so is how fast it was on this machine."""
    with open(path, encoding='utf-8') as f:
        advised = yaml.safe_load(f)['kmip']
    block = load('kubernetes', 'values.yaml')[0]['kmip']
    object_to(list(advised) == list(block), 'values.yaml has', list(block), 'and advise prints', list(advised))
    for key in set(advised) & set(block) - {'hosts', 'port', 'pipelineDepth'}:
        object_to(advised[key] == block[key], 'values.yaml:', key, 'is', block[key], 'and advise prints', advised[key])


# ---- pieces to run ----------------------------------------------------------------------------

def sh(what):
    if what in ('build', 'github'):
        return load('github', 'action.yml')[0]['runs']['steps'][('build', 'github').index(what)]['run']
    if what == 'container':
        with open(os.path.join(HERE, 'Containerfile'), encoding='utf-8') as f:
            last = f.read().split('\nFROM ')[-1]
        return '\n'.join(re.findall(r'^RUN ((?:.*\\\n)*.*)$', last, re.M))
    if what == 'gitlab':
        return '\n'.join(load('gitlab', 'kmip-conform.yml')[0]['.kmip-scenarios']['script'])
    if what == 'config':
        return next(d for _, d in manifests() if d['kind'] == 'ConfigMap')['data']['mock.yaml']
    name = {'job': 'conform.yaml', 'merge': 'merge.yaml'}[what]
    return next(pod for n, _, pod in pods() if n == name)['containers'][0]['command'][2]


def main(build, version, what, *rest):
    if what == 'sh':
        print(sh(*rest))
    elif what == 'deb':
        check_deb(*rest)
    elif what == 'advised':
        check_advised(*rest)
    else:
        check_kubernetes(build, version)
        check_references(version)
        check_github()
        check_container_file(build)
    print(*wrong, sep='\n', end='\n' if wrong else '')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
