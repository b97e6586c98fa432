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

#define TIMEOUT_S 3  /* a mock on this machine that has not answered by then never does */
#define PIECE 8      /* cases, between looks at what has come of them */
#define PATIENCE_S 5 /* with a group of cases */

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
    terminal_init(&run->term, stdout);
}

bool selftest_reach(const struct selftest *st, const struct selftest_entry *e, struct run *run,
                    struct mock_process *m, char paths[3][400], struct kerr *err)
{
    if (!start_mock(st, e, m, err))
        return false;
    settings(run, st, m, paths);
    return true;
}

/* ---- the order of the cases ------------------------------------------------- */

/* Groups by how close the cases are, each in the order of the suites. The variations' and
 * the honest mock's are one. */
struct order {
    struct test_case *groups[SELFTEST_NEARS];
};

/* Of a profile that the server claims? */
static bool is_claimed(const struct test_case *tc, const struct catalogue_entry *about)
{
    bool claimed = !about || about->n_profiles == 0;
    for (size_t i = 0; !claimed && i < about->n_profiles; i++)
        claimed = strcmp(tc->suite, about->profiles[i]) == 0;
    return claimed;
}

static void put_in_order(const struct selftest *st, const struct selftest_entry *e,
                         struct order *o)
{
    struct test_case **last[SELFTEST_NEARS];
    *o = (struct order){.groups = {NULL}};
    for (size_t g = 0; g < SELFTEST_NEARS; g++)
        last[g] = &o->groups[g];
    for (struct test_case *tc = st->suites.first, *next; tc; tc = next) {
        size_t g = e->kind == SELFTEST_DEVIATION && !st->full ? selftest_near(tc, e->about) : 0;
        next = tc->next;
        if (!is_claimed(tc, e->about))
            continue;
        tc->next = NULL;
        *last[g] = tc;
        last[g] = &tc->next;
    }
}

/* Takes the first few cases off a group. */
static struct test_case *piece_of(struct test_case **group)
{
    struct test_case *first = *group, *last = first;
    for (size_t i = 1; last->next && i < PIECE; i++)
        last = last->next;
    *group = last->next;
    last->next = NULL;
    return first;
}

/* Has a case killed the deviation already? */
static bool killed(const struct selftest *st, const struct selftest_entry *e, const struct run *run)
{
    for (const struct case_result *c = run->result.cases; c; c = c->next) {
        const char *clauses[SELFTEST_RULES_MAX];
        bool musts[SELFTEST_RULES_MAX];
        struct selftest_outcome o = {.tc = c->tc, .verdict = c->verdict, .own = c->own,
                                     .clauses = clauses, .musts = musts};
        while (selftest_rule(c, o.n_clauses, &clauses[o.n_clauses], &musts[o.n_clauses]))
            o.n_clauses++;
        selftest_weigh(st, e, &o);
        if (o.kills)
            return true;
    }
    return false;
}

/* A group, to its end; a killed server that is slow to die is left earlier. */
static bool run_group(const struct selftest *st, const struct selftest_entry *e, struct run *run,
                      struct test_case *group, struct kerr *err)
{
    int64_t patience = deadline_in(PATIENCE_S * NS_PER_S);
    while (group && !run->result.stopped) {
        run->suites.first = piece_of(&group);
        if (!run_cases(run, err))
            return false;
        if (!st->full && deadline_poll_ms(patience) == 0 && killed(st, e, run))
            break;
    }
    return true;
}

/* Group after group; what kept the run from its end, into text; NULL: nothing. */
static const char *all_of_it(const struct selftest *st, const struct selftest_entry *e,
                             struct run *run, struct mock_process *m, char text[900])
{
    struct kerr err = KERR_INIT;
    struct order order;
    char status[60];
    put_in_order(st, e, &order);
    bool ok = run_prepare(run, &err) && run_gate(run, &err);
    for (size_t g = 0; ok && g < SELFTEST_NEARS && !run->result.stopped && !killed(st, e, run); g++)
        ok = run_group(st, e, run, order.groups[g], &err);
    if (mock_ended(m, status, sizeof status)) {
        snprintf(text, 900, "the mock ended by itself: %s", status);
        return text;
    }
    return ok ? run->result.stopped : kerr_format(&err, text, 900);
}

/* ---- the process ------------------------------------------------------------ */

/* Signals as a program expects them: their thread is the parent's, and so is an interrupt
 * from the terminal. Gone when the parent goes. */
static void become_run(const struct selftest *st)
{
    char log[300];
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(log, sizeof log, "%s/log", st->work);
    setenv("TMPDIR", st->work, 1);
    if (!freopen(log, "a", stdout) || dup2(fileno(stdout), 2) < 0)
        _exit(EXIT_FAILURE);
}

static bool write_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
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
    if (selftest_reach(st, e, run, &mock, paths, &err))
        broken = all_of_it(st, e, run, &mock, text);
    else
        broken = kerr_format(&err, text, sizeof text);
    char *said = selftest_say(&run->result, broken);
    bool ok = said && write_all(fd, said);
    mock_stop(&mock);
    fflush(stdout);
    _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
}
