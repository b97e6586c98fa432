/* The search keys of searchkey.h. */
#include "mockserver/searchkey.h"

#include "kmip/ttlv/reader.h"
#include "mockserver/crypto.h"

/* Not here: what most objects share (Cryptographic Algorithm, State), and what every
 * operation moves (Last Change Date); an index of those costs each write and spares
 * no search anything. */
static const uint32_t indexed[] = {
    KMIP_TAG_NAME,
    KMIP_TAG_ALTERNATIVE_NAME,
    KMIP_TAG_OBJECT_GROUP,
    KMIP_TAG_APPLICATION_SPECIFIC_INFORMATION,
    KMIP_TAG_CONTACT_INFORMATION,
};

bool searchkey_indexed(const struct kmip_attribute *def)
{
    if (!def)
        return true;
    for (size_t i = 0; i < sizeof indexed / sizeof *indexed; i++)
        if (def->tag == indexed[i])
            return true;
    return false;
}

bool searchkey_timed(const struct kmip_attribute *def)
{
    return def && (def->tag == KMIP_TAG_STATE || def->tag == KMIP_TAG_LAST_CHANGE_DATE);
}

struct bytes searchkey_value(const struct mock_attr *a)
{
    struct bytes whole = bytes_of(a->value, a->len);
    struct ttlv_item first;
    if (a->type != TTLV_STRUCTURE)
        return whole;
    return ttlv_first(whole, &first) ? first.val : bytes_of(NULL, 0);
}

bool searchkey_match(const struct mock_object *o, struct bytes name, struct bytes value)
{
    for (size_t i = 0; i < o->n_attrs; i++)
        if (bytes_eq_str(name, o->attrs[i].name) && bytes_eq(value, searchkey_value(&o->attrs[i])))
            return true;
    return false;
}

void searchkey_cut(struct bytes value, struct searchkey *out)
{
    enum { DIGEST = 32, HEAD = SEARCHKEY_MAX - DIGEST };
    if (value.n < SEARCHKEY_MAX) {
        if (value.n > 0)
            memcpy(out->p, value.p, value.n);
        out->n = value.n;
        return;
    }
    memcpy(out->p, value.p, HEAD);
    crypto_sha256(value, out->p + HEAD);
    out->n = SEARCHKEY_MAX;
}
