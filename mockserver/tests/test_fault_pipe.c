/* Faults on how replies leave, and on the connection, in scripted time. */
#include "mockserver/tests/fault_rig.h"

static struct session *s;

static void set_up(void)
{
    rig_begin(7);
    s = rig_connect(1, "client");
}

static void tear_down(void)
{
    rig_disconnect(s);
    rig_end();
}

TestSuite(fault_pipe, .init = set_up, .fini = tear_down, .timeout = 20);

static void again(void)
{
    tear_down();
    set_up();
}

/* What leaves at once after a pipeline of n Gets, and the faults that fired. */
static const struct pipe_row {
    const char *yaml;
    size_t n;
    const char *sent, *fired;
} rows[] = {
    {"action: {reorder: {window: 3, order: reverse}}", 5, "c b a d e",
     "1:reorder 2:reorder 3:reorder"},
    {"action: {reorder: {order: [2, 3, 1]}}", 4, "b c a d", "1:reorder 2:reorder 3:reorder"},
    {"{action: {reorder: {window: 2}}, count: always}", 6, "b a d c f e",
     "1:reorder 2:reorder 3:reorder 4:reorder 5:reorder 6:reorder"},
    {"{action: {reorder: {window: 2}}, match: {nth: 3}}", 5, "a b d c e", "3:reorder 4:reorder"},
    {"action: coalesce", 4, "ab c d", "1:coalesce 2:coalesce"},
    {"action: {coalesce: {count: 3}}", 4, "abc d", "1:coalesce 2:coalesce 3:coalesce"},
    {"action: swap_replies", 3, "b a c", "1:swap_replies 2:swap_replies"},
    {"{action: drop, match: {nth: 2}}", 3, "a c", "2:drop"},
    {"{action: duplicate, match: {nth: 2}}", 3, "a b b c", "2:duplicate"},
    {"action: {duplicate: 2}", 2, "a a a b", "1:duplicate"},
    {"action: {split: {sizes: [8, 100]}}", 2, "<8 bytes> <100 bytes> <60 bytes> b", "1:split"},
    {"action: {split: 100}", 1, "<100 bytes> <68 bytes>", "1:split"},
    {"[{action: {reorder: {order: reverse, window: 2}}}, {action: {coalesce: 2}}]", 3, "b ac",
     "1:reorder, coalesce 2:reorder 3:coalesce"},
    {"[{action: {coalesce: 2}}, {action: {split: [100]}}]", 2, "<100 bytes> <236 bytes>",
     "1:split, coalesce 2:coalesce"},
    {"{action: close, match: {nth: 2}}", 4, "a close", "2:close"},
    {"{action: {close: after}, match: {nth: 2}}", 4, "a b close", "2:close"},
    {"{action: reset, match: {nth: 2}}", 4, "a reset", "2:reset"},
    {"{action: {reset: {when: after}}, match: {nth: 2}}", 4, "a b reset", "2:reset"},
    {"{action: {close_after: 20}, match: {nth: 2}}", 4, "a <20 bytes> close", "2:close_after"},
    {"{action: {close_after: {bytes: 20, how: reset}}}", 4, "<20 bytes> reset", "1:close_after"},
    {"{action: half_close, match: {nth: 2}}", 4, "a b half", "2:half_close"},
    {"[{action: no_close_notify}, {action: {close: after}}]", 2, "a abrupt close",
     "1:close c:no_close_notify"},
    {"{action: stall, match: {nth: 2}}", 4, "a", "2:stall"},
    {"{action: {stall: {bytes: 9}}, match: {nth: 2}}", 4, "a <9 bytes>", "2:stall"},
    {"{action: {stall: {bytes: 9999}}, match: {nth: 2}}", 4, "a b", "2:stall"},
    {"[{action: {split: [100]}}, {action: {close_after: 120}}]", 2, "<100 bytes> <20 bytes> close",
     "1:split, close_after"},
};

Test(fault_pipe, replies_leave_as_the_fault_has_it_and_each_is_labelled)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_add(rows[i].yaml);
        rig_ask_many(s, rows[i].n);
        const char *sent = rig_sent(s);
        cr_expect_str_eq(sent, rows[i].sent, "%s: %s", rows[i].yaml, sent);
        const char *fired = rig_firings(NULL);
        cr_expect_str_eq(fired, rows[i].fired, "%s: %s", rows[i].yaml, fired);
        again();
    }
}

Test(fault_pipe, without_faults_replies_leave_whole_in_order_and_unlabelled)
{
    rig_ask_many(s, 5);
    cr_expect_str_eq(rig_sent(s), "a b c d e");
    cr_expect_str_eq(rig_firings(NULL), "");
}

Test(fault_pipe, a_window_that_held_one_reply_was_no_firing)
{
    rig_add("action: {reorder: {window: 4, max_wait: 50ms}}");
    rig_ask(s, KMIP_OPERATION_GET, 'x');
    cr_expect_str_eq(rig_sent(s), "");
    cr_expect_eq(rig_end_action.at_ns, rig_now + 50 * MS);
    rig_now += 50 * MS;
    cr_expect_str_eq(rig_sent(s), "x", "never held longer");
    cr_expect_str_eq(rig_firings(NULL), "");
    cr_expect_eq(rig_fired("reorder"), 0);
    rig_ask_many(s, 4);
    cr_expect_eq(strlen(rig_sent(s)), 7, "due again");
    cr_expect_str_eq(rig_firings(NULL), "2:reorder 3:reorder 4:reorder 5:reorder");
    cr_expect_eq(rig_fired("reorder"), 1);
}

Test(fault_pipe, swapping_takes_two_and_leaves_the_rest_of_the_reply)
{
    rig_add("{name: s, action: {swap_replies: {max_wait: 10ms}}}");
    rig_ask(s, KMIP_OPERATION_GET, 'x');
    rig_now += 10 * MS;
    cr_expect_str_eq(rig_sent(s), "x");
    cr_expect_eq(rig_fired("s"), 0);
    rig_ask(s, KMIP_OPERATION_CREATE, 'a');
    rig_ask(s, KMIP_OPERATION_GET, 'b');
    cr_expect_str_eq(rig_sent(s), "b a");
    struct kmip_message m;
    struct kmip_item it;
    struct kerr err = KERR_INIT;
    cr_assert(kmip_open(&m, buf_bytes(&rig_last), &err) && kmip_next_item(&m, &it));
    cr_expect_eq(it.operation, KMIP_OPERATION_GET, "the second reply, with the first one's id");
}

Test(fault_pipe, delays_hold_up_what_follows_and_keep_the_order)
{
    rig_add("{action: {delay: 200ms}, match: {nth: 2}}");
    rig_ask_many(s, 3);
    cr_expect_str_eq(rig_sent(s), "a");
    cr_expect_eq(rig_end_action.at_ns, rig_now + 200 * MS);
    rig_now += 200 * MS;
    cr_expect_str_eq(rig_sent(s), "b c");
    cr_expect_str_eq(rig_firings(NULL), "2:delay");
}

static int64_t delay_of(const char *yaml)
{
    rig_add(yaml);
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    int64_t began = rig_now;
    while (strcmp(rig_sent(s), "a") != 0) {
        cr_assert_eq(rig_end_action.kind, ACTION_WAIT);
        rig_now = rig_end_action.at_ns;
    }
    rig_remove("d");
    return rig_now - began;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(fault_pipe, delays_are_drawn_as_told)
{
    enum { N = 400 };
    int64_t v[N];
    rig_add("{name: d, action: {delay: {uniform: [10ms, 30ms]}}, count: always}");
    rig_add("{name: e, action: {delay: {lognormal: {median: 20ms, sigma: 0.5}}}, count: always, "
            "match: {operation: Create}}");
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < N; i++) {
            rig_ask(s, kind ? KMIP_OPERATION_CREATE : KMIP_OPERATION_GET, 'a');
            int64_t began = rig_now;
            while (strcmp(rig_sent(s), "a") != 0)
                rig_now = rig_end_action.at_ns;
            v[i] = rig_now - began;
        }
        qsort(v, N, sizeof *v, compare);
        int64_t median = v[N / 2];
        if (kind == 0) {
            cr_expect(v[0] >= 10 * MS && v[N - 1] <= 30 * MS);
            cr_expect(median > 18 * MS && median < 22 * MS, "%lld", (long long)median);
            rig_remove("d");
        } else {
            cr_expect(median > 18 * MS && median < 22 * MS, "%lld", (long long)median);
            cr_expect(v[N * 84 / 100] > 28 * MS && v[N * 84 / 100] < 38 * MS,
                      "one sigma up is a factor of 1.65: %lld", (long long)v[N * 84 / 100]);
        }
    }
    rig_remove("e");
    cr_expect_eq(delay_of("{name: d, action: {delay: {fixed: 0}}}"), 0);
}

Test(fault_pipe, pieces_of_a_reply_come_with_pauses)
{
    rig_add("action: {split: {sizes: [8, 100], pause: 20ms}}");
    rig_ask_many(s, 2);
    cr_expect_str_eq(rig_sent(s), "<8 bytes>");
    cr_expect_eq(rig_end_action.at_ns, rig_now + 20 * MS);
    rig_now += 20 * MS;
    cr_expect_str_eq(rig_sent(s), "<100 bytes>");
    rig_now += 30 * MS;
    cr_expect_str_eq(rig_sent(s), "<60 bytes> b", "the pause is from piece to piece");
}

Test(fault_pipe, a_stall_ends_or_does_not)
{
    rig_add("action: {stall: 5s}");
    rig_ask_many(s, 2);
    cr_expect_str_eq(rig_sent(s), "");
    rig_now += 5 * SEC;
    cr_expect_str_eq(rig_sent(s), "a b");
    rig_add("{name: ever, action: {stall: {bytes: 3}}}");
    rig_ask_many(s, 2);
    cr_expect_str_eq(rig_sent(s), "<3 bytes>");
    rig_now += 3600 * SEC;
    rig_ask_many(s, 1);
    cr_expect_str_eq(rig_sent(s), "");
    session_stop(s);
    cr_expect_str_eq(rig_sent(s), "<165 bytes> b a close", "the server stops all the same");
}

Test(fault_pipe, a_half_closed_connection_still_takes_requests)
{
    rig_add("action: half_close");
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    cr_expect_str_eq(rig_sent(s), "a half");
    rig_ask(s, KMIP_OPERATION_GET, 'b');
    cr_expect_eq(rig_answered, 2);
    cr_expect_str_eq(rig_sent(s), "");
    session_end(s);
    cr_expect_str_eq(rig_sent(s), "close");
}

Test(fault_pipe, a_connection_that_ends_drops_what_was_held)
{
    rig_add("[{action: {reorder: {window: 8, max_wait: 1h}}, match: {nth: 2}}, "
            "{action: {close: after}, match: {nth: 1}}]");
    rig_ask_many(s, 4);
    cr_expect_str_eq(rig_sent(s), "a close");
    cr_expect_str_eq(rig_firings(NULL), "1:close", "replies that never leave are not reordered");
}

/* --- what lasts -------------------------------------------------------- */

Test(fault_pipe, idle_close_is_told_when_it_strikes)
{
    const char *why;
    rig_add("{action: {idle_close: 30s}, count: always}");
    struct session *t = rig_connect(2, "client");
    cr_expect_eq(session_deadline(t, &why), rig_now + 30 * SEC);
    rig_now += 20 * SEC;
    rig_ask(t, KMIP_OPERATION_GET, 'a');
    cr_expect_str_eq(rig_sent(t), "a");
    cr_expect_eq(session_deadline(t, &why), rig_now + 30 * SEC, "it was not idle");
    cr_expect_str_eq(rig_firings(NULL), "");
    rig_now += 30 * SEC;
    cr_expect_not(session_too_slow(t, rig_now), "with close-notify");
    cr_expect_str_eq(rig_firings(NULL), "c:idle_close");
    rig_disconnect(t);
    /* Armed at the connection that was open already, too. */
    cr_expect_lt(session_deadline(s, &why), rig_now + 31 * SEC);
    rig_remove("idle_close");
    cr_expect_eq(session_deadline(s, &why), INT64_MAX);
}

Test(fault_pipe, virtual_time_makes_a_connection_idle)
{
    const char *why;
    rig_add("action: {idle_close: 1h}");
    mock_clock_advance(&rig_clock, 2 * 3600 * SEC);
    cr_expect_lt(session_deadline(s, &why), rig_now);
    (void)session_too_slow(s, rig_now);
    cr_expect_str_eq(rig_firings(NULL), "c:idle_close");
}

Test(fault_pipe, an_idle_session_is_revoked_until_the_client_reconnects)
{
    rig_add("{name: r, action: {session_revoked: {after: 24h, message: gone}}}");
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    cr_expect_str_eq(rig_sent(s), "a");
    mock_clock_advance(&rig_clock, 25 * 3600 * SEC);
    rig_ask(s, KMIP_OPERATION_GET, 'b');
    rig_ask(s, KMIP_OPERATION_GET, 'c');
    cr_expect_str_eq(rig_sent(s), "b! c!", "and again, although it was not idle");
    cr_expect_eq(rig_behaviour.refuse_reason, KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect_str_eq(rig_firings(NULL), "2:r 3:r");
    struct session *t = rig_connect(2, "client");
    rig_ask(t, KMIP_OPERATION_GET, 'd');
    cr_expect_str_eq(rig_sent(t), "d");
    rig_disconnect(t);
    rig_remove("r");
    rig_ask(s, KMIP_OPERATION_GET, 'e');
    cr_expect_str_eq(rig_sent(s), "e", "taken away, it ends at once");
}

Test(fault_pipe, a_revoked_session_does_not_show_in_what_is_wrong_anyway)
{
    rig_add("{name: r, action: {session_revoked: {after: 24h}}}");
    mock_clock_advance(&rig_clock, 25 * 3600 * SEC);
    rig_untouched = true;
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    cr_expect_str_eq(rig_firings(NULL), "");
    rig_untouched = false;
    rig_ask(s, KMIP_OPERATION_GET, 'b');
    cr_expect_str_eq(rig_firings(NULL), "2:r", "it is revoked all the same");
}

Test(fault_pipe, what_was_armed_in_vain_is_due_again)
{
    rig_add("{name: i, action: {idle_close: 30s}}");
    cr_expect_eq(rig_fired("i"), 1, "armed at the open connection");
    rig_disconnect(s);
    cr_expect_eq(rig_fired("i"), 0);
    s = rig_connect(2, "client");
    cr_expect_eq(rig_fired("i"), 1);
}

Test(fault_pipe, bandwidth_and_clock_are_armed_by_a_request_too)
{
    rig_add("{name: b, action: {bandwidth: 1000}, match: {operation: Create}}");
    rig_ask(s, KMIP_OPERATION_GET, 'a');
    cr_expect_eq(session_rate(s), 0);
    rig_ask(s, KMIP_OPERATION_CREATE, 'b');
    cr_expect_eq(session_rate(s), 1000);
    cr_expect_str_eq(rig_firings(NULL), "2:b");
    rig_remove("b");
    cr_expect_eq(session_rate(s), 0);
    rig_add("{name: c, action: {clock: {offset: +1h}}, match: {nth: 1}}");
    cr_expect_null(s->faults.armed.clock_use);
    rig_ask(s, KMIP_OPERATION_GET, 'c');
    cr_expect_eq(s->faults.armed.clock->spec.offset_ns, 3600 * SEC);
}

/* --- behaviour --------------------------------------------------------- */

static bool says(enum behaviour_kind kind, uint32_t operation)
{
    return rig_behaviour.said.v[kind] & behaviour_operation(operation);
}

static const char five[] = "- {action: {compound_create: {is: delay, by: 90s}}}\n"
                           "- {action: {custom_attributes: {is: truncate, length: 5}}}\n"
                           "- {action: {activate: {is: delayed, by: 1500ms}}}\n"
                           "- {action: {not_supported: [Locate, Check]}}\n"
                           "- {action: {hidden: Encrypt}}\n";

Test(fault_pipe, behaviour_is_said_before_the_engine_answers)
{
    rig_add(five);
    rig_ask(s, KMIP_OPERATION_CREATE, 'a');
    cr_expect_eq(rig_behaviour.compound_create, COMPOUND_DELAY);
    cr_expect_eq(rig_behaviour.compound_delay_s, 90);
    cr_expect_eq(rig_behaviour.custom_attributes, CUSTOM_TRUNCATE);
    cr_expect_eq(rig_behaviour.custom_length, 5);
    rig_ask(s, KMIP_OPERATION_ACTIVATE, 'a');
    cr_expect_eq(rig_behaviour.activate_delay_s, 2, "whole seconds");
    rig_ask(s, KMIP_OPERATION_CHECK, 'a');
    cr_expect(says(BEHAVIOUR_NOT_SUPPORTED, KMIP_OPERATION_LOCATE));
    cr_expect_eq(rig_behaviour.not_supported, rig_behaviour.said.v[BEHAVIOUR_NOT_SUPPORTED]);
    rig_ask(s, KMIP_OPERATION_QUERY, 'a');
    cr_expect(says(BEHAVIOUR_HIDDEN, KMIP_OPERATION_ENCRYPT));
    cr_expect_eq(rig_behaviour.hidden, rig_behaviour.said.v[BEHAVIOUR_HIDDEN]);
    cr_expect_str_eq(rig_firings(NULL), "1:compound_create, custom_attributes 2:activate "
                                        "3:not_supported 4:hidden");
    rig_ask(s, KMIP_OPERATION_ACTIVATE, 'a');
    cr_expect_eq(rig_behaviour.activate_delay_s, 0, "once");
}

Test(fault_pipe, behaviour_counts_when_the_engine_has_come_to_it)
{
    static const uint32_t operations[] = {KMIP_OPERATION_CREATE, KMIP_OPERATION_ACTIVATE,
                                          KMIP_OPERATION_CHECK, KMIP_OPERATION_QUERY};
    rig_add(five);
    rig_untouched = true;
    for (int i = 0; i < 8; i++)
        rig_ask(s, operations[i % 4], 'a');
    cr_expect_str_eq(rig_firings(NULL), "");
    rig_untouched = false;
    for (int i = 0; i < 4; i++)
        rig_ask(s, operations[i], 'a');
    cr_expect_str_eq(rig_firings(NULL), "9:compound_create, custom_attributes 10:activate "
                                        "11:not_supported 12:hidden");
}

Test(fault_pipe, of_two_faults_with_a_say_in_one_behaviour_the_first_has_it)
{
    rig_add("- {name: a, action: {compound_create: reject}}\n"
            "- {name: b, action: {compound_create: ignore}}\n"
            "- {name: c, action: {not_supported: Locate}}\n"
            "- {name: d, action: {not_supported: [Locate, Check]}}\n");
    rig_ask(s, KMIP_OPERATION_CREATE, 'a');
    cr_expect_eq(rig_behaviour.compound_create, COMPOUND_REJECT);
    rig_ask(s, KMIP_OPERATION_CREATE, 'a');
    cr_expect_eq(rig_behaviour.compound_create, COMPOUND_IGNORE);
    rig_ask(s, KMIP_OPERATION_LOCATE, 'a');
    rig_ask(s, KMIP_OPERATION_CHECK, 'a');
    cr_expect_str_eq(rig_firings(NULL), "1:a 2:b 3:c, d");
}
