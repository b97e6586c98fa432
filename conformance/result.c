/* Results (result.h). */
#include "conformance/result.h"

#include <stdarg.h>
#include <stdlib.h>

#include "conformance/baseline.h"
#include "kmip/base/buf.h"

struct case_result *result_new(const struct test_case *tc, unsigned round)
{
    struct case_result *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    arena_init(&c->arena, 512u << 20);
    c->tc = tc;
    c->round = round;
    c->reason = "";
    c->step_note = "";
    c->evidence = "";
    c->step = SIZE_MAX;
    return c;
}

void result_free(struct case_result **c)
{
    if (!*c)
        return;
    arena_clear(&(*c)->arena);
    free(*c);
    *c = NULL;
}

bool result_keep(struct case_result *c, const struct exchange *e)
{
    struct exchange *kept = arena_alloc(&c->arena, sizeof *kept);
    const char *client = arena_str(&c->arena, e->client), *note = arena_str(&c->arena, e->note);
    const char *request = arena_copy(&c->arena, e->request);
    const char *reply = arena_copy(&c->arena, e->reply);
    if (!kept || !client || !note || !request || !reply)
        return false;
    *kept = *e;
    kept->client = client;
    kept->note = note;
    kept->request = bytes_of(request, e->request.n);
    kept->reply = bytes_of(reply, e->reply.n);
    kept->next = NULL;
    if (c->last_exchange)
        c->last_exchange->next = kept;
    else
        c->exchanges = kept;
    c->last_exchange = kept;
    return true;
}

int verdict_rank(enum verdict v)
{
    static const int ranks[] = {
        [VERDICT_PASS] = 0, [VERDICT_NOT_SUPPORTED] = 1, [VERDICT_NOT_APPLICABLE] = 1,
        [VERDICT_WARN] = 2, [VERDICT_INCONCLUSIVE] = 3,  [VERDICT_ERROR] = 4,
        [VERDICT_FAIL] = 5,
    };
    return ranks[v];
}

static bool is_worse(enum verdict v, enum verdict than)
{
    return verdict_rank(v) > verdict_rank(than);
}

__attribute__((format(printf, 4, 0))) static void
decide(struct case_result *c, enum verdict v, size_t step, const char *fmt, va_list ap)
{
    struct buf text;
    if (!is_worse(v, c->verdict))
        return;
    buf_init(&text, 8192);
    buf_vprintf(&text, fmt, ap);
    const char *copy = arena_str(&c->arena, buf_cstr(&text));
    buf_clear(&text);
    c->verdict = v;
    c->step = step;
    c->reason = copy ? copy : "";
    c->step_note = step < c->tc->n_steps && c->tc->steps[step].note ? c->tc->steps[step].note : "";
}

void result_decide(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    decide(c, v, step, fmt, ap);
    va_end(ap);
    if (is_worse(v, c->own))
        c->own = v;
}

void result_decide_by_rule(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    decide(c, v, step, fmt, ap);
    va_end(ap);
}

/* ---- the run ---------------------------------------------------------------- */

/* Frees messages and mismatches, keeps the reason. */
static void shed(struct case_result *c)
{
    struct arena kept;
    arena_init(&kept, 1u << 20);
    const char *reason = arena_str(&kept, c->reason);
    arena_clear(&c->arena);
    c->arena = kept;
    c->reason = reason ? reason : "";
    c->found = (struct mismatches){.n = 0};
    c->exchanges = c->last_exchange = NULL;
}

static struct case_tally *tally_of(struct run_result *r, const struct test_case *tc)
{
    if (r->n_tallies > 0 && r->tallies[r->n_tallies - 1].tc == tc)
        return &r->tallies[r->n_tallies - 1];
    if (r->n_tallies == r->cap_tallies) {
        size_t cap = r->cap_tallies ? 2 * r->cap_tallies : 128;
        struct case_tally *v = realloc(r->tallies, cap * sizeof *v);
        if (!v)
            return NULL;
        r->tallies = v;
        r->cap_tallies = cap;
    }
    r->tallies[r->n_tallies] = (struct case_tally){.tc = tc};
    return &r->tallies[r->n_tallies++];
}

static bool told_before(const struct case_tally *t, const struct case_result *c)
{
    for (const struct case_result *d = t->first; d; d = d->next)
        if (d->verdict == c->verdict && strcmp(d->reason, c->reason) == 0)
            return true;
    return false;
}

bool result_join(struct run_result *r, struct run_result *part, struct kerr *err)
{
    bool ok = true;
    while (part->cases) {
        struct case_result *c = part->cases;
        part->cases = c->next;
        c->next = NULL;
        ok = result_add(r, c, err) && ok;
    }
    result_clear(part);
    part->counts = (struct run_counts){.total = 0};
    return ok;
}

bool result_add(struct run_result *r, struct case_result *c, struct kerr *err)
{
    struct case_tally *t = tally_of(r, c->tc);
    if (!t) {
        result_free(&c);
        return kerr_set(err, KE_MEMORY, "no memory for a result");
    }
    if (c->round > 0 && told_before(t, c))
        shed(c);
    if (t->rounds > 0)
        r->counts.n[t->worst->verdict]--;
    if (t->rounds == 0)
        t->first = c;
    if (t->rounds == 0 || verdict_rank(c->verdict) > verdict_rank(t->worst->verdict))
        t->worst = c;
    r->counts.n[t->worst->verdict]++;
    r->counts.total += t->rounds == 0;
    t->rounds++;
    t->n[c->verdict]++;
    if (r->last)
        r->last->next = c;
    else
        r->cases = c;
    r->last = c;
    return true;
}

void result_clear(struct run_result *r)
{
    while (r->cases) {
        struct case_result *c = r->cases;
        r->cases = c->next;
        result_free(&c);
    }
    free(r->tallies);
    r->tallies = NULL;
    r->n_tallies = r->cap_tallies = 0;
    r->last = NULL;
}

/* ---- what is known ---------------------------------------------------------- */

void result_know(struct run_result *r)
{
    memset(r->counts.known, 0, sizeof r->counts.known);
    for (size_t i = 0; r->baseline && i < r->n_tallies; i++) {
        struct case_tally *t = &r->tallies[i];
        baseline_tally(r->baseline, t);
        r->counts.known[t->worst->verdict] += t->known != NULL;
    }
}

size_t result_unknown(const struct run_result *r, enum verdict v)
{
    return r->counts.n[v] - r->counts.known[v];
}

size_t result_stale(const struct run_result *r)
{
    size_t n = 0;
    for (size_t i = 0; r->baseline && i < r->baseline->n; i++)
        n += r->baseline->v[i].now != NULL;
    return n;
}

/* ---- the exit code ---------------------------------------------------------- */

static int exit_of_gate(enum gate_result g)
{
    static const int codes[] = {[GATE_OPEN] = 0,
                                [GATE_UNREACHABLE] = 3,
                                [GATE_REFUSED] = 1,
                                [GATE_CONFIG] = 2,
                                [GATE_INTERRUPTED] = 4};
    return codes[g];
}

/* Our own errors weigh more than a case file's, and those more than the network's. */
static int exit_of_errors(const struct run_result *r)
{
    int code = 3;
    for (const struct case_result *c = r->cases; c; c = c->next) {
        bool network = c->error_class == KERR_CLASS_IO || c->error_class == KERR_CLASS_TLS ||
                       c->error_class == KERR_CLASS_TIMEOUT;
        bool file = c->error_class == KERR_CLASS_CONFIG || c->error_class == KERR_CLASS_USAGE ||
                    c->error_class == KERR_CLASS_SCHEMA;
        if (c->verdict != VERDICT_ERROR || network)
            continue;
        if (!file)
            return 5;
        code = 2;
    }
    return code;
}

int result_exit(const struct run_result *r)
{
    const size_t *n = r->counts.n;
    if (r->loaded)
        return r->exit_code;
    if (r->gate != GATE_OPEN)
        return exit_of_gate(r->gate);
    if (result_unknown(r, VERDICT_FAIL) > 0 ||
        (r->strict && (result_unknown(r, VERDICT_WARN) > 0 || result_stale(r) > 0)))
        return 1;
    if (n[VERDICT_ERROR] > 0)
        return exit_of_errors(r);
    if (r->stopped)
        return 3;
    bool nothing = r->shard.of == 0 && n[VERDICT_PASS] + n[VERDICT_WARN] == 0;
    if (result_unknown(r, VERDICT_INCONCLUSIVE) > 0 || nothing || r->interrupted ||
        r->left_behind > 0)
        return 4;
    return 0;
}
