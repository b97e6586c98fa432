/* What may stand at a place (leaf.h). */
#include "kmip/form/leaf.h"

#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/ttlv/reader.h"

uint16_t form_types(const struct kmip_spot *spot)
{
    if (spot->types)
        return spot->types;
    /* Out of place in its structure, a tag still prescribes its type. */
    return spot->tag ? spot->tag->types : 0;
}

bool form_allows(const struct kmip_spot *spot, unsigned type)
{
    uint16_t types = form_types(spot);
    return types == 0 || (type <= TTLV_INTERVAL && (types & TYPE_BIT(type)));
}

/* Bytes or text that the schema does not expect here, of which nobody knows what they
 * are: a secret perhaps, with its tag or type damaged. */
static bool stray(const struct kmip_spot *spot, const struct ttlv_item *it)
{
    bool any_bytes = it->type == TTLV_TEXT_STRING || it->type == TTLV_BYTE_STRING ||
                     it->type == TTLV_BIG_INTEGER;
    if (it->type == TTLV_STRUCTURE)
        return false;
    return it->wrong || !form_allows(spot, it->type) || (any_bytes && !spot->field);
}

bool form_hides(const struct form_options *o, const struct kmip_spot *spot,
                const struct ttlv_item *it)
{
    if (o && o->show_secrets)
        return false;
    return kmip_hides(spot, it) || (o && o->cautious && stray(spot, it));
}

bool form_version(const struct ttlv_item *it, int32_t *major, int32_t *minor)
{
    struct ttlv_reader r;
    struct ttlv_item a, b, more;
    if (it->tag != KMIP_TAG_PROTOCOL_VERSION || it->type != TTLV_STRUCTURE)
        return false;
    ttlv_r_init(&r, it->val, NULL, NULL);
    if (!ttlv_r_next(&r, &a) || a.tag != KMIP_TAG_PROTOCOL_VERSION_MAJOR ||
        a.type != TTLV_INTEGER || !form_is_plain_item(&a) || !ttlv_r_next(&r, &b) ||
        b.tag != KMIP_TAG_PROTOCOL_VERSION_MINOR || b.type != TTLV_INTEGER ||
        !form_is_plain_item(&b) || ttlv_r_next(&r, &more) || r.failed)
        return false;
    *major = ttlv_int(&a);
    *minor = ttlv_int(&b);
    return *major >= 0 && *minor >= 0;
}

bool form_attribute(const struct ttlv_item *it, struct form_attribute *a)
{
    struct ttlv_reader r;
    struct ttlv_item child;
    *a = (struct form_attribute){.has_index = false};
    if (it->tag != KMIP_TAG_ATTRIBUTE || it->type != TTLV_STRUCTURE)
        return false;
    ttlv_r_init(&r, it->val, NULL, NULL);
    if (!ttlv_r_next(&r, &a->name) || a->name.tag != KMIP_TAG_ATTRIBUTE_NAME ||
        a->name.type != TTLV_TEXT_STRING)
        return false;
    while (ttlv_r_next(&r, &child)) {
        if (child.tag == KMIP_TAG_ATTRIBUTE_VALUE && !a->has_value) {
            a->value = child;
            a->has_value = true;
        } else if (child.tag == KMIP_TAG_ATTRIBUTE_INDEX && child.type == TTLV_INTEGER &&
                   !a->has_index && !a->has_value) {
            a->index = child;
            a->has_index = true;
        } else {
            return false;
        }
    }
    return !r.failed;
}

unsigned form_leaf_type(const struct kmip_spot *spot)
{
    uint16_t leaf = form_types(spot) & (uint16_t)~TYPE_BIT(TTLV_STRUCTURE);
    for (unsigned t = TTLV_INTEGER; t <= TTLV_INTERVAL; t++)
        if (leaf == TYPE_BIT(t))
            return t;
    return 0;
}

bool form_structure_only(const struct kmip_spot *spot)
{
    return form_types(spot) == TYPE_BIT(TTLV_STRUCTURE);
}

char *form_types_text(const struct kmip_spot *spot, char *out, size_t room)
{
    uint16_t types = form_types(spot);
    size_t n = 0;
    snprintf(out, room, "any type");
    for (unsigned t = TTLV_STRUCTURE; types && t <= TTLV_INTERVAL; t++)
        if ((types & TYPE_BIT(t)) && n < room) {
            int k = snprintf(out + n, room - n, "%s%s", n ? " or " : "", ttlv_type_name(t));
            n += k > 0 ? (size_t)k : 0;
        }
    return out;
}

bool form_is_mask(const struct kmip_spot *spot)
{
    return spot->en && spot->en->mask;
}

bool form_mask_attribute(struct bytes name)
{
    const struct kmip_attribute *a = kmip_attribute_by_name(name);
    const struct kmip_tag *t = a ? kmip_tag(a->tag) : NULL;
    return t && t->en && t->en->mask;
}

const struct kmip_enum *form_enum(const struct kmip_spot *spot, unsigned type)
{
    if (!spot->en || type != (spot->en->mask ? TTLV_INTEGER : TTLV_ENUMERATION))
        return NULL;
    return spot->en;
}

bool form_is_version(const struct kmip_spot *spot)
{
    return spot->tag && spot->tag->tag == KMIP_TAG_PROTOCOL_VERSION;
}

bool form_is_name(const struct kmip_spot *spot)
{
    if (spot->attr)
        return spot->attr->tag == KMIP_TAG_NAME;
    return spot->tag && spot->tag->tag == KMIP_TAG_NAME;
}

const char *form_field(const struct kmip_spot *spot)
{
    return spot->attr ? spot->attr->name : spot->tag ? spot->tag->name : "this field";
}

void form_put_type(struct buf *out, unsigned type)
{
    for (const char *s = ttlv_type_name(type); s && *s; s++)
        if (*s != ' ' && *s != '-')
            buf_putc(out, *s);
}

bool form_is_plain_item(const struct ttlv_item *it)
{
    for (uint64_t i = it->len; i < ttlv_padded(it->len); i++)
        if (it->val.p[i] != 0)
            return false;
    if (it->type != TTLV_BIG_INTEGER || it->len <= 8)
        return true;
    return be64_get(it->val.p) != ((it->val.p[8] & 0x80) ? UINT64_MAX : 0);
}

static struct bytes trim(struct bytes s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\n' || s.p[0] == '\t'))
        s = bytes_of(s.p + 1, s.n - 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool mask_piece(const struct kmip_enum *mask, struct bytes s, uint32_t *bits)
{
    const struct kmip_enum_value *v = mask ? kmip_enum_by_text(mask, s) : NULL;
    int64_t number;
    if (v)
        *bits = v->value;
    else if (text_int(s, INT32_MIN, UINT32_MAX, &number))
        *bits = (uint32_t)number;
    else
        return false;
    return true;
}

bool form_mask_read(const struct kmip_enum *mask, struct bytes text, uint32_t *value,
                    struct bytes *bad)
{
    *value = 0;
    for (;;) {
        const uint8_t *bar = text.n > 0 ? memchr(text.p, '|', text.n) : NULL;
        struct bytes piece = trim(bytes_of(text.p, bar ? (size_t)(bar - text.p) : text.n));
        uint32_t bits;
        if (!mask_piece(mask, piece, &bits)) {
            *bad = piece;
            return false;
        }
        *value |= bits;
        if (!bar)
            return true;
        text = bytes_of(bar + 1, text.n - (size_t)(bar + 1 - text.p));
    }
}
