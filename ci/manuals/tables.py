"""The command lines of the three programs, as their option tables tell (PROGRAM --help-table),
and what completion adds: which values an option or an operand takes.
"""
import json
import subprocess

PROGRAMS = ("kmip-conform", "kmip-mock", "kmip-client")

# Lists that a program prints: a name, and the shell's command for the words.
LISTS = {
    "scenarios": "kmip-mock scenarios 2>/dev/null | sed 's/ .*//'",
    "deviations": "kmip-mock deviations 2>/dev/null | sed 's/ .*//'",
    "variations": "kmip-mock variations 2>/dev/null | sed 's/ .*//'",
    "bugs": "kmip-conform repro 2>/dev/null | sed 's/ .*//'",
    "profiles": "echo driver; kmip-conform list 2>/dev/null | sed -n '/^[a-z]/s/ .*//p'",
    "cases": "kmip-conform list 2>/dev/null | sed -n 's/^  \\([a-z0-9][^ ]*\\).*/\\1/p'",
}
# Options whose argument's name alone does not tell.
OPTION_LISTS = {"scenario": "scenarios", "deviation": "deviations", "variation": "variations",
                "profile": "profiles", "case": "cases", "skip": "cases"}
# Operands: of a command.
OPERAND_LISTS = {("kmip-mock", "scenarios"): "scenarios", ("kmip-mock", "deviations"): "deviations",
                 ("kmip-mock", "variations"): "variations", ("kmip-conform", "repro"): "bugs",
                 ("kmip-conform", "explain"): "cases", ("kmip-conform", "ticket"): "cases"}


class Values:
    """What may follow: kind "files", "folders", "words" (a list), "list" (a name in LISTS),
    "command" or "any"."""
    def __init__(self, kind, what=None):
        self.kind, self.what = kind, what


class Option:
    def __init__(self, row):
        self.name, self.letter, self.help = row["name"], row["letter"], row["help"]
        self.arg, self.several = row["arg"], row["kind"] == "list"

    def values(self):
        arg = self.arg
        if self.name in OPTION_LISTS:
            return Values("list", OPTION_LISTS[self.name])
        if arg.startswith("FILE"):
            return Values("files")
        if arg == "DIR":
            return Values("folders")
        if "|" in arg and arg == arg.lower():
            return Values("words", arg.split("|"))
        return Values("any")


HELP = Option({"name": "help", "letter": "", "kind": "flag", "arg": "", "help": "print what there is"})
VERSION = Option({"name": "version", "letter": "", "kind": "flag", "arg": "",
                  "help": "print the version and stop"})


class Command:
    def __init__(self, program, row):
        self.program, self.name = program, row["command"]
        self.operands, self.help = row["operands"], row["help"]
        self.sets = [(s["title"], [Option(o) for o in s["options"]]) for s in row["sets"]]

    def options(self):
        """All of them, --help too."""
        return [o for _, options in self.sets for o in options] + [HELP]

    def summary(self):
        """The first sentence, in one line."""
        first = self.help.split("\n\n")[0].replace("\n", " ")
        return first.split(". ")[0].rstrip(".")

    def operand_values(self):
        if (self.program, self.name) in OPERAND_LISTS:
            return Values("list", OPERAND_LISTS[self.program, self.name])
        if self.operands.startswith("-- "):
            return Values("command")
        if " | " in self.operands: # "create BUCKET | cipher KEY"
            return Values("words", [way.split()[0] for way in self.operands.split(" | ")])
        if any(word in self.operands for word in ("FILE", ".yaml", ".json", "JOURNAL")):
            return Values("files")
        return Values("any")


class Program:
    """name, purpose; commands without those within a command, which are in `within`: by the
    command, a list. A command named "" is what the program does without one."""
    def __init__(self, build, name):
        done = subprocess.run([build + "/" + name, "--help-table"], check=True, text=True,
                              stdout=subprocess.PIPE)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.name, self.purpose = name, rows[0]["purpose"]
        self.commands, self.within = [], {}
        for row in rows[1:]:
            command = Command(name, row)
            outer = command.name.split(" ")[0]
            if " " in command.name:
                command.name = command.name[len(outer) + 1:]
                self.within.setdefault(outer, []).append(command)
            else:
                self.commands.append(command)

    def named(self):
        return [c for c in self.commands if c.name]

    def alone(self):
        """Options where no command is given."""
        for c in self.commands:
            if not c.name:
                return c.options()
        return [HELP, VERSION]

    def shared_sets(self):
        """Sets that several commands have: [(title, options)], once each."""
        seen, shared = {}, []
        for c in self.commands:
            for title, options in c.sets:
                key = (title, tuple(o.name for o in options))
                seen[key] = seen.get(key, 0) + 1
                if options and seen[key] == 2:
                    shared.append((title, options))
        return shared


def load(build):
    return [Program(build, name) for name in PROGRAMS]


def version(build):
    """What --version tells behind the program's name."""
    done = subprocess.run([build + "/kmip-conform", "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]
