/* Operations answered Pending; Query and Discover Versions. */
#include "kmip/tests/support/tmpdir.h"
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

#define BOGUS "Cancel, {Asynchronous Correlation Value: 0102}"
#define NAMED(name)                                                                                \
    "Locate, {Attribute: {Attribute Name: Name, Attribute Value: !Structure {Name Value: " name    \
    "}}}"
#define CONTINUE "Batch Error Continuation Option: Continue,"
#define UNDO "Batch Error Continuation Option: Undo,"

/* Asks asynchronously; the correlation value is then bound to the name. */
static void ask_pending_as(struct rig *r, const char *name, const char *items)
{
    struct kmip_item it;
    r->header = ASYNC;
    rig_ask(r, items);
    r->header = NULL;
    cr_assert_eq(rig_reason(r, 0), PENDING, "%s", items);
    cr_assert(rig_item(r, 0, &it) && it.has_correlation && !it.has_payload);
    rig_bind(r, name, TTLV_BYTE_STRING, it.correlation);
}

static void ask_pending(struct rig *r, const char *items)
{
    ask_pending_as(r, "v", items);
}

static uint32_t cancellation(struct rig *r, unsigned index)
{
    struct ttlv_item result;
    return rig_field(r, index, KMIP_TAG_CANCELLATION_RESULT, &result) ? ttlv_enum(&result) : 0;
}

static unsigned found(struct rig *r, unsigned index)
{
    return rig_count(r, index, KMIP_TAG_UNIQUE_IDENTIFIER);
}

static void be(struct rig *r, const char *who)
{
    snprintf(r->peer.identity, sizeof r->peer.identity, "%s", who);
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
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_COMPLETED);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, is_cancelled_without_effect)
{
    struct rig *r = rig_new(NULL);
    ask_pending(r, CREATE(", Name: n"));
    rig_expect(r, CANCEL, 0);
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_CANCELED);
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
    be(r, "bob");
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, CANCEL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    be(r, "alice");
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

/* The Cancel of something else, or beside something else, does not hold it up. */
Test(async, takes_effect_before_a_batch_that_cancels)
{
    struct rig *r = rig_new(NULL);
    ask_pending(r, CREATE(", Name: n"));
    r->header = CONTINUE;
    rig_ask(r, BOGUS "||" POLL "||" NAMED("n"));
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_expect_eq(rig_reason(r, 1), 0u);
    cr_expect_eq(found(r, 1), 1u, "the answer of the Create");
    cr_expect_eq(found(r, 2), 1u);
    r->header = NULL;
    ask_pending(r, CREATE(", Name: m"));
    rig_ask(r, CANCEL "||" NAMED("m"));
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_COMPLETED);
    cr_expect_eq(found(r, 1), 1u);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, takes_effect_when_somebody_else_tries_to_cancel_it)
{
    struct rig *r = rig_new(NULL);
    ask_pending(r, CREATE(", Name: n"));
    be(r, "bob");
    rig_expect(r, CANCEL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    be(r, "alice");
    rig_expect(r, CANCEL, 0);
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_COMPLETED);
    rig_free(r);
}

Test(async, is_not_cancelled_by_a_reply_that_does_not_fit)
{
    struct rig *r = rig_new(NULL);
    ask_pending(r, CREATE(", Name: n"));
    r->header = "Maximum Response Size: 150,";
    rig_expect(r, CANCEL, KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    r->header = NULL;
    rig_expect(r, NAMED("n"), 0);
    cr_expect_eq(found(r, 0), 1u);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, is_told_again_after_a_batch_was_undone)
{
    struct rig *r = rig_new(NULL);
    ask_pending(r, CREATE(""));
    r->header = UNDO;
    rig_ask(r, POLL "|| Get, {Unique Identifier: none}");
    cr_expect_eq(rig_reason(r, 0), 1000u + KMIP_RESULT_STATUS_OPERATION_UNDONE);
    r->header = NULL;
    rig_expect(r, POLL, 0);
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);

    ask_pending(r, CREATE(""));
    r->header = UNDO;
    rig_ask(r, POLL "|| Get, {Key Format Type: Raw, Unique Identifier: none}");
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_INVALID_MESSAGE, "never run");
    r->header = NULL;
    rig_expect(r, POLL, 0);

    /* What is told by the very item for which the rest is undone was told. */
    ask_pending(r, "Get, {Unique Identifier: none}");
    r->header = UNDO;
    rig_ask(r, CREATE("") "||" POLL);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    struct kmip_item it;
    cr_assert(rig_item(r, 1, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_GET);
    r->header = NULL;
    rig_expect(r, POLL, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_assert(rig_item(r, 0, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_POLL);

    /* Told once in a batch that stands, it is gone for the rest of the batch. */
    ask_pending(r, CREATE(""));
    r->header = CONTINUE;
    rig_ask(r, POLL "||" POLL);
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

Test(async, is_answered_by_its_own_terms_and_nobody_elses)
{
    struct behaviour rejects = {.said.v[BEHAVIOUR_COMPOUND_CREATE] = 1,
                                .compound_create = COMPOUND_REJECT};
    struct rig *r = rig_new(NULL);
    ask_pending_as(r, "v", CREATE(", Activation Date: 0"));
    be(r, "bob");
    r->behaviour = &rejects;
    r->now_ns += INT64_C(5000000000);
    ask_pending_as(r, "w", CREATE(", Activation Date: 0"));
    cr_expect_eq(rejects.used.v[BEHAVIOUR_COMPOUND_CREATE], 1u, "it is used when it is accepted");
    be(r, "alice");
    r->behaviour = NULL;
    r->now_ns += INT64_C(5000000000);
    rig_make(r, "k", POLL);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_ACTIVE);
    cr_expect_eq(rig_number(r, "k", "Initial Date"), RIG_NOW);
    be(r, "bob");
    rig_expect(r, "Poll, {Asynchronous Correlation Value: $w}", KMIP_RESULT_REASON_INVALID_FIELD);
    rig_free(r);
}

Test(async, is_there_for_two_clients_at_once)
{
    struct rig *r = rig_new(NULL);
    ask_pending_as(r, "v", CREATE(", Name: a"));
    be(r, "bob");
    ask_pending_as(r, "w", CREATE(", Name: b"));
    rig_expect(r, "Cancel, {Asynchronous Correlation Value: $w}", 0);
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_CANCELED);
    rig_expect(r, NAMED("b"), 0);
    cr_expect_eq(found(r, 0), 0u);
    be(r, "alice");
    rig_expect(r, NAMED("a"), 0);
    cr_expect_eq(found(r, 0), 1u);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, is_done_before_objects_are_preloaded)
{
    struct rig *r = rig_new((const char *const[]){"preload=[{identifier: p}]", NULL});
    struct kerr err = KERR_INIT;
    ask_pending(r, CREATE(""));
    cr_expect(preload_store(&r->cfg.preload, &r->engine, PRELOAD_REFUSE, &err), "%s", err.msg);
    rig_expect(r, CANCEL, 0);
    cr_expect_eq(cancellation(r, 0), KMIP_CANCELLATION_RESULT_COMPLETED);
    rig_free(r);
}

Test(async, outlives_the_end_of_the_server)
{
    struct tmpdir dir;
    char store[300];
    const char *const sets[] = {store, NULL};
    tmpdir_make(&dir);
    snprintf(store, sizeof store, "store=%s", tmpdir_file(&dir, "store"));
    struct rig *r = rig_new(sets);
    ask_pending(r, CREATE(", Name: n"));
    rig_free(r);
    r = rig_new(sets);
    rig_expect(r, NAMED("n"), 0);
    cr_expect_eq(found(r, 0), 1u);
    ask_pending(r, CREATE(", Name: m"));
    rig_expect(r, CANCEL, 0);
    rig_free(r);
    r = rig_new(sets);
    rig_expect(r, NAMED("m"), 0);
    cr_expect_eq(found(r, 0), 0u, "but what was cancelled does not");
    rig_free(r);
    tmpdir_remove(&dir);
}

Test(async, keeps_a_bounded_number)
{
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 257; i++) /* the oldest outcomes give way */
        ask_pending_as(r, i == 0 ? "first" : i == 1 ? "second" : "v", CREATE(""));
    rig_expect(r, "Poll, {Asynchronous Correlation Value: $first}",
               KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, "Poll, {Asynchronous Correlation Value: $second}", 0);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(async, keeps_a_bounded_number_of_bytes)
{
    enum { SIZE = 1 << 20, FIT = 15 };
    struct rig *r = rig_new((const char *const[]){"limits.message_size=2097152", NULL});
    struct buf text;
    buf_init(&text, BUF_NO_LIMIT);
    buf_puts(&text, "Register, {Object Type: Opaque Object, Template-Attribute: {}, Opaque Object: "
                    "{Opaque Data Type: 0x80000001, Opaque Data Value: 0x");
    buf_fill(&text, '5', 2 * SIZE);
    buf_puts(&text, "}}");
    rig_make(r, "o", buf_cstr(&text));
    buf_clear(&text);
    for (int i = 0; i <= FIT; i++)
        ask_pending_as(r, i == 0 ? "first" : i == 1 ? "second" : "v",
                       "Get, {Unique Identifier: $o}");
    rig_expect(r, "Poll, {Asynchronous Correlation Value: $first}",
               KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_expect(r, "Poll, {Asynchronous Correlation Value: $second}", 0);
    rig_expect(r, POLL, 0);
    rig_free(r);
}

Test(query, lists_what_the_version_has)
{
    static const struct {
        const char *version;
        unsigned operations, objects;
    } rows[] = {{"1.0", 22, 8}, {"1.1", 24, 8}, {"1.2", 26, 9}};
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
