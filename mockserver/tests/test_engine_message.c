/* Header, batch and framing rules: what stands for the whole message, what for one item. */
#include "mockserver/tests/engine_rig.h"

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define DISCOVER "Discover Versions, {}"

/* Sends a whole message written in YAML. */
static void send_yaml(struct rig *r, const char *text)
{
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    const struct form_env env = {rig_lookup, r, r->now_ns / 1000000000};
    cr_assert(ydoc_parse(&doc, "request", bytes_str(text), &err), "%s in %s", err.msg, text);
    buf_reset(&r->request);
    cr_assert(from_yaml_message(doc.root, &env, &r->request, &err), "%s in %s", err.msg, text);
    ydoc_clear(&doc);
    rig_send(r);
}

#define HEAD "Request Header: {Protocol Version: 1.2, Batch Count: 1}"
#define ITEM "Batch Item: {Operation: Query, Request Payload: {Query Function: Query Operations}}"

Test(message, faults_get_the_reason_the_standard_names)
{
    static const struct {
        const char *name, *text;
        uint32_t reason, operation; /* 0: the whole message is refused */
    } rows[] = {
        {"sound", "Request Message: {" HEAD ", " ITEM "}", 0, KMIP_OPERATION_QUERY},
        {"unknown major",
         "Request Message: {Request Header: {Protocol Version: 9.31, Batch Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"no batch count", "Request Message: {Request Header: {Protocol Version: 1.2}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"batch count too large",
         "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 2}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"batch count zero",
         "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 0}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"no item", "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 0}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"no header", "Request Message: {" ITEM "}", KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"header field twice",
         "Request Message: {Request Header: {Protocol Version: 1.2, Batch Order Option: true, "
         "Batch Order Option: true, "
         "Batch Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"header field of an answer",
         "Request Message: {Request Header: {Protocol Version: 1.2, Result Status: Success, Batch "
         "Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_FIELD, 0},
        {"header out of order",
         "Request Message: {Request Header: {Batch Count: 1, Protocol Version: 1.2}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"response header field of 1.4",
         "Request Message: {Request Header: {Protocol Version: 1.2, Client Correlation Value: a, "
         "Batch Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_FIELD, 0},
        {"undo is an option unknown",
         "Request Message: {Request Header: {Protocol Version: 1.2, Batch Error Continuation "
         "Option: 77, Batch Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_INVALID_FIELD, 0},
        {"order and continuation with one item",
         "Request Message: {Request Header: {Protocol Version: 1.2, Batch Error Continuation "
         "Option: Undo, Batch Order Option: "
         "true, Batch Count: 1}, " ITEM "}",
         0, KMIP_OPERATION_QUERY},
        {"extension tag is passed over",
         "Request Message: {" HEAD ", Batch Item: {Operation: Query, Request Payload: {Query "
         "Function: Query Operations, "
         "0x540001: !TextString a}}}",
         0, KMIP_OPERATION_QUERY},
        {"no operation", "Request Message: {" HEAD ", Batch Item: {Request Payload: {}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
        {"no payload", "Request Message: {" HEAD ", Batch Item: {Operation: Query}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_QUERY},
        {"required field missing",
         "Request Message: {" HEAD ", Batch Item: {Operation: Query, Request Payload: {}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_QUERY},
        {"unknown field in payload",
         "Request Message: {" HEAD ", Batch Item: {Operation: Get, Request Payload: {Unique "
         "Identifier: a, Data: 00}}}",
         KMIP_RESULT_REASON_INVALID_FIELD, KMIP_OPERATION_GET},
        {"field twice",
         "Request Message: {" HEAD ", Batch Item: {Operation: Get, Request Payload: {Unique "
         "Identifier: a, Unique Identifier: a}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_GET},
        {"wrong type",
         "Request Message: {" HEAD ", Batch Item: {Operation: Get, Request Payload: {Unique "
         "Identifier: !ByteString 61}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_GET},
        {"unknown enumeration",
         "Request Message: {" HEAD ", Batch Item: {Operation: Create, Request Payload: {Object "
         "Type: 0x77, Template-Attribute: {}}}}",
         KMIP_RESULT_REASON_INVALID_FIELD, KMIP_OPERATION_CREATE},
        {"operation not supported",
         "Request Message: {" HEAD ", Batch Item: {Operation: Certify, Request Payload: {}}}",
         KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED, KMIP_OPERATION_CERTIFY},
        {"operation of a later version",
         "Request Message: {" HEAD ", Batch Item: {Operation: Import, Request Payload: {}}}",
         KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED, KMIP_OPERATION_IMPORT},
        {"operation nobody knows",
         "Request Message: {" HEAD ", Batch Item: {Operation: 0x77, Request Payload: {}}}",
         KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED, 0x77},
        {"boolean of another value",
         "Request Message: {" HEAD ", Batch Item: {Operation: Get, Request Payload: {Unique "
         "Identifier: a, "
         "Random IV: !item {type: 0x06, value: 0000000000000002}}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_GET},
        {"critical extension",
         "Request Message: {" HEAD ", Batch Item: {Operation: Query, Request Payload: {Query "
         "Function: Query Operations}, "
         "Message Extension: {Vendor Identification: Acme, Criticality Indicator: true, Vendor "
         "Extension: {}}}}",
         KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED, KMIP_OPERATION_QUERY},
        {"extension that may be ignored",
         "Request Message: {" HEAD ", Batch Item: {Operation: Query, Request Payload: {Query "
         "Function: Query Operations}, "
         "Message Extension: {Vendor Identification: Acme, Criticality Indicator: false, Vendor "
         "Extension: {}}}}",
         0, KMIP_OPERATION_QUERY},
        {"extension without criticality",
         "Request Message: {" HEAD ", Batch Item: {Operation: Query, Request Payload: {Query "
         "Function: Query Operations}, "
         "Message Extension: {Vendor Identification: Acme, Vendor Extension: {}}}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, KMIP_OPERATION_QUERY},
        {"credential nobody knows",
         "Request Message: {Request Header: {Protocol Version: 1.2, Authentication: {Credential: "
         "{Credential Type: Username and "
         "Password, Credential Value: {Username: Fred, Password: x}}}, Batch Count: 1}, " ITEM "}",
         KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL, 0},
        {"no message of a client",
         "Response Message: {Response Header: {Protocol Version: 1.2, Time Stamp: 0, Batch Count: "
         "0}}",
         KMIP_RESULT_REASON_INVALID_MESSAGE, 0},
    };
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kmip_item it;
        send_yaml(r, rows[i].text);
        rig_expect_reason(r, rows[i].name, rows[i].reason);
        cr_assert(rig_item(r, 0, &it));
        cr_expect_eq(it.has_operation, rows[i].operation != 0, "%s", rows[i].name);
        cr_expect_eq(it.operation, rows[i].operation, "%s", rows[i].name);
    }
    rig_free(r);
}

static uint8_t reply_version(struct rig *r)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;
    cr_assert(kmip_open(&m, buf_bytes(&r->reply), &err), "%s", err.msg);
    return m.header.version;
}

Test(message, is_answered_in_its_own_version_or_the_highest_of_its_major)
{
    static const struct {
        const char *asked;
        uint8_t answered;
        uint32_t reason;
    } rows[] = {{"1.0", 0x10, 0}, {"1.1", 0x11, 0},
                {"1.2", 0x12, 0}, {"1.4", 0x12, 0},
                {"1.9", 0x12, 0}, {"2.0", 0x12, KMIP_RESULT_REASON_INVALID_MESSAGE}};
    static const char *const only[] = {"versions=[1.2]", NULL};
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r->version = rows[i].asked;
        rig_expect(r, "Query, {Query Function: Query Objects}", rows[i].reason);
        cr_expect_eq(reply_version(r), rows[i].answered, "%s", rows[i].asked);
    }
    /* A higher minor version may bring fields that are not known here. */
    r->version = "1.4";
    r->header = "Client Correlation Value: a,";
    rig_expect(r, "Query, {Query Function: [Query Objects, Query Profiles]}", 0);
    cr_expect_gt(rig_count(r, 0, KMIP_TAG_OBJECT_TYPE), 0u);
    rig_free(r);
    r = rig_new(only);
    r->any_version = true;
    r->version = "1.1";
    rig_expect(r, "Query, {Query Function: Query Objects}", KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect_eq(reply_version(r), 0x12);
    rig_free(r);
}

Test(message, that_cannot_be_read_is_refused_as_a_whole)
{
    static const char *const hex[] = {
        "42007801000000084200770100000000", /* empty header */
        "4200780100000018420077010000000842006A020000000400000001", /* header cut */
        "42007801000000104200770100000030420069010000002000",
        "42007B0100000000",
        "4200780100000000",
    };
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof hex / sizeof *hex; i++) {
        struct kerr err = KERR_INIT;
        struct kmip_item it;
        buf_reset(&r->request);
        cr_assert(text_unhex(bytes_str(hex[i]), &r->request));
        cr_assert(rig_answer(r, &err));
        cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE, "%s", hex[i]);
        cr_expect(rig_item(r, 0, &it) && !it.has_operation);
        cr_expect_eq(r->note.reason, KMIP_RESULT_REASON_INVALID_MESSAGE);
    }
    struct kerr why = KERR_INIT, err = KERR_INIT;
    kerr_set(&why, KE_TTLV_ROOT, "this looks like HTTP");
    buf_reset(&r->reply);
    cr_assert(engine_reject(&r->engine, &why, &r->reply, &err));
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect(strstr(rig_message(r, 0), "HTTP"));
    rig_free(r);
}

Test(batch, survives_one_item_with_broken_encoding)
{
    struct rig *r = rig_new(NULL);
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, CREATE("") "|| Get, {Unique Identifier: a, Key Format Type: !item {type: 0x05, "
                          "length: 3, value: 000001}} ||"
                          "Query, {Query Function: Query Objects}");
    cr_expect_eq(rig_items(r), 3u);
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect(strstr(rig_message(r, 1), "length 3"), "%s", rig_message(r, 1));
    cr_expect_eq(rig_reason(r, 2), 0u);
    struct kmip_item it;
    cr_assert(rig_item(r, 1, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_GET);
    cr_expect(it.has_id);
    rig_free(r);
}

Test(batch, needs_a_different_identifier_in_each_item)
{
    struct rig *r = rig_new(NULL);
    send_yaml(r, "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 2}, Batch "
                 "Item: ["
                 "{Operation: Discover Versions, Unique Batch Item ID: 01, Request Payload: {}}, "
                 "{Operation: Discover Versions, Request Payload: {}}]}");
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE);
    cr_expect_eq(rig_items(r), 1u);
    send_yaml(r, "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 2}, Batch "
                 "Item: ["
                 "{Operation: Discover Versions, Unique Batch Item ID: 01, Request Payload: {}}, "
                 "{Operation: Discover Versions, Unique Batch Item ID: 01, Request Payload: {}}]}");
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE);
    /* With one item the identifier is free, and comes back, also with a failure. */
    send_yaml(r, "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 1}, Batch "
                 "Item: "
                 "{Operation: Get, Unique Batch Item ID: 0752c951bb9926cc, Request Payload: {}}}");
    struct kmip_item it;
    cr_assert(rig_item(r, 0, &it));
    cr_expect(it.has_id && it.id.n == 8);
    cr_expect_eq(it.reason, KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

#define TWO_AND_A_FAILURE                                                                          \
    CREATE(", Name: one") "||" CREATE(", Name: one") "||" CREATE(", Name: two")

static unsigned stored(struct rig *r)
{
    r->header = NULL;
    rig_expect(r, "Locate, {}", 0);
    return rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER);
}

Test(batch, stops_at_a_failure_unless_told_to_go_on)
{
    static const char *const options[] = {NULL, "Batch Error Continuation Option: Stop,"};
    for (size_t i = 0; i < 2; i++) {
        struct rig *r = rig_new(NULL);
        r->header = options[i];
        rig_ask(r, TWO_AND_A_FAILURE);
        cr_expect_eq(rig_items(r), 2u);
        cr_expect_eq(rig_reason(r, 0), 0u);
        cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_INVALID_FIELD);
        cr_expect_eq(stored(r), 1u);
        rig_free(r);
    }
    struct rig *r = rig_new(NULL);
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, TWO_AND_A_FAILURE);
    cr_expect_eq(rig_items(r), 3u);
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_INVALID_FIELD);
    cr_expect_eq(rig_reason(r, 2), 0u);
    cr_expect_eq(stored(r), 2u);
    rig_free(r);
}

Test(batch, undone_leaves_no_trace)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "k", CREATE(""));
    r->header = "Batch Error Continuation Option: Undo,";
    rig_ask(r, CREATE(", Name: one") "|| Activate, {Unique Identifier: $k} || Get, {Unique "
                                     "Identifier: none} ||" CREATE(""));
    cr_expect_eq(rig_items(r), 3u);
    cr_expect_eq(rig_reason(r, 0), 1000u + KMIP_RESULT_STATUS_OPERATION_UNDONE);
    cr_expect_eq(rig_reason(r, 1), 1000u + KMIP_RESULT_STATUS_OPERATION_UNDONE);
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    cr_expect_eq(stored(r), 1u);
    cr_expect_eq(rig_state(r, "k"), KMIP_STATE_PRE_ACTIVE);
    r->header = "Batch Error Continuation Option: Undo,";
    rig_ask(r, CREATE(", Name: one") "||" CREATE(", Name: two"));
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(stored(r), 3u);
    rig_free(r);
}

Test(batch, with_a_critical_extension_is_refused_in_all_items)
{
    struct rig *r = rig_new(NULL);
    send_yaml(r, "Request Message: {Request Header: {Protocol Version: 1.2, Batch Count: 2}, Batch "
                 "Item: ["
                 "{Operation: Create, Unique Batch Item ID: 01, Request Payload: {Object Type: "
                 "Symmetric Key, "
                 "Template-Attribute: {Attributes: {" AES "}}}}, "
                 "{Operation: Discover Versions, Unique Batch Item ID: 02, Request Payload: {}, "
                 "Message Extension: "
                 "{Vendor Identification: Acme, Criticality Indicator: true, Vendor Extension: "
                 "{}}}]}");
    cr_expect_eq(rig_items(r), 2u);
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED);
    cr_expect_eq(stored(r), 0u);
    rig_free(r);
}

Test(batch, hands_the_id_placeholder_on)
{
    struct rig *r = rig_new(NULL);
    rig_ask(r, CREATE(", Name: one") "|| Activate, {} || Get Attributes, {Attribute Name: State}");
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(rig_reason(r, i), 0u, "%s", rig_message(r, i));
    rig_ask(r, "Locate, {Attribute: {Attribute Name: Name, Attribute Value: {Name Value: one}}} || "
               "Get, {}");
    cr_expect_eq(rig_reason(r, 1), 0u);
    /* Nothing found, or more than one: the placeholder is empty. */
    rig_ask(r, CREATE(", Name: two") "|| Locate, {Attribute: {Attribute Name: Name, Attribute "
                                     "Value: {Name Value: none}}} || Get, {}");
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_ask(r, CREATE(", Name: three") "|| Locate, {} || Get, {}");
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_ask(r, "Locate, {Maximum Items: 1} || Get, {}");
    cr_expect_eq(rig_reason(r, 1), 0u);
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, CREATE("") "|| Check, {Cryptographic Usage Mask: Sign} || Get, {}");
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_PERMISSION_DENIED);
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    r->header = NULL;
    rig_expect(r, "Get, {}", KMIP_RESULT_REASON_ITEM_NOT_FOUND);
    rig_free(r);
}

Test(maximum_response_size, turns_large_replies_into_errors_without_effect)
{
    struct rig *r = rig_new(NULL);
    r->header = "Maximum Response Size: 256,";
    rig_expect(r, "Query, {Query Function: [Query Operations, Query Objects]}",
               KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_eq(r->note.operation, KMIP_OPERATION_QUERY);
    r->header = "Maximum Response Size: 2048,";
    rig_expect(r,
               "Query, {Query Function: [Query Operations, Query Objects, Query Server "
               "Information]}",
               0);
    r->header = "Maximum Response Size: 100,";
    rig_expect(r, CREATE(", Name: one"), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_eq(stored(r), 0u);
    /* In a batch only the item that does not fit. */
    r->header = "Maximum Response Size: 400, Batch Error Continuation Option: Continue,";
    rig_ask(r, CREATE(", Name: one") "|| Query, {Query Function: Query Operations} ||" CREATE(", "
                                                                                              "Name"
                                                                                              ": "
                                                                                              "tw"
                                                                                              "o"));
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_eq(rig_reason(r, 2), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_eq(stored(r), 1u);
    rig_free(r);
}

/* What the item that does not fit would have left in the ID Placeholder is not there. */
Test(maximum_response_size, leaves_the_id_placeholder_of_the_item_before)
{
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 20; i++)
        rig_expect(r, CREATE(""), 0);
    r->header = "Maximum Response Size: 1200, Batch Error Continuation Option: Continue,";
    rig_ask(r, CREATE(", Name: first") "|| Locate, {} || Get Attributes, {Attribute Name: Name}");
    cr_expect_eq(rig_reason(r, 0), 0u);
    cr_expect_eq(rig_reason(r, 1), KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_eq(rig_reason(r, 2), 0u, "%s", rig_message(r, 2));
    cr_expect_eq(rig_count(r, 2, KMIP_TAG_ATTRIBUTE), 1u);
    rig_free(r);
}

/* A reply that the server itself finds too large is not blamed on the client. */
Test(maximum_response_size, is_not_named_where_none_was_given)
{
    struct rig *r = rig_new(NULL);
    r->reply.limit = 250;
    rig_expect(r, "Query, {Query Function: Query Operations}",
               KMIP_RESULT_REASON_RESPONSE_TOO_LARGE);
    cr_expect_not(strstr(rig_message(r, 0), "Maximum Response Size"), "%s", rig_message(r, 0));
    rig_free(r);
}

Test(limits, bound_the_items_of_a_batch)
{
    static const char *const sets[] = {"limits.batch_items=2", NULL};
    struct rig *r = rig_new(sets);
    rig_ask(r, DISCOVER "||" DISCOVER);
    cr_expect_eq(rig_reason(r, 1), 0u);
    rig_ask(r, DISCOVER "||" DISCOVER "||" DISCOVER);
    cr_expect_eq(rig_reason(r, 0), KMIP_RESULT_REASON_INVALID_MESSAGE);
    rig_free(r);
}

#define CREDENTIAL(user, pw)                                                                       \
    "Authentication: {Credential: {Credential Type: Username and Password, Credential Value: "     \
    "{Username: " user ", Password: " pw "}}},"

Test(access, is_the_owners_under_the_default_policy)
{
    static const char *const sets[] = {"credentials=[{username: Fred, password: password1}, "
                                       "{username: Barney, password: secret2}, "
                                       "{serial: serNum123456, password: secret, device: "
                                       "devID2233, identity: box}]",
                                       NULL};
    struct rig *r = rig_new(sets);
    r->header = CREDENTIAL("Fred", "password1");
    rig_make(r, "k", CREATE(", Operation Policy Name: default, Name: freds"));
    rig_expect(r, "Get, {Unique Identifier: $k}", 0);
    r->header = CREDENTIAL("Fred", "password2");
    rig_expect(r, "Get, {Unique Identifier: $k}", KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL);
    r->header = CREDENTIAL("Barney", "secret2");
    static const char *const denied[] = {
        "Get, {Unique Identifier: $k}",
        "Get Attributes, {Unique Identifier: $k}",
        "Get Attribute List, {Unique Identifier: $k}",
        "Check, {Unique Identifier: $k}",
        "Destroy, {Unique Identifier: $k}",
        "Activate, {Unique Identifier: $k}",
        "Archive, {Unique Identifier: $k}",
        "Re-key, {Unique Identifier: $k}",
        "Obtain Lease, {Unique Identifier: $k}",
        "Encrypt, {Unique Identifier: $k, Data: 00}",
    };
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        rig_expect(r, denied[i], KMIP_RESULT_REASON_PERMISSION_DENIED);
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0u);
    rig_expect(r, CREATE(", Name: freds"), KMIP_RESULT_REASON_INVALID_FIELD);
    r->header = "Authentication: {Credential: {Credential Type: Device, Credential Value: {Device "
                "Serial Number: serNum123456, "
                "Password: secret, Device Identifier: devID2233, Network Identifier: netID9000}}},";
    rig_make(r, "own", CREATE(""));
    r->header = "Authentication: {Credential: {Credential Type: Device, Credential Value: {Device "
                "Serial Number: serNum123456, "
                "Password: secret, Device Identifier: devID4444}}},";
    rig_expect(r, "Get, {Unique Identifier: $own}",
               KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL);
    rig_free(r);
}

#define DEVICE(fields)                                                                             \
    "Authentication: {Credential: {Credential Type: Device, Credential Value: {" fields "}}},"

enum { REFUSED = KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL };

/* What is shown must name somebody: a password alone, even a right one, does not. */
Test(access, takes_no_password_for_a_name)
{
    static const char *const sets[] = {"credentials=[{username: Fred, password: password1}, "
                                       "{serial: '42', password: secret}, {serial: '43', password: "
                                       "none}]",
                                       NULL};
    static const struct {
        const char *header;
        uint32_t reason;
    } rows[] = {
        {CREDENTIAL("Fred", "password1"), 0},
        {CREDENTIAL("Fred", "secret"), REFUSED},
        {DEVICE("Device Serial Number: '42', Password: secret"), 0},
        {DEVICE("Device Serial Number: '42'"), REFUSED},
        {DEVICE("Device Serial Number: '43'"), 0},
        {DEVICE("Device Serial Number: '43', Password: whatever"), 0},
        {DEVICE("Password: password1"), REFUSED},
        {DEVICE("Password: secret"), REFUSED},
        {DEVICE("Device Serial Number: Fred, Password: password1"), REFUSED},
        {CREDENTIAL("'42'", "secret"), REFUSED},
        {CREDENTIAL("''", "secret"), REFUSED},
    };
    struct rig *r = rig_new(sets);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r->header = rows[i].header;
        rig_expect(r, "Locate, {}", rows[i].reason);
    }
    rig_free(r);
}

Test(access, lets_everybody_read_public_keys)
{
    struct rig *r = rig_new(NULL);
    rig_make(r, "p",
             "Register, {Object Type: Public Key, Template-Attribute: {Attributes: {Cryptographic "
             "Usage Mask: Verify}}, "
             "Public Key: {Key Block: {Key Format Type: PKCS#1, Key Value: {Key Material: "
             "300602010f020103}}}}");
    snprintf(r->peer.identity, sizeof r->peer.identity, "bob");
    rig_expect(r, "Get, {Unique Identifier: $p}", 0);
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1u);
    rig_expect(r, "Destroy, {Unique Identifier: $p}", KMIP_RESULT_REASON_PERMISSION_DENIED);
    rig_free(r);
}

Test(access, without_certificate_is_for_query_and_discover_versions)
{
    struct rig *r = rig_new(NULL);
    r->peer = (struct mock_peer){0};
    rig_expect(r, "Query, {Query Function: Query Operations}", 0);
    rig_expect(r, DISCOVER, 0);
    rig_expect(r, CREATE(""), KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL);
    rig_free(r);
}
