/* kmip-conform: tests a KMIP server against the standard. Commands and options are
 * tables; the work is in the other files of this folder. */
#include <nettle/sha2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "conformance/report.h"
#include "conformance/requirement.h"
#include "conformance/runner.h"
#include "conformance/suite.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/log.h"

#define PROGRAM "kmip-conform"
#define PURPOSE "tests a KMIP server against the standard, profile by profile"

enum { EXIT_CONFORMANT = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3, EXIT_OURS = 5 };

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    if (stopped)
        _exit(130); /* asked twice: the journal tells what is left */
    stopped = 1;
}

struct run_options {
    struct opt_list profiles, cases, skips;
    const char *json, *junit, *suites, *other_certs, *object, *journal;
    int64_t repeat;
    bool strict, show_secrets, quiet;
};

#define RUN(member) offsetof(struct run_options, member)

static const struct opt run_opts[] = {
    {.name = "profile", .kind = OPT_LIST, .off = RUN(profiles), .arg = "NAME",
     .help = "run this profile (may be repeated); default: the three server profiles"},
    {.name = "case", .kind = OPT_LIST, .off = RUN(cases), .arg = "GLOB", .help = "only cases whose id matches"},
    {.name = "skip", .kind = OPT_LIST, .off = RUN(skips), .arg = "GLOB", .help = "leave out cases whose id matches"},
    {.name = "json", .kind = OPT_STR, .off = RUN(json), .arg = "FILE", .help = "write the report as JSON ('-': stdout)"},
    {.name = "junit", .kind = OPT_STR, .off = RUN(junit), .arg = "FILE", .help = "write the report as JUnit XML"},
    {.name = "repeat", .kind = OPT_INT, .off = RUN(repeat), .arg = "N", .min = 1, .max = 100000,
     .help = "run each case N times and tell which differ"},
    {.name = "strict", .kind = OPT_FLAG, .off = RUN(strict), .help = "a warning fails the run too"},
    {.name = "object", .kind = OPT_STR, .off = RUN(object), .arg = "ID",
     .help = "an object to read, for servers that let clients make none"},
    {.name = "other-certs", .kind = OPT_STR, .off = RUN(other_certs), .arg = "DIR",
     .help = "certificates of a second client identity"},
    {.name = "journal", .kind = OPT_STR, .off = RUN(journal), .arg = "FILE",
     .help = "where to keep note of what is made; default kmip-conform-RUN.journal"},
    {.name = "show-secrets", .kind = OPT_FLAG, .off = RUN(show_secrets), .help = "print key material and passwords"},
    {.name = "quiet", .kind = OPT_FLAG, .off = RUN(quiet), .help = "no line for a case that passed"},
    {.name = "suites", .kind = OPT_STR, .off = RUN(suites), .arg = "DIR", .help = "folder of the suites"},
};

static int failed(const struct kerr *err)
{
    char text[900];
    fprintf(stderr, PROGRAM ": %s\n", kerr_format(err, text, sizeof text));
    return kerr_exit(err);
}

/* ---- run -------------------------------------------------------------------- */

struct run {
    struct run_options o;
    struct target_options to;
    struct suites suites;
    struct target target;
    struct journal journal;
    struct run_result result;
    struct terminal term;
    char prefix[40], journal_path[4096];
    struct buf args;
};

static void make_prefix(char out[40])
{
    uint8_t r[4] = {0};
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        be32_put(r, (uint32_t)clock_mono_ns());
    snprintf(out, 40, "kmipconf-%02x%02x%02x%02x", r[0], r[1], r[2], r[3]);
}

/* The options that reach this server, for the command that reruns a case. */
static void note_args(struct run *run)
{
    const struct kc_settings *s = &run->to.settings;
    buf_init(&run->args, 16384);
    buf_printf(&run->args, "--host %s --port %s", s->host, run->target.port);
    if (s->certs)
        buf_printf(&run->args, " --certs %s", s->certs);
    else
        buf_printf(&run->args, " --ca %s --cert %s --key %s", s->files.ca, s->files.cert, s->files.key);
    if (run->o.other_certs)
        buf_printf(&run->args, " --other-certs %s", run->o.other_certs);
    if (s->version != KMIP_V12)
        buf_printf(&run->args, " --protocol %s", kmip_version_text(s->version));
    run->result.server_args = buf_cstr(&run->args);
}

static size_t count_selected(const struct run *run)
{
    size_t n = 0;
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        n += suite_selected(c, &run->o.cases, &run->o.skips);
    return n;
}

static bool run_all(struct run *run, struct kerr *err)
{
    struct runner r = {.target = &run->target, .journal = &run->journal, .run_prefix = run->prefix,
                       .show_secrets = run->o.show_secrets, .stop = &stopped};
    size_t n = count_selected(run), i = 0;
    for (const struct test_case *c = run->suites.first; c && !stopped; c = c->next) {
        if (!suite_selected(c, &run->o.cases, &run->o.skips))
            continue;
        report_begin(&run->term, c, i++, n);
        for (unsigned k = 0; k < (unsigned)run->o.repeat && !stopped; k++) {
            struct case_result *res = run_case(&r, c, k);
            if (!res)
                return kerr_set(err, KE_MEMORY, "no memory for a result");
            result_add(&run->result, res);
            report_case(&run->term, res);
        }
    }
    run->result.interrupted = stopped;
    return true;
}

static int finish(struct run *run)
{
    struct kerr err = KERR_INIT;
    run->result.left_behind = journal_clean(&run->journal, &run->target, NULL);
    run->result.journal_path = run->journal_path;
    run->result.took_ns = clock_wall_ns() - run->result.started_wall_ns;
    report_end(&run->term, &run->result);
    if ((run->o.json && !report_json(run->o.json, &run->result, &err)) ||
        (run->o.junit && !report_junit(run->o.junit, &run->result, &err)))
        return failed(&err);
    return result_exit(&run->result, run->o.strict);
}

static int gate(struct run *run)
{
    struct kerr err = KERR_INIT;
    enum gate_result g = target_gate(&run->target, &err);
    if (g == GATE_OPEN)
        return -1;
    char text[900];
    fprintf(run->term.out, "The server could not be tested: %s\n", kerr_format(&err, text, sizeof text));
    return g == GATE_REFUSED ? EXIT_FAILED : err.cls == KERR_CLASS_CONFIG ? EXIT_USAGE : EXIT_UNREACHABLE;
}

static bool load(struct run *run, char **operands, int n, struct kerr *err)
{
    if (!suites_find(&run->suites, run->o.suites, err))
        return false;
    if (n == 0)
        return suites_load(&run->suites, &run->o.profiles, err);
    for (int i = 0; i < n; i++)
        if (!suites_add_file(&run->suites, operands[i], err))
            return false;
    return run->o.profiles.n == 0 || suites_load(&run->suites, &run->o.profiles, err);
}

static int run_loaded(struct run *run)
{
    struct kerr err = KERR_INIT;
    if (count_selected(run) == 0) {
        fprintf(stderr, PROGRAM ": no case matches; `" PROGRAM " list` shows them\n");
        return EXIT_USAGE;
    }
    run->to.other_certs = run->o.other_certs;
    run->to.object = run->o.object;
    target_init(&run->target, &run->to);
    make_prefix(run->prefix);
    if (run->o.journal)
        snprintf(run->journal_path, sizeof run->journal_path, "%s", run->o.journal);
    else
        snprintf(run->journal_path, sizeof run->journal_path, PROGRAM "-%s.journal", run->prefix + 9);
    journal_init(&run->journal, run->journal_path);
    run->result = (struct run_result){.target = &run->target, .run_prefix = run->prefix,
                                      .started_wall_ns = clock_wall_ns(), .show_secrets = run->o.show_secrets};
    int code = gate(run);
    if (code < 0) {
        note_args(run);
        report_target(&run->term, &run->target, run->prefix);
        code = run_all(run, &err) ? finish(run) : failed(&err);
    }
    journal_close(&run->journal);
    result_clear(&run->result);
    target_clear(&run->target);
    buf_clear(&run->args);
    return code;
}

static const struct opt_command *command_named(const char *name);

static int cmd_run(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof *run);
    struct kerr err = KERR_INIT;
    char **operands;
    int n;
    bool help = false;
    if (!run)
        return EXIT_OURS;
    run->o.repeat = 1;
    kc_settings_init(&run->to.settings);
    struct opt_set sets[] = {
        {"Run", run_opts, sizeof run_opts / sizeof *run_opts, &run->o},
        {"Connection", kc_settings_opts, kc_n_settings_opts, &run->to.settings},
    };
    int code;
    bool to_stdout;
    if (!opt_parse(sets, 2, argc, argv, &operands, &n, &help, &err)) {
        code = failed(&err);
    } else if (help) {
        opt_help(stdout, PROGRAM, command_named("run"), sets, 2);
        code = 0;
    } else {
        to_stdout = run->o.json && strcmp(run->o.json, "-") == 0;
        terminal_init(&run->term, to_stdout ? stderr : stdout);
        run->term.quiet = run->o.quiet;
        code = load(run, operands, n, &err) && kc_settings_finish(&run->to.settings, &err) ? run_loaded(run)
                                                                                           : failed(&err);
    }
    suites_clear(&run->suites);
    requirements_clear();
    free(run);
    return code;
}

/* ---- list, explain, cleanup -------------------------------------------------- */

struct list_options {
    struct opt_list profiles, cases, skips;
    const char *suites;
    bool coverage;
};

#define LIST(member) offsetof(struct list_options, member)

static const struct opt list_opts[] = {
    {.name = "profile", .kind = OPT_LIST, .off = LIST(profiles), .arg = "NAME", .help = "only this profile"},
    {.name = "case", .kind = OPT_LIST, .off = LIST(cases), .arg = "GLOB", .help = "only cases whose id matches"},
    {.name = "skip", .kind = OPT_LIST, .off = LIST(skips), .arg = "GLOB", .help = "leave out cases whose id matches"},
    {.name = "coverage", .kind = OPT_FLAG, .off = LIST(coverage), .help = "requirement rows against cases"},
    {.name = "suites", .kind = OPT_STR, .off = LIST(suites), .arg = "DIR", .help = "folder of the suites"},
};

static void list_cases(const struct suites *s, const struct list_options *o)
{
    const char *suite = "";
    for (const struct test_case *c = s->first; c; c = c->next) {
        if (!suite_selected(c, &o->cases, &o->skips))
            continue;
        if (strcmp(suite, c->suite) != 0)
            printf("%s%s\n", *suite ? "\n" : "", c->suite);
        suite = c->suite;
        printf("  %-44s %-6s %s\n", c->id, level_name(c->level), c->title);
    }
}

static int cmd_list(int argc, char **argv)
{
    struct list_options o = {.coverage = false};
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    char **operands;
    int n, code = 0;
    bool help = false;
    struct opt_set sets[] = {{"List", list_opts, sizeof list_opts / sizeof *list_opts, &o}};
    if (!opt_parse(sets, 1, argc, argv, &operands, &n, &help, &err))
        return failed(&err);
    if (help) {
        opt_help(stdout, PROGRAM, command_named("list"), sets, 1);
        return 0;
    }
    if (n > 0) {
        kerr_set(&err, KE_USAGE, "list takes no operand '%s'", operands[0]);
        return failed(&err);
    }
    if (!suites_find(&s, o.suites, &err) || !suites_load(&s, &o.profiles, &err))
        code = failed(&err);
    else if (o.coverage)
        code = report_coverage(stdout, &s) ? EXIT_FAILED : 0;
    else
        list_cases(&s, &o);
    suites_clear(&s);
    requirements_clear();
    return code;
}

static void explain(const struct test_case *c)
{
    struct kerr err = KERR_INIT;
    struct buf text;
    printf("%s: %s\n\nclause  %s (%s)\nsuite   %s\nfile    %s\n", c->id, c->title, c->clause,
           level_name(c->level), c->suite, c->path);
    for (size_t i = 0; i < c->covers.n; i++) {
        const struct requirement *q = requirement_find(c->covers.v[i]);
        if (q)
            printf("covers  %s: %s (%s)\n", q->row, q->text, q->clause);
    }
    if (c->provisional)
        printf("        all of these rows are from memory only: a mismatch is a warning\n");
    if (c->why)
        printf("\n%s\n", c->why);
    buf_init(&text, 1u << 20);
    if (file_read(c->path, &text, &err))
        printf("\n%s", buf_cstr(&text));
    buf_clear(&text);
}

static int cmd_explain(int argc, char **argv)
{
    struct list_options o = {.coverage = false};
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    char **operands;
    int n, code = 0;
    bool help = false;
    static const struct opt_list all = {{"all"}, 1};
    struct opt_set sets[] = {{"Explain", &list_opts[4], 1, &o}};
    if (!opt_parse(sets, 1, argc, argv, &operands, &n, &help, &err))
        return failed(&err);
    if (help) {
        opt_help(stdout, PROGRAM, command_named("explain"), sets, 1);
        return 0;
    }
    if (n != 1)
        kerr_set(&err, KE_USAGE, "explain takes the id of one case");
    else if (suites_find(&s, o.suites, &err) && suites_load(&s, &all, &err)) {
        const struct test_case *c = s.first;
        while (c && strcmp(c->id, operands[0]) != 0)
            c = c->next;
        if (c)
            explain(c);
        else
            kerr_set(&err, KE_USAGE, "there is no case '%s'; `" PROGRAM " list` shows them", operands[0]);
    }
    if (err.code != KE_OK)
        code = failed(&err);
    suites_clear(&s);
    requirements_clear();
    return code;
}

static int clean(const char *path, const struct run_options *o, struct target_options *to)
{
    struct kerr err = KERR_INIT;
    struct target t;
    struct journal j;
    if (!kc_settings_finish(&to->settings, &err))
        return failed(&err);
    if (!journal_load(&j, path, &err)) {
        journal_close(&j);
        return failed(&err);
    }
    to->other_certs = o->other_certs;
    target_init(&t, to);
    size_t before = journal_left(&j), left = 0;
    int code = 0;
    if (before > 0 && !target_client(&t, "main", &err)) {
        code = failed(&err);
        left = before;
    } else {
        left = journal_clean(&j, &t, NULL);
        printf("%zu of %zu objects removed\n", before - left, before);
        for (size_t i = 0; i < j.n; i++)
            if (!j.v[i].gone)
                printf("still there: %s (case %s)\n", j.v[i].uid[0] ? j.v[i].uid : j.v[i].name, j.v[i].case_id);
        code = left > 0 ? EXIT_FAILED : 0;
    }
    journal_close(&j);
    target_clear(&t);
    return code;
}

static int cmd_cleanup(int argc, char **argv)
{
    struct run_options o = {.repeat = 1};
    struct target_options to = {.object = NULL};
    struct kerr err = KERR_INIT;
    char **operands;
    int n;
    bool help = false;
    static const struct opt opts[] = {
        {.name = "other-certs", .kind = OPT_STR, .off = RUN(other_certs), .arg = "DIR",
         .help = "certificates of a second client identity, if the run had one"},
    };
    kc_settings_init(&to.settings);
    struct opt_set sets[] = {{"Clean-up", opts, 1, &o},
                             {"Connection", kc_settings_opts, kc_n_settings_opts, &to.settings}};
    if (!opt_parse(sets, 2, argc, argv, &operands, &n, &help, &err))
        return failed(&err);
    if (help) {
        opt_help(stdout, PROGRAM, command_named("cleanup"), sets, 2);
        return 0;
    }
    if (n != 1) {
        kerr_set(&err, KE_USAGE, "cleanup takes the journal of a run");
        return failed(&err);
    }
    return clean(operands[0], &o, &to);
}

/* ---- dispatch --------------------------------------------------------------- */

static const struct opt_command commands[] = {
    {"run", "[CASE.yaml...]", "runs the suites, or the cases in the given files, and prints the report", cmd_run},
    {"list", "", "lists the cases; --coverage: the requirement rows and their cases", cmd_list},
    {"explain", "ID", "shows a case: what it requires, why, and its steps", cmd_explain},
    {"cleanup", "JOURNAL", "removes what an earlier run left on the server", cmd_cleanup},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static const struct opt_command *command_named(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        opt_help_commands(argc < 2 ? stderr : stdout, PROGRAM, PURPOSE, commands, N_COMMANDS);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf(PROGRAM " %s\n", KMIP_CONFORM_VERSION);
        return 0;
    }
    const struct opt_command *c = command_named(argv[1]);
    if (!c) {
        fprintf(stderr, PROGRAM ": unknown command '%s'; " PROGRAM " --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    return c->run(argc - 1, argv + 1);
}
