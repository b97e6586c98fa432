/* The cases of a run (run.h): one after the other, or several at a time.
 *
 * With --jobs each worker is a thread with connections of its own, a journal of its own
 * that writes to the run's file, and a prefix of its own for names, which begins with the
 * run's. What a case found is kept with the case, so that the report has the order of the
 * suites, whoever was done first. Cases that must have the server to themselves (alone.h)
 * come last, in the main thread. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "conformance/alone.h"
#include "conformance/interrupt.h"
#include "conformance/run.h"
#include "conformance/runner.h"
#include "kmip/base/clock.h"

#define RETRY_MS 1000 /* before a server that does not answer is given up */

/* A case to run, and what came of it. */
struct job {
    const struct test_case *tc;
    bool alone;
    struct run_result found;
};

struct jobs {
    struct run *run;
    struct job *v;
    size_t n, begun;
    size_t next;           /* of those that may run side by side */
    bool side_by_side, over;
    pthread_mutex_t lock;  /* next, begun, over, stopped, and the terminal */
    struct {
        pthread_t thread;
        pthread_cond_t wake;
        bool started, over;
    } ticker;
};

struct worker {
    struct jobs *jobs;
    struct target target;
    struct journal journal;
    char prefix[60];
    struct runner runner;
    pthread_t thread;
    bool started, has_journal;
    struct kerr err;
};

/* ---- one case --------------------------------------------------------------- */

static bool is_over(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    bool over = jobs->over || interrupted;
    pthread_mutex_unlock(&jobs->lock);
    return over;
}

static void end_all(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->over = true;
    pthread_mutex_unlock(&jobs->lock);
}

static void stop(struct jobs *jobs, const struct test_case *tc, const struct kerr *err)
{
    struct run *run = jobs->run;
    char text[900];
    pthread_mutex_lock(&jobs->lock);
    if (!run->result.stopped) {
        buf_printf(&run->stopped, "the server does not answer any more since case %s: %s", tc->id,
                   kerr_format(err, text, sizeof text));
        run->result.stopped = buf_cstr(&run->stopped);
    }
    jobs->over = true;
    pthread_mutex_unlock(&jobs->lock);
}

/* After a case that got no reply: is there still a server? If not, the rest of the
 * cases would only wait. */
static bool still_there(struct jobs *jobs, struct target *target, const struct case_result *c)
{
    struct kerr err = KERR_INIT;
    if (!c->lost || interrupted || target_alive(target, &err))
        return true;
    poll(NULL, 0, RETRY_MS);
    err = (struct kerr)KERR_INIT;
    if (interrupted || target_alive(target, &err))
        return true;
    stop(jobs, c->tc, &err);
    return false;
}

static bool run_rounds(struct jobs *jobs, struct job *job, struct runner *r, struct kerr *err)
{
    for (unsigned k = 0; k < jobs->run->result.repeat && !is_over(jobs); k++) {
        struct case_result *c = run_case(r, job->tc, k);
        if (!c)
            return kerr_set(err, KE_MEMORY, "no memory for a result");
        if (!result_add(&job->found, c, err) || !still_there(jobs, r->target, c))
            return err->code == KE_OK;
    }
    return true;
}

static void begin(struct jobs *jobs, const struct job *job)
{
    pthread_mutex_lock(&jobs->lock);
    if (job->tc->probe)
        jobs->run->result.driver = &jobs->run->driver;
    report_begin(&jobs->run->term, job->tc, jobs->begun++, jobs->n);
    pthread_mutex_unlock(&jobs->lock);
}

static void end(struct jobs *jobs, struct job *job)
{
    job->found.baseline = jobs->run->result.baseline;
    result_know(&job->found);
    pthread_mutex_lock(&jobs->lock);
    if (job->found.n_tallies > 0)
        report_case(&jobs->run->term, &job->found.tallies[0]);
    pthread_mutex_unlock(&jobs->lock);
}

static bool run_job(struct jobs *jobs, struct job *job, struct runner *r, struct kerr *err)
{
    begin(jobs, job);
    bool ok = run_rounds(jobs, job, r, err);
    end(jobs, job);
    return ok;
}

/* ---- workers ---------------------------------------------------------------- */

static struct job *next_job(struct jobs *jobs)
{
    struct job *job = NULL;
    pthread_mutex_lock(&jobs->lock);
    while (jobs->next < jobs->n && jobs->side_by_side && jobs->v[jobs->next].alone)
        jobs->next++;
    if (jobs->next < jobs->n && !jobs->over && !interrupted)
        job = &jobs->v[jobs->next++];
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

static void work(struct worker *w)
{
    for (struct job *job; (job = next_job(w->jobs)) != NULL;)
        if (!run_job(w->jobs, job, &w->runner, &w->err))
            end_all(w->jobs);
}

static void *work_beside(void *arg)
{
    struct worker *w = arg;
    interrupt_join();
    work(w);
    interrupt_leave();
    return NULL;
}

/* The server as the gate saw it, with connections and a control API of its own. Texts are
 * the run's, which lasts longer. */
static bool copy_target(struct target *to, const struct target *from, struct kerr *err)
{
    target_init(to, &from->opt);
    memcpy(to->versions, from->versions, sizeof to->versions);
    to->n_versions = from->n_versions;
    memcpy(to->operations, from->operations, sizeof to->operations);
    to->n_operations = from->n_operations;
    memcpy(to->objects, from->objects, sizeof to->objects);
    to->n_objects = from->n_objects;
    to->vendor = from->vendor;
    to->tls = from->tls;
    to->has_offset = from->has_offset;
    to->offset_s = from->offset_s;
    to->offset_uncertain_s = from->offset_uncertain_s;
    to->pace.passed_ns = from->pace.passed_ns;
    if (from->pace.control)
        to->pace.control = mock_control_again(from->pace.control, err);
    return !from->pace.control || to->pace.control;
}

static struct runner runner_of(struct run *run, struct target *target, struct journal *journal,
                               const char *prefix)
{
    return (struct runner){.target = target,
                           .journal = journal,
                           .run_prefix = prefix,
                           .show_secrets = run->o.show_secrets,
                           .stop = &interrupted,
                           .driver = &run->driver};
}

static bool start_worker(struct jobs *jobs, struct worker *w, unsigned no, struct kerr *err)
{
    struct run *run = jobs->run;
    *w = (struct worker){.jobs = jobs, .err = KERR_INIT};
    if (!copy_target(&w->target, &run->target, err) ||
        !journal_lend(&run->journal, &w->journal, no, err))
        return false;
    w->has_journal = true;
    snprintf(w->prefix, sizeof w->prefix, "%s-j%u", run->prefix, no);
    w->runner = runner_of(run, &w->target, &w->journal, w->prefix);
    w->started = pthread_create(&w->thread, NULL, work_beside, w) == 0;
    return w->started || kerr_set(err, KE_MEMORY, "cannot start a thread");
}

/* What it left, and the time that it let pass, are the run's. */
static bool end_worker(struct worker *w, int64_t passed_ns, struct kerr *err)
{
    struct run *run = w->jobs->run;
    bool ok = true;
    if (w->started)
        pthread_join(w->thread, NULL);
    if (w->err.code != KE_OK)
        ok = kerr_set(err, w->err.code, "%s", w->err.msg);
    if (w->has_journal)
        ok = journal_take_over(&run->journal, &w->journal, err) && ok;
    run->target.pace.passed_ns = clock_add(run->target.pace.passed_ns,
                                           w->target.pace.passed_ns - passed_ns);
    target_clear(&w->target);
    return ok;
}

static bool run_side_by_side(struct jobs *jobs, size_t n_workers, struct worker *first,
                             struct kerr *err)
{
    struct worker *v = calloc(n_workers, sizeof *v);
    int64_t passed_ns = jobs->run->target.pace.passed_ns;
    size_t started = 0;
    bool ok = v != NULL || kerr_set(err, KE_MEMORY, "no memory for --jobs");
    while (ok && started < n_workers) {
        ok = start_worker(jobs, &v[started], (unsigned)started + 1, err);
        started++;
    }
    if (ok)
        work(first);
    else
        end_all(jobs);
    for (size_t i = 0; i < started; i++)
        ok = end_worker(&v[i], passed_ns, err) && ok;
    free(v);
    return ok;
}

/* ---- what shows that it goes on ------------------------------------------------- */

static void *tick(void *arg)
{
    struct jobs *jobs = arg;
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->ticker.over) {
        struct timespec when;
        clock_gettime(CLOCK_REALTIME, &when);
        when.tv_sec += 1;
        if (pthread_cond_timedwait(&jobs->ticker.wake, &jobs->lock, &when) != 0 &&
            !jobs->ticker.over)
            report_tick(&jobs->run->term);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* A run goes on without it where there can be none. */
static void start_ticker(struct jobs *jobs)
{
    jobs->ticker.started = pthread_create(&jobs->ticker.thread, NULL, tick, jobs) == 0;
}

static void end_ticker(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->ticker.over = true;
    pthread_cond_signal(&jobs->ticker.wake);
    pthread_mutex_unlock(&jobs->lock);
    if (jobs->ticker.started)
        pthread_join(jobs->ticker.thread, NULL);
}

/* ---- all of them ------------------------------------------------------------ */

static bool collect(struct jobs *jobs, bool side_by_side, struct kerr *err)
{
    struct run *run = jobs->run;
    jobs->v = calloc(run_selected(run) + 1, sizeof *jobs->v);
    if (!jobs->v)
        return kerr_set(err, KE_MEMORY, "no memory for the cases");
    for (const struct test_case *c = run->suites.first; c; c = c->next)
        if (run_wants(run, c))
            jobs->v[jobs->n++] = (struct job){
                .tc = c,
                .alone = side_by_side && case_alone(c, run->target.pace.control != NULL)};
    return true;
}

static bool run_alone(struct jobs *jobs, struct worker *first, struct kerr *err)
{
    for (size_t i = 0; i < jobs->n && !is_over(jobs); i++)
        if (jobs->v[i].alone && !run_job(jobs, &jobs->v[i], &first->runner, err))
            return false;
    return true;
}

/* In the order of the suites. */
static bool join(struct jobs *jobs, struct kerr *err)
{
    struct run_result *r = &jobs->run->result;
    size_t left = 0;
    bool ok = true;
    for (size_t i = 0; i < jobs->n; i++) {
        left += jobs->v[i].found.n_tallies == 0;
        ok = result_join(r, &jobs->v[i].found, err) && ok;
    }
    r->interrupted = interrupted;
    r->not_run = left;
    return ok;
}

bool run_jobs(struct run *run, struct kerr *err)
{
    size_t beside = run->o.jobs > 1 ? (size_t)run->o.jobs - 1 : 0;
    struct jobs jobs = {.run = run, .side_by_side = beside > 0, .lock = PTHREAD_MUTEX_INITIALIZER,
                        .ticker = {.wake = PTHREAD_COND_INITIALIZER}};
    struct worker *first = calloc(1, sizeof *first);
    if (!first)
        return kerr_set(err, KE_MEMORY, "no memory for the cases");
    first->jobs = &jobs;
    first->err = (struct kerr)KERR_INIT;
    first->runner = runner_of(run, &run->target, &run->journal, run->prefix);
    bool ok = collect(&jobs, beside > 0, err);
    start_ticker(&jobs);
    if (ok && beside > 0)
        ok = run_side_by_side(&jobs, beside, first, err);
    else if (ok)
        work(first);
    if (first->err.code != KE_OK)
        ok = kerr_set(err, first->err.code, "%s", first->err.msg);
    ok = ok && run_alone(&jobs, first, err);
    end_ticker(&jobs);
    ok = join(&jobs, err) && ok;
    free(jobs.v);
    free(first);
    return ok;
}
