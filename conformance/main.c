/* kmip-conform: tests a KMIP server against the standard. Each command is a file of
 * its own; here they are found. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "conformance/interrupt.h"
#include "conformance/program.h"
#include "kmip/base/std.h"
#include "kmip/base/text.h"

#define PURPOSE "tests a KMIP server against the standard, profile by profile"

static int unknown(const char *name)
{
    if (name[0] == '-') {
        fprintf(stderr, PROGRAM ": options go behind the command: " PROGRAM " run %s ...\n", name);
        return EXIT_USAGE;
    }
    const char *names[16];
    size_t n = 0;
    for (; n < n_program_commands && n < sizeof names / sizeof *names; n++)
        names[n] = program_commands[n].name;
    const char *near = text_nearest(name, names, n);
    fprintf(stderr, PROGRAM ": unknown command '%s'%s%s%s; " PROGRAM " --help lists them\n", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        opt_help_commands(argc < 2 ? stderr : stdout, PROGRAM, PURPOSE, program_commands,
                          n_program_commands);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    if (strcmp(argv[1], OPT_TABLES) == 0)
        return opt_tables(PROGRAM, PURPOSE, program_commands, n_program_commands);
    if (strcmp(argv[1], "--version") == 0) {
        printf(PROGRAM " %s\n", KMIP_CONFORM_VERSION);
        return 0;
    }
    for (size_t i = 0; i < n_program_commands; i++)
        if (strcmp(program_commands[i].name, argv[1]) == 0)
            return program_commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}

int main(int argc, char **argv)
{
    std_open();
    signal(SIGPIPE, SIG_IGN);
    interrupt_start();
    program_called(argv[0]);
    return std_finish(PROGRAM, run_command(argc, argv));
}
