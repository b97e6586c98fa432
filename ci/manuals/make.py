"""ci/manuals/make.py BUILD: manual pages into BUILD/man, completions into BUILD/completions.

They are made from the option tables of the programs in BUILD, the schemas of the YAML formats,
and the pages' sources beside the programs; so they cannot disagree with what is read.
"""
import os
import sys

import bash
import fish
import man
import tables
import zsh

SOURCES = ("conformance/kmip-conform.1", "conformance/kmip-conform-case.5",
           "mockserver/kmip-mock.1", "mockserver/kmip-mock.5", "client/kmip-client.1")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main(build):
    programs, version = tables.load(build), tables.version(build)
    for source in SOURCES:
        write("%s/man/%s" % (build, os.path.basename(source)), man.page(source, programs, version))
    for program in programs:
        write("%s/completions/bash/%s" % (build, program.name), bash.script(program))
        write("%s/completions/zsh/_%s" % (build, program.name), zsh.script(program))
        write("%s/completions/fish/%s.fish" % (build, program.name), fish.script(program))


if __name__ == "__main__":
    main(sys.argv[1])
