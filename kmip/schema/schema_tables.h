/* The generated tables that only the schema room looks into: indexes by number
 * and what decides a conditional field. dict.h offers the rest to everybody. */
#ifndef KMIP_SCHEMA_SCHEMA_TABLES_H
#define KMIP_SCHEMA_SCHEMA_TABLES_H

#include "kmip/schema/dict.h"

/* When the need of a condition holds. */
enum kmip_when {
    KMIP_WHEN_ALWAYS,
    KMIP_WHEN_HAS,            /* the field of the mask `field` is there */
    KMIP_WHEN_EQUALS,         /* the field with the tag `field` has this value */
    KMIP_WHEN_AROUND_EQUALS,  /* ... in the structure around this one */
    KMIP_WHEN_BYTES,          /* the field with the tag `field` is a Byte String */
    KMIP_WHEN_VERSION_BEFORE, /* the message is older than the version `value` */
    KMIP_WHEN_OPERATION_NOT,  /* the operation is another than `value` */
    KMIP_WHEN_BATCH_ABOVE     /* the header's Batch Count exceeds `value` */
};

#define KMIP_ALTERNATIVES 6

/* Fields of a structure that must be there under a condition. Each alternative is
 * a mask of fields (bit = position in the structure); one of them must be whole. */
struct kmip_condition {
    uint8_t when; /* enum kmip_when */
    uint8_t n;    /* alternatives */
    uint32_t field, value;
    uint32_t alternatives[KMIP_ALTERNATIVES];
    const char *text; /* "Private Exponent, or P and Q" */
    const char *section;
};

/* What a tag is besides its name and types; beside kmip_tags, in the same order. */
struct kmip_tag_use {
    const struct kmip_struct *def; /* the structure found by the tag alone */
    const struct kmip_attribute *attribute;
    uint8_t object_type; /* of a managed object's structure */
    bool natural;        /* a count or length: never negative */
};

/* Perfect hash of the attribute names over length, first, middle and last character:
 * position in kmip_attributes + 1, or 0. */
struct kmip_attribute_hash {
    uint8_t factors[4];
    uint8_t place[256];
};

#define KMIP_OPERATIONS 64
#define KMIP_CREDENTIALS 8
#define KMIP_KEY_FORMATS 32
#define KMIP_OBJECT_TYPES 10

extern const struct kmip_tag_use kmip_tag_uses[];
extern const uint16_t kmip_tags_by_name[], kmip_tags_by_xml[]; /* positions, sorted for strcmp */
extern const struct kmip_attribute_hash kmip_attribute_hash;
extern const uint32_t kmip_object_tags[KMIP_OBJECT_TYPES];
extern const struct kmip_struct *const kmip_request_payloads[KMIP_OPERATIONS];
extern const struct kmip_struct *const kmip_response_payloads[KMIP_OPERATIONS];
extern const struct kmip_struct *const kmip_credential_values[KMIP_CREDENTIALS];
extern const struct kmip_struct *const kmip_key_materials[KMIP_KEY_FORMATS];
extern const struct kmip_struct *const kmip_request_item, *const kmip_response_item;

/* kmip_tag, inline. The generator sees to it: tags without gap. */
static inline const struct kmip_tag *kmip_tag_row(uint32_t tag)
{
    uint32_t i = tag - kmip_tags[0].tag;

    return i < kmip_n_tags ? &kmip_tags[i] : NULL;
}

/* The row of a tag from kmip_tag() in kmip_tag_uses. */
static inline const struct kmip_tag_use *kmip_use(const struct kmip_tag *t)
{
    return &kmip_tag_uses[t - kmip_tags];
}

/* Bits of a value of this mask that stand for nothing: neither known nor extension
 * (the nibbles above the highest known bit, KMIP 1.2 spec, 9.1.3.3). */
static inline uint32_t kmip_mask_unknown(const struct kmip_enum *mask, uint32_t value)
{
    uint32_t known = (1u << mask->n) - 1; /* the generator sees to it: bits without gap */
    uint32_t standard = (1u << ((mask->n + 3u) & ~3u)) - 1;

    return value & standard & ~known;
}

/* A value of the range left to extensions (KMIP 1.2 spec, 9.1.3.2). */
static inline bool kmip_enum_extension(uint32_t value)
{
    return value >> 28 == 8;
}

#endif
