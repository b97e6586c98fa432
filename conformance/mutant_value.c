/* Other values and other types for an item (mutant.h). */
#include <string.h>

#include "conformance/mutant.h"

#define HOUR_S 3600

struct changing {
    const struct ttlv_item *it;
    mutant_value_take *take;
    void *arg;
};

/* Unless it is the value that is there. */
static bool give(const struct changing *c, const char *how, unsigned type, struct bytes val)
{
    return (type == c->it->type && bytes_eq(val, c->it->val)) || c->take(c->arg, how, type, val);
}

static bool give32(const struct changing *c, const char *how, uint32_t v)
{
    uint8_t b[4];
    be32_put(b, v);
    return give(c, how, c->it->type, bytes_of(b, sizeof b));
}

static bool give64(const struct changing *c, const char *how, int64_t v)
{
    uint8_t b[8];
    be64_put(b, (uint64_t)v);
    return give(c, how, c->it->type, bytes_of(b, sizeof b));
}

/* ---- by type ------------------------------------------------------------------ */

static bool integers(const struct changing *c)
{
    uint32_t v = (uint32_t)ttlv_int(c->it);
    return give32(c, "one more", v + 1) && give32(c, "one less", v - 1) &&
           give32(c, "doubled", 2 * v) && give32(c, "zero", 0) && give32(c, "negative", ~v);
}

/* A bit that the standard names, of those that are set, or not. */
static uint32_t bit_of(const struct kmip_enum *mask, uint32_t value, bool set)
{
    for (uint16_t i = 0; i < mask->n; i++)
        if (((value & mask->values[i].value) != 0) == set)
            return mask->values[i].value;
    return 0;
}

static bool masks(const struct changing *c, const struct kmip_enum *mask)
{
    uint32_t v = (uint32_t)ttlv_int(c->it);
    return give32(c, "a bit more", v | bit_of(mask, v, false)) &&
           give32(c, "a bit less", v & ~bit_of(mask, v, true)) && give32(c, "no bit", 0) &&
           give32(c, "a reserved bit", v | 0x40000000u);
}

/* The values beside it in the standard's table, one that is not there, and a vendor's. */
static bool enumerations(const struct changing *c, const struct kmip_enum *en)
{
    uint32_t v = ttlv_enum(c->it);
    for (uint16_t i = 0; en && i < en->n; i++) {
        if (en->values[i].value != v)
            continue;
        if ((i + 1 < en->n && !give32(c, "the next value", en->values[i + 1].value)) ||
            (i > 0 && !give32(c, "the value before", en->values[i - 1].value)))
            return false;
    }
    return give32(c, "zero", 0) && give32(c, "a reserved value", 0x00ABCDEFu) &&
           give32(c, "a vendor's value", 0x8ABCDEF0u);
}

static bool longs(const struct changing *c)
{
    int64_t v = ttlv_long(c->it);
    return give64(c, "one more", (int64_t)((uint64_t)v + 1)) &&
           give64(c, "one less", (int64_t)((uint64_t)v - 1)) && give64(c, "zero", 0) &&
           give64(c, "negative", ~v);
}

static bool dates(const struct changing *c)
{
    int64_t v = ttlv_long(c->it);
    return give64(c, "an hour later", (int64_t)((uint64_t)v + HOUR_S)) &&
           give64(c, "an hour earlier", (int64_t)((uint64_t)v - HOUR_S)) && give64(c, "zero", 0);
}

/* A copy of the value with room for one more byte. */
struct copy {
    struct buf b;
};

static bool copy_init(struct copy *k, const struct ttlv_item *it)
{
    buf_init(&k->b, (size_t)it->val.n + 16);
    return buf_put_bytes(&k->b, it->val) && buf_fill(&k->b, 0, 1);
}

static bool texts(const struct changing *c)
{
    size_t n = c->it->val.n;
    struct copy k;
    bool ok = copy_init(&k, c->it);
    uint8_t *p = k.b.p;
    if (ok) {
        p[n] = 'q';
        ok = give(c, "longer", TTLV_TEXT_STRING, bytes_of(p, n + 1)) &&
             give(c, "empty", TTLV_TEXT_STRING, bytes_of(p, 0));
    }
    if (ok && n > 0) {
        ok = give(c, "shorter", TTLV_TEXT_STRING, bytes_of(p, n - 1));
        p[n - 1] = p[n - 1] == '7' ? '3' : '7';
        ok = ok && give(c, "another last character", TTLV_TEXT_STRING, bytes_of(p, n));
    }
    buf_clear(&k.b);
    return ok;
}

static bool strings(const struct changing *c)
{
    size_t n = c->it->val.n;
    struct copy k;
    bool ok = copy_init(&k, c->it);
    uint8_t *p = k.b.p;
    ok = ok && give(c, "longer", TTLV_BYTE_STRING, bytes_of(p, n + 1)) &&
         give(c, "empty", TTLV_BYTE_STRING, bytes_of(p, 0));
    if (ok && n > 0) {
        ok = give(c, "shorter", TTLV_BYTE_STRING, bytes_of(p, n - 1));
        p[0] ^= 0x80;
        ok = ok && give(c, "another first bit", TTLV_BYTE_STRING, bytes_of(p, n));
        p[0] ^= 0x80;
        p[n - 1] ^= 2;
        ok = ok && give(c, "another last byte", TTLV_BYTE_STRING, bytes_of(p, n));
    }
    buf_clear(&k.b);
    return ok;
}

static bool big_integers(const struct changing *c)
{
    struct copy k;
    bool ok = copy_init(&k, c->it);
    if (ok && c->it->val.n > 0) {
        k.b.p[c->it->val.n - 1] ^= 2;
        ok = give(c, "another last byte", TTLV_BIG_INTEGER, bytes_of(k.b.p, c->it->val.n));
    }
    buf_clear(&k.b);
    return ok;
}

bool mutant_values(const struct ttlv_item *it, const struct kmip_spot *spot,
                   mutant_value_take *take, void *arg)
{
    const struct changing c = {it, take, arg};
    switch (it->type) {
    case TTLV_INTEGER:
        return spot->en && spot->en->mask ? masks(&c, spot->en) : integers(&c);
    case TTLV_LONG_INTEGER:
        return longs(&c);
    case TTLV_BIG_INTEGER:
        return big_integers(&c);
    case TTLV_ENUMERATION:
        return enumerations(&c, spot->en && !spot->en->mask ? spot->en : NULL);
    case TTLV_BOOLEAN:
        return give64(&c, "the other", !ttlv_bool(it));
    case TTLV_TEXT_STRING:
        return texts(&c);
    case TTLV_BYTE_STRING:
        return strings(&c);
    case TTLV_DATE_TIME:
        return dates(&c);
    case TTLV_INTERVAL:
        return integers(&c);
    default:
        return true;
    }
}

/* ---- other types --------------------------------------------------------------- */

/* The value as a number, if it is one: the same in other words. */
static int64_t number_of(const struct ttlv_item *it)
{
    switch (it->type) {
    case TTLV_INTEGER:
        return ttlv_int(it);
    case TTLV_ENUMERATION:
    case TTLV_INTERVAL:
        return ttlv_enum(it);
    case TTLV_LONG_INTEGER:
    case TTLV_DATE_TIME:
    case TTLV_BOOLEAN:
        return ttlv_long(it);
    default:
        return 1;
    }
}

static bool as_type(const struct changing *c, unsigned type, const char *how)
{
    bool bytes = c->it->type == TTLV_TEXT_STRING || c->it->type == TTLV_BYTE_STRING;
    uint8_t b[8];
    int64_t v = number_of(c->it);
    switch (type) {
    case TTLV_STRUCTURE:
        return give(c, how, type, bytes_of(NULL, 0));
    case TTLV_INTEGER:
    case TTLV_ENUMERATION:
    case TTLV_INTERVAL:
        be32_put(b, (uint32_t)v);
        return give(c, how, type, bytes_of(b, 4));
    case TTLV_BOOLEAN:
        be64_put(b, v != 0);
        return give(c, how, type, bytes_of(b, 8));
    case TTLV_TEXT_STRING:
        return give(c, how, type, bytes_str("1"));
    case TTLV_BYTE_STRING:
        return give(c, how, type, bytes ? c->it->val : bytes_of(c->it->val.p, c->it->len));
    default:
        be64_put(b, (uint64_t)v);
        return give(c, how, type, bytes_of(b, 8));
    }
}

bool mutant_types(const struct ttlv_item *it, mutant_value_take *take, void *arg)
{
    static const char *const hows[] = {[TTLV_STRUCTURE] = "as Structure",
                                       [TTLV_INTEGER] = "as Integer",
                                       [TTLV_LONG_INTEGER] = "as Long Integer",
                                       [TTLV_BIG_INTEGER] = "as Big Integer",
                                       [TTLV_ENUMERATION] = "as Enumeration",
                                       [TTLV_BOOLEAN] = "as Boolean",
                                       [TTLV_TEXT_STRING] = "as Text String",
                                       [TTLV_BYTE_STRING] = "as Byte String",
                                       [TTLV_DATE_TIME] = "as Date-Time",
                                       [TTLV_INTERVAL] = "as Interval"};
    const struct changing c = {it, take, arg};
    for (unsigned type = TTLV_STRUCTURE; type <= TTLV_INTERVAL; type++)
        if (type != it->type && !as_type(&c, type, hows[type]))
            return false;
    return true;
}
