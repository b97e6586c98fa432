/* One identity and another's objects: every operation there is, tried on each of them. The
 * owner's objects stay as they are, nothing of them shows, and Locate does not find them. */
#include "mockserver/ops.h"
#include "mockserver/tests/engine_rig.h"

#define DENIED KMIP_RESULT_REASON_PERMISSION_DENIED
#define ABSENT KMIP_RESULT_REASON_ITEM_NOT_FOUND
#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt | Wrap Key | Unwrap Key, Cryptographic Parameters: {Block Cipher Mode: ECB, "       \
    "Padding Method: PKCS5}"
#define CREATE(more)                                                                               \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {" more "Attributes: {" AES          \
    ", Activation Date: $NOW-5}}}"
#define ON "{Unique Identifier: $theirs"
#define NOTE "Attribute: {Attribute Name: x-note, Attribute Value: mine}"
#define SHARED 1000u /* done, and it is no secret */

/* As bob; $theirs and the like are alice's, $mine is his own. */
static const struct row {
    const char *items;
    uint32_t reason; /* 0: done, without a trace of what is alice's */
} rows[] = {
    {CREATE("Name: {Name Value: template, Name Type: Uninterpreted Text String}, "), ABSENT},
    {"Create Key Pair, {Common Template-Attribute: {Name: {Name Value: template, Name Type: "
     "Uninterpreted Text String}, Attributes: {Cryptographic Algorithm: RSA, Cryptographic Length: "
     "512}}, Private Key Template-Attribute: {Attributes: {Cryptographic Usage Mask: Sign}}, Public "
     "Key Template-Attribute: {Attributes: {Cryptographic Usage Mask: Verify}}}",
     ABSENT},
    {"Register, {Object Type: Secret Data, Template-Attribute: {Name: {Name Value: template, Name "
     "Type: Uninterpreted Text String}, Attributes: {Cryptographic Usage Mask: Export}}, Secret "
     "Data: {Secret Data Type: Password, Key Block: {Key Format Type: Opaque, Key Value: {Key "
     "Material: 2a2a}}}}",
     ABSENT},
    {"Re-key, " ON "}", DENIED},
    {"Re-key Key Pair, {Private Key Unique Identifier: $private}", DENIED},
    {"Check, " ON "}", DENIED},
    {"Get, " ON "}", DENIED},
    {"Get, {Unique Identifier: $private}", DENIED},
    {"Get, {Unique Identifier: $secret}", DENIED},
    {"Get, {Unique Identifier: $destroyed}", DENIED},
    {"Get, {Unique Identifier: $mine, Key Wrapping Specification: {Wrapping Method: Encrypt, "
     "Encryption Key Information: {Unique Identifier: $theirs, Cryptographic Parameters: {Block "
     "Cipher Mode: NISTKeyWrap}}}}",
     DENIED},
    {"Get Attributes, " ON "}", DENIED},
    {"Get Attribute List, " ON "}", DENIED},
    {"Add Attribute, " ON ", " NOTE "}", DENIED},
    {"Modify Attribute, " ON ", " NOTE "}", DENIED},
    {"Delete Attribute, " ON ", Attribute Name: x-note}", DENIED},
    {"Obtain Lease, " ON "}", DENIED},
    {"Get Usage Allocation, " ON ", Usage Limits Count: 1}", DENIED},
    {"Activate, " ON "}", DENIED},
    {"Revoke, " ON ", Revocation Reason: {Revocation Reason Code: Key Compromise}, Compromise "
     "Occurrence Date: $NOW-5}",
     DENIED},
    {"Destroy, " ON "}", DENIED},
    {"Destroy, {Unique Identifier: $secret}", DENIED},
    {"Archive, " ON "}", DENIED},
    {"Recover, " ON "}", DENIED},
    {"Encrypt, " ON ", Data: 00}", DENIED},
    {"Decrypt, " ON ", Data: 00112233445566778899aabbccddeeff}", DENIED},
    {"Poll, {Asynchronous Correlation Value: $pending}", ABSENT},
    {"Cancel, {Asynchronous Correlation Value: $pending}", ABSENT},
    {"Locate, {}", 0},
    {"Locate, {Attribute: [{Attribute Name: Name, Attribute Value: !Structure {Name Value: named}}]}",
     0},
    {"Locate, {Attribute: [{Attribute Name: Unique Identifier, Attribute Value: $theirs}]}", 0},
    {"Query, {Query Function: [Query Operations, Query Objects]}", 0},
    {"Discover Versions, {}", 0},
    {"Get, {Unique Identifier: $public}", SHARED},
};

static void be(struct rig *r, const char *who)
{
    snprintf(r->peer.identity, sizeof r->peer.identity, "%s", who);
}

static struct rig *with_objects(void)
{
    struct rig *r = rig_new((const char *const[]){"seed=7", NULL});
    struct kmip_item it;
    be(r, "bob");
    rig_make(r, "mine", CREATE(""));
    be(r, "alice");
    rig_make(r, "theirs",
             "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES
             ", Activation Date: $NOW-5, Name: named, x-note: hers}}}");
    rig_make(r, "template",
             "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: template}}, "
             "Template: {Attributes: {Object Group: hers}}}");
    rig_make(r, "secret",
             "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
             "Usage Mask: Export}}, Secret Data: {Secret Data Type: Password, Key Block: {Key "
             "Format Type: Opaque, Key Value: {Key Material: 2a2a}}}}");
    rig_make(r, "destroyed",
             "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES "}}}");
    rig_expect(r, "Destroy, {Unique Identifier: $destroyed}", 0);
    rig_expect(r,
               "Create Key Pair, {Common Template-Attribute: {Attributes: {Cryptographic Algorithm: "
               "RSA, Cryptographic Length: 512}}, Private Key Template-Attribute: {Attributes: "
               "{Cryptographic Usage Mask: Sign}}, Public Key Template-Attribute: {Attributes: "
               "{Cryptographic Usage Mask: Verify}}}",
               0);
    rig_take(r, "private", KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER);
    rig_take(r, "public", KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER);
    r->header = "Asynchronous Indicator: true,";
    rig_ask(r, "Get, {Unique Identifier: $theirs}");
    r->header = NULL;
    cr_assert(rig_item(r, 0, &it) && it.has_correlation);
    rig_bind(r, "pending", TTLV_BYTE_STRING, it.correlation);
    be(r, "bob");
    return r;
}

static bool shows(struct rig *r, const char *name)
{
    struct form_value_ref v;
    cr_assert(rig_lookup(r, bytes_str(name), &v));
    return memmem(r->reply.p, r->reply.n, v.val.p, v.val.n) != NULL;
}

Test(engine_access, keeps_one_identity_from_what_is_anothers_whatever_is_asked)
{
    static const char *const hers[] = {"template", "private", "secret", "destroyed", "theirs"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = with_objects();
        uint64_t before = rig_digest(r);
        rig_ask(r, rows[i].items);
        rig_expect_reason(r, rows[i].items, rows[i].reason == SHARED ? 0 : rows[i].reason);
        for (size_t k = 0; k < sizeof hers / sizeof *hers; k++)
            cr_expect_not(rows[i].reason != DENIED && shows(r, hers[k]), "%s shows %s",
                          rows[i].items, hers[k]);
        if (rows[i].reason != SHARED) /* which has been got, and is not Fresh any more */
            cr_expect_eq(rig_digest(r), before, "%s leaves a trace", rows[i].items);
        rig_free(r);
    }
}

/* What is done in one message is done for who sends it: not by an ID Placeholder either. */
Test(engine_access, keeps_them_in_batches_too)
{
    struct rig *r = with_objects();
    uint64_t before = rig_digest(r);
    r->header = "Batch Error Continuation Option: Continue,";
    rig_ask(r, "Get, " ON "} || Get, {} || Destroy, {} || Destroy, " ON "}");
    for (unsigned i = 0; i < 4; i++)
        cr_expect_neq(rig_reason(r, i), 0, "item %u", i);
    cr_expect_eq(rig_digest(r), before);
    rig_free(r);
}

/* So that a new operation is not forgotten here. */
Test(engine_access, tries_every_operation)
{
    for (const struct op *op = mock_ops; op->operation; op++) {
        const char *name = kmip_operation_name(op->operation);
        size_t n = strlen(name), tried = 0;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            tried += strncmp(rows[i].items, name, n) == 0 && rows[i].items[n] == ',';
        cr_expect_gt(tried, 0, "%s is not tried", name);
    }
}

/* Who shows a password that is wrong, or a name that nobody has, gets the same answer. */
Test(engine_access, tells_nobody_whether_the_name_or_the_password_was_wrong)
{
    static const char *const wrong[] = {
        "Username: ann, Password: guess",        "Username: ann, Password: ''",
        "Username: ann",                         "Username: nobody, Password: not-a-secret",
        "Username: '', Password: not-a-secret",  "Username: ann, Password: not-a-secret-",
        "Username: ANN, Password: not-a-secret",
    };
    struct rig *r = rig_new((const char *const[]){
        "credentials=[{username: ann, password: not-a-secret}]", NULL});
    char header[300], first[200] = "";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(header, sizeof header,
                 "Authentication: {Credential: {Credential Type: Username and Password, Credential "
                 "Value: {%s}}},",
                 wrong[i]);
        r->header = header;
        rig_expect(r, "Locate, {}", KMIP_RESULT_REASON_AUTHENTICATION_NOT_SUCCESSFUL);
        if (i == 0)
            snprintf(first, sizeof first, "%s", rig_message(r, 0));
        cr_expect_str_eq(rig_message(r, 0), first, "%s", wrong[i]);
    }
    r->header = "Authentication: {Credential: {Credential Type: Username and Password, Credential "
                "Value: {Username: ann, Password: not-a-secret}}},";
    rig_expect(r, "Locate, {}", 0);
    rig_free(r);
}
