/* The commands of kmip-conform and what they share. */
#ifndef CONFORMANCE_PROGRAM_H
#define CONFORMANCE_PROGRAM_H

#include "conformance/suite.h"

#define PROGRAM "kmip-conform"

enum {
    EXIT_CONFORMANT = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_UNDECIDED = 4,
    EXIT_OURS = 5
};

extern const struct opt_command program_commands[];
extern const size_t n_program_commands;

int cmd_run(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_ticket(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_cleanup(int argc, char **argv);
int cmd_advise(int argc, char **argv);
int cmd_repro(int argc, char **argv);
int cmd_selftest(int argc, char **argv);

/* What a command's tables, its command line and --help come to. False: *code is the
 * exit code, errors are printed. */
struct command_line {
    char **operands;
    int n;
};
bool program_parse(const char *command, const struct opt_set *sets, size_t n_sets, int argc,
                   char **argv, struct command_line *out, int *code);
/* How the program was called, for commands that are printed to be pasted: a word of the
 * shell. program_called is for main. */
void program_called(const char *argv0);
const char *program_name(void);
/* A variable of the environment; NULL also when it is empty. */
const char *program_env(const char *name);
/* Prints the error; returns its exit code. */
int program_failed(const struct kerr *err);

#endif
