/* Messages and payloads as JSON (cli.h).
 *
 * Reader and schema walk go side by side, as in the printers: the walk says what
 * an item means, and so how its value looks. Only messages whose encoding was
 * checked come here. */
#include <stdio.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "kmip/base/text.h"
#include "kmip/schema/walk.h"

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

static json_t *leaf(const struct kmip_spot *spot, const struct ttlv_item *it)
{
    char date[40];

    switch (it->type) {
    case TTLV_INTEGER:
        return spot->en && spot->en->mask ? mask_names(spot->en, ttlv_enum(it))
                                          : json_integer(ttlv_int(it));
    case TTLV_LONG_INTEGER:
        return json_integer(ttlv_long(it));
    case TTLV_ENUMERATION:
        return enum_name(spot->en, ttlv_enum(it));
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

static json_t *redacted(const struct ttlv_item *it)
{
    char text[48];

    snprintf(text, sizeof text, "<redacted, %u bytes>", it->len);
    return json_string(text);
}

/* Under key: alone, or in an array when the field repeats. */
static void add(json_t *object, const char *key, json_t *value, bool repeats)
{
    json_t *there = json_object_get(object, key);

    if (json_is_array(there) && repeats) {
        json_array_append_new(there, value);
    } else if (there || repeats) {
        json_t *list = json_array();
        if (there)
            json_array_append(list, there);
        json_array_append_new(list, value);
        cli_json_set(object, key, list);
    } else {
        cli_json_set(object, key, value);
    }
}

static json_t *fields(struct kmip_walk *walk, struct bytes children, bool show);

/* Major and minor as one text; anything odd inside as it is. */
static json_t *version(const struct ttlv_item *it)
{
    struct ttlv_item major, minor;
    char text[32];

    if (!ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MAJOR, &major) || major.type != TTLV_INTEGER ||
        !ttlv_find(it, KMIP_TAG_PROTOCOL_VERSION_MINOR, &minor) || minor.type != TTLV_INTEGER)
        return NULL;
    snprintf(text, sizeof text, "%d.%d", ttlv_int(&major), ttlv_int(&minor));
    return json_string(text);
}

static json_t *value(struct kmip_walk *walk, const struct kmip_spot *spot,
                     const struct ttlv_item *it, bool show)
{
    if (spot->secret && !show)
        return redacted(it);
    if (it->type != TTLV_STRUCTURE) {
        kmip_walk_note(walk, it->tag, it->type, it->val);
        return leaf(spot, it);
    }
    json_t *v = it->tag == KMIP_TAG_PROTOCOL_VERSION ? version(it) : NULL;
    if (v)
        return v;
    if (!kmip_walk_enter(walk, it->tag))
        return json_null();
    v = fields(walk, it->val, show);
    kmip_walk_leave(walk);
    return v;
}

/* A name that the standard does not know, cut between characters if it is long. */
static const char *custom_name(struct bytes name, char out[256])
{
    size_t n = name.n < 255 ? name.n : 255;

    while (n < name.n && n > 0 && (name.p[n] & 0xC0) == 0x80)
        n--;
    memcpy(out, name.p, n);
    out[n] = 0;
    return out;
}

/* An Attribute: its value under its name in the object of attributes. */
static void attribute(struct kmip_walk *walk, const struct ttlv_item *it, bool show, json_t *into)
{
    struct ttlv_item name, val;
    char key[256], custom[256];
    json_t *v = NULL;

    if (!ttlv_find(it, KMIP_TAG_ATTRIBUTE_NAME, &name) || name.type != TTLV_TEXT_STRING)
        return;
    const struct kmip_attribute *known = kmip_attribute_by_name(name.val);
    if (known)
        snake(known->name, key, sizeof key);
    else
        snprintf(key, sizeof key, "%s", custom_name(name.val, custom));
    if (ttlv_find(it, KMIP_TAG_ATTRIBUTE_VALUE, &val) && kmip_walk_enter(walk, it->tag)) {
        kmip_walk_note(walk, name.tag, name.type, name.val);
        struct kmip_spot spot = kmip_walk_look(walk, val.tag);
        v = value(walk, &spot, &val, show);
        kmip_walk_leave(walk);
    }
    add(into, key, v ? v : json_null(), known && (known->flags & KMIP_ATTR_MULTI));
}

static json_t *fields(struct kmip_walk *walk, struct bytes children, bool show)
{
    json_t *object = json_object();
    struct ttlv_reader r;
    struct ttlv_item it;
    char key[128];

    ttlv_r_init(&r, children, NULL, NULL);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag == KMIP_TAG_ATTRIBUTE && it.type == TTLV_STRUCTURE) {
            if (!json_object_get(object, "attributes"))
                cli_json_set(object, "attributes", json_object());
            attribute(walk, &it, show, json_object_get(object, "attributes"));
            continue;
        }
        struct kmip_spot spot = kmip_walk_look(walk, it.tag);
        key_of(&spot, it.tag, key, sizeof key);
        add(object, key, value(walk, &spot, &it, show), spot.field && spot.field->repeat);
    }
    return object;
}

json_t *cli_json_payload(uint32_t operation, bool response, const struct ttlv_item *payload,
                         bool show_secrets)
{
    struct kmip_walk walk;

    kmip_walk_init_payload(&walk, response, operation);
    return fields(&walk, payload->val, show_secrets);
}

json_t *cli_json_message(struct bytes msg, bool show_secrets)
{
    struct kmip_walk walk;

    kmip_walk_init(&walk);
    return fields(&walk, msg, show_secrets);
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
