"""What each shell offers for a command line, asked of the shell itself with our completion.

    shells = Shells(build)
    shells.bash("kmip-mock run --sc")     # {"--scenario"}; so do fish and zsh
    shells.close()
"""
import os
import pty
import re
import subprocess
import tempfile
import threading
import time

LIMIT = 120 # seconds: for what hangs

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
function=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

FISH = "source $argv[1]; complete -C \"$argv[2]\""

# An interactive zsh: the widget writes to a file what would be offered, and adds nothing.
ZSH = """
PS1=; unsetopt zle_bracketed_paste
fpath=(%(folder)s $fpath); autoload -Uz compinit; compinit -D -u
compadd() {
    local word; local -a hits
    for word; do
        case $word in
            --|-) break ;;
            -[OAD]*) builtin compadd "$@"; return ;;
        esac
    done
    builtin compadd -A hits "$@"
    print -rl -- $hits >>%(out)s
    (( $#hits ))
}
ask() { _main_complete; print >%(done)s }
zle -C ask complete-word ask; bindkey '^I' ask
print >%(done)s
"""


class Zsh:
    """One shell on a terminal of its own."""
    def __init__(self, folder, env):
        self.dir = tempfile.TemporaryDirectory()
        self.out, self.done = self.dir.name + "/out", self.dir.name + "/done"
        with open(self.dir.name + "/setup", "w", encoding="utf-8") as f:
            f.write(ZSH % {"folder": folder, "out": self.out, "done": self.done})
        self.fd, there = pty.openpty()
        self.shell = subprocess.Popen(["zsh", "-f", "-i"], stdin=there, stdout=there, stderr=there,
                                      env={**env, "TERM": "dumb"}, start_new_session=True)
        os.close(there)
        self.said = b""
        threading.Thread(target=self.listen, daemon=True).start()
        self.ask("source %s/setup\n" % self.dir.name)

    def listen(self):
        """Takes what the terminal shows, or the shell would wait."""
        try:
            while True:
                self.said += os.read(self.fd, 4096)
        except OSError:
            pass

    def ask(self, keys):
        os.write(self.fd, keys.encode())
        end = time.monotonic() + LIMIT
        while not os.path.exists(self.done):
            if time.monotonic() > end or self.shell.poll() is not None:
                raise SystemExit("zsh does not answer: %s" % self.said[-500:].decode("utf-8", "replace"))
            time.sleep(0.005)
        os.unlink(self.done)

    def offers(self, line):
        open(self.out, "w", encoding="utf-8").close()
        self.ask("\x15" + line + "\t")
        with open(self.out, encoding="utf-8") as f:
            return {word for word in f.read().splitlines() if word}

    def close(self):
        self.shell.kill()
        self.shell.wait()
        os.close(self.fd)
        self.dir.cleanup()


class Shells:
    def __init__(self, build):
        self.folder = build + "/completions"
        self.env = {**os.environ, "PATH": build + os.pathsep + os.environ["PATH"]}
        self.one = Zsh(self.folder + "/zsh", self.env)

    def run(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, env=self.env,
                              stdin=subprocess.DEVNULL)
        if done.stderr.strip():
            raise SystemExit("%s ... %s: %s" % (words[0], words[-1], done.stderr.strip()))
        return {line.split("\t")[0] for line in done.stdout.splitlines() if line.strip()}

    def bash(self, line):
        words = [w for word in line.split(" ") for w in (re.split("(=)", word) if word else [""])]
        return self.run("bash", "--norc", "-c", BASH, "bash",
                        "%s/bash/%s" % (self.folder, words[0]), *words)

    def fish(self, line):
        return self.run("fish", "--no-config", "-c", FISH,
                        "%s/fish/%s.fish" % (self.folder, line.split(" ")[0]), line)

    def zsh(self, line):
        return self.one.offers(line)

    def close(self):
        self.one.close()
