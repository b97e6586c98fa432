/* A step with `together` (hostile.h): the same request several times in one TLS record, or
 * as few as it takes. A message ends where its length says (KMIP 1.2 spec, 9.1), so each of
 * them is answered, in order, on the same connection. */
#include "conformance/hostile.h"

static bool put_all(const struct buf *request, int64_t times, struct buf *out)
{
    for (int64_t i = 0; i < times; i++)
        buf_put_bytes(out, buf_bytes(request));
    return !out->failed;
}

/* False: the case ends here. */
static bool take_reply(struct running *rn, const struct case_step *s, struct target_client *c,
                       struct sent *sent, int64_t no)
{
    struct judgement j = {.verdict = VERDICT_PASS, .why = ""};
    struct kerr err = KERR_INIT;
    buf_reset(&sent->reply);
    if (!kc_receive(c->kc, &sent->reply, NULL, &err)) {
        hostile_say(rn, "%lld of %lld requests were answered, then: %s", (long long)no,
                    (long long)s->together, err.msg);
        result_decide(rn->result, verdict_cap(rn->tc), rn->step,
                      "%lld requests went out together, and %lld were answered: %s",
                      (long long)s->together, (long long)no, err.msg);
        return false;
    }
    sent->has_reply = true;
    rules_check(rn, sent);
    judge_reply(rn, s, sent, &j);
    return rn->err.code == KE_OK && verdict_step(rn, s, &j);
}

static bool run(struct running *rn, const struct case_step *s, struct sent *sent, struct buf *all)
{
    struct target *t = rn->runner->target;
    struct target_client *c;
    unsigned ask;
    if (!step_build(rn, s, &sent->request) ||
        !buf_put_bytes(&sent->asked, buf_bytes(&sent->request)) ||
        !made_allowed(rn, buf_bytes(&sent->request)) ||
        !made_before(rn, s->client, buf_bytes(&sent->request), &ask) ||
        !(c = target_client(t, s->client, &rn->err)))
        return false;
    if (!put_all(&sent->request, s->together, all))
        return kerr_set(&rn->err, KE_MEMORY, "no memory for a request");
    bool ok = kc_send_raw(c->kc, buf_bytes(all), &rn->err);
    for (int64_t i = 0; ok && i < s->together; i++)
        ok = take_reply(rn, s, c, sent, i) &&
             made_after(rn, s->client, buf_bytes(&sent->request), buf_bytes(&sent->reply), ask);
    if (!ok)
        target_close(t, s->client);
    return ok && hostile_alive(rn, "several requests in one record", buf_bytes(&sent->request));
}

bool step_together(struct running *rn, const struct case_step *s)
{
    struct sent sent;
    struct buf all;
    sent_init(&sent);
    buf_init(&all, 16u << 20);
    bool ok = run(rn, s, &sent, &all);
    buf_clear(&all);
    sent_clear(&sent);
    return ok;
}
