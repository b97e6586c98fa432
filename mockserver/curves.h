/* The curves of the standard (KMIP 1.2 spec, 9.1.3.2.5, Recommended Curve): their size and
 * how X.509 names them. */
#ifndef MOCKSERVER_CURVES_H
#define MOCKSERVER_CURVES_H

#include "kmip/base/bytes.h"

struct ecc_curve;

struct curve {
    uint8_t recommended; /* KMIP_RECOMMENDED_CURVE_* */
    uint8_t arc, last;   /* the object identifier: an arc (curves.c) and what follows it */
    uint16_t bits;       /* of a coordinate */
    const struct ecc_curve *(*nettle)(void); /* NULL: keys on it are kept, but not made */
};

#define CURVE_OID_MAX 16

/* NULL when there is none. */
const struct curve *curve_of(uint32_t recommended);
const struct curve *curve_by_oid(struct bytes oid);
/* The one taken when a key of this length is asked for: the first of them that keys can
 * be made on. */
const struct curve *curve_of_length(int32_t bits);

/* The object identifier, without tag and length. */
struct bytes curve_oid(const struct curve *c, uint8_t room[CURVE_OID_MAX]);
static inline size_t curve_bytes(const struct curve *c)
{
    return (c->bits + 7u) / 8;
}

#endif
