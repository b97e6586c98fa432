/* Expectations of a case (case.h), read into a tree of alternatives and batch items. */
#include <string.h>

#include "conformance/case_in.h"
#include "kmip/base/text.h"
#include "kmip/schema/dict.h"

static const char *const connections[] = {"reply",   "closed", "silent", "open",
                                          "refused", "any",    NULL};
static const char *const operations[] = {"any", "absent", "present", NULL};
static const char *const verdicts[] = {"PASS",          "WARN",           "FAIL",
                                       "NOT SUPPORTED", "NOT APPLICABLE", NULL};

struct raw_expect {
    const char *status, *because;
    const struct ynode *fail, *payload, *item, *header, *any_of, *batch;
    const char *items;
    bool exact, empty, later;
    int connection, verdict, operation;
};

#define FIELD(name, yaml_kind, ...) \
    {.key = #name, .kind = yaml_kind, .off = offsetof(struct raw_expect, name), __VA_ARGS__}

const struct yfield case_expect_fields[] = {
    FIELD(status, YF_STR, .help = "Result Status; default Success"),
    FIELD(fail, YF_NODE, .help = "Operation Failed with this Result Reason, or one of them"),
    FIELD(payload, YF_NODE, .help = "fields that must match"),
    FIELD(item, YF_NODE, .help = "fields of the response item itself that must match"),
    FIELD(exact, YF_BOOL, .help = "the payload holds no others"),
    FIELD(empty, YF_BOOL, .help = "the payload is there and empty"),
    FIELD(operation, YF_CHOICE, .choices = operations, .help = "whether the item has an Operation"),
    FIELD(any_of, YF_NODE, .help = "alternatives, tried in order"),
    FIELD(verdict, YF_CHOICE, .choices = verdicts, .help = "what this alternative costs"),
    FIELD(because, YF_STR, .help = "why, for the report"),
    FIELD(connection, YF_CHOICE, .choices = connections, .help = "what comes instead of a reply"),
    FIELD(header, YF_NODE, .help = "fields of the response header"),
    FIELD(items, YF_STR, .help = "number of response items, or any"),
    FIELD(later, YF_BOOL, .help = "only if the server speaks a later version, too"),
    FIELD(batch, YF_NODE, .help = "an expectation for each item"),
    {0},
};

static bool read_reason(const struct ynode *n, struct reason_want *out, struct kerr *err)
{
    if (n->kind != YNODE_SCALAR)
        return ynode_err(n, KE_CASE, err, "fail: expected a Result Reason");
    out->any = !n->tag && strcmp(n->text, "any") == 0;
    out->other = n->tag && strcmp(n->tag, "!not") == 0;
    if (n->tag && !out->other)
        return ynode_err(n, KE_CASE, err, "fail: '%s' means nothing here; only !not does", n->tag);
    return out->any || case_enum(n, "Result Reason", n->text, &out->reason, err);
}

static bool read_fail(struct arena *a, const struct raw_expect *raw, struct expectation *e,
                      struct kerr *err)
{
    const struct ynode *n = raw->fail;
    bool list = n->kind == YNODE_SEQ;
    e->n_reasons = list ? n->n : 1;
    if (raw->status)
        return ynode_err(n, KE_CASE, err, "either 'status' or 'fail'");
    if (e->n_reasons == 0)
        return ynode_err(n, KE_CASE, err, "fail: the list is empty; `any` takes every reason");
    e->status = KMIP_RESULT_STATUS_OPERATION_FAILED;
    e->reasons = arena_array(a, e->n_reasons, sizeof *e->reasons);
    if (!e->reasons)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < e->n_reasons; i++)
        if (!read_reason(list ? n->vals[i] : n, &e->reasons[i], err))
            return false;
    return true;
}

static bool read_one(struct arena *a, const struct ynode *n, bool alternative,
                     struct expectation *out, struct kerr *err);

static bool read_list(struct arena *a, const struct ynode *n, const char *what, bool alternatives,
                      struct expectation **out, size_t *count, struct kerr *err)
{
    if (n->kind != YNODE_SEQ || n->n == 0)
        return ynode_err(n, KE_CASE, err, "%s: expected a list of expectations", what);
    *out = arena_array(a, n->n, sizeof **out);
    *count = n->n;
    if (!*out)
        return kerr_set(err, KE_MEMORY, "no memory for the case");
    for (size_t i = 0; i < n->n; i++)
        if (!read_one(a, n->vals[i], alternatives, &(*out)[i], err))
            return false;
    return true;
}

/* What contradicts itself would otherwise be passed over in silence. */
static bool check_combination(const struct raw_expect *raw, const struct expectation *e,
                              bool alternative, struct kerr *err)
{
    const struct ynode *n = e->node;
    bool verdict = ynode_get(n, "verdict") || raw->because;
    if (raw->any_of &&
        (e->whole || raw->batch || e->connection != CONNECTION_REPLY || raw->items))
        return ynode_err(n, KE_CASE, err,
                         "beside any_of only 'header' may stand: the rest belongs to the "
                         "alternatives");
    if (raw->later && !alternative)
        return ynode_err(n, KE_CASE, err, "'later' belongs to an alternative of any_of");
    if (verdict && !alternative)
        return ynode_err(n, KE_CASE, err, "verdict and because belong to an alternative of any_of");
    if (e->verdict != VERDICT_PASS && !raw->because)
        return ynode_err(n, KE_CASE, err, "a verdict other than PASS needs its 'because'");
    if (raw->exact && !raw->payload)
        return ynode_err(n, KE_CASE, err, "'exact' needs a payload to compare with");
    if (raw->empty && raw->payload)
        return ynode_err(n, KE_CASE, err, "either 'empty' or 'payload'");
    if (e->connection != CONNECTION_REPLY &&
        (e->whole || raw->header || raw->batch || raw->items))
        return ynode_err(n, KE_CASE, err, "where there is no reply, nothing in it can be expected");
    return true;
}

static bool read_number(const struct ynode *n, const char *items, struct expectation *e,
                        struct kerr *err)
{
    if (!items)
        return true;
    if (strcmp(items, "any") == 0)
        e->items = ITEMS_ANY;
    else if (!text_int(bytes_str(items), 0, 100000, &e->items))
        return ynode_err(ynode_get(n, "items"), KE_CASE, err,
                         "items: a number of response items, or any, not '%s'", items);
    return true;
}

static bool read_map(struct arena *a, const struct ynode *n, bool alternative,
                     struct expectation *e, struct kerr *err)
{
    struct raw_expect raw = {0};
    if (!yfields_read(n, case_expect_fields, &raw, err))
        return false;
    e->payload = raw.payload;
    e->item = raw.item;
    e->header = raw.header;
    e->exact = raw.exact;
    e->empty = raw.empty;
    e->operation = (unsigned)raw.operation;
    e->connection = (enum connection_want)raw.connection;
    e->later = raw.later;
    e->verdict = (enum verdict)raw.verdict;
    e->because = raw.because;
    e->whole = raw.status || raw.fail || raw.operation || raw.payload || raw.item || raw.empty;
    if (raw.status &&
        !case_enum_name(ynode_get(n, "status"), "Result Status", raw.status, &e->status, err))
        return false;
    return read_number(n, raw.items, e, err) && check_combination(&raw, e, alternative, err) &&
           (!raw.fail || read_fail(a, &raw, e, err)) &&
           (!raw.any_of ||
            read_list(a, raw.any_of, "any_of", true, &e->any_of, &e->n_any_of, err)) &&
           (!raw.batch || read_list(a, raw.batch, "batch", false, &e->batch, &e->n_batch, err));
}

static bool read_one(struct arena *a, const struct ynode *n, bool alternative,
                     struct expectation *e, struct kerr *err)
{
    *e = (struct expectation){.node = n, .items = ITEMS_AS_ASKED};
    if (!n)
        return true;
    if (n->kind != YNODE_SCALAR)
        return read_map(a, n, alternative, e, err);
    e->none = strcmp(n->text, "none") == 0;
    return e->none || strcmp(n->text, "success") == 0 ||
           ynode_err(n, KE_CASE, err, "expect: 'success', 'none' or a map, not '%s'", n->text);
}

bool case_read_expectation(struct arena *a, const struct ynode *n, struct expectation *out,
                           struct kerr *err)
{
    return read_one(a, n, false, out, err);
}
