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
    rn->result->denied = true;
    result_decide_by_rule(rn->result, VERDICT_FAIL, rn->step,
                          "Query announces %s, and yet the server answers Operation Not Supported "
                          "(KMIP 1.2 spec, 4.25)",
                          kmip_operation_name(rn->denied));
}

/* Where there is nothing to be judged, the case has not found what it is about. */
static void decide_mismatch(struct running *rn, enum verdict v, const char *what,
                            const struct judgement *j)
{
    struct case_result *c = rn->result;
    struct buf text;
    buf_init(&text, 8192);
    buf_puts(&text, what);
    if (j->found.n > 0) {
        buf_puts(&text, "expected ");
        mismatch_expected(&j->found.v[0], &text);
        buf_printf(&text, ", got %s", j->found.v[0].actual);
    } else {
        buf_puts(&text, "the expectation does not hold");
    }
    c->unanswered = c->unanswered || j->unanswered;
    (j->unanswered ? result_decide_by_rule : result_decide)(c, v, rn->step, "%s", buf_cstr(&text));
    buf_clear(&text);
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
        decide_mismatch(rn, VERDICT_INCONCLUSIVE, "the server took too long to see it: ", j);
    else if (s->setup)
        decide_mismatch(rn, VERDICT_INCONCLUSIVE, "the preparation did not work: ", j);
    else
        decide_mismatch(rn, verdict_cap(rn->tc), "", j);
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
        c->lost = c->unanswered = true;
        result_decide_by_rule(c, verdict_cap(rn->tc), rn->step, "%s", text);
    } else {
        c->lost = rn->err.cls == KERR_CLASS_IO || rn->err.cls == KERR_CLASS_TLS ||
                  rn->err.cls == KERR_CLASS_TIMEOUT;
        result_decide(c, VERDICT_ERROR, rn->step, "%s", text);
    }
}
