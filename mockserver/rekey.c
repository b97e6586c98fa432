/* Re-key (KMIP 1.2 spec, 4.4): a new key in place of an old one, which hands over its
 * Names. */
#include "mockserver/crypto.h"
#include "mockserver/ops.h"
#include "mockserver/replacing.h"
#include "mockserver/scratch.h"
#include "mockserver/variant.h"

/* The material: of the kind the attributes of the new key say. */
static bool make_material(struct making *m)
{
    struct op_call *c = m->call;
    struct buf *key = &c->engine->scratch->data;
    uint32_t algorithm = 0;
    int32_t bits = 0;
    object_enum(m->object, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &algorithm);
    object_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &bits);
    buf_reset(key);
    switch (crypto_key_of(algorithm, bits, draws_bytes, c->draws, key)) {
    case CRYPTO_OK:
        break;
    case CRYPTO_BAD_ALGORITHM:
    case CRYPTO_BAD_KEY:
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "a key for %s of Cryptographic Length %d cannot be re-keyed here",
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

static bool rekey(struct making *m, struct mock_object *old)
{
    struct op_call *c = m->call;
    struct ttlv_item ta;
    if (!replacing_begin(m, old))
        return false;
    if (op_field(c, KMIP_TAG_TEMPLATE_ATTRIBUTE, &ta) && !making_template_attribute(m, &ta))
        return false;
    if (!replacing_dates(m, old) || !make_material(m) || !replacing_link(m, old) ||
        !making_finish(m) || !replacing_end(m, old))
        return false;
    op_write_uid(c, m->object);
    variant_tell_implicit(m);
    return true;
}

bool op_rekey(struct op_call *c)
{
    struct mock_object *old = op_live_object(c, POLICY_WRITE);
    struct making m;
    struct mock_key key;
    if (!old)
        return false;
    if (old->type != KMIP_OBJECT_TYPE_SYMMETRIC_KEY)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "Re-key is for Symmetric Keys; this is a %s",
                       kmip_name_of("Object Type", old->type));
    if (!object_key(old, &key) || !key.has_value)
        return op_fail(c, KMIP_RESULT_REASON_KEY_VALUE_NOT_PRESENT,
                       "the server does not have the Key Value");
    if (!making_begin(&m, c, MAKING_REKEY, old->type))
        return false;
    bool ok = rekey(&m, old);
    making_clear(&m);
    return ok;
}
