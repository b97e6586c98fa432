/* Attributes in wire form, their indices, the Key Block, and the blob of the store. */
#include <criterion/criterion.h>

#include "kmip/base/text.h"
#include "kmip/ttlv/reader.h"
#include "mockserver/object.h"

#define KEY KMIP_OBJECT_TYPE_SYMMETRIC_KEY

static struct mock_object *fresh(void)
{
    struct mock_object *o = object_new(KEY, "tester");
    cr_assert_not_null(o);
    return o;
}

/* Name {Name Value, Name Type} as a wire value. */
static struct buf name_value(const char *text)
{
    struct buf b;
    struct ttlv_writer w;
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, NULL);
    ttlv_w_str(&w, KMIP_TAG_NAME_VALUE, text);
    ttlv_w_enum(&w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
    cr_assert(ttlv_w_finish(&w));
    return b;
}

static int32_t add_name(struct mock_object *o, const char *text)
{
    int32_t index = -1;
    struct buf v = name_value(text);
    cr_assert(object_add(o, kmip_attribute_by_tag(KMIP_TAG_NAME), bytes_str(""), TTLV_STRUCTURE,
                         buf_bytes(&v), &index));
    buf_clear(&v);
    return index;
}

static int32_t add_custom(struct mock_object *o, const char *name, const char *text)
{
    int32_t index = -1;
    cr_assert(object_add(o, NULL, bytes_str(name), TTLV_TEXT_STRING, bytes_str(text), &index));
    return index;
}

Test(object, starts_with_nothing_but_type_and_owner)
{
    struct mock_object *o = fresh();
    cr_expect_eq(o->type, KEY);
    cr_expect_str_eq(o->owner, "tester");
    cr_expect_eq(o->n_attrs, 0);
    cr_expect_eq(o->row, 0);
    cr_expect(o->dirty);
    cr_expect_eq(object_state(o), 0);
    object_free(&o);
    cr_expect_null(o);
    object_free(&o);
}

Test(scalars, are_read_back_by_type)
{
    struct mock_object *o = fresh();
    int64_t date;
    uint32_t en;
    int32_t in;
    cr_assert(object_set_date(o, KMIP_TAG_ACTIVATION_DATE, -5));
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_ACTIVE));
    cr_assert(object_set_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 256));
    cr_assert(object_set_bool(o, KMIP_TAG_FRESH, true));
    cr_assert(object_set_text(o, KMIP_TAG_CONTACT_INFORMATION, bytes_str("Joe")));
    cr_expect(object_date(o, KMIP_TAG_ACTIVATION_DATE, &date) && date == -5);
    cr_expect(object_enum(o, KMIP_TAG_STATE, &en) && en == KMIP_STATE_ACTIVE);
    cr_expect_eq(object_state(o), KMIP_STATE_ACTIVE);
    cr_expect(object_int(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &in) && in == 256);
    cr_expect_eq(object_attr(o, KMIP_TAG_FRESH, 0)->value[7], 1);
    const struct mock_attr *contact = object_attr_named(o, bytes_str("Contact Information"));
    cr_assert_not_null(contact);
    cr_expect(bytes_eq_str(bytes_of(contact->value, contact->len), "Joe"));
    /* Another type, or no such attribute, is no value. */
    cr_expect_not(object_date(o, KMIP_TAG_STATE, &date));
    cr_expect_not(object_int(o, KMIP_TAG_STATE, &in));
    cr_expect_not(object_enum(o, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, &en));
    cr_expect_not(object_date(o, KMIP_TAG_DESTROY_DATE, &date));
    object_free(&o);
}

Test(setting, replaces_all_instances_by_one_at_index_0)
{
    struct mock_object *o = fresh();
    add_name(o, "a"), add_name(o, "b"), add_name(o, "c");
    add_custom(o, "x-a", "stays");
    struct buf v = name_value("only");
    cr_assert(object_set(o, KMIP_TAG_NAME, TTLV_STRUCTURE, buf_bytes(&v)));
    const struct mock_attr *a = object_attr(o, KMIP_TAG_NAME, 0);
    cr_expect_eq(a->index, 0);
    cr_expect(bytes_eq(bytes_of(a->value, a->len), buf_bytes(&v)));
    cr_expect_null(object_attr(o, KMIP_TAG_NAME, 1));
    cr_expect_eq(o->n_attrs, 2);
    buf_clear(&v);
    object_free(&o);
}

Test(setting, takes_a_value_from_the_object_itself)
{
    struct mock_object *o = fresh();
    cr_assert(object_set_text(o, KMIP_TAG_CONTACT_INFORMATION, bytes_str("Josephine")));
    const struct mock_attr *a = object_attr(o, KMIP_TAG_CONTACT_INFORMATION, 0);
    cr_assert(object_set_text(o, KMIP_TAG_CONTACT_INFORMATION, bytes_of(a->value + 3, 4)));
    a = object_attr(o, KMIP_TAG_CONTACT_INFORMATION, 0);
    cr_expect(bytes_eq_str(bytes_of(a->value, a->len), "ephi"));
    cr_assert(object_set_text(o, KMIP_TAG_CONTACT_INFORMATION, bytes_str("")));
    cr_expect_eq(object_attr(o, KMIP_TAG_CONTACT_INFORMATION, 0)->len, 0);
    object_free(&o);
}

Test(instances, keep_their_indices_when_others_go)
{
    struct mock_object *o = fresh();
    cr_expect_eq(add_name(o, "a"), 0);
    cr_expect_eq(add_name(o, "b"), 1);
    cr_expect_eq(add_name(o, "c"), 2);
    cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("Name"), 0)));
    cr_expect_eq(object_attr(o, KMIP_TAG_NAME, 0)->index, 1);
    cr_expect_eq(object_attr(o, KMIP_TAG_NAME, 1)->index, 2);
    cr_expect_null(object_attr_indexed(o, bytes_str("Name"), 0));
    cr_expect_eq(add_name(o, "d"), 3);
    cr_expect_eq(object_attr_named(o, bytes_str("Name"))->index, 1);
    object_free(&o);
}

Test(instances, never_get_a_used_index_again)
{
    struct mock_object *o = fresh();
    cr_expect_eq(add_custom(o, "x-a", "1"), 0);
    cr_expect_eq(add_custom(o, "x-a", "2"), 1);
    cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 1)));
    cr_expect_eq(add_custom(o, "x-a", "3"), 2);
    cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 0)));
    cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 2)));
    cr_expect_null(object_attr_named(o, bytes_str("x-a")));
    cr_expect_eq(add_custom(o, "x-a", "4"), 3);
    cr_expect_eq(add_custom(o, "x-b", "another name"), 0);
    object_free(&o);
}

Test(instances, of_a_single_attribute_stay_at_index_0)
{
    struct mock_object *o = fresh();
    const struct kmip_attribute *def = kmip_attribute_by_tag(KMIP_TAG_CONTACT_INFORMATION);
    for (int i = 0; i < 3; i++) {
        int32_t index = -1;
        cr_assert(object_add(o, def, bytes_str(""), TTLV_TEXT_STRING, bytes_str("Joe"), &index));
        cr_expect_eq(index, 0);
        cr_expect_eq(o->n_attrs, 1);
        cr_assert(object_remove_tag(o, KMIP_TAG_CONTACT_INFORMATION));
        cr_expect_eq(o->n_attrs, 0);
    }
    cr_expect_eq(o->n_used, 0);
    object_free(&o);
}

Test(names, of_custom_attributes_tell_case_apart)
{
    struct mock_object *o = fresh();
    cr_expect_eq(add_custom(o, "x-Purpose", "1"), 0);
    cr_expect_eq(add_custom(o, "x-purpose", "2"), 0);
    cr_expect_null(object_attr_named(o, bytes_str("x-PURPOSE")));
    cr_expect_null(object_attr_named(o, bytes_str("x-Purp")));
    cr_expect_null(object_attr_named(o, bytes_str("x-Purpose2")));
    const struct mock_attr *a = object_attr_named(o, bytes_str("x-purpose"));
    cr_expect(bytes_eq_str(bytes_of(a->value, a->len), "2"));
    cr_expect_null(a->def);
    object_free(&o);
}

Test(changes, mark_the_object_and_its_search_keys)
{
    struct mock_object *o = fresh();
    add_name(o, "a");
    o->dirty = o->rekeyed = false;
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_ACTIVE));
    cr_expect(o->dirty && !o->rekeyed, "a State is no search key");
    o->dirty = false;
    add_custom(o, "x-a", "1");
    cr_expect(o->dirty && o->rekeyed);
    o->dirty = o->rekeyed = false;
    cr_assert(object_replace(o, object_attr_named(o, bytes_str("x-a")), TTLV_TEXT_STRING,
                             bytes_str("22")));
    cr_expect(o->dirty && o->rekeyed);
    o->dirty = o->rekeyed = false;
    cr_assert(object_remove(o, object_attr(o, KMIP_TAG_NAME, 0)));
    cr_expect(o->dirty && o->rekeyed);
    o->dirty = o->rekeyed = false;
    cr_assert(object_set_body(o, bytes_of(NULL, 0)));
    cr_expect(o->dirty && o->rekeyed);
    object_free(&o);
}

Test(attribute, is_written_with_its_index_unless_0)
{
    struct mock_object *o = fresh();
    struct buf b;
    struct ttlv_writer w;
    struct ttlv_item it, f;
    add_custom(o, "x-a", "one"), add_custom(o, "x-a", "two");
    for (int32_t i = 0; i < 2; i++) {
        buf_init(&b, BUF_NO_LIMIT);
        ttlv_w_init(&w, &b, NULL);
        object_write_attr(object_attr_indexed(o, bytes_str("x-a"), i), &w);
        cr_assert(ttlv_w_finish(&w));
        cr_assert(ttlv_first(buf_bytes(&b), &it));
        cr_expect_eq(it.tag, KMIP_TAG_ATTRIBUTE);
        cr_expect(ttlv_find(&it, KMIP_TAG_ATTRIBUTE_NAME, &f) && bytes_eq_str(f.val, "x-a"));
        cr_expect_eq(ttlv_find(&it, KMIP_TAG_ATTRIBUTE_INDEX, &f), i != 0);
        if (i != 0)
            cr_expect_eq(ttlv_int(&f), i);
        cr_expect(ttlv_find(&it, KMIP_TAG_ATTRIBUTE_VALUE, &f) && f.type == TTLV_TEXT_STRING &&
                  bytes_eq_str(f.val, i ? "two" : "one"));
        buf_clear(&b);
    }
    object_free(&o);
}

/* The Key Block: rows of what is in it and what is read. */

#define RAW KMIP_KEY_FORMAT_TYPE_RAW
#define TRANSPARENT KMIP_KEY_FORMAT_TYPE_TRANSPARENT_SYMMETRIC_KEY

enum body { NO_BODY, NO_BLOCK, NO_VALUE, NO_MATERIAL, MATERIAL, STRUCTURE, WRAPPED, WRAPPED_BYTES };

static const struct {
    const char *name;
    enum body body;
    uint32_t format;
    bool block, has_value, wrapped, bytes;
} blocks[] = {
    {"destroyed", NO_BODY, 0, false, false, false, false},
    {"no Key Block", NO_BLOCK, 0, false, false, false, false},
    {"metadata only", NO_VALUE, RAW, true, false, false, false},
    {"empty Key Value", NO_MATERIAL, RAW, true, false, false, false},
    {"raw", MATERIAL, RAW, true, true, false, true},
    {"transparent", STRUCTURE, TRANSPARENT, true, true, false, true},
    {"wrapped", WRAPPED, RAW, true, true, true, false},
    {"wrapped, no wrapping data", WRAPPED_BYTES, RAW, true, true, true, false},
};

static const uint8_t material[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void write_key_value(struct ttlv_writer *w, enum body body)
{
    if (body == WRAPPED || body == WRAPPED_BYTES) {
        ttlv_w_bytes(w, KMIP_TAG_KEY_VALUE, bytes_of(material, sizeof material));
        return;
    }
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    if (body == MATERIAL)
        ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, bytes_of(material, sizeof material));
    if (body == STRUCTURE) {
        ttlv_w_open(w, KMIP_TAG_KEY_MATERIAL);
        ttlv_w_bytes(w, KMIP_TAG_KEY, bytes_of(material, sizeof material));
        ttlv_w_close(w);
    }
    ttlv_w_close(w);
}

static struct buf body_of(enum body body, uint32_t format)
{
    struct buf b;
    struct ttlv_writer w;
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, NULL);
    if (body == NO_BODY)
        return b;
    ttlv_w_open(&w, KMIP_TAG_SYMMETRIC_KEY);
    if (body != NO_BLOCK) {
        ttlv_w_open(&w, KMIP_TAG_KEY_BLOCK);
        ttlv_w_enum(&w, KMIP_TAG_KEY_FORMAT_TYPE, format);
        if (body != NO_VALUE)
            write_key_value(&w, body);
        ttlv_w_enum(&w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
        ttlv_w_int(&w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 128);
        if (body == WRAPPED) {
            ttlv_w_open(&w, KMIP_TAG_KEY_WRAPPING_DATA);
            ttlv_w_enum(&w, KMIP_TAG_WRAPPING_METHOD, KMIP_WRAPPING_METHOD_ENCRYPT);
            ttlv_w_close(&w);
        }
        ttlv_w_close(&w);
    }
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w));
    return b;
}

Test(key_block, tells_what_it_holds)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct mock_object *o = fresh();
        struct mock_key k;
        struct buf body = body_of(blocks[i].body, blocks[i].format);
        cr_assert(object_set_body(o, buf_bytes(&body)));
        buf_clear(&body);
        cr_expect_eq(object_key(o, &k), blocks[i].block, "%s", blocks[i].name);
        cr_expect_eq(k.has_value, blocks[i].has_value, "%s", blocks[i].name);
        cr_expect_eq(k.wrapped, blocks[i].wrapped, "%s", blocks[i].name);
        cr_expect_eq(k.format, blocks[i].format, "%s", blocks[i].name);
        cr_expect_eq(k.algorithm, blocks[i].block ? KMIP_CRYPTOGRAPHIC_ALGORITHM_AES : 0, "%s",
                     blocks[i].name);
        cr_expect_eq(k.length, blocks[i].block ? 128 : 0, "%s", blocks[i].name);
        cr_expect(bytes_eq(k.bytes, bytes_of(material, blocks[i].bytes ? sizeof material : 0)),
                  "%s", blocks[i].name);
        object_free(&o);
    }
}

/* The blob */

static struct mock_object *rich(void)
{
    struct mock_object *o = fresh();
    strcpy(o->uid, "some-object");
    o->archived = true;
    add_name(o, "first"), add_name(o, "second");
    add_custom(o, "x-a", "1"), add_custom(o, "x-a", ""), add_custom(o, "x-a", "3");
    cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 2)));
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_PRE_ACTIVE));
    struct buf body = body_of(MATERIAL, RAW);
    cr_assert(object_set_body(o, buf_bytes(&body)));
    buf_clear(&body);
    return o;
}

Test(blob, brings_everything_back)
{
    struct mock_object *o = rich();
    struct buf blob, again;
    struct kerr err = KERR_INIT;
    buf_init(&blob, BUF_NO_LIMIT), buf_init(&again, BUF_NO_LIMIT);
    cr_assert(object_save(o, &blob));
    struct mock_object *back = object_load(buf_bytes(&blob), &err);
    cr_assert_not_null(back, "%s", err.msg);
    cr_expect_str_eq(back->uid, "some-object");
    cr_expect_str_eq(back->owner, "tester");
    cr_expect(back->archived && !back->allocated && !back->dirty && !back->rekeyed);
    cr_expect_eq(object_state(back), KMIP_STATE_PRE_ACTIVE);
    cr_expect_eq(back->n_attrs, o->n_attrs);
    cr_expect_eq(object_attr(back, KMIP_TAG_NAME, 1)->index, 1);
    cr_expect_eq(add_custom(back, "x-a", "after index 2 was used up"), 3);
    struct mock_key k;
    cr_expect(object_key(back, &k) && k.bytes.n == 16);
    cr_assert(object_remove(back, object_attr_indexed(back, bytes_str("x-a"), 3)));
    cr_assert(object_set_bool(back, KMIP_TAG_FRESH, false));
    cr_assert(object_remove_tag(back, KMIP_TAG_FRESH));
    back->used[0].next = 3; /* as it was */
    cr_assert(object_save(back, &again));
    cr_expect(bytes_eq(buf_bytes(&blob), buf_bytes(&again)), "not the same bytes");
    buf_clear(&blob), buf_clear(&again);
    object_free(&o), object_free(&back);
}

Test(blob, that_is_cut_or_changed_is_refused)
{
    struct mock_object *o = rich();
    struct buf blob;
    buf_init(&blob, BUF_NO_LIMIT);
    cr_assert(object_save(o, &blob));
    for (size_t n = 0; n < blob.n; n++) {
        struct kerr err = KERR_INIT;
        cr_expect_null(object_load(bytes_of(blob.p, n), &err), "cut to %zu", n);
        cr_expect_eq(err.code, KE_STORE);
        kerr_clear(&err);
        blob.p[n] ^= 0x10;
        cr_expect_null(object_load(buf_bytes(&blob), &err), "changed at %zu", n);
        cr_expect_eq(err.code, KE_STORE);
        blob.p[n] ^= 0x10;
    }
    buf_clear(&blob);
    object_free(&o);
}

/* With the checksum made to fit, the parts themselves must still be checked. */
static void seal(struct buf *b)
{
    be64_put(b->p + b->n - 8, bytes_hash(bytes_of(b->p, b->n - 8)));
}

Test(blob, with_a_forged_checksum_does_no_harm)
{
    struct mock_object *o = rich();
    struct buf blob;
    buf_init(&blob, BUF_NO_LIMIT);
    cr_assert(object_save(o, &blob));
    for (size_t at = 0; at + 8 < blob.n; at++)
        for (int bit = 0; bit < 8; bit++) {
            struct kerr err = KERR_INIT;
            blob.p[at] ^= (uint8_t)(1 << bit);
            seal(&blob);
            struct mock_object *back = object_load(buf_bytes(&blob), &err);
            cr_expect((back != NULL) == (err.code == KE_OK), "byte %zu bit %d", at, bit);
            cr_expect(back || err.code == KE_STORE, "byte %zu bit %d: %s", at, bit, err.msg);
            object_free(&back);
            blob.p[at] ^= (uint8_t)(1 << bit);
        }
    buf_clear(&blob);
    object_free(&o);
}
