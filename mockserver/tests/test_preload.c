/* Objects that are there from the start: what is told wrong and where, what clients see
 * of each state, and starting again with a store that has them already. */
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/preload.h"
#include "mockserver/tests/engine_rig.h"

TestSuite(preload, .timeout = 20);

#define DAY (INT64_C(24) * 3600)

static bool store(struct rig *r, struct kerr *err)
{
    return preload_store(&r->cfg.preload, &r->engine, PRELOAD_LEAVE, err);
}

/* An engine with what `preload` says, in force. */
static struct rig *with(const char *preload)
{
    char set[4000];
    struct kerr err = KERR_INIT;
    snprintf(set, sizeof set, "preload=%s", preload);
    struct rig *r = rig_new((const char *[]){"seed=7", set, NULL});
    cr_assert(store(r, &err), "%s: %s", preload, err.msg);
    return r;
}

static int64_t number(struct rig *r, const char *uid, const char *attribute)
{
    rig_bind(r, "object", TTLV_TEXT_STRING, bytes_str(uid));
    return rig_number(r, "object", attribute);
}

/* --- every state, as a client sees it ---------------------------------- */

#define NONE (-1)
#define AGO(days) (RIG_NOW - (days)*DAY)

static const struct {
    const char *uid;
    uint32_t state, reason; /* Revocation Reason Code; 0: none */
    int64_t activation, deactivation, compromise, occurrence, destroy, last_change;
    uint32_t get, encrypt; /* Result Reason, or 0 */
} states[] = {
    {"key-pre-active", KMIP_STATE_PRE_ACTIVE, 0, NONE, NONE, NONE, NONE, NONE, AGO(6), 0,
     KMIP_RESULT_REASON_PERMISSION_DENIED},
    {"key-active", KMIP_STATE_ACTIVE, 0, AGO(5), NONE, NONE, NONE, NONE, AGO(5), 0, 0},
    {"key-deactivated", KMIP_STATE_DEACTIVATED,
     KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION, AGO(5), AGO(4), NONE, NONE, NONE, AGO(4),
     0, KMIP_RESULT_REASON_PERMISSION_DENIED},
    {"key-compromised", KMIP_STATE_COMPROMISED, KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE, AGO(5),
     NONE, AGO(3), AGO(4), NONE, AGO(3), 0, KMIP_RESULT_REASON_PERMISSION_DENIED},
    {"key-destroyed", KMIP_STATE_DESTROYED, KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION,
     AGO(5), AGO(4), NONE, NONE, AGO(2), AGO(2), KMIP_RESULT_REASON_ITEM_NOT_FOUND,
     KMIP_RESULT_REASON_ITEM_NOT_FOUND},
    {"key-destroyed-compromised", KMIP_STATE_DESTROYED_COMPROMISED,
     KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE, AGO(5), NONE, AGO(3), AGO(4), AGO(2), AGO(2),
     KMIP_RESULT_REASON_ITEM_NOT_FOUND, KMIP_RESULT_REASON_ITEM_NOT_FOUND},
};

static void expect_use(struct rig *r, const char *uid, uint32_t get, uint32_t encrypt)
{
    char text[400];
    snprintf(text, sizeof text, "Get, {Unique Identifier: %s}", uid);
    rig_expect(r, text, get);
    snprintf(text, sizeof text,
             "Encrypt, {Unique Identifier: %s, Cryptographic Parameters: {Block Cipher Mode: CBC, "
             "Padding Method: PKCS5}, Data: 0011, IV/Counter/Nonce: "
             "00000000000000000000000000000000}",
             uid);
    rig_expect(r, text, encrypt);
}

Test(preload, states_are_those_that_operations_lead_to)
{
    struct rig *r = with("states");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const char *uid = states[i].uid;
        struct ttlv_item value, code;
        cr_expect_eq(number(r, uid, "State"), states[i].state, "%s", uid);
        cr_expect_eq(number(r, uid, "Initial Date"), AGO(6), "%s", uid);
        cr_expect_eq(number(r, uid, "Original Creation Date"), AGO(6), "%s", uid);
        cr_expect_eq(number(r, uid, "Activation Date"), states[i].activation, "%s", uid);
        cr_expect_eq(number(r, uid, "Deactivation Date"), states[i].deactivation, "%s", uid);
        cr_expect_eq(number(r, uid, "Compromise Date"), states[i].compromise, "%s", uid);
        cr_expect_eq(number(r, uid, "Compromise Occurrence Date"), states[i].occurrence, "%s", uid);
        cr_expect_eq(number(r, uid, "Destroy Date"), states[i].destroy, "%s", uid);
        cr_expect_eq(number(r, uid, "Last Change Date"), states[i].last_change, "%s", uid);
        cr_expect_eq(number(r, uid, "Object Type"), KMIP_OBJECT_TYPE_SYMMETRIC_KEY, "%s", uid);
        number(r, uid, "Digest");
        cr_expect(rig_attribute(r, "Digest", 0, &value, NULL), "%s", uid);
        number(r, uid, "Revocation Reason");
        bool there = rig_attribute(r, "Revocation Reason", 0, &value, NULL);
        cr_expect_eq(there, states[i].reason != 0, "%s", uid);
        if (there && ttlv_find(&value, KMIP_TAG_REVOCATION_REASON_CODE, &code))
            cr_expect_eq(ttlv_enum(&code), states[i].reason, "%s", uid);
        expect_use(r, uid, states[i].get, states[i].encrypt);
    }
    rig_free(r);
}

Test(preload, states_are_located_by)
{
    struct rig *r = with("states");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        char text[200];
        struct ttlv_item uid;
        snprintf(text, sizeof text, "Locate, {Attributes: {State: %s}}",
                 kmip_name_of("State", states[i].state));
        rig_expect(r, text, 0);
        cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1, "%s", text);
        cr_expect(rig_field(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER, &uid) &&
                      bytes_eq_str(uid.val, states[i].uid),
                  "%s", text);
        snprintf(text, sizeof text, "Locate, {Attributes: {Name: %s, State: %s}}", states[i].uid,
                 kmip_name_of("State", states[i].state));
        rig_expect(r, text, 0);
        cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1, "%s", text);
    }
    rig_free(r);
}

/* --- ways, types, attributes ------------------------------------------- */

static const struct {
    const char *preload;
    uint32_t state;
    int64_t initial, last_change;
} ways[] = {
    {"{identifier: k}", KMIP_STATE_PRE_ACTIVE, AGO(0), AGO(0)},
    {"{identifier: k, dates: {activation: +1d}}", KMIP_STATE_PRE_ACTIVE, AGO(0), AGO(0)},
    {"{identifier: k, dates: {activation: -2d}}", KMIP_STATE_ACTIVE, AGO(2), AGO(2)},
    {"{identifier: k, dates: {activation: -2d, deactivation: -1d}}", KMIP_STATE_DEACTIVATED, AGO(2),
     AGO(1)},
    {"{identifier: k, state: Active}", KMIP_STATE_ACTIVE, AGO(0), AGO(0)},
    {"{identifier: k, state: Active, dates: {initial: -3d, deactivation: +1d}}", KMIP_STATE_ACTIVE,
     AGO(3), AGO(3)},
    {"{identifier: k, state: Active, dates: {initial: 2023-11-12T22:13:20Z, activation: now}}",
     KMIP_STATE_ACTIVE, AGO(2), AGO(0)},
    {"{identifier: k, state: Compromised, dates: {activation: never, compromise: -1d}}",
     KMIP_STATE_COMPROMISED, AGO(1), AGO(1)},
    {"{identifier: k, state: Compromised, dates: {activation: -3d, deactivation: -2d, "
     "compromise: -1d}}",
     KMIP_STATE_COMPROMISED, AGO(3), AGO(1)},
    {"{identifier: k, state: Destroyed, dates: {activation: never, initial: -3d}}",
     KMIP_STATE_DESTROYED, AGO(3), AGO(3)},
    {"{identifier: k, state: Destroyed Compromised, dates: {activation: -4d, deactivation: -3d, "
     "destroy: -2d, compromise: -1d}}",
     KMIP_STATE_DESTROYED_COMPROMISED, AGO(4), AGO(1)},
    {"{identifier: k, state: Deactivated, revocation: {reason: Superseded, message: m}}",
     KMIP_STATE_DEACTIVATED, AGO(0), AGO(0)},
};

Test(preload, dates_and_state_may_be_given_in_many_ways)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct rig *r = with(ways[i].preload);
        cr_expect_eq(number(r, "k", "State"), ways[i].state, "%s", ways[i].preload);
        cr_expect_eq(number(r, "k", "Initial Date"), ways[i].initial, "%s", ways[i].preload);
        cr_expect_eq(number(r, "k", "Last Change Date"), ways[i].last_change, "%s",
                     ways[i].preload);
        rig_free(r);
    }
}

#define PEM_KEY                                                                                    \
    "\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"  \
    "=\\n-----END PUBLIC KEY-----\\n\""

static const struct {
    const char *preload;
    uint32_t type;
    int64_t state;
} types[] = {
    {"{identifier: k, algorithm: 3DES}", KMIP_OBJECT_TYPE_SYMMETRIC_KEY, KMIP_STATE_PRE_ACTIVE},
    {"{identifier: k, algorithm: HMAC-SHA256, value: 0011223344}", KMIP_OBJECT_TYPE_SYMMETRIC_KEY,
     KMIP_STATE_PRE_ACTIVE},
    {"{identifier: k, type: Secret Data, state: Active, secret_data_type: Seed}",
     KMIP_OBJECT_TYPE_SECRET_DATA, KMIP_STATE_ACTIVE},
    {"{identifier: k, type: Opaque Object, value: cafe}", KMIP_OBJECT_TYPE_OPAQUE_OBJECT, -1},
    {"{identifier: k, type: Template, names: t, attributes: {Cryptographic Algorithm: AES}}",
     KMIP_OBJECT_TYPE_TEMPLATE, -1},
    {"{identifier: k, type: Public Key, value: " PEM_KEY "}", KMIP_OBJECT_TYPE_PUBLIC_KEY,
     KMIP_STATE_PRE_ACTIVE},
    {"{identifier: k, type: Private Key, algorithm: ECDSA, length: 256, format: ECPrivateKey, "
     "value: 3012020101040107a00a06082a8648ce3d030107}",
     KMIP_OBJECT_TYPE_PRIVATE_KEY, KMIP_STATE_PRE_ACTIVE},
};

Test(preload, objects_of_each_type_are_made)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct rig *r = with(types[i].preload);
        cr_expect_eq(number(r, "k", "Object Type"), types[i].type, "%s", types[i].preload);
        cr_expect_eq(number(r, "k", "State"), types[i].state, "%s", types[i].preload);
        rig_expect(r, "Get, {Unique Identifier: k}", 0);
        rig_free(r);
    }
}

Test(preload, objects_have_what_they_are_given)
{
    struct rig *r = with("{identifier: k, length: 128, value: 000102030405060708090A0B0C0D0E0F, "
                         "names: [n1, n2], group: [g1, g2], usage: Wrap Key, "
                         "attributes: {x-b: one, x-n: 5, Contact Information: me}}");
    struct ttlv_item value;
    int32_t index;
    rig_expect(r, "Locate, {Attributes: {Name: n2, Object Group: g2, x-b: one, x-n: 5, "
                  "Contact Information: me}}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 1);
    cr_expect_eq(number(r, "k", "Cryptographic Length"), 128);
    cr_expect_eq(number(r, "k", "Cryptographic Usage Mask"),
                 KMIP_CRYPTOGRAPHIC_USAGE_MASK_WRAP_KEY);
    cr_expect_eq(number(r, "k", "Original Creation Date"), -1, "it was not made here");
    number(r, "k", "Name");
    cr_expect(rig_attribute(r, "Name", 1, &value, &index) && index == 1);
    rig_expect(r, "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: "
                  "{Cryptographic Algorithm: AES, Cryptographic Usage Mask: Encrypt, Name: n1}}}",
               KMIP_RESULT_REASON_INVALID_FIELD);
    rig_free(r);
}

Test(preload, a_fresh_member_of_the_default_group_is_there)
{
    struct rig *r = with("default-group");
    rig_make(r, "key", "Locate, {Maximum Items: 1, Object Group Member: Group Member Fresh, "
                       "Attributes: {Object Group: default}}");
    cr_expect_eq(rig_number(r, "key", "Fresh"), 1);
    rig_expect(r, "Get, {Unique Identifier: $key}", 0);
    cr_expect_eq(rig_number(r, "key", "Fresh"), 0);
    rig_expect(r, "Destroy, {Unique Identifier: $key}", 0);
    rig_free(r);
}

/* --- whose they are ---------------------------------------------------- */

Test(preload, objects_are_everybodys_unless_they_have_an_owner)
{
    struct rig *r = with("[{identifier: all}, {identifier: hers, owner: alice}, "
                         "{identifier: his, owner: bob}]");
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 2);
    rig_expect(r, "Get, {Unique Identifier: his}", KMIP_RESULT_REASON_PERMISSION_DENIED);
    rig_expect(r, "Activate, {Unique Identifier: hers}", 0);
    rig_expect(r, "Activate, {Unique Identifier: all}", 0);
    snprintf(r->peer.identity, sizeof r->peer.identity, "bob");
    rig_expect(r, "Get, {Unique Identifier: hers}", KMIP_RESULT_REASON_PERMISSION_DENIED);
    rig_expect(r, "Revoke, {Unique Identifier: all, Revocation Reason: "
                  "{Revocation Reason Code: Superseded}}", 0);
    rig_expect(r, "Destroy, {Unique Identifier: all}", 0);
    rig_free(r);
}

/* --- the same each time ------------------------------------------------ */

static void digest(const char *seed, const char *preload, uint8_t out[32])
{
    char set[200];
    struct kerr err = KERR_INIT;
    struct ttlv_item value, bytes;
    snprintf(set, sizeof set, "preload=%s", preload);
    struct rig *r = rig_new((const char *[]){seed, set, NULL});
    cr_assert(store(r, &err), "%s", err.msg);
    number(r, "k", "Digest");
    cr_assert(rig_attribute(r, "Digest", 0, &value, NULL) &&
              ttlv_find(&value, KMIP_TAG_DIGEST_VALUE, &bytes) && bytes.val.n == 32);
    memcpy(out, bytes.val.p, 32);
    rig_free(r);
}

Test(preload, values_hang_on_seed_and_identifier_alone)
{
    uint8_t a[32], b[32], c[32], d[32];
    digest("seed=7", "{identifier: k}", a);
    digest("seed=7", "[{identifier: j}, {identifier: k, state: Active}]", b);
    digest("seed=8", "{identifier: k}", c);
    digest("seed=7", "{identifier: k, algorithm: 3DES}", d);
    cr_expect_arr_eq(a, b, 32);
    cr_expect(memcmp(a, c, 32) != 0 && memcmp(a, d, 32) != 0);
}

/* --- twice ------------------------------------------------------------- */

Test(preload, a_store_that_has_them_keeps_its_own)
{
    struct tmpdir dir;
    struct kerr err = KERR_INIT;
    char set[200];
    tmpdir_make(&dir);
    snprintf(set, sizeof set, "store=%s", tmpdir_file(&dir, "store.db"));
    const char *sets[] = {set, "preload=[{identifier: k, names: n}, {names: m}]", NULL};
    struct rig *r = rig_new(sets);
    cr_assert(store(r, &err), "%s", err.msg);
    cr_expect(r->cfg.preload.v[0].made && r->cfg.preload.v[1].made);
    cr_expect_str_eq(r->cfg.preload.v[1].uid, "preload-2");
    rig_expect(r, "Activate, {Unique Identifier: k}", 0);
    rig_free(r);

    sets[1] = "preload=[{identifier: k, names: n}, {names: m}, {identifier: new}]";
    r = rig_new(sets);
    cr_assert(store(r, &err), "%s", err.msg);
    cr_expect(!r->cfg.preload.v[0].made && !r->cfg.preload.v[1].made && r->cfg.preload.v[2].made);
    cr_expect_eq(store_count(r->engine.store), 3);
    cr_expect_eq(number(r, "k", "State"), KMIP_STATE_ACTIVE, "what a client did stays");
    cr_expect_not(preload_store(&r->cfg.preload, &r->engine, PRELOAD_REFUSE, &err));
    cr_expect(strstr(err.msg, "an object 'k' in the store already"), "%s", err.msg);
    rig_free(r);
    tmpdir_remove(&dir);
}

Test(preload, without_identifiers_there_is_always_room)
{
    struct rig *r = with("[{}, {}]");
    struct kerr err = KERR_INIT;
    struct preload_list more;
    struct ydoc doc;
    cr_assert(ydoc_parse(&doc, "more", bytes_str("[{}, {}]"), &err), "%s", err.msg);
    cr_assert(preload_read(doc.root, &more, &err), "%s", err.msg);
    cr_assert(preload_store(&more, &r->engine, PRELOAD_REFUSE, &err), "%s", err.msg);
    cr_expect_str_eq(more.v[0].uid, "preload-3");
    cr_expect_str_eq(more.v[1].uid, "preload-4");
    preload_clear(&more);
    ydoc_clear(&doc);
    rig_free(r);
}

/* --- what is wrong ----------------------------------------------------- */

static const struct {
    const char *text;
    const char *words[3];
} wrongs[] = {
    {"3", {"p:1:1", "no built-in set '3'"}},
    {"[stats]", {"p:1:2", "did you mean 'states'?"}},
    {"[[]]", {"p:1:2", "is a map"}},
    {"{identifer: k}", {"p:1:2", "did you mean 'identifier'?"}},
    {"{identifier: ''}", {"p:1:14", "1 to 63 bytes"}},
    {"{identifier: 0123456789012345678901234567890123456789012345678901234567890123}",
     {"p:1:14", "1 to 63 bytes"}},
    {"{identifier: [a]}", {"p:1:14", "expected a text"}},
    {"[{identifier: k}, {identifier: k}]", {"p:1:32", "an object 'k' already"}},
    {"[states, states]", {"p:1:10", "an object 'key-pre-active' already"}},
    {"{type: Symetric Key}", {"p:1:8", "Symetric Key"}},
    {"{type: Split Key}", {"p:1:8", "Split Key cannot be preloaded"}},
    {"{algorithm: RSA}", {"p:1:13", "keys for RSA are not made here"}},
    {"{algorithm: AESS}", {"p:1:13", "AESS"}},
    {"{length: 100}", {"p:1:10", "AES has no keys of length 100"}},
    {"{length: many}", {"p:1:10", "whole number"}},
    {"{length: 0}", {"p:1:10", "from 1"}},
    {"{value: 0g}", {"p:1:9", "hexadecimal"}},
    {"{value: ''}", {"p:1:9", "value is empty"}},
    {"{value: 0011}", {"p:1:9", "AES has no keys of length 16"}},
    {"{length: 256, value: 0011}", {"p:1:22", "has 32 bytes, not 2"}},
    {"{type: Opaque Object, algorithm: AES}", {"p:1:34", "has no algorithm"}},
    {"{type: Opaque Object, usage: Sign}", {"p:1:30", "has no usage"}},
    {"{type: Opaque Object, state: Active}", {"p:1:30", "has no state"}},
    {"{type: Template, value: 00}", {"p:1:25", "has no value"}},
    {"{type: Template, dates: {activation: -1h}}", {"p:1:38", "no State and no activation date"}},
    {"{type: Certificate}", {"p:1:1", "Certificate needs a value"}},
    {"{type: Certificate, value: '-----BEGIN nonsense'}", {"p:1:28", "no sound PEM"}},
    {"{type: Certificate, value: 3000}", {"p:1:1", "Register", "no X.509 certificate"}},
    {"{type: Public Key, algorithm: RSA, value: 30}", {"p:1:31", "both to be given"}},
    {"{type: Secret Data, format: Raw}", {"p:1:29", "has no format"}},
    {"{usage: Encript}", {"p:1:9", "Encript"}},
    {"{state: Actve}", {"p:1:9", "Actve"}},
    {"{dates: -1h}", {"p:1:9"}},
    {"{dates: {initial: yesterday}}", {"p:1:19", "initial is -1h or", "not 'yesterday'"}},
    {"{dates: {initial: never}}", {"p:1:19", "not 'never'"}},
    {"{dates: {birth: -1h}}", {"p:1:10", "birth"}},
    {"{dates: {initial: +1h}}", {"p:1:19", "the initial date lies in the future"}},
    {"{state: Active, dates: {activation: +1h}}", {"p:1:37", "lies in the future"}},
    {"{state: Active, dates: {initial: -1h, activation: -2h}}",
     {"p:1:51", "lies before the initial date"}},
    {"{state: Pre-Active, dates: {activation: -1h}}",
     {"p:1:9", "by its dates the object is Active, not Pre-Active"}},
    {"{state: Active, dates: {activation: never}}", {"p:1:9", "is Pre-Active, not Active"}},
    {"{state: Active, dates: {activation: -2h, deactivation: -1h}}",
     {"p:1:9", "is Deactivated, not Active"}},
    {"{state: Active, dates: {destroy: -1h}}",
     {"p:1:34", "the destroy date does not go with the state Active"}},
    {"{dates: {compromise: -1h}}", {"p:1:22", "an object without state"}},
    {"{state: Destroyed, dates: {compromise_occurrence: -1h}}", {"p:1:51", "the state Destroyed"}},
    {"{state: Destroyed, dates: {archive: -1h}}", {"p:1:1", "Archive"}},
    {"{state: Deactivated, revocation: {reason: Key Compromise}}", {"p:1:1", "Revoke"}},
    {"{revocation: {reason: because}}", {"p:1:23", "because"}},
    {"{names: ''}", {"p:1:9", "a name is empty"}},
    {"{names: [a, [b]]}", {"p:1:13", "expected a text"}},
    {"{group: [a, '']}", {"p:1:13", "a group is empty"}},
    {"[{names: a}, {names: a}]", {"p:1:14", "Register", "\"a\" is in use"}},
    {"{owner: ''}", {"p:1:9", "owner is empty"}},
    {"{attributes: [x-a]}", {"p:1:14", "attributes is a map"}},
    {"{attributes: {State: Active}}", {"p:1:15", "State is given by state here"}},
    {"{attributes: {Cryptographic Lenght: 1}}", {"p:1:15", "did you mean"}},
    {"{attributes: {x-a: $NOW}}", {"p:1:20"}},
    {"{attributes: {Digest: {}}}", {"p:1:1"}},
    {"{attributes: {Lease Time: 5}}", {"p:1:1", "Register", "Lease Time is set by the server"}},
    {"{attributes: {Contact Information: !item {type: 2, value: 00}}}", {"p:1:1"}},
};

Test(preload, tells_what_is_wrong_and_where)
{
    struct rig *r = rig_new(NULL);
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct preload_list l;
        struct ydoc doc;
        struct kerr err = KERR_INIT;
        const char *text = wrongs[i].text;
        cr_assert(ydoc_parse(&doc, "p", bytes_str(text), &err), "%s: %s", text, err.msg);
        bool read = preload_read(doc.root, &l, &err);
        cr_expect(!read || !preload_store(&l, &r->engine, PRELOAD_LEAVE, &err), "%s: accepted",
                  text);
        cr_expect_eq(err.cls, KERR_CLASS_CONFIG, "%s: %s", text, kerr_name(err.code));
        for (size_t k = 0; k < 3 && wrongs[i].words[k]; k++)
            cr_expect(strstr(err.msg, wrongs[i].words[k]), "%s: '%s' is not in: %s", text,
                      wrongs[i].words[k], err.msg);
        if (read)
            preload_clear(&l);
        ydoc_clear(&doc);
        cr_expect_eq(store_count(r->engine.store), 0, "%s: something is left", text);
    }
    rig_free(r);
}

Test(preload, makes_all_or_none)
{
    struct rig *r = rig_new((const char *[]){
        "preload=[states, {identifier: k, state: Active, dates: {activation: +1h}}]", NULL});
    struct kerr err = KERR_INIT;
    cr_expect_not(store(r, &err));
    cr_expect_eq(store_count(r->engine.store), 0);
    cr_expect_not(r->cfg.preload.v[0].made);
    rig_expect(r, "Locate, {}", 0);
    cr_expect_eq(rig_count(r, 0, KMIP_TAG_UNIQUE_IDENTIFIER), 0);
    rig_free(r);
}

/* How the server treats clients does not hold for what it is given at the start. */
Test(preload, is_not_subject_to_how_the_server_misbehaves)
{
    struct rig *r = rig_new((const char *[]){
        "compound_create=reject", "custom_attributes=reject", "versions=[1.0]",
        "preload={identifier: k, dates: {activation: -1h}, attributes: {x-a: b}}", NULL});
    struct kerr err = KERR_INIT;
    cr_expect(store(r, &err), "%s", err.msg);
    rig_free(r);
}

Test(preload, nothing_is_left_of_a_destroyed_object_without_metadata)
{
    struct rig *r = rig_new((const char *[]){"keep_metadata=false",
                                             "preload={state: Destroyed}", NULL});
    struct kerr err = KERR_INIT;
    cr_expect_not(store(r, &err));
    cr_expect(strstr(err.msg, "keep_metadata is false"), "%s", err.msg);
    rig_free(r);
}
