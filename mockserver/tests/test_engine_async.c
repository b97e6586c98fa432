/* Operations answered Pending; Query and Discover Versions. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define PENDING (1000u + KMIP_RESULT_STATUS_OPERATION_PENDING)
#define ASYNC "Asynchronous Indicator: true,"
#define POLL "Poll, {Asynchronous Correlation Value: $v}"
#define CANCEL "Cancel, {Asynchronous Correlation Value: $v}"

/* Asks asynchronously; the correlation value is then $v. */
static void ask_pending(struct rig *r, const char *items)
{
    struct kmip_item it;
    r->header = ASYNC;
    rig_ask(r, items);
    r->header = NULL;
    cr_assert_eq(rig_reason(r, 0), PENDING, "%s", items);
    cr_assert(rig_item(r, 0, &it) && it.has_correlation && !it.has_payload);
    rig_bind(r, "v", TTLV_BYTE_STRING, it.correlation);
}

Test(async, answers_poll_as_the_operation_would_have_been)
{
    struct rig *r = rig_new(NULL);
    struct kmip_item it;
    rig_make(r, "k", CREATE(", Name: n"));
    ask_pending(r, "Locate, {Attribute: {Attribute Name: Name, Attribute Value: !Structure {Name "
                   "Value: n}}}");
    rig_expect(r, POLL, 0);
    cr_assert(rig_item(r, 0, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_LOCATE);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    ask_pending(r, "Get, {Unique Identifier: none}");
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_assert(rig_item(r, 0, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_GET);
    rig_free(r);
}

Test(async, takes_effect_before_anybody_can_look)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    ask_pending(r, "Archive, {Unique Identifier: $k}");
    rig_expect(r, "Get, {Unique Identifier: $k}", KMIP_RESULT_REASON_OBJECT_ARCHIVED);
    rig_expect(r, CANCEL, 0);
    struct ttlv_item result;
    cr_expect(rig_field(r, 0, KMIP_TAG_CANCELLATION_RESULT, &result) &&
              ttlv_enum(&result) == KMIP_CANCELLATION_RESULT_COMPLETED);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, is_cancelled_without_effect)
{
    struct rig *r = rig_new(NULL);
    struct ttlv_item result;
    ask_pending(r, CREATE(", Name: n"));
    rig_expect(r, CANCEL, 0);
    cr_expect(rig_field(r, 0, KMIP_TAG_CANCELLATION_RESULT, &result) &&
              ttlv_enum(&result) == KMIP_CANCELLATION_RESULT_CANCELED);
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, CANCEL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

Test(async, belongs_to_who_asked)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    ask_pending(r, "Get, {Unique Identifier: $k}");
    snprintf(r->peer.identity, sizeof r->peer.identity, "bob");
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, CANCEL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    snprintf(r->peer.identity, sizeof r->peer.identity, "alice");
    r->header = "Maximum Response Size: 200,";
    rig_expect(r, POLL, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    r->header = NULL;
    rig_expect(r, POLL, 0); /* what did not fit is not lost */
    rig_free(r);
}

Test(async, is_not_for_batches_and_not_for_poll)
{
    static const char *const ignore[] = {"asynchronous=ignore", NULL};
    struct rig *r = rig_new(NULL);
    r->header = ASYNC;
    rig_ask(r, CREATE("") "|| Get, {}");
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), 0u);
    rig_bind(r, "v", TTLV_BYTE_STRING, bytes_str("nothing"));
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, "Query, {Query Function: Query Objects}", 0);
    rig_free(r);
    r = rig_new(ignore);
    r->header = ASYNC;
    rig_expect(r, CREATE(""), 0);
    rig_free(r);
}

Test(async, keeps_a_bounded_number)
{
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 1000; i++)
        ask_pending(r, CREATE("")); /* the oldest outcomes give way */
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(query, lists_what_the_version_has)
{
    static const struct {
        const char *version;
        unsigned operations, objects;
    } rows[] = {{"1.0", 21, 8}, {"1.1", 22, 8}, {"1.2", 24, 9}};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < 3; i++) {
        r->version = rows[i].version;
        rig_expect(
            r, "Query, {Query Function: [Query Objects, Query Operations, Query Operations]}", 0);
        cr_expect_eq(rig_count(r, 0, KMIP_TAG_OPERATION), rows[i].operations);
        cr_expect_eq(rig_count(r, 0, KMIP_TAG_OBJECT_TYPE), rows[i].objects);
    }
    rig_expect(r, "Query, {Query Function: Query Server Information}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_VENDOR_IDENTIFICATION), 1u);
    rig_expect(r,
               "Query, {Query Function: [Query Extension Map, Query Extension List, Query "
               "Application Namespaces, Query "
               "Attestation Types]}",
               0);
    rig_expect(r, "Query, {Query Function: 0x77}", KMIP_RESULT_REASON_INVALID_FIELD);
    r->version = "1.0";
    rig_expect(r, "Query, {Query Function: Query Extension Map}", KMIP_RESULT_REASON_INVALID_FIELD);
    rig_free(r);
}

Test(discover_versions, names_common_ones_best_first)
{
    static const struct {
        const char *asked, *answer;
    } rows[] = {{"{}", "210"},
                {"{Protocol Version: 1.0}", "0"},
                {"{Protocol Version: [1.0, 1.2]}", "20"},
                {"{Protocol Version: [1.4, 1.3, 1.2]}", "2"},
                {"{Protocol Version: 9.31}", ""}};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200], found[8] = "";
        struct kmip_item it;
        struct ttlv_reader rd;
        struct ttlv_item v, minor;
        size_t n = 0;
        snprintf(text, sizeof text, "Discover Versions, %s", rows[i].asked);
        rig_expect(r, text, 0);
        cr_assert(rig_item(r, 0, &it) && it.has_payload);
        ttlv_r_init(&rd, it.payload.val, NULL, NULL);
        while (ttlv_r_next(&rd, &v) && n < 7)
            if (ttlv_find(&v, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor))
                found[n++] = (char)('0' + ttlv_int(&minor));
        cr_expect_str_eq(found, rows[i].answer, "%s", rows[i].asked);
    }
    rig_free(r);
}
