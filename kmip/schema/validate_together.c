/* The validator (validate.h), at the end of a structure: what its fields say together. */
#include <stdio.h>

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

static bool read_instance(const struct ttlv_item *attribute, struct instance *out)
{
    struct ttlv_item name, index;
    bool numbered = ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_INDEX, &index);

    if (!ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) || name.type != TTLV_TEXT_STRING ||
        (numbered && index.type != TTLV_INTEGER))
        return false;
    *out = (struct instance){name.val, numbered ? ttlv_int(&index) : 0};
    return true;
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
            !read_instance(&it, &known[n]))
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

/* A server that gives out a plain symmetric key says what it is good for. Attributes inside
 * the Key Value may say it as well. */
static void check_key_facts(struct validator *v)
{
    struct ttlv_item key = current(v)->item, value, it;

    if (!v->walk.response || current(v)[-1].item.tag != KMIP_TAG_SYMMETRIC_KEY ||
        ttlv_find(&key, KMIP_TAG_KEY_WRAPPING_DATA, &it) ||
        ttlv_find(&key, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &it) ||
        ttlv_find(&key, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &it) ||
        !ttlv_find(&key, KMIP_TAG_KEY_VALUE, &value) || value.type != TTLV_STRUCTURE ||
        ttlv_find(&value, KMIP_TAG_ATTRIBUTE, &it))
        return;
    validator_report(v, RULE_SCHEMA_KEY_FACTS, key.off, "Cryptographic Algorithm and Cryptographic Length",
           "absent");
}

void validator_check_together(struct validator *v)
{
    if (frame(v)->tag == KMIP_TAG_KEY_BLOCK && v->walk.depth > 1)
        check_key_facts(v);
    if (lists_attributes(v))
        check_instances(v);
}
