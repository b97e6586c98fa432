/* Results of cryptography in published replies (oasis_in.h): which of them any conforming server
 * must come to, and what is kept of the others because a request behind the reply needs it. */
#include "conformance/oasis_in.h"

/* ---- what can be known ------------------------------------------------------------- */

static bool is_random(const struct oasis_reply *r)
{
    /* Paddings for public keys hold random bytes (PKCS#1 v2.1, 7). */
    bool padded = r->operation == KMIP_OPERATION_ENCRYPT && r->object->is_public;

    return padded || oasis_child(r->got, KMIP_TAG_IV_COUNTER_NONCE);
}

bool oasis_result_known(struct oasis_reply *r, const struct xnode *n)
{
    if (r->operation == KMIP_OPERATION_HASH)
        return true;
    if (r->object && r->object->origin == ORIGIN_GIVEN && !is_random(r))
        return true;
    return oasis_is_given(r->o, n->name, oasis_value(n)); /* encrypted before */
}

/* The wrapping of RFC 3394 gives one result for one key; but what is wrapped must be
 * determined too: the key alone, and by keys that the client registered. */
bool oasis_wrapping_known(struct oasis_reply *r, const struct xnode *key_value)
{
    const struct xnode *data = oasis_child(key_value->parent, KMIP_TAG_KEY_WRAPPING_DATA);
    const struct xnode *key = oasis_child(data, KMIP_TAG_ENCRYPTION_KEY_INFORMATION);
    const struct xnode *how = oasis_child(key, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS);
    const struct oasis_object *wrapper = oasis_object_of(r->o, key);

    return oasis_enum(oasis_child(data, KMIP_TAG_ENCODING_OPTION), "Encoding Option") ==
               KMIP_ENCODING_OPTION_NO_ENCODING &&
           oasis_enum(oasis_child(how, KMIP_TAG_BLOCK_CIPHER_MODE), "Block Cipher Mode") ==
               KMIP_BLOCK_CIPHER_MODE_NISTKEYWRAP &&
           r->object && r->object->origin == ORIGIN_GIVEN && wrapper &&
           wrapper->origin == ORIGIN_GIVEN;
}

/* ---- what is kept ---------------------------------------------------------------------- */

static const struct xnode *message_of(const struct xnode *n)
{
    while (strcmp(n->name, "ResponseMessage") != 0)
        n = n->parent;
    return n;
}

/* A request behind this reply may use its value under a name that no reply has: $MAC_DATA is
 * then the MACData of the last reply with one. */
static const char *used_later(const struct xnode *n)
{
    for (const struct xnode *m = message_of(n)->next; m; m = m->next) {
        const struct xnode *same = oasis_within(m, n->name);
        const char *name = same ? oasis_placeholder(same) : NULL;
        if (same && strcmp(m->name, "ResponseMessage") == 0)
            return NULL;
        if (name)
            return name;
    }
    return NULL;
}

const char *oasis_kept_as(struct oasis_reply *r, const struct xnode *n)
{
    const char *name = oasis_placeholder(n) ? NULL : used_later(n);

    for (const struct xnode *m = r->o->doc->root->first; name && m; m = m->next)
        if (strcmp(m->name, "ResponseMessage") == 0 && oasis_uses(m, name) > 0)
            return NULL;
    return name ? name + 1 : NULL;
}

/* Does the element, or one in it, say the same by the same name? */
static bool repeats(const struct xnode *n, const struct xnode *what)
{
    bool same = strcmp(n->name, what->name) == 0 && strcmp(oasis_value(n), oasis_value(what)) == 0;

    for (const struct xnode *c = n->first; !same && c; c = c->next)
        same = repeats(c, what);
    return same;
}

/* Its number among what has been learnt, from 1; 0: not among it. */
static size_t number_of(const struct oasis *o, const struct xnode *n)
{
    for (size_t i = 0; i < o->n_learnt; i++)
        if (strcmp(o->learnt[i].field, n->name) == 0 &&
            strcmp(o->learnt[i].value, oasis_value(n)) == 0)
            return i + 1;
    return 0;
}

const char *oasis_learn(struct oasis *o, const struct xnode *n)
{
    bool later = false;

    for (const struct xnode *m = message_of(n)->next; m && !later; m = m->next)
        later = strcmp(m->name, "RequestMessage") == 0 && repeats(m, n);
    if (!later)
        return NULL;
    size_t i = number_of(o, n);
    if (i == 0 && o->n_learnt == OASIS_LEARNT_MAX) {
        xnode_err(n, KE_CASE, o->err, "more than %d values of the server are sent back",
                  OASIS_LEARNT_MAX);
        return NULL;
    }
    if (i == 0) {
        o->learnt[o->n_learnt] = (struct oasis_given){n->name, oasis_value(n)};
        i = ++o->n_learnt;
    }
    return oasis_format(o, "LEARNT_%zu", i);
}

const char *oasis_learnt(struct oasis *o, const struct xnode *n)
{
    size_t i = number_of(o, n);

    return i > 0 ? oasis_format(o, "$LEARNT_%zu", i) : NULL;
}
