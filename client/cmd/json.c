/* Messages and payloads as JSON (cli.h): a tour's items as members of objects.
 *
 * Whether a member is a list depends on the standard's tables and on how often a
 * field comes, never on how its value looks, which may be a list by itself. */
#include <stdio.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "kmip/base/text.h"
#include "kmip/form/tour.h"

void cli_json_set(json_t *object, const char *key, json_t *value)
{
    if (object && value)
        json_object_set_new(object, key, value);
}

json_t *cli_json_hex(struct bytes v)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    buf_hex(&b, v);
    json_t *s = json_string(buf_cstr(&b));
    buf_clear(&b);
    return s;
}

/* Text that is no UTF-8 cannot stand in JSON: its bytes are shown. */
json_t *cli_json_text(struct bytes v)
{
    json_t *s = text_utf8(v) ? json_stringn((const char *)v.p, v.n) : NULL;

    return s ? s : cli_json_hex(v);
}

/* "Unique Batch Item ID" -> "unique_batch_item_id". */
static void snake(const char *name, char *out, size_t room)
{
    size_t n = 0;

    for (; *name && n + 1 < room; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9');
        if (*name >= 'A' && *name <= 'Z')
            out[n++] = (char)(*name | 32);
        else if (letter)
            out[n++] = *name;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = 0;
}

static void key_of(const struct kmip_spot *spot, uint32_t tag, char *out, size_t room)
{
    if (spot->tag)
        snake(spot->tag->name, out, room);
    else
        snprintf(out, room, "0x%06X", tag);
}

static json_t *mask_names(const struct kmip_enum *mask, uint32_t v)
{
    json_t *list = json_array();
    char hex[16];

    for (unsigned i = 0; i < mask->n; i++)
        if (v & mask->values[i].value) {
            json_array_append_new(list, json_string(mask->values[i].name));
            v &= ~mask->values[i].value;
        }
    if (v) {
        snprintf(hex, sizeof hex, "0x%08X", v);
        json_array_append_new(list, json_string(hex));
    }
    return list;
}

static json_t *enum_name(const struct kmip_enum *e, uint32_t v)
{
    const struct kmip_enum_value *known = e && !e->mask ? kmip_enum_value(e, v) : NULL;
    char hex[16];

    snprintf(hex, sizeof hex, "0x%08X", v);
    return json_string(known ? known->name : hex);
}

/* What has no counterpart in JSON, as the text form has it. */
static json_t *as_text(const struct tour *t)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    form_value(&t->spot, &t->it, t->o, &b);
    json_t *s = json_string(buf_cstr(&b));
    buf_clear(&b);
    return s;
}

static json_t *leaf(const struct tour *t)
{
    const struct kmip_enum *en = t->spot.en;
    const struct ttlv_item *it = &t->it;
    char date[40];

    if (t->hidden || it->wrong)
        return as_text(t);
    switch (it->type) {
    case TTLV_INTEGER:
        return en && en->mask ? mask_names(en, ttlv_enum(it)) : json_integer(ttlv_int(it));
    case TTLV_LONG_INTEGER:
        return json_integer(ttlv_long(it));
    case TTLV_ENUMERATION:
        return enum_name(en, ttlv_enum(it));
    case TTLV_BOOLEAN:
        return json_boolean(ttlv_bool(it));
    case TTLV_TEXT_STRING:
        return cli_json_text(it->val);
    case TTLV_DATE_TIME:
        return json_string(text_date_out(ttlv_long(it), date));
    case TTLV_INTERVAL:
        return json_integer(ttlv_enum(it));
    default:
        return cli_json_hex(it->val);
    }
}

/* An object that fields are added to. */
struct members {
    json_t *object; /* its owner is the object around it */
    json_t *lists;  /* the keys of object that hold a list of instances; NULL: none yet */
};

/* One more instance under key: alone, or in a list where the field may repeat or does. */
static void add(struct members *m, const char *key, json_t *value, bool repeats)
{
    json_t *there = json_object_get(m->object, key);

    if (!there && !repeats) {
        cli_json_set(m->object, key, value);
        return;
    }
    if (!json_object_get(m->lists, key)) {
        json_t *list = json_array();
        if (there)
            json_array_append(list, there);
        if (!m->lists)
            m->lists = json_object();
        cli_json_set(m->lists, key, json_true());
        cli_json_set(m->object, key, list);
        there = list;
    }
    json_array_append_new(there, value);
}

/* What an open structure is turned into. */
struct level {
    struct members fields;     /* nothing in an Attribute that is written short */
    struct members attributes; /* the object of its attributes, by their names, ... */
    struct members indices;    /* ... and of their indices, where there are several */
    struct form_attribute attribute;
    bool in_attribute; /* written short, into the level above */
};

struct builder {
    struct tour t;
    struct level level[TTLV_MAX_DEPTH + 2]; /* by depth of what is inside */
};

static void start_level(struct level *l, json_t *object)
{
    json_decref(l->fields.lists);
    json_decref(l->attributes.lists);
    json_decref(l->indices.lists);
    *l = (struct level){.fields.object = object};
}

/* The standard's name in snake case, a custom one as it is. False for a name that might
 * be taken for another: it has neither form (KMIP 1.2 spec, 3.39), or a NUL. */
static bool attribute_key(struct bytes name, const struct kmip_attribute *known, struct buf *key)
{
    char text[128];

    if (known) {
        snake(known->name, text, sizeof text);
        return buf_puts(key, text);
    }
    return name.n > 2 && (name.p[0] == 'x' || name.p[0] == 'y') && name.p[1] == '-' &&
           !memchr(name.p, 0, name.n) && buf_put_bytes(key, name);
}

static struct members *member_object(struct level *l, struct members *m, const char *key)
{
    if (!m->object) {
        m->object = json_object();
        cli_json_set(l->fields.object, key, m->object);
    }
    return m;
}

/* An Attribute under its name, where nothing is lost by it: one of several instances
 * stands in a list, with its index at the same place in "attribute_indices". The
 * object that its fields go to when it is a structure is *value, else NULL. */
static bool short_attribute(struct level *l, const struct form_attribute *a, json_t *value)
{
    const struct kmip_attribute *known = kmip_attribute_by_name(a->name.val);
    bool repeats = !known || (known->flags & KMIP_ATTR_MULTI);
    int32_t index = a->has_index ? ttlv_int(&a->index) : 0;
    struct buf key;

    buf_init(&key, BUF_NO_LIMIT);
    bool fits = attribute_key(a->name.val, known, &key) &&
                (repeats || (index == 0 && !json_object_get(l->attributes.object, buf_cstr(&key))));
    if (fits && value) {
        add(member_object(l, &l->attributes, "attributes"), buf_cstr(&key), value, repeats);
        if (repeats)
            add(member_object(l, &l->indices, "attribute_indices"), buf_cstr(&key),
                json_integer(index), true);
    }
    buf_clear(&key);
    return fits;
}

static void put(struct level *l, const struct tour *t, json_t *value)
{
    char key[128];

    if (l->in_attribute) {
        if (t->it.tag == KMIP_TAG_ATTRIBUTE_VALUE)
            short_attribute(l - 1, &l->attribute, value);
        else
            json_decref(value);
        return;
    }
    key_of(&t->spot, t->it.tag, key, sizeof key);
    add(&l->fields, t->headless ? "unreadable" : key, value,
        t->headless || (t->spot.field && t->spot.field->repeat));
}

/* Goes into the structure at hand, unless it has a form of its own. */
static void structure(struct builder *b, struct level *l)
{
    struct tour *t = &b->t;
    struct level *inner = &b->level[t->depth + 1];
    struct form_attribute a;
    int32_t major, minor;
    char text[32];

    if (t->headless || t->hidden) {
        snprintf(text, sizeof text, "<redacted, %u bytes>", t->it.len);
        put(l, t, json_string(text));
        tour_skip(t);
    } else if (form_version(&t->it, &major, &minor)) {
        snprintf(text, sizeof text, "%d.%d", major, minor);
        put(l, t, json_string(text));
        tour_skip(t);
    } else if (!l->in_attribute && form_attribute(&t->it, &a) && short_attribute(l, &a, NULL)) {
        start_level(inner, NULL);
        inner->attribute = a;
        inner->in_attribute = true;
        if (!a.has_value)
            short_attribute(l, &a, json_null());
    } else {
        json_t *object = json_object();
        start_level(inner, object);
        put(l, t, object);
    }
}

static void rest(struct level *l, const struct tour *t)
{
    char text[48];

    snprintf(text, sizeof text, "<%zu bytes that are no item>", t->rest.n);
    if (!l->in_attribute)
        add(&l->fields, "unreadable", json_string(text), true);
}

static json_t *build(struct builder *b)
{
    json_t *top = json_object();
    enum tour_step step;

    memset(b->level, 0, sizeof b->level);
    start_level(&b->level[0], top);
    while ((step = tour_next(&b->t)) != TOUR_END) {
        struct level *l = &b->level[b->t.depth];
        if (step == TOUR_REST)
            rest(l, &b->t);
        else if (step == TOUR_ITEM && b->t.it.type == TTLV_STRUCTURE)
            structure(b, l);
        else if (step == TOUR_ITEM)
            put(l, &b->t, leaf(&b->t));
    }
    for (size_t i = 0; i < sizeof b->level / sizeof *b->level; i++)
        start_level(&b->level[i], NULL);
    tour_end(&b->t);
    return top;
}

json_t *cli_json_payload(uint32_t operation, bool response, const struct ttlv_item *payload,
                         bool show_secrets)
{
    const struct form_options o = {.show_secrets = show_secrets};
    struct builder b;

    tour_start_payload(&b.t, payload->val, response, operation, &o);
    return build(&b);
}

json_t *cli_json_message(struct bytes msg, bool show_secrets)
{
    const struct form_options o = {.show_secrets = show_secrets};
    struct builder b;

    tour_start(&b.t, msg, &o);
    return build(&b);
}

json_t *cli_json_refusal(const struct reply_refusal *r)
{
    json_t *o = json_object();

    cli_json_set(o, "operation", json_string(kmip_operation_name(r->operation)));
    cli_json_set(o, "result_status", json_string(kmip_name_of("Result Status", r->status)));
    if (r->has_reason)
        cli_json_set(o, "result_reason", json_string(kmip_name_of("Result Reason", r->reason)));
    if (r->message[0])
        cli_json_set(o, "result_message", cli_json_text(bytes_str(r->message)));
    return o;
}
