/* A reply judged against its request (kmip_check_reply): what both must agree on.
 *
 * Replies are matched to request items by Unique Batch Item ID where there is one,
 * by position otherwise, because a server may answer a batch in any order
 * (KMIP 1.2 spec, 6.12). */
#include <stdio.h>

#include "kmip/schema/open.h"

#define DAY_S INT64_C(86400)

struct check {
    struct kmip_message request, reply;
    bool has_request; /* readable; else the reply is judged alone */
    const struct finding_sink *sink;
};

static void report(const struct check *c, enum rule_id rule, uint32_t off, const char *expected,
                   const char *actual)
{
    char path[512];
    struct finding f = {.rule = rule, .off = off, .expected = expected, .actual = actual};

    f.path = ttlv_path_at(c->reply.msg, off, &kmip_namer, path, sizeof path);
    c->sink->take(c->sink->arg, &f);
}

static void version_of(const struct kmip_header *h, char text[32])
{
    if (h->version || h->major || h->minor)
        snprintf(text, 32, "%d.%d", h->major, h->minor);
    else
        snprintf(text, 32, "absent");
}

/* One failed item without Operation stands for the whole request (KMIP 1.2 spec, 7.1). */
static bool whole_message_failed(const struct check *c)
{
    struct kmip_message reply = c->reply;
    struct kmip_item it;

    return reply.n_items == 1 && kmip_next_item(&reply, &it) && !it.has_operation &&
           it.has_status && it.status == KMIP_RESULT_STATUS_OPERATION_FAILED;
}

/* The version asked for; a server may answer a minor it does not know in one that it
 * does, and another major in any (KMIP 1.2 spec, 6.1). */
static void check_version(const struct check *c)
{
    const struct kmip_header *asked = &c->request.header, *got = &c->reply.header;
    char expected[32], actual[32];

    if (asked->major == got->major && asked->minor == got->minor)
        return;
    /* A server that could not read the message cannot know the version in it. */
    if (got->major == 1 && whole_message_failed(c))
        return;
    if (asked->major != 1 || (asked->minor > 2 && got->major == 1 && got->minor >= 0))
        return;
    version_of(asked, expected);
    version_of(got, actual);
    report(c, RULE_MESSAGE_VERSION, c->reply.root.off + TTLV_HEADER, expected, actual);
}

static void check_time(const struct check *c, int64_t now_s)
{
    const struct kmip_header *h = &c->reply.header;
    char actual[64];

    if (!h->has_time_stamp) {
        report(c, RULE_MESSAGE_TIME, c->reply.root.off + TTLV_HEADER, "Time Stamp", "absent");
        return;
    }
    if (now_s == 0 || (h->time_stamp >= now_s - DAY_S && h->time_stamp <= now_s + DAY_S))
        return;
    snprintf(actual, sizeof actual, "%lld s since the epoch", (long long)h->time_stamp);
    report(c, RULE_MESSAGE_TIME, c->reply.root.off + TTLV_HEADER, "a time within a day of ours",
           actual);
}

static bool any_failed(const struct check *c)
{
    struct kmip_message reply = c->reply;
    struct kmip_item it;

    while (kmip_next_item(&reply, &it))
        if (it.has_status && it.status == KMIP_RESULT_STATUS_OPERATION_FAILED)
            return true;
    return false;
}

/* Without a continuation option, and with Stop and Undo, items behind a failed one are
 * not done and not answered (KMIP 1.2 spec, 6.13). */
static bool may_be_short(const struct check *c)
{
    const struct kmip_header *h = &c->request.header;

    return (!h->has_continuation ||
            h->continuation != KMIP_BATCH_ERROR_CONTINUATION_OPTION_CONTINUE) &&
           any_failed(c);
}

static void check_count(const struct check *c)
{
    const struct kmip_header *h = &c->reply.header;
    char expected[64], actual[64];

    if (h->has_batch_count && h->batch_count != (int64_t)c->reply.n_items) {
        snprintf(expected, sizeof expected, "%u, the number of Batch Items", c->reply.n_items);
        snprintf(actual, sizeof actual, "%d", h->batch_count);
        report(c, RULE_MESSAGE_COUNT, c->reply.root.off + TTLV_HEADER, expected, actual);
    }
    /* What a server makes of a Batch Count that is wrong itself is not prescribed. */
    if (c->has_request && c->request.header.has_batch_count &&
        c->request.header.batch_count != (int64_t)c->request.n_items)
        return;
    if (!c->has_request || c->reply.n_items == c->request.n_items || whole_message_failed(c) ||
        (c->reply.n_items < c->request.n_items && c->reply.n_items > 0 && may_be_short(c)))
        return;
    snprintf(expected, sizeof expected, "%u Batch Items, as in the request", c->request.n_items);
    snprintf(actual, sizeof actual, "%u", c->reply.n_items);
    report(c, RULE_MESSAGE_COUNT, c->reply.root.off, expected, actual);
}

static void id_text(const struct kmip_item *it, char text[80])
{
    size_t n = it->id.n < 32 ? it->id.n : 32;

    if (!it->has_id) {
        snprintf(text, 80, "absent");
        return;
    }
    text[0] = 0;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", it->id.p[i]);
    if (n < it->id.n)
        snprintf(text + 2 * n, 4, "...");
}

static bool same_id(const struct kmip_item *a, const struct kmip_item *b)
{
    return a->has_id && b->has_id && bytes_eq(a->id, b->id);
}

/* The request item that an item answers: of its id, else of its position. */
static bool find_asked(const struct check *c, const struct kmip_item *it, struct kmip_item *asked)
{
    struct kmip_message request = c->request;

    if (it->has_id)
        while (kmip_next_item(&request, asked))
            if (same_id(it, asked))
                return true;
    request = c->request;
    while (kmip_next_item(&request, asked))
        if (asked->index == it->index)
            return true;
    return false;
}

/* True when an item before this one carries the same id and the request has it once. */
static bool answered_before(const struct check *c, const struct kmip_item *it)
{
    struct kmip_message m = c->request;
    struct kmip_item other;
    unsigned asked = 0, answered = 0;

    while (kmip_next_item(&m, &other))
        asked += same_id(it, &other);
    m = c->reply;
    while (kmip_next_item(&m, &other) && other.index < it->index)
        answered += same_id(it, &other);
    return answered >= asked;
}

/* False when the item carries another id than the request item's. */
static bool check_id(const struct check *c, const struct kmip_item *it,
                     const struct kmip_item *asked)
{
    char expected[80], actual[80];

    if (!it->has_id && !asked->has_id)
        return true;
    id_text(asked, expected);
    id_text(it, actual);
    if (!same_id(it, asked)) {
        report(c, RULE_MESSAGE_ID, it->off, expected, actual);
        return false;
    }
    if (answered_before(c, it))
        report(c, RULE_MESSAGE_ID, it->off, "each id once", actual);
    return true;
}

/* The answer to Poll names the operation that was polled (KMIP 1.2 spec, 4.28). */
static void check_operation(const struct check *c, const struct kmip_item *it,
                            const struct kmip_item *asked)
{
    bool same = it->has_operation == asked->has_operation &&
                (!it->has_operation || it->operation == asked->operation);

    if (same || (asked->operation == KMIP_OPERATION_POLL && it->has_operation))
        return;
    report(c, RULE_MESSAGE_OPERATION, it->off,
           asked->has_operation ? kmip_operation_name(asked->operation) : "no Operation",
           it->has_operation ? kmip_operation_name(it->operation) : "absent");
}

static void check_status(const struct check *c, const struct kmip_item *it)
{
    if (!it->has_status)
        return; /* the structure's table tells of that */
    switch (it->status) {
    case KMIP_RESULT_STATUS_SUCCESS:
        if (!it->has_payload)
            report(c, RULE_MESSAGE_STATUS, it->off, "Response Payload with Success", "absent");
        break;
    case KMIP_RESULT_STATUS_OPERATION_FAILED:
        if (!it->has_reason)
            report(c, RULE_MESSAGE_STATUS, it->off, "Result Reason with Operation Failed",
                   "absent");
        break;
    case KMIP_RESULT_STATUS_OPERATION_PENDING:
        if (it->has_payload)
            report(c, RULE_MESSAGE_STATUS, it->off, "no Response Payload with Operation Pending",
                   "Response Payload");
        break;
    default:
        break;
    }
}

static void check_items(struct check *c)
{
    struct kmip_message reply = c->reply;
    bool whole = whole_message_failed(c);
    struct kmip_item it, asked;

    while (kmip_next_item(&reply, &it)) {
        check_status(c, &it);
        if (!c->has_request || whole || !find_asked(c, &it, &asked))
            continue;
        if (check_id(c, &it, &asked))
            check_operation(c, &it, &asked);
    }
}

/* What stands in place of a Response Message. */
static const char *root_text(const struct kmip_message *m, char text[16])
{
    const char *name = kmip_tag_name(m->root.tag);

    if (m->root.tag == 0)
        return "no whole item";
    snprintf(text, 16, "%06X", (unsigned)m->root.tag);
    return name ? name : text;
}

void kmip_check_reply(struct bytes request, struct bytes reply, int64_t now_s,
                      const struct finding_sink *sink)
{
    struct check c = {.sink = sink};
    char actual[16];

    c.has_request = kmip_open_outline(&c.request, request, NULL) && !c.request.header.response;
    (void)kmip_open_outline(&c.reply, reply, NULL); /* a header may be missing: validate.h tells */
    if (!c.reply.header.response) {
        report(&c, RULE_MESSAGE_ROOT, 0, "one Response Message", root_text(&c.reply, actual));
        return;
    }
    if (TTLV_HEADER + ttlv_padded(c.reply.root.len) != reply.n)
        report(&c, RULE_MESSAGE_ROOT, 0, "one Response Message", "more bytes follow it");
    if (c.has_request)
        check_version(&c);
    check_time(&c, now_s);
    check_count(&c);
    check_items(&c);
}
