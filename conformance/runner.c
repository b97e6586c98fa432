/* Running one case (runner.h): what it needs, its objects, its steps, its clean-up. */
#include "conformance/runner.h"

#include <poll.h>
#include <stdio.h>

#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/yaml/yfield.h"

/* ---- does it apply? --------------------------------------------------------- */

static bool applies(struct running *rn)
{
    const struct test_case *tc = rn->tc;
    const struct target *t = rn->runner->target;
    if (tc->needs_identities > 1 && !t->opt.other_certs) {
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, SIZE_MAX,
                      "needs a second client identity: --other-certs DIR");
        return false;
    }
    for (size_t i = 0; i < tc->n_needs_operations; i++)
        if (!target_has_operation(t, tc->needs_operations[i])) {
            result_decide(rn->result, VERDICT_NOT_SUPPORTED, SIZE_MAX, "Query does not announce %s",
                          kmip_operation_name(tc->needs_operations[i]));
            return false;
        }
    for (size_t i = 0; i < tc->n_needs_objects; i++)
        if (!target_has_object(t, tc->needs_objects[i])) {
            result_decide(rn->result, VERDICT_NOT_SUPPORTED, SIZE_MAX, "Query does not announce objects of type %s",
                          kmip_name_of("Object Type", tc->needs_objects[i]));
            return false;
        }
    for (size_t i = 0; i < tc->n_needs_versions; i++)
        if (!target_has_version(t, tc->needs_versions[i])) {
            result_decide(rn->result, VERDICT_NOT_SUPPORTED, SIZE_MAX,
                          "Discover Versions does not list version %s", kmip_version_text(tc->needs_versions[i]));
            return false;
        }
    return true;
}

/* ---- variables -------------------------------------------------------------- */

/* Values of `vars` and `let` are texts with ${...} inside, read where they are used. */
static bool bind_all(struct running *rn, const struct ynode *map)
{
    for (size_t i = 0; map && i < map->n; i++) {
        struct buf text;
        const struct ynode *v = map->vals[i];
        buf_init(&text, 32u << 20);
        bool ok = (v->kind == YNODE_SCALAR ? from_yaml_text(v, &rn->vars.env, &text, &rn->err)
                                           : generate_text(v, &text, &rn->err)) &&
                  (vars_set(&rn->vars, bytes_str(map->keys[i]->text), 0, buf_bytes(&text)) ||
                   kerr_set(&rn->err, KE_MEMORY, "too many variables"));
        buf_clear(&text);
        if (!ok)
            return false;
    }
    return true;
}

/* $PORT, an Integer, to be compared by a check step. */
static bool set_port(struct running *rn)
{
    uint8_t port[4];
    int64_t n;
    if (!text_int(bytes_str(rn->runner->target->port), 0, 65535, &n))
        return true; /* not known: the check says so */
    be32_put(port, (uint32_t)n);
    return vars_set(&rn->vars, bytes_str("PORT"), TTLV_INTEGER, bytes_of(port, sizeof port));
}

static bool start_vars(struct running *rn)
{
    vars_init(&rn->vars, &rn->result->arena);
    rn->vars.server_offset_s = rn->runner->target->offset_s;
    uint8_t version = rn->runner->target->opt.settings.version;
    bool ok = vars_set(&rn->vars, bytes_str("VERSION"), 0, bytes_str(kmip_version_text(version))) &&
              vars_set(&rn->vars, bytes_str("RUN"), 0, bytes_str(rn->runner->run_prefix)) &&
              vars_set(&rn->vars, bytes_str("CASE"), 0, bytes_str(rn->tc->id)) &&
              set_port(rn);
    return (ok || kerr_set(&rn->err, KE_MEMORY, "no memory for variables")) && bind_all(rn, rn->tc->vars);
}

/* ---- verdicts --------------------------------------------------------------- */

static enum verdict worst_allowed(const struct test_case *tc)
{
    return tc->level == LEVEL_MUST && !tc->provisional ? VERDICT_FAIL : VERDICT_WARN;
}

/* What the mismatches of a step make of the case. True: the steps may go on. */
static bool weigh(struct running *rn, const struct case_step *s, bool matched, const struct mismatches *found,
                  enum verdict v, const char *why)
{
    struct case_result *c = rn->result;
    bool rule_broken = false;
    for (size_t i = 0; i < found->n; i++) {
        rule_broken = rule_broken || (found->v[i].rule[0] && found->v[i].must);
        if (c->found.n < MISMATCH_MAX)
            c->found.v[c->found.n++] = found->v[i];
    }
    if (s->setup && !matched) {
        result_decide(c, VERDICT_INCONCLUSIVE, rn->step, "the preparation did not work: %s",
                      found->n ? found->v[0].actual : "see the exchange");
        return false;
    }
    if (matched && v > VERDICT_FAIL) {
        if (!rule_broken && c->verdict == VERDICT_PASS)
            result_decide(c, v, rn->step, "%s", why);
        else if (rule_broken)
            result_decide(c, VERDICT_FAIL, rn->step, "expected %s, got %s", found->v[0].expected,
                          found->v[0].actual);
        return false;
    }
    enum verdict now = VERDICT_PASS;
    if (!matched)
        now = worst_allowed(rn->tc);
    else if (v != VERDICT_PASS)
        now = v == VERDICT_FAIL ? worst_allowed(rn->tc) : v;
    else if (found->n > 0)
        now = VERDICT_WARN;
    if (rule_broken)
        now = VERDICT_FAIL;
    if (now > c->verdict && now <= VERDICT_FAIL) {
        const struct mismatch *first = found->n ? &found->v[0] : NULL;
        if (matched && why)
            result_decide(c, now, rn->step, "%s", why);
        else if (first)
            result_decide(c, now, rn->step, "expected %s, got %s", first->expected, first->actual);
        else
            result_decide(c, now, rn->step, "the expectation does not hold");
    }
    return matched;
}

/* ---- steps ------------------------------------------------------------------ */

static bool expects_pending(const struct ynode *n)
{
    if (!n)
        return false;
    const struct ynode *status = ynode_get(n, "status"), *any = ynode_get(n, "any_of");
    if (status && status->kind == YNODE_SCALAR && strcmp(status->text, "Operation Pending") == 0)
        return true;
    for (size_t i = 0; any && any->kind == YNODE_SEQ && i < any->n; i++)
        if (expects_pending(any->vals[i]))
            return true;
    return false;
}

static bool request_once(struct running *rn, const struct case_step *s, struct mismatches *found,
                         enum verdict *v, const char **why, bool *matched)
{
    struct sent sent;
    sent_init(&sent);
    sent.within_ns = s->within_ns;
    vars_tick(&rn->vars);
    found->n = 0;
    *v = VERDICT_PASS;
    *why = NULL;
    *matched = step_build(rn, s, &sent.request) && exchange_run(rn, s->client, &sent, !expects_pending(s->expect)) &&
               judge_reply(rn, s, &sent, found, v, why);
    sent_clear(&sent);
    return rn->err.code == KE_OK;
}

static bool step_request(struct running *rn, const struct case_step *s)
{
    struct mismatches found;
    enum verdict v;
    const char *why;
    bool matched;
    int64_t deadline = clock_mono_ns() + s->repeat_at_most_ns;
    for (;;) {
        size_t mark = vars_mark(&rn->vars);
        if (!request_once(rn, s, &found, &v, &why, &matched))
            return false;
        if (matched || s->repeat_every_ns == 0 || clock_mono_ns() >= deadline || *rn->runner->stop)
            break;
        vars_rewind(&rn->vars, mark);
        poll(NULL, 0, (int)(s->repeat_every_ns / NS_PER_MS));
    }
    return weigh(rn, s, matched, &found, v, why);
}

static bool step_wait(struct running *rn, const struct case_step *s)
{
    int64_t deadline = clock_mono_ns() + s->wait_ns;
    while (deadline_poll_ms(deadline) > 0 && !*rn->runner->stop)
        poll(NULL, 0, deadline_poll_ms(deadline));
    return true;
}

struct raw_connect {
    const char *client, *as, *priority;
};

static const struct yfield connect_fields[] = {
    {.key = "client", .kind = YF_STR, .off = offsetof(struct raw_connect, client), .required = true},
    {.key = "as", .kind = YF_STR, .off = offsetof(struct raw_connect, as)},
    {.key = "priority", .kind = YF_STR, .off = offsetof(struct raw_connect, priority)},
    {0},
};

/* A TLS 1.3 client learns only afterwards that its certificate was refused: a
 * connection counts as open when it answers. */
static bool is_alive(struct running *rn, const char *client, struct kerr *err)
{
    struct kmip_request rq = {.version = rn->runner->target->opt.settings.version};
    struct buf request;
    struct ttlv_writer w;
    struct target_reply reply;
    buf_init(&request, 4096);
    buf_init(&reply.bytes, 0);
    ttlv_w_init(&w, &request, NULL);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, KMIP_OPERATION_DISCOVER_VERSIONS, bytes_of(NULL, 0));
    kmip_item_end(&w);
    kmip_request_end(&w);
    bool ok = ttlv_w_finish(&w) && target_call(rn->runner->target, client, &request, &reply, err);
    target_reply_clear(&reply);
    buf_clear(&request);
    return ok;
}

static bool step_connect(struct running *rn, const struct case_step *s)
{
    struct raw_connect c = {.as = "main"};
    struct kerr err = KERR_INIT;
    struct mismatches found = {.n = 0};
    const struct ynode *connection = ynode_get(s->expect, "connection");
    if (!yfields_read(s->connect, connect_fields, &c, &rn->err))
        return false;
    bool either = connection && strcmp(connection->text, "any") == 0;
    bool want_open = !connection || strcmp(connection->text, "refused") != 0;
    bool open = target_connect(rn->runner->target, c.client, c.as, c.priority, &err) &&
                is_alive(rn, c.client, &err);
    if (!open)
        target_close(rn->runner->target, c.client);
    /* Not the server's refusal of this connection: ours, or there is no server. */
    if (err.code == KE_CASE || err.code == KE_PEM || err.code == KE_CONFIG || err.code == KE_MEMORY ||
        err.code == KE_CONNECT) {
        rn->err = err;
        return false;
    }
    if (open && !vars_set(&rn->vars, bytes_str(c.client), 0, bytes_str("open")))
        return kerr_set(&rn->err, KE_MEMORY, "too many variables");
    if (open == want_open || either)
        return weigh(rn, s, true, &found, VERDICT_PASS, NULL);
    const char *actual = arena_str(&rn->result->arena, open ? "the server takes the connection" : err.msg);
    found.v[found.n++] =
        (struct mismatch){.path = "", .off = KERR_NO_OFF, .rule = "", .must = true,
                          .expected = want_open ? "an open connection" : "the server refuses the connection",
                          .actual = actual ? actual : ""};
    return weigh(rn, s, false, &found, VERDICT_PASS, NULL);
}

static bool step_check(struct running *rn, const struct case_step *s)
{
    const struct ynode *that = ynode_get(s->check, "that");
    struct mismatches found = {.n = 0};
    struct matcher m = {.vars = &rn->vars, .arena = &rn->result->arena, .out = &found, .err = &rn->err,
                        .show_secrets = rn->runner->show_secrets};
    if (!that || s->check->n != 2)
        return ynode_err(s->node, KE_CASE, &rn->err, "check: expected {that: $a, equals: $b}");
    size_t other = s->check->vals[0] == that ? 1 : 0;
    bool ok = match_relation(&m, that, s->check->keys[other]->text, s->check->vals[other]);
    return rn->err.code == KE_OK && weigh(rn, s, ok, &found, VERDICT_PASS, NULL);
}

static bool skipped(const struct running *rn, const struct case_step *s)
{
    if ((s->unless && vars_find(&rn->vars, bytes_str(s->unless))) ||
        (s->when && !vars_find(&rn->vars, bytes_str(s->when))))
        return true;
    return s->announced != ANNOUNCED_OR_NOT &&
           target_has_operation(rn->runner->target, s->items[0].operation) != (s->announced == ANNOUNCED_ONLY);
}

/* False: the case ends here (decided, or rn->err is set). */
static bool run_step(struct running *rn, const struct case_step *s)
{
    if (skipped(rn, s))
        return true;
    switch (s->kind) {
    case STEP_WAIT:
        return step_wait(rn, s);
    case STEP_CONNECT:
        return step_connect(rn, s);
    case STEP_CLOSE:
        target_close(rn->runner->target, s->close);
        return true;
    case STEP_LET:
        return bind_all(rn, s->let);
    case STEP_CHECK:
        return step_check(rn, s);
    default:
        return step_request(rn, s);
    }
}

static void run_steps(struct running *rn)
{
    for (rn->step = 0; rn->step < rn->tc->n_steps; rn->step++) {
        if (*rn->runner->stop) {
            result_decide(rn->result, VERDICT_INCONCLUSIVE, rn->step, "interrupted");
            return;
        }
        if (!run_step(rn, &rn->tc->steps[rn->step]))
            return;
    }
}

static void decide_error(struct running *rn)
{
    char text[900];
    if (rn->err.code == KE_OK)
        return;
    kerr_format(&rn->err, text, sizeof text);
    /* A server that answers something that is no message, or nothing, failed the case:
     * it was reachable a moment ago. */
    bool servers = rn->err.code == KE_TTLV_ROOT || rn->err.code == KE_TTLV_SIZE || rn->err.code == KE_TIMEOUT;
    result_decide(rn->result, servers && rn->result->exchanges ? worst_allowed(rn->tc) : VERDICT_ERROR, rn->step,
                  "%s", text);
}

struct case_result *run_case(struct runner *r, const struct test_case *tc, unsigned round)
{
    struct running rn = {.runner = r, .tc = tc, .step = SIZE_MAX, .err = KERR_INIT};
    rn.result = result_new(tc, round);
    if (!rn.result)
        return NULL;
    rn.result->started_ns = clock_mono_ns();
    if (applies(&rn) && start_vars(&rn) && provide_objects(&rn))
        run_steps(&rn);
    decide_error(&rn);
    journal_clean(r->journal, r->target, tc->id);
    rn.result->took_ns = clock_mono_ns() - rn.result->started_ns;
    return rn.result;
}
