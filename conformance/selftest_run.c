/* One run of the selftest (selftest.h): the tester as `run` has it, against a mock that is
 * as the entry says. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "conformance/mock_process.h"
#include "conformance/run.h"
#include "conformance/selftest.h"
#include "kmip/base/clock.h"

#define TIMEOUT_S 5 /* a mock on this machine that has not answered by then never does */

/* ---- the outcome as JSON ---------------------------------------------------- */

static json_t *rules_of(const struct case_result *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->found.n; i++)
        if (c->found.v[i].clause)
            json_array_append_new(list, json_pack("{s:o, s:b}", "clause",
                                                  selftest_text(c->found.v[i].clause), "must",
                                                  c->found.v[i].must));
    return list;
}

static json_t *outcomes_of(const struct run_result *r)
{
    json_t *list = json_array();
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (c->verdict != VERDICT_PASS)
            json_array_append_new(list, json_pack("{s:s, s:i, s:o, s:o}", "id", c->tc->id, "verdict",
                                                  (int)c->verdict, "reason",
                                                  selftest_text(c->reason), "rules", rules_of(c)));
    return list;
}

static bool write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        left -= (size_t)n;
    }
    return true;
}

/* broken: NULL when the run came to its end. */
static bool say(int fd, const struct run *run, const char *broken)
{
    json_t *counts = json_array();
    for (int v = 0; v < VERDICT_COUNT_; v++)
        json_array_append_new(counts, json_integer((json_int_t)run->result.counts.n[v]));
    json_t *j = json_pack("{s:o?, s:o, s:o}", "broken", broken ? selftest_text(broken) : NULL,
                          "counts", counts, "cases", outcomes_of(&run->result));
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    bool ok = text && write_all(fd, text);
    free(text);
    json_decref(j);
    return ok;
}

/* ---- the run ---------------------------------------------------------------- */

static bool start_mock(const struct selftest *st, const struct selftest_entry *e,
                       struct mock_process *m, struct kerr *err)
{
    char set[300];
    const char *args[] = {"--control", "127.0.0.1:0", "--seed", "1", NULL, NULL, NULL};
    if (e->about) {
        const char *key =
            catalogue_plural[e->kind == SELFTEST_DEVIATION ? CATALOGUE_DEVIATIONS
                                                           : CATALOGUE_VARIATIONS];
        snprintf(set, sizeof set, "%s=[%s]", key, e->about->name);
        args[4] = "--set";
        args[5] = set;
    }
    return mock_start(m, st->pki, args, err);
}

/* Where the mock is, whatever the environment says. */
static void settings(struct run *run, const struct selftest *st, const struct mock_process *m,
                     char paths[3][400])
{
    struct kc_settings *s = &run->to.settings;
    kc_settings_init(s);
    snprintf(paths[0], 400, "%s/client", st->pki);
    snprintf(paths[1], 400, "%s/other", st->pki);
    snprintf(paths[2], 400, "%s/%ld.journal", st->work, (long)getpid());
    s->host = m->host;
    s->port = strtol(m->port, NULL, 10);
    s->port_given = true;
    s->certs = paths[0];
    s->timeout_ns = TIMEOUT_S * NS_PER_S;
    run->o.other_certs = paths[1];
    run->o.journal = paths[2];
    run->o.control = m->control;
    run->o.repeat = 1;
    run->suites = st->suites;
    terminal_init(&run->term, stdout);
}

/* What kept the run from its end, into text; NULL: nothing. */
static const char *all_of_it(struct run *run, struct mock_process *m, char *text, size_t room)
{
    struct kerr err = KERR_INIT;
    char status[60];
    if (!run_prepare(run, &err) || !run_gate(run, &err) || !run_cases(run, &err))
        return kerr_format(&err, text, room);
    if (mock_ended(m, status, sizeof status)) {
        snprintf(text, room, "the mock ended by itself: %s", status);
        return text;
    }
    return run->result.stopped;
}

/* Signals as a program expects them: their thread is the parent's. Gone when it goes. */
static void become_run(const struct selftest *st)
{
    char log[300];
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(log, sizeof log, "%s/log", st->work);
    setenv("TMPDIR", st->work, 1);
    if (!freopen(log, "a", stdout) || dup2(fileno(stdout), 2) < 0)
        _exit(EXIT_FAILURE);
}

_Noreturn void selftest_run(const struct selftest *st, const struct selftest_entry *e, int fd)
{
    struct mock_process mock;
    struct run *run = calloc(1, sizeof *run);
    struct kerr err = KERR_INIT;
    char paths[3][400], text[900];
    become_run(st);
    if (!run)
        _exit(EXIT_FAILURE);
    const char *broken;
    if (start_mock(st, e, &mock, &err)) {
        settings(run, st, &mock, paths);
        broken = all_of_it(run, &mock, text, sizeof text);
    } else {
        broken = kerr_format(&err, text, sizeof text);
    }
    bool said = say(fd, run, broken);
    mock_stop(&mock);
    fflush(stdout);
    _exit(said ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- in the parent ---------------------------------------------------------- */

static const struct test_case *case_of(const struct selftest *st, const char *id)
{
    for (const struct test_case *c = st->suites.first; id && c; c = c->next)
        if (strcmp(c->id, id) == 0)
            return c;
    return NULL;
}

static bool take_rules(struct selftest_entry *e, struct selftest_outcome *o, const json_t *rules)
{
    o->n_clauses = json_array_size(rules);
    o->clauses = arena_array(&e->arena, o->n_clauses, sizeof *o->clauses);
    o->musts = arena_array(&e->arena, o->n_clauses, sizeof *o->musts);
    for (size_t i = 0; o->clauses && o->musts && i < o->n_clauses; i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *clause = json_string_value(json_object_get(rule, "clause"));
        o->clauses[i] = arena_str(&e->arena, clause ? clause : "");
        o->musts[i] = json_is_true(json_object_get(rule, "must"));
        if (!o->clauses[i])
            return false;
    }
    return o->n_clauses == 0 || (o->clauses && o->musts);
}

static bool take_case(const struct selftest *st, struct selftest_entry *e, const json_t *j)
{
    struct selftest_outcome *o = &e->v[e->n];
    const char *reason = json_string_value(json_object_get(j, "reason"));
    o->tc = case_of(st, json_string_value(json_object_get(j, "id")));
    o->verdict = (enum verdict)json_integer_value(json_object_get(j, "verdict"));
    o->reason = arena_str(&e->arena, reason ? reason : "");
    if (!o->tc || !o->reason || !take_rules(e, o, json_object_get(j, "rules")))
        return false;
    e->n++;
    return true;
}

bool selftest_take(const struct selftest *st, struct selftest_entry *e, struct bytes text)
{
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    const json_t *cases = json_object_get(j, "cases"), *counts = json_object_get(j, "counts");
    const char *broken = json_string_value(json_object_get(j, "broken"));
    size_t n = json_array_size(cases);
    e->v = arena_array(&e->arena, n ? n : 1, sizeof *e->v);
    bool ok = j && e->v;
    for (size_t v = 0; v < VERDICT_COUNT_; v++)
        e->counts[v] = (size_t)json_integer_value(json_array_get(counts, v));
    for (size_t i = 0; ok && i < n; i++)
        ok = take_case(st, e, json_array_get(cases, i));
    if (ok && broken)
        ok = (e->broken = arena_str(&e->arena, broken)) != NULL;
    json_decref(j);
    return ok;
}
