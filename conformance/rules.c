/* The standard's own rules on every reply (runner.h): encoding, fields, order, types,
 * versions, echoes. What the case expects is judge.c's. */
#include "conformance/runner.h"
#include "kmip/schema/validate.h"

struct rules {
    struct running *rn;
    const struct sent *sent;
    struct matcher m; /* for mismatch_at */
};

/* One mistake in ten replies, or in twenty attributes of one, is told once. */
static bool known(const struct mismatches *found, const struct mismatch *mm)
{
    for (size_t i = 0; i < found->n; i++) {
        const struct mismatch *f = &found->v[i];
        if (strcmp(f->rule, mm->rule) == 0 && strcmp(f->expected, mm->expected) == 0 &&
            strcmp(f->actual, mm->actual) == 0)
            return true;
    }
    return false;
}

static const char *clause_of(struct arena *a, const struct finding *f)
{
    char clause[FINDING_CLAUSE_MAX];
    finding_clause(f, clause);
    return arena_str(a, clause);
}

static void take(void *arg, const struct finding *f)
{
    struct rules *r = arg;
    const struct rule *rule = rule_of(f->rule);
    struct arena *a = &r->rn->result->arena;
    if (f->rule == RULE_MESSAGE_VERSION && r->sent->version_free)
        return;
    struct mismatch mm = {.path = arena_str(a, f->path ? f->path : ""),
                          .expected =
                              f->expected && *f->expected
                                  ? arena_printf(a, "%s (%s)", f->expected, rule->requirement)
                                  : arena_str(a, rule->requirement),
                          .actual = arena_str(a, f->actual ? f->actual : ""),
                          .off = f->off,
                          .clause = clause_of(a, f),
                          .rule = rule->name,
                          .must = rule->severity == RULE_MUST};
    if (!mm.path || !mm.expected || !mm.actual || !mm.clause) {
        kerr_set(&r->rn->err, KE_MEMORY, "no memory for a finding");
        return;
    }
    if (known(&r->rn->result->found, &mm))
        return;
    mismatch_add(&r->m, &mm);
    result_decide_by_rule(r->rn->result, mm.must ? VERDICT_FAIL : VERDICT_WARN, r->rn->step,
                          "expected %s, got %s", mm.expected, mm.actual);
}

/* The final answer to a Poll names the operation that was polled for (KMIP 1.2 spec,
 * 4.28): the request's, not Poll. */
static void check_polled(struct rules *r)
{
    struct kmip_message request, reply;
    struct kmip_item asked, got;
    if (!kmip_open(&request, buf_bytes(&r->sent->request), NULL) ||
        !kmip_next_item(&request, &asked) || !kmip_open(&reply, r->m.reply, NULL) ||
        !kmip_next_item(&reply, &got) || !got.has_operation || got.operation == asked.operation ||
        got.status != KMIP_RESULT_STATUS_SUCCESS)
        return;
    struct finding f = {.rule = RULE_MESSAGE_OPERATION,
                        .off = got.off,
                        .path = "Response Message/Batch Item",
                        .section = "4.28",
                        .expected = kmip_operation_name(asked.operation),
                        .actual = kmip_operation_name(got.operation)};
    take(r, &f);
}

static void take_polled(void *arg, const struct finding *f)
{
    if (f->rule != RULE_MESSAGE_OPERATION)
        take(arg, f);
}

void rules_check(struct running *rn, const struct sent *s)
{
    struct rules r = {.rn = rn,
                      .sent = s,
                      .m = {.vars = &rn->vars,
                            .arena = &rn->result->arena,
                            .reply = buf_bytes(&s->reply),
                            .out = &rn->result->found,
                            .err = &rn->err}};
    bool poll = !bytes_eq(buf_bytes(&s->asked), buf_bytes(&s->request));
    struct finding_sink all = {take, &r}, sink = {poll ? take_polled : take, &r};
    struct kerr err = KERR_INIT;
    if (!kmip_validate(r.m.reply, 0, NULL, &all, &err)) {
        mismatch_at(&r.m, err.off == KERR_NO_OFF ? 0 : err.off, "a message within the limits",
                    err.msg);
        result_decide_by_rule(rn->result, VERDICT_FAIL, rn->step,
                              "the reply is beyond all limits: %s", err.msg);
    }
    /* The server's clock is judged by a case of its own, not by every reply. */
    kmip_check_reply(buf_bytes(&s->asked), r.m.reply, 0, &sink);
    if (poll)
        check_polled(&r);
}

void rules_unasked(struct running *rn, bool must, const char *what)
{
    const struct rule *rule = rule_of(RULE_MESSAGE_ROOT);
    struct matcher m = {.arena = &rn->result->arena, .out = &rn->result->found, .err = &rn->err};
    struct mismatch mm = {.path = "",
                          .expected = "one reply to each request, and nothing else",
                          .actual = arena_str(&rn->result->arena, what),
                          .off = KERR_NO_OFF,
                          .clause = rule->clause,
                          .rule = rule->name,
                          .must = must};
    if (!mm.actual) {
        kerr_set(&rn->err, KE_MEMORY, "no memory for a finding");
        return;
    }
    mismatch_add(&m, &mm);
    result_decide_by_rule(rn->result, must ? VERDICT_FAIL : VERDICT_WARN, rn->step,
                          "out of step: %s, which nobody asked for; the connection was given up",
                          what);
}
