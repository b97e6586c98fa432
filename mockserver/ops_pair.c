/* Create Key Pair and Re-key Key Pair (KMIP 1.2 spec, 4.2, 4.5). */
#include "mockserver/links.h"
#include "mockserver/ops.h"
#include "mockserver/pair.h"
#include "mockserver/replacing.h"

static bool create(struct pair *p)
{
    if (!pair_take_attributes(p))
        return false;
    if (making_was_given(&p->private_half, KMIP_TAG_ORIGINAL_CREATION_DATE) ||
        making_was_given(&p->public_half, KMIP_TAG_ORIGINAL_CREATION_DATE))
        return op_fail(p->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "Original Creation Date is set by the server that makes the object");
    return pair_agree(p) && pair_make(p, KMIP_RESULT_REASON_INVALID_FIELD) && pair_link(p) &&
           pair_finish(p);
}

bool op_create_key_pair(struct op_call *c)
{
    struct pair p;
    if (!pair_begin(&p, c, MAKING_CREATE))
        return false;
    bool ok = create(&p);
    pair_clear(&p);
    return ok;
}

/* Re-key Key Pair */

struct old_pair {
    struct mock_object *private_key, *public_key;
};

/* The request names the private key, its link the public one. */
static bool find_old(struct op_call *c, struct old_pair *old)
{
    struct bytes uid;
    old->private_key =
        op_live_object_of(c, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER, POLICY_WRITE);
    if (!old->private_key)
        return false;
    if (old->private_key->type != KMIP_OBJECT_TYPE_PRIVATE_KEY)
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "Re-key Key Pair is for Private Keys; this is a %s",
                       kmip_name_of("Object Type", old->private_key->type));
    if (!link_find(old->private_key, KMIP_LINK_TYPE_PUBLIC_KEY_LINK, &uid))
        return op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                       "the Private Key has no Public Key Link: it is not one of a pair");
    old->public_key = op_object_by_id(c, uid, POLICY_WRITE, false);
    if (!old->public_key)
        return false;
    if (op_is_destroyed(old->public_key))
        return op_fail(c, KMIP_RESULT_REASON_ITEM_NOT_FOUND,
                       "the Public Key of the pair was destroyed");
    return old->public_key->type == KMIP_OBJECT_TYPE_PUBLIC_KEY ||
           op_fail(c, KMIP_RESULT_REASON_PERMISSION_DENIED,
                   "the Public Key Link does not lead to a Public Key");
}

static bool has_values(struct op_call *c, const struct old_pair *old)
{
    struct mock_key key;
    return (object_key(old->private_key, &key) && key.has_value &&
            object_key(old->public_key, &key) && key.has_value) ||
           op_fail(c, KMIP_RESULT_REASON_KEY_VALUE_NOT_PRESENT,
                   "the server does not have the Key Value");
}

static bool rekey(struct pair *p, const struct old_pair *old)
{
    struct making *priv = &p->private_half, *pub = &p->public_half;
    if (!replacing_begin(priv, old->private_key) || !replacing_begin(pub, old->public_key) ||
        !pair_take_attributes(p))
        return false;
    priv->dates_given = pub->dates_given = priv->dates_given || pub->dates_given;
    return replacing_dates(priv, old->private_key) && replacing_dates(pub, old->public_key) &&
           pair_agree(p) && pair_make(p, KMIP_RESULT_REASON_PERMISSION_DENIED) &&
           pair_link(p) && replacing_link(priv, old->private_key) &&
           replacing_link(pub, old->public_key) && pair_finish(p) &&
           replacing_end(priv, old->private_key) && replacing_end(pub, old->public_key);
}

bool op_rekey_key_pair(struct op_call *c)
{
    struct old_pair old = {0};
    struct pair p;
    if (!find_old(c, &old) || !has_values(c, &old) || !pair_begin(&p, c, MAKING_REKEY))
        return false;
    bool ok = rekey(&p, &old);
    pair_clear(&p);
    return ok;
}
