"""Completion for bash: a function for each program. It needs nothing of bash-completion."""
import tables

HEAD = """# bash completion for {program}; made from its option table.

{function}()
{{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command= within= i
    # --name=value comes as three words.
    if [[ $cur == "=" ]]; then
        cur=
    elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then
        prev=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ -n $command ]]; then
            [[ ${{COMP_WORDS[i]}} == -* ]] || within=${{within:+$within }}${{COMP_WORDS[i]}}
            continue
        fi
        case ${{COMP_WORDS[i]}} in
            {commands}) command=${{COMP_WORDS[i]}} ;;
        esac
    done
"""


def reply(values, indent, within=False):
    """Lines that fill COMPREPLY."""
    pad = " " * indent
    words = {"files": 'mapfile -t COMPREPLY < <(compgen -f -- "$cur")',
             "folders": 'mapfile -t COMPREPLY < <(compgen -d -- "$cur")',
             "command": 'mapfile -t COMPREPLY < <(compgen -c -- "$cur")'}
    if values.kind in words:
        lines = [words[values.kind]]
        if values.kind != "command":
            lines.insert(0, "compopt -o filenames 2>/dev/null")
    elif values.kind == "words":
        lines = ["mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")" % " ".join(values.what)]
        if within:
            lines = ["[[ -n $within ]] || " + lines[0]]
    elif values.kind == "list":
        lines = ['mapfile -t COMPREPLY < <(compgen -W "$(%s)" -- "$cur")' % tables.LISTS[values.what]]
    else:
        lines = [":"]
    return [pad + line for line in lines]


def cases_of_values(program):
    """By what stands before: the values of options that take one."""
    by_words = {}
    for c in program.commands if program.commands[0].name == "" else \
            [None] + program.commands:
        for o in (c.options() if c else program.alone()):
            if o.arg:
                key = tuple(reply(o.values(), 12))
                by_words.setdefault(key, []).append(((c.name if c else ""), o.name, o.letter))
    lines = ["    case \"$command $prev\" in"]
    for body, options in by_words.items():
        patterns = []
        for command, name, letter in options:
            patterns.append('"%s --%s"' % (command, name))
            if letter:
                patterns.append('"%s -%s"' % (command, letter))
        rows, row = [], "        "
        for i, p in enumerate(patterns):
            piece = p + (" | " if i + 1 < len(patterns) else ")")
            if len(row) + len(piece) > 96:
                rows.append(row + "\\")
                row = "        "
            row += piece
        lines += rows + [row] + list(body) + ["            return ;;"]
    return lines + ["    esac"]


def within_words(program):
    """The words of commands within a command, by those before."""
    lines = []
    for outer, commands in program.within.items():
        nexts = {}
        for c in commands:
            steps = c.name.split()
            for i, step in enumerate(steps):
                nexts.setdefault(" ".join(steps[:i]), dict())[step] = True
            if "FILE" in c.operands:
                nexts.setdefault(c.name, None)
        lines += ["        %s)" % outer, '            case "$within" in']
        for before, words in nexts.items():
            how = tables.Values("words", list(words)) if words else tables.Values("files")
            lines += ["                %s)" % ("'%s'" % before)] + reply(how, 20)
            lines[-1] += " ;;"
        lines += ["            esac ;;"]
    return lines


def script(program):
    function = "_" + program.name.replace("-", "_")
    named = program.named()
    lines = [HEAD.format(program=program.name, function=function,
                         commands=" | ".join(c.name for c in named)).rstrip("\n")]
    lines += cases_of_values(program)
    lines += ["    if [[ $cur == -* ]]; then", '        case "$command" in']
    for name, options in [("", program.alone())] + [(c.name, c.options()) for c in named]:
        lines += ["            '%s')" % name] + reply(tables.Values(
            "words", ["--" + o.name for o in options] + ["-" + o.letter for o in options
                                                         if o.letter]), 16)
        lines[-1] += " ;;"
    lines += ["        esac", "        return", "    fi", '    case "$command" in', "        '')"]
    lines += reply(tables.Values("words", [c.name for c in named]), 12)
    lines[-1] += " ;;"
    lines += within_words(program)
    for c in named:
        values = c.operand_values()
        if c.name in program.within or values.kind == "any":
            continue
        lines += ["        %s)" % c.name] + reply(values, 12, within=True)
        lines[-1] += " ;;"
    lines += ["    esac", "}", "complete -o bashdefault -F %s %s" % (function, program.name)]
    return "\n".join(lines) + "\n"
