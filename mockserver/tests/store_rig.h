/* A store to try things on, over memory and over a file, for the tests of the store. */
#ifndef MOCKSERVER_TESTS_STORE_RIG_H
#define MOCKSERVER_TESTS_STORE_RIG_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/tests/support/tmpdir.h"
#include "mockserver/store_priv.h"

#define KEY KMIP_OBJECT_TYPE_SYMMETRIC_KEY

static struct kerr err;
static struct tmpdir dir;

/* Every test runs over both kinds: OVER(s) { ... }. */
#define OVER(s)                                                                                    \
    for (int kind_ = 0; kind_ < 2; kind_++)                                                        \
        for (struct mock_store *s = open_kind(kind_); s; close_kind(kind_, &s))

static inline struct mock_store *open_kind(int kind)
{
    if (kind)
        tmpdir_make(&dir);
    struct mock_store *s = store_open(kind ? tmpdir_file(&dir, "store") : ":memory:", &err);
    cr_assert_not_null(s, "%s", err.msg);
    return s;
}

static inline void close_kind(int kind, struct mock_store **s)
{
    store_close(s);
    if (kind)
        tmpdir_remove(&dir);
}

#define OK(call) cr_assert(call, "%s: %s", #call, err.msg)

static inline struct buf name_value(const char *text)
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

static inline void set_name(struct mock_object *o, const char *text)
{
    struct buf v = name_value(text);
    cr_assert(object_add(o, kmip_attribute_by_tag(KMIP_TAG_NAME), bytes_str(""), TTLV_STRUCTURE,
                         buf_bytes(&v), NULL));
    buf_clear(&v);
}

static inline void set_custom(struct mock_object *o, const char *name, const char *value)
{
    cr_assert(object_add(o, NULL, bytes_str(name), TTLV_TEXT_STRING, bytes_str(value), NULL));
}

static inline struct mock_object *make(const char *uid, const char *name)
{
    static const uint8_t body[16] = {0x42, 0x00, 0x8F, 1, 0, 0, 0, 0};
    struct mock_object *o = object_new(KEY, "tester");
    cr_assert_not_null(o);
    snprintf(o->uid, sizeof o->uid, "%s", uid);
    cr_assert(object_set_body(o, bytes_of(body, 8)));
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_PRE_ACTIVE));
    if (name)
        set_name(o, name);
    return o;
}

static inline struct mock_object *add(struct mock_store *s, const char *uid, const char *name)
{
    struct mock_object *o = make(uid, name);
    OK(store_add(s, o, &err));
    return o;
}

static inline struct mock_object *get(struct mock_store *s, const char *uid)
{
    struct mock_object *o = store_get(s, bytes_str(uid), &err);
    cr_assert_eq(err.code, KE_OK, "%s", err.msg);
    return o;
}

static inline uint32_t state_of(struct mock_store *s, const char *uid)
{
    const struct mock_object *o = get(s, uid);
    return o ? object_state(o) : 0;
}

static inline void set_state(struct mock_store *s, const char *uid, uint32_t state)
{
    struct mock_object *o = get(s, uid);
    cr_assert_not_null(o);
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, state));
    OK(store_put(s, o, &err));
}

/* What a search finds, as "a b c". */

static inline bool note(void *arg, struct mock_object *o)
{
    struct buf *b = arg;
    buf_printf(b, b->n ? " %s" : "%s", o->uid);
    return true;
}

static inline void expect_found(struct mock_store *s, const struct store_key *keys, size_t n,
                                const char *want, int line)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    OK(store_scan(s, keys, n, note, &b, &err));
    cr_expect_str_eq(buf_cstr(&b), want, "line %d: found '%s', expected '%s'", line, buf_cstr(&b),
                     want);
    buf_clear(&b);
}

#define FOUND(s, want, ...)                                                                        \
    do {                                                                                           \
        const struct store_key keys_[] = {__VA_ARGS__};                                            \
        expect_found(s, keys_, sizeof keys_ / sizeof *keys_, want, __LINE__);                      \
    } while (0)
#define K(name_, value_)                                                                           \
    {                                                                                              \
        .name = bytes_str(name_), .value = bytes_str(value_)                                       \
    }

static inline bool taken(struct mock_store *s, const char *name, const struct mock_object *except)
{
    bool found = false;
    OK(store_name_taken(s, bytes_str(name), except, &found, &err));
    return found;
}

#endif
