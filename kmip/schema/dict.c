/* Look-ups in the generated tables: by number through the indexes that the
 * generator made, by name through binary search or a perfect hash. */
#include "kmip/schema/dict.h"

#include <stdio.h>

#include "kmip/base/buf.h"
#include "kmip/base/text.h"
#include "kmip/schema/schema_tables.h"

/* Texts made here live until as many more were made by the same thread. */
#define RING 16
#define RING_TEXT 16

static char *ring_text(void)
{
    static _Thread_local char ring[RING][RING_TEXT];
    static _Thread_local unsigned next;

    return ring[next++ % RING];
}

/* Order of strcmp, for a view. */
static int compare(struct bytes a, const char *b)
{
    size_t n = strlen(b);
    int c = memcmp(a.p, b, a.n < n ? a.n : n);

    return c ? c : (a.n > n) - (a.n < n);
}

const struct kmip_tag *kmip_tag(uint32_t tag)
{
    return kmip_tag_row(tag);
}

const char *kmip_tag_name(uint32_t tag)
{
    const struct kmip_tag *t = kmip_tag(tag);

    return t ? t->name : NULL;
}

static const struct kmip_tag *tag_in(const uint16_t *order, bool xml, struct bytes name)
{
    size_t low = 0, high = kmip_n_tags;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct kmip_tag *t = &kmip_tags[order[middle]];
        int c = compare(name, xml ? t->xml : t->name);

        if (c == 0)
            return t;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct kmip_tag *kmip_tag_by_name(struct bytes name)
{
    const struct kmip_tag *t;
    int64_t number;

    if (name.n == 0)
        return NULL;
    t = tag_in(kmip_tags_by_name, false, name);
    if (!t)
        t = tag_in(kmip_tags_by_xml, true, name);
    if (!t && name.p[0] == '0' && text_int(name, 0, 0xFFFFFF, &number))
        t = kmip_tag((uint32_t)number);
    return t;
}

const struct kmip_enum *kmip_enum_by_name(struct bytes name)
{
    size_t low = 0, high = kmip_n_enums;

    if (name.n == 0)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare(name, kmip_enums[middle].name);

        if (c == 0)
            return &kmip_enums[middle];
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct kmip_enum_value *kmip_enum_value(const struct kmip_enum *e, uint32_t value)
{
    size_t low = 0, high = e->n;

    if (high && value - e->values[0].value < high) { /* most enumerations have no gaps */
        const struct kmip_enum_value *v = &e->values[value - e->values[0].value];

        if (v->value == value)
            return v;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (e->values[middle].value == value)
            return &e->values[middle];
        if (value < e->values[middle].value)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool is_separator(char c)
{
    return c == ' ' || c == '-' || c == '_' || c == '/' || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Equal but for case and separators. */
static bool same_text(struct bytes a, const char *b)
{
    size_t i = 0;

    for (;;) {
        while (i < a.n && is_separator((char)a.p[i]))
            i++;
        while (is_separator(*b))
            b++;
        if (i == a.n || !*b)
            return i == a.n && !*b;
        if (lower((char)a.p[i]) != lower(*b))
            return false;
        i++;
        b++;
    }
}

const struct kmip_enum_value *kmip_enum_by_text(const struct kmip_enum *e, struct bytes text)
{
    for (size_t i = 0; i < e->n; i++)
        if (same_text(text, e->values[i].name) || same_text(text, e->values[i].xml))
            return &e->values[i];
    return NULL;
}

const struct kmip_struct *kmip_struct(uint32_t tag, enum kmip_struct_kind kind, uint32_t selector)
{
    const struct kmip_tag *t = kmip_tag(tag);

    switch (kind) {
    case KMIP_STRUCT_PLAIN:
        return t ? kmip_use(t)->def : NULL;
    case KMIP_STRUCT_REQUEST:
        return tag == KMIP_TAG_REQUEST_PAYLOAD && selector < KMIP_OPERATIONS
                   ? kmip_request_payloads[selector]
                   : NULL;
    case KMIP_STRUCT_RESPONSE:
        return tag == KMIP_TAG_RESPONSE_PAYLOAD && selector < KMIP_OPERATIONS
                   ? kmip_response_payloads[selector]
                   : NULL;
    case KMIP_STRUCT_REQUEST_ITEM:
        return tag == KMIP_TAG_BATCH_ITEM ? kmip_request_item : NULL;
    case KMIP_STRUCT_RESPONSE_ITEM:
        return tag == KMIP_TAG_BATCH_ITEM ? kmip_response_item : NULL;
    case KMIP_STRUCT_SELECTED:
        if (tag == KMIP_TAG_CREDENTIAL_VALUE && selector < KMIP_CREDENTIALS)
            return kmip_credential_values[selector];
        if (tag == KMIP_TAG_KEY_MATERIAL && selector < KMIP_KEY_FORMATS)
            return kmip_key_materials[selector];
        return NULL;
    }
    return NULL;
}

const struct kmip_attribute *kmip_attribute_by_name(struct bytes name)
{
    const uint8_t *f = kmip_attribute_hash.factors;
    unsigned hash, place;

    if (name.n == 0)
        return NULL;
    hash = f[0] * (unsigned)name.n + f[1] * name.p[0] + f[2] * name.p[name.n / 2] +
           f[3] * name.p[name.n - 1];
    place = kmip_attribute_hash.place[hash % 256];
    if (!place || !bytes_eq_str(name, kmip_attributes[place - 1].name))
        return NULL;
    return &kmip_attributes[place - 1];
}

const struct kmip_attribute *kmip_attribute_by_tag(uint32_t tag)
{
    const struct kmip_tag *t = kmip_tag(tag);

    return t ? kmip_use(t)->attribute : NULL;
}

const char *kmip_name_of(const char *enumeration, uint32_t value)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const struct kmip_enum_value *v = e ? kmip_enum_value(e, value) : NULL;
    char *text;

    if (v)
        return v->name;
    text = ring_text();
    snprintf(text, RING_TEXT, "0x%08X", (unsigned)value);
    return text;
}

const char *kmip_operation_name(uint32_t op)
{
    return kmip_name_of("Operation", op);
}

void kmip_mask_text(const struct kmip_enum *mask, uint32_t value, struct buf *out)
{
    const char *between = "";

    if (value == 0)
        buf_putc(out, '0');
    for (size_t i = 0; i < mask->n; i++) {
        if (!(value & mask->values[i].value))
            continue;
        buf_puts(out, between);
        buf_puts(out, mask->values[i].name);
        value &= ~mask->values[i].value;
        between = " | ";
    }
    if (value)
        buf_printf(out, "%s0x%08X", between, (unsigned)value);
}

uint32_t kmip_object_tag(uint32_t object_type)
{
    return object_type < KMIP_OBJECT_TYPES ? kmip_object_tags[object_type] : 0;
}

uint32_t kmip_object_type(uint32_t tag)
{
    const struct kmip_tag *t = kmip_tag(tag);

    return t ? kmip_use(t)->object_type : 0;
}

/* One or two decimal digits, at most 15; -1 otherwise. */
static int version_part(const uint8_t *p, size_t n)
{
    int v = 0;

    if (n == 0 || n > 2)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = 10 * v + (p[i] - '0');
    }
    return v <= 15 ? v : -1;
}

uint8_t kmip_version_parse(struct bytes text)
{
    const uint8_t *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
    size_t n;
    int major, minor;

    if (!dot)
        return 0;
    n = (size_t)(dot - text.p);
    major = version_part(text.p, n);
    minor = version_part(dot + 1, text.n - n - 1);
    if (major < 1 || minor < 0)
        return 0;
    return KMIP_VERSION(major, minor);
}

const char *kmip_version_text(uint8_t version)
{
    char *text = ring_text();

    snprintf(text, RING_TEXT, "%d.%d", version >> 4, version & 15);
    return text;
}
