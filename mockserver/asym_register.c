/* Asymmetric keys that are registered (asym_register.h). */
#include "mockserver/asym_register.h"

#include "mockserver/asym.h"

static bool wrong(struct making *m, const char *what)
{
    return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD, "%s", what);
}

/* An algorithm that fits the key, when nobody has named one: the first that is not the
 * collective name EC, which is since 1.2. */
static uint32_t some_algorithm(const struct asym_key *k, uint8_t version)
{
    uint32_t set = k->algorithms;
    if (set & ASYM_ALGORITHM(KMIP_CRYPTOGRAPHIC_ALGORITHM_EC) && set & (set - 1) &&
        version >= KMIP_V12)
        return KMIP_CRYPTOGRAPHIC_ALGORITHM_EC;
    return set ? (uint32_t)__builtin_ctz(set) : 0;
}

static bool check_algorithm(struct making *m, const struct asym_key *k)
{
    struct mock_object *o = m->object;
    uint32_t algorithm;
    if (!object_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm)) {
        algorithm = some_algorithm(k, m->call->version);
        return !algorithm || object_set_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, algorithm) ||
               op_no_memory(m->call);
    }
    return !k->algorithms || (algorithm < 32 && k->algorithms & ASYM_ALGORITHM(algorithm)) ||
           op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD, "the Key Material is no key for %s",
                   kmip_name_of("Cryptographic Algorithm", algorithm));
}

/* Of RSA keys some have a modulus whose first bits are zero. */
static bool check_length(struct making *m, const struct asym_key *k)
{
    struct mock_object *o = m->object;
    int32_t length;
    if (!object_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &length))
        return object_set_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, (int32_t)k->bits) ||
               op_no_memory(m->call);
    return length == (int32_t)k->bits ||
           (k->kind == ASYM_RSA && length == (int32_t)((k->bits + 7) / 8 * 8)) ||
           op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                   "the Key Material is a key of Cryptographic Length %u, not %d", k->bits, length);
}

/* The curve that Cryptographic Domain Parameters name (3.7) is that of the key. */
static bool check_domain(struct making *m, const struct asym_key *k)
{
    const struct mock_attr *a = object_attr(m->object, KMIP_TAG_CRYPTOGRAPHIC_DOMAIN_PARAMETERS, 0);
    struct ttlv_item domain, curve;
    if (!a)
        return true;
    domain = (struct ttlv_item){.type = TTLV_STRUCTURE, .val = bytes_of(a->value, a->len)};
    if (!ttlv_find(&domain, KMIP_TAG_RECOMMENDED_CURVE, &curve))
        return true;
    return (k->kind == ASYM_EC && k->curve->recommended == ttlv_enum(&curve)) ||
           wrong(m, "Cryptographic Domain Parameters name another curve than that of the key");
}

static bool check_compression(struct making *m, const struct asym_key *k,
                              const struct ttlv_item *block)
{
    struct ttlv_item it;
    return !ttlv_find(block, KMIP_TAG_KEY_COMPRESSION_TYPE, &it) ||
           asym_is_compressed(k, ttlv_enum(&it)) ||
           wrong(m, "the Key Material is no public key of this Key Compression Type");
}

bool asym_register(struct making *m, const struct mock_key *key, const struct ttlv_item *block)
{
    struct asym_key k;
    if (!key->has_value || key->wrapped)
        return true;
    const char *format = kmip_name_of("Key Format Type", key->format);
    switch (asym_read(m->object->type, key->format, &key->material, &k)) {
    case ASYM_MISFIT:
        return op_fail(m->call, KMIP_RESULT_REASON_KEY_FORMAT_TYPE_NOT_SUPPORTED,
                       "a %s does not come as %s",
                       kmip_name_of("Object Type", m->object->type), format);
    case ASYM_MALFORMED:
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "the Key Material is no %s of the format %s",
                       kmip_name_of("Object Type", m->object->type), format);
    case ASYM_KEPT:
        return true;
    default:
        return check_algorithm(m, &k) && check_length(m, &k) && check_domain(m, &k) &&
               check_compression(m, &k, block);
    }
}
