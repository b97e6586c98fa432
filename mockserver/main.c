/* kmip-mock: a correct KMIP server for tests, on loopback unless told otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kmip/base/std.h"
#include "kmip/base/text.h"
#include "mockserver/catalogues.h"
#include "mockserver/ctl.h"
#include "mockserver/ready.h"
#include "mockserver/run.h"
#include "mockserver/scenario.h"
#include "mockserver/service.h"

enum { BY_SIGNAL = 128, N_COMMANDS = 6 };

static const char summary[] = "is a KMIP server for tests, which can misbehave on request";

static const char purpose[] =
    "A KMIP 1.2 server (also 1.1 and 1.0) over TLS for tests and demonstrations.\n"
    "Prints a line that begins with 'ready' once it accepts connections.\n"
    "SIGTERM lets outstanding replies leave, then stops; a second signal does not wait.\n\n"
    "Try: kmip-mock --pki ./certs\n\n"
    "Exit: 0 stopped, 2 command line, configuration or certificates, 3 cannot listen,\n"
    "5 internal error, 128+n ended at once by signal n.";

static const char run_help[] =
    "Starts a server on a free port of 127.0.0.1, runs COMMAND, stops the server.\n"
    "COMMAND finds KMIP_HOST, KMIP_PORT, KMIP_CERTS, KMIP_CA, KMIP_CERT, KMIP_KEY and\n"
    "KMIP_OTHER_CERTS (a second identity) in its environment; with --control (0 picks a port)\n"
    "KMIP_CONTROL too, by which `kmip-mock ctl` finds this server. KMIP_RUN is this command\n"
    "line as far as --, with the seed: what runs something again under such a server. Without\n"
    "--pki or --certs, certificates are made in a temporary folder and removed afterwards.\n\n"
    "Exit: COMMAND's exit code, 128+n when signal n ended it, 127 not found, 126 cannot be\n"
    "run; 2, 3 or 5 as for kmip-mock when the server does not start.";

static const char scenarios_help[] =
    "Lists what --scenario can make the server do, a line each; with a NAME, tells what\n"
    "happens in the field, what a client shows of it, and what helps.\n"
    "KMIP_SCENARIOS names a folder of scenarios in place of those that come with the program.";

/* As many descriptors as connections may need, as far as the system lets us. Not
 * for `run`: its command would inherit a limit it may not be ready for. */
static void raise_file_limit(const struct mock_config *cfg)
{
    enum { OTHERS = 64 };
    struct rlimit r;
    rlim_t want = (rlim_t)cfg->limits.connections + OTHERS;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
        return;
    r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

static int serve(struct start *st)
{
    struct kerr err = KERR_INIT;
    struct server *s = calloc(1, sizeof *s);
    if (!s) {
        kerr_set(&err, KE_MEMORY, "no memory for a server");
        return start_failed(&err);
    }
    raise_file_limit(&st->cfg);
    int code = 0;
    if (!service_open(s, st, &err) || (st->opt.ready_file && !ready_file(s, st, &err))) {
        code = start_failed(&err);
    } else {
        ready_line(s, st);
        server_run(s);
        code = s->aborted ? BY_SIGNAL + s->signal : 0;
    }
    if (st->opt.ready_file)
        ready_file_clear(st->opt.ready_file);
    service_close(s);
    free(s);
    return code;
}

static const struct opt_command commands[N_COMMANDS];

/* Options, then what every command does with --help and --version. True when the
 * command should go on. */
static bool parse(struct start *st, const struct opt_command *cmd, int argc, char **argv, int *code)
{
    struct kerr err = KERR_INIT;
    struct opt_set set = start_option_set(&st->opt);
    char **operands;
    int n_operands;
    bool help = false;
    if (!opt_parse(&set, 1, argc, argv, &operands, &n_operands, &help, &err)) {
        *code = start_failed(&err);
        return false;
    }
    *code = 0;
    if (help) {
        opt_help(stdout, "kmip-mock", cmd, &set, 1);
        if (!cmd->name[0])
            opt_help_within(stdout, "kmip-mock", cmd, commands, N_COMMANDS);
    } else if (st->opt.version) {
        printf("kmip-mock %s\n", KMIP_CONFORM_VERSION);
    } else if (n_operands == 0) {
        return true;
    } else {
        kerr_set(&err, KE_USAGE, "unexpected '%s'%s; kmip-mock --help tells more", operands[0],
                 cmd->name[0] ? "" : ": a command goes before its options");
        *code = start_failed(&err);
    }
    return false;
}

static int main_serve(int argc, char **argv)
{
    static const struct opt_command cmd = {"", "", purpose, main_serve};
    struct start st = {0};
    struct kerr err = KERR_INIT;
    int code;
    if (parse(&st, &cmd, argc, argv, &code))
        code = start_load(&st, false, &err) ? serve(&st) : start_failed(&err);
    start_clear(&st);
    return code;
}

static int main_run(int argc, char **argv)
{
    static const struct opt_command cmd = {"run", "-- COMMAND...", run_help, main_run};
    struct start st = {.program = argv[-1]}; /* run_main took the command from behind it */
    struct kerr err = KERR_INIT;
    int n = 1, code;
    while (n < argc && strcmp(argv[n], "--") != 0)
        n++;
    bool command = n + 1 < argc;
    char **command_argv = argv + n + 1;
    if (n < argc)
        argv[n] = NULL; /* what follows is COMMAND's, options included */
    if (parse(&st, &cmd, n, argv, &code)) {
        if (!command)
            kerr_set(&err, KE_USAGE, "nothing to run: kmip-mock run [options] -- COMMAND...");
        code = command && start_load(&st, true, &err) ? run_command(&st, command_argv)
                                                      : start_failed(&err);
    }
    start_clear(&st);
    return code;
}

/* Lists the scenarios, or explains those that are named. */
static int main_scenarios(int argc, char **argv)
{
    static const struct opt_command cmd = {"scenarios", "[NAME...]", scenarios_help,
                                           main_scenarios};
    const struct opt_set none = {.title = "Options"};
    struct kerr err = KERR_INIT;
    char **names;
    int n;
    bool help = false;
    if (!opt_parse(&none, 1, argc, argv, &names, &n, &help, &err))
        return start_failed(&err);
    if (help) {
        opt_help(stdout, "kmip-mock", &cmd, NULL, 0);
        return 0;
    }
    bool ok = n > 0 || scenario_list(stdout, &err);
    for (int i = 0; ok && i < n; i++) {
        if (i > 0)
            putchar('\n');
        ok = scenario_explain(names[i], stdout, &err);
    }
    return ok ? 0 : start_failed(&err);
}

static const char catalogue_help[] =
    "Lists what this key of the configuration can name, a line each; with a NAME, all about\n"
    "it: clause, operations and rows of the profiles it touches.\n"
    "KMIP_CATALOGUES names a folder of catalogues in place of those that come with the program.";

static int catalogue_main(enum catalogue_kind kind, int argc, char **argv)
{
    const struct opt_command cmd = {catalogue_plural[kind], "[NAME...]", catalogue_help, NULL};
    const struct opt_set none = {.title = "Options"};
    struct kerr err = KERR_INIT;
    char **names;
    int n;
    bool help = false;
    if (!opt_parse(&none, 1, argc, argv, &names, &n, &help, &err))
        return start_failed(&err);
    if (help) {
        opt_help(stdout, "kmip-mock", &cmd, NULL, 0);
        return 0;
    }
    return catalogue_print(kind, names, n, stdout, &err) ? 0 : start_failed(&err);
}

static int main_deviations(int argc, char **argv)
{
    return catalogue_main(CATALOGUE_DEVIATIONS, argc, argv);
}

static int main_variations(int argc, char **argv)
{
    return catalogue_main(CATALOGUE_VARIATIONS, argc, argv);
}

static const struct opt_command commands[N_COMMANDS] = {
    {"", "", "", main_serve},
    {"run", "-- COMMAND...", "runs COMMAND with KMIP_HOST, KMIP_PORT, KMIP_CERTS set", main_run},
    {"scenarios", "[NAME...]", "lists misbehaviour for --scenario, or explains one", main_scenarios},
    {"deviations", "[NAME...]", "lists rules that --set deviations=NAME makes it break",
     main_deviations},
    {"variations", "[NAME...]", "lists ways to differ, yet be right", main_variations},
    {"ctl", "COMMAND", "looks at a running server with --control, changes it", ctl_main},
};

static int run_main(int argc, char **argv)
{
    const char *names[N_COMMANDS];
    if (argc > 1 && strcmp(argv[1], OPT_TABLES) == 0)
        return opt_tables("kmip-mock", summary, commands, N_COMMANDS);
    if (argc < 2 || argv[1][0] == '-')
        return main_serve(argc, argv);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i].name;
        if (strcmp(argv[1], names[i]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    struct kerr err = KERR_INIT;
    const char *near = text_nearest(argv[1], names, N_COMMANDS);
    kerr_set(&err, KE_USAGE, "unknown command '%s'%s; kmip-mock --help tells more", argv[1],
             text_hint(near).text);
    return start_failed(&err);
}

int main(int argc, char **argv)
{
    std_open();
    return std_finish("kmip-mock", run_main(argc, argv));
}
