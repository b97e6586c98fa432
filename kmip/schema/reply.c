/* A reply judged against its request (kmip_check_reply): what both must agree on.
 *
 * Replies are matched to request items by Unique Batch Item ID where there is one,
 * by position otherwise, because a server may answer a batch in any order
 * (KMIP 1.2 spec, 6.12). */
#include <stdio.h>

#include "kmip/schema/reply_in.h"
#include "kmip/schema/validate.h"

#define DAY_S INT64_C(86400)
#define LOOKED_AT_MAX 1000000 /* request items looked at for ids that are out of place */

/* A path costs a walk through the message: as in the validator, there is an end to it. */
void reply_report(struct reply_check *c, enum rule_id rule, uint32_t off, const char *expected,
                  const char *actual)
{
    char path[512];
    struct finding f = {.rule = rule, .off = off, .expected = expected, .actual = actual};

    if (c->findings > TTLV_MAX_FINDINGS)
        return;
    if (c->findings++ == TTLV_MAX_FINDINGS) {
        f.expected = "";
        f.actual = "more findings, which are not told";
    }
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

/* Is there an item with this tag, be it of another type or of a broken length? Then the
 * validator tells what is wrong with it, and it is not absent. */
static bool is_there(const struct reply_check *c, uint32_t off, uint32_t tag)
{
    struct bytes msg = c->reply.msg;
    struct ttlv_item around, it;
    struct ttlv_reader r;

    if (off >= msg.n || !ttlv_first(bytes_of(msg.p + off, msg.n - off), &around))
        return false; /* offsets of the children do not matter here */
    kmip_read_children(&r, msg, &around);
    while (ttlv_r_next(&r, &it))
        if (it.tag == tag)
            return true;
    return false;
}

static void note_must(void *arg, const struct finding *f)
{
    if (rule_of(f->rule)->severity == RULE_MUST)
        *(bool *)arg = true;
}

/* A server that does not know what to make of the request as a whole: it is of another
 * major version, broken, or asks for options that a server may not support, which makes
 * it refuse the entire request (KMIP 1.2 spec, 6.12, 6.13, 11.1). */
static bool may_refuse_whole(const struct reply_check *c)
{
    const struct kmip_header *h = &c->request.header;
    bool broken = false;
    const struct finding_sink sink = {note_must, &broken};

    if (h->major != 1 || (h->has_order && h->order) ||
        (h->has_continuation && h->continuation != KMIP_BATCH_ERROR_CONTINUATION_OPTION_STOP))
        return true;
    return !kmip_validate(c->request.msg, 0, NULL, &sink, NULL) || broken;
}

/* Reasons that concern a message, whatever its items ask for (KMIP 1.2 spec, 6.6, 6.16, 11.1). */
static bool reason_of_messages(uint32_t reason)
{
    return reason == KMIP_RESULT_REASON_INVALID_MESSAGE ||
           reason == KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL ||
           reason == KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED ||
           reason == KMIP_RESULT_REASON_ATTESTATION_REQUIRED ||
           reason == KMIP_RESULT_REASON_ATTESTATION_FAILED;
}

/* One failed item without Operation and id stands for the whole request where there is a
 * reason to refuse all of it. Any other has the Operation and id of its request's item
 * (KMIP 1.2 spec, 6.4, 7.2). */
static bool whole_message_failed(const struct reply_check *c)
{
    struct kmip_message reply = c->reply;
    struct kmip_item it;

    return reply.n_items == 1 && kmip_next_item(&reply, &it) && !it.has_operation &&
           it.has_status && it.status == KMIP_RESULT_STATUS_OPERATION_FAILED &&
           (!c->has_request || (it.has_reason && reason_of_messages(it.reason)) ||
            may_refuse_whole(c));
}

/* The version asked for; a server may answer a minor it does not know in one that it
 * does, and another major in any (KMIP 1.2 spec, 6.1). */
static void check_version(struct reply_check *c)
{
    const struct kmip_header *asked = &c->request.header, *got = &c->reply.header;
    char expected[32], actual[32];

    if (asked->major == got->major && asked->minor == got->minor)
        return;
    /* A server that could not read the message cannot know the version in it. */
    if (got->major == 1 && c->whole)
        return;
    if (asked->major != 1 || (asked->minor > 2 && got->major == 1 && got->minor >= 0))
        return;
    version_of(asked, expected);
    version_of(got, actual);
    reply_report(c, RULE_MESSAGE_VERSION, c->reply.root.off + TTLV_HEADER, expected, actual);
}

/* A Time Stamp is required; that it be right is not. */
static void check_time(struct reply_check *c, int64_t now_s)
{
    const struct kmip_header *h = &c->reply.header;
    uint32_t off = c->reply.root.off + TTLV_HEADER;
    char actual[64];

    if (!h->has_time_stamp) {
        if (!is_there(c, off, KMIP_TAG_TIME_STAMP))
            reply_report(c, RULE_MESSAGE_TIME, off, "Time Stamp", "absent");
        return;
    }
    if (now_s == 0 || (h->time_stamp >= now_s - DAY_S && h->time_stamp <= now_s + DAY_S))
        return;
    snprintf(actual, sizeof actual, "%lld s since the epoch", (long long)h->time_stamp);
    reply_report(c, RULE_MESSAGE_CLOCK, off, "a Time Stamp within a day of our time", actual);
}

static bool any_failed(const struct reply_check *c)
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
static bool may_be_short(const struct reply_check *c)
{
    const struct kmip_header *h = &c->request.header;

    return (!h->has_continuation ||
            h->continuation != KMIP_BATCH_ERROR_CONTINUATION_OPTION_CONTINUE) &&
           any_failed(c);
}

/* As many items as the request has; that Batch Count agrees with them is the validator's. */
static void check_count(struct reply_check *c)
{
    char expected[64], actual[64];

    /* What a server makes of a Batch Count that is wrong itself is not prescribed. */
    if (c->has_request && c->request.header.has_batch_count &&
        c->request.header.batch_count != (int64_t)c->request.n_items)
        return;
    if (!c->has_request || c->reply.n_items == c->request.n_items || c->whole ||
        (c->reply.n_items < c->request.n_items && c->reply.n_items > 0 && may_be_short(c)))
        return;
    snprintf(expected, sizeof expected, "%u Batch Items, as in the request", c->request.n_items);
    snprintf(actual, sizeof actual, "%u", c->reply.n_items);
    reply_report(c, RULE_MESSAGE_COUNT, c->reply.root.off, expected, actual);
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

static bool is_answered(const struct reply_check *c, uint32_t index)
{
    return index < ANSWERED_MAX && c->answered[index / 8] >> index % 8 & 1;
}

static void set_answered(struct reply_check *c, uint32_t index)
{
    if (index < ANSWERED_MAX)
        c->answered[index / 8] |= (uint8_t)(1u << index % 8);
}

/* What the search for a request item's answer came to. */
enum search { FOUND, FOUND_AGAIN, NOT_FOUND, TOO_LONG };

/* The request item with this id that has no answer yet. Replies in order need no search:
 * the first guess is the item at the same place. */
static enum search find_id(struct reply_check *c, const struct kmip_item *it,
                           const struct kmip_item *guess, struct kmip_item *asked)
{
    struct kmip_message request = c->request;
    bool again = false;

    *asked = *guess;
    if (same_id(it, guess) && !is_answered(c, guess->index))
        return FOUND;
    while (kmip_next_item(&request, asked)) {
        if (c->looked_at++ > LOOKED_AT_MAX)
            return TOO_LONG;
        if (!same_id(it, asked))
            continue;
        if (!is_answered(c, asked->index))
            return FOUND;
        again = true;
    }
    return again ? FOUND_AGAIN : NOT_FOUND;
}

/* The item of the request that `it` answers, by its id, else by its place; findings on the
 * way. False: there is none to compare it with. */
static bool find_asked(struct reply_check *c, const struct kmip_item *it, const struct kmip_item *guess,
                       struct kmip_item *asked)
{
    char expected[80], actual[80];

    *asked = *guess;
    if (!it->has_id && (!guess->has_id || is_there(c, it->off, KMIP_TAG_UNIQUE_BATCH_ITEM_ID)))
        return true;
    id_text(guess, expected);
    id_text(it, actual);
    if (!it->has_id) {
        reply_report(c, RULE_MESSAGE_ID, it->off, expected, actual);
        return c->request.n_items == 1;
    }
    switch (find_id(c, it, guess, asked)) {
    case FOUND:
        set_answered(c, asked->index);
        return true;
    case FOUND_AGAIN:
        reply_report(c, RULE_MESSAGE_ID, it->off, "each id once", actual);
        return false;
    case NOT_FOUND:
        reply_report(c, RULE_MESSAGE_ID, it->off, expected, actual);
        return false;
    case TOO_LONG:
        break;
    }
    return false;
}

/* What a Poll may be answered in the name of: an operation that there is. */
static bool may_be_polled(uint32_t operation)
{
    const struct kmip_enum *operations = kmip_tag(KMIP_TAG_OPERATION)->en;

    return operation >= 0x80000000u || kmip_enum_value(operations, operation);
}

/* The answer to Poll names the operation that was polled (KMIP 1.2 spec, 4.28). */
static void check_operation(struct reply_check *c, const struct kmip_item *it,
                            const struct kmip_item *asked)
{
    bool same = it->has_operation == asked->has_operation &&
                (!it->has_operation || it->operation == asked->operation);

    if (same || (asked->operation == KMIP_OPERATION_POLL && it->has_operation &&
                 may_be_polled(it->operation)) ||
        (!it->has_operation && is_there(c, it->off, KMIP_TAG_OPERATION)))
        return;
    reply_report(c, RULE_MESSAGE_OPERATION, it->off,
           asked->has_operation ? kmip_operation_name(asked->operation) : "no Operation",
           it->has_operation ? kmip_operation_name(it->operation) : "absent");
}

static void check_status(struct reply_check *c, const struct kmip_item *it)
{
    if (!it->has_status)
        return; /* the structure's table tells of that */
    switch (it->status) {
    case KMIP_RESULT_STATUS_SUCCESS:
        if (!it->has_payload && !is_there(c, it->off, KMIP_TAG_RESPONSE_PAYLOAD))
            reply_report(c, RULE_MESSAGE_STATUS, it->off, "Response Payload with Success", "absent");
        break;
    case KMIP_RESULT_STATUS_OPERATION_FAILED:
        if (!it->has_reason && !is_there(c, it->off, KMIP_TAG_RESULT_REASON))
            reply_report(c, RULE_MESSAGE_STATUS, it->off, "Result Reason with Operation Failed",
                   "absent");
        break;
    case KMIP_RESULT_STATUS_OPERATION_PENDING:
        if (it->has_payload)
            reply_report(c, RULE_MESSAGE_STATUS, it->off, "no Response Payload with Operation Pending",
                   "Response Payload");
        break;
    default:
        break;
    }
}

/* Items beyond those of the request have nothing to be compared with: that there are too
 * many of them is said already. */
static void check_items(struct reply_check *c)
{
    struct kmip_message reply = c->reply, request = c->request;
    struct kmip_item it, guess, asked;
    bool more = c->has_request && !c->whole;

    while (kmip_next_item(&reply, &it)) {
        check_status(c, &it);
        more = more && kmip_next_item(&request, &guess);
        if (more && find_asked(c, &it, &guess, &asked)) {
            check_operation(c, &it, &asked);
            reply_check_payload(c, &it, &asked);
        }
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
    struct reply_check c = {.sink = sink};
    char actual[16];

    c.has_request = kmip_open_outline(&c.request, request, NULL) && !c.request.header.response;
    (void)kmip_open_outline(&c.reply, reply, NULL); /* a header may be missing: validate.h tells */
    if (!c.reply.header.response) {
        reply_report(&c, RULE_MESSAGE_ROOT, 0, "one Response Message", root_text(&c.reply, actual));
        return;
    }
    if (TTLV_HEADER + ttlv_padded(c.reply.root.len) != reply.n)
        reply_report(&c, RULE_MESSAGE_ROOT, 0, "one Response Message", "more bytes follow it");
    c.whole = whole_message_failed(&c);
    if (c.has_request)
        check_version(&c);
    check_time(&c, now_s);
    check_count(&c);
    check_items(&c);
}
