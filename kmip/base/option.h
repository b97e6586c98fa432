/* Command lines from tables: one row per option gives parsing, help, and what manuals and
 * completions are made of.
 *
 * An option set is a table over one struct; a command may combine several sets
 * (its own, and the connection options that two programs share). Options may
 * stand before or after operands; "--" ends them. Parsing is getopt_long(3). */
#ifndef KMIP_BASE_OPTION_H
#define KMIP_BASE_OPTION_H

#include <stddef.h>
#include <stdio.h>

#include "kmip/base/error.h"

enum opt_kind {
    OPT_FLAG,     /* bool */
    OPT_STR,      /* const char * (points into argv) */
    OPT_INT,      /* int64_t, range min..max */
    OPT_DURATION, /* int64_t nanoseconds; a bare number, 30 or 0.5, is seconds */
    OPT_LIST      /* struct opt_list: may be given several times */
};

#define OPT_LIST_MAX 256

struct opt_list {
    const char *v[OPT_LIST_MAX];
    size_t n;
};

struct opt {
    const char *name; /* without the dashes */
    int ch;           /* short form, or 0 */
    enum opt_kind kind;
    size_t off;       /* where in the set's struct */
    const char *arg;  /* name of the argument in help; NULL for OPT_FLAG */
    const char *help; /* one sentence, lower case, no full stop */
    int64_t min, max; /* OPT_INT only */
    size_t seen_off;  /* where a bool "was given" lies, plus one; 0 = nowhere */
};

/* For seen_off: OPT_SEEN(struct x, port_given). */
#define OPT_SEEN(type, member) (offsetof(type, member) + 1)

struct opt_set {
    const char *title; /* heading in help, such as "Connection" */
    const struct opt *opts;
    size_t n;
    void *base; /* the struct that the offsets refer to */
};

/* A subcommand; tables of these give dispatch and help. */
struct opt_command {
    const char *name;
    const char *operands; /* as in usage: "UID [FILE]", or "" */
    const char *help;
    /* argv[0] is the subcommand's name, argv[-1] the program's. */
    int (*run)(int argc, char **argv);
};

/* Parses argv[1..] into the sets. Operands are moved to *operands (pointing into
 * argv, in order, a NULL behind them), their number to *n_operands. KE_USAGE names
 * the option and, for an unknown one, the nearest that exists. `--help` among the
 * options, and `-h` where no option has that letter, sets *help when help is not NULL.
 * argv cannot be parsed a second time. */
__attribute__((warn_unused_result)) bool opt_parse(const struct opt_set *sets, size_t n_sets,
                                                   int argc, char **argv, char ***operands,
                                                   int *n_operands, bool *help, struct kerr *err);

/* Help of one command: usage line, description, the sets' options in columns. */
void opt_help(FILE *out, const char *program, const struct opt_command *cmd,
              const struct opt_set *sets, size_t n_sets);
/* Help of a program: its one-line purpose and its commands. */
void opt_help_commands(FILE *out, const char *program, const char *purpose,
                       const struct opt_command *cmds, size_t n);
/* Behind opt_help of a command: commands of its own, which have its options. Of a program
 * that does something without a command: its commands. */
void opt_help_within(FILE *out, const char *program, const struct opt_command *cmd,
                     const struct opt_command *cmds, size_t n);

/* `PROGRAM --help-table`: the tables as lines of JSON on standard output, one for the
 * program, then one for each command with its sets:
 *
 *     {"program": "kmip-mock", "purpose": "..."}
 *     {"program": "kmip-mock", "command": "run", "operands": "-- COMMAND...", "help": "...",
 *      "sets": [{"title": "Options", "options": [{"name": "seed", "letter": "", "kind":
 *      "number", "arg": "N", "help": "...", "min": 0, "max": 9}]}]}
 *
 * Each command is run with --help, and opt_help writes such a line meanwhile: what the
 * manuals and completions are made of is what --help shows. A command named "" is what the
 * program does without one. Returns 0, or the first exit code that is not. */
#define OPT_TABLES "--help-table"
int opt_tables(const char *program, const char *purpose, const struct opt_command *cmds, size_t n);

#endif
