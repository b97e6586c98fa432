/* kmip-client: the table of commands, the command line, the exit code.
 *
 *   0 done   1 the server refused   2 usage or configuration   3 unreachable or TLS
 *
 * (5 is left for faults of our own, such as no memory.) Results go to standard
 * output, everything else to standard error; --json puts one object on standard
 * output, also when the command fails. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "client/lib/settings_opts.h"
#include "kmip/base/std.h"
#include "kmip/base/text.h"

static const struct cmd_group *const groups[] = {
    &cmd_server, &cmd_object, &cmd_attribute, &cmd_crypt, &cmd_bucket, &cmd_message, &cmd_form,
    &cmd_bench,
};
#define N_GROUPS (sizeof groups / sizeof *groups)
#define MAX_COMMANDS 32
#define PURPOSE "talks KMIP to a key server"

static const struct opt output_opts[] = {
    {.name = "json", .kind = OPT_FLAG, .off = CLI_AT(json), .help = "print one JSON object"},
    {.name = "show-secrets", .kind = OPT_FLAG, .off = CLI_AT(show_secrets),
     .help = "print key material and passwords too"},
};

static const struct cmd *command_named(const char *name)
{
    for (size_t g = 0; g < N_GROUPS; g++)
        for (size_t i = 0; i < groups[g]->n; i++)
            if (strcmp(groups[g]->cmds[i].name, name) == 0)
                return &groups[g]->cmds[i];
    return NULL;
}

static int run_named(int argc, char **argv);

/* The commands as the option table's help wants them. */
static size_t command_list(struct opt_command *list)
{
    size_t n = 0;

    for (size_t g = 0; g < N_GROUPS; g++)
        for (size_t i = 0; i < groups[g]->n && n < MAX_COMMANDS; i++) {
            const struct cmd *c = &groups[g]->cmds[i];
            list[n++] = (struct opt_command){c->name, c->operands, c->help, run_named};
        }
    return n;
}

static void print_commands(FILE *out)
{
    struct opt_command list[MAX_COMMANDS];

    opt_help_commands(out, "kmip-client", PURPOSE, list, command_list(list));
}

static int print_tables(void)
{
    struct opt_command list[MAX_COMMANDS];

    return opt_tables("kmip-client", PURPOSE, list, command_list(list));
}

static int unknown_command(const char *name)
{
    struct opt_command list[MAX_COMMANDS];
    const char *names[MAX_COMMANDS];
    size_t n = command_list(list);

    for (size_t i = 0; i < n; i++)
        names[i] = list[i].name;
    const char *near = text_nearest(name, names, n);
    fprintf(stderr, "kmip-client: unknown command '%s'; %s%s%s\n", name,
            near ? "did you mean '" : "", near ? near : "--help lists the commands",
            near ? "'?" : "");
    return 2;
}

/* Does this option take the next word as its value? Only options that every
 * command with a connection takes can stand before the command. */
static bool takes_next(const char *word)
{
    if (strncmp(word, "--", 2) != 0 || strchr(word, '='))
        return false;
    for (size_t i = 0; i < kc_n_settings_opts; i++)
        if (strcmp(kc_settings_opts[i].name, word + 2) == 0)
            return kc_settings_opts[i].kind != OPT_FLAG;
    return false;
}

/* Moves the command to the front, before the options that stood before it. */
static bool command_first(int argc, char **argv)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-')
        i += takes_next(argv[i]) ? 2 : 1;
    if (i >= argc)
        return false;
    char *name = argv[i];
    memmove(argv + 2, argv + 1, (size_t)(i - 1) * sizeof *argv);
    argv[1] = name;
    return true;
}

static int exit_code(const struct cli *cli)
{
    switch (cli->err.cls) {
    case KERR_NONE:
        return cli->refusal.refused ? 1 : 0;
    case KERR_CLASS_TTLV:
    case KERR_CLASS_SCHEMA:
    case KERR_CLASS_PROTOCOL:
        if (cli->err.code == KE_REFUSED)
            return 1;
        /* From the network it means: no KMIP server to be had there. */
        return cli->talking ? 3 : 2;
    case KERR_CLASS_INTERRUPT:
        return 3;
    default:
        return kerr_exit(&cli->err);
    }
}

static json_t *error_object(const struct cli *cli)
{
    char text[900];
    json_t *o = cli->refusal.refused ? cli_json_refusal(&cli->refusal) : json_object();

    if (cli->err.code != KE_OK) {
        cli_json_set(o, "code", json_string(kerr_name(cli->err.code)));
        cli_json_set(o, "message",
                     cli_json_text(bytes_str(kerr_format(&cli->err, text, sizeof text))));
    }
    return o;
}

static void report(struct cli *cli)
{
    char text[900];

    if (cli->err.code != KE_OK)
        fprintf(stderr, "kmip-client %s: %s\n", cli->cmd->name,
                kerr_format(&cli->err, text, sizeof text));
    if (!cli->a.json)
        return;
    if (!cli->json)
        cli->json = json_object();
    if (cli->err.code != KE_OK || cli->refusal.refused)
        cli_json_set(cli->json, "error", error_object(cli));
    json_dumpf(cli->json, stdout, JSON_INDENT(2));
    putchar('\n');
}

static bool check_operands(struct cli *cli)
{
    const struct cmd *c = cli->cmd;

    if (cli->n_operands < c->min)
        return kerr_set(&cli->err, KE_USAGE, "operands are missing: kmip-client %s %s", c->name,
                        c->operands);
    if (c->max >= 0 && cli->n_operands > c->max)
        return kerr_set(&cli->err, KE_USAGE, "'%s' is one operand too many: kmip-client %s %s",
                        cli->operand[c->max], c->name, c->operands);
    return true;
}

/* Whoever sends more replies than there were requests may have answered another one. */
static void tell_unasked(struct cli *cli)
{
    if (!kc_is_open(cli->c) || cli->err.code != KE_OK)
        return;
    (void)kc_still_open(cli->c);
    if (kc_unasked(cli->c) > 0)
        fprintf(stderr, "kmip-client %s: the server sent %zu bytes more that no request asked "
                "for\n", cli->cmd->name, kc_unasked(cli->c));
}

/* Data and answer cannot share standard output. */
static bool check_output(struct cli *cli)
{
    return !cli->a.json || !cli->a.out || strcmp(cli->a.out, "-") != 0 ||
           kerr_set(&cli->err, KE_USAGE, "--json and --out - both take standard output");
}

/* Is operand i a file's name, by what usage calls it ("UID [FILE]")? The last word
 * stands for all that follow. */
static bool names_file(const char *operands, int i)
{
    const char *word = operands;

    for (; i > 0 && strchr(word, ' '); i--)
        word = strchr(word, ' ') + 1;
    const char *file = strstr(word, "FILE");
    return file && file < word + strcspn(word, " ");
}

/* Texts of KMIP are UTF-8 (KMIP 1.2 spec, 9.1.1.4); names of files may be anything. */
static bool check_texts(struct cli *cli)
{
    const struct cmd *c = cli->cmd;

    for (int i = 0; i < cli->n_operands; i++)
        if (!names_file(c->operands, i) && !text_utf8(bytes_str(cli->operand[i])))
            return kerr_set(&cli->err, KE_USAGE, "operand %d is not UTF-8: kmip-client %s %s", i + 1,
                            c->name, c->operands);
    for (size_t i = 0; i < c->n_opts; i++) {
        const struct opt *o = &c->opts[i];
        void *at = (char *)&cli->a + o->off;
        const struct opt_list one = {.v = {o->kind == OPT_STR ? *(const char **)at : NULL}, .n = 1};
        const struct opt_list *given = o->kind == OPT_LIST ? at : &one;
        for (size_t k = 0; o->arg && strcmp(o->arg, "FILE") != 0 && k < given->n; k++)
            if (given->v[k] && !text_utf8(bytes_str(given->v[k])))
                return kerr_set(&cli->err, KE_USAGE, "--%s is not UTF-8", o->name);
    }
    return true;
}

static int run(const struct cmd *cmd, int argc, char **argv)
{
    struct cli cli = {.cmd = cmd, .err = KERR_INIT};
    struct opt_set sets[] = {
        {"Options", cmd->opts, cmd->n_opts, &cli.a},
        {"Output", output_opts, sizeof output_opts / sizeof *output_opts, &cli.a},
        {"Connection", kc_settings_opts, kc_n_settings_opts, &cli.settings},
    };
    size_t n_sets = cmd->offline ? 2 : 3;
    bool help = false;

    cli_wipe_output();
    kc_settings_init(&cli.settings);
    bool ok = opt_parse(sets, n_sets, argc, argv, &cli.operand, &cli.n_operands, &help, &cli.err);
    if (ok && help) {
        const struct opt_command c = {cmd->name, cmd->operands, cmd->help, NULL};
        opt_help(stdout, "kmip-client", &c, sets, n_sets);
        return 0;
    }
    if (ok && cli.a.show_secrets)
        fputs("kmip-client: --show-secrets: what follows may hold key material and passwords\n",
              stderr);
    ok = ok && check_operands(&cli) && check_output(&cli) && check_texts(&cli) &&
         (cmd->offline || kc_settings_finish(&cli.settings, &cli.err)) &&
         (cmd->run ? cmd->run : cli_operate)(&cli);
    if (!ok && cli.err.code == KE_OK && !cli.refusal.refused)
        kerr_set(&cli.err, KE_INTERNAL, "failed without saying why");
    tell_unasked(&cli);
    kc_close(&cli.c);
    report(&cli);
    json_decref(cli.json);
    return exit_code(&cli);
}

/* argv[0] is the command. */
static int run_named(int argc, char **argv)
{
    const struct cmd *cmd = command_named(argv[0]);

    return cmd ? run(cmd, argc, argv) : unknown_command(argv[0]);
}

static int run_command(int argc, char **argv)
{
    for (int i = 1; i < argc && argv[i][0] == '-'; i += takes_next(argv[i]) ? 2 : 1) {
        if (strcmp(argv[i], "--version") == 0) {
            puts("kmip-client " KMIP_CONFORM_VERSION);
            return 0;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_commands(stdout);
            return 0;
        }
        if (strcmp(argv[i], OPT_TABLES) == 0)
            return print_tables();
    }
    if (!command_first(argc, argv)) {
        print_commands(stderr);
        return 2;
    }
    return run_named(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    std_open();
    signal(SIGPIPE, SIG_IGN); /* a reader that left is a write error like others */
    return std_finish("kmip-client", run_command(argc, argv));
}
