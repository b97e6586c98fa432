/* What is made of a case (runner.h): mismatches, denied operations and errors into
 * verdicts. */
#include "conformance/runner.h"
#include "kmip/yaml/ynode.h"

enum verdict verdict_cap(const struct test_case *tc)
{
    return tc->level == LEVEL_MUST && !tc->provisional ? VERDICT_FAIL : VERDICT_WARN;
}

void verdict_denied(struct running *rn)
{
    result_decide(rn->result, VERDICT_FAIL, rn->step,
                  "Query announces %s, and yet the server answers Operation Not Supported (KMIP "
                  "1.2 spec, 4.25)",
                  kmip_operation_name(rn->denied));
}

static void decide_mismatch(struct running *rn, enum verdict v, const char *what,
                            const struct mismatches *found)
{
    struct buf expected;
    if (found->n == 0) {
        result_decide(rn->result, v, rn->step, "%sthe expectation does not hold", what);
        return;
    }
    buf_init(&expected, 8192);
    mismatch_expected(&found->v[0], &expected);
    result_decide(rn->result, v, rn->step, "%sexpected %s, got %s", what, buf_cstr(&expected),
                  found->v[0].actual);
    buf_clear(&expected);
}

static void keep_mismatches(struct case_result *c, const struct mismatches *found)
{
    for (size_t i = 0; i < found->n; i++)
        if (c->found.n < MISMATCH_MAX)
            c->found.v[c->found.n++] = found->v[i];
        else
            c->found.dropped++;
    c->found.dropped += found->dropped;
}

/* What was expected does not hold that long. */
static bool too_late(const struct running *rn, const struct case_step *s)
{
    return s->no_later_ns > 0 &&
           pace_mono_ns(&rn->runner->target->pace) - rn->began_ns > s->no_later_ns;
}

bool verdict_step(struct running *rn, const struct case_step *s, const struct judgement *j)
{
    enum verdict v = j->verdict == VERDICT_FAIL ? verdict_cap(rn->tc) : j->verdict;
    keep_mismatches(rn->result, &j->found);
    /* Whatever an `any` would let pass: what Query announces is there. */
    if (rn->denied && !(j->matched && j->foresaw_denial)) {
        verdict_denied(rn);
        return false;
    }
    if (j->matched) {
        if (v != VERDICT_PASS)
            result_decide(rn->result, v, rn->step, "%s", j->why);
        return v <= VERDICT_FAIL; /* anything else ends the case */
    }
    if (too_late(rn, s))
        decide_mismatch(rn, VERDICT_INCONCLUSIVE, "the server took too long to see it: ",
                        &j->found);
    else if (s->setup)
        decide_mismatch(rn, VERDICT_INCONCLUSIVE, "the preparation did not work: ", &j->found);
    else
        decide_mismatch(rn, verdict_cap(rn->tc), "", &j->found);
    return false;
}

/* A server that answers with something that is no message, with half of one, or not at
 * all: it was reachable a moment ago, so this is its doing. */
static bool servers_doing(const struct kerr *err)
{
    return err->cls == KERR_CLASS_TTLV || err->code == KE_TIMEOUT || err->code == KE_CLOSED;
}

void verdict_error(struct running *rn)
{
    struct case_result *c = rn->result;
    char text[900];
    if (rn->err.code == KE_OK)
        return;
    c->error_class = rn->err.cls;
    kerr_format(&rn->err, text, sizeof text);
    if (rn->err.code == KE_INTERRUPTED) {
        result_decide(c, VERDICT_INCONCLUSIVE, rn->step, "interrupted");
    } else if (servers_doing(&rn->err) && c->exchanges) {
        c->lost = true;
        result_decide(c, verdict_cap(rn->tc), rn->step, "%s", text);
    } else {
        c->lost = rn->err.cls == KERR_CLASS_IO || rn->err.cls == KERR_CLASS_TLS ||
                  rn->err.cls == KERR_CLASS_TIMEOUT;
        result_decide(c, VERDICT_ERROR, rn->step, "%s", text);
    }
}
