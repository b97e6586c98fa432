/* The verdict on one reply (runner.h): first the standard's own rules, then what
 * the case expects. */
#include <stdio.h>
#include <stdlib.h>

#include "conformance/runner.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"
#include "kmip/schema/validate.h"
#include "kmip/yaml/yfield.h"

#define ITEMS_MAX 1024

/* An expectation, read from its node. */
struct want {
    const struct ynode *node;
    const char *status, *verdict, *because, *connection, *operation;
    const struct ynode *fail, *payload, *item, *any_of, *header, *batch;
    bool exact, empty, none;
    int64_t items;
};

static const struct yfield want_fields[] = {
    {.key = "status", .kind = YF_STR, .off = offsetof(struct want, status)},
    {.key = "fail", .kind = YF_NODE, .off = offsetof(struct want, fail)},
    {.key = "payload", .kind = YF_NODE, .off = offsetof(struct want, payload)},
    {.key = "item", .kind = YF_NODE, .off = offsetof(struct want, item)},
    {.key = "exact", .kind = YF_BOOL, .off = offsetof(struct want, exact)},
    {.key = "empty", .kind = YF_BOOL, .off = offsetof(struct want, empty)},
    {.key = "operation", .kind = YF_STR, .off = offsetof(struct want, operation)},
    {.key = "any_of", .kind = YF_NODE, .off = offsetof(struct want, any_of)},
    {.key = "verdict", .kind = YF_STR, .off = offsetof(struct want, verdict)},
    {.key = "because", .kind = YF_STR, .off = offsetof(struct want, because)},
    {.key = "connection", .kind = YF_STR, .off = offsetof(struct want, connection)},
    {.key = "header", .kind = YF_NODE, .off = offsetof(struct want, header)},
    {.key = "items", .kind = YF_INT, .off = offsetof(struct want, items), .min = 0, .max = ITEMS_MAX},
    {.key = "batch", .kind = YF_NODE, .off = offsetof(struct want, batch)},
    {0},
};

struct judge {
    struct running *rn;
    const struct case_step *step;
    const struct sent *sent;
    struct matcher m;
    struct kmip_message reply;
    struct kmip_item items[ITEMS_MAX]; /* of the reply */
    size_t n_items;
    struct kmip_item asked[ITEMS_MAX]; /* of the request, as far as it can be read */
    size_t n_asked;
    enum verdict verdict;
    const char *why;
};

static bool read_want(struct judge *j, const struct ynode *n, struct want *w)
{
    *w = (struct want){.node = n, .items = -1};
    if (!n)
        return true;
    if (n->kind == YNODE_SCALAR) {
        if (strcmp(n->text, "none") == 0)
            w->none = true;
        else if (strcmp(n->text, "success") != 0)
            return ynode_err(n, KE_CASE, j->m.err, "expect: 'success', 'none' or a map, not '%s'", n->text);
        return true;
    }
    return yfields_read(n, want_fields, w, j->m.err);
}

/* ---- the standard's rules --------------------------------------------------- */

struct rules_arg {
    struct judge *j;
    bool skip_version, skip_operation;
};

static void take_finding(void *arg, const struct finding *f)
{
    struct rules_arg *a = arg;
    struct matcher *m = &a->j->m;
    if ((f->rule == RULE_MESSAGE_VERSION && a->skip_version) ||
        (f->rule == RULE_MESSAGE_OPERATION && a->skip_operation))
        return;
    const struct rule *rule = rule_of(f->rule);
    struct mismatch mm = {.path = arena_str(m->arena, f->path ? f->path : ""),
                          .expected = arena_printf(m->arena, "%s (%s)", f->expected ? f->expected : "",
                                                   rule->requirement),
                          .actual = arena_str(m->arena, f->actual ? f->actual : ""),
                          .off = f->off,
                          .clause = rule->clause,
                          .rule = rule->name,
                          .must = rule->severity == RULE_MUST};
    if (mm.path && mm.expected && mm.actual)
        mismatch_add(m, &mm);
}

static void check_rules(struct judge *j, bool skip_version)
{
    struct rules_arg arg = {j, skip_version, j->sent->polled};
    struct finding_sink sink = {take_finding, &arg};
    struct kerr err = KERR_INIT;
    struct kmip_message request;
    struct bytes reply = buf_bytes(&j->sent->reply);
    if (!kmip_validate(reply, 0, NULL, &sink, &err))
        mismatch_at(&j->m, err.off == KERR_NO_OFF ? 0 : err.off, "a message within the limits", err.msg);
    /* Echo rules need a request that can be read. */
    if (kmip_open(&request, buf_bytes(&j->sent->request), NULL))
        kmip_check_reply(buf_bytes(&j->sent->request), reply, clock_wall_ns() / NS_PER_S, &sink);
}

/* ---- one item --------------------------------------------------------------- */

static const char *outcome_text(struct judge *j, const struct kmip_item *it)
{
    struct buf text;
    buf_init(&text, 1024);
    buf_puts(&text, it->has_status ? kmip_name_of("Result Status", it->status) : "no Result Status");
    if (it->has_reason)
        buf_printf(&text, ", %s", kmip_name_of("Result Reason", it->reason));
    if (it->has_message) {
        buf_puts(&text, ": \"");
        text_quote(&text, it->message, 200);
        buf_puts(&text, "\"");
    }
    const char *copy = arena_str(j->m.arena, buf_cstr(&text));
    buf_clear(&text);
    return copy ? copy : "";
}

static bool reason_listed(struct judge *j, const struct ynode *n, uint32_t reason, bool *ok)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str("Result Reason"));
    if (n->kind != YNODE_SCALAR)
        return ynode_err(n, KE_CASE, j->m.err, "fail: expected a Result Reason");
    if (strcmp(n->text, "any") == 0)
        return *ok = true;
    const struct kmip_enum_value *v = kmip_enum_by_text(e, bytes_of(n->text, n->len));
    if (!v)
        return ynode_err(n, KE_CASE, j->m.err, "'%s' is no Result Reason", n->text);
    bool other = n->tag && strcmp(n->tag, "!not") == 0;
    *ok = *ok || (v->value == reason) != other;
    return true;
}

static bool reason_fits(struct judge *j, const struct ynode *fail, const struct kmip_item *it, bool *ok)
{
    *ok = false;
    if (fail->kind == YNODE_SCALAR)
        return reason_listed(j, fail, it->reason, ok);
    for (size_t i = 0; i < fail->n; i++)
        if (!reason_listed(j, fail->vals[i], it->reason, ok))
            return false;
    return true;
}

static void wanted_outcome(const struct want *w, struct buf *out)
{
    if (!w->fail) {
        buf_puts(out, w->status ? w->status : "Success");
        return;
    }
    buf_puts(out, "Operation Failed");
    for (size_t i = 0; i < (w->fail->kind == YNODE_SEQ ? w->fail->n : 1); i++) {
        const struct ynode *reason = w->fail->kind == YNODE_SEQ ? w->fail->vals[i] : w->fail;
        if (strcmp(reason->text, "any") != 0)
            buf_printf(out, "%s%s%s", i ? " or " : ", ", reason->tag ? "anything but " : "", reason->text);
    }
}

/* Status and reason, as one thing: they are read together. */
static bool outcome_fits(struct judge *j, const struct want *w, const struct kmip_item *it, bool *ok)
{
    uint32_t status = KMIP_RESULT_STATUS_SUCCESS;
    const char *name = w->fail ? "Operation Failed" : w->status;
    if (name) {
        const struct kmip_enum_value *v =
            kmip_enum_by_text(kmip_enum_by_name(bytes_str("Result Status")), bytes_str(name));
        if (!v)
            return ynode_err(w->node, KE_CASE, j->m.err, "'%s' is no Result Status", name);
        status = v->value;
    }
    *ok = it->has_status && it->status == status;
    return !*ok || !w->fail || reason_fits(j, w->fail, it, ok);
}

static bool eval_item(struct judge *j, const struct ynode *node, const struct kmip_item *it);

/* The response payload of an item, entered. */
static bool check_payload(struct judge *j, const struct want *w, const struct kmip_item *it)
{
    struct kmip_walk walk;
    if (!it->has_payload) {
        if (!w->payload && !w->empty)
            return true;
        mismatch_at(&j->m, it->off, "a Response Payload", "not there");
        return false;
    }
    if (w->empty && it->payload.val.n > 0) {
        mismatch_at(&j->m, it->payload.off, "an empty Response Payload", "it holds fields");
        return false;
    }
    if (!w->payload)
        return true;
    kmip_walk_init_payload(&walk, true, it->operation);
    bool ok = match_fields(&j->m, w->payload, &walk, &it->payload);
    return (!w->exact || match_exact(&j->m, w->payload, &it->payload)) && ok;
}

/* The Batch Item itself, as read from the reply. */
static bool whole_item(const struct judge *j, const struct kmip_item *it, struct ttlv_item *out)
{
    if (!ttlv_first(bytes_of(j->m.reply.p + it->off, j->m.reply.n - it->off), out))
        return false;
    out->off = it->off;
    return true;
}

static bool check_item(struct judge *j, const struct ynode *want, const struct kmip_item *it)
{
    struct kmip_walk walk;
    struct ttlv_item whole;
    kmip_walk_init(&walk);
    return whole_item(j, it, &whole) && match_enter(&walk, &j->reply.root) && match_enter(&walk, &whole) &&
           match_fields(&j->m, want, &walk, &whole);
}

static bool eval_plain_item(struct judge *j, const struct want *w, const struct kmip_item *it)
{
    bool ok;
    if (!outcome_fits(j, w, it, &ok))
        return false;
    if (!ok) {
        struct buf expected;
        struct ttlv_item whole, status;
        buf_init(&expected, 1024);
        wanted_outcome(w, &expected);
        bool found = whole_item(j, it, &whole) && ttlv_find(&whole, KMIP_TAG_RESULT_STATUS, &status);
        uint32_t off = found ? status.off : it->off;
        mismatch_at(&j->m, off, buf_cstr(&expected), outcome_text(j, it));
        buf_clear(&expected);
        return false;
    }
    if (w->operation && strcmp(w->operation, "absent") == 0 && it->has_operation) {
        mismatch_at(&j->m, it->off, "an item without Operation: the error is the whole message's",
                    kmip_operation_name(it->operation));
        return false;
    }
    if (w->operation && strcmp(w->operation, "present") == 0 && !it->has_operation) {
        mismatch_at(&j->m, it->off, "an item with the Operation of the request", "no Operation");
        return false;
    }
    return (!w->item || check_item(j, w->item, it)) && check_payload(j, w, it);
}

/* ---- alternatives ----------------------------------------------------------- */

typedef bool eval_fn(struct judge *j, const struct ynode *node, const void *arg);

/* The verdict of the alternative that fitted. The worst of an exchange's items wins. */
static bool settle(struct judge *j, const struct want *alternative)
{
    static const enum verdict allowed[] = {VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL, VERDICT_NOT_SUPPORTED,
                                           VERDICT_NOT_APPLICABLE};
    enum verdict v = VERDICT_PASS;
    if (alternative->verdict) {
        size_t i = 0, n = sizeof allowed / sizeof *allowed;
        while (i < n && strcmp(alternative->verdict, verdict_name(allowed[i])) != 0)
            i++;
        if (i == n)
            return ynode_err(alternative->node, KE_CASE, j->m.err,
                             "verdict: PASS, WARN, FAIL, NOT SUPPORTED or NOT APPLICABLE, not '%s'",
                             alternative->verdict);
        v = allowed[i];
    }
    if (v == VERDICT_PASS || j->verdict == VERDICT_FAIL)
        return true;
    j->verdict = v;
    j->why = alternative->because ? alternative->because : "a permitted but unusual answer";
    return true;
}

/* Tries them in order; the first that fits decides. If none does, what the first one
 * misses is shown, and what the others would have been. */
static bool eval_any(struct judge *j, const struct ynode *list, eval_fn *eval, const void *arg)
{
    struct mismatches *real = j->m.out, first = {.n = 0};
    if (list->kind != YNODE_SEQ || list->n == 0)
        return ynode_err(list, KE_CASE, j->m.err, "any_of: expected a list");
    for (size_t i = 0; i < list->n; i++) {
        struct mismatches aside = {.n = 0};
        struct want w;
        size_t mark = vars_mark(&j->rn->vars);
        if (!read_want(j, list->vals[i], &w))
            return false;
        j->m.out = &aside;
        bool ok = eval(j, list->vals[i], arg);
        j->m.out = real;
        if (j->m.err->code != KE_OK)
            return false;
        if (ok) {
            return settle(j, &w);
        }
        vars_rewind(&j->rn->vars, mark);
        if (i == 0)
            first = aside;
    }
    for (size_t i = 0; i < first.n; i++) {
        if (i == 0 && list->n > 1)
            first.v[0].expected = arena_printf(j->m.arena, "%s (or one of %zu other permitted answers)",
                                               first.v[0].expected, list->n - 1);
        mismatch_add(&j->m, &first.v[i]);
    }
    return false;
}

static bool eval_item_arg(struct judge *j, const struct ynode *node, const void *arg)
{
    return eval_item(j, node, arg);
}

static bool eval_item(struct judge *j, const struct ynode *node, const struct kmip_item *it)
{
    struct want w;
    if (!read_want(j, node, &w))
        return false;
    if (w.any_of)
        return eval_any(j, w.any_of, eval_item_arg, it);
    return eval_plain_item(j, &w, it);
}

/* ---- the whole reply -------------------------------------------------------- */

static const struct kmip_item *answer_to(const struct judge *j, size_t asked, size_t position)
{
    if (asked < j->n_asked && j->asked[asked].has_id)
        for (size_t i = 0; i < j->n_items; i++)
            if (j->items[i].has_id && bytes_eq(j->items[i].id, j->asked[asked].id))
                return &j->items[i];
    return position < j->n_items && !(asked < j->n_asked && j->asked[asked].has_id) ? &j->items[position] : NULL;
}

static bool count_fits(struct judge *j, size_t expected)
{
    char want[40], got[40];
    if (j->n_items == expected)
        return true;
    snprintf(want, sizeof want, "%zu response items", expected);
    snprintf(got, sizeof got, "%zu", j->n_items);
    mismatch_at(&j->m, j->reply.root.off, want, got);
    return false;
}

/* Items of a batch, each against its own expectation. */
static bool eval_items(struct judge *j, const struct ynode *override)
{
    const struct case_step *s = j->step;
    size_t n = override ? override->n : s->n_items, expected = 0;
    bool ok = true;
    if (override && override->kind != YNODE_SEQ)
        return ynode_err(override, KE_CASE, j->m.err, "batch: expected a list of expectations");
    for (size_t i = 0; i < n; i++) {
        const struct ynode *node = override ? override->vals[i] : s->items[i].expect;
        struct want w;
        if (!read_want(j, node, &w))
            return false;
        if (w.none)
            continue;
        const struct kmip_item *it = answer_to(j, i, expected++);
        if (it) {
            ok = eval_item(j, node, it) && ok;
        } else {
            char text[60];
            snprintf(text, sizeof text, "an answer to item %zu", i);
            mismatch_at(&j->m, j->reply.root.off, text, "not there");
            ok = false;
        }
    }
    return count_fits(j, expected) && ok;
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
static bool eval_connection(struct judge *j, const struct want *w)
{
    const struct sent *s = j->sent;
    bool silent = w->connection && strcmp(w->connection, "silent") == 0;
    const char *expected = !w->connection ? "a reply" : silent ? "no answer" : "a closed connection";
    const char *actual = s->has_reply ? "a reply"
                         : s->silent  ? "no answer in time"
                                      : "the server closed the connection";
    if (w->connection && !silent && strcmp(w->connection, "closed") != 0)
        return ynode_err(w->node, KE_CASE, j->m.err, "connection: closed or silent, not '%s'", w->connection);
    if (w->connection && !s->has_reply && s->silent == silent)
        return true;
    mismatch_at(&j->m, s->has_reply ? 0 : KERR_NO_OFF, expected, actual);
    return false;
}

static bool eval_step(struct judge *j, const struct ynode *node, const void *arg)
{
    struct want w;
    if (!read_want(j, node, &w))
        return false;
    if (w.any_of)
        return eval_any(j, w.any_of, eval_step, arg);
    if (w.connection || !j->sent->has_reply)
        return eval_connection(j, &w);
    bool ok = !w.header || check_header(j, w.header);
    bool whole = w.status || w.fail || w.operation || w.payload || w.item || w.empty;
    if (w.batch || (j->step->batch && !whole))
        return eval_items(j, w.batch) && ok;
    if (w.items != 0 && !count_fits(j, w.items > 0 ? (size_t)w.items : 1))
        return false;
    return j->n_items == 0 || (eval_plain_item(j, &w, &j->items[0]) && ok);
}

static void read_items(struct bytes msg, struct kmip_item *out, size_t *n)
{
    struct kmip_message m;
    *n = 0;
    if (!kmip_open(&m, msg, NULL))
        return;
    while (*n < ITEMS_MAX && kmip_next_item(&m, &out[*n]))
        (*n)++;
}

/* Does the expectation speak of the reply's version itself? */
static bool names_version(const struct ynode *node)
{
    const struct ynode *header = ynode_get(node, "header"), *any = ynode_get(node, "any_of");
    bool named = ynode_get(header, "Protocol Version") != NULL;
    for (size_t i = 0; any && any->kind == YNODE_SEQ && i < any->n; i++)
        named = named || names_version(any->vals[i]);
    return named;
}

bool judge_reply(struct running *rn, const struct case_step *s, const struct sent *sent, struct mismatches *out,
                 enum verdict *v, const char **why)
{
    struct judge *j = calloc(1, sizeof *j);
    struct kerr broken = KERR_INIT;
    if (!j)
        return kerr_set(&rn->err, KE_MEMORY, "no memory to judge a reply");
    j->rn = rn;
    j->step = s;
    j->sent = sent;
    j->verdict = VERDICT_PASS;
    j->m = (struct matcher){.vars = &rn->vars, .arena = &rn->result->arena, .reply = buf_bytes(&sent->reply),
                            .show_secrets = rn->runner->show_secrets, .out = out, .err = &rn->err};
    bool readable = !sent->has_reply || kmip_open(&j->reply, j->m.reply, &broken);
    if (sent->has_reply)
        check_rules(j, s->expect && names_version(s->expect));
    if (!readable && out->n == 0)
        mismatch_at(&j->m, broken.off == KERR_NO_OFF ? 0 : broken.off, "a Response Message", broken.msg);
    bool ok = readable;
    if (readable) {
        read_items(j->m.reply, j->items, &j->n_items);
        read_items(buf_bytes(&sent->request), j->asked, &j->n_asked);
        ok = eval_step(j, s->expect, NULL);
    }
    *v = j->verdict;
    *why = j->why;
    free(j);
    return ok && rn->err.code == KE_OK;
}
