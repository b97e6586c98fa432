/* TTLV: the types of items and the limits shared by reader, writer and framing
 * (KMIP 1.2 spec, 9.1). This room knows types, never what a tag means. */
#ifndef KMIP_TTLV_TTLV_H
#define KMIP_TTLV_TTLV_H

#include "kmip/base/bytes.h"

enum ttlv_type {
    TTLV_STRUCTURE = 0x01,
    TTLV_INTEGER = 0x02,
    TTLV_LONG_INTEGER = 0x03,
    TTLV_BIG_INTEGER = 0x04,
    TTLV_ENUMERATION = 0x05,
    TTLV_BOOLEAN = 0x06,
    TTLV_TEXT_STRING = 0x07,
    TTLV_BYTE_STRING = 0x08,
    TTLV_DATE_TIME = 0x09,
    TTLV_INTERVAL = 0x0A
};

#define TTLV_HEADER 8u     /* bytes of tag, type and length */
#define TTLV_MAX_DEPTH 32u /* structures inside structures that reader and writer follow */

/* One item as it stands in a message. val is a view into the message. */
struct ttlv_item {
    uint32_t tag;     /* 24 bits */
    uint32_t len;     /* as declared, without padding */
    uint32_t off;     /* of its first header byte, from the start of the message */
    uint8_t type;     /* enum ttlv_type; another value only from a tolerant reader */
    bool wrong;       /* tolerant reader: length or value does not fit the type */
    struct bytes val; /* len bytes; of a structure, its children */
};

/* "Integer", "Text String"...; "type 0B" style names are not made: NULL if unknown. */
const char *ttlv_type_name(unsigned type);
/* By the name above or the XML name ("TextString"); 0 if unknown. */
unsigned ttlv_type_by_name(struct bytes name);
/* The length that a type fixes (4 or 8), or -1 for one that leaves it open. */
int ttlv_type_length(unsigned type);

/* Bytes that len takes on the wire, padding included. len < 2^32, so no overflow. */
static inline uint64_t ttlv_padded(uint32_t len)
{
    return ((uint64_t)len + 7u) & ~UINT64_C(7);
}

/* Values of items whose type is right and that are not `wrong`. */
static inline int32_t ttlv_int(const struct ttlv_item *it)
{
    return (int32_t)be32_get(it->val.p);
}
static inline uint32_t ttlv_enum(const struct ttlv_item *it) /* Interval too */
{
    return be32_get(it->val.p);
}
static inline int64_t ttlv_long(const struct ttlv_item *it) /* Date-Time too */
{
    return (int64_t)be64_get(it->val.p);
}
static inline bool ttlv_bool(const struct ttlv_item *it)
{
    return it->val.p[7] != 0;
}

/* What texts about a message need and this room does not know. */
struct ttlv_namer {
    const char *(*name)(uint32_t tag); /* NULL when it has none */
    /* Is the header at this offset perhaps no header but a piece of a secret? Texts do
     * not quote it then. May be NULL: nothing is. */
    bool (*hides)(struct bytes msg, uint32_t off);
};

/* Where an offset lies in a message, as names from the root down with the index
 * among equal tags: "Response Message/Batch Item[1]/Result Status". Walks the
 * message again, so that reading itself need not keep paths. Unknown tags are in
 * hexadecimal, or "(not shown)"; namer may be NULL. Always terminates out; returns out. */
char *ttlv_path_at(struct bytes msg, uint32_t off, const struct ttlv_namer *namer, char *out, size_t room);

#endif
