/* Command lines: order, clusters, "--", values, and errors that help. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "kmip/base/option.h"

struct own {
    bool verbose, quick, json_given;
    const char *json;
    struct opt_list cases;
};

struct link_opts {
    const char *host;
    int64_t port, timeout, depth;
    bool port_given;
};

static const struct opt own_rows[] = {
    {.name = "verbose", .ch = 'v', .kind = OPT_FLAG, .off = offsetof(struct own, verbose), .help = "tell more"},
    {.name = "quick", .ch = 'q', .kind = OPT_FLAG, .off = offsetof(struct own, quick), .help = "tell less"},
    {.name = "json", .kind = OPT_STR, .off = offsetof(struct own, json), .arg = "FILE",
     .help = "write the report as JSON", .seen_off = OPT_SEEN(struct own, json_given)},
    {.name = "case", .ch = 'c', .kind = OPT_LIST, .off = offsetof(struct own, cases), .arg = "GLOB",
     .help = "only these cases"},
};

static const struct opt link_rows[] = {
    {.name = "host", .ch = 'h', .kind = OPT_STR, .off = offsetof(struct link_opts, host), .arg = "NAME",
     .help = "where the server is"},
    {.name = "port", .ch = 'p', .kind = OPT_INT, .off = offsetof(struct link_opts, port), .arg = "N",
     .help = "its port", .min = 1, .max = 65535, .seen_off = OPT_SEEN(struct link_opts, port_given)},
    {.name = "timeout", .kind = OPT_DURATION, .off = offsetof(struct link_opts, timeout),
     .arg = "SECONDS", .help = "how long to wait"},
    {.name = "pipeline-depth", .kind = OPT_INT, .off = offsetof(struct link_opts, depth), .arg = "N",
     .help = "a long name that takes a line of its own", .min = 0, .max = 1024},
};

static struct own own;
static struct link_opts lnk;
static struct kerr err;
static char **operands;
static int n_operands;
static bool help;
static char *argv_[64];

/* Parses a command line of words separated by single blanks. */
static bool parse(const char *line)
{
    static char words[4][2000];
    static unsigned turn;
    const struct opt_set sets[] = {{"Options", own_rows, sizeof own_rows / sizeof *own_rows, &own},
                                   {"Connection", link_rows, sizeof link_rows / sizeof *link_rows, &lnk}};
    char *copy = words[turn++ % 4];
    int argc = 0;
    memset(&own, 0, sizeof own);
    memset(&lnk, 0, sizeof lnk);
    kerr_clear(&err);
    help = false;
    snprintf(copy, sizeof words[0], "prog %s", line);
    for (char *save = NULL, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv_[argc++] = w;
    argv_[argc] = NULL;
    return opt_parse(sets, 2, argc, argv_, &operands, &n_operands, &help, &err);
}

/* The operands joined by blanks; checks the NULL behind them. */
static const char *joined(void)
{
    static char out[200];
    out[0] = 0;
    for (int i = 0; i < n_operands; i++) {
        strcat(out, i ? " " : "");
        strcat(out, operands[i]);
    }
    cr_expect_null(operands[n_operands]);
    return out;
}

Test(option, fills_the_structs_of_several_sets)
{
    cr_assert(parse("--verbose --json out.json --host kms --port 5697 --timeout 30 -c a* -c b*"));
    cr_expect(own.verbose && !own.quick && own.json_given && lnk.port_given);
    cr_expect_str_eq(own.json, "out.json");
    cr_expect_str_eq(lnk.host, "kms");
    cr_expect_eq(lnk.port, 5697);
    cr_expect_eq(lnk.timeout, 30 * NS_PER_S);
    cr_expect_eq(own.cases.n, 2);
    cr_expect_str_eq(own.cases.v[1], "b*");
    cr_expect_eq(n_operands, 0);
    cr_expect(!help);
}

Test(option, stands_before_between_and_behind_operands)
{
    static const struct {
        const char *line, *operands;
    } rows[] = {
        {"--port 1 one two", "one two"},
        {"one --port 1 two", "one two"},
        {"one two --port 1", "one two"},
        {"one --port=1 two -v three -q", "one two three"},
        {"-p1 one", "one"},
        {"one -p 1 - two", "one - two"},
        {"--port 1 -- --host -v", "--host -v"},
        {"one --port 1 -- two", "one two"},
        {"--port 1 --", ""},
        {"--port 1 -- -- one", "-- one"},
        {"one --port 1 two -- three --", "one two three --"},
    };
    for (int posix = 0; posix < 2; posix++) {
        if (posix)
            setenv("POSIXLY_CORRECT", "1", 1);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            cr_expect(parse(rows[i].line), "%s: %s", rows[i].line, err.msg);
            cr_expect_str_eq(joined(), rows[i].operands, "%s", rows[i].line);
            cr_expect_eq(lnk.port, 1, "%s", rows[i].line);
        }
    }
    unsetenv("POSIXLY_CORRECT");
}

Test(option, letters_may_be_clustered)
{
    cr_expect(parse("-vq one"));
    cr_expect(own.verbose && own.quick);
    cr_expect(parse("one -vqp 7 two"));
    cr_expect(own.verbose && own.quick && lnk.port == 7);
    cr_expect_str_eq(joined(), "one two");
    cr_expect(parse("-vp7"));
    cr_expect(own.verbose && lnk.port == 7);
    cr_expect(parse("-ccase"));
    cr_expect_str_eq(own.cases.v[0], "case");
}

Test(option, the_last_of_several_counts_and_values_may_look_odd)
{
    cr_expect(parse("--port 1 --port 2 --host -x --timeout -5m"));
    cr_expect_eq(lnk.port, 2);
    cr_expect_str_eq(lnk.host, "-x");
    cr_expect_eq(lnk.timeout, -300 * NS_PER_S);
    cr_expect(parse("--timeout 0.5"));
    cr_expect_eq(lnk.timeout, NS_PER_S / 2);
    cr_expect(parse("--host= --json=--verbose"));
    cr_expect_str_eq(lnk.host, "");
    cr_expect_str_eq(own.json, "--verbose");
    cr_expect(!own.verbose);
}

Test(option, h_is_help_where_no_option_has_the_letter)
{
    static const struct opt_set own_only[] = {
        {"Options", own_rows, sizeof own_rows / sizeof *own_rows, &own}};
    const char *const rows[] = {"-h", "-vh"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *argv[] = {(char *)"prog", (char *)"one", (char *)rows[i], NULL};
        help = false;
        cr_expect(opt_parse(own_only, 1, 3, argv, &operands, &n_operands, &help, &err), "%s",
                  err.msg);
        cr_expect(help, "%s", rows[i]);
        cr_expect_eq(n_operands, 1);
    }
    cr_expect(parse("-h kms") && !help); /* --host here */
    cr_expect_str_eq(lnk.host, "kms");
}

Test(option, asks_for_help)
{
    cr_expect(parse("one --help two"));
    cr_expect(help);
    cr_expect_str_eq(joined(), "one two");
    const struct opt_set set = {"Options", own_rows, sizeof own_rows / sizeof *own_rows, &own};
    char *argv[] = {(char *)"prog", (char *)"--help", NULL};
    kerr_clear(&err);
    cr_expect(!opt_parse(&set, 1, 2, argv, &operands, &n_operands, NULL, &err));
    cr_expect(strstr(err.msg, "--help"), "%s", err.msg);
}

Test(option, errors_name_the_option_and_the_remedy)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"--prot 1", "unknown option --prot; did you mean --port?"},
        {"--hots=kms", "unknown option --hots; did you mean --host?"},
        {"one two --pipline-depth 3", "unknown option --pipline-depth; did you mean --pipeline-depth?"},
        {"--zebra", "unknown option --zebra; --help lists the options"},
        {"one -x", "unknown option -x; --help lists the options"},
        {"one -vx two", "unknown option -x (in -vx); --help lists the options"},
        {"-port", "--port takes a whole number from 1 to 65535, not 'ort'"},
        {"-xport 1", "unknown option -x (in -xport); did you mean --port?"},
        {"--p 1", "--p may stand for --port or --pipeline-depth"},
        {"--port", "--port needs a value: --port N"},
        {"one --port", "--port needs a value: --port N"},
        {"-p", "--port needs a value: --port N"},
        {"-vp", "--port needs a value: --port N"},
        {"--host --port 5", "--host needs a value: --host NAME"},
        {"--host --port=5", "--host needs a value: --host NAME"},
        {"-h --verbose", "--host needs a value: --host NAME"},
        {"--verbose=1", "--verbose takes no value"},
        {"--help=1", "--help takes no value"},
        {"--port x", "--port takes a whole number from 1 to 65535, not 'x'"},
        {"--port 0", "--port takes a whole number from 1 to 65535, not '0'"},
        {"--port 65536", "--port takes a whole number from 1 to 65535, not '65536'"},
        {"--port=", "--port takes a whole number from 1 to 65535, not ''"},
        {"--timeout soon", "--timeout takes a duration such as 30s or 5m, not 'soon'"},
        {"--timeout 5w", "--timeout takes a duration such as 30s or 5m, not '5w'"},
        {"--timeout 0.5.1", "--timeout takes a duration such as 30s or 5m, not '0.5.1'"},
        {"--timeout .", "--timeout takes a duration such as 30s or 5m, not '.'"},
        {"--\xC3\xA9", "unknown option --\xC3\xA9; --help lists the options"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(!parse(rows[i].line), "%s", rows[i].line);
        cr_expect_eq(err.code, KE_USAGE, "%s", rows[i].line);
        cr_expect_str_eq(err.msg, rows[i].says, "%s: %s", rows[i].line, err.msg);
    }
}

Test(option, a_list_has_a_bound)
{
    struct own o = {0};
    const struct opt_set set = {"Options", own_rows, sizeof own_rows / sizeof *own_rows, &o};
    for (int n = OPT_LIST_MAX; n <= OPT_LIST_MAX + 1; n++) {
        static char *argv[OPT_LIST_MAX + 3];
        for (int i = 1; i <= n; i++)
            argv[i] = (char *)"-cx";
        argv[0] = (char *)"prog";
        memset(&o, 0, sizeof o);
        kerr_clear(&err);
        bool ok = opt_parse(&set, 1, n + 1, argv, &operands, &n_operands, NULL, &err);
        cr_expect_eq(ok, n == OPT_LIST_MAX);
        cr_expect_eq(o.cases.n, OPT_LIST_MAX);
    }
    cr_expect_str_eq(err.msg, "--case is given more than 256 times");
}

Test(option, copes_with_no_arguments_at_all)
{
    const struct opt_set set = {"Options", own_rows, sizeof own_rows / sizeof *own_rows, &own};
    char *none[] = {NULL};
    cr_expect(opt_parse(&set, 1, 0, none, &operands, &n_operands, &help, &err));
    cr_expect_eq(n_operands, 0);
    cr_expect(parse(""));
    cr_expect_eq(n_operands, 0);
}

Test(option, a_table_beyond_the_bound_is_an_error_of_ours)
{
    static struct opt many[200];
    static bool flag[200];
    for (size_t i = 0; i < 200; i++)
        many[i] = (struct opt){.name = "x", .kind = OPT_FLAG, .off = i, .help = ""};
    const struct opt_set set = {"Options", many, 200, flag};
    char *argv[] = {(char *)"prog", NULL};
    kerr_clear(&err);
    cr_expect(!opt_parse(&set, 1, 1, argv, &operands, &n_operands, NULL, &err));
    cr_expect_eq(err.code, KE_INTERNAL);
}

/* What is printed into a temporary file, as text. */
static const char *printed(void (*print)(FILE *))
{
    static char out[4000];
    FILE *f = tmpfile();
    cr_assert_not_null(f);
    print(f);
    rewind(f);
    out[fread(out, 1, sizeof out - 1, f)] = 0;
    fclose(f);
    return out;
}

static void print_help(FILE *f)
{
    static const struct opt_command get = {"get", "UID [FILE]", "Fetches a key.", NULL};
    const struct opt_set sets[] = {{"Options", own_rows, 3, &own},
                                   {"Connection", link_rows, 4, &lnk},
                                   {"Nothing", NULL, 0, NULL}};
    opt_help(f, "kmip-client", &get, sets, 3);
}

static void print_commands(FILE *f)
{
    static const struct opt_command rows[] = {
        {"get", "UID", "fetch a key", NULL},
        {"bucket-key", "create|cipher|decipher BUCKET", "the driver's flows", NULL}};
    opt_help_commands(f, "kmip-client", "talks to a KMIP server", rows, 2);
}

Test(option, help_lists_every_option_in_columns)
{
    const char *text = printed(print_help);
    cr_expect_str_eq(text, "usage: kmip-client get [options] UID [FILE]\n"
                           "\n"
                           "Fetches a key.\n"
                           "\n"
                           "Options:\n"
                           "  -v, --verbose                 tell more\n"
                           "  -q, --quick                   tell less\n"
                           "      --json FILE               write the report as JSON\n"
                           "\n"
                           "Connection:\n"
                           "  -h, --host NAME               where the server is\n"
                           "  -p, --port N                  its port\n"
                           "      --timeout SECONDS         how long to wait\n"
                           "      --pipeline-depth N        a long name that takes a line of its own\n");
}

Test(option, help_lists_every_command)
{
    const char *text = printed(print_commands);
    cr_expect(strstr(text, "kmip-client: talks to a KMIP server\n"), "%s", text);
    cr_expect(strstr(text, "\n  get UID                       fetch a key\n"), "%s", text);
    cr_expect(strstr(text, "  bucket-key create|cipher|decipher BUCKET\n"
                           "                                the driver's flows\n"),
              "%s", text);
}

static int run_get(int argc, char **argv)
{
    static const struct opt_command get = {"get", "UID [FILE]", "Says \"key\",\nin two lines.",
                                           run_get};
    static const struct opt_command within = {"wait", "", "waits", NULL};
    const struct opt_set rows[] = {{"Connection", link_rows, 4, &lnk}};
    bool asked = false;
    cr_assert(opt_parse(rows, 1, argc, argv, &operands, &n_operands, &asked, &err) && asked);
    opt_help(stdout, "prog", &get, rows, 1);
    opt_help_within(stdout, "prog", &get, &within, 1);
    return 0;
}

static int run_failing(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 5;
}

Test(option, tables_are_lines_of_json, .init = cr_redirect_stdout)
{
    static const struct opt_command rows[] = {{"get", "UID [FILE]", "", run_get}};
    cr_expect_eq(opt_tables("prog", "does this", rows, 1), 0);
    fflush(stdout);
    cr_assert_stdout_eq_str(
        "{\"program\": \"prog\", \"purpose\": \"does this\"}\n"
        "{\"program\": \"prog\", \"command\": \"get\", \"operands\": \"UID [FILE]\", "
        "\"help\": \"Says \\\"key\\\",\\u000ain two lines.\", "
        "\"sets\": [{\"title\": \"Connection\", \"options\": ["
        "{\"name\": \"host\", \"letter\": \"h\", \"kind\": \"text\", \"arg\": \"NAME\", "
        "\"help\": \"where the server is\"}, "
        "{\"name\": \"port\", \"letter\": \"p\", \"kind\": \"number\", \"arg\": \"N\", "
        "\"help\": \"its port\", \"min\": 1, \"max\": 65535}, "
        "{\"name\": \"timeout\", \"letter\": \"\", \"kind\": \"duration\", \"arg\": \"SECONDS\", "
        "\"help\": \"how long to wait\"}, "
        "{\"name\": \"pipeline-depth\", \"letter\": \"\", \"kind\": \"number\", \"arg\": \"N\", "
        "\"help\": \"a long name that takes a line of its own\", \"min\": 0, \"max\": 1024}]}]}\n"
        "{\"program\": \"prog\", \"command\": \"get wait\", \"operands\": \"\", "
        "\"help\": \"waits\", \"sets\": []}\n");
}

Test(option, tables_end_at_a_command_that_fails, .init = cr_redirect_stdout)
{
    static const struct opt_command rows[] = {{"bad", "", "", run_failing},
                                              {"get", "", "", run_get}};
    cr_expect_eq(opt_tables("prog", "does this", rows, 2), 5);
    fflush(stdout);
    cr_assert_stdout_eq_str("{\"program\": \"prog\", \"purpose\": \"does this\"}\n");
}
