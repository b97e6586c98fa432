/* A run against one server (run.h). */
#include "conformance/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "conformance/interrupt.h"
#include "conformance/oasis.h"
#include "conformance/program.h"
#include "conformance/requirement.h"
#include "conformance/shard.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/base/token.h"

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
    text_shell_word(out, value);
}

/* What the driver suite was told, for the same. */
static void note_driver(struct run *run)
{
    const struct driver_options *d = &run->driver.opt;
    struct buf *out = &run->run_options;
    const struct test_case *c = run->suites.first;
    while (c && !c->probe)
        c = c->next;
    if (!c)
        return;
    if (d->idle_ns > 0)
        buf_printf(out, " --idle %lldms", (long long)(d->idle_ns / NS_PER_MS));
    if (!d->configured)
        return;
    buf_printf(out, " --pipeline-depth %u%s", d->depth, d->compound ? " --compound-create" : "");
    put_option(out, "bucket-attribute", d->attribute);
}

/* ---- time ------------------------------------------------------------------- */

static bool has_probes(const struct run *run)
{
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        if (c->probe)
            return true;
    return false;
}

/* `kmip-mock run` tells where its server is, and more about it; what it says is of no other
 * server. */
static const char *of_environment(const struct run *run, const char *name)
{
    const char *host = program_env("KMIP_HOST"), *port = program_env("KMIP_PORT");
    bool same = host && port && strcmp(host, run->to.settings.host) == 0 &&
                strcmp(port, run->target.port) == 0;
    return same ? program_env(name) : NULL;
}

/* To the mock's control API, with the token that it may ask for. */
static struct mock_control *open_control(const struct run *run, const char *place, struct kerr *err)
{
    char token[TOKEN_MAX];
    const struct token_source from = {.argument = run->o.control_token,
                                      .file = run->o.control_token_file,
                                      .environment = "KMIP_CONTROL_TOKEN",
                                      .option = "control-token"};
    struct mock_control *c =
        token_read(&from, token, err) ? mock_control_new(place, token, err) : NULL;
    wipe(token, sizeof token);
    return c;
}

/* Waits on a mock that can be told to let time pass. Not for the driver suite, which
 * measures how a clock runs. */
static bool find_control(struct run *run, struct kerr *err)
{
    const char *place = run->o.control ? run->o.control : of_environment(run, "KMIP_CONTROL");
    struct mock_control **c = &run->target.pace.control;
    int port;
    if (!place || has_probes(run))
        return true;
    if (!(*c = open_control(run, place, err)) || !mock_control_port(*c, &port, err))
        return false;
    return port == run->to.settings.port ||
           kerr_set(err, KE_USAGE,
                    "--control %s is of the mock on port %d, and the run tests port %s", place,
                    port, run->target.port);
}

/* What is the same wherever the server is. */
static void put_manner(struct buf *out, const struct kc_settings *s)
{
    if (s->version != KMIP_V12)
        put_option(out, "protocol", kmip_version_text(s->version));
    if (s->timeout_ns != RUN_TIMEOUT_S * NS_PER_S)
        buf_printf(out, s->timeout_ns % NS_PER_S ? " --timeout %lldms" : " --timeout %lld",
                   (long long)(s->timeout_ns / (s->timeout_ns % NS_PER_S ? NS_PER_MS : NS_PER_S)));
}

/* A mock of `kmip-mock run` is gone when the report is read: a case runs again under
 * another. Not with certificates that are not the mock's own. */
static bool note_mock(struct run *run)
{
    const struct kc_settings *s = &run->to.settings;
    const char *mock = of_environment(run, "KMIP_RUN"), *certs = program_env("KMIP_CERTS"),
               *other = program_env("KMIP_OTHER_CERTS");
    if (!mock || !certs || !s->certs || strcmp(certs, s->certs) != 0 || s->ca || s->cert || s->key)
        return false;
    buf_printf(&run->again, "%s %s run", mock, program_name());
    if (run->o.other_certs && (!other || strcmp(other, run->o.other_certs) != 0))
        put_option(&run->again, "other-certs", run->o.other_certs);
    put_manner(&run->again, s);
    run->result.again = buf_cstr(&run->again);
    return true;
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
    put_manner(out, s);
    put_option(&run->run_options, "object", run->o.object);
    put_option(&run->run_options, "auth-suite", run->o.auth_suite);
    put_option(&run->run_options, "client-ca", run->o.client_ca);
    put_option(&run->run_options, "suites", run->o.suites);
    for (size_t i = 0; i < run->o.oasis.n; i++)
        put_option(&run->run_options, "oasis", run->o.oasis.v[i]);
    if (!note_mock(run))
        put_option(&run->run_options, "control", run->o.control);
    note_driver(run);
    run->result.reach = buf_cstr(out);
    run->result.run_options = buf_cstr(&run->run_options);
}

static bool is_chosen(const struct run *run, const struct test_case *tc)
{
    return suite_selected(tc, &run->o.cases, &run->o.skips);
}

bool run_wants(const struct run *run, const struct test_case *tc)
{
    return is_chosen(run, tc) &&
           (run->shard.of == 0 || shard_of(tc, run->shard.of) == run->shard.index);
}

size_t run_selected(const struct run *run)
{
    size_t n = 0;
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        n += run_wants(run, c);
    return n;
}

/* All that are chosen; a shard keeps their list, so that a merge sees what it must have. */
static bool choose(struct run *run, struct kerr *err)
{
    size_t n = 0;
    run->whole = calloc(run->suites.n + 1, sizeof *run->whole);
    if (!run->whole)
        return kerr_set(err, KE_MEMORY, "no memory for the cases");
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        if (is_chosen(run, c))
            run->whole[n++] = c;
    run->shard.cases = run->whole;
    run->shard.n_cases = n;
    if (n == 0)
        return kerr_set(err, KE_USAGE, "no case matches; `%s list` shows them", program_name());
    return !run->o.shard || shard_parse(run->o.shard, &run->shard.index, &run->shard.of, err);
}

/* The second identity's files, before the first case that needs them. */
static bool check_other(const struct run *run, struct kerr *err)
{
    struct tls_dir dir;
    if (!run->o.other_certs)
        return true;
    if (!tls_dir_files(run->o.other_certs, &dir, err))
        return false;
    const struct tls_files files = tls_files_of(&dir);
    const struct tls_options none = {.priority = NULL};
    struct tls_creds *creds = tls_creds_load(TLS_CLIENT, &files, &none, err);
    bool ok = creds != NULL;
    tls_creds_free(&creds);
    return ok;
}

static bool choose_auth_suite(struct run *run, struct kerr *err)
{
    const char *name = run->o.auth_suite ? run->o.auth_suite : auth_suite_names[AUTH_REPORT];
    for (unsigned i = 0; auth_suite_names[i]; i++)
        if (strcmp(name, auth_suite_names[i]) == 0) {
            run->to.auth_suite = i;
            return true;
        }
    return kerr_set(err, KE_USAGE, "--auth-suite is basic, tls12 or report, not '%s'", name);
}

/* Some of the cases are files of the suites. */
static bool needs_folder(const struct opt_list *names)
{
    for (size_t i = 0; i < names->n; i++) {
        const struct profile *p = profile_find(names->v[i]);
        if (!p || !p->probes)
            return true;
    }
    return names->n == 0;
}

/* Behind --oasis further files and folders of published cases may stand as operands. */
static bool load_given(struct run *run, char *const *files, int n_files, struct kerr *err)
{
    bool other = run->o.other_certs != NULL;
    for (size_t i = 0; i < run->o.oasis.n; i++)
        if (!oasis_add(&run->suites, run->o.oasis.v[i], other, err))
            return false;
    for (int i = 0; i < n_files; i++) {
        const char *path = files[i];
        if (run->o.oasis.n == 0 && oasis_folder(path))
            return kerr_set(err, KE_USAGE, "%s is a folder: name the files of the cases, or give "
                            "--oasis %s to run the published ones (XML) in it", path, path);
        if (!(oasis_names(path) ? oasis_add(&run->suites, path, other, err)
                                : suites_add_file(&run->suites, path, err)))
            return false;
    }
    return true;
}

bool run_load(struct run *run, char *const *files, int n_files, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    bool given = n_files > 0 || run->o.oasis.n > 0;
    bool only_files = given && run->o.profiles.n == 0 && !run->o.suites;
    /* A case from a file does without the folder; its requirement rows are not known then. */
    if ((given || needs_folder(&run->o.profiles)) &&
        !suites_find(&run->suites, run->o.suites, &why) && !only_files)
        return kerr_set(err, why.code, "%s", why.msg);
    if (!load_given(run, files, n_files, err))
        return false;
    if ((!given || run->o.profiles.n > 0) &&
        !suites_load(&run->suites, &run->o.profiles, err))
        return false;
    return choose(run, err);
}

/* Files are written at the end of a run: no two to one place. */
static bool check_files(const struct run *run, struct kerr *err)
{
    const struct run_options *o = &run->o;
    return report_files_check(&o->files, "write-baseline", o->write_baseline, err) &&
           baseline_can_write(o->write_baseline, o->baseline ? &run->baseline : NULL, err);
}

bool run_prepare(struct run *run, struct kerr *err)
{
    struct run_options *o = &run->o;
    if (o->baseline &&
        !baseline_load(&run->baseline, o->baseline, clock_wall_ns() / NS_PER_S, err))
        return false;
    if (!choose_auth_suite(run, err) || !kc_settings_finish(&run->to.settings, err) ||
        !check_files(run, err))
        return false;
    const struct kc_settings *s = &run->to.settings;
    const struct driver_options driver = {
        .idle_ns = o->idle_ns,
        .configured = s->values || s->depth_given || s->compound_create ||
                      s->no_compound_create || s->bucket_attribute,
        .compound = s->compound_create,
        .depth = (unsigned)s->depth,
        .attribute = s->bucket_attribute};
    driver_init(&run->driver, &driver);
    run->to.other_certs = o->other_certs;
    run->to.object = o->object;
    run->to.client_ca = o->client_ca;
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
    return check_other(run, err) && journal_check(&run->journal, err) && find_control(run, err);
}

/* Is it our own mock? Nobody's keys are on it. */
static bool is_mock(const struct run *run)
{
    return run->target.pace.control || strcmp(run->target.vendor, "kmip-mock") == 0;
}

static bool is_hostile(const struct test_case *c)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (c->steps[i].families || c->steps[i].kind == STEP_STALL)
            return true;
    return false;
}

void run_warn(const struct run *run)
{
    size_t n = 0;
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        n += suite_selected(c, &run->o.cases, &run->o.skips) && is_hostile(c);
    if (n > 0 && !is_mock(run))
        fprintf(run->term.out,
                "Hostile      %zu cases send some thousand malformed messages to %s and hold "
                "connections open: a server that cannot bear it may stop serving anybody\n\n",
                n, run->server);
}

/* ---- the cases -------------------------------------------------------------- */

bool run_gate(struct run *run, struct kerr *err)
{
    run->result = (struct run_result){.target = &run->target,
                                      .run_prefix = run->prefix,
                                      .gate_text = "",
                                      .started_wall_ns = clock_wall_ns(),
                                      .repeat = (unsigned)run->o.repeat,
                                      .strict = run->o.strict,
                                      .show_secrets = run->o.show_secrets,
                                      .verbose = run->o.verbose,
                                      .requirements = requirement_at(0),
                                      .n_requirements = requirements_count(),
                                      .virtual_time = run->target.pace.control != NULL,
                                      .baseline = run->o.baseline ? &run->baseline : NULL,
                                      .shard = run->shard};
    buf_init(&run->reach, 32768);
    buf_init(&run->again, 65536);
    buf_init(&run->run_options, 16384);
    buf_init(&run->stopped, 4096);
    note_options(run);
    run->result.gate = target_gate(&run->target, err);
    return run->result.gate == GATE_OPEN;
}

bool run_cases(struct run *run, struct kerr *err)
{
    bool ok = run_jobs(run, err);
    interrupt_hold();
    run->result.left_behind = journal_clean(&run->journal, &run->target, NULL, false);
    interrupt_release();
    run->result.journal = &run->journal;
    result_know(&run->result);
    if (run->result.baseline)
        baseline_settle(&run->baseline, &run->result, run->suites.first);
    run->result.took_ns = clock_wall_ns() - run->result.started_wall_ns;
    return ok;
}

void run_clear(struct run *run)
{
    journal_close(&run->journal);
    result_clear(&run->result);
    target_clear(&run->target);
    buf_clear(&run->reach);
    buf_clear(&run->again);
    buf_clear(&run->run_options);
    buf_clear(&run->stopped);
    free(run->whole);
    run->whole = NULL;
    baseline_clear(&run->baseline);
    suites_clear(&run->suites);
    requirements_clear();
}
