/* The payload of a success against the request that it answers (reply_in.h): what is named in
 * both is the same, and a list names each thing once. Types and fields that are missing are the
 * validator's. */
#include <stdio.h>

#include "kmip/schema/reply_in.h"
#include "kmip/schema/walk.h"

#define LISTED_MAX 256 /* items of a list that are looked at */

/* Of a peer's text, what fits; in ASCII, whatever it is. */
static void quote(struct bytes text, char out[80])
{
    size_t n = text.n < 60 ? text.n : 60, at = 0;

    out[at++] = '"';
    for (size_t i = 0; i < n; i++)
        out[at++] = text.p[i] >= ' ' && text.p[i] <= '~' ? (char)text.p[i] : '?';
    snprintf(out + at, 80 - at, n < text.n ? "...\"" : "\"");
}

/* The peer's word for it: in a broken reply a secret may stand anywhere. */
static void quote_got(const struct reply_check *c, const struct ttlv_item *got, char out[80])
{
    if (kmip_secret_at(c->reply.msg, got->off))
        snprintf(out, 80, "another value (not shown)");
    else
        quote(got->val, out);
}

static bool find_text(const struct ttlv_item *in, uint32_t tag, struct ttlv_item *out)
{
    return ttlv_find(in, tag, out) && out->type == TTLV_TEXT_STRING;
}

/* ---- the object ----------------------------------------------------------------- */

/* Operations whose reply names the object that the request did (KMIP 1.2 spec, 4.10 to 4.22,
 * 4.29 to 4.34). */
static bool is_of_object(uint32_t operation)
{
    switch (operation) {
    case KMIP_OPERATION_CHECK:
    case KMIP_OPERATION_GET:
    case KMIP_OPERATION_GET_ATTRIBUTES:
    case KMIP_OPERATION_GET_ATTRIBUTE_LIST:
    case KMIP_OPERATION_ADD_ATTRIBUTE:
    case KMIP_OPERATION_MODIFY_ATTRIBUTE:
    case KMIP_OPERATION_DELETE_ATTRIBUTE:
    case KMIP_OPERATION_OBTAIN_LEASE:
    case KMIP_OPERATION_GET_USAGE_ALLOCATION:
    case KMIP_OPERATION_ACTIVATE:
    case KMIP_OPERATION_REVOKE:
    case KMIP_OPERATION_DESTROY:
    case KMIP_OPERATION_ARCHIVE:
    case KMIP_OPERATION_RECOVER:
    case KMIP_OPERATION_ENCRYPT:
    case KMIP_OPERATION_DECRYPT:
    case KMIP_OPERATION_SIGN:
    case KMIP_OPERATION_SIGNATURE_VERIFY:
    case KMIP_OPERATION_MAC:
    case KMIP_OPERATION_MAC_VERIFY:
        return true;
    default:
        return false;
    }
}

static void check_object(struct reply_check *c, const struct kmip_item *it,
                         const struct kmip_item *asked)
{
    struct ttlv_item wanted, got;
    char expected[80], actual[80];

    if (!is_of_object(it->operation) ||
        !find_text(&asked->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &wanted) ||
        !find_text(&it->payload, KMIP_TAG_UNIQUE_IDENTIFIER, &got) ||
        bytes_eq(wanted.val, got.val))
        return;
    quote(wanted.val, expected);
    quote_got(c, &got, actual);
    reply_report(c, RULE_MESSAGE_OBJECT, got.off, expected, actual);
}

/* ---- the attribute -------------------------------------------------------------- */

/* Every field that was asked for, as it was asked for; a server may know more of it. */
static bool holds(const struct ttlv_item *got, const struct ttlv_item *wanted, unsigned depth)
{
    struct ttlv_reader r;
    struct ttlv_item field, same;

    if (got->type != wanted->type || got->type != TTLV_STRUCTURE || depth == TTLV_MAX_DEPTH)
        return got->type == wanted->type && bytes_eq(got->val, wanted->val);
    ttlv_r_init(&r, wanted->val, NULL, NULL);
    while (ttlv_r_next(&r, &field))
        if (ttlv_find(got, field.tag, &same) && !holds(&same, &field, depth + 1))
            return false;
    return true;
}

static int32_t index_of(const struct ttlv_item *attribute)
{
    struct ttlv_item index;

    return ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_INDEX, &index) && index.type == TTLV_INTEGER
               ? ttlv_int(&index)
               : 0;
}

/* Name and index of the attribute that the request is about. Of a Delete Attribute they stand
 * in the payload itself. */
static bool attribute_asked(const struct kmip_item *asked, struct ttlv_item *around,
                            struct ttlv_item *name)
{
    if (asked->operation == KMIP_OPERATION_DELETE_ATTRIBUTE)
        *around = asked->payload;
    else if (!ttlv_find(&asked->payload, KMIP_TAG_ATTRIBUTE, around))
        return false;
    return find_text(around, KMIP_TAG_ATTRIBUTE_NAME, name);
}

static void differs(struct reply_check *c, uint32_t off, const char *expected, const char *actual)
{
    reply_report(c, RULE_MESSAGE_ATTRIBUTE, off, expected, actual);
}

/* A new instance has an index of the server's choice. */
static void check_index(struct reply_check *c, const struct kmip_item *it, int32_t wanted,
                        const struct ttlv_item *got)
{
    char expected[40], actual[40];

    if (it->operation == KMIP_OPERATION_ADD_ATTRIBUTE || wanted == index_of(got))
        return;
    snprintf(expected, sizeof expected, "Attribute Index %d", (int)wanted);
    snprintf(actual, sizeof actual, "%d", (int)index_of(got));
    differs(c, got->off, expected, actual);
}

static void check_attribute(struct reply_check *c, const struct kmip_item *it,
                            const struct kmip_item *asked)
{
    struct ttlv_item wanted, got, name, got_name, value, got_value;
    char expected[80], actual[80];

    if ((it->operation != KMIP_OPERATION_ADD_ATTRIBUTE &&
         it->operation != KMIP_OPERATION_MODIFY_ATTRIBUTE &&
         it->operation != KMIP_OPERATION_DELETE_ATTRIBUTE) ||
        !attribute_asked(asked, &wanted, &name) ||
        !ttlv_find(&it->payload, KMIP_TAG_ATTRIBUTE, &got) ||
        !find_text(&got, KMIP_TAG_ATTRIBUTE_NAME, &got_name))
        return;
    if (!bytes_eq(name.val, got_name.val)) {
        quote(name.val, expected);
        quote_got(c, &got_name, actual);
        differs(c, got_name.off, expected, actual);
        return;
    }
    check_index(c, it, index_of(&wanted), &got);
    if (ttlv_find(&wanted, KMIP_TAG_ATTRIBUTE_VALUE, &value) &&
        ttlv_find(&got, KMIP_TAG_ATTRIBUTE_VALUE, &got_value) && !holds(&got_value, &value, 0))
        differs(c, got_value.off, "the value of the request", "another");
}

/* ---- lists ---------------------------------------------------------------------- */

/* An attribute with several instances may be named once, or once for each. */
static bool is_single(const struct ttlv_item *name)
{
    const struct kmip_attribute *a =
        name->tag == KMIP_TAG_ATTRIBUTE_NAME ? kmip_attribute_by_name(name->val) : NULL;

    return a && !(a->flags & KMIP_ATTR_MULTI);
}

/* Of which a reply may hold several, and each stands for something else. */
static bool is_listed(uint32_t operation, const struct ttlv_item *it)
{
    uint32_t tag = it->tag;

    switch (operation) {
    case KMIP_OPERATION_GET_ATTRIBUTE_LIST:
        return is_single(it);
    case KMIP_OPERATION_LOCATE:
        return tag == KMIP_TAG_UNIQUE_IDENTIFIER;
    case KMIP_OPERATION_QUERY:
        return tag == KMIP_TAG_OPERATION || tag == KMIP_TAG_OBJECT_TYPE ||
               tag == KMIP_TAG_APPLICATION_NAMESPACE;
    case KMIP_OPERATION_DISCOVER_VERSIONS:
        return tag == KMIP_TAG_PROTOCOL_VERSION;
    default:
        return false;
    }
}

static void check_lists(struct reply_check *c, const struct kmip_item *it)
{
    struct ttlv_item listed[LISTED_MAX], next;
    struct ttlv_reader r;
    size_t n = 0;

    kmip_read_children(&r, c->reply.msg, &it->payload);
    while (n < LISTED_MAX && ttlv_r_next(&r, &next)) {
        if (!is_listed(it->operation, &next))
            continue;
        for (size_t i = 0; i < n; i++)
            if (listed[i].tag == next.tag && bytes_eq(listed[i].val, next.val)) {
                reply_report(c, RULE_MESSAGE_LIST, next.off, "each once", "one that was named before");
                return;
            }
        listed[n++] = next;
    }
}

/* ---- what else the request determines -------------------------------------------- */

/* A server tells of the client's versions only (KMIP 1.2 spec, 4.26). */
static void check_versions(struct reply_check *c, const struct kmip_item *it,
                           const struct kmip_item *asked)
{
    struct ttlv_reader offered, wanted;
    struct ttlv_item got, one;

    if (it->operation != KMIP_OPERATION_DISCOVER_VERSIONS || asked->payload.len == 0)
        return;
    kmip_read_children(&offered, c->reply.msg, &it->payload);
    while (ttlv_r_next(&offered, &got)) {
        bool known = false;
        kmip_read_children(&wanted, c->request.msg, &asked->payload);
        while (!known && ttlv_r_next(&wanted, &one))
            known = bytes_eq(one.val, got.val);
        if (!known) {
            reply_report(c, RULE_MESSAGE_ASKED, got.off, "versions of the request only", "another");
            return;
        }
    }
}

/* An enumeration that the request names and the reply repeats. */
static void check_same(struct reply_check *c, const struct ttlv_item *wanted,
                       const struct ttlv_item *got, const char *enumeration)
{
    char expected[80];

    if (wanted->type != TTLV_ENUMERATION || got->type != TTLV_ENUMERATION ||
        ttlv_enum(wanted) == ttlv_enum(got))
        return;
    snprintf(expected, sizeof expected, "%s", kmip_name_of(enumeration, ttlv_enum(wanted)));
    reply_report(c, RULE_MESSAGE_ASKED, got->off, expected,
                 kmip_name_of(enumeration, ttlv_enum(got)));
}

/* The type that was to be created (4.1), and the format that a key was to come in (4.11). */
static void check_asked(struct reply_check *c, const struct kmip_item *it,
                        const struct kmip_item *asked)
{
    struct ttlv_item wanted, got, type;

    if (it->operation == KMIP_OPERATION_CREATE &&
        ttlv_find(&asked->payload, KMIP_TAG_OBJECT_TYPE, &wanted) &&
        ttlv_find(&it->payload, KMIP_TAG_OBJECT_TYPE, &got))
        check_same(c, &wanted, &got, "Object Type");
    if (it->operation == KMIP_OPERATION_GET &&
        ttlv_find(&asked->payload, KMIP_TAG_KEY_FORMAT_TYPE, &wanted) &&
        ttlv_find(&it->payload, KMIP_TAG_OBJECT_TYPE, &type) && type.type == TTLV_ENUMERATION &&
        ttlv_find(&it->payload, kmip_object_tag(ttlv_enum(&type)), &got) &&
        ttlv_find(&got, KMIP_TAG_KEY_BLOCK, &got) &&
        ttlv_find(&got, KMIP_TAG_KEY_FORMAT_TYPE, &got))
        check_same(c, &wanted, &got, "Key Format Type");
}

void reply_check_payload(struct reply_check *c, const struct kmip_item *it,
                         const struct kmip_item *asked)
{
    if (!it->has_payload || it->status != KMIP_RESULT_STATUS_SUCCESS || !it->has_operation)
        return;
    check_lists(c, it);
    if (!asked->has_payload || !asked->has_operation || asked->operation != it->operation)
        return;
    check_object(c, it, asked);
    check_attribute(c, it, asked);
    check_versions(c, it, asked);
    check_asked(c, it, asked);
}
