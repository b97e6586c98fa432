/* Results (result.h). */
#include "conformance/result.h"

#include <stdarg.h>
#include <stdlib.h>

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
    c->step = SIZE_MAX;
    return c;
}

void result_add(struct run_result *r, struct case_result *c)
{
    if (r->last)
        r->last->next = c;
    else
        r->cases = c;
    r->last = c;
    r->counts.n[c->verdict]++;
    r->counts.total++;
}

void result_clear(struct run_result *r)
{
    while (r->cases) {
        struct case_result *c = r->cases;
        r->cases = c->next;
        arena_clear(&c->arena);
        free(c);
    }
    r->last = NULL;
}

void result_decide(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
{
    struct buf text;
    va_list ap;
    buf_init(&text, 4096);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    const char *copy = arena_str(&c->arena, buf_cstr(&text));
    buf_clear(&text);
    c->verdict = v;
    c->step = step;
    c->reason = copy ? copy : "";
    if (step != SIZE_MAX && step < c->tc->n_steps && c->tc->steps[step].note)
        c->step_note = c->tc->steps[step].note;
}

int result_exit(const struct run_result *r, bool strict)
{
    const size_t *n = r->counts.n;
    if (n[VERDICT_ERROR] > 0)
        return r->counts.total == n[VERDICT_ERROR] ? 3 : 5;
    if (n[VERDICT_FAIL] > 0 || (strict && n[VERDICT_WARN] > 0))
        return 1;
    if (n[VERDICT_INCONCLUSIVE] > 0 || n[VERDICT_PASS] + n[VERDICT_WARN] == 0)
        return 4;
    return 0;
}
