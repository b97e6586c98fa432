/* Requests made to hurt: each is answered by a reply that keeps the standard, soon. */
#include "kmip/base/clock.h"
#include "mockserver/rng.h"
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"

static const char *const seeds[] = {
    CREATE(", Name: [a, b], x-n: 5, Usage Limits: {Usage Limits Total: 10, Usage Limits Unit: "
           "Byte}, Activation Date: $NOW"),
    "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic Usage "
    "Mask: Verify}}, Secret Data: {Secret Data Type: Password, Key Block: {Key Format Type: "
    "Opaque, Key Value: {Key Material: 0102}}}}",
    "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: t}}, Template: "
    "{Attributes: {x-a: 1, Contact Information: Joe}}}",
    "Locate, {Maximum Items: 3, Storage Status Mask: 3, Attribute: [{Attribute Name: Name, "
    "Attribute Value: !Structure {Name Value: a}}, {Attribute Name: Activation Date, Attribute "
    "Value: 1}]} || Get, {}",
    "Get, {Unique Identifier: $k, Key Format Type: Raw, Key Wrapping Specification: {Wrapping "
    "Method: Encrypt, Encryption Key Information: {Unique Identifier: $k, Cryptographic "
    "Parameters: {Block Cipher Mode: NISTKeyWrap}}, Attribute Name: State}}",
    "Add Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: x-a, Attribute Value: a}} "
    "|| Modify Attribute, {Unique Identifier: $k, Attribute: {Attribute Name: x-a, Attribute "
    "Index: 0, Attribute Value: b}} || Delete Attribute, {Unique Identifier: $k, Attribute Name: "
    "x-a}",
    "Encrypt, {Unique Identifier: $k, Cryptographic Parameters: {Block Cipher Mode: GCM, Random "
    "IV: true, IV Length: 96, Tag Length: 16}, Data: 0102}",
    "Decrypt, {Unique Identifier: $k, Cryptographic Parameters: {Block Cipher Mode: CBC, Padding "
    "Method: PKCS5}, Data: 00112233445566778899aabbccddeeff, IV/Counter/Nonce: "
    "00112233445566778899aabbccddeeff}",
    "Revoke, {Unique Identifier: $k, Revocation Reason: {Revocation Reason Code: Key Compromise}, "
    "Compromise Occurrence Date: 6}",
    "Re-key, {Unique Identifier: $k, Offset: 5, Template-Attribute: {Attributes: {x-a: 1}}}",
    "Check, {Unique Identifier: $k, Usage Limits Count: 5, Cryptographic Usage Mask: Encrypt, "
    "Lease Time: 5}",
    "Query, {Query Function: [Query Operations, Query Server Information]}",
    "Discover Versions, {Protocol Version: [1.2, 1.0]}",
    "Get Usage Allocation, {Unique Identifier: $k, Usage Limits Count: 5}",
    "Poll, {Asynchronous Correlation Value: 0102}",
};

/* The reply alone: a spoilt request need not show what its answer must repeat. */
static void answer(struct rig *r)
{
    const struct finding_sink sink = {rig_finding, r};
    struct kerr err = KERR_INIT;
    unsigned before = r->findings;
    cr_assert(rig_answer(r, &err), "%s", err.msg);
    cr_assert(kmip_validate(buf_bytes(&r->reply), 0, NULL, &sink, &err), "%s", err.msg);
    if (r->findings != before) {
        rig_show(r);
        cr_assert_fail("the reply breaks the standard");
    }
}

/* A few bytes changed, with a liking for headers of items. */
static void spoil(struct rig *r, uint64_t *rng)
{
    uint8_t *p = r->request.p;
    size_t n = r->request.n;
    for (uint64_t i = 0, times = 1 + rng_below(rng, 3); i < times; i++) {
        size_t at = (size_t)rng_below(rng, n);
        switch (rng_below(rng, 4)) {
        case 0:
            p[at] = (uint8_t)rng_below(rng, 256);
            break;
        case 1:
            p[at] ^= (uint8_t)(1u << rng_below(rng, 8));
            break;
        case 2: /* a type or the low byte of a length */
            at = at / 8 * 8 + (rng_below(rng, 2) ? 3 : 7);
            if (at < n)
                p[at] = (uint8_t)rng_below(rng, 12);
            break;
        default: /* eight bytes over others */
            at = at / 8 * 8;
            memmove(p + at, p + (size_t)rng_below(rng, n / 8) * 8, 8);
            break;
        }
    }
}

Test(hostile, spoilt_requests_get_sound_replies)
{
    static const char *const sets[] = {"seed=1", NULL};
    struct rig *r = rig_new(sets);
    uint64_t rng = 42;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct buf whole;
        rig_make(r, "k", CREATE(", Activation Date: $NOW"));
        rig_compose(r, seeds[i]);
        buf_init(&whole, BUF_NO_LIMIT);
        cr_assert(buf_put_bytes(&whole, buf_bytes(&r->request)));
        for (int round = 0; round < 400; round++) {
            buf_reset(&r->request);
            cr_assert(buf_put_bytes(&r->request, buf_bytes(&whole)));
            spoil(r, &rng);
            answer(r);
        }
        buf_clear(&whole);
    }
    rig_free(r);
}

/* A request of one item whose payload holds `one` over and over, up to a MiB. */
static void flood(struct rig *r, uint32_t operation, const char *first, uint32_t tag, unsigned type,
                  struct bytes one)
{
    struct ttlv_writer w;
    const struct kmip_request rq = {0};
    struct kerr err = KERR_INIT;
    buf_reset(&r->request);
    ttlv_w_init(&w, &r->request, &err);
    kmip_request_begin(&w, &rq);
    kmip_item_begin(&w, operation, bytes_of(NULL, 0));
    if (first)
        ttlv_w_str(&w, KMIP_TAG_UNIQUE_IDENTIFIER, first);
    while (r->request.n < 1000000)
        ttlv_w_value(&w, tag, type, one);
    kmip_item_end(&w);
    kmip_request_end(&w);
    cr_assert(ttlv_w_finish(&w), "%s", err.msg);
    int64_t began = clock_mono_ns();
    answer(r);
    cr_expect_lt(clock_mono_ns() - began, 5 * NS_PER_S);
}

Test(hostile, floods_are_answered_soon, .timeout = 60)
{
    static const uint8_t number[4] = {0, 0, 0, 1};
    struct rig *r = rig_new(NULL);
    struct bytes four = bytes_of(number, 4);
    char uid[MOCK_UID_MAX];
    rig_make(r, "k", CREATE(""));
    snprintf(uid, sizeof uid, "%s", r->note.uid);
    flood(r, KMIP_OPERATION_GET, uid, KMIP_TAG_DATA, TTLV_BYTE_STRING, bytes_of(NULL, 0));
    flood(r, KMIP_OPERATION_GET, uid, 0x540001, TTLV_INTEGER, four);
    flood(r, KMIP_OPERATION_GET_ATTRIBUTES, uid, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING,
          bytes_str("Name"));
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE);
    flood(r, KMIP_OPERATION_QUERY, NULL, KMIP_TAG_QUERY_FUNCTION, TTLV_ENUMERATION, four);
    cr_expect_eq(rig_reason(r, 0), 0u);
    rig_free(r);
}

/* As many attributes as a message holds, all different. */
Test(hostile, many_attributes_are_refused_soon, .timeout = 60)
{
    struct rig *r = rig_new(NULL);
    const struct kmip_request rq = {0};
    struct ttlv_writer w;
    struct kerr err = KERR_INIT;
    for (int locate = 0; locate < 2; locate++) {
        char name[32];
        buf_reset(&r->request);
        ttlv_w_init(&w, &r->request, &err);
        kmip_request_begin(&w, &rq);
        kmip_item_begin(&w, locate ? KMIP_OPERATION_LOCATE : KMIP_OPERATION_CREATE,
                        bytes_of(NULL, 0));
        if (!locate) {
            ttlv_w_enum(&w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
            ttlv_w_open(&w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
        }
        for (int i = 0; r->request.n < 1000000; i++) {
            snprintf(name, sizeof name, "x-%d", i);
            kmip_attribute_text(&w, name, "a");
        }
        if (!locate)
            ttlv_w_close(&w);
        kmip_item_end(&w);
        kmip_request_end(&w);
        cr_assert(ttlv_w_finish(&w), "%s", err.msg);
        int64_t began = clock_mono_ns();
        answer(r);
        cr_expect_lt(clock_mono_ns() - began, 5 * NS_PER_S);
        cr_expect_eq(rig_reason(r, 0), locate ? KMIP_RESULT_REASON_INVALID_FIELD
                                              : KMIP_RESULT_REASON_INDEX_OUT_OF_BOUNDS);
    }
    rig_free(r);
}

Test(hostile, texts_of_any_kind_come_back_as_sound_messages)
{
    static const char *const names[] = {"\"\\x01\\x02\"",
                                        "\"a\\nb\"",
                                        "\"ä日本𝄞ä日本𝄞ä日本𝄞ä日本𝄞ä日本𝄞ä日本𝄞ä日本𝄞\"",
                                        "\"%s%n%p\"",
                                        "\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"",
                                        "''"};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[400];
        snprintf(text, sizeof text, "Get, {Unique Identifier: %s}", names[i]);
        rig_expect(r, text, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
        snprintf(text, sizeof text,
                 "Locate, {Attribute: {Attribute Name: %s, Attribute Value: !TextString a}}",
                 names[i]);
        rig_expect(r, text, KMIP_RESULT_REASON_INVALID_FIELD);
    }
    rig_free(r);
}
