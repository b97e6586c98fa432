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

/* A server that gives out a plain symmetric key says what it is good for. Attributes inside
 * the Key Value may say it as well. */
static void check_key_facts(struct validator *v)
{
    struct ttlv_item key = current(v)->item, value, it;

    if (!v->walk.response || current(v)[-1].item.tag != KMIP_TAG_SYMMETRIC_KEY ||
        ttlv_find(&key, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, &it) ||
        ttlv_find(&key, KMIP_TAG_KEY_WRAPPING_DATA, &it) ||
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
