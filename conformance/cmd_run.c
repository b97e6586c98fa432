/* kmip-conform run: the gate, the cases, the reports. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "conformance/interrupt.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/requirement.h"
#include "conformance/runner.h"
#include "kmip/base/clock.h"

#define TIMEOUT_S 10   /* unless --timeout: a case must not wait as long as a bulk job */
#define RETRY_MS 1000  /* before a server that does not answer is given up */

struct run_options {
    struct opt_list profiles, cases, skips;
    const char *json, *junit, *suites, *other_certs, *object, *journal;
    int64_t repeat;
    bool strict, show_secrets, quiet, verbose;
};

#define RUN(member) offsetof(struct run_options, member)

static const struct opt run_opts[] = {
    {.name = "profile", .kind = OPT_LIST, .off = RUN(profiles), .arg = "NAME",
     .help = "run this profile (may be repeated); default: the three server profiles"},
    {.name = "case", .kind = OPT_LIST, .off = RUN(cases), .arg = "GLOB",
     .help = "only cases whose id matches"},
    {.name = "skip", .kind = OPT_LIST, .off = RUN(skips), .arg = "GLOB",
     .help = "leave out cases whose id matches"},
    {.name = "json", .kind = OPT_STR, .off = RUN(json), .arg = "FILE",
     .help = "write the report as JSON ('-': standard output)"},
    {.name = "junit", .kind = OPT_STR, .off = RUN(junit), .arg = "FILE",
     .help = "write the report as JUnit XML"},
    {.name = "repeat", .kind = OPT_INT, .off = RUN(repeat), .arg = "N", .min = 1, .max = 100000,
     .help = "run each case N times and tell how often it came out how"},
    {.name = "strict", .kind = OPT_FLAG, .off = RUN(strict), .help = "a warning fails the run too"},
    {.name = "object", .kind = OPT_STR, .off = RUN(object), .arg = "ID",
     .help = "an object to read, for servers that let clients make none"},
    {.name = "other-certs", .kind = OPT_STR, .off = RUN(other_certs), .arg = "DIR",
     .help = "certificates of a second client identity (else KMIP_OTHER_CERTS)"},
    {.name = "journal", .kind = OPT_STR, .off = RUN(journal), .arg = "FILE",
     .help = "where to keep note of what is made; default kmip-conform-RUN.journal"},
    {.name = "show-secrets", .kind = OPT_FLAG, .off = RUN(show_secrets),
     .help = "print key material and passwords"},
    {.name = "verbose", .ch = 'v', .kind = OPT_FLAG, .off = RUN(verbose),
     .help = "show exchanges of warnings too, and all of them"},
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = RUN(quiet),
     .help = "no line for a case that passed"},
    {.name = "suites", .kind = OPT_STR, .off = RUN(suites), .arg = "DIR",
     .help = "folder of the suites"},
};

struct run {
    struct run_options o;
    struct target_options to;
    struct suites suites;
    struct target target;
    struct journal journal;
    struct run_result result;
    struct terminal term;
    char prefix[40], journal_path[4096], server[400];
    struct buf reach, run_options, stopped;
};

/* ---- before ----------------------------------------------------------------- */

static void make_prefix(char out[40])
{
    uint8_t r[4] = {0};
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        be32_put(r, (uint32_t)clock_mono_ns());
    snprintf(out, 40, "kmipconf-%02x%02x%02x%02x", r[0], r[1], r[2], r[3]);
}

static void put_option(struct buf *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf(out, " --%s ", name);
    report_word(out, value);
}

/* What reaches this server again, for the commands that a report names. */
static void note_options(struct run *run)
{
    const struct kc_settings *s = &run->to.settings;
    struct buf *out = &run->reach;
    put_option(out, "host", s->host);
    put_option(out, "port", run->target.port);
    put_option(out, "certs", s->certs);
    put_option(out, "ca", s->certs ? s->ca : s->files.ca);
    put_option(out, "cert", s->certs ? s->cert : s->files.cert);
    put_option(out, "key", s->certs ? s->key : s->files.key);
    put_option(out, "other-certs", run->o.other_certs);
    if (s->version != KMIP_V12)
        put_option(out, "protocol", kmip_version_text(s->version));
    if (s->timeout_ns != TIMEOUT_S * NS_PER_S)
        buf_printf(out, " --timeout %lldms", (long long)(s->timeout_ns / NS_PER_MS));
    put_option(&run->run_options, "object", run->o.object);
    put_option(&run->run_options, "suites", run->o.suites);
    run->result.reach = buf_cstr(out);
    run->result.run_options = buf_cstr(&run->run_options);
}

static size_t count_selected(const struct run *run)
{
    size_t n = 0;
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        n += suite_selected(c, &run->o.cases, &run->o.skips);
    return n;
}

static bool load(struct run *run, const struct command_line *line, struct kerr *err)
{
    if (!suites_find(&run->suites, run->o.suites, err))
        return false;
    for (int i = 0; i < line->n; i++)
        if (!suites_add_file(&run->suites, line->operands[i], err))
            return false;
    if ((line->n == 0 || run->o.profiles.n > 0) &&
        !suites_load(&run->suites, &run->o.profiles, err))
        return false;
    return count_selected(run) > 0 ||
           kerr_set(err, KE_USAGE, "no case matches; `" PROGRAM " list` shows them");
}

/* All that can be wrong before anything is sent. */
static bool prepare(struct run *run, const struct command_line *line, struct kerr *err)
{
    struct run_options *o = &run->o;
    if (o->json && o->junit && strcmp(o->json, o->junit) == 0)
        return kerr_set(err, KE_USAGE, "--json and --junit go to the same place: %s", o->json);
    if (!load(run, line, err) || !kc_settings_finish(&run->to.settings, err) ||
        !report_can_write(o->json, err) || !report_can_write(o->junit, err))
        return false;
    run->to.other_certs = o->other_certs;
    run->to.object = o->object;
    target_init(&run->target, &run->to);
    make_prefix(run->prefix);
    if (o->journal)
        snprintf(run->journal_path, sizeof run->journal_path, "%s", o->journal);
    else
        snprintf(run->journal_path, sizeof run->journal_path, PROGRAM "-%s.journal",
                 strchr(run->prefix, '-') + 1);
    snprintf(run->server, sizeof run->server, "%s:%s", run->to.settings.host, run->target.port);
    journal_init(&run->journal, run->journal_path, run->prefix, run->server);
    interrupt_journal(run->journal_path);
    struct tls_dir other;
    return (!o->other_certs || tls_dir_files(o->other_certs, &other, err)) &&
           journal_check(&run->journal, err);
}

/* ---- the cases -------------------------------------------------------------- */

/* After a case that got no reply: is there still a server? If not, the rest of the
 * cases would only wait. */
static bool still_there(struct run *run, const struct case_result *c)
{
    struct kerr err = KERR_INIT;
    char text[900];
    if (!c->lost || interrupted || target_alive(&run->target, &err))
        return true;
    poll(NULL, 0, RETRY_MS);
    err = (struct kerr)KERR_INIT;
    if (interrupted || target_alive(&run->target, &err))
        return true;
    buf_printf(&run->stopped, "the server does not answer any more since case %s: %s", c->tc->id,
               kerr_format(&err, text, sizeof text));
    run->result.stopped = buf_cstr(&run->stopped);
    return false;
}

static bool run_rounds(struct run *run, struct runner *r, const struct test_case *tc,
                       struct kerr *err)
{
    for (unsigned k = 0; k < run->result.repeat && !interrupted && !run->result.stopped; k++) {
        struct case_result *c = run_case(r, tc, k);
        if (!c)
            return kerr_set(err, KE_MEMORY, "no memory for a result");
        if (!result_add(&run->result, c, err) || !still_there(run, c))
            return err->code == KE_OK;
    }
    return true;
}

static bool run_all(struct run *run, struct kerr *err)
{
    struct runner r = {.target = &run->target, .journal = &run->journal, .run_prefix = run->prefix,
                       .show_secrets = run->o.show_secrets, .stop = &interrupted};
    size_t n = count_selected(run), i = 0;
    for (const struct test_case *c = run->suites.first; c && !interrupted && !run->result.stopped;
         c = c->next) {
        if (!suite_selected(c, &run->o.cases, &run->o.skips))
            continue;
        report_begin(&run->term, c, i++, n);
        if (!run_rounds(run, &r, c, err))
            return false;
        if (run->result.n_tallies > 0 && run->result.tallies[run->result.n_tallies - 1].tc == c)
            report_case(&run->term, &run->result.tallies[run->result.n_tallies - 1]);
    }
    run->result.interrupted = interrupted;
    run->result.not_run = n - run->result.counts.total;
    return true;
}

/* ---- after ------------------------------------------------------------------ */

static int write_files(struct run *run)
{
    struct kerr err = KERR_INIT;
    run->result.took_ns = clock_wall_ns() - run->result.started_wall_ns;
    if ((run->o.json && !report_json(run->o.json, &run->result, &err)) ||
        (run->o.junit && !report_junit(run->o.junit, &run->result, &err)))
        return program_failed(&err);
    return result_exit(&run->result);
}

static int finish(struct run *run)
{
    interrupt_hold();
    run->result.left_behind = journal_clean(&run->journal, &run->target, NULL, false);
    interrupt_release();
    run->result.journal = &run->journal;
    report_end(&run->term, &run->result);
    return write_files(run);
}

static int shut(struct run *run, const struct kerr *err)
{
    char text[900];
    run->result.gate_text = kerr_format(err, text, sizeof text);
    run->result.not_run = count_selected(run);
    fprintf(stderr, PROGRAM ": %s\n" PROGRAM ": nothing was tested\n", text);
    return write_files(run);
}

static int run_prepared(struct run *run)
{
    struct kerr err = KERR_INIT;
    run->result = (struct run_result){.target = &run->target,
                                      .run_prefix = run->prefix,
                                      .gate_text = "",
                                      .started_wall_ns = clock_wall_ns(),
                                      .repeat = (unsigned)run->o.repeat,
                                      .strict = run->o.strict,
                                      .show_secrets = run->o.show_secrets,
                                      .verbose = run->o.verbose};
    buf_init(&run->reach, 32768);
    buf_init(&run->run_options, 16384);
    buf_init(&run->stopped, 4096);
    note_options(run);
    run->result.gate = target_gate(&run->target, &err);
    if (run->result.gate != GATE_OPEN)
        return shut(run, &err);
    report_target(&run->term, &run->target, run->prefix);
    return run_all(run, &err) ? finish(run) : program_failed(&err);
}

static bool to_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

int cmd_run(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof *run);
    struct kerr err = KERR_INIT;
    struct command_line line;
    int code;
    if (!run)
        return EXIT_OURS;
    kc_settings_init(&run->to.settings);
    run->to.settings.timeout_ns = TIMEOUT_S * NS_PER_S;
    run->o.repeat = 1;
    run->o.other_certs = program_env("KMIP_OTHER_CERTS");
    struct opt_set sets[] = {
        {"Run", run_opts, sizeof run_opts / sizeof *run_opts, &run->o},
        {"Connection", kc_settings_opts, kc_n_settings_opts, &run->to.settings},
    };
    if (program_parse("run", sets, 2, argc, argv, &line, &code)) {
        terminal_init(&run->term,
                      to_stdout(run->o.json) || to_stdout(run->o.junit) ? stderr : stdout);
        run->term.quiet = run->o.quiet;
        code = prepare(run, &line, &err) ? run_prepared(run) : program_failed(&err);
    }
    journal_close(&run->journal);
    result_clear(&run->result);
    target_clear(&run->target);
    buf_clear(&run->reach);
    buf_clear(&run->run_options);
    buf_clear(&run->stopped);
    suites_clear(&run->suites);
    requirements_clear();
    free(run);
    return code;
}
