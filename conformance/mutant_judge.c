/* The mutants of one case's replies, judged (mutant.h).
 *
 * First by the standard's rules alone, which takes a few microseconds and finds most of them;
 * what they pass goes through the whole case. */
#include <string.h>

#include "conformance/mutant.h"
#include "kmip/schema/validate.h"

struct judging {
    const struct mutant_lot *lot;
    struct replay replay;
    struct mutant_tally *tally;
    size_t turn;
    size_t honest; /* findings of the reply as it was */
    struct kerr *err;
};

/* ---- by the rules alone ------------------------------------------------------------ */

/* Not those that a step or a Poll may waive (rules.c): the whole case tells. */
static void count(void *arg, const struct finding *f)
{
    if (f->rule != RULE_MESSAGE_VERSION && f->rule != RULE_MESSAGE_OPERATION)
        ++*(size_t *)arg;
}

static size_t findings_of(struct bytes request, struct bytes reply)
{
    size_t n = 0;
    const struct finding_sink sink = {count, &n};
    n += !kmip_validate(reply, 0, NULL, &sink, NULL);
    kmip_check_reply(request, reply, 0, &sink);
    return n;
}

/* ---- by the case --------------------------------------------------------------------- */

static bool breaks_rule(const struct case_result *now, const struct case_result *then)
{
    for (size_t i = then->found.n; i < now->found.n; i++)
        if (now->found.v[i].rule[0])
            return true;
    return false;
}

static enum mutant_fate compare(const struct case_result *now, const struct case_result *then)
{
    if (breaks_rule(now, then))
        return MUTANT_BY_RULES;
    switch (now->verdict) {
    case VERDICT_FAIL:
    case VERDICT_WARN:
        return now->verdict == then->verdict && strcmp(now->reason, then->reason) == 0
                   ? MUTANT_UNNOTICED
                   : MUTANT_BY_CASE;
    case VERDICT_INCONCLUSIVE:
        return MUTANT_UNDECIDED;
    case VERDICT_ERROR:
        return MUTANT_GIVEN_UP;
    case VERDICT_NOT_SUPPORTED:
    case VERDICT_NOT_APPLICABLE:
        return MUTANT_PERMITTED;
    default:
        return MUTANT_UNNOTICED;
    }
}

/* False: no memory. */
static bool judge_whole(struct judging *j, const struct mutant *m, enum mutant_fate *fate)
{
    const struct case_result *then = j->lot->recorded;
    j->replay.changed = j->turn;
    j->replay.reply = m->reply;
    struct case_result *now = replay_run(&j->replay, then->tc, j->lot->run_prefix);
    if (!now)
        return false;
    *fate = compare(now, then);
    result_free(&now);
    return true;
}

/* ---- one by one ------------------------------------------------------------------------ */

static bool no_memory(struct judging *j)
{
    return kerr_set(j->err, KE_MEMORY, "no memory for mutants");
}

static bool take(void *arg, const struct mutant *m)
{
    struct judging *j = arg;
    const struct exchange *e = j->replay.turns[j->turn].e;
    enum mutant_fate fate = MUTANT_BY_RULES;
    if (mutant_class_hash(m) % j->lot->every != 0)
        return true;
    if (findings_of(e->request, m->reply) <= j->honest && !judge_whole(j, m, &fate))
        return no_memory(j);
    struct mutant_class *c = mutant_class_of(j->tally, m);
    if (!c)
        return no_memory(j);
    c->n[fate]++;
    if ((fate == MUTANT_UNNOTICED || fate == MUTANT_GIVEN_UP) && !c->example) {
        c->example = j->lot->recorded->tc->id;
        c->example_step = e->step;
    }
    return true;
}

static bool judge_turns(struct judging *j)
{
    for (j->turn = 0; j->turn < j->replay.n; j->turn++) {
        const struct exchange *e = j->replay.turns[j->turn].e;
        j->honest = findings_of(e->request, e->reply);
        if (e->reply.n > 0 && !mutant_each(e->reply, take, j))
            return j->err->code == KE_OK ? no_memory(j) : false;
    }
    return true;
}

bool mutant_judge(const struct mutant_lot *lot, struct mutant_tally *tally, struct kerr *err)
{
    struct judging j = {.lot = lot, .tally = tally, .err = err};
    char why[300];
    if (verdict_rank(lot->recorded->verdict) > verdict_rank(VERDICT_WARN))
        return kerr_set(err, KE_INTERNAL, "case %s does not pass against the mock as it is: %s",
                        lot->recorded->tc->id, lot->recorded->reason);
    bool ok = replay_init(&j.replay, lot->recorded, lot->target) || no_memory(&j);
    if (ok && !replay_learn(&j.replay, lot->recorded, lot->run_prefix, why))
        ok = kerr_set(err, KE_INTERNAL, "case %s cannot be judged again without a server: %s",
                      lot->recorded->tc->id, why);
    ok = ok && judge_turns(&j);
    replay_clear(&j.replay);
    return ok;
}
