/* What a case expects of one reply (runner.h). The standard's own rules are rules.c's.
 *
 * An expectation speaks of one of three things, which have a function each: of the
 * connection (that no reply comes), of the message's result (as many items as it says, each
 * with the same outcome), or of the items of a batch, each with its own. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/runner.h"
#include "kmip/base/text.h"

#define ITEMS_MAX 4096

struct judge {
    struct running *rn;
    const struct case_step *step;
    const struct sent *sent;
    struct matcher m;
    struct kmip_message reply;
    struct kmip_item *items, *asked; /* of the reply; of the request, as far as it can be read */
    size_t n_items, n_asked;
    struct judgement *result;
};

/* ---- outcome: status and reason, read together ------------------------------ */

static void put_outcome(const struct kmip_item *it, struct buf *out)
{
    buf_puts(out, it->has_status ? kmip_name_of("Result Status", it->status) : "no Result Status");
    if (it->has_reason)
        buf_printf(out, ", %s", kmip_name_of("Result Reason", it->reason));
    if (it->has_message) {
        buf_puts(out, ": \"");
        text_quote(out, it->message, 200);
        buf_puts(out, "\"");
    }
}

static void put_reasons(const struct expectation *e, struct buf *out)
{
    for (size_t i = 0; i < e->n_reasons; i++)
        if (!e->reasons[i].any)
            buf_printf(out, "%s%s%s", i ? " or " : ", ", e->reasons[i].other ? "anything but " : "",
                       kmip_name_of("Result Reason", e->reasons[i].reason));
}

static void put_number(const struct expectation *e, struct buf *out)
{
    if (e->items == 0)
        buf_puts(out, ", without any item");
    else if (e->items > 1)
        buf_printf(out, " in each of %lld items", (long long)e->items);
}

/* "Success; or Operation Failed, Item Not Found", over all alternatives. */
static void put_wanted(const struct expectation *e, struct buf *out)
{
    if (e->n_any_of == 0) {
        struct buf one;
        buf_init(&one, 2000);
        if (e->connection == CONNECTION_REPLY) {
            buf_puts(&one, kmip_name_of("Result Status", e->status));
            put_reasons(e, &one);
            put_number(e, &one);
        } else {
            buf_puts(&one,
                     e->connection == CONNECTION_SILENT ? "no answer" : "a closed connection");
        }
        if (!strstr(buf_cstr(out), buf_cstr(&one)))
            buf_printf(out, "%s%s", out->n ? "; or " : "", buf_cstr(&one));
        buf_clear(&one);
    }
    for (size_t i = 0; i < e->n_any_of; i++)
        if (e->any_of[i].verdict == VERDICT_PASS || e->any_of[i].verdict == VERDICT_WARN)
            put_wanted(&e->any_of[i], out);
}

static bool reason_fits(const struct expectation *e, const struct kmip_item *it)
{
    for (size_t i = 0; i < e->n_reasons; i++)
        if (e->reasons[i].any ||
            (it->has_reason && (e->reasons[i].reason == it->reason) != e->reasons[i].other))
            return true;
    return e->n_reasons == 0;
}

/* The Batch Item itself, as read from the reply. */
static bool whole_item(const struct judge *j, const struct kmip_item *it, struct ttlv_item *out)
{
    if (!ttlv_first(bytes_of(j->m.reply.p + it->off, j->m.reply.n - it->off), out))
        return false;
    out->off = it->off;
    return true;
}

/* Offset of the Result Status in an item of the reply, else of the item. */
static uint32_t status_off(const struct judge *j, const struct kmip_item *it)
{
    struct ttlv_item whole, status;
    return whole_item(j, it, &whole) && ttlv_find(&whole, KMIP_TAG_RESULT_STATUS, &status)
               ? status.off
               : it->off;
}

/* A mismatch behind which nothing else was looked at. Always false. */
static bool outcome_differs(struct judge *j, const struct expectation *e, uint32_t off,
                            const char *actual)
{
    struct mismatches *out = j->m.out;
    struct buf expected;
    buf_init(&expected, 4000);
    put_wanted(e, &expected);
    mismatch_at(&j->m, off, buf_cstr(&expected), actual);
    if (out->n > 0)
        out->v[out->n - 1].outcome = true;
    buf_clear(&expected);
    return false;
}

/* Does the expectation name Operation Not Supported itself? */
static void note_denial(struct judge *j, const struct expectation *e, const struct kmip_item *it)
{
    for (size_t i = 0; i < e->n_reasons; i++)
        if (it->has_reason && it->reason == KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED &&
            !e->reasons[i].any && !e->reasons[i].other && e->reasons[i].reason == it->reason)
            j->result->foresaw_denial = true;
}

static bool check_outcome(struct judge *j, const struct expectation *e, const struct kmip_item *it)
{
    if (it->has_status && it->status == e->status && reason_fits(e, it)) {
        note_denial(j, e, it);
        return true;
    }
    struct buf actual;
    buf_init(&actual, 2000);
    put_outcome(it, &actual);
    outcome_differs(j, e, status_off(j, it), buf_cstr(&actual));
    buf_clear(&actual);
    return false;
}

/* ---- one item --------------------------------------------------------------- */

static bool check_operation(struct judge *j, const struct expectation *e,
                            const struct kmip_item *it)
{
    if (e->operation == OPERATION_ABSENT && it->has_operation)
        mismatch_at(&j->m, it->off, "an item without Operation: the error is the whole message's",
                    kmip_operation_name(it->operation));
    else if (e->operation == OPERATION_PRESENT && !it->has_operation)
        mismatch_at(&j->m, it->off, "an item with the Operation of the request", "no Operation");
    else
        return true;
    return false;
}

static bool check_payload(struct judge *j, const struct expectation *e, const struct kmip_item *it)
{
    struct kmip_walk walk;
    if (!it->has_payload) {
        if (!e->payload && !e->empty)
            return true;
        mismatch_at(&j->m, it->off, "a Response Payload", "not there");
        return false;
    }
    if (e->empty && it->payload.val.n > 0) {
        mismatch_at(&j->m, it->payload.off, "an empty Response Payload", "it holds fields");
        return false;
    }
    if (!e->payload)
        return true;
    kmip_walk_init_payload(&walk, true, it->operation);
    bool ok = match_fields(&j->m, e->payload, &walk, &it->payload);
    return (!e->exact || match_exact(&j->m, e->payload, &it->payload)) && ok;
}

static bool check_item(struct judge *j, const struct expectation *e, const struct kmip_item *it)
{
    struct kmip_walk walk;
    struct ttlv_item whole;
    kmip_walk_init(&walk);
    return !e->item || (whole_item(j, it, &whole) && match_enter(&walk, &j->reply.root) &&
                        match_enter(&walk, &whole) && match_fields(&j->m, e->item, &walk, &whole));
}

static bool eval_plain_item(struct judge *j, const struct expectation *e,
                            const struct kmip_item *it)
{
    if (!check_outcome(j, e, it) || !check_operation(j, e, it))
        return false;
    bool ok = check_item(j, e, it);
    return check_payload(j, e, it) && ok;
}

/* ---- alternatives ----------------------------------------------------------- */

typedef bool eval_fn(struct judge *j, const struct expectation *e, const void *arg);

/* The verdict of the alternative that fitted; the worst of an exchange's items wins. */
static void settle(struct judge *j, const struct expectation *e)
{
    if (verdict_rank(e->verdict) <= verdict_rank(j->result->verdict))
        return;
    j->result->verdict = e->verdict;
    j->result->why = e->because ? e->because : "";
}

/* How close an alternative came: not even the outcome, or all but some fields. */
static bool nearer(const struct mismatches *a, const struct mismatches *b)
{
    bool outcome_a = a->n > 0 && a->v[0].outcome, outcome_b = b->n > 0 && b->v[0].outcome;
    return outcome_a != outcome_b ? outcome_b : a->n < b->n;
}

/* Does the server also speak a later version than the request is in? What its tables of that
 * one allow is then not plainly wrong. */
static bool speaks_later(const struct judge *j)
{
    const struct target *t = j->rn->runner->target;
    struct kmip_message asked;
    if (!kmip_open(&asked, buf_bytes(&j->sent->request), NULL))
        return false;
    for (size_t i = 0; i < t->n_versions; i++)
        if (t->versions[i] > asked.header.version)
            return true;
    return false;
}

/* Tries them in order; the first that fits decides. If none does, what the nearest one
 * misses is shown: where not even the outcome fits, with all the outcomes that would. */
static bool eval_any(struct judge *j, const struct expectation *e, eval_fn *eval, const void *arg)
{
    struct mismatches *real = j->m.out, nearest = {.n = 0};
    for (size_t i = 0; i < e->n_any_of; i++) {
        struct mismatches aside = {.n = 0};
        if (e->any_of[i].later && !speaks_later(j))
            continue;
        size_t mark = vars_mark(&j->rn->vars);
        j->m.out = &aside;
        bool ok = eval(j, &e->any_of[i], arg);
        j->m.out = real;
        if (j->m.err->code != KE_OK)
            return false;
        if (ok) {
            settle(j, &e->any_of[i]);
            return true;
        }
        vars_rewind(&j->rn->vars, mark);
        if (nearest.n == 0 || nearer(&aside, &nearest))
            nearest = aside;
    }
    if (nearest.n > 0 && nearest.v[0].outcome) {
        struct buf wanted;
        buf_init(&wanted, 4000);
        put_wanted(e, &wanted);
        const char *text = arena_str(j->m.arena, buf_cstr(&wanted));
        nearest.v[0].expected = text ? text : nearest.v[0].expected;
        buf_clear(&wanted);
    }
    for (size_t i = 0; i < nearest.n; i++)
        mismatch_add(&j->m, &nearest.v[i]);
    return false;
}

static bool eval_item(struct judge *j, const struct expectation *e, const void *arg)
{
    return e->n_any_of > 0 ? eval_any(j, e, eval_item, arg) : eval_plain_item(j, e, arg);
}

/* ---- the whole reply -------------------------------------------------------- */

/* How many items before this one of the request bear its id. */
static size_t before_it(const struct judge *j, size_t asked)
{
    size_t n = 0;
    for (size_t i = 0; i < asked; i++)
        n += j->asked[i].has_id && bytes_eq(j->asked[i].id, j->asked[asked].id);
    return n;
}

/* Items find each other by id where the request has them, else by position. */
static const struct kmip_item *answer_to(const struct judge *j, size_t asked, size_t position)
{
    if (asked < j->n_asked && j->asked[asked].has_id) {
        size_t skip = before_it(j, asked);
        for (size_t i = 0; i < j->n_items; i++)
            if (j->items[i].has_id && bytes_eq(j->items[i].id, j->asked[asked].id) && skip-- == 0)
                return &j->items[i];
        return NULL;
    }
    return position < j->n_items ? &j->items[position] : NULL;
}

static bool count_fits(struct judge *j, size_t expected)
{
    char want[60], got[40];
    if (j->n_items == expected)
        return true;
    snprintf(want, sizeof want, "%zu response item%s", expected, expected == 1 ? "" : "s");
    snprintf(got, sizeof got, "%zu", j->n_items);
    mismatch_at(&j->m, j->reply.root.off, want, got);
    return false;
}

/* Items of a batch, each against its own expectation: the step's, else the item's. */
static bool eval_items(struct judge *j, const struct expectation *e)
{
    const struct case_step *s = j->step;
    size_t n = e->n_batch ? e->n_batch : s->n_items, expected = 0;
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        const struct expectation *one = e->n_batch ? &e->batch[i] : &s->items[i].expect;
        if (one->none)
            continue;
        const struct kmip_item *it = answer_to(j, i, expected++);
        char text[60];
        snprintf(text, sizeof text, "an answer to item %zu", i);
        if (!it)
            mismatch_at(&j->m, j->reply.root.off, text, "not there");
        ok = it && eval_item(j, one, it) && ok;
    }
    return (e->items == ITEMS_ANY ||
            count_fits(j, e->items == ITEMS_AS_ASKED ? expected : (size_t)e->items)) &&
           ok;
}

static bool check_header(struct judge *j, const struct ynode *header)
{
    struct kmip_walk walk;
    struct ttlv_item got;
    kmip_walk_init(&walk);
    if (!ttlv_find(&j->reply.root, KMIP_TAG_RESPONSE_HEADER, &got)) {
        mismatch_at(&j->m, 0, "a Response Header", "not there");
        return false;
    }
    return match_enter(&walk, &j->reply.root) && match_enter(&walk, &got) &&
           match_fields(&j->m, header, &walk, &got);
}

/* What came instead of a reply, or should have. */
static bool eval_connection(struct judge *j, const struct expectation *e)
{
    const struct sent *s = j->sent;
    enum connection_want got = s->has_reply ? CONNECTION_REPLY
                               : s->silent  ? CONNECTION_SILENT
                                            : CONNECTION_CLOSED;
    static const char *const actual[] = {[CONNECTION_REPLY] = "a reply",
                                         [CONNECTION_SILENT] = "no answer in time",
                                         [CONNECTION_CLOSED] = "the server closed the connection"};
    return got == e->connection ||
           outcome_differs(j, e, s->has_reply ? 0 : KERR_NO_OFF, actual[got]);
}

/* One outcome for the whole message, in each of its items. */
static bool eval_result(struct judge *j, const struct expectation *e)
{
    size_t expected = e->items == ITEMS_AS_ASKED ? 1
                      : e->items == ITEMS_ANY    ? j->n_items
                                                 : (size_t)e->items;
    char actual[60];
    bool ok = true;
    snprintf(actual, sizeof actual, "%zu response item%s", j->n_items, j->n_items == 1 ? "" : "s");
    if (j->n_items != expected)
        return outcome_differs(j, e, j->reply.root.off, actual);
    for (size_t i = 0; i < j->n_items; i++)
        ok = eval_plain_item(j, e, &j->items[i]) && ok;
    return ok;
}

static bool eval_step(struct judge *j, const struct expectation *e, const void *arg)
{
    bool ok = !e->header || !j->sent->has_reply || check_header(j, e->header);
    if (e->n_any_of > 0)
        return eval_any(j, e, eval_step, arg) && ok;
    if (e->connection != CONNECTION_REPLY || !j->sent->has_reply)
        return eval_connection(j, e);
    bool each = e->n_batch > 0 || (j->step->batch && !e->whole);
    return (each ? eval_items(j, e) : eval_result(j, e)) && ok;
}

/* ---- the judge -------------------------------------------------------------- */

static struct kmip_item *read_items(struct bytes msg, size_t *n)
{
    struct kmip_message m;
    *n = 0;
    size_t room = kmip_open(&m, msg, NULL) ? m.n_items : 0;
    if (room > ITEMS_MAX)
        room = ITEMS_MAX;
    struct kmip_item *items = calloc(room + 1, sizeof *items);
    while (items && *n < room && kmip_next_item(&m, &items[*n]))
        (*n)++;
    return items;
}

static bool judge_items(struct judge *j)
{
    j->items = read_items(j->m.reply, &j->n_items);
    j->asked = read_items(buf_bytes(&j->sent->request), &j->n_asked);
    bool ok = (j->items && j->asked) || kerr_set(j->m.err, KE_MEMORY, "no memory to judge a reply");
    ok = ok && eval_step(j, &j->step->expect, NULL);
    free(j->items);
    free(j->asked);
    return ok;
}

/* Without Asynchronous Indicator the answer must not be put off (KMIP 1.2 spec, 6.7). */
static bool check_async(struct judge *j)
{
    if (!j->sent->unasked_async)
        return true;
    mismatch_at(&j->m, KERR_NO_OFF, "an answer at once: the request has no Asynchronous Indicator",
                "Operation Pending");
    return false;
}

void judge_reply(struct running *rn, const struct case_step *s, const struct sent *sent,
                 struct judgement *out)
{
    struct kerr broken = KERR_INIT;
    *out = (struct judgement){.verdict = VERDICT_PASS, .why = ""};
    struct judge j = {.rn = rn,
                      .step = s,
                      .sent = sent,
                      .result = out,
                      .m = {.vars = &rn->vars,
                            .arena = &rn->result->arena,
                            .reply = buf_bytes(&sent->reply),
                            .show_secrets = rn->runner->show_secrets,
                            .out = &out->found,
                            .err = &rn->err}};
    bool ok = !sent->has_reply || kmip_open(&j.reply, j.m.reply, &broken), read = ok;
    if (!ok)
        mismatch_at(&j.m, broken.off == KERR_NO_OFF ? 0 : broken.off,
                    "a Response Message that can be read", broken.msg);
    ok = ok && judge_items(&j);
    ok = check_async(&j) && ok;
    out->matched = ok && rn->err.code == KE_OK;
    out->unanswered = !out->matched && (!sent->has_reply || !read) &&
                      s->expect.connection == CONNECTION_REPLY;
}
