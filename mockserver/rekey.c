/* Re-key (KMIP 1.2 spec, 4.4): a new key in place of an old one, which hands over its
 * Names. */
#include "mockserver/crypto.h"
#include "mockserver/making.h"
#include "mockserver/ops.h"
#include "mockserver/scratch.h"

/* Not copied to the new key: what belongs to one object's life, what is set anew, and
 * Names, which move (4.4, table of attribute requirements). */
static const uint32_t not_copied[] = {
    KMIP_TAG_UNIQUE_IDENTIFIER,
    KMIP_TAG_OBJECT_TYPE,
    KMIP_TAG_NAME,
    KMIP_TAG_DIGEST,
    KMIP_TAG_LEASE_TIME,
    KMIP_TAG_STATE,
    KMIP_TAG_INITIAL_DATE,
    KMIP_TAG_DESTROY_DATE,
    KMIP_TAG_COMPROMISE_OCCURRENCE_DATE,
    KMIP_TAG_COMPROMISE_DATE,
    KMIP_TAG_REVOCATION_REASON,
    KMIP_TAG_ARCHIVE_DATE,
    KMIP_TAG_FRESH,
    KMIP_TAG_LINK,
    KMIP_TAG_LAST_CHANGE_DATE,
    KMIP_TAG_KEY_VALUE_PRESENT,
    KMIP_TAG_KEY_VALUE_LOCATION,
    KMIP_TAG_ORIGINAL_CREATION_DATE,
};

static bool is_copied(const struct mock_attr *a)
{
    for (size_t i = 0; a->def && i < sizeof not_copied / sizeof *not_copied; i++)
        if (a->def->tag == not_copied[i])
            return false;
    return true;
}

static bool copy_attribute(struct making *m, const struct mock_attr *a)
{
    struct attr_in in = {.def = a->def,
                         .name = bytes_str(a->name),
                         .value = {.tag = KMIP_TAG_ATTRIBUTE_VALUE,
                                   .type = a->type,
                                   .len = (uint32_t)a->len,
                                   .val = bytes_of(a->value, a->len)}};
    return attr_store(m->call, m->object, &in, NULL, KMIP_RESULT_REASON_INVALID_FIELD, NULL);
}

static bool copy_attributes(struct making *m, const struct mock_object *old)
{
    for (size_t i = 0; i < old->n_attrs; i++)
        if (is_copied(&old->attrs[i]) && !copy_attribute(m, &old->attrs[i]))
            return false;
    return true;
}

/* Names leave the old key before the new one takes them: nobody else can have them. */
static bool move_names(struct making *m, struct mock_object *old)
{
    struct op_call *c = m->call;
    const struct mock_attr *a;
    for (int32_t i = 0; (a = object_attr(old, KMIP_TAG_NAME, i)); i++)
        if (!object_add(m->object, a->def, bytes_str(a->name), a->type, bytes_of(a->value, a->len),
                        NULL))
            return op_no_memory(c);
    object_remove_tag(old, KMIP_TAG_NAME);
    return op_changed(c, old);
}

/* Dates by Offset: activation that long after the new Initial Date, the others as far
 * from it as they were in the old key. */
static bool shift_dates(struct making *m, const struct mock_object *old, uint32_t offset)
{
    static const uint32_t others[] = {KMIP_TAG_PROCESS_START_DATE, KMIP_TAG_PROTECT_STOP_DATE,
                                      KMIP_TAG_DEACTIVATION_DATE};
    struct op_call *c = m->call;
    int64_t activation, date, start = c->now + (int64_t)offset;
    if (!object_date(old, KMIP_TAG_ACTIVATION_DATE, &activation))
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "an Offset needs an Activation Date in the old key");
    if (!object_set_date(m->object, KMIP_TAG_ACTIVATION_DATE, start))
        return op_no_memory(c);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int64_t moved;
        if (!object_date(old, others[i], &date))
            continue;
        /* Dates are the client's: any 64 bits. Those that would leave them stay put. */
        if (__builtin_sub_overflow(date, activation, &moved) ||
            __builtin_add_overflow(moved, start, &moved))
            moved = date;
        if (!object_set_date(m->object, others[i], moved))
            return op_no_memory(c);
    }
    return true;
}

static bool add_link(struct op_call *c, struct mock_object *o, uint32_t type, const char *to)
{
    struct buf *b = &c->engine->scratch->data;
    const struct kmip_attribute *def = kmip_attribute_by_tag(KMIP_TAG_LINK);
    const struct mock_attr *a;
    struct ttlv_item it;
    struct ttlv_writer w;
    buf_reset(b);
    ttlv_w_init(&w, b, &c->err);
    ttlv_w_enum(&w, KMIP_TAG_LINK_TYPE, type);
    ttlv_w_str(&w, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, to);
    if (!ttlv_w_finish(&w))
        return false;
    /* One of a kind: a key re-keyed twice points to its latest replacement. */
    for (int32_t i = 0; (a = object_attr(o, KMIP_TAG_LINK, i)); i++)
        if (ttlv_first(bytes_of(a->value, a->len), &it) && it.type == TTLV_ENUMERATION &&
            ttlv_enum(&it) == type)
            return object_replace(o, a, TTLV_STRUCTURE, buf_bytes(b)) || op_no_memory(c);
    return object_add(o, def, bytes_str(def->name), TTLV_STRUCTURE, buf_bytes(b), NULL) ||
           op_no_memory(c);
}

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
    default:
        return op_fail(c, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE, "the key could not be made");
    }
    bool ok = making_key(m, buf_bytes(key));
    buf_reset(key);
    return ok;
}

static bool rekey(struct making *m, struct mock_object *old)
{
    struct op_call *c = m->call;
    struct ttlv_item ta, offset;
    if (!copy_attributes(m, old) || !move_names(m, old))
        return false;
    if (op_field(c, KMIP_TAG_TEMPLATE_ATTRIBUTE, &ta) && !making_template_attribute(m, &ta))
        return false;
    if (op_field(c, KMIP_TAG_OFFSET, &offset)) {
        if (m->dates_given)
            return op_fail(c, KMIP_RESULT_REASON_INVALID_MESSAGE,
                           "an Offset and dates exclude each other");
        if (!shift_dates(m, old, ttlv_enum(&offset)))
            return false;
    }
    if (!make_material(m) ||
        !add_link(c, m->object, KMIP_LINK_TYPE_REPLACED_OBJECT_LINK, old->uid) || !making_finish(m))
        return false;
    if (!add_link(c, old, KMIP_LINK_TYPE_REPLACEMENT_OBJECT_LINK, m->object->uid) ||
        !op_changed(c, old))
        return false;
    op_write_uid(c, m->object);
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
