/* The walk of walk.h: a stack of frames, one per structure that is open.
 *
 * What a structure holds is found by its tag, except for the five tags whose
 * content something else decides: that something was noted in a frame. */
#include "kmip/schema/walk.h"

#include "kmip/schema/secrecy.h"
#include "kmip/schema/walk_in.h"

void kmip_walk_init(struct kmip_walk *w)
{
    w->depth = 0;
    w->response = false;
    w->secret_met = false;
}

static void push(struct kmip_walk *w, uint32_t tag, const struct kmip_struct *def,
                 uint32_t operation)
{
    w->frame[w->depth++] = (struct kmip_frame){.tag = tag, .def = def, .operation = operation};
}

void kmip_walk_init_payload(struct kmip_walk *w, bool response, uint32_t operation)
{
    uint32_t tag = response ? KMIP_TAG_RESPONSE_PAYLOAD : KMIP_TAG_REQUEST_PAYLOAD;
    enum kmip_struct_kind kind = response ? KMIP_STRUCT_RESPONSE : KMIP_STRUCT_REQUEST;

    kmip_walk_init(w);
    w->response = response;
    push(w, tag, kmip_struct(tag, kind, operation), operation);
}

/* Content that is free to the end: nothing in it is looked up (KMIP 1.2 spec, 4.25,
 * 6.16, 3.39). The payload of an unknown operation still holds standard structures. */
static bool is_opaque(const struct kmip_frame *f)
{
    return f && !f->def && f->tag != KMIP_TAG_REQUEST_PAYLOAD &&
           f->tag != KMIP_TAG_RESPONSE_PAYLOAD;
}

static const struct kmip_struct *inside(const struct kmip_walk *w, const struct kmip_frame *f,
                                        uint32_t tag, const struct kmip_tag *t)
{
    switch (tag) {
    case KMIP_TAG_BATCH_ITEM:
        return w->response ? kmip_response_item : kmip_request_item;
    case KMIP_TAG_REQUEST_PAYLOAD:
        return f ? kmip_struct(tag, KMIP_STRUCT_REQUEST, f->operation) : NULL;
    case KMIP_TAG_RESPONSE_PAYLOAD:
        return f ? kmip_struct(tag, KMIP_STRUCT_RESPONSE, f->operation) : NULL;
    case KMIP_TAG_CREDENTIAL_VALUE:
        return f ? kmip_struct(tag, KMIP_STRUCT_SELECTED, f->credential) : NULL;
    case KMIP_TAG_KEY_MATERIAL:
        return f ? kmip_struct(tag, KMIP_STRUCT_SELECTED, f->key_format) : NULL;
    default:
        return t ? kmip_use(t)->def : NULL;
    }
}

/* Key Material is a structure for the transparent formats and a byte string for the
 * others; an extension may be either (KMIP 1.2 spec, 2.1.4). */
static uint16_t material_types(const struct kmip_frame *f, const struct kmip_spot *s)
{
    if (s->def)
        return TYPE_BIT(TTLV_STRUCTURE);
    if (f->key_format && !kmip_enum_extension(f->key_format) &&
        kmip_enum_value(kmip_tag(KMIP_TAG_KEY_FORMAT_TYPE)->en, f->key_format))
        return TYPE_BIT(TTLV_BYTE_STRING);
    return s->types;
}

/* An Attribute Value is what its Attribute Name says. */
static void place_attribute_value(const struct kmip_frame *f, struct kmip_spot *s)
{
    const struct kmip_tag *t = f->attribute ? kmip_tag(f->attribute->tag) : NULL;

    s->attr = f->attribute;
    s->types = t ? t->types : 0;
    s->en = t ? t->en : NULL;
    s->def = t ? kmip_use(t)->def : NULL;
}

struct kmip_spot kmip_walk_place_rare(const struct kmip_walk *w, uint32_t tag, unsigned from)
{
    const struct kmip_frame *f = walk_current(w);
    struct kmip_spot s = {.tag = kmip_tag(tag)};

    if (f && f->def && f->tag == KMIP_TAG_ATTRIBUTE && tag == KMIP_TAG_ATTRIBUTE_VALUE) {
        s.field = walk_field(f->def, tag, s.tag, from);
        place_attribute_value(f, &s);
        return s;
    }
    s.en = s.tag ? s.tag->en : NULL;
    if (is_opaque(f))
        return s;
    s.types = s.tag ? s.tag->types : 0;
    s.def = inside(w, f, tag, s.tag);
    if (f && f->def && (s.field = walk_field(f->def, tag, s.tag, from)))
        s.types = s.field->types;
    if (f && tag == KMIP_TAG_KEY_MATERIAL)
        s.types = material_types(f, &s);
    return s;
}

struct kmip_spot kmip_walk_look(const struct kmip_walk *w, uint32_t tag)
{
    struct kmip_spot s = walk_place(w, walk_current(w), tag, 0);

    s.secrecy = kmip_secrecy_of(w, tag, &s, s.attr ? kmip_tag(s.attr->tag) : s.tag);
    return s;
}

void kmip_walk_select(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val)
{
    struct kmip_frame *f = w->depth ? &w->frame[w->depth - 1] : NULL;
    bool is_enum = f && type == TTLV_ENUMERATION && val.n == 4;

    switch (tag) {
    case KMIP_TAG_OPERATION: /* in a Query response it is only a value */
        if (is_enum && f->tag == KMIP_TAG_BATCH_ITEM)
            f->operation = be32_get(val.p);
        break;
    case KMIP_TAG_KEY_FORMAT_TYPE:
        if (is_enum)
            f->key_format = be32_get(val.p);
        break;
    case KMIP_TAG_CREDENTIAL_TYPE:
        if (is_enum)
            f->credential = be32_get(val.p);
        break;
    case KMIP_TAG_ATTRIBUTE_NAME:
        if (f && f->tag == KMIP_TAG_ATTRIBUTE && type == TTLV_TEXT_STRING) {
            f->attribute = kmip_attribute_by_name(val);
            f->named = true;
        }
        break;
    default:
        break;
    }
}

void kmip_walk_note(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val)
{
    kmip_walk_select(w, tag, type, val);
    kmip_secrecy_pass(w, tag, val);
}

void kmip_walk_skip(struct kmip_walk *w)
{
    w->secret_met = true;
}

bool kmip_walk_enter(struct kmip_walk *w, uint32_t tag)
{
    struct kmip_spot spot = kmip_walk_look(w, tag);

    return kmip_walk_enter_as(w, tag, &spot);
}

struct kmip_frame *kmip_walk_push(struct kmip_walk *w, uint32_t tag, const struct kmip_struct *def)
{
    const struct kmip_frame *above = walk_current(w);

    if (w->depth > TTLV_MAX_DEPTH)
        return NULL;
    if (!above && (tag == KMIP_TAG_REQUEST_MESSAGE || tag == KMIP_TAG_RESPONSE_MESSAGE))
        w->response = tag == KMIP_TAG_RESPONSE_MESSAGE;
    push(w, tag, def, above ? above->operation : 0);
    if (above && tag == KMIP_TAG_KEY_VALUE) /* its Key Material depends on the Key Block's format */
        w->frame[w->depth - 1].key_format = above->key_format;
    return &w->frame[w->depth - 1];
}

bool kmip_walk_enter_as(struct kmip_walk *w, uint32_t tag, const struct kmip_spot *spot)
{
    struct kmip_frame *f = kmip_walk_push(w, tag, spot->def);

    if (f)
        kmip_secrecy_enter(w, f, spot);
    return f != NULL;
}

bool kmip_walk_in_secret(const struct kmip_walk *w)
{
    return w->depth && w->frame[w->depth - 1].secrecy == KMIP_SECRET;
}

void kmip_walk_leave(struct kmip_walk *w)
{
    if (w->depth)
        w->depth--;
}
