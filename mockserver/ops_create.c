/* Create (KMIP 1.2 spec, 4.1): symmetric keys made by the server. */
#include "mockserver/crypto.h"
#include "mockserver/lifecycle.h"
#include "mockserver/making.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

/* Lengths taken when the client names none, which the standard allows (4.1). */
static bool default_length(struct making *m, uint32_t algorithm)
{
    int32_t bits = algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES ? 168 : 256;
    return object_set_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, bits) || op_no_memory(m->call);
}

static enum crypto_result make_key(struct op_call *c, uint32_t algorithm, int32_t bits,
                                   struct buf *key)
{
    if (algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES && deviates(c, DEV_CREATE_3DES_REFUSED))
        return CRYPTO_BAD_ALGORITHM;
    if (algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_AES && deviates(c, DEV_CREATE_LENGTH_IGNORED))
        bits = 256;
    enum crypto_result result = crypto_key_of(algorithm, bits, draws_bytes, c->draws, key);
    if (result == CRYPTO_OK && deviates(c, DEV_CREATE_KEYS_ALIKE))
        memset(key->p, 0x2A, key->n);
    return result;
}

static bool new_key(struct making *m)
{
    struct op_call *c = m->call;
    struct buf *key = &c->engine->scratch->data;
    uint32_t algorithm;
    int32_t bits;
    bool given = object_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm);
    if (!given && deviates(c, DEV_CREATE_WITHOUT_ALGORITHM)) {
        algorithm = KMIP_CRYPTOGRAPHIC_ALGORITHM_AES;
        if (!object_set_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, algorithm))
            return op_no_memory(c);
    } else if (!given)
        return op_fail(c,
                       either(c, VAR_CREATE_INCOMPLETE_AS_INVALID_FIELD,
                              KMIP_RESULT_REASON_INVALID_FIELD, KMIP_RESULT_REASON_INVALID_MESSAGE),
                       "Cryptographic Algorithm is required of a key");
    if (!object_attr(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 0) && !default_length(m, algorithm))
        return false;
    object_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &bits);
    buf_reset(key);
    switch (make_key(c, algorithm, bits, key)) {
    case CRYPTO_OK:
        break;
    case CRYPTO_BAD_ALGORITHM:
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "keys for %s are not made here; AES and 3DES are",
                       kmip_name_of("Cryptographic Algorithm", algorithm));
    case CRYPTO_BAD_KEY:
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "%s has no keys of Cryptographic Length %d",
                       kmip_name_of("Cryptographic Algorithm", algorithm), bits);
    case CRYPTO_NO_MEMORY:
        return op_no_memory(c);
    default:
        return op_fail(c, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE, "the key could not be made");
    }
    bool ok = making_key(m, KMIP_KEY_FORMAT_TYPE_RAW, buf_bytes(key));
    buf_reset(key);
    return ok;
}

/* So much later than the date, or than now when that has passed: the key is Active no
 * sooner. */
static int64_t delayed(const struct op_call *c, int64_t date)
{
    return lifecycle_later(date > c->now ? date : c->now, c->behaviour->compound_delay_s);
}

/* A key that is Active from its making: servers in the field refuse that or forget
 * the date, and this one can be told to. */
static bool compound_create(struct making *m)
{
    struct op_call *c = m->call;
    int64_t date;
    if (!object_date(m->object, KMIP_TAG_ACTIVATION_DATE, &date))
        return true;
    switch (c->behaviour->compound_create) {
    case COMPOUND_REJECT:
        op_is_refused(c, BEHAVIOUR_COMPOUND_CREATE);
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Activation Date is not taken with Create here; use Activate");
    case COMPOUND_IGNORE:
        op_differs(c, BEHAVIOUR_COMPOUND_CREATE, 1);
        return object_remove_tag(m->object, KMIP_TAG_ACTIVATION_DATE) || op_no_memory(c);
    case COMPOUND_DELAY:
        if (delayed(c, date) != date)
            op_differs(c, BEHAVIOUR_COMPOUND_CREATE, 1);
        return object_set_date(m->object, KMIP_TAG_ACTIVATION_DATE, delayed(c, date)) ||
               op_no_memory(c);
    default:
        return true;
    }
}

static bool create(struct making *m)
{
    struct op_call *c = m->call;
    struct ttlv_item ta;
    if (op_field(c, KMIP_TAG_TEMPLATE_ATTRIBUTE, &ta) && !making_template_attribute(m, &ta))
        return false;
    if (making_was_given(m, KMIP_TAG_ORIGINAL_CREATION_DATE))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Original Creation Date is set by the server that makes the object");
    if (!compound_create(m) || !new_key(m) || !making_finish(m))
        return false;
    ttlv_w_enum(c->out, KMIP_TAG_OBJECT_TYPE, m->object->type);
    op_write_uid(c, m->object);
    variant_tell_implicit(m);
    return true;
}

bool op_create(struct op_call *c)
{
    struct making m;
    struct ttlv_item type;
    if (!op_field(c, KMIP_TAG_OBJECT_TYPE, &type))
        return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE, "the request has no Object Type");
    if (ttlv_enum(&type) != KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return op_fail(c, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Create makes Symmetric Keys, not objects of type %s",
                       kmip_name_of("Object Type", ttlv_enum(&type)));
    if (!making_begin(&m, c, MAKING_CREATE, ttlv_enum(&type)))
        return false;
    bool ok = create(&m);
    making_clear(&m);
    return ok;
}
