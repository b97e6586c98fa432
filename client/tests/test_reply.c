/* Replies taken apart: successes, refusals, and what is no reply to the request. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "client/lib/reply.h"
#include "kmip/tests/support/fixture.h"

TestSuite(reply, .timeout = 30);

#define HEADER                                                                                     \
    "Response Message:\n"                                                                          \
    "  Response Header: {Protocol Version: 1.2, Time Stamp: 2026-01-31T12:00:00Z, "                \
    "Batch Count: 1}\n"
#define ITEM(fields) HEADER "  Batch Item: {" fields "}\n"

static bool open_yaml(const char *yaml, struct buf *b, struct kmip_item *item,
                      struct reply_refusal *r, struct kerr *err)
{
    buf_init(b, BUF_NO_LIMIT);
    cr_assert(fixture_yaml(yaml, NULL, b, err), "%s", err->msg);
    return reply_open(buf_bytes(b), KMIP_OPERATION_CREATE, item, r, err);
}

Test(reply, a_success_gives_its_fields)
{
    struct kerr err = KERR_INIT;
    struct reply_refusal r;
    struct kmip_item item;
    struct bytes uid;
    struct buf b;

    cr_assert(open_yaml(ITEM("Operation: Create, Result Status: Success, Response Payload: "
                             "{Object Type: Symmetric Key, Unique Identifier: k1}"),
                        &b, &item, &r, &err), "%s", err.msg);
    cr_expect(!r.refused);
    cr_assert(reply_field(&item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &uid, &err));
    cr_expect(bytes_eq_str(uid, "k1"));
    cr_expect(!reply_field(&item, KMIP_TAG_DATA, TTLV_BYTE_STRING, &uid, &err));
    cr_expect(strstr(err.msg, "the reply to Create has no Data"), "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    cr_expect(!reply_field(&item, KMIP_TAG_OBJECT_TYPE, TTLV_TEXT_STRING, &uid, &err));
    cr_expect(strstr(err.msg, "is of type Enumeration, not Text String"), "%s", err.msg);
    buf_clear(&b);
}

static const struct {
    const char *name, *yaml;
    enum kerr_code code;
    const char *expect;
} rows[] = {
    {"refused", ITEM("Operation: Create, Result Status: Operation Failed, Result Reason: "
                     "Invalid Field, Result Message: no such attribute"),
     KE_REFUSED, "the server refused Create: Operation Failed, Invalid Field: no such attribute"},
    {"refused without operation", ITEM("Result Status: Operation Failed, Result Reason: "
                                       "Invalid Message"),
     KE_REFUSED, "the server refused Create: Operation Failed, Invalid Message"},
    {"refused without reason", ITEM("Operation: Create, Result Status: Operation Failed"),
     KE_REFUSED, "the server refused Create: Operation Failed"},
    {"pending", ITEM("Operation: Create, Result Status: Operation Pending, "
                     "Asynchronous Correlation Value: 01"),
     KE_REFUSED, "Operation Pending"},
    {"control characters", ITEM("Operation: Create, Result Status: Operation Failed, "
                                "Result Reason: General Failure, Result Message: \"a\\e[31m\\n\""),
     KE_REFUSED, "General Failure: a\\"},
    {"another operation", ITEM("Operation: Get, Result Status: Success, Response Payload: {}"),
     KE_REPLY, "the reply to Create is one to Get"},
    {"no operation", ITEM("Result Status: Success, Response Payload: {}"), KE_REPLY,
     "no Operation"},
    {"a status of another type", ITEM("Operation: Create, Result Status: !Integer 0, "
                                      "Response Payload: {}"),
     KE_REPLY, "Result Status in the reply to Create is of type Integer, not Enumeration"},
    {"a payload of another type", ITEM("Operation: Create, Result Status: Success, "
                                       "Response Payload: !TextString a"),
     KE_REPLY, "Response Payload in the reply to Create is of type Text String, not Structure"},
    {"no status", ITEM("Operation: Create, Response Payload: {}"), KE_REPLY, "no Result Status"},
    {"no payload", ITEM("Operation: Create, Result Status: Success"), KE_REPLY,
     "no Response Payload"},
    {"no item", HEADER, KE_REPLY, "no Batch Item"},
    {"a request", "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 1}, "
                  "Batch Item: {Operation: Create, Request Payload: {}}}",
     KE_REPLY, "is a Request Message"},
};

Test(reply, all_others_are_told_apart)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct reply_refusal r;
        struct kmip_item item;
        struct buf b;

        cr_expect(!open_yaml(rows[i].yaml, &b, &item, &r, &err), "%s: accepted", rows[i].name);
        cr_expect_eq(err.code, rows[i].code, "%s: %s: %s", rows[i].name, kerr_name(err.code),
                     err.msg);
        cr_expect(strstr(err.msg, rows[i].expect), "%s: '%s' is not in: %s", rows[i].name,
                  rows[i].expect, err.msg);
        cr_expect_eq(r.refused, rows[i].code == KE_REFUSED, "%s", rows[i].name);
        cr_expect_eq(r.operation, KMIP_OPERATION_CREATE);
        buf_clear(&b);
    }
}

Test(reply, a_refusal_keeps_its_parts)
{
    struct kerr err = KERR_INIT;
    struct reply_refusal r;
    struct kmip_item item;
    struct buf b;

    cr_expect(!open_yaml(rows[0].yaml, &b, &item, &r, &err));
    cr_expect_eq(r.status, KMIP_RESULT_STATUS_OPERATION_FAILED);
    cr_expect(r.has_reason);
    cr_expect_eq(r.reason, KMIP_RESULT_REASON_INVALID_FIELD);
    cr_expect_str_eq(r.message, "no such attribute");
    buf_clear(&b);
}

Test(reply, bytes_that_are_no_message_are_a_ttlv_error)
{
    struct kerr err = KERR_INIT;
    struct kmip_item item;

    cr_expect(!reply_open(bytes_str("HTTP/1.1 200"), KMIP_OPERATION_GET, &item, NULL, &err));
    cr_expect_eq(err.cls, KERR_CLASS_TTLV, "%s", err.msg);
}
