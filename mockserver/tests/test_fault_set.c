/* Which requests faults fire at, how often, and how faults change while sessions run. */
#include "mockserver/tests/fault_rig.h"

static struct session *s;

static void set_up(void)
{
    rig_begin(7);
    s = rig_connect(1, "client");
}

static void tear_down(void)
{
    if (s)
        rig_disconnect(s);
    rig_end();
}

TestSuite(fault_set, .init = set_up, .fini = tear_down, .timeout = 20);

/* --- matching ---------------------------------------------------------- */

Test(fault_set, matches_what_it_says)
{
    /* Requests: 1 Get, 2 Create, 3 Get of uid-7, 4 Get, 5 Create. */
    static const struct {
        const char *match, *fired;
    } rows[] = {
        {"{}", "1:f 2:f 3:f 4:f 5:f"},
        {"{operation: Create}", "2:f 5:f"},
        {"{operation: [Create, Locate]}", "2:f 5:f"},
        {"{operation: create, nth: 2}", "5:f"},
        {"{nth: 4}", "4:f"},
        {"{unique_identifier: uid-7}", "3:f"},
        {"{client: client}", "1:f 2:f 3:f 4:f 5:f"},
        {"{client: 'c*t', operation: Create}", "2:f 5:f"},
        {"{client: other}", ""},
        {"{connection: 1, nth: 1}", "1:f"},
        {"{connection: 2}", ""},
        {"{state: {scenario: outage, is: started}, nth: 2}", "2:f"},
        {"{state: {scenario: outage, is: over}}", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char yaml[256];
        struct buf b;
        snprintf(yaml, sizeof yaml, "{name: f, match: %s, action: {delay: 1ms}, count: always}",
                 rows[i].match);
        rig_add(yaml);
        rig_ask(s, KMIP_OPERATION_GET, 'a');
        rig_ask(s, KMIP_OPERATION_CREATE, 'b');
        buf_init(&b, BUF_NO_LIMIT);
        rig_put(&b, KMIP_OPERATION_GET, 'c', "uid-7");
        rig_feed(s, &b);
        buf_clear(&b);
        rig_ask(s, KMIP_OPERATION_GET, 'd');
        rig_ask(s, KMIP_OPERATION_CREATE, 'e');
        cr_expect_str_eq(rig_firings(NULL), rows[i].fired, "%s", rows[i].match);
        tear_down();
        set_up();
    }
}

Test(fault_set, matches_any_item_of_a_batch)
{
    struct buf b;
    struct ttlv_writer w;
    rig_add("{name: f, match: {operation: Destroy}, action: drop}");
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, NULL);
    kmip_request_begin(&w, &(struct kmip_request){.batch_count = 2});
    for (int i = 0; i < 2; i++) {
        kmip_item_begin(&w, i ? KMIP_OPERATION_DESTROY : KMIP_OPERATION_GET,
                        bytes_str(i ? "b" : "a"));
        kmip_item_end(&w);
    }
    kmip_request_end(&w);
    cr_assert(ttlv_w_finish(&w));
    rig_feed(s, &b);
    cr_expect_str_eq(rig_firings(NULL), "1:f");
    buf_clear(&b);
}

Test(fault_set, nth_counts_of_the_connection_or_of_the_server)
{
    struct session *t = rig_connect(2, "other");
    rig_add("- {name: own, match: {nth: 2}, action: {delay: 1ms}, count: always}\n"
            "- {name: all, match: {nth: 2, of: server}, action: {delay: 1ms}, count: always}\n");
    rig_ask_many(s, 1);
    rig_ask_many(t, 2);
    rig_ask_many(s, 1);
    cr_expect_str_eq(rig_firings("client"), "2:own");
    cr_expect_str_eq(rig_firings("other"), "1:all 2:own");
    rig_disconnect(t);
}

Test(fault_set, connection_with_a_client_counts_that_clients)
{
    struct session *t = rig_connect(2, "other"), *u = rig_connect(3, "other");
    rig_add("- {name: mine, match: {client: other, connection: 2}, action: {delay: 1ms}}\n"
            "- {name: third, match: {connection: 3}, action: {delay: 1ms}}\n");
    rig_ask_many(s, 1);
    rig_ask_many(t, 1);
    rig_ask_many(u, 1);
    cr_expect_str_eq(rig_firings(NULL), "1:mine, third");
    rig_disconnect(t);
    rig_disconnect(u);
}

/* --- how often --------------------------------------------------------- */

Test(fault_set, counts_per_client_connection_or_server)
{
    static const struct {
        const char *per, *first, *second, *other;
    } rows[] = {
        {"client", "1:f 2:f", "", "1:f 2:f"},
        {"connection", "1:f 2:f", "1:f 2:f", "1:f 2:f"},
        {"server", "1:f 2:f", "", ""},
    };
    for (size_t i = 0; i < 3; i++) {
        char yaml[128];
        snprintf(yaml, sizeof yaml, "{name: f, action: {delay: 1ms}, count: 2, per: %s}",
                 rows[i].per);
        rig_add(yaml);
        rig_ask_many(s, 3);
        cr_expect_str_eq(rig_firings(NULL), rows[i].first, "%s", rows[i].per);
        journal_forget(&rig_journal);
        struct session *t = rig_connect(2, "client"), *u = rig_connect(3, "other");
        rig_ask_many(t, 3);
        rig_ask_many(u, 3);
        cr_expect_str_eq(rig_firings("client"), rows[i].second, "%s", rows[i].per);
        cr_expect_str_eq(rig_firings("other"), rows[i].other, "%s", rows[i].per);
        rig_disconnect(t);
        rig_disconnect(u);
        tear_down();
        set_up();
    }
}

Test(fault_set, a_probability_is_met_in_the_long_run)
{
    rig_add("{name: f, action: {delay: 0}, count: always, probability: 25%}");
    for (int i = 0; i < 2000; i++) {
        rig_ask(s, KMIP_OPERATION_GET, 'a');
        (void)rig_sent(s);
    }
    cr_expect(rig_fired("f") > 420 && rig_fired("f") < 580, "%llu",
              (unsigned long long)rig_fired("f"));
}

Test(fault_set, scenarios_go_from_state_to_state)
{
    struct kerr err = KERR_INIT;
    rig_add("- {name: first, match: {state: {scenario: outage, is: started}}, "
            "action: {delay: 1ms}, then: down}\n"
            "- {name: second, match: {state: {scenario: outage, is: down}}, action: {delay: 1ms}, "
            "count: 2, then: {scenario: outage, is: up}}\n");
    rig_ask_many(s, 4);
    cr_expect_str_eq(rig_firings(NULL), "1:first 2:second");
    cr_expect_str_eq(fault_scenario(&rig_set, "outage"), "up");
    cr_assert(fault_scenario_set(&rig_set, "outage", "down", &err));
    rig_ask_many(s, 1);
    cr_expect_str_eq(rig_firings(NULL), "1:first 2:second 5:second");
}

/* --- determinism ------------------------------------------------------- */

static const char random_faults[] =
    "- {action: {reorder: {window: 3}}, count: always, probability: 0.3}\n"
    "- {action: {delay: {uniform: [0, 50ms]}}, count: always, probability: 0.5}\n"
    "- {action: corrupt, count: 5, probability: 0.1}\n"
    "- {name: once, action: duplicate, probability: 0.05}\n";

/* Sixty requests of "client" over two connections; what left, when, and what fired. */
static void play(uint64_t seed, bool others, char *out, size_t room)
{
    struct session *o[3] = {NULL};
    uint64_t number = 1;
    size_t at = 0;
    rig_begin(seed);
    rig_add(random_faults);
    for (int part = 0; part < 2; part++) {
        for (int i = 0; others && i < 3; i++)
            o[i] = rig_connect(number++, i == 2 ? "third" : "other");
        s = rig_connect(number++, "client");
        for (int i = 0; i < 10; i++) {
            for (int k = 0; others && k < 3; k++) {
                rig_ask_many(o[k], (size_t)(i + k) % 4);
                (void)rig_sent(o[k]);
            }
            rig_ask_many(s, 3);
            for (int step = 0; step < 12; step++) {
                at += (size_t)snprintf(out + at, room - at, "%s|", rig_sent(s));
                rig_now += 10 * MS;
            }
        }
        for (int i = 0; others && i < 3; i++)
            rig_disconnect(o[i]);
        rig_disconnect(s);
    }
    snprintf(out + at, room - at, "%s", rig_firings("client"));
    rig_end();
}

Test(fault_set, the_same_seed_gives_the_same_faults_whatever_else_connects)
{
    static char alone[30000], beside[30000], again[30000], other[30000];
    tear_down();
    play(7, false, alone, sizeof alone);
    play(7, true, beside, sizeof beside);
    play(7, false, again, sizeof again);
    play(8, false, other, sizeof other);
    s = NULL;
    rig_begin(7);
    cr_expect(strstr(alone, "reorder") && strstr(alone, "corrupt"), "%s", alone);
    cr_expect_str_eq(alone, again);
    cr_expect_str_eq(alone, beside);
    cr_expect_str_neq(alone, other);
}

Test(fault_set, a_fault_does_not_disturb_the_draws_of_another)
{
    static char with[2000], without[2000];
    rig_add("{name: f, action: {delay: 0}, count: always, probability: 0.4}");
    rig_ask_many(s, 20);
    snprintf(without, sizeof without, "%s", rig_firings(NULL));
    tear_down();
    set_up();
    rig_add("{name: g, match: {operation: Get}, action: duplicate, count: always, "
            "probability: 0.5}");
    rig_add("{name: f, action: {delay: 0}, count: always, probability: 0.4}");
    rig_ask_many(s, 20);
    for (uint64_t n = rig_journal.first; n < rig_journal.next; n++)
        if (strchr(journal_get(&rig_journal, n)->faults, 'f'))
            snprintf(with + strlen(with), sizeof with - strlen(with), "%s%llu:f",
                     with[0] ? " " : "", (unsigned long long)journal_get(&rig_journal, n)->nth);
    cr_expect_str_eq(with, without);
}

/* --- changes while sessions run ---------------------------------------- */

Test(fault_set, added_and_removed_faults_act_at_once)
{
    struct kerr err = KERR_INIT;
    rig_ask_many(s, 1);
    rig_add("{name: f, action: drop, count: always}");
    rig_ask_many(s, 1);
    cr_expect_str_eq(rig_sent(s), "a");
    rig_remove("f");
    rig_ask_many(s, 1);
    cr_expect_str_eq(rig_sent(s), "a");
    cr_expect_not(fault_set_remove(&rig_set, "f", &err));
    cr_expect(strstr(err.msg, "no fault named 'f'"), "%s", err.msg);
}

Test(fault_set, removal_lets_held_replies_go_in_their_order)
{
    rig_add("{name: f, action: {reorder: {window: 8, max_wait: 1h, order: reverse}}}");
    rig_ask_many(s, 3);
    cr_expect_str_eq(rig_sent(s), "");
    rig_remove("f");
    cr_expect_str_eq(rig_sent(s), "a b c");
    cr_expect_str_eq(rig_firings(NULL), "", "nothing went wrong");
}

Test(fault_set, a_list_is_added_whole_or_not_at_all)
{
    struct fault_list l;
    struct kerr err = KERR_INIT;
    rig_add("{name: f, action: drop}");
    cr_assert(rig_read("- {action: drop}\n- {name: f, action: drop}\n", &l, &err), "%s", err.msg);
    cr_expect_not(fault_set_add(&rig_set, &l, &err));
    cr_expect(strstr(err.msg, "faults.yaml:2:10: there is a fault named 'f' already"), "%s",
              err.msg);
    cr_expect_eq(rig_set.n, 1);
    fault_list_clear(&l);
    err = (struct kerr)KERR_INIT;
    cr_assert(rig_read("- {action: drop}\n- {action: {certificate: expired}}\n", &l, &err), "%s",
              err.msg);
    cr_expect_not(fault_set_add(&rig_set, &l, &err));
    cr_expect(strstr(err.msg, "faults.yaml:2:3: certificate cannot be had"), "%s", err.msg);
    cr_expect_eq(rig_set.n, 1);
    fault_list_clear(&l);
}

Test(fault_set, faults_without_a_name_get_one)
{
    rig_add("- {action: drop}\n- {action: drop}\n");
    rig_add("{action: drop}");
    cr_expect_str_eq(fault_set_info(&rig_set, 0).name, "drop");
    cr_expect_str_eq(fault_set_info(&rig_set, 1).name, "drop-2");
    cr_expect_str_eq(fault_set_info(&rig_set, 2).name, "drop-3");
}

Test(fault_set, replacing_leaves_running_connections_their_faults)
{
    struct fault_list l;
    struct kerr err = KERR_INIT;
    rig_add("{name: old, action: {delay: 0}, count: 3}");
    rig_ask_many(s, 1);
    cr_assert(rig_read("{name: new, action: {delay: 0}, count: always}", &l, &err), "%s", err.msg);
    cr_assert(fault_set_replace(&rig_set, &l, &err), "%s", err.msg);
    fault_list_clear(&l);
    struct session *t = rig_connect(2, "client");
    rig_ask_many(s, 3);
    rig_ask_many(t, 1);
    cr_expect_str_eq(rig_firings(NULL), "1:old 2:old 3:old 1:new");
    cr_expect_eq(rig_set.n, 1);
    rig_disconnect(s);
    s = NULL;
    cr_expect_null(rig_set.retired, "its last connection is closed");
    cr_assert(fault_set_replace(&rig_set, NULL, &err));
    struct session *u = rig_connect(3, "client");
    rig_ask_many(u, 1);
    rig_ask_many(t, 1);
    cr_expect_str_eq(rig_firings(NULL), "1:old 2:old 3:old 1:new 2:new");
    rig_disconnect(u);
    rig_disconnect(t);
}

Test(fault_set, reset_makes_everything_due_again_and_draws_repeat)
{
    static char first[500];
    rig_add("{name: f, action: {delay: 0}, count: 4, probability: 0.5, "
            "then: {scenario: x, is: done}}");
    rig_ask_many(s, 20);
    snprintf(first, sizeof first, "%s", rig_firings(NULL));
    cr_expect_eq(rig_fired("f"), 4);
    cr_expect_str_eq(fault_scenario(&rig_set, "x"), "done");
    fault_set_reset(&rig_set);
    cr_expect_eq(rig_fired("f"), 0);
    cr_expect_str_eq(fault_scenario(&rig_set, "x"), "started");
    journal_forget(&rig_journal);
    rig_ask_many(s, 20);
    cr_expect_eq(rig_fired("f"), 4);
    const char *second = rig_firings(NULL);
    unsigned long a = strtoul(first, NULL, 10), b = strtoul(second, NULL, 10);
    cr_expect_eq(b, a + 20, "%s / %s", first, second);
}

Test(fault_set, survives_a_fault_that_is_removed_while_armed)
{
    rig_add("- {name: i, action: {idle_close: 1s}}\n- {name: b, action: {bandwidth: 10}}\n"
            "- {name: n, action: no_close_notify}\n- {name: r, action: {session_revoked: 0}}\n"
            "- {name: c, action: {clock: {freeze: true}}}\n");
    rig_ask_many(s, 1);
    static const char *const names[] = {"i", "b", "n", "r", "c"};
    for (size_t i = 0; i < 5; i++)
        rig_remove(names[i]);
    cr_expect_null(s->faults.uses);
    rig_ask_many(s, 1);
    session_end(s);
    cr_expect_str_eq(rig_sent(s), "a! a close");
}
