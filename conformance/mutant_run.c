/* All mutants of an honest run (mutant.h): the run, then its cases by as many threads as
 * there are processors. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/interrupt.h"
#include "conformance/mock_process.h"
#include "conformance/mutant.h"
#include "conformance/program.h"
#include "conformance/run.h"
#include "kmip/base/clock.h"

#define THREADS_MAX 64

/* ---- the honest run --------------------------------------------------------------- */

/* What it says goes nowhere: only what it found counts. */
static bool record(struct mutants *m, struct kerr *err)
{
    struct mock_process mock = {.pid = 0};
    struct run *run = m->run;
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere)
        return kerr_set(err, KE_FILE, "cannot open /dev/null");
    bool ok = selftest_reach(m->st, &m->st->v[0], run, &mock, m->paths, err);
    terminal_init(&run->term, nowhere);
    run->suites = m->st->suites;
    run->o.cases = m->cases;
    if (ok && run_selected(run) == 0)
        ok = kerr_set(err, KE_USAGE, "no case matches; `%s list` shows them", program_name());
    ok = ok && run_prepare(run, err) && run_gate(run, err) && run_cases(run, err);
    target_close_all(&run->target);
    mock_stop(&mock);
    run->suites = (struct suites){.first = NULL};
    fclose(nowhere);
    if (ok && interrupted)
        return kerr_set(err, KE_INTERRUPTED, "interrupted");
    return ok && (!run->result.stopped || kerr_set(err, KE_INTERNAL, "%s", run->result.stopped));
}

/* ---- the mutants ------------------------------------------------------------------ */

struct crew {
    struct mutants *m;
    const struct case_result **cases;
    size_t n;
    atomic_size_t next;
    atomic_bool over;
};

struct hand {
    struct crew *crew;
    struct mutant_tally tally;
    struct kerr err;
    pthread_t thread;
    bool started;
};

static void *work(void *arg)
{
    struct hand *h = arg;
    struct crew *crew = h->crew;
    const struct mutants *m = crew->m;
    for (;;) {
        size_t i = atomic_fetch_add(&crew->next, 1);
        if (i >= crew->n || crew->over || interrupted)
            return NULL;
        const struct mutant_lot lot = {.recorded = crew->cases[i],
                                       .target = &m->run->target,
                                       .run_prefix = m->run->prefix,
                                       .every = m->every};
        if (!mutant_judge(&lot, &h->tally, &h->err))
            crew->over = true;
    }
}

/* Cases with replies that can be had without a server. */
static bool choose(struct mutants *m, struct crew *crew, struct kerr *err)
{
    crew->cases = calloc(m->run->result.counts.total + 1, sizeof *crew->cases);
    if (!crew->cases)
        return kerr_set(err, KE_MEMORY, "no memory for the cases");
    for (const struct case_result *c = m->run->result.cases; c; c = c->next) {
        size_t n = 0;
        for (const struct exchange *e = c->exchanges; e; e = e->next)
            n += e->reply.n > 0;
        if (n == 0)
            continue;
        if (!replay_can(c->tc)) {
            m->n_left_out += n;
            continue;
        }
        m->n_replies += n;
        crew->cases[crew->n++] = c;
    }
    m->n_cases = crew->n;
    return true;
}

static size_t threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (size_t)n;
}

static bool end_hand(struct hand *h, struct kerr *err)
{
    struct mutants *m = h->crew->m;
    if (h->started)
        pthread_join(h->thread, NULL);
    bool ok = h->err.code == KE_OK || kerr_set(err, h->err.code, "%s", h->err.msg);
    return (mutant_tally_add(&m->tally, &h->tally) ||
            kerr_set(err, KE_MEMORY, "no memory for mutants")) &&
           ok;
}

static bool judge_all(struct mutants *m, struct kerr *err)
{
    struct crew crew = {.m = m};
    size_t n = threads();
    struct hand *hands = calloc(n, sizeof *hands);
    bool ok = choose(m, &crew, err) && (hands || kerr_set(err, KE_MEMORY, "no memory"));
    for (size_t i = 0; ok && i < n; i++) {
        hands[i] = (struct hand){.crew = &crew, .err = KERR_INIT};
        mutant_tally_init(&hands[i].tally);
        hands[i].started = i > 0 && pthread_create(&hands[i].thread, NULL, work, &hands[i]) == 0;
    }
    if (ok)
        work(&hands[0]);
    for (size_t i = 0; hands && i < n && hands[i].crew; i++)
        ok = end_hand(&hands[i], err) && ok;
    for (size_t i = 0; hands && i < n; i++)
        mutant_tally_clear(&hands[i].tally);
    free(hands);
    free(crew.cases);
    return ok && (!interrupted || kerr_set(err, KE_INTERRUPTED, "interrupted"));
}

/* ---- all of it ---------------------------------------------------------------------- */

bool mutants_run(struct mutants *m, struct kerr *err)
{
    int64_t began_ns = clock_mono_ns();
    mutant_tally_init(&m->tally);
    m->run = calloc(1, sizeof *m->run);
    if (!m->run)
        return kerr_set(err, KE_MEMORY, "no memory for a run");
    if (!mutant_reasons_load(&m->reasons, err) || !record(m, err))
        return false;
    m->recorded_ns = clock_mono_ns() - began_ns;
    if (!judge_all(m, err))
        return false;
    m->judged_ns = clock_mono_ns() - began_ns - m->recorded_ns;
    mutant_reasons_apply(&m->reasons, &m->tally);
    mutant_tally_sort(&m->tally);
    return true;
}

void mutants_clear(struct mutants *m)
{
    if (m->run)
        run_clear(m->run);
    free(m->run);
    m->run = NULL;
    mutant_tally_clear(&m->tally);
    mutant_reasons_clear(&m->reasons);
}

bool mutants_good(const struct mutants *m)
{
    for (size_t i = 0; i < m->tally.n; i++)
        if (mutant_survived(&m->tally.v[i]))
            return false;
    for (size_t i = 0; m->whole && i < m->reasons.n; i++)
        if (m->reasons.v[i].used == 0)
            return false;
    return true;
}
