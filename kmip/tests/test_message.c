/* Requests written and taken apart again; replies judged against their request. */
#include <criterion/criterion.h>

#include "kmip/schema/message.h"
#include "kmip/schema/validate.h"
#include "kmip/tests/support/findings.h"
#include "kmip/tests/support/messages.h"

static void write_create(struct buf *out, const struct kmip_request *rq, struct bytes id)
{
    struct kerr err = KERR_INIT;
    struct ttlv_writer w;

    ttlv_w_init(&w, out, &err);
    kmip_request_begin(&w, rq);
    kmip_item_begin(&w, KMIP_OPERATION_CREATE, id);
    ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(&w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_enum(&w, "Cryptographic Algorithm", KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    kmip_attribute_int(&w, "Cryptographic Length", 256);
    kmip_attribute_name(&w, "key");
    kmip_attribute_text(&w, "x-run", "r");
    kmip_attribute_date(&w, "Activation Date", 5);
    ttlv_w_close(&w);
    kmip_item_end(&w);
    kmip_item_begin(&w, KMIP_OPERATION_ACTIVATE, bytes_str("second"));
    kmip_item_end(&w);
    kmip_request_end(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
}

Test(message, reads_back_what_was_written)
{
    const struct kmip_request rq = {.version = KMIP_V11, .max_response_size = 8000, .async = true,
                                    .order = -1, .username = "u", .password = "p", .batch_count = 2,
                                    .continuation = KMIP_BATCH_ERROR_CONTINUATION_OPTION_UNDO};
    struct kerr err = KERR_INIT;
    struct kmip_message m;
    struct kmip_item it;
    struct findings f;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    write_create(&msg, &rq, bytes_str("first"));
    cr_assert(kmip_open(&m, buf_bytes(&msg), &err), "%s", err.msg);
    cr_expect_not(m.header.response);
    cr_expect_eq(m.header.version, KMIP_V11);
    cr_expect(m.header.has_max_response_size && m.header.max_response_size == 8000);
    cr_expect(m.header.has_async && m.header.async);
    cr_expect(m.header.has_order && !m.header.order);
    cr_expect_eq(m.header.continuation, KMIP_BATCH_ERROR_CONTINUATION_OPTION_UNDO);
    cr_expect(m.header.has_authentication && !m.header.has_time_stamp);
    cr_expect(m.header.has_batch_count && m.header.batch_count == 2);
    cr_expect_eq(m.n_items, 2);
    cr_assert(kmip_next_item(&m, &it));
    cr_expect(it.has_operation && it.operation == KMIP_OPERATION_CREATE && it.has_payload);
    cr_expect(it.has_id && bytes_eq_str(it.id, "first") && it.index == 0);
    cr_assert(kmip_next_item(&m, &it));
    cr_expect(it.index == 1 && it.operation == KMIP_OPERATION_ACTIVATE && it.payload.len == 0);
    cr_expect_not(kmip_next_item(&m, &it));
    findings_init(&f);
    cr_assert(kmip_validate(buf_bytes(&msg), 0, NULL, &f.sink, &err));
    cr_expect_eq(f.n, 0, "%s", findings_text(&f));
    buf_clear(&msg);
}

Test(message, leaves_out_what_was_not_asked_for)
{
    const struct kmip_request rq = {0};
    struct kerr err = KERR_INIT;
    struct kmip_message m;
    struct kmip_item it;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    write_create(&msg, &rq, bytes_of(NULL, 0));
    cr_assert(kmip_open(&m, buf_bytes(&msg), &err), "%s", err.msg);
    cr_expect_eq(m.header.version, KMIP_V12);
    cr_expect_eq(m.header.batch_count, 1);
    cr_expect_not(m.header.has_max_response_size || m.header.has_async || m.header.has_order ||
                  m.header.has_continuation || m.header.has_authentication);
    cr_assert(kmip_next_item(&m, &it));
    cr_expect_not(it.has_id);
    buf_clear(&msg);
}

static const struct {
    const char *name;
    enum kerr_code code;
    const struct step steps[12];
} unopened[] = {
    {"another root", KE_TTLV_ROOT, {OPEN(BATCH_ITEM), CLOSE, END}},
    {"a leaf", KE_TTLV_ROOT, {INT(REQUEST_MESSAGE, 1), END}},
    {"no header", KE_REPLY, {OPEN(RESPONSE_MESSAGE), CLOSE, END}},
    {"the other side's header", KE_REPLY,
     {OPEN(RESPONSE_MESSAGE), OPEN(REQUEST_HEADER), CLOSE, CLOSE, END}},
    {"more behind it", KE_TTLV_TRAILING,
     {OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), CLOSE, CLOSE, INT(BATCH_COUNT, 1), END}},
};

Test(message, refuses_what_is_no_message)
{
    for (size_t i = 0; i < sizeof unopened / sizeof *unopened; i++) {
        struct kerr err = KERR_INIT;
        struct kmip_message m;
        struct buf msg;

        buf_init(&msg, BUF_NO_LIMIT);
        steps_write(unopened[i].steps, &msg);
        cr_expect_not(kmip_open(&m, buf_bytes(&msg), &err), "%s", unopened[i].name);
        cr_expect_eq(err.code, unopened[i].code, "%s: %s", unopened[i].name, err.msg);
        buf_clear(&msg);
    }
}

Test(message, passes_over_header_fields_of_the_wrong_type)
{
    static const struct step steps[] = {
        OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), OPEN(PROTOCOL_VERSION),
        TEXT(PROTOCOL_VERSION_MAJOR, "1"), INT(PROTOCOL_VERSION_MINOR, 99), CLOSE,
        INT(TIME_STAMP, 1), TEXT(BATCH_COUNT, "1"), CLOSE, CLOSE, END};
    struct kerr err = KERR_INIT;
    struct kmip_message m;
    struct buf msg;

    buf_init(&msg, BUF_NO_LIMIT);
    steps_write(steps, &msg);
    cr_assert(kmip_open(&m, buf_bytes(&msg), &err));
    cr_expect_eq(m.header.version, 0);
    cr_expect_eq(m.header.minor, 99);
    cr_expect_not(m.header.has_time_stamp || m.header.has_batch_count);
    buf_clear(&msg);
}

#define NOW 1371853139 /* the time stamp of RESPONSE() */
#define UID TEXT(UNIQUE_IDENTIFIER, "u")

static const struct step one[] = {REQUEST(2, 1), ITEM_ID(GET, "1"), UID, CLOSE2, CLOSE, END};
static const struct step plain[] = {REQUEST(2, 1), ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END};
static const struct step two[] = {REQUEST(2, 2), ITEM_ID(ACTIVATE, "1"), UID, CLOSE2,
                                  ITEM_ID(DESTROY, "2"), UID, CLOSE2, CLOSE, END};
static const struct step two_as_one[] = {REQUEST(2, 1), ITEM_ID(ACTIVATE, "1"), UID, CLOSE2,
                                         ITEM_ID(DESTROY, "2"), UID, CLOSE2, CLOSE, END};
static const struct step two_continue[] = {
    OPEN(REQUEST_MESSAGE), OPEN(REQUEST_HEADER), VERSION(1, 2),
    ENUM(BATCH_ERROR_CONTINUATION_OPTION, KMIP_BATCH_ERROR_CONTINUATION_OPTION_CONTINUE),
    INT(BATCH_COUNT, 2), CLOSE, ITEM_ID(ACTIVATE, "1"), CLOSE2, ITEM_ID(DESTROY, "2"), CLOSE2,
    CLOSE, END};
static const struct step poll[] = {REQUEST(2, 1), ITEM(POLL),
                                   BYTES(ASYNCHRONOUS_CORRELATION_VALUE, "c"), CLOSE2, CLOSE, END};
static const struct step future[] = {REQUEST(9, 1), ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END};

static const struct step ordered[] = {
    OPEN(REQUEST_MESSAGE), OPEN(REQUEST_HEADER), VERSION(1, 2), BOOL(BATCH_ORDER_OPTION, 1),
    INT(BATCH_COUNT, 1), CLOSE, ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END};
static const struct step broken[] = {REQUEST(2, 1), ITEM(ACTIVATE), UID, UID, CLOSE2, CLOSE, END};
static const struct step major[] = {
    OPEN(REQUEST_MESSAGE), OPEN(REQUEST_HEADER), OPEN(PROTOCOL_VERSION),
    INT(PROTOCOL_VERSION_MAJOR, 9), INT(PROTOCOL_VERSION_MINOR, 31), CLOSE, INT(BATCH_COUNT, 1),
    CLOSE, ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END};

static const struct step get_raw[] = {REQUEST(2, 1), ITEM(GET), UID,
                                      ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW), CLOSE2, CLOSE,
                                      END};
static const struct step create[] = {REQUEST(2, 1), ITEM(CREATE),
                                     ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY), CLOSE2, CLOSE,
                                     END};
static const struct step query[] = {REQUEST(2, 1), ITEM(QUERY), ENUM(QUERY_FUNCTION, 1), CLOSE2,
                                    CLOSE, END};
static const struct step discover[] = {REQUEST(2, 1), ITEM(DISCOVER_VERSIONS), VERSION(1, 2),
                                       VERSION(1, 1), CLOSE2, CLOSE, END};
static const struct step add[] = {REQUEST(2, 1), ITEM(ADD_ATTRIBUTE), UID,
                                  ATTR("x-a", TEXT(ATTRIBUTE_VALUE, "1")), CLOSE2, CLOSE, END};
static const struct step remove_second[] = {REQUEST(2, 1), ITEM(DELETE_ATTRIBUTE), UID,
                                            TEXT(ATTRIBUTE_NAME, "x-a"), INT(ATTRIBUTE_INDEX, 1),
                                            CLOSE2, CLOSE, END};

/* A key as Get gives it, of this Key Format Type. */
#define KEY_AS(format)                                                                    \
    ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY), UID, OPEN(SYMMETRIC_KEY),          \
        OPEN(KEY_BLOCK), ENUM(KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_##format),            \
        OPEN(KEY_VALUE), BYTES(KEY_MATERIAL, "k"), CLOSE, CLOSE2

/* One item without Operation and id. */
#define REFUSED(reason)                                                               \
    OPEN(BATCH_ITEM), ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED),       \
        ENUM(RESULT_REASON, KMIP_RESULT_REASON_##reason), CLOSE
#define FAILED_ID(operation, id)                                       \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation),     \
        BYTES(UNIQUE_BATCH_ITEM_ID, id),                               \
        ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED),      \
        ENUM(RESULT_REASON, KMIP_RESULT_REASON_ITEM_NOT_FOUND), CLOSE
#define PASS RULE_COUNT_

/* What a reply may and may not be, given its request. */
static const struct {
    const char *name;
    const struct step *request;
    enum rule_id rule; /* PASS: none */
    const struct step reply[40];
} replies[] = {
    {"plain success", plain, PASS, {RESPONSE(2, 1), OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"failure with id", one, PASS, {RESPONSE(2, 1), FAILED_ID(GET, "1"), CLOSE, END}},
    {"batch in order", two, PASS,
     {RESPONSE(2, 2), OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2, OK_ITEM_ID(DESTROY, "2"), UID, CLOSE2,
      CLOSE, END}},
    {"batch out of order", two, PASS,
     {RESPONSE(2, 2), OK_ITEM_ID(DESTROY, "2"), UID, CLOSE2, OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2,
      CLOSE, END}},
    {"batch stopped", two, PASS, {RESPONSE(2, 1), FAILED_ID(ACTIVATE, "1"), CLOSE, END}},
    {"whole message refused", two, PASS,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(RESULT_STATUS, 1), ENUM(RESULT_REASON, 4), CLOSE,
      CLOSE, END}},
    {"polled operation", poll, PASS,
     {RESPONSE(2, 1), OK_ITEM(CREATE), ENUM(OBJECT_TYPE, 2), UID, CLOSE2, CLOSE, END}},
    {"minor version unknown to the server", future, PASS,
     {RESPONSE(2, 1), OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"a request comes back", plain, RULE_MESSAGE_ROOT,
     {REQUEST(2, 1), ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"unreadable message refused in another version", plain, PASS,
     {RESPONSE(0, 1), OPEN(BATCH_ITEM),
      ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED),
      ENUM(RESULT_REASON, KMIP_RESULT_REASON_INVALID_MESSAGE), CLOSE, CLOSE, END}},
    {"request whose own batch count is too low", two_as_one, PASS,
     {RESPONSE(2, 1), OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2, CLOSE, END}},
    {"another version", plain, RULE_MESSAGE_VERSION,
     {RESPONSE(1, 1), OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"order refused for the whole request", ordered, PASS,
     {RESPONSE(2, 1), REFUSED(GENERAL_FAILURE), CLOSE, END}},
    {"a request that cannot be read refused as a whole", broken, PASS,
     {RESPONSE(2, 1), REFUSED(INVALID_FIELD), CLOSE, END}},
    {"another major version refused", major, PASS,
     {RESPONSE(2, 1), REFUSED(GENERAL_FAILURE), CLOSE, END}},
    {"credential refused", one, PASS,
     {RESPONSE(2, 1), REFUSED(AUTHENTICATION_NOT_SUCCESSFUL), CLOSE, END}},
    {"critical extension refused", one, PASS,
     {RESPONSE(2, 1), REFUSED(FEATURE_NOT_SUPPORTED), CLOSE, END}},
    {"failure of an item without its operation", plain, RULE_MESSAGE_OPERATION,
     {RESPONSE(2, 1), REFUSED(ITEM_NOT_FOUND), CLOSE, END}},
    {"too large without its operation", plain, RULE_MESSAGE_OPERATION,
     {RESPONSE(2, 1), REFUSED(RESPONSE_TOO_LARGE), CLOSE, END}},
    {"item without request", plain, RULE_MESSAGE_COUNT,
     {RESPONSE(2, 2), OK_ITEM(ACTIVATE), UID, CLOSE2, OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"no item", plain, RULE_MESSAGE_COUNT, {RESPONSE(2, 0), CLOSE, END}},
    {"item missing without failure", two, RULE_MESSAGE_COUNT,
     {RESPONSE(2, 1), OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2, CLOSE, END}},
    {"item missing though told to continue", two_continue, RULE_MESSAGE_COUNT,
     {RESPONSE(2, 1), FAILED_ID(ACTIVATE, "1"), CLOSE, END}},
    {"no time stamp", plain, RULE_MESSAGE_TIME,
     {OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, 2), INT(BATCH_COUNT, 1), CLOSE,
      OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"time stamp of another age", plain, RULE_MESSAGE_CLOCK,
     {OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, 2), DATE(TIME_STAMP, 0),
      INT(BATCH_COUNT, 1), CLOSE, OK_ITEM(ACTIVATE), UID, CLOSE2, CLOSE, END}},
    {"another operation", plain, RULE_MESSAGE_OPERATION,
     {RESPONSE(2, 1), OK_ITEM(DESTROY), UID, CLOSE2, CLOSE, END}},
    {"success without operation", plain, RULE_MESSAGE_OPERATION,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(RESULT_STATUS, 0), OPEN(RESPONSE_PAYLOAD), UID, CLOSE2,
      CLOSE, END}},
    {"id not echoed", one, RULE_MESSAGE_ID,
     {RESPONSE(2, 1), FAILED_ITEM(GET, ITEM_NOT_FOUND), CLOSE, END}},
    {"another id", one, RULE_MESSAGE_ID, {RESPONSE(2, 1), FAILED_ID(GET, "2"), CLOSE, END}},
    {"id that nobody sent", plain, RULE_MESSAGE_ID,
     {RESPONSE(2, 1), OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2, CLOSE, END}},
    {"the same id twice", two, RULE_MESSAGE_ID,
     {RESPONSE(2, 2), OK_ITEM_ID(ACTIVATE, "1"), UID, CLOSE2, OK_ITEM_ID(ACTIVATE, "1"), UID,
      CLOSE2, CLOSE, END}},
    {"success without payload", plain, RULE_MESSAGE_STATUS,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_ACTIVATE),
      ENUM(RESULT_STATUS, 0), CLOSE, CLOSE, END}},
    {"failure without reason", plain, RULE_MESSAGE_STATUS,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_ACTIVATE),
      ENUM(RESULT_STATUS, 1), CLOSE, CLOSE, END}},
    {"another object", plain, RULE_MESSAGE_OBJECT,
     {RESPONSE(2, 1), OK_ITEM(ACTIVATE), TEXT(UNIQUE_IDENTIFIER, "v"), CLOSE2, CLOSE, END}},
    {"the attribute that was added", add, PASS,
     {RESPONSE(2, 1), OK_ITEM(ADD_ATTRIBUTE), UID, INDEXED("x-a", 3, TEXT(ATTRIBUTE_VALUE, "1")),
      CLOSE2, CLOSE, END}},
    {"another attribute", add, RULE_MESSAGE_ATTRIBUTE,
     {RESPONSE(2, 1), OK_ITEM(ADD_ATTRIBUTE), UID, ATTR("x-b", TEXT(ATTRIBUTE_VALUE, "1")), CLOSE2,
      CLOSE, END}},
    {"another value", add, RULE_MESSAGE_ATTRIBUTE,
     {RESPONSE(2, 1), OK_ITEM(ADD_ATTRIBUTE), UID, ATTR("x-a", TEXT(ATTRIBUTE_VALUE, "2")), CLOSE2,
      CLOSE, END}},
    {"a value of another type", add, RULE_MESSAGE_ATTRIBUTE,
     {RESPONSE(2, 1), OK_ITEM(ADD_ATTRIBUTE), UID, ATTR("x-a", INT(ATTRIBUTE_VALUE, 1)), CLOSE2,
      CLOSE, END}},
    {"the instance that was deleted", remove_second, PASS,
     {RESPONSE(2, 1), OK_ITEM(DELETE_ATTRIBUTE), UID, INDEXED("x-a", 1, TEXT(ATTRIBUTE_VALUE, "1")),
      CLOSE2, CLOSE, END}},
    {"another instance", remove_second, RULE_MESSAGE_ATTRIBUTE,
     {RESPONSE(2, 1), OK_ITEM(DELETE_ATTRIBUTE), UID, ATTR("x-a", TEXT(ATTRIBUTE_VALUE, "1")),
      CLOSE2, CLOSE, END}},
    {"another type of object", create, RULE_MESSAGE_ASKED,
     {RESPONSE(2, 1), OK_ITEM(CREATE), ENUM(OBJECT_TYPE, KMIP_OBJECT_TYPE_SECRET_DATA), UID, CLOSE2,
      CLOSE, END}},
    {"the format that was asked for", get_raw, PASS,
     {RESPONSE(2, 1), OK_ITEM(GET), KEY_AS(RAW), CLOSE2, CLOSE, END}},
    {"another format", get_raw, RULE_MESSAGE_ASKED,
     {RESPONSE(2, 1), OK_ITEM(GET), KEY_AS(OPAQUE), CLOSE2, CLOSE, END}},
    {"versions that were asked for", discover, PASS,
     {RESPONSE(2, 1), OK_ITEM(DISCOVER_VERSIONS), VERSION(1, 1), CLOSE2, CLOSE, END}},
    {"a version that was not asked for", discover, RULE_MESSAGE_ASKED,
     {RESPONSE(2, 1), OK_ITEM(DISCOVER_VERSIONS), VERSION(1, 2), VERSION(1, 0), CLOSE2, CLOSE,
      END}},
    {"an operation named twice", query, RULE_MESSAGE_LIST,
     {RESPONSE(2, 1), OK_ITEM(QUERY), ENUM(OPERATION, 1), ENUM(OPERATION, 2), ENUM(OPERATION, 1),
      CLOSE2, CLOSE, END}},
    {"polled in the name of no operation", poll, RULE_MESSAGE_OPERATION,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(OPERATION, 0x123456),
      ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED),
      ENUM(RESULT_REASON, KMIP_RESULT_REASON_ITEM_NOT_FOUND), CLOSE, CLOSE, END}},
    {"pending with payload", plain, RULE_MESSAGE_STATUS,
     {RESPONSE(2, 1), OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_ACTIVATE),
      ENUM(RESULT_STATUS, 2), BYTES(ASYNCHRONOUS_CORRELATION_VALUE, "c"), OPEN(RESPONSE_PAYLOAD),
      CLOSE2, CLOSE, END}},
};

Test(message, judges_replies_against_requests)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct findings f;
        struct buf request, reply;

        buf_init(&request, BUF_NO_LIMIT);
        buf_init(&reply, BUF_NO_LIMIT);
        steps_write(replies[i].request, &request);
        steps_write(replies[i].reply, &reply);
        findings_init(&f);
        kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
        cr_expect_eq(f.n, replies[i].rule == PASS ? 0 : 1, "%s: %s", replies[i].name,
                     findings_text(&f));
        if (f.n > 0)
            cr_expect_eq(f.v[0].rule, replies[i].rule, "%s: %s", replies[i].name,
                         findings_text(&f));
        buf_clear(&request);
        buf_clear(&reply);
    }
}

/* A failed item without Operation and id lacks both, unless there is a reason to refuse the
 * whole message. */
Test(message, misses_operation_and_id_of_a_failed_item)
{
    static const struct step reply_steps[] = {RESPONSE(2, 1), REFUSED(PERMISSION_DENIED), CLOSE,
                                              END};
    struct findings f;
    struct buf request, reply;

    buf_init(&request, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    steps_write(one, &request);
    steps_write(reply_steps, &reply);
    findings_init(&f);
    kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
    cr_assert_eq(f.n, 2, "%s", findings_text(&f));
    cr_expect_eq(f.v[0].rule, RULE_MESSAGE_ID);
    cr_expect_eq(f.v[1].rule, RULE_MESSAGE_OPERATION);
    buf_clear(&request);
    buf_clear(&reply);
}

/* What is there but broken is not absent: the validator tells of it. */
Test(message, does_not_miss_what_is_there_but_broken)
{
    static const struct {
        uint32_t tag;
        unsigned type;
        uint8_t length; /* in place of the right one */
    } fields[] = {{KMIP_TAG_TIME_STAMP, TTLV_DATE_TIME, 7},
                  {KMIP_TAG_OPERATION, TTLV_ENUMERATION, 3},
                  {KMIP_TAG_RESULT_REASON, TTLV_ENUMERATION, 3}};
    static const struct step reply_steps[] = {RESPONSE(2, 1), FAILED_ID(GET, "1"), CLOSE, END};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct findings f;
        struct buf request, reply;
        struct kmip_message m;
        bool hit = false;

        buf_init(&request, BUF_NO_LIMIT);
        buf_init(&reply, BUF_NO_LIMIT);
        steps_write(one, &request);
        steps_write(reply_steps, &reply);
        for (size_t at = 0; at + 8 < reply.n && !hit; at += 8) {
            hit = be32_get(reply.p + at) == (fields[i].tag << 8 | fields[i].type);
            if (hit)
                reply.p[at + 7] = fields[i].length;
        }
        cr_assert(hit);
        findings_init(&f);
        kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
        cr_expect_eq(f.n, 0, "%s: %s", kmip_tag_name(fields[i].tag), findings_text(&f));
        cr_expect_not(kmip_open(&m, buf_bytes(&reply), NULL));
        buf_clear(&request);
        buf_clear(&reply);
    }
}

/* A message of n items with the ids first, first + step, ... */
static void write_many(struct buf *out, bool response, unsigned n, unsigned first, int step)
{
    struct kerr err = KERR_INIT;
    struct ttlv_writer w;
    uint8_t id[4];

    ttlv_w_init(&w, out, &err);
    ttlv_w_open(&w, response ? KMIP_TAG_RESPONSE_MESSAGE : KMIP_TAG_REQUEST_MESSAGE);
    ttlv_w_open(&w, response ? KMIP_TAG_RESPONSE_HEADER : KMIP_TAG_REQUEST_HEADER);
    ttlv_w_open(&w, KMIP_TAG_PROTOCOL_VERSION);
    ttlv_w_int(&w, KMIP_TAG_PROTOCOL_VERSION_MAJOR, 1);
    ttlv_w_int(&w, KMIP_TAG_PROTOCOL_VERSION_MINOR, 2);
    ttlv_w_close(&w);
    if (response)
        ttlv_w_date(&w, KMIP_TAG_TIME_STAMP, NOW);
    ttlv_w_int(&w, KMIP_TAG_BATCH_COUNT, (int32_t)n);
    ttlv_w_close(&w);
    for (unsigned i = 0; i < n; i++) {
        be32_put(id, (uint32_t)((int)first + (int)i * step));
        ttlv_w_open(&w, KMIP_TAG_BATCH_ITEM);
        ttlv_w_enum(&w, KMIP_TAG_OPERATION, KMIP_OPERATION_ACTIVATE);
        ttlv_w_bytes(&w, KMIP_TAG_UNIQUE_BATCH_ITEM_ID, bytes_of(id, sizeof id));
        if (response)
            ttlv_w_enum(&w, KMIP_TAG_RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS);
        ttlv_w_open(&w, response ? KMIP_TAG_RESPONSE_PAYLOAD : KMIP_TAG_REQUEST_PAYLOAD);
        ttlv_w_close(&w);
        ttlv_w_close(&w);
    }
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
}

/* However many items there are, the judgement is short: in time, and in findings. */
Test(message, judges_large_batches_in_bounded_time, .timeout = 10)
{
    static const struct {
        const char *name;
        unsigned asked, answered, first;
        int step;
        unsigned findings;
    } rows[] = {
        {"in order", 20000, 20000, 0, 1, 0},
        {"backwards", 1000, 1000, 999, -1, 0},
        {"backwards, and too many to look for", 20000, 20000, 19999, -1, 0},
        {"one id again and again", 1, 30000, 0, 0, 1},
        {"ids that nobody sent", 5000, 5000, 10000, 1, TTLV_MAX_FINDINGS + 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct findings f;
        struct buf request, reply;

        buf_init(&request, BUF_NO_LIMIT);
        buf_init(&reply, BUF_NO_LIMIT);
        write_many(&request, false, rows[i].asked, 0, 1);
        write_many(&reply, true, rows[i].answered, rows[i].first, rows[i].step);
        findings_init(&f);
        kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
        cr_expect(f.n == rows[i].findings || (rows[i].findings > 1 && f.n > 1 && f.n <= rows[i].findings),
                  "%s: %zu findings", rows[i].name, (size_t)f.n);
        buf_clear(&request);
        buf_clear(&reply);
    }
}

Test(message, judges_a_reply_whose_payload_is_broken_and_bytes_that_are_none)
{
    static const char noise[] = "HTTP/1.1 400 Bad Request\r\n";
    struct findings f;
    struct buf request, reply;

    buf_init(&request, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    steps_write(plain, &request);
    steps_write(replies[0].reply, &reply);
    for (size_t i = 0; i + 8 < reply.n; i += 8)
        if (be32_get(reply.p + i) == (KMIP_TAG_UNIQUE_IDENTIFIER << 8 | TTLV_TEXT_STRING))
            reply.p[i + 8] = 0xFF; /* not UTF-8 */
    findings_init(&f);
    kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
    cr_expect_eq(f.n, 0);
    kmip_check_reply(buf_bytes(&request), bytes_str(noise), NOW, &f.sink);
    kmip_check_reply(buf_bytes(&request), bytes_of(NULL, 0), NOW, &f.sink);
    cr_assert_eq(f.n, 2);
    cr_expect_eq(f.v[0].rule, RULE_MESSAGE_ROOT);
    cr_expect_eq(f.v[1].rule, RULE_MESSAGE_ROOT);
    buf_clear(&request);
    buf_clear(&reply);
}

Test(message, survives_every_flipped_byte_of_a_reply)
{
    struct findings f;
    struct buf request, reply;

    buf_init(&request, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    steps_write(two, &request);
    steps_write(replies[2].reply, &reply);
    for (size_t i = 0; i < reply.n; i++) {
        reply.p[i] ^= 0xFF;
        findings_init(&f);
        kmip_check_reply(buf_bytes(&request), buf_bytes(&reply), NOW, &f.sink);
        kmip_check_reply(buf_bytes(&reply), buf_bytes(&request), NOW, &f.sink);
        kmip_check_reply(buf_bytes(&request), bytes_of(reply.p, i), NOW, &f.sink);
        reply.p[i] ^= 0xFF;
    }
    buf_clear(&request);
    buf_clear(&reply);
}
