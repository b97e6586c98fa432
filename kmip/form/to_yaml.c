/* YAML out (form.h): what from_yaml reads back into the same bytes.
 *
 * The message is checked first, so that all that follows deals with sound items.
 * Short forms are used where they stand for exactly the items at hand; the long
 * form is always right. Types are written only where the tag does not give them. */
#include <inttypes.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/leaf.h"
#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"

struct yaml_out {
    struct bytes msg;
    const struct form_options *o;
    struct kmip_walk walk;
    bool after_dash; /* the next key follows "- " on its line */
    bool too_deep;
    struct buf *out;
};

static void fields(struct yaml_out *y, const struct ttlv_item *parent, unsigned indent);
static void value(struct yaml_out *y, const struct ttlv_item *it, unsigned indent, bool dash);

static void start_line(struct yaml_out *y, unsigned indent)
{
    if (!y->after_dash)
        buf_fill(y->out, ' ', indent);
    y->after_dash = false;
}

static void dash(struct yaml_out *y, unsigned indent)
{
    start_line(y, indent);
    buf_putc(y->out, '-');
}

/* --- leaves --- */

typedef void leaf_fn(struct yaml_out *, const struct kmip_spot *, const struct ttlv_item *);

static void leaf_integer(struct yaml_out *y, const struct kmip_spot *spot,
                         const struct ttlv_item *it)
{
    const struct kmip_enum *mask = form_enum(spot, TTLV_INTEGER);
    uint32_t back, v = ttlv_enum(it);
    struct bytes bad;
    struct buf names;
    if (!mask) {
        buf_printf(y->out, "%" PRId32, ttlv_int(it));
        return;
    }
    buf_init(&names, 4096);
    kmip_mask_text(mask, v, &names);
    if (!names.failed && names.n > 0 && form_mask_read(mask, buf_bytes(&names), &back, &bad) &&
        back == v)
        buf_put_bytes(y->out, buf_bytes(&names));
    else
        buf_printf(y->out, "0x%08" PRIX32, v);
    buf_clear(&names);
}

static void leaf_long(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_printf(y->out, "%" PRId64, ttlv_long(it));
}

static void leaf_enum(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    uint32_t v = ttlv_enum(it);
    const struct kmip_enum *en = form_enum(spot, TTLV_ENUMERATION);
    const struct kmip_enum_value *name = en ? kmip_enum_value(en, v) : NULL;
    const struct kmip_enum_value *back = name ? kmip_enum_by_text(en, bytes_str(name->name)) : NULL;
    if (back && back->value == v)
        form_yaml_text(y->out, bytes_str(name->name));
    else
        buf_printf(y->out, "0x%08" PRIX32, v);
}

static void leaf_bool(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    buf_puts(y->out, ttlv_bool(it) ? "true" : "false");
}

static void leaf_text(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    /* Where any type may stand, the quotes are what makes it a Text String. */
    if (form_leaf_type(spot) == TTLV_TEXT_STRING)
        form_yaml_text(y->out, it->val);
    else
        form_yaml_quote(y->out, it->val, true);
}

static void leaf_hex(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    if (it->len == 0)
        buf_puts(y->out, "\"\"");
    buf_hex(y->out, it->val);
}

static void leaf_date(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    (void)spot;
    char date[40];
    int64_t back, v = ttlv_long(it);
    text_date_out(v, date);
    if (text_date(bytes_str(date), &back) && back == v)
        buf_puts(y->out, date);
    else
        buf_printf(y->out, "%" PRId64, v);
}

static void leaf_interval(struct yaml_out *y, const struct kmip_spot *spot,
                          const struct ttlv_item *it)
{
    (void)spot;
    buf_printf(y->out, "%" PRIu32, ttlv_enum(it));
}

static leaf_fn *const leaf_value[] = {
    [TTLV_INTEGER] = leaf_integer,   [TTLV_LONG_INTEGER] = leaf_long,
    [TTLV_BIG_INTEGER] = leaf_hex,   [TTLV_ENUMERATION] = leaf_enum,
    [TTLV_BOOLEAN] = leaf_bool,      [TTLV_TEXT_STRING] = leaf_text,
    [TTLV_BYTE_STRING] = leaf_hex,   [TTLV_DATE_TIME] = leaf_date,
    [TTLV_INTERVAL] = leaf_interval,
};

/* Would from_yaml find this type without being told? */
static bool type_is_clear(const struct kmip_spot *spot, unsigned type)
{
    if (form_types(spot) == 0)
        return type == TTLV_INTEGER || type == TTLV_BOOLEAN || type == TTLV_TEXT_STRING;
    return form_leaf_type(spot) == type;
}

/* An item that the writer would not write like this: with its bytes as they are. */
static void wrong_item(struct yaml_out *y, const struct ttlv_item *it)
{
    size_t padding = (size_t)(ttlv_padded(it->len) - it->len);
    buf_puts(y->out, "!item {type: ");
    form_put_type(y->out, it->type);
    buf_puts(y->out, ", value: \"");
    buf_hex(y->out, it->val);
    buf_putc(y->out, '"');
    if (padding > 0) {
        buf_puts(y->out, ", padding: \"");
        buf_hex(y->out, bytes_of(it->val.p + it->len, padding));
        buf_putc(y->out, '"');
    }
    buf_putc(y->out, '}');
}

static void leaf(struct yaml_out *y, const struct kmip_spot *spot, const struct ttlv_item *it)
{
    if (form_hides(y->o, spot, it)) {
        buf_printf(y->out, "!redacted %u", it->len);
    } else if (!form_is_plain_item(it)) {
        wrong_item(y, it);
    } else {
        if (!type_is_clear(spot, it->type)) {
            buf_putc(y->out, '!');
            form_put_type(y->out, it->type);
            buf_putc(y->out, ' ');
        }
        leaf_value[it->type](y, spot, it);
    }
}

/* --- structures with a short form --- */

static bool is_plain(const struct ttlv_item *it, uint32_t tag, unsigned type)
{
    return it->tag == tag && it->type == type && form_is_plain_item(it);
}

static bool short_version(struct yaml_out *y, const struct ttlv_item *it)
{
    int32_t major, minor;
    if (!form_version(it, &major, &minor))
        return false;
    buf_printf(y->out, " %" PRId32 ".%" PRId32 "\n", major, minor);
    return true;
}

static bool short_name(struct yaml_out *y, const struct ttlv_item *it)
{
    struct ttlv_reader r;
    struct ttlv_item name, type, more;
    ttlv_r_children(&r, y->msg, it, NULL);
    if (!ttlv_r_next(&r, &name) || !is_plain(&name, KMIP_TAG_NAME_VALUE, TTLV_TEXT_STRING) ||
        !ttlv_r_next(&r, &type) || !is_plain(&type, KMIP_TAG_NAME_TYPE, TTLV_ENUMERATION) ||
        ttlv_r_next(&r, &more) ||
        ttlv_enum(&type) != KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING)
        return false;
    buf_putc(y->out, ' ');
    form_yaml_text(y->out, name.val);
    buf_putc(y->out, '\n');
    return true;
}

static bool short_structure(struct yaml_out *y, const struct kmip_spot *spot,
                            const struct ttlv_item *it)
{
    if (form_hides(y->o, spot, it) || !form_allows(spot, TTLV_STRUCTURE))
        return false;
    return (form_is_version(spot) && short_version(y, it)) ||
           (form_is_name(spot) && short_name(y, it));
}

/* What stands behind "key:" (at column indent) or "-" (there), with the line's end. */
static void value(struct yaml_out *y, const struct ttlv_item *it, unsigned indent, bool behind_dash)
{
    struct kmip_spot spot = kmip_walk_look(&y->walk, it->tag);
    if (it->type != TTLV_STRUCTURE) {
        buf_putc(y->out, ' ');
        leaf(y, &spot, it);
        buf_putc(y->out, '\n');
        kmip_walk_note(&y->walk, it->tag, it->type, it->val);
        return;
    }
    bool odd = !form_allows(&spot, TTLV_STRUCTURE);
    if (short_structure(y, &spot, it))
        return;
    if (odd)
        buf_puts(y->out, " !Structure");
    if (it->len == 0) {
        buf_puts(y->out, " {}\n");
        return;
    }
    y->after_dash = behind_dash && !odd;
    buf_putc(y->out, y->after_dash ? ' ' : '\n');
    if (!kmip_walk_enter_as(&y->walk, it->tag, &spot)) {
        y->too_deep = true;
        return;
    }
    fields(y, it, indent + 2);
    kmip_walk_leave(&y->walk);
}

/* --- attributes --- */

/* A name that reads back as it is: one of the standard's, or a custom one. */
static bool short_attribute_name(struct bytes name)
{
    bool custom = name.n > 2 && (name.p[0] == 'x' || name.p[0] == 'y') && name.p[1] == '-';
    return name.n <= 128 && (custom || kmip_attribute_by_name(name));
}

/* Takes an item apart that the short form can stand for. */
static bool short_attribute(const struct yaml_out *y, const struct ttlv_item *it,
                            struct form_attribute *a)
{
    return form_attribute(it, a) && form_is_plain_item(&a->name) &&
           (!a->has_index || form_is_plain_item(&a->index)) && short_attribute_name(a->name.val) &&
           (y->o->show_secrets || !kmip_walk_in_secret(&y->walk));
}

/* Stands the walk inside the Attribute, behind name and index. */
static bool enter_attribute(struct yaml_out *y, const struct form_attribute *a)
{
    if (!kmip_walk_enter(&y->walk, KMIP_TAG_ATTRIBUTE)) {
        y->too_deep = true;
        return false;
    }
    kmip_walk_note(&y->walk, KMIP_TAG_ATTRIBUTE_NAME, TTLV_TEXT_STRING, a->name.val);
    if (a->has_index)
        kmip_walk_note(&y->walk, KMIP_TAG_ATTRIBUTE_INDEX, TTLV_INTEGER, a->index.val);
    return true;
}

static void attribute_value(struct yaml_out *y, const struct form_attribute *a, unsigned indent,
                            bool behind_dash)
{
    if (!enter_attribute(y, a))
        return;
    if (a->has_index) {
        buf_puts(y->out, " !indexed\n");
        buf_fill(y->out, ' ', indent + 2);
        buf_printf(y->out, "index: %" PRId32 "\n", ttlv_int(&a->index));
        if (a->has_value) {
            buf_fill(y->out, ' ', indent + 2);
            buf_puts(y->out, "value:");
            value(y, &a->value, indent + 2, false);
        }
    } else if (a->has_value) {
        value(y, &a->value, indent, behind_dash);
    } else {
        buf_puts(y->out, " null\n");
    }
    kmip_walk_leave(&y->walk);
}

static bool peek(const struct ttlv_reader *r, struct ttlv_item *it)
{
    struct ttlv_reader ahead = *r;
    return ttlv_r_next(&ahead, it);
}

/* Takes the next item if it is an attribute with a short form (and of this name). */
static bool next_attribute(const struct yaml_out *y, struct ttlv_reader *r,
                           const struct bytes *name, struct form_attribute *a)
{
    struct ttlv_item it;
    struct form_attribute next;
    if (!peek(r, &it) || !short_attribute(y, &it, &next) ||
        (name && !bytes_eq(next.name.val, *name)))
        return false;
    *a = next;
    return ttlv_r_next(r, &it);
}

/* A run of attributes that have a short form; the first is *a, the rest come from r. */
static void attributes(struct yaml_out *y, struct ttlv_reader *r, struct form_attribute *a,
                       unsigned indent)
{
    start_line(y, indent);
    buf_puts(y->out, "Attributes:\n");
    do {
        struct ttlv_reader ahead = *r;
        struct form_attribute next;
        struct bytes name = a->name.val;
        start_line(y, indent + 2);
        form_yaml_text(y->out, name);
        buf_putc(y->out, ':');
        /* A mask's sequence is one value: its instances repeat the key instead. */
        if (form_mask_attribute(name) || !next_attribute(y, &ahead, &name, &next)) {
            attribute_value(y, a, indent + 2, false);
            continue;
        }
        buf_putc(y->out, '\n');
        do {
            dash(y, indent + 4);
            attribute_value(y, a, indent + 4, true);
        } while (!y->too_deep && next_attribute(y, r, &name, a));
    } while (!y->too_deep && next_attribute(y, r, NULL, a));
}

/* --- structures --- */

static void key(struct yaml_out *y, uint32_t tag)
{
    const char *name = kmip_tag_name(tag);
    const struct kmip_tag *back = name ? kmip_tag_by_name(bytes_str(name)) : NULL;
    if (back && back->tag == tag)
        buf_puts(y->out, name);
    else
        buf_printf(y->out, "0x%06" PRIX32, tag);
    buf_putc(y->out, ':');
}

/* May the next item follow in a sequence that began with this one? */
static bool continues(const struct yaml_out *y, const struct ttlv_reader *r,
                      const struct ttlv_item *it)
{
    struct ttlv_item next;
    struct form_attribute a;
    if (!peek(r, &next) || next.tag != it->tag || short_attribute(y, &next, &a))
        return false;
    struct kmip_spot spot = kmip_walk_look(&y->walk, it->tag);
    return !form_is_mask(&spot);
}

static void fields(struct yaml_out *y, const struct ttlv_item *parent, unsigned indent)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    struct form_attribute a;
    ttlv_r_children(&r, y->msg, parent, NULL);
    while (!y->too_deep && ttlv_r_next(&r, &it)) {
        if (short_attribute(y, &it, &a)) {
            attributes(y, &r, &a, indent);
            continue;
        }
        start_line(y, indent);
        key(y, it.tag);
        if (!continues(y, &r, &it)) {
            value(y, &it, indent, false);
            continue;
        }
        buf_putc(y->out, '\n');
        for (bool more = true; more && !y->too_deep;) {
            dash(y, indent + 2);
            value(y, &it, indent + 2, true);
            more = continues(y, &r, &it) && ttlv_r_next(&r, &it);
        }
    }
}

bool form_yaml(struct bytes msg, const struct form_options *o, struct buf *out, struct kerr *err)
{
    /* The writer's own bound is the message's; what was received has met it. */
    const struct ttlv_limits limits = {
        .size = UINT32_MAX, .items = UINT32_MAX, .depth = TTLV_MAX_DEPTH};
    if (!ttlv_check(msg, &limits, NULL, &kmip_namer, NULL, err))
        return false;
    static const struct form_options none = {.show_secrets = false};
    struct yaml_out y = {.msg = msg, .o = o ? o : &none, .out = out};
    kmip_walk_init(&y.walk);
    struct ttlv_item all = {.type = TTLV_STRUCTURE, .len = (uint32_t)msg.n, .val = msg};
    fields(&y, &all, y.o->indent);
    if (y.too_deep)
        return kerr_set(err, KE_TTLV_DEPTH, "structures are nested too deeply");
    if (out->failed)
        return kerr_set(err, KE_MEMORY, "no room for the message as YAML");
    return true;
}
