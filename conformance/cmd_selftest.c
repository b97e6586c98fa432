/* kmip-conform selftest: the tester held against servers that are wrong in one known way
 * each, and against correct ones that differ (selftest.h). */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/interrupt.h"
#include "conformance/mutant.h"
#include "conformance/program.h"
#include "conformance/requirement.h"
#include "conformance/selftest.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* A run waits longer than it reckons: several of them keep a processor busy. */
#define JOBS_PER_CPU 4
#define TIMEOUT_S 120

struct selftest_options {
    struct opt_list deviations, variations, profiles, cases;
    const char *json, *suites;
    int64_t jobs, timeout_ns, every;
    bool quiet, full, mutants;
};

#define SELFTEST(member) offsetof(struct selftest_options, member)

static const struct opt selftest_opts[] = {
    {.name = "deviation", .kind = OPT_LIST, .off = SELFTEST(deviations), .arg = "GLOB",
     .help = "only deviations whose name matches (and no variations, unless named too)"},
    {.name = "variation", .kind = OPT_LIST, .off = SELFTEST(variations), .arg = "GLOB",
     .help = "only variations whose name matches (and no deviations, unless named too)"},
    {.name = "mutants", .kind = OPT_FLAG, .off = SELFTEST(mutants),
     .help = "instead of servers, replies with one thing wrong each: of every reply of an honest "
             "run, every item removed, duplicated, swapped, retyped and changed"},
    {.name = "every", .kind = OPT_INT, .off = SELFTEST(every), .arg = "N", .min = 1,
     .max = 1000000, .help = "with --mutants: judge one kind of mutants in N, of every field"},
    {.name = "case", .kind = OPT_LIST, .off = SELFTEST(cases), .arg = "GLOB",
     .help = "with --mutants: only replies of cases whose id matches; what other cases are there for "
             "survives then"},
    {.name = "profile", .kind = OPT_LIST, .off = SELFTEST(profiles), .arg = "NAME",
     .help = "run this profile (may be repeated); default: as of `run`"},
    {.name = "full", .kind = OPT_FLAG, .off = SELFTEST(full),
     .help = "run every case against every deviation, also when it is killed already; with "
             "--mutants, tell of every field"},
    {.name = "jobs", .kind = OPT_INT, .off = SELFTEST(jobs), .arg = "N", .min = 1,
     .max = SELFTEST_JOBS_MAX, .help = "runs at a time (default: four for each processor)"},
    {.name = "timeout", .kind = OPT_DURATION, .off = SELFTEST(timeout_ns), .arg = "DURATION",
     .help = "when a run counts as hung (default 120s)"},
    {.name = "json", .kind = OPT_STR, .off = SELFTEST(json), .arg = "FILE",
     .help = "write the kill matrix as JSON ('-': standard output)"},
    {.name = "quiet", .ch = 'q', .kind = OPT_FLAG, .off = SELFTEST(quiet),
     .help = "no line for an entry that is as it should be"},
    {.name = "suites", .kind = OPT_STR, .off = SELFTEST(suites), .arg = "DIR",
     .help = "folder of the suites"},
};

/* ---- what is to be run ------------------------------------------------------ */

static bool chosen(const struct opt_list *globs, const char *name)
{
    for (size_t i = 0; i < globs->n; i++)
        if (text_glob(globs->v[i], name))
            return true;
    return globs->n == 0;
}

/* A row that is none would tie no case to the entry, and a profile that is none would leave
 * every case out; nobody would notice. */
static bool names_exist(const struct catalogue_entry *e, struct kerr *err)
{
    for (size_t i = 0; i < e->n_rows; i++)
        if (!requirement_find(e->rows[i]))
            return ynode_err(e->at, KE_CONFIG, err, "%s: there is no row %s", e->name, e->rows[i]);
    for (size_t i = 0; i < e->n_profiles; i++)
        if (!profile_find(e->profiles[i]))
            return ynode_err(e->at, KE_CONFIG, err, "%s: there is no profile %s", e->name,
                             e->profiles[i]);
    return true;
}

static bool load(struct catalogue *c, enum catalogue_kind kind, struct kerr *err)
{
    bool ok = catalogue_load(c, kind, err);
    for (size_t i = 0; ok && i < c->n; i++)
        ok = names_exist(&c->v[i], err);
    return ok;
}

static void take(struct selftest *st, enum catalogue_kind kind, const struct opt_list *globs)
{
    const struct catalogue *c = &st->catalogues[kind];
    for (size_t i = 0; i < c->n; i++)
        if (chosen(globs, c->v[i].name))
            st->v[st->n++] = (struct selftest_entry){
                .kind = kind == CATALOGUE_DEVIATIONS ? SELFTEST_DEVIATION : SELFTEST_VARIATION,
                .about = &c->v[i],
                .why = ""};
}

/* Both catalogues, unless names are asked for of one only. */
static bool plan(struct selftest *st, const struct selftest_options *o, struct kerr *err)
{
    const struct opt_list *globs[CATALOGUE_KINDS] = {&o->deviations, &o->variations};
    bool both = !o->mutants && o->deviations.n == 0 && o->variations.n == 0;
    size_t most = 1;
    for (int k = 0; k < CATALOGUE_KINDS; k++) {
        struct catalogue *c = &st->catalogues[k];
        if (!both && globs[k]->n == 0)
            continue;
        if (!load(c, (enum catalogue_kind)k, err))
            return false;
        most += c->n;
    }
    st->v = calloc(most, sizeof *st->v);
    if (!st->v)
        return kerr_set(err, KE_MEMORY, "no memory for the runs");
    st->v[st->n++] = (struct selftest_entry){.kind = SELFTEST_HONEST, .why = ""};
    for (int k = 0; k < CATALOGUE_KINDS; k++) {
        size_t before = st->n;
        take(st, (enum catalogue_kind)k, globs[k]);
        if (globs[k]->n > 0 && st->n == before)
            return kerr_set(err, KE_USAGE, "no %s matches; `kmip-mock %s` lists them",
                            catalogue_singular[k], catalogue_plural[k]);
    }
    for (size_t i = 0; i < st->n; i++)
        arena_init(&st->v[i].arena, 8u << 20);
    return true;
}

/* In memory where there is such a place: each run keeps a journal that is written to the
 * disk before every request. */
static bool make_work(struct selftest *st, struct kerr *err)
{
    const char *tmp = program_env("TMPDIR");
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(st->work, sizeof st->work, "%s/kmip-selftest.XXXXXX", tmp ? tmp : memory);
    if (!mkdtemp(st->work)) {
        kerr_set(err, KE_FILE, "cannot make a temporary folder %s: %s", st->work, strerror(errno));
        st->work[0] = 0;
        return false;
    }
    snprintf(st->pki, sizeof st->pki, "%s/pki", st->work);
    return true;
}

static bool prepare(struct selftest *st, const struct selftest_options *o, struct kerr *err)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t jobs = JOBS_PER_CPU * (int64_t)(cpus > 0 ? cpus : 1);
    st->jobs = o->jobs ? o->jobs : jobs < SELFTEST_JOBS_MAX ? jobs : SELFTEST_JOBS_MAX;
    st->timeout_ns = o->timeout_ns ? o->timeout_ns : TIMEOUT_S * NS_PER_S;
    terminal_init(&st->term, o->json && strcmp(o->json, "-") == 0 ? stderr : stdout);
    st->term.quiet = o->quiet;
    st->full = o->full;
    return report_can_write(o->json, err) && suites_find(&st->suites, o->suites, err) &&
           suites_load(&st->suites, &o->profiles, err) && plan(st, o, err) && make_work(st, err);
}

/* ---- the runs --------------------------------------------------------------- */

/* The honest one first and alone: it makes the certificates, and without it nothing can
 * be compared. */
static bool run_all(struct selftest *st, struct kerr *err)
{
    int64_t began_ns = clock_mono_ns();
    const struct selftest_entry *honest = &st->v[0];
    bool ok = selftest_pool(st, 0, 1, err);
    if (ok && honest->result == SELFTEST_BROKEN)
        ok = kerr_set(err, KE_INTERNAL, "not against the mock as it is either: %s", honest->why);
    ok = ok && selftest_pool(st, 1, st->n, err);
    st->took_ns = clock_mono_ns() - began_ns;
    return ok;
}

/* What lives, or is blamed, weighs more than what could not be brought to its end. */
static int exit_code(const struct selftest *st)
{
    size_t n[SELFTEST_RESULTS] = {0};
    for (size_t i = 0; i < st->n; i++)
        n[st->v[i].result]++;
    if (n[SELFTEST_SURVIVED] + n[SELFTEST_ELSEWHERE] + n[SELFTEST_BLAMED] > 0)
        return EXIT_FAILED;
    return n[SELFTEST_BROKEN] + n[SELFTEST_OPEN] > 0 ? EXIT_OURS : EXIT_CONFORMANT;
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)s;
    (void)kind;
    (void)ftw;
    (void)remove(path); /* what stays is in a temporary folder */
    return 0;
}

static void clear(struct selftest *st)
{
    for (size_t i = 0; i < st->n; i++)
        arena_clear(&st->v[i].arena);
    free(st->v);
    for (int k = 0; k < CATALOGUE_KINDS; k++)
        catalogue_clear(&st->catalogues[k]);
    suites_clear(&st->suites);
    requirements_clear();
    if (st->work[0])
        nftw(st->work, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int run_mutants(struct selftest *st, const struct selftest_options *o, struct kerr *err)
{
    struct mutants m = {.st = st,
                        .cases = o->cases,
                        .every = o->every ? (size_t)o->every : 1,
                        .whole = o->every <= 1 && o->cases.n == 0 && o->profiles.n == 0};
    bool ok = prepare(st, o, err) && mutants_run(&m, err);
    if (ok)
        mutants_print(&m);
    ok = ok && (!o->json || mutants_json(o->json, &m, err));
    int code = !ok ? program_failed(err) : mutants_good(&m) ? EXIT_CONFORMANT : EXIT_FAILED;
    mutants_clear(&m);
    return code;
}

static int run_servers(struct selftest *st, const struct selftest_options *o, struct kerr *err)
{
    bool ok = prepare(st, o, err) && run_all(st, err);
    if (ok)
        selftest_end(st);
    ok = ok && (!o->json || selftest_json(o->json, st, err));
    return ok ? exit_code(st) : program_failed(err);
}

static int run(const struct selftest_options *o)
{
    struct selftest *st = calloc(1, sizeof *st);
    struct kerr err = KERR_INIT;
    if (!st)
        return EXIT_OURS;
    int code = o->mutants ? run_mutants(st, o, &err) : run_servers(st, o, &err);
    clear(st);
    free(st);
    return code;
}

int cmd_selftest(int argc, char **argv)
{
    struct selftest_options o = {.json = NULL};
    struct command_line line;
    struct kerr err = KERR_INIT;
    int code;
    struct opt_set sets[] = {
        {"Selftest", selftest_opts, sizeof selftest_opts / sizeof *selftest_opts, &o}};
    if (!program_parse("selftest", sets, 1, argc, argv, &line, &code))
        return code;
    if (line.n == 0 && !o.mutants && (o.every || o.cases.n > 0)) {
        kerr_set(&err, KE_USAGE, "--every and --case are of --mutants");
        return program_failed(&err);
    }
    if (line.n == 0 && o.mutants && o.deviations.n + o.variations.n > 0) {
        kerr_set(&err, KE_USAGE, "--mutants are of the mock as it is, without --deviation and "
                                 "--variation");
        return program_failed(&err);
    }
    if (line.n == 0)
        return run(&o);
    kerr_set(&err, KE_USAGE, "selftest takes no operand such as '%s'", line.operands[0]);
    return program_failed(&err);
}
