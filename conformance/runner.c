/* Running one case (runner.h): what it needs, its objects, its steps, its clean-up. */
#include "conformance/runner.h"

#include "client/lib/requests.h"
#include "conformance/auth.h"
#include "conformance/driver_probe.h"
#include "conformance/hostile.h"
#include "conformance/interrupt.h"
#include "conformance/replay.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* ---- does it apply? --------------------------------------------------------- */

static bool lacks(struct running *rn, const char *what, const char *name)
{
    result_decide(rn->result, VERDICT_NOT_SUPPORTED, SIZE_MAX, "%s%s", what, name);
    return false;
}

static bool applies(struct running *rn)
{
    const struct test_case *tc = rn->tc;
    const struct target *t = rn->runner->target;
    if (tc->not_applicable) {
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, SIZE_MAX, "%s", tc->not_applicable);
        return false;
    }
    if (tc->needs_auth_suites && !(tc->needs_auth_suites & 1u << t->opt.auth_suite)) {
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, SIZE_MAX,
                      "a matter of another authentication suite than --auth-suite %s",
                      auth_suite_names[t->opt.auth_suite]);
        return false;
    }
    if (tc->needs_identities > 1 && !t->opt.other_certs) {
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, SIZE_MAX,
                      "needs a second client identity: --other-certs DIR");
        return false;
    }
    for (size_t i = 0; i < tc->n_needs_operations; i++)
        if (!target_has_operation(t, tc->needs_operations[i]))
            return lacks(rn, "Query does not announce ",
                         kmip_operation_name(tc->needs_operations[i]));
    for (size_t i = 0; i < tc->n_needs_objects; i++)
        if (!target_has_object(t, tc->needs_objects[i]))
            return lacks(rn, "Query does not announce objects of type ",
                         kmip_name_of("Object Type", tc->needs_objects[i]));
    for (size_t i = 0; i < tc->n_needs_versions; i++)
        if (!target_has_version(t, tc->needs_versions[i]))
            return lacks(rn, "Discover Versions does not list version ",
                         kmip_version_text(tc->needs_versions[i]));
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
    uint8_t version = rn->runner->target->opt.settings.version;
    vars_init(&rn->vars, &rn->result->arena, &rn->runner->target->pace);
    rn->vars.server_offset_s = rn->runner->target->offset_s;
    bool ok = vars_set(&rn->vars, bytes_str("VERSION"), 0, bytes_str(kmip_version_text(version))) &&
              vars_set(&rn->vars, bytes_str("RUN"), 0, bytes_str(rn->runner->run_prefix)) &&
              vars_set(&rn->vars, bytes_str("CASE"), 0, bytes_str(rn->tc->id)) && set_port(rn);
    return (ok || kerr_set(&rn->err, KE_MEMORY, "no memory for variables")) &&
           bind_all(rn, rn->tc->vars);
}

/* ---- time ------------------------------------------------------------------- */

bool pause_ns(struct running *rn, int64_t ns)
{
    return pace_wait(&rn->runner->target->pace, ns, rn->runner->stop, &rn->err);
}

static int64_t now_ns(const struct running *rn)
{
    return pace_mono_ns(&rn->runner->target->pace);
}

/* ---- requests --------------------------------------------------------------- */

static bool expects_pending(const struct expectation *e)
{
    for (size_t i = 0; i < e->n_any_of; i++)
        if (expects_pending(&e->any_of[i]))
            return true;
    return e->status == KMIP_RESULT_STATUS_OPERATION_PENDING;
}

/* Does the expectation speak of the reply's version itself? */
static bool names_version(const struct expectation *e)
{
    for (size_t i = 0; i < e->n_any_of; i++)
        if (names_version(&e->any_of[i]))
            return true;
    return ynode_get(e->header, "Protocol Version") != NULL;
}

/* False: nothing came that could be judged. */
static bool request_once(struct running *rn, const struct case_step *s, struct judgement *j)
{
    struct sent sent;
    sent_init(&sent);
    sent.within_ns = s->within_ns;
    sent.pieces = s->pieces;
    sent.version_free = names_version(&s->expect);
    vars_tick(&rn->vars);
    *j = (struct judgement){.verdict = VERDICT_PASS, .why = ""};
    bool ok = step_build(rn, s, &sent.request) &&
              exchange_run(rn, s->client, &sent, !expects_pending(&s->expect));
    rn->vars.slack_ns = now_ns(rn) - rn->began_ns - rn->waited_ns;
    if (ok)
        judge_reply(rn, s, &sent, j);
    sent_clear(&sent);
    return ok && rn->err.code == KE_OK;
}

static bool step_request(struct running *rn, const struct case_step *s)
{
    struct judgement j;
    int64_t deadline = now_ns(rn) + s->repeat_at_most_ns;
    for (;;) {
        size_t mark = vars_mark(&rn->vars);
        if (!request_once(rn, s, &j))
            return false;
        if (j.matched || s->repeat_every_ns == 0 || now_ns(rn) >= deadline ||
            *rn->runner->stop)
            break;
        vars_rewind(&rn->vars, mark);
        if (!pause_ns(rn, s->repeat_every_ns))
            return false;
    }
    return verdict_step(rn, s, &j);
}

/* ---- other steps ------------------------------------------------------------ */

static bool step_wait(struct running *rn, const struct case_step *s)
{
    rn->waited_ns += s->wait_ns;
    return pause_ns(rn, s->wait_ns);
}

/* A TLS 1.3 client learns only afterwards that its certificate was refused: a
 * connection counts as open when it answers. */
static bool answers(struct running *rn, const char *client, struct kerr *err)
{
    struct target_call c;
    target_ask(rn->runner->target, &c, KMIP_OPERATION_QUERY);
    req_query(&c.w, &(uint32_t){KMIP_QUERY_FUNCTION_QUERY_OPERATIONS}, 1);
    bool ok = target_answer(&c, client, err);
    target_call_clear(&c);
    return ok;
}

/* The server's refusal, as against a server that is gone, silent, or refused by us. */
static bool is_refusal(const struct kerr *err)
{
    return err->code == KE_TLS || err->code == KE_CLOSED;
}

static bool step_connect(struct running *rn, const struct case_step *s)
{
    struct target *t = rn->runner->target;
    enum connection_want want = s->expect.node ? s->expect.connection : CONNECTION_OPEN;
    struct judgement j = {.verdict = VERDICT_PASS, .why = ""};
    struct kerr err = KERR_INIT;
    bool open = rn->runner->replay
                    ? replay_connect(rn->runner->replay, s->client, &err)
                    : target_connect(t, s->client, s->as, s->priority, &err) &&
                          answers(rn, s->client, &err);
    if (!open)
        target_close(t, s->client);
    if (err.code == KE_CONFIG) { /* the priority string */
        result_decide(rn->result, VERDICT_NOT_APPLICABLE, rn->step, "not testable here: %s",
                      err.msg);
        return false;
    }
    if (!open && !is_refusal(&err)) {
        rn->err = err;
        return false;
    }
    if (open && !vars_set(&rn->vars, bytes_str(s->client), 0, bytes_str("open")))
        return kerr_set(&rn->err, KE_MEMORY, "too many variables");
    j.matched = want == CONNECTION_ANY || open == (want == CONNECTION_OPEN);
    const char *actual =
        arena_str(&rn->result->arena, open ? "the server takes the connection" : err.msg);
    if (!j.matched)
        j.found.v[j.found.n++] = (struct mismatch){
            .path = "",
            .off = KERR_NO_OFF,
            .rule = "",
            .must = true,
            .outcome = true,
            .expected = open ? "the server refuses the connection" : "an open connection",
            .actual = actual ? actual : ""};
    return verdict_step(rn, s, &j);
}

static bool step_check(struct running *rn, const struct case_step *s)
{
    struct judgement j = {.verdict = VERDICT_PASS, .why = ""};
    struct matcher m = {.vars = &rn->vars,
                        .arena = &rn->result->arena,
                        .out = &j.found,
                        .err = &rn->err,
                        .show_secrets = rn->runner->show_secrets};
    j.matched = match_relation(&m, s->that, s->relation, s->other);
    return rn->err.code == KE_OK && verdict_step(rn, s, &j);
}

static bool skipped(const struct running *rn, const struct case_step *s)
{
    if ((s->unless && vars_find(&rn->vars, bytes_str(s->unless))) ||
        (s->when && !vars_find(&rn->vars, bytes_str(s->when))))
        return true;
    return s->announced != ANNOUNCED_OR_NOT &&
           target_has_operation(rn->runner->target, s->items[0].operation) !=
               (s->announced == ANNOUNCED_ONLY);
}

/* False: the case ends here (decided, or rn->err is set). */
static bool run_step(struct running *rn, const struct case_step *s)
{
    rn->denied = 0;
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
    case STEP_STALL:
        return step_stall(rn, s);
    case STEP_CIPHERS:
        return step_ciphers(rn, s);
    default:
        return s->families ? step_malform(rn, s)
                           : s->together ? step_together(rn, s) : step_request(rn, s);
    }
}

static void run_steps(struct running *rn)
{
    for (rn->step = 0; rn->step < rn->tc->n_steps && !rn->over; rn->step++) {
        if (*rn->runner->stop) {
            result_decide(rn->result, VERDICT_INCONCLUSIVE, rn->step, "interrupted");
            return;
        }
        if (!run_step(rn, &rn->tc->steps[rn->step]))
            return;
    }
}

static void clean(struct runner *r, const struct test_case *tc)
{
    interrupt_hold();
    journal_clean(r->journal, r->target, tc->id, false);
    interrupt_release();
}

/* ---- the case --------------------------------------------------------------- */

static void go(struct running *rn)
{
    rn->result->started_ns = clock_mono_ns();
    rn->began_ns = now_ns(rn);
    if (applies(rn) && start_vars(rn) && arrange(rn) && provide_objects(rn))
        run_steps(rn);
    arrange_undo(rn);
    verdict_error(rn);
}

struct case_result *run_case(struct runner *r, const struct test_case *tc, unsigned round)
{
    struct running rn = {.runner = r, .tc = tc, .step = SIZE_MAX, .err = KERR_INIT};
    if (tc->probe)
        return probe_run(r, tc, round);
    if (tc->leaves && round > 0)
        clean(r, tc); /* the round before has left the same */
    rn.result = result_new(tc, round);
    if (!rn.result)
        return NULL;
    go(&rn);
    if (!tc->leaves)
        clean(r, tc);
    target_end_case(r->target);
    rn.result->took_ns = clock_mono_ns() - rn.result->started_ns;
    return rn.result;
}

struct case_result *run_case_again(struct runner *r, const struct test_case *tc)
{
    struct running rn = {.runner = r, .tc = tc, .step = SIZE_MAX, .err = KERR_INIT};
    rn.result = result_new(tc, 0);
    if (rn.result)
        go(&rn);
    return rn.result;
}
