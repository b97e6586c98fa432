"""Completion for fish: a line for each option of each command."""
import tables

HEAD = """# fish completion for {program}; made from its option table.

function __{name}_words
    set -l words (commandline -opc)
    set -l command
    set -l within
    for word in $words[2..-1]
        if set -q command[1]
            string match -q -- '-*' $word; or set -a within $word
        else if contains -- $word {commands}
            set command $word
        end
    end
    echo "$command"
    echo "$within"
end

function __{name}_is
    set -l words (__{name}_words)
    test "$words[1]" = "$argv[1]"
end

function __{name}_within
    set -l words (__{name}_words)
    test "$words[1]" = "$argv[1]" -a "$words[2]" = "$argv[2]"
end

complete -c {program} -f
"""


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def values(v):
    """Arguments of complete for what may follow."""
    return {"files": ["-F"], "folders": ["-a", "'(__fish_complete_directories)'"],
            "words": ["-a", quoted(" ".join(v.what or []))],
            "list": ["-a", quoted("(%s)" % tables.LISTS.get(v.what, ""))]
            if v.kind == "list" else [],
            "command": ["-a", "'(__fish_complete_command)'"]}.get(v.kind, [])


def script(program):
    name = program.name.replace("-", "_")
    lines = [HEAD.format(program=program.name, name=name,
                         commands=" ".join(c.name for c in program.named()))]

    def add(condition, *words):
        lines.append(" ".join(["complete -c", program.name, "-n", quoted(condition)] + list(words)))

    for c in program.named():
        add("__%s_is ''" % name, "-a", c.name, "-d", quoted(c.summary()))
    for command, options in [("", program.alone())] + [(c.name, c.options())
                                                       for c in program.named()]:
        for o in options:
            add("__%s_is '%s'" % (name, command), *(["-s", o.letter] if o.letter else []),
                "-l", o.name, *(["-x" if o.values().kind != "files" else "-r"]
                                + values(o.values()) if o.arg else []), "-d", quoted(o.help))
    for c in program.named():
        v = c.operand_values()
        if c.name not in program.within and v.kind not in ("any", "words"):
            add("__%s_is %s" % (name, c.name), *values(v))
        elif c.name not in program.within and v.kind == "words":
            add("__%s_within %s ''" % (name, c.name), *values(v))
    for outer, commands in program.within.items():
        seen = set()
        for c in commands:
            steps = c.name.split()
            for i, step in enumerate(steps):
                before = " ".join(steps[:i])
                if (before, step) not in seen:
                    seen.add((before, step))
                    add("__%s_within %s '%s'" % (name, outer, before), "-a", step,
                        *(["-d", quoted(c.help)] if i + 1 == len(steps) else []))
            if "FILE" in c.operands:
                add("__%s_within %s '%s'" % (name, outer, c.name), "-F")
    return "\n".join(lines) + "\n"
