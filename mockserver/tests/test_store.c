/* Objects in the store: requests, marks and the cache, in memory and in a file alike.
 * Searching is in test_store_search.c, what happens to files in test_store_file.c. */
#include "mockserver/tests/store_rig.h"

Test(store, gives_back_what_was_added)
{
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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
    OVER(s) {
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

Test(cache, evicts_the_longest_unused_and_only_between_requests)
{
    OVER(s) {
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
