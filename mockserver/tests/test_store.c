/* Objects in the store: requests, marks, the cache and the index, in memory and in a
 * file alike. What happens to files is in test_store_file.c. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/tests/support/tmpdir.h"
#include "mockserver/store_priv.h"

#define KEY KMIP_OBJECT_TYPE_SYMMETRIC_KEY

static struct kerr err;
static struct tmpdir dir;

/* Every test runs over both kinds: OVER(s) { ... }. */
#define OVER(s)                                                                                            \
    for (int kind_ = 0; kind_ < 2; kind_++)                                                                \
        for (struct mock_store *s = open_kind(kind_); s; close_kind(kind_, &s))

static struct mock_store *open_kind(int kind)
{
    if (kind)
        tmpdir_make(&dir);
    struct mock_store *s = store_open(kind ? tmpdir_file(&dir, "store") : ":memory:", &err);
    cr_assert_not_null(s, "%s", err.msg);
    return s;
}

static void close_kind(int kind, struct mock_store **s)
{
    store_close(s);
    if (kind)
        tmpdir_remove(&dir);
}

#define OK(call) cr_assert(call, "%s: %s", #call, err.msg)

static struct buf name_value(const char *text)
{
    struct buf b;
    struct ttlv_writer w;
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, NULL);
    ttlv_w_str(&w, KMIP_TAG_NAME_VALUE, bytes_str(text).n ? text : "");
    ttlv_w_enum(&w, KMIP_TAG_NAME_TYPE, KMIP_NAME_TYPE_UNINTERPRETED_TEXT_STRING);
    cr_assert(ttlv_w_finish(&w));
    return b;
}

static void set_name(struct mock_object *o, const char *text)
{
    struct buf v = name_value(text);
    cr_assert(object_add(o, kmip_attribute_by_tag(KMIP_TAG_NAME), bytes_str(""), TTLV_STRUCTURE,
                         buf_bytes(&v), NULL));
    buf_clear(&v);
}

static void set_custom(struct mock_object *o, const char *name, const char *value)
{
    cr_assert(object_add(o, NULL, bytes_str(name), TTLV_TEXT_STRING, bytes_str(value), NULL));
}

static struct mock_object *make(const char *uid, const char *name)
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

static struct mock_object *add(struct mock_store *s, const char *uid, const char *name)
{
    struct mock_object *o = make(uid, name);
    OK(store_add(s, o, &err));
    return o;
}

static struct mock_object *get(struct mock_store *s, const char *uid)
{
    struct mock_object *o = store_get(s, bytes_str(uid), &err);
    cr_assert_eq(err.code, KE_OK, "%s", err.msg);
    return o;
}

static uint32_t state_of(struct mock_store *s, const char *uid)
{
    const struct mock_object *o = get(s, uid);
    return o ? object_state(o) : 0;
}

static void set_state(struct mock_store *s, const char *uid, uint32_t state)
{
    struct mock_object *o = get(s, uid);
    cr_assert_not_null(o);
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, state));
    OK(store_put(s, o, &err));
}

/* What a search finds, as "a b c". */

static bool note(void *arg, struct mock_object *o)
{
    struct buf *b = arg;
    buf_printf(b, b->n ? " %s" : "%s", o->uid);
    return true;
}

static void expect_found(struct mock_store *s, const struct store_key *keys, size_t n, const char *want,
                         int line)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    OK(store_scan(s, keys, n, note, &b, &err));
    cr_expect_str_eq(buf_cstr(&b), want, "line %d: found '%s', expected '%s'", line, buf_cstr(&b), want);
    buf_clear(&b);
}

#define FOUND(s, want, ...)                                                                                \
    do {                                                                                                   \
        const struct store_key keys_[] = {__VA_ARGS__};                                                    \
        expect_found(s, keys_, sizeof keys_ / sizeof *keys_, want, __LINE__);                              \
    } while (0)
#define K(name_, value_)                                                                                   \
    {                                                                                                      \
        .name = bytes_str(name_), .value = bytes_str(value_)                                               \
    }

static bool taken(struct mock_store *s, const char *name, const struct mock_object *except)
{
    return store_name_taken(s, bytes_str(name), except);
}

Test(store, gives_back_what_was_added)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        struct mock_object *o = add(s, "a", "name");
        cr_expect_neq(o->row, 0);
        cr_expect_not(o->dirty);
        cr_expect_eq(get(s, "a"), o);
        OK(store_end(s, true, &err));
        cr_expect_eq(store_count(s), 1);
        cr_expect_not_null(get(s, "a"));
        cr_expect_null(get(s, "b"));
        cr_expect_null(get(s, ""));
    }
}

Test(store, reads_from_the_cache_without_sql)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", NULL);
        OK(store_end(s, true, &err));
        uint64_t before = s->runs;
        for (int i = 0; i < 10; i++) {
            OK(store_begin(s, &err));
            OK(store_mark(s, &err));
            cr_expect_not_null(get(s, "a"));
            OK(i % 2 ? store_release(s, &err) : store_undo(s, &err));
            OK(store_end(s, true, &err));
        }
        cr_expect_eq(s->runs, before);
    }
}

Test(store, forgets_all_of_a_request_that_is_not_committed)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", "kept");
        OK(store_end(s, true, &err));
        OK(store_begin(s, &err));
        add(s, "b", "dropped");
        set_state(s, "a", KMIP_STATE_ACTIVE);
        cr_expect(taken(s, "dropped", NULL));
        OK(store_end(s, false, &err));
        cr_expect_null(get(s, "b"));
        cr_expect_eq(state_of(s, "a"), KMIP_STATE_PRE_ACTIVE);
        cr_expect_eq(store_count(s), 1);
        cr_expect_not(taken(s, "dropped", NULL));
        FOUND(s, "a");
    }
}

Test(store, forgets_changes_that_were_not_put)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", NULL);
        OK(store_end(s, true, &err));
        OK(store_begin(s, &err));
        cr_assert(object_set_enum(get(s, "a"), KMIP_TAG_STATE, KMIP_STATE_ACTIVE));
        cr_expect_eq(state_of(s, "a"), KMIP_STATE_ACTIVE, "seen inside the request");
        OK(store_end(s, true, &err));
        cr_expect_eq(state_of(s, "a"), KMIP_STATE_PRE_ACTIVE);
    }
}

Test(store, refuses_an_identifier_twice)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", "one");
        OK(store_mark(s, &err));
        struct mock_object *o = make("a", "two");
        cr_expect_not(store_add(s, o, &err));
        cr_expect_eq(err.code, KE_STORE);
        object_free(&o); /* still ours */
        kerr_clear(&err);
        OK(store_undo(s, &err));
        add(s, "b", "three");
        OK(store_end(s, true, &err));
        FOUND(s, "a b");
        FOUND(s, "", K("Name", "two"));
    }
}

Test(store, keeps_nothing_of_a_request_whose_change_failed_unless_it_is_undone)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", NULL);
        OK(store_mark(s, &err));
        OK(store_mark(s, &err));
        struct mock_object *o = make("a", NULL);
        cr_expect_not(store_add(s, o, &err));
        object_free(&o);
        kerr_clear(&err);
        /* Nothing more can be written, and releasing marks does not repair it. */
        OK(store_release(s, &err));
        o = make("b", NULL);
        cr_expect_not(store_add(s, o, &err));
        cr_expect(strstr(err.msg, "earlier change"), "%s", err.msg);
        object_free(&o);
        kerr_clear(&err);
        OK(store_release(s, &err));
        cr_expect_not(store_end(s, true, &err));
        cr_expect_eq(err.code, KE_STORE);
        kerr_clear(&err);
        cr_expect_eq(store_count(s), 0);
        cr_expect_null(get(s, "a"));
        OK(store_begin(s, &err));
        add(s, "c", NULL);
        OK(store_end(s, true, &err));
        FOUND(s, "c");
    }
}

Test(changes, outside_a_request_are_refused)
{
    OVER(s)
    {
        struct mock_object *o = make("a", NULL);
        cr_expect_not(store_add(s, o, &err));
        cr_expect_eq(err.code, KE_INTERNAL);
        kerr_clear(&err);
        object_free(&o);
        cr_expect_not(store_mark(s, &err));
        kerr_clear(&err);
        cr_expect_not(store_undo(s, &err));
        kerr_clear(&err);
        cr_expect_not(store_release(s, &err));
        kerr_clear(&err);
        cr_expect_not(store_end(s, true, &err));
        kerr_clear(&err);
        OK(store_begin(s, &err));
        cr_expect_not(store_begin(s, &err));
        kerr_clear(&err);
        for (int i = 0; i < STORE_MARKS_MAX; i++)
            OK(store_mark(s, &err));
        cr_expect_not(store_mark(s, &err));
        kerr_clear(&err);
        add(s, "b", NULL); /* the store does not mind all that */
        OK(store_end(s, true, &err));
        FOUND(s, "b");
    }
}

Test(undo, takes_back_to_the_innermost_mark)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        OK(store_mark(s, &err)); /* before the first change: SQLite knows nothing yet */
        OK(store_mark(s, &err));
        add(s, "a", "one");
        OK(store_mark(s, &err));
        add(s, "b", "two");
        set_state(s, "a", KMIP_STATE_ACTIVE);
        cr_expect_eq(store_count(s), 2);
        OK(store_undo(s, &err));
        cr_expect_eq(store_count(s), 1);
        cr_expect_null(get(s, "b"));
        cr_expect_eq(state_of(s, "a"), KMIP_STATE_PRE_ACTIVE);
        OK(store_mark(s, &err));
        add(s, "b", "two");
        OK(store_release(s, &err)); /* stays */
        OK(store_mark(s, &err));
        OK(store_undo(s, &err)); /* nothing to take back */
        FOUND(s, "a b");
        OK(store_release(s, &err));
        OK(store_undo(s, &err)); /* the first mark: everything */
        cr_expect_null(get(s, "a"));
        FOUND(s, "");
        cr_expect_not(taken(s, "one", NULL) || taken(s, "two", NULL));
        add(s, "c", "one");
        OK(store_end(s, true, &err));
        FOUND(s, "c");
        cr_expect_eq(store_count(s), 1);
    }
}

Test(undo, brings_a_removed_object_back)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", "one");
        OK(store_end(s, true, &err));
        OK(store_begin(s, &err));
        OK(store_mark(s, &err));
        OK(store_remove(s, get(s, "a"), &err));
        cr_expect_null(get(s, "a"));
        FOUND(s, "", K("Name", "one"));
        OK(store_undo(s, &err));
        cr_expect_not_null(get(s, "a"));
        FOUND(s, "a", K("Name", "one"));
        OK(store_remove(s, get(s, "a"), &err));
        OK(store_end(s, true, &err));
        cr_expect_null(get(s, "a"));
        cr_expect_eq(store_count(s), 0);
        cr_expect_not(taken(s, "one", NULL));
    }
}

Test(undo, leaves_pointers_readable_but_not_writable)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        OK(store_mark(s, &err));
        struct mock_object *o = add(s, "a", "one");
        OK(store_undo(s, &err));
        cr_expect_str_eq(o->uid, "a");
        cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_ACTIVE));
        cr_expect_not(store_put(s, o, &err));
        cr_expect_eq(err.code, KE_INTERNAL);
        kerr_clear(&err);
        OK(store_end(s, true, &err));
    }
}

Test(undo, keeps_what_was_only_read_in_the_cache)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        add(s, "a", NULL), add(s, "b", NULL);
        OK(store_end(s, true, &err));
        OK(store_begin(s, &err));
        const struct mock_object *a = get(s, "a");
        OK(store_mark(s, &err));
        set_state(s, "b", KMIP_STATE_ACTIVE);
        OK(store_undo(s, &err));
        cr_expect_eq(get(s, "a"), a);
        OK(store_end(s, true, &err));
    }
}

Test(names, are_taken_by_live_objects_only)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        struct mock_object *a = add(s, "a", "one");
        cr_expect(taken(s, "one", NULL));
        cr_expect_not(taken(s, "one", a), "by itself");
        cr_expect_not(taken(s, "on", NULL) || taken(s, "One", NULL) || taken(s, "", NULL));
        cr_assert(object_set_body(a, bytes_of(NULL, 0))); /* Destroy */
        OK(store_put(s, a, &err));
        cr_expect_not(taken(s, "one", NULL));
        FOUND(s, "a", K("Name", "one")); /* its metadata are still found */
        struct mock_object *b = add(s, "b", "one");
        cr_expect(taken(s, "one", a));
        object_remove(b, object_attr(b, KMIP_TAG_NAME, 0));
        OK(store_put(s, b, &err));
        cr_expect_not(taken(s, "one", NULL));
        OK(store_end(s, true, &err));
    }
}

Test(index, follows_every_change_of_an_attribute)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        struct mock_object *o = add(s, "a", "one");
        set_name(o, "two");
        set_custom(o, "x-a", "v"), set_custom(o, "x-a", "v"), set_custom(o, "x-a", "w");
        cr_assert(object_set_text(o, KMIP_TAG_OBJECT_GROUP, bytes_str("g")));
        OK(store_put(s, o, &err));
        FOUND(s, "a", K("Name", "one"), K("Name", "two"), K("x-a", "v"), K("Object Group", "g"));
        FOUND(s, "", K("x-A", "v"));
        /* One of two equal instances goes; the other still answers. */
        object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 0));
        struct buf v = name_value("three");
        cr_assert(object_replace(o, object_attr(o, KMIP_TAG_NAME, 0), TTLV_STRUCTURE, buf_bytes(&v)));
        buf_clear(&v);
        OK(store_put(s, o, &err));
        FOUND(s, "", K("Name", "one"));
        FOUND(s, "a", K("Name", "three"), K("x-a", "v"));
        object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 1));
        object_remove_tag(o, KMIP_TAG_OBJECT_GROUP);
        OK(store_put(s, o, &err));
        FOUND(s, "", K("x-a", "v"));
        FOUND(s, "", K("Object Group", "g"));
        FOUND(s, "a", K("x-a", "w"));
        OK(store_end(s, true, &err));
        OK(store_begin(s, &err));
        OK(store_remove(s, get(s, "a"), &err));
        OK(store_end(s, true, &err));
        FOUND(s, "", K("x-a", "w"));
        FOUND(s, "");
        sqlite3_stmt *q;
        cr_assert_eq(sqlite3_prepare_v2(s->db, "SELECT (SELECT count(*) FROM attr_key) + "
                                               "(SELECT count(*) FROM live_name)", -1, &q, NULL), SQLITE_OK);
        cr_assert_eq(sqlite3_step(q), SQLITE_ROW);
        cr_expect_eq(sqlite3_column_int(q, 0), 0, "keys are left behind");
        sqlite3_finalize(q);
    }
}

Test(index, knows_long_values_apart)
{
    char a[400], b[400];
    memset(a, 'v', sizeof a), memset(b, 'v', sizeof b);
    a[sizeof a - 1] = b[sizeof b - 1] = 0;
    b[sizeof b - 2] = 'w';
    OVER(s)
    {
        OK(store_begin(s, &err));
        set_custom(add(s, "a", a), "x-a", a), set_custom(add(s, "b", b), "x-a", b);
        OK(store_put(s, get(s, "a"), &err));
        OK(store_put(s, get(s, "b"), &err));
        FOUND(s, "a", K("x-a", a));
        FOUND(s, "b", K("x-a", b));
        FOUND(s, "b", K("Name", b));
        cr_expect(taken(s, a, NULL));
        b[sizeof b - 2] = 'x';
        FOUND(s, "", K("x-a", b));
        cr_expect_not(taken(s, b, NULL));
        b[sizeof b - 2] = 'w';
        OK(store_end(s, true, &err));
    }
}

Test(search, filters_by_keys_without_index_too_but_not_by_what_time_changes)
{
    static const uint8_t aes[] = {0, 0, 0, 3}, des[] = {0, 0, 0, 2};
    OVER(s)
    {
        OK(store_begin(s, &err));
        struct mock_object *a = add(s, "a", "one"), *b = add(s, "b", "one");
        cr_assert(object_set_enum(a, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, 3));
        cr_assert(object_set_enum(b, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, 2));
        OK(store_put(s, a, &err));
        OK(store_put(s, b, &err));
        struct store_key k[] = {{bytes_str("Cryptographic Algorithm"), bytes_of(aes, 4)},
                                {bytes_str("Name"), bytes_str("one")},
                                {bytes_str("State"), bytes_of(aes, 4)}};
        expect_found(s, k, 1, "a", __LINE__);
        expect_found(s, k, 3, "a", __LINE__);
        k[0].value = bytes_of(des, 4);
        expect_found(s, k, 3, "b", __LINE__);
        k[1].value = bytes_str("two");
        expect_found(s, k, 3, "", __LINE__);
        OK(store_end(s, true, &err));
    }
}

Test(search, by_identifier_finds_one_at_most)
{
    OVER(s)
    {
        OK(store_begin(s, &err));
        struct mock_object *a = add(s, "a", "one");
        add(s, "b", "one");
        cr_assert(object_set_text(a, KMIP_TAG_UNIQUE_IDENTIFIER, bytes_str("a")));
        OK(store_put(s, a, &err));
        FOUND(s, "a", K("Name", "one"), K("Unique Identifier", "a"));
        FOUND(s, "", K("Name", "two"), K("Unique Identifier", "a"));
        FOUND(s, "", K("Unique Identifier", "c"));
        OK(store_end(s, true, &err));
    }
}

struct meddler {
    struct mock_store *s;
    unsigned seen, stop_at;
};

/* Reads, changes, adds, removes and searches while a search goes on. */
static bool meddle(void *arg, struct mock_object *o)
{
    struct meddler *m = arg;
    char uid[MOCK_UID_MAX];
    struct buf found;
    buf_init(&found, BUF_NO_LIMIT);
    if (++m->seen == m->stop_at)
        return false;
    snprintf(uid, sizeof uid, "%.40s+", o->uid);
    if (!strchr(o->uid, '+'))
        add(m->s, uid, NULL);
    cr_assert(object_set_enum(o, KMIP_TAG_STATE, KMIP_STATE_ACTIVE));
    OK(store_put(m->s, o, &err));
    OK(store_scan(m->s, NULL, 0, note, &found, &err));
    if (m->seen % 3 == 0)
        OK(store_remove(m->s, o, &err));
    buf_clear(&found);
    return true;
}

Test(search, lets_the_visitor_do_as_it_likes)
{
    OVER(s)
    {
        store_cache_limit(s, 4);
        OK(store_begin(s, &err));
        for (int i = 0; i < 9; i++) {
            char uid[16];
            snprintf(uid, sizeof uid, "%d", i);
            add(s, uid, NULL);
        }
        OK(store_end(s, true, &err));
        struct meddler m = {.s = s};
        OK(store_begin(s, &err));
        OK(store_scan(s, NULL, 0, meddle, &m, &err));
        OK(store_end(s, true, &err));
        FOUND(s, "0 1 3 4 6 7 0+ 1+ 2+ 3+ 4+ 5+ 6+ 7+ 8+");
        m = (struct meddler){.s = s, .stop_at = 1};
        OK(store_begin(s, &err));
        OK(store_scan(s, NULL, 0, meddle, &m, &err));
        OK(store_end(s, true, &err));
        cr_expect_eq(m.seen, 1);
    }
}

static bool count_in_cache(void *arg, struct mock_object *o)
{
    struct meddler *m = arg;
    (void)o;
    m->seen++;
    if (m->s->cache.n > m->stop_at)
        m->stop_at = (unsigned)m->s->cache.n;
    return true;
}

Test(scale, searches_10000_objects_without_holding_them, .timeout = 120)
{
    enum { N = 10000 };
    char uid[32];
    OVER(s)
    {
        OK(store_begin(s, &err));
        for (int i = 0; i < N; i++) {
            char name[32];
            snprintf(uid, sizeof uid, "u%d", i);
            snprintf(name, sizeof name, "n%d", i);
            struct mock_object *o = make(uid, name);
            set_custom(o, "x-even", i % 2 ? "no" : "yes");
            set_custom(o, "x-hundred", i % 100 ? "no" : "yes");
            OK(store_add(s, o, &err));
        }
        OK(store_end(s, true, &err));
        cr_expect_eq(store_count(s), N);
        store_cache_limit(s, 100);
        struct meddler m = {.s = s};
        OK(store_begin(s, &err));
        OK(store_scan(s, NULL, 0, count_in_cache, &m, &err));
        OK(store_end(s, true, &err));
        cr_expect_eq(m.seen, N);
        cr_expect_leq(m.stop_at, 101u, "%u objects were in memory at once", m.stop_at);
        FOUND(s, "u4321", K("Name", "n4321"));
        m = (struct meddler){.s = s};
        const struct store_key both[] = {K("x-even", "yes"), K("x-hundred", "yes")};
        uint64_t runs = s->runs;
        OK(store_scan(s, both, 2, count_in_cache, &m, &err));
        cr_expect_eq(m.seen, N / 100);
        cr_expect_leq(s->runs - runs, 4u * N / 100, "the rarer key must lead");
        FOUND(s, "", K("x-even", "no"), K("x-hundred", "yes"));
    }
}

Test(cache, evicts_the_longest_unused_and_only_between_requests)
{
    OVER(s)
    {
        store_cache_limit(s, 2);
        OK(store_begin(s, &err));
        add(s, "a", NULL), add(s, "b", NULL), add(s, "c", NULL), add(s, "d", NULL);
        cr_expect_eq(s->cache.n, 4, "all are held");
        get(s, "a");
        OK(store_end(s, true, &err));
        cr_expect_eq(s->cache.n, 2);
        uint64_t runs = s->runs;
        get(s, "a"), get(s, "d");
        cr_expect_eq(s->runs, runs, "the last used ones stayed");
        get(s, "b");
        cr_expect_eq(s->runs, runs + 1);
    }
}
