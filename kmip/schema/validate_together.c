/* The validator (validate.h), at the end of a structure: what its fields say together. */
#include <stdio.h>
#include <string.h>

#include "kmip/schema/open.h"
#include "kmip/schema/validate_in.h"

/* Structures that list attributes of one object as it stands on the server. What a Template
 * holds is content of its own. */
static bool lists_attributes(const struct validator *v)
{
    static const uint32_t tags[] = {KMIP_TAG_RESPONSE_PAYLOAD, KMIP_TAG_KEY_VALUE,
                                    KMIP_TAG_TEMPLATE_ATTRIBUTE,
                                    KMIP_TAG_PRIVATE_KEY_TEMPLATE_ATTRIBUTE,
                                    KMIP_TAG_PUBLIC_KEY_TEMPLATE_ATTRIBUTE};
    uint32_t tag = v->walk.frame[v->walk.depth - 1].tag;

    for (size_t i = 0; v->walk.response && i < sizeof tags / sizeof *tags; i++)
        if (tags[i] == tag)
            return true;
    return false;
}

#define INSTANCES_MAX 512u /* of one structure that are compared with each other */

struct instance {
    struct bytes name;
    int32_t index;
};

/* Name and index stand first, in this order. */
static bool read_instance(struct ttlv_reader *r, const struct ttlv_item *attribute,
                          struct instance *out)
{
    struct ttlv_item it;
    bool named = false;

    *out = (struct instance){.index = 0};
    ttlv_r_enter(r, attribute);
    while (ttlv_r_next(r, &it))
        if (it.tag == KMIP_TAG_ATTRIBUTE_NAME && it.type == TTLV_TEXT_STRING && !named) {
            named = true;
            out->name = it.val;
        } else if (it.tag == KMIP_TAG_ATTRIBUTE_INDEX && it.type == TTLV_INTEGER && !it.wrong) {
            out->index = ttlv_int(&it);
        } else {
            break;
        }
    ttlv_r_leave(r);
    return named;
}

static void report_instance(struct validator *v, const struct instance *i, uint32_t off)
{
    char expected[128], actual[64];

    snprintf(expected, sizeof expected, "another Attribute Index of this instance of %.*s",
             (int)(i->name.n < 64 ? i->name.n : 64), (const char *)i->name.p);
    snprintf(actual, sizeof actual, "%d, as of one before it", i->index);
    validator_report(v, RULE_SCHEMA_INDEX_TWICE, off, expected, actual);
}

/* Two instances of an attribute with the same index (KMIP 1.2 spec, 2.1.1). */
static void check_instances(struct validator *v)
{
    struct instance known[INSTANCES_MAX];
    struct ttlv_reader r;
    struct ttlv_item it;
    size_t n = 0;

    kmip_read_children(&r, v->msg, &current(v)->item);
    while (n < INSTANCES_MAX && ttlv_r_next(&r, &it)) {
        if (it.tag != KMIP_TAG_ATTRIBUTE || it.type != TTLV_STRUCTURE ||
            !read_instance(&r, &it, &known[n]))
            continue;
        size_t i = 0;
        while (i < n && !(known[i].index == known[n].index &&
                          bytes_eq(known[i].name, known[n].name)))
            i++;
        if (i < n)
            report_instance(v, &known[n], it.off);
        else
            n++;
    }
}

/* ---- a symmetric key ------------------------------------------------------------ */

/* What its Key Block says. */
struct key {
    struct ttlv_item value; /* type 0: not there */
    uint32_t format, algorithm; /* 0: not there, or no enumeration */
    int32_t length;
    bool has_algorithm, has_length, wrapped;
};

static uint32_t enum_or_0(const struct ttlv_item *it)
{
    return it->type == TTLV_ENUMERATION && !it->wrong ? ttlv_enum(it) : 0;
}

static void read_key(const struct ttlv_item *block, struct key *k)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    ttlv_r_init(&r, block->val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        switch (it.tag) {
        case KMIP_TAG_KEY_FORMAT_TYPE:
            k->format = enum_or_0(&it);
            break;
        case KMIP_TAG_KEY_VALUE:
            k->value = it;
            k->value.off += block->off + TTLV_HEADER;
            break;
        case KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM:
            k->has_algorithm = true;
            k->algorithm = enum_or_0(&it);
            break;
        case KMIP_TAG_CRYPTOGRAPHIC_LENGTH:
            k->has_length = true;
            k->length = it.type == TTLV_INTEGER ? ttlv_int(&it) : 0;
            break;
        default:
            k->wrapped = k->wrapped || it.tag == KMIP_TAG_KEY_WRAPPING_DATA;
        }
}

/* A server that gives out a plain key says what it is good for. Attributes inside the Key
 * Value may say it as well. */
static void check_key_facts(struct validator *v, const struct key *k)
{
    struct ttlv_item it;

    if (k->has_algorithm || k->has_length || ttlv_find(&k->value, KMIP_TAG_ATTRIBUTE, &it))
        return;
    validator_report(v, RULE_SCHEMA_KEY_FACTS, current(v)->item.off,
                     "Cryptographic Algorithm and Cryptographic Length", "absent");
}

static bool has_length_of_its_own(uint32_t algorithm)
{
    return algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_DES ||
           algorithm == KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES; /* with parity bits, or without */
}

/* The bytes of a plain key are as many as its length says. */
static void check_key_length(struct validator *v, const struct key *k)
{
    struct ttlv_item material;
    char expected[48], actual[48];

    if (k->format != KMIP_KEY_FORMAT_TYPE_RAW || !k->algorithm || !k->length ||
        has_length_of_its_own(k->algorithm) ||
        !ttlv_find(&k->value, KMIP_TAG_KEY_MATERIAL, &material) ||
        material.type != TTLV_BYTE_STRING || k->length == (int64_t)material.len * 8)
        return;
    snprintf(expected, sizeof expected, "%d bits", (int)k->length);
    snprintf(actual, sizeof actual, "%u bytes", (unsigned)material.len);
    validator_report(v, RULE_SCHEMA_KEY_LENGTH, material.off, expected, actual);
}

static void check_key(struct validator *v)
{
    struct key k = {.format = 0};

    read_key(&current(v)->item, &k);
    if (k.wrapped || k.value.type != TTLV_STRUCTURE)
        return;
    check_key_facts(v, &k);
    check_key_length(v, &k);
}

void validator_check_together(struct validator *v)
{
    if (frame(v)->tag == KMIP_TAG_KEY_BLOCK && v->walk.depth > 1 && v->walk.response &&
        current(v)[-1].item.tag == KMIP_TAG_SYMMETRIC_KEY)
        check_key(v);
    if (lists_attributes(v))
        check_instances(v);
}
