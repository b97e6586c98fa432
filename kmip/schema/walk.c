/* The walk of walk.h: a stack of frames, one per structure that is open.
 *
 * What a structure holds is found by its tag, except for the five tags whose
 * content something else decides: that something was noted in a frame. */
#include "kmip/schema/walk.h"

#include "kmip/schema/schema_tables.h"
#include "kmip/schema/secrecy.h"

void kmip_walk_init(struct kmip_walk *w)
{
    w->depth = 0;
    w->response = false;
    w->secret_met = false;
}

static const struct kmip_frame *current(const struct kmip_walk *w)
{
    return w->depth ? &w->frame[w->depth - 1] : NULL;
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

/* The field of this tag; a managed object's structure takes the place kept for one. */
static const struct kmip_field *find_field(const struct kmip_struct *def, uint32_t tag,
                                           const struct kmip_tag *t)
{
    const struct kmip_field *object = NULL;

    for (unsigned i = 0; i < def->n; i++) {
        if (def->fields[i].tag == tag)
            return &def->fields[i];
        if (def->fields[i].tag == 0)
            object = &def->fields[i];
    }
    return object && t && kmip_use(t)->object_type ? object : NULL;
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

static void look_at_attribute_value(const struct kmip_walk *w, const struct kmip_frame *f,
                                    struct kmip_spot *s)
{
    const struct kmip_tag *t = f->attribute ? kmip_tag(f->attribute->tag) : NULL;

    s->attr = f->attribute;
    s->types = t ? t->types : 0;
    s->en = t ? t->en : NULL;
    s->def = t ? kmip_use(t)->def : NULL;
    s->secrecy = kmip_secrecy_of(w, KMIP_TAG_ATTRIBUTE_VALUE, s, t);
}

struct kmip_spot kmip_walk_look(const struct kmip_walk *w, uint32_t tag)
{
    const struct kmip_frame *f = current(w);
    struct kmip_spot s = {.tag = kmip_tag(tag)};

    if (f && f->def && f->tag == KMIP_TAG_ATTRIBUTE && tag == KMIP_TAG_ATTRIBUTE_VALUE) {
        s.field = find_field(f->def, tag, s.tag);
        look_at_attribute_value(w, f, &s);
        return s;
    }
    s.en = s.tag ? s.tag->en : NULL;
    if (!is_opaque(f)) {
        s.types = s.tag ? s.tag->types : 0;
        s.def = inside(w, f, tag, s.tag);
        if (f && f->def && (s.field = find_field(f->def, tag, s.tag)))
            s.types = s.field->types;
        if (f && tag == KMIP_TAG_KEY_MATERIAL)
            s.types = material_types(f, &s);
    }
    s.secrecy = kmip_secrecy_of(w, tag, &s, s.tag);
    return s;
}

void kmip_walk_note(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val)
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

bool kmip_walk_enter_as(struct kmip_walk *w, uint32_t tag, const struct kmip_spot *spot)
{
    const struct kmip_frame *above = current(w);
    struct kmip_frame *f;

    if (w->depth > TTLV_MAX_DEPTH)
        return false;
    if (!above && (tag == KMIP_TAG_REQUEST_MESSAGE || tag == KMIP_TAG_RESPONSE_MESSAGE))
        w->response = tag == KMIP_TAG_RESPONSE_MESSAGE;
    push(w, tag, spot->def, above ? above->operation : 0);
    f = &w->frame[w->depth - 1];
    if (above && tag == KMIP_TAG_KEY_VALUE) /* its Key Material depends on the Key Block's format */
        f->key_format = above->key_format;
    kmip_secrecy_enter(w, f, spot);
    return true;
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
