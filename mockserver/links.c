/* Links (links.h). */
#include "mockserver/links.h"

#include "mockserver/scratch.h"

/* The first instance of this type and where it points. */
static const struct mock_attr *find(const struct mock_object *o, uint32_t type,
                                    struct ttlv_item *to)
{
    const struct mock_attr *a;
    for (int32_t i = 0; (a = object_attr(o, KMIP_TAG_LINK, i)); i++) {
        struct ttlv_reader r;
        struct ttlv_item it;
        ttlv_r_init(&r, bytes_of(a->value, a->len), NULL, NULL);
        if (ttlv_r_next(&r, &it) && it.type == TTLV_ENUMERATION && ttlv_enum(&it) == type &&
            ttlv_r_next(&r, to) && to->type == TTLV_TEXT_STRING)
            return a;
    }
    return NULL;
}

bool link_find(const struct mock_object *o, uint32_t type, struct bytes *uid)
{
    struct ttlv_item to;
    if (!find(o, type, &to))
        return false;
    *uid = to.val;
    return true;
}

bool link_set(struct op_call *c, struct mock_object *o, uint32_t type, const char *to)
{
    struct buf *b = &c->engine->scratch->data;
    const struct kmip_attribute *def = kmip_attribute_by_tag(KMIP_TAG_LINK);
    struct ttlv_item old;
    struct ttlv_writer w;
    buf_reset(b);
    ttlv_w_init(&w, b, &c->err);
    ttlv_w_enum(&w, KMIP_TAG_LINK_TYPE, type);
    ttlv_w_str(&w, KMIP_TAG_LINKED_OBJECT_IDENTIFIER, to);
    if (!ttlv_w_finish(&w))
        return false;
    const struct mock_attr *a = find(o, type, &old);
    bool ok = a ? object_replace(o, a, TTLV_STRUCTURE, buf_bytes(b))
                : object_add(o, def, bytes_str(def->name), TTLV_STRUCTURE, buf_bytes(b), NULL);
    buf_reset(b);
    return ok || op_no_memory(c);
}
