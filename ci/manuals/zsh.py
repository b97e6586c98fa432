"""Completion for zsh: _arguments for each command."""
import tables


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def escaped(text):
    """Inside a specification of _arguments."""
    for mark in "\\[]:":
        text = text.replace(mark, "\\" + mark)
    return text


def action(function, v):
    return {"files": "_files", "folders": "_files -/", "command": "_command_names -e",
            "words": "(%s)" % " ".join(v.what or []),
            "list": "%s_list %s" % (function, v.what)}.get(v.kind, " ")


def spec(function, o):
    names = ["--" + o.name] + (["-" + o.letter] if o.letter else [])
    value = ":%s:%s" % (escaped(o.arg), action(function, o.values())) if o.arg else ""
    star = "*" if o.several else ""
    return [quoted("%s%s%s[%s]%s" % ("" if o.several or len(names) == 1 else
                                     "(%s)" % " ".join(names), star,
                                     n + ("=" if o.arg and n.startswith("--") else ""),
                                     escaped(o.help), value)) for n in names]


def described(name, commands):
    """An array of commands for _describe."""
    return ["    local -a %s=(" % name] + \
           ["        " + quoted("%s:%s" % (n.replace(":", "\\:"), h)) for n, h in commands] + ["    )"]


def operands(function, program, c):
    v = c.operand_values()
    if c.name in program.within:
        return [quoted("*:: :%s_within_%s" % (function, c.name))]
    if v.kind == "any":
        return []
    if v.kind == "command":
        return [quoted("*::command:_normal")]
    return [quoted("%s:%s:%s" % ("1" if v.kind == "words" else "*", "operand",
                                 action(function, v)))]


def within(function, outer, commands):
    """The words of commands within a command."""
    nexts = {}
    for c in commands:
        steps = c.name.split()
        for i, step in enumerate(steps):
            level = nexts.setdefault(" ".join(steps[:i]), {})
            if i + 1 == len(steps):
                level[step] = c.help
            else:
                level.setdefault(step, "")
    lines = ["%s_within_%s()" % (function, outer), "{",
             "    local before=${(j: :)words[1,CURRENT-1]}", "    local -a next"]
    lines.append('    case "$before" in')
    for before, level in nexts.items():
        lines += ["        %s)" % quoted(before), "            next=("]
        lines += ["                " + quoted(s + (":" + h if h else "")) for s, h in level.items()]
        lines += ["            )", "            _describe command next ;;"]
    return lines + ["        *) _files ;;", "    esac", "}", ""]


def script(program):
    function = "_" + program.name.replace("-", "_")
    lines = ["#compdef " + program.name, "# zsh completion for %s; made from its option table." %
             program.name, "", "%s_list()" % function, "{", "    local -a found", '    case "${@[-1]}" in']
    for name, command in tables.LISTS.items():
        lines.append("        %s) found=(${(f)\"$(%s)\"}) ;;" % (name, command))
    lines += ["    esac", '    compadd "${@[1,-2]}" -a found', "}", ""]
    for outer, commands in program.within.items():
        lines += within(function, outer, commands)
    lines += [function + "()", "{", "    local curcontext=$curcontext state line ret=1",
              "    typeset -A opt_args"]
    lines += described("commands", [(c.name, c.summary()) for c in program.named()])
    lines += ["    _arguments -C \\"]
    lines += ["        %s \\" % s for o in program.alone() for s in spec(function, o)]
    lines += ["        '1: :->command' '*:: :->operands' && ret=0", "", '    case "$state" in',
              "        command) _describe command commands && ret=0 ;;", "        operands)",
              '            case "${words[1]}" in']
    for c in program.named():
        specs = [s for o in c.options() for s in spec(function, o)] + operands(function, program, c)
        lines += ["                %s)" % c.name, "                    _arguments \\"]
        lines += ["                        %s \\" % s for s in specs[:-1]]
        lines += ["                        %s && ret=0 ;;" % specs[-1]]
    lines += ["            esac ;;", "    esac", "    return ret", "}", "", '%s "$@"' % function]
    return "\n".join(lines) + "\n"
