/* What the commands of kmip-conform share (program.h). */
#include "conformance/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/text.h"

const struct opt_command program_commands[] = {
    {"run", "[CASE.yaml...]",
     "runs the suites, or the cases in the given files, and prints the report", cmd_run},
    {"advise", "", "tries what the storage driver does and prints the settings for it, as YAML",
     cmd_advise},
    {"repro", "[NAME]",
     "reproduces a bug of the field against the mock, as the driver and remedied; lists them",
     cmd_repro},
    {"selftest", "",
     "tests the tester: against mocks that are wrong in one way each, and correct ones that differ",
     cmd_selftest},
    {"diff", "OLD.json NEW.json", "compares the reports of two runs: what is new, fixed, changed or "
     "vanished", cmd_diff},
    {"compare", "A.json B.json...", "shows the reports of several servers side by side: where they "
     "differ", cmd_compare},
    {"merge", "SHARD.json...", "makes one report of those of `run --shard`", cmd_merge},
    {"report", "RUN.json",
     "makes other reports of a run from its JSON, or shows it on the terminal", cmd_report},
    {"ticket", "CASE", "writes one case of a run as a text for the vendor", cmd_ticket},
    {"list", "", "lists the cases; --coverage: the requirement rows and their cases", cmd_list},
    {"explain", "ID|CASE.yaml", "shows a case: what it requires, why, and its steps", cmd_explain},
    {"cleanup", "JOURNAL", "removes what an earlier run left on the server", cmd_cleanup},
};
const size_t n_program_commands = sizeof program_commands / sizeof *program_commands;

static char called[4096] = PROGRAM;

void program_called(const char *argv0)
{
    struct buf word;
    buf_init(&word, sizeof called - 1);
    text_shell_word(&word, argv0 && *argv0 ? argv0 : PROGRAM);
    if (!word.failed)
        snprintf(called, sizeof called, "%s", buf_cstr(&word));
    buf_clear(&word);
}

const char *program_name(void)
{
    return called;
}

const char *program_env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

int program_failed(const struct kerr *err)
{
    char text[900];
    fprintf(stderr, PROGRAM ": %s\n", kerr_format(err, text, sizeof text));
    return kerr_exit(err);
}

bool program_parse(const char *command, const struct opt_set *sets, size_t n_sets, int argc,
                   char **argv, struct command_line *out, int *code)
{
    struct kerr err = KERR_INIT;
    bool help = false;
    if (!opt_parse(sets, n_sets, argc, argv, &out->operands, &out->n, &help, &err)) {
        *code = program_failed(&err);
        return false;
    }
    for (size_t i = 0; help && i < n_program_commands; i++)
        if (strcmp(program_commands[i].name, command) == 0)
            opt_help(stdout, PROGRAM, &program_commands[i], sets, n_sets);
    *code = 0;
    return !help;
}
