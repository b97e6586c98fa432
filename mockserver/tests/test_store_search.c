/* What the store finds, and that its index follows every change. */
#include "mockserver/tests/store_rig.h"

Test(names, are_taken_by_live_objects_only)
{
    OVER(s) {
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
        cr_assert(object_remove(b, object_attr(b, KMIP_TAG_NAME, 0)));
        OK(store_put(s, b, &err));
        cr_expect_not(taken(s, "one", NULL));
        OK(store_end(s, true, &err));
    }
}

Test(index, follows_every_change_of_an_attribute)
{
    OVER(s) {
        OK(store_begin(s, &err));
        struct mock_object *o = add(s, "a", "one");
        set_name(o, "two");
        set_custom(o, "x-a", "v"), set_custom(o, "x-a", "v"), set_custom(o, "x-a", "w");
        cr_assert(object_set_text(o, KMIP_TAG_OBJECT_GROUP, bytes_str("g")));
        OK(store_put(s, o, &err));
        FOUND(s, "a", K("Name", "one"), K("Name", "two"), K("x-a", "v"), K("Object Group", "g"));
        FOUND(s, "", K("x-A", "v"));
        /* One of two equal instances goes; the other still answers. */
        cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 0)));
        struct buf v = name_value("three");
        cr_assert(
            object_replace(o, object_attr(o, KMIP_TAG_NAME, 0), TTLV_STRUCTURE, buf_bytes(&v)));
        buf_clear(&v);
        OK(store_put(s, o, &err));
        FOUND(s, "", K("Name", "one"));
        FOUND(s, "a", K("Name", "three"), K("x-a", "v"));
        cr_assert(object_remove(o, object_attr_indexed(o, bytes_str("x-a"), 1)));
        cr_assert(object_remove_tag(o, KMIP_TAG_OBJECT_GROUP));
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
        cr_assert_eq(sqlite3_prepare_v2(s->db,
                                        "SELECT (SELECT count(*) FROM attr_key) + "
                                        "(SELECT count(*) FROM live_name)",
                                        -1, &q, NULL),
                     SQLITE_OK);
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
