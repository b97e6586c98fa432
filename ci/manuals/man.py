"""Manual pages: the sources hold what people write; lines that begin with .\\"@ are put in.

    .\\"@ commands PROGRAM     every command with its options, those that several have once
    .\\"@ options PROGRAM      the options of a program without a command
    .\\"@ keys SCHEMA POINTER  the keys of an object of a schema, those within them too
    .\\"@ actions SCHEMA       the actions of faults
"""
import json
import re
import textwrap

WIDTH = 78


def escape(text):
    text = text.replace("\\", "\\e").replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    return text


def words(text):
    """Text lines: none begins with what roff takes for a request."""
    lines = []
    for paragraph in re.split(r"\n\n+", text.strip()):
        if lines:
            lines.append(".Pp")
        for sentence in re.split(r"(?<=[A-Za-z0-9)\]][.?]) ", paragraph.replace("\n", " ")):
            for line in textwrap.wrap(escape(sentence), WIDTH, break_long_words=False,
                                      break_on_hyphens=False):
                lines.append("\\&" + line if line[0] in ".'" else line)
    return lines


def ended(text):
    """A help text of a table, as a sentence; what begins with a value stays as it is."""
    text = text.strip()
    if re.match(r"[a-z]+[ ,;]", text):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?")) and not text.endswith("...") else text + "."


def macro_words(text):
    """Words of a macro line: no quotes, and nothing that is a macro's name."""
    return " ".join("\\&" + w if re.fullmatch(r"[A-Z][a-z]|[|.,:;()\[\]?!]", w) else w
                    for w in escape(text).replace('"', "\\(dq").split())


def option_rows(options):
    lines = [".Bl -tag -width Ds"]
    for o in options:
        arg = " Ar " + macro_words(o.arg) if o.arg else ""
        letter = "Fl %s , " % o.letter if o.letter else ""
        lines.append(".It %sFl -%s%s" % (letter, o.name, arg))
        lines += words(ended(o.help) + (" May be given several times." if o.several and
                                        "repeated" not in o.help else ""))
    return lines + [".El"]


def commands(program):
    shared = program.shared_sets()
    titles = [t for t, _ in shared]
    keys = {(t, tuple(o.name for o in options)) for t, options in shared}
    lines = []
    for c in program.named():
        operands = " Ar " + macro_words(c.operands) if c.operands else ""
        any_options = any(options for _, options in c.sets)
        lines.append(".Ss " + c.name)
        lines += [".Bd -ragged -compact", ".Nm", ".Cm " + c.name]
        lines += [".Op Ar options"] if any_options else []
        lines += ["." + operands.strip()] if operands else []
        lines += [".Ed", ".Pp"]
        lines += words(ended(c.help))
        own = [(t, o) for t, o in c.sets if o and (t, tuple(x.name for x in o)) not in keys]
        for _, options in own:
            lines += option_rows(options)
        also = [t for t, o in c.sets if o and (t, tuple(x.name for x in o)) in keys]
        if also and program.commands[0].sets[0][0] in also and not program.commands[0].name:
            lines += [".Pp", "Its options are those of", ".Nm", "without a command."]
        elif also:
            lines += [".Pp", "%s below: %s." % ("More options" if own else "Options",
                                                ", ".join(t.split(" (")[0] for t in also))]
        if c.name in program.within:
            lines.append(".Bl -tag -width Ds")
            for w in program.within[c.name]:
                lines.append(".It Cm %s%s" % (w.name, " Ar " + macro_words(w.operands)
                                              if w.operands else ""))
                lines += words(ended(w.help))
            lines.append(".El")
    for i, (title, options) in enumerate(shared):
        if i == titles.index(title) and not (program.commands[0].name == "" and title == "Options"):
            lines += [".Ss " + title] + option_rows(options)
    return lines


# --- schemas ---------------------------------------------------------------

class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.root = json.load(f)

    def at(self, pointer):
        node = self.root
        for step in pointer.strip("/").split("/"):
            node = node[step] if step else node
        return node

    def resolved(self, node):
        """With what its $ref or allOf leads to; its own words come first."""
        while True:
            inner = node.get("$ref") or (node["allOf"][0].get("$ref")
                                         if len(node.get("allOf", [])) == 1 else None)
            if not inner:
                return node
            rest = {k: v for k, v in node.items() if k not in ("$ref", "allOf")}
            node = {**self.at(inner[1:]), **rest}

    def reference(self, node):
        ref = node.get("$ref") or (node["allOf"][0].get("$ref", "")
                                   if len(node.get("allOf", [])) == 1 else "")
        return ref.rsplit("/", 1)[-1]

    def kind(self, node):
        """What a value is, in a word or two."""
        if self.reference(node) in ("duration", "text", "number"):
            return {"duration": "time"}.get(self.reference(node), self.reference(node))
        n = self.resolved(node)
        if "enum" in n:
            if len(n["enum"]) > 12:
                return "name"
            return " | ".join(dict.fromkeys(str(v) for v in n["enum"]))
        kinds = n.get("type", [])
        kinds = [k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null"]
        if kinds == ["integer"]:
            low, high = n.get("minimum"), n.get("maximum")
            return "number" if low is None else \
                "number from %d%s" % (low, "" if high is None else " to %d" % high)
        if kinds:
            return " | ".join({"boolean": "true | false", "object": "map", "array": "list",
                               "string": "text", "integer": "number",
                               "number": "number"}[k] for k in kinds)
        alternatives = [self.kind(a) for a in n.get("anyOf", [])] or [str(n["const"])] \
            if "anyOf" in n or "const" in n else []
        return " | ".join(dict.fromkeys(a for a in alternatives if a))

    def keys(self, node, seen=()):
        node = self.resolved(node)
        lines = [".Bl -tag -width Ds"]
        for key, value in node["properties"].items():
            kind, n = self.kind(value), self.resolved(value)
            lines.append(".It Cm %s%s" % (key, ": Ar " + macro_words(kind) if kind else ":"))
            text = ended(n.get("description", ""))
            if key in node.get("required", ()):
                text += " Needed."
            if "default" in n and n["default"] is not False:
                default = n["default"]
                text += " Default: %s." % (default if isinstance(default, str) else
                                           json.dumps(default))
            lines += words(text)
            within = self.map_of(n)
            name = self.reference(value) or key
            if within and name not in seen:
                lines += self.keys(within, seen + (name,))
        return lines + [".El"]

    def map_of(self, n):
        """The object with keys that a value is, or is a list of; or None."""
        if "properties" in n:
            return n
        for inner in [n.get("items"), n.get("additionalProperties")] + n.get("anyOf", []):
            if isinstance(inner, dict):
                found = self.map_of(self.resolved(inner))
                if found:
                    return found
        return None

    def actions(self):
        bare, maps = self.at("/definitions/action/anyOf")
        lines = [".Bl -tag -width Ds"]
        for name, value in maps["properties"].items():
            lines.append(".It Cm " + name)
            text = ended(value.get("description") or self.resolved(value)["description"])
            alone = [a["$ref"].rsplit("/", 1)[1] for a in value.get("anyOf", [])
                     if "/properties/" in a.get("$ref", "")]
            if alone:
                text += " A single value stands for %s." % alone[0]
            if name in bare["enum"] and value.get("type") != "null":
                text += " The name alone will do."
            lines += words(text)
            if value.get("type") != "null":
                lines += self.keys(self.at("/definitions/action_" + name), ("jump",))
        return lines + [".El"]


def page(source, programs, version):
    """The page that a source becomes; its foot names the version."""
    named = {p.name: p for p in programs}
    lines = []
    with open(source, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if not line.startswith('.\\"@'):
                lines.append(".Os kmip-conform " + version if line == ".Os" else line)
                continue
            what, *args = line[4:].split()
            if what == "commands":
                lines += commands(named[args[0]])
            elif what == "options":
                lines += option_rows([o for o in named[args[0]].alone() if o.name != "help"])
            elif what == "keys":
                schema = Schema(args[0])
                lines += schema.keys(schema.at(args[1] if len(args) > 1 else ""),
                                     tuple(args[2:]))
            elif what == "actions":
                lines += Schema(args[0]).actions()
            else:
                raise SystemExit("%s: there is no .\\\"@ %s" % (source, what))
    return "\n".join(lines) + "\n"
