/* Pairs of keys (pair.h). */
#include "mockserver/pair.h"

#include "mockserver/asym.h"
#include "mockserver/links.h"

bool pair_begin(struct pair *p, struct op_call *c, enum making_kind kind)
{
    *p = (struct pair){.call = c};
    if (!making_begin(&p->private_half, c, kind, KMIP_OBJECT_TYPE_PRIVATE_KEY))
        return false;
    if (making_begin(&p->public_half, c, kind, KMIP_OBJECT_TYPE_PUBLIC_KEY))
        return true;
    making_clear(&p->private_half);
    return false;
}

void pair_clear(struct pair *p)
{
    making_clear(&p->private_half);
    making_clear(&p->public_half);
}

static bool take(struct making *m, uint32_t own)
{
    struct ttlv_item ta;
    if (op_field(m->call, KMIP_TAG_COMMON_TEMPLATE_ATTRIBUTE, &ta) &&
        !making_template_attribute(m, &ta))
        return false;
    making_overrule(m);
    return !op_field(m->call, own, &ta) || making_template_attribute(m, &ta);
}

bool pair_take_attributes(struct pair *p)
{
    return take(&p->private_half, KMIP_TAG_PRIVATE_KEY_TEMPLATE_ATTRIBUTE) &&
           take(&p->public_half, KMIP_TAG_PUBLIC_KEY_TEMPLATE_ATTRIBUTE);
}

/* The n-th instance of one half as the other has it. */
static bool shared(struct pair *p, uint32_t tag, int32_t n)
{
    struct mock_object *halves[] = {p->private_half.object, p->public_half.object};
    const struct mock_attr *a[] = {object_attr(halves[0], tag, n), object_attr(halves[1], tag, n)};
    if (a[0] && a[1])
        return bytes_eq(bytes_of(a[0]->value, a[0]->len), bytes_of(a[1]->value, a[1]->len)) ||
               op_fail(p->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "%s is to be the same for both keys of a pair", a[0]->name);
    const struct mock_attr *one = a[0] ? a[0] : a[1];
    return object_add(halves[a[0] ? 1 : 0], one->def, bytes_str(one->name), one->type,
                      bytes_of(one->value, one->len), NULL) ||
           op_no_memory(p->call);
}

/* Names are unique (3.2), and neither half is stored yet. */
static bool names_differ(struct pair *p)
{
    const struct mock_attr *a, *b;
    struct ttlv_item x, y;
    for (int32_t i = 0; (a = object_attr(p->private_half.object, KMIP_TAG_NAME, i)); i++)
        for (int32_t j = 0; (b = object_attr(p->public_half.object, KMIP_TAG_NAME, j)); j++)
            if (ttlv_first(bytes_of(a->value, a->len), &x) &&
                ttlv_first(bytes_of(b->value, b->len), &y) && bytes_eq(x.val, y.val))
                return op_fail(p->call, KMIP_RESULT_REASON_INVALID_FIELD,
                               "the Name \"%s\" cannot be that of both keys",
                               op_quote(x.val).text);
    return true;
}

bool pair_agree(struct pair *p)
{
    static const uint32_t same[] = {
        KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, KMIP_TAG_CRYPTOGRAPHIC_LENGTH,
        KMIP_TAG_CRYPTOGRAPHIC_DOMAIN_PARAMETERS, KMIP_TAG_CRYPTOGRAPHIC_PARAMETERS};
    /* The last are the client's to change later, on each half by itself. */
    size_t n_same = sizeof same / sizeof *same - (p->private_half.kind == MAKING_REKEY);
    for (size_t i = 0; i < n_same; i++)
        for (int32_t n = 0; object_attr(p->private_half.object, same[i], n) ||
                            object_attr(p->public_half.object, same[i], n);
             n++)
            if (!shared(p, same[i], n))
                return false;
    return names_differ(p);
}

/* Domain Parameters name a curve; a Qlength is for algorithms that no keys are made for. */
static bool read_domain(struct pair *p, struct asym_wish *wish)
{
    const struct mock_attr *a =
        object_attr(p->private_half.object, KMIP_TAG_CRYPTOGRAPHIC_DOMAIN_PARAMETERS, 0);
    struct ttlv_item domain, it;
    if (!a)
        return true;
    domain = (struct ttlv_item){.type = TTLV_STRUCTURE, .val = bytes_of(a->value, a->len)};
    if (ttlv_find(&domain, KMIP_TAG_RECOMMENDED_CURVE, &it))
        wish->curve = ttlv_enum(&it);
    return !ttlv_find(&domain, KMIP_TAG_QLENGTH, &it) ||
           op_fail(p->call, KMIP_RESULT_REASON_INVALID_FIELD,
                   "Qlength is for DSA and DH, not for %s",
                   kmip_name_of("Cryptographic Algorithm", wish->algorithm));
}

static bool read_wish(struct pair *p, struct asym_wish *wish)
{
    const struct mock_object *o = p->private_half.object;
    *wish = (struct asym_wish){0};
    if (!object_enum(o, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &wish->algorithm))
        return op_fail(p->call, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "Cryptographic Algorithm is required of a pair of keys");
    if (object_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &wish->bits) && wish->bits <= 0)
        return op_fail(p->call, KMIP_RESULT_REASON_INVALID_FIELD,
                       "%d is no Cryptographic Length", wish->bits);
    return read_domain(p, wish);
}

static bool refused(struct op_call *c, enum crypto_result result, const struct asym_wish *wish,
                    uint32_t refusal)
{
    const char *algorithm = kmip_name_of("Cryptographic Algorithm", wish->algorithm);
    switch (result) {
    case CRYPTO_BAD_ALGORITHM:
        return op_fail(c, refusal, "pairs of keys for %s are not made here; RSA, ECDSA, ECDH and "
                                   "EC are", algorithm);
    case CRYPTO_BAD_KEY:
        if (!wish->curve)
            return op_fail(c, refusal, "no %s keys of Cryptographic Length %d are made here",
                           algorithm, wish->bits);
        return op_fail(c, refusal, "no %s keys of Cryptographic Length %d on the curve %s are made "
                                   "here", algorithm, wish->bits,
                       kmip_name_of("Recommended Curve", wish->curve));
    case CRYPTO_NO_MEMORY:
        return op_no_memory(c);
    default:
        return op_fail(c, KMIP_RESULT_REASON_CRYPTOGRAPHIC_FAILURE, "the keys could not be made");
    }
}

/* The key as the body of its object. */
static bool put_body(struct making *m, const struct asym_key *key, int32_t bits)
{
    uint32_t format = asym_own_format(key);
    struct op_call *c = m->call;
    struct buf wire;
    struct ttlv_writer w;
    struct ttlv_item material;
    if (!object_set_int(m->object, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, bits))
        return op_no_memory(c);
    buf_init(&wire, BUF_NO_LIMIT);
    ttlv_w_init(&w, &wire, &c->err);
    asym_write(key, format, &w);
    bool ok = ttlv_w_finish(&w) && ttlv_first(buf_bytes(&wire), &material) &&
              making_key(m, format, material.val);
    buf_clear(&wire);
    return ok;
}

bool pair_make(struct pair *p, uint32_t refusal)
{
    struct op_call *c = p->call;
    struct asym_wish wish;
    struct asym_key key, half;
    struct buf numbers;
    if (!read_wish(p, &wish))
        return false;
    enum crypto_result result = asym_complete(&wish);
    if (result != CRYPTO_OK)
        return refused(c, result, &wish, refusal);
    buf_init(&numbers, BUF_NO_LIMIT);
    result = asym_make(&wish, c->draws, &numbers, &key);
    half = asym_public(&key);
    bool ok = result == CRYPTO_OK ? put_body(&p->private_half, &key, wish.bits) &&
                                        put_body(&p->public_half, &half, wish.bits)
                                  : refused(c, result, &wish, refusal);
    buf_clear(&numbers);
    return ok;
}

bool pair_link(struct pair *p)
{
    struct op_call *c = p->call;
    struct mock_object *private_key = p->private_half.object, *public_key = p->public_half.object;
    return making_identify(&p->private_half) && making_identify(&p->public_half) &&
           link_set(c, private_key, KMIP_LINK_TYPE_PUBLIC_KEY_LINK, public_key->uid) &&
           link_set(c, public_key, KMIP_LINK_TYPE_PRIVATE_KEY_LINK, private_key->uid);
}

/* The placeholder is set by what is stored last. */
bool pair_finish(struct pair *p)
{
    struct ttlv_writer *w = p->call->out;
    if (!making_finish(&p->public_half) || !making_finish(&p->private_half))
        return false;
    ttlv_w_str(w, KMIP_TAG_PRIVATE_KEY_UNIQUE_IDENTIFIER, p->private_half.object->uid);
    ttlv_w_str(w, KMIP_TAG_PUBLIC_KEY_UNIQUE_IDENTIFIER, p->public_half.object->uid);
    return true;
}
