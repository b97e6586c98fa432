/* Other ways of being right (variant.h). */
#include "mockserver/variant.h"

#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>

#include "mockserver/ops.h"
#include "mockserver/scratch.h"

/* --- identifiers (KMIP 1.2 spec, 3.1: any text) ------------------------ */

static const struct {
    enum mock_switch on;
    const char *before, *behind; /* of the UUID */
} forms[] = {
    /* As long as identifiers can be here. */
    {VAR_IDENTIFIERS_LONG, "urn:x-vendor:object:v2:key/", ""},
    {VAR_IDENTIFIERS_OF_ANY_LETTERS, " key 'é' {", "} %s\\"},
};

bool variant_identifier(struct mock_engine *e, char out[MOCK_UID_MAX])
{
    char uuid[MOCK_UID_MAX];
    if (switch_on(&e->cfg->switches, VAR_IDENTIFIERS_NUMBERS)) {
        snprintf(out, MOCK_UID_MAX, "%llu", (unsigned long long)++e->scratch->numbered);
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (switch_on(&e->cfg->switches, forms[i].on)) {
            memcpy(uuid, out, sizeof uuid);
            return snprintf(out, MOCK_UID_MAX, "%s%.36s%s", forms[i].before, uuid,
                            forms[i].behind) > 0;
        }
    return false;
}

/* --- Result Messages (6.11: optional, and any text) -------------------- */

#define SENTENCE                                                                                   \
    "Die Anfrage wurde abgelehnt, weil eine Prüfung fehlschlug; リクエストは拒否されました. "

const char *variant_failure_text(const struct mock_switches *s, const char *text)
{
    static const char long_text[] = SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE
        "\tat org.example.kms.Engine.answer(Engine.java:42)\r\n" SENTENCE SENTENCE SENTENCE
        "\"quoted\" <b>&amp;</b> 100% \\ C:\\kms\\log.txt";
    if (switch_on(s, VAR_RESULT_MESSAGE_NEVER))
        return "";
    return switch_on(s, VAR_RESULT_MESSAGE_LONG) ? long_text : text;
}

/* --- requests refused as a whole --------------------------------------- */

uint32_t variant_refusal(const struct mock_switches *s, const struct kmip_message *m, int64_t now,
                         const char **why)
{
    const struct kmip_header *h = &m->header;
    bool undo = m->n_items > 1 && h->has_continuation &&
                h->continuation == KMIP_BATCH_ERROR_CONTINUATION_OPTION_UNDO;
    bool stale = h->has_time_stamp && (h->time_stamp < now - 60 || h->time_stamp > now + 60);
    const struct {
        enum mock_switch on;
        bool given;
        uint32_t reason;
        const char *text;
    } options[] = {
        {VAR_UNDO_REFUSED, undo, KMIP_RESULT_REASON_FEATURE_NOT_SUPPORTED, "Undo is not supported"},
        {VAR_STALE_REQUESTS_REFUSED, stale, KMIP_RESULT_REASON_INVALID_MESSAGE,
         "the Time Stamp is not of this minute"},
    };
    for (size_t i = 0; s->any && i < sizeof options / sizeof *options; i++)
        if (options[i].given && switch_on(s, options[i].on)) {
            *why = options[i].text;
            return options[i].reason;
        }
    return 0;
}

/* --- versions (6.1: which one answers a later request is left open) ----- */

uint8_t variant_version(const struct mock_switches *s, const struct kmip_header *h)
{
    if (h->minor > 15)
        return 0;
    if (switch_on(s, VAR_VERSIONS_TO_1_4))
        return KMIP_VERSION(1, h->minor < 4 ? h->minor : 4);
    return switch_on(s, VAR_HIGHER_MINOR_VERSION_ECHOED) ? KMIP_VERSION(1, h->minor) : 0;
}

/* --- states ------------------------------------------------------------ */

static const struct {
    enum mock_switch on;
    uint32_t state;
    enum lifecycle_event event;
    uint32_t next; /* 0: refused */
} transitions[] = {
    {VAR_DESTROY_DEACTIVATES_FIRST, KMIP_STATE_ACTIVE, LIFE_DESTROY, KMIP_STATE_DESTROYED},
    {VAR_DESTROY_COMPROMISED_REFUSED, KMIP_STATE_COMPROMISED, LIFE_DESTROY, 0},
    {VAR_REVOKE_DEACTIVATES_PRE_ACTIVE, KMIP_STATE_PRE_ACTIVE, LIFE_REVOKE,
     KMIP_STATE_DEACTIVATED},
};

uint32_t variant_state(const struct mock_switches *s, uint32_t state, enum lifecycle_event event,
                       uint32_t next)
{
    for (size_t i = 0; s->any && i < sizeof transitions / sizeof *transitions; i++)
        if (transitions[i].state == state && transitions[i].event == event &&
            switch_on(s, transitions[i].on))
            return transitions[i].next;
    return next;
}

/* --- what the server does not have ------------------------------------- */

#define ANY_LENGTH (-1)

/* Keys, by what makes one of those that are not there. */
static const struct {
    enum mock_switch on;
    uint32_t algorithm;
    int32_t bits;
} lacking_keys[] = {
    {VAR_KEYS_AES_256_ONLY, KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, ANY_LENGTH},
    {VAR_KEYS_AES_256_ONLY, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 128},
    {VAR_KEYS_AES_256_ONLY, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 192},
    {VAR_KEYS_WITHOUT_3DES, KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, ANY_LENGTH},
    {VAR_KEYS_WITHOUT_ODD_LENGTHS, KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES, 112},
    {VAR_KEYS_WITHOUT_ODD_LENGTHS, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES, 192},
};

bool variant_lacks_key(const struct op_call *c, uint32_t algorithm, int32_t bits)
{
    for (size_t i = 0; i < sizeof lacking_keys / sizeof *lacking_keys; i++)
        if (lacking_keys[i].algorithm == algorithm && varies(c, lacking_keys[i].on) &&
            (lacking_keys[i].bits == bits || lacking_keys[i].bits == ANY_LENGTH))
            return true;
    return false;
}

bool variant_lacks_type(const struct op_call *c, uint32_t object_type)
{
    return (varies(c, VAR_SYMMETRIC_KEYS_ONLY) &&
            object_type != KMIP_OBJECT_TYPE_SYMMETRIC_KEY) ||
           (varies(c, VAR_TEMPLATES_NONE) && object_type == KMIP_OBJECT_TYPE_TEMPLATE);
}

bool variant_lacks_mode(const struct op_call *c, uint32_t mode)
{
    return varies(c, VAR_MODES_ECB_AND_CBC_ONLY) && mode != KMIP_BLOCK_CIPHER_MODE_ECB &&
           mode != KMIP_BLOCK_CIPHER_MODE_CBC;
}

/* Attributes that are in no profile. */
static const struct {
    enum mock_switch on;
    uint32_t tag;
} lacking_attributes[] = {
    {VAR_LEASES_NONE, KMIP_TAG_LEASE_TIME},
    {VAR_USAGE_LIMITS_UNKNOWN, KMIP_TAG_USAGE_LIMITS},
    {VAR_OPTIONAL_ATTRIBUTES_UNKNOWN, KMIP_TAG_APPLICATION_SPECIFIC_INFORMATION},
    {VAR_OPTIONAL_ATTRIBUTES_UNKNOWN, KMIP_TAG_CONTACT_INFORMATION},
    {VAR_OPTIONAL_ATTRIBUTES_UNKNOWN, KMIP_TAG_CRYPTOGRAPHIC_DOMAIN_PARAMETERS},
};

bool variant_lacks_attribute(const struct op_call *c, const struct kmip_attribute *def)
{
    bool any = c->engine->cfg->switches.any && def;
    for (size_t i = 0; any && i < sizeof lacking_attributes / sizeof *lacking_attributes; i++)
        if (lacking_attributes[i].tag == def->tag && varies(c, lacking_attributes[i].on))
            return true;
    return false;
}

/* --- what an object has beyond what it must ---------------------------- */

/* Of this server alone (3.39). */
static bool set_vendor_attributes(struct mock_object *o)
{
    static const uint8_t number[4] = {0, 0, 0, 7}, yes[8] = {[7] = 1};
    return object_add(o, NULL, bytes_str("y-partition"), TTLV_TEXT_STRING, bytes_str("Größe 1"),
                      NULL) &&
           object_add(o, NULL, bytes_str("y-partition"), TTLV_TEXT_STRING, bytes_str(""), NULL) &&
           object_add(o, NULL, bytes_str("y-HSM slot"), TTLV_INTEGER, bytes_of(number, 4), NULL) &&
           object_add(o, NULL, bytes_str("y-replicated"), TTLV_BOOLEAN, bytes_of(yes, 8), NULL);
}

bool variant_set_attributes(const struct making *m)
{
    const struct op_call *c = m->call;
    struct mock_object *o = m->object;
    bool named = object_attr(o, KMIP_TAG_OPERATION_POLICY_NAME, 0);
    return (!varies(c, VAR_ATTRIBUTES_OF_THE_VENDOR) || set_vendor_attributes(o)) &&
           (!varies(c, VAR_OPERATION_POLICY_NAME_SET) || named ||
            object_set_text(o, KMIP_TAG_OPERATION_POLICY_NAME, bytes_str("default")));
}

static bool add_digest(const struct making *m, uint32_t algorithm, struct bytes value,
                       uint32_t format)
{
    struct buf *b = &m->call->engine->scratch->data;
    struct ttlv_writer w;
    buf_reset(b);
    ttlv_w_init(&w, b, &m->call->err);
    ttlv_w_enum(&w, KMIP_TAG_HASHING_ALGORITHM, algorithm);
    ttlv_w_bytes(&w, KMIP_TAG_DIGEST_VALUE, value);
    if (format)
        ttlv_w_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, format);
    return ttlv_w_finish(&w) && object_add(m->object, kmip_attribute_by_tag(KMIP_TAG_DIGEST),
                                           bytes_str(""), TTLV_STRUCTURE, buf_bytes(b), NULL);
}

bool variant_add_digests(const struct making *m, struct bytes data, uint32_t format)
{
    struct sha1_ctx one;
    struct sha512_ctx two;
    uint8_t value[SHA512_DIGEST_SIZE];
    if (!varies(m->call, VAR_DIGESTS_SEVERAL))
        return true;
    sha1_init(&one);
    sha1_update(&one, data.n, data.p);
    sha1_digest(&one, SHA1_DIGEST_SIZE, value);
    if (!add_digest(m, KMIP_HASHING_ALGORITHM_SHA_1, bytes_of(value, SHA1_DIGEST_SIZE), format))
        return false;
    sha512_init(&two);
    sha512_update(&two, data.n, data.p);
    sha512_digest(&two, SHA512_DIGEST_SIZE, value);
    return add_digest(m, KMIP_HASHING_ALGORITHM_SHA_512, bytes_of(value, SHA512_DIGEST_SIZE),
                      format);
}

void variant_tell_implicit(const struct making *m)
{
    static const uint32_t tags[] = {
        KMIP_TAG_CRYPTOGRAPHIC_LENGTH, KMIP_TAG_DIGEST,           KMIP_TAG_STATE,
        KMIP_TAG_INITIAL_DATE,         KMIP_TAG_LAST_CHANGE_DATE, KMIP_TAG_LEASE_TIME,
    };
    struct op_call *c = m->call;
    if (!varies(c, VAR_IMPLICIT_ATTRIBUTES_TOLD))
        return;
    ttlv_w_open(c->out, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        const struct mock_attr *a = object_attr(m->object, tags[i], 0);
        if (a && !making_was_given(m, tags[i]))
            attr_write(c, a);
    }
    ttlv_w_close(c->out);
}

bool variant_dates_ahead(const struct making *m)
{
    static const uint32_t tags[] = {KMIP_TAG_ACTIVATION_DATE, KMIP_TAG_PROCESS_START_DATE,
                                    KMIP_TAG_PROTECT_STOP_DATE, KMIP_TAG_DEACTIVATION_DATE};
    int64_t date;
    if (!varies(m->call, VAR_PAST_DATES_REFUSED) || m->kind == MAKING_REKEY)
        return true;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (object_date(m->object, tags[i], &date) && date < m->call->now)
            return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                           "%s has passed: nothing is made with such a date here",
                           kmip_tag_name(tags[i]));
    return true;
}

bool variant_drop_some(struct op_call *c, struct mock_object *o)
{
    static const uint32_t tags[] = {
        KMIP_TAG_NAME,         KMIP_TAG_DIGEST,           KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS,
        KMIP_TAG_OBJECT_GROUP, KMIP_TAG_ALTERNATIVE_NAME, KMIP_TAG_CONTACT_INFORMATION,
        KMIP_TAG_LINK,         KMIP_TAG_USAGE_LIMITS,     KMIP_TAG_LEASE_TIME,
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (varies(c, VAR_METADATA_PARTLY_DROPPED_AT_DESTROY) && !object_remove_tag(o, tags[i]))
            return false;
    return true;
}

/* --- Query ------------------------------------------------------------- */

static const struct {
    const char *name;
    int32_t tag, type;
} extensions[] = {
    {"ACME LOCATION", 0x54AA01, TTLV_TEXT_STRING},
    {"ACME ZIP CODE", 0x54AA02, TTLV_INTEGER},
};

static void tell_extensions(struct op_call *c, bool all)
{
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        ttlv_w_open(c->out, KMIP_TAG_EXTENSION_INFORMATION);
        ttlv_w_str(c->out, KMIP_TAG_EXTENSION_NAME, extensions[i].name);
        if (all) {
            ttlv_w_int(c->out, KMIP_TAG_EXTENSION_TAG, extensions[i].tag);
            ttlv_w_int(c->out, KMIP_TAG_EXTENSION_TYPE, extensions[i].type);
        }
        ttlv_w_close(c->out);
    }
}

void variant_list_extensions(struct op_call *c)
{
    if (varies(c, VAR_QUERY_TELLS_MORE))
        tell_extensions(c, false);
}

void variant_map_extensions(struct op_call *c)
{
    if (varies(c, VAR_QUERY_TELLS_MORE))
        tell_extensions(c, true);
}

void variant_list_attestation_types(struct op_call *c)
{
    if (!varies(c, VAR_QUERY_TELLS_MORE))
        return;
    ttlv_w_enum(c->out, KMIP_TAG_ATTESTATION_TYPE, KMIP_ATTESTATION_TYPE_TPM_QUOTE);
    ttlv_w_enum(c->out, KMIP_TAG_ATTESTATION_TYPE, KMIP_ATTESTATION_TYPE_SAML_ASSERTION);
}
