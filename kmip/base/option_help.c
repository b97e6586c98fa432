/* What the tables of a command line (option.h) say: to people, and to the scripts that make
 * manuals and completions. */
#include "kmip/base/option.h"

#include <string.h>

/* While opt_tables runs the commands. */
static bool as_table;

/* --- for people ---------------------------------------------------------- */

enum { COLUMN = 32 };

static void row(FILE *out, const char *left, const char *help)
{
    if (strlen(left) > COLUMN - 2)
        fprintf(out, "%s\n%*s%s\n", left, COLUMN, "", help);
    else
        fprintf(out, "%-*s%s\n", COLUMN, left, help);
}

static void help_rows(FILE *out, const struct opt_set *set)
{
    fprintf(out, "\n%s:\n", set->title);
    for (size_t i = 0; i < set->n; i++) {
        const struct opt *o = &set->opts[i];
        char left[80];
        snprintf(left, sizeof left, "  %c%c%s--%s%s%s", o->ch ? '-' : ' ', o->ch ? o->ch : ' ',
                 o->ch ? ", " : "  ", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        row(out, left, o->help);
    }
}

static void command_rows(FILE *out, const struct opt_command *cmds, size_t n)
{
    fprintf(out, "\nCommands:\n");
    for (size_t i = 0; i < n; i++) {
        char left[120];
        if (!cmds[i].name[0])
            continue;
        snprintf(left, sizeof left, "  %s%s%s", cmds[i].name, cmds[i].operands[0] ? " " : "",
                 cmds[i].operands);
        row(out, left, cmds[i].help);
    }
}

/* --- for scripts ----------------------------------------------------------- */

static void text(FILE *out, const char *before, const char *name, const char *s)
{
    fprintf(out, "%s\"%s\": \"", before, name);
    for (; s && *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if ((unsigned char)*s < ' ')
            fprintf(out, "\\u%04x", (unsigned char)*s);
        else
            putc(*s, out);
    }
    putc('"', out);
}

static void table_option(FILE *out, const struct opt *o)
{
    static const char *const kinds[] = {[OPT_FLAG] = "flag",
                                        [OPT_STR] = "text",
                                        [OPT_INT] = "number",
                                        [OPT_DURATION] = "duration",
                                        [OPT_LIST] = "list"};
    const char letter[] = {(char)o->ch, 0};
    text(out, "{", "name", o->name);
    text(out, ", ", "letter", letter);
    text(out, ", ", "kind", kinds[o->kind]);
    text(out, ", ", "arg", o->arg);
    text(out, ", ", "help", o->help);
    if (o->kind == OPT_INT)
        fprintf(out, ", \"min\": %lld, \"max\": %lld", (long long)o->min, (long long)o->max);
    putc('}', out);
}

static void table_command(FILE *out, const char *program, const char *before,
                          const struct opt_command *cmd, const struct opt_set *sets, size_t n_sets)
{
    char name[80];
    snprintf(name, sizeof name, "%s%s%s", before, before[0] ? " " : "", cmd->name);
    text(out, "{", "program", program);
    text(out, ", ", "command", name);
    text(out, ", ", "operands", cmd->operands);
    text(out, ", ", "help", cmd->help);
    fputs(", \"sets\": [", out);
    for (size_t i = 0; i < n_sets; i++) {
        text(out, i ? ", {" : "{", "title", sets[i].title);
        fputs(", \"options\": [", out);
        for (size_t k = 0; k < sets[i].n; k++) {
            fputs(k ? ", " : "", out);
            table_option(out, &sets[i].opts[k]);
        }
        fputs("]}", out);
    }
    fputs("]}\n", out);
}

/* --- both ------------------------------------------------------------------ */

void opt_help(FILE *out, const char *program, const struct opt_command *cmd,
              const struct opt_set *sets, size_t n_sets)
{
    if (as_table) {
        table_command(out, program, "", cmd, sets, n_sets);
        return;
    }
    fprintf(out, "usage: %s%s%s [options]%s%s\n\n%s\n", program, cmd->name[0] ? " " : "", cmd->name,
            cmd->operands[0] ? " " : "", cmd->operands, cmd->help);
    for (size_t i = 0; i < n_sets; i++)
        if (sets[i].n > 0)
            help_rows(out, &sets[i]);
}

void opt_help_within(FILE *out, const char *program, const struct opt_command *cmd,
                     const struct opt_command *cmds, size_t n)
{
    if (!as_table)
        command_rows(out, cmds, n);
    for (size_t i = 0; as_table && cmd->name[0] && i < n; i++)
        table_command(out, program, cmd->name, &cmds[i], NULL, 0);
}

void opt_help_commands(FILE *out, const char *program, const char *purpose,
                       const struct opt_command *cmds, size_t n)
{
    fprintf(out, "%s: %s\n\nusage: %s COMMAND [options] [operands]\n", program, purpose, program);
    command_rows(out, cmds, n);
    fprintf(out, "\n%s COMMAND --help tells more; %s --version the version.\n", program, program);
}

int opt_tables(const char *program, const char *purpose, const struct opt_command *cmds, size_t n)
{
    int code = 0;
    as_table = true;
    text(stdout, "{", "program", program);
    text(stdout, ", ", "purpose", purpose);
    puts("}");
    for (size_t i = 0; i < n && code == 0; i++) {
        char called[80], name[80], help[] = "--help";
        snprintf(called, sizeof called, "%s", program);
        snprintf(name, sizeof name, "%s", cmds[i].name);
        char *argv[] = {called, name, help, NULL}; /* as in main: the program is argv[-1] */
        code = cmds[i].run(2, argv + 1);
    }
    as_table = false;
    return code;
}
