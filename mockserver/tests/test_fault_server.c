/* Faults over real TLS and with the real engine: what a client sees is the fault, the
 * journal says so, and the next client is served. */
#include "mockserver/tests/server_thread.h"

TestSuite(fault_server, .init = set_up, .fini = tear_down, .timeout = 60);

/* --- nothing ----------------------------------------------------------- */

/* A conversation whose every byte is determined. */
static void record_conversation(const char *faults, struct buf *out)
{
    START("seed=7", "clock={freeze: 2024-02-29T12:00:00Z}", faults);
    struct tls_conn *t = client();
    struct buf b;
    buf_init(out, BUF_NO_LIMIT);
    keep_uid(create(t, 1700000000, "a"));
    buf_put_bytes(out, buf_bytes(&answer_buf));
    struct ttlv_item v;
    (void)attribute(t, "State", &v);
    buf_put_bytes(out, buf_bytes(&answer_buf));
    static const uint32_t operations[] = {KMIP_OPERATION_REVOKE, KMIP_OPERATION_DESTROY,
                                          KMIP_OPERATION_GET_ATTRIBUTE_LIST};
    for (size_t i = 0; i < 3; i++) {
        (void)simple(t, operations[i]);
        buf_put_bytes(out, buf_bytes(&answer_buf));
    }
    put_requests(&b, 16);
    say(t, buf_bytes(&b));
    for (int i = 0; i < 16; i++) {
        uint8_t in[TLS_RECORD_MAX];
        ssize_t n = record(t, in, WAIT_MS);
        cr_assert_gt(n, 0);
        buf_put(out, in, (size_t)n);
    }
    buf_clear(&b);
    tls_free(&t);
    end();
}

Test(fault_server, faults_that_do_not_match_leave_every_byte_as_it_is)
{
    struct buf none, others;
    record_conversation("faults=[]", &none);
    record_conversation("faults=[{match: {client: somebody}, action: drop, count: always}, "
                        "{match: {operation: Locate}, action: {truncate: 1}}, "
                        "{match: {connection: 9}, action: refuse}]",
                        &others);
    cr_expect_gt(none.n, 2000);
    cr_expect(bytes_eq(buf_bytes(&none), buf_bytes(&others)));
    buf_clear(&none);
    buf_clear(&others);
}

/* --- before TLS -------------------------------------------------------- */

static void expect_served(void)
{
    struct buf b;
    struct tls_conn *t = client();
    put_requests(&b, 1);
    say(t, buf_bytes(&b));
    cr_expect_eq(next_id(t), 0);
    buf_clear(&b);
    tls_free(&t);
}

Test(fault_server, refuses_connections_and_then_recovers)
{
    START("faults=[{action: {refuse: 2}}]");
    for (int i = 0; i < 2; i++) {
        char c;
        struct kerr err = KERR_INIT;
        int fd = tcp_connect("127.0.0.1", server_port, deadline_in_ms(WAIT_MS), &err);
        if (fd < 0) { /* the reset was there before we looked */
            cr_expect(strstr(err.msg, "reset"), "%s", err.msg);
            continue;
        }
        cr_assert(ready(fd, TLS_WANT_READ, WAIT_MS));
        cr_expect_eq(recv(fd, &c, 1, 0), -1);
        cr_expect_eq(errno, ECONNRESET);
        close(fd);
    }
    expect_served();
    expect_firings("1:refuse 2:refuse");
}

Test(fault_server, handshakes_do_not_begin_for_a_time_or_for_good)
{
    START("faults=[{name: slow, action: {handshake_stall: 300ms}, match: {connection: 1}}, "
          "{name: dead, action: handshake_stall, match: {connection: 2}}]",
          "limits.handshake=100ms");
    int64_t began = clock_mono_ns();
    expect_served();
    int64_t took = clock_mono_ns() - began;
    cr_expect(took >= 300 * NS_PER_MS && took < 3 * NS_PER_S, "%lld", (long long)took);
    struct kerr err = KERR_INIT;
    int fd = dial();
    struct tls_conn *t = tls_new(creds, fd, "127.0.0.1", &err);
    cr_assert(t);
    cr_expect_eq(tls_handshake(t, &err), TLS_WANT_READ);
    cr_expect_not(ready(fd, TLS_WANT_READ, 500), "silence");
    tls_free(&t);
    expect_served();
    expect_firings("1:slow 2:dead");
}

static void expect_handshake_error(const char *word)
{
    struct kerr err = KERR_INIT;
    struct tls_conn *t = shake_hands(creds, &err);
    cr_expect_null(t);
    cr_expect(strstr(err.msg, word), "lacks '%s': %s", word, err.msg);
    if (t)
        tls_free(&t);
}

Test(fault_server, answers_the_hello_with_an_alert)
{
    START("faults=[{action: alert, match: {connection: 1}}, {action: {alert: access_denied}, "
          "match: {connection: 2}}]");
    expect_handshake_error("handshake_failure alert");
    expect_handshake_error("access_denied alert");
    expect_served();
    expect_firings("1:alert 2:alert-2");
}

Test(fault_server, shows_certificates_that_are_wrong_in_one_way)
{
    static const char *const words[] = {"expired", "not", "name", "issuer"};
    START("faults=[{name: a, match: {connection: 1}, action: {certificate: expired}}, "
          "{name: b, match: {connection: 2}, action: {certificate: not_yet_valid}}, "
          "{name: c, match: {connection: 3}, action: {certificate: wrong_name}}, "
          "{name: d, match: {connection: 4}, action: {certificate: unknown_ca}}]");
    for (size_t i = 0; i < 4; i++) {
        struct kerr err = KERR_INIT;
        struct tls_conn *t = shake_hands(creds, &err);
        cr_assert_null(t);
        cr_expect_eq(err.code, KE_TLS_PEER, "%s", err.msg);
        cr_expect(strstr(err.msg, words[i]), "%s", err.msg);
    }
    expect_served();
    expect_firings("1:a 2:b 3:c 4:d");
}

Test(fault_server, needs_the_authoritys_key_for_a_certificate)
{
    static const char *const sets[] = {"faults=[{action: {certificate: expired}}]", NULL};
    struct kerr err = KERR_INIT;
    cr_assert_eq(unlink(tmpdir_file(&dir, "pki/ca-key.pem")), 0);
    cr_expect_not(open_server(sets, &err));
    cr_expect(strstr(err.msg, "certificate cannot be had"), "%s", err.msg);
    cr_expect(strstr(err.msg, "ca-key.pem is not there"), "%s", err.msg);
}

/* --- how connections end ----------------------------------------------- */

static struct tls_conn *client_asking(uint32_t n)
{
    struct buf b;
    struct tls_conn *t = client();
    put_requests(&b, n);
    say(t, buf_bytes(&b));
    buf_clear(&b);
    return t;
}

Test(fault_server, closes_or_resets_or_falls_silent)
{
    uint8_t in[TLS_RECORD_MAX];
    START("faults=[{name: a, match: {connection: 1, nth: 2}, action: close}, "
          "{name: b, match: {connection: 2, nth: 2}, action: reset}, "
          "{name: c, match: {connection: 3, nth: 2}, action: {close_after: 20}}, "
          "{name: d, match: {connection: 4, nth: 2}, action: stall}, "
          "{name: e, match: {connection: 5, nth: 1}, action: {close: after}}, "
          "{name: f, match: {connection: 5}, action: no_close_notify}]");
    struct tls_conn *t = client_asking(3);
    cr_expect_eq(next_id(t), 0);
    expect_end(t, "close");
    tls_free(&t);

    t = client_asking(3);
    cr_expect_eq(next_id(t), 0);
    struct kerr err = KERR_INIT;
    size_t n;
    enum tls_io io;
    while ((io = tls_read(t, in, sizeof in, &n, &err)) == TLS_WANT_READ)
        cr_assert(ready(tls_fd(t), io, WAIT_MS));
    cr_expect_eq(io, TLS_FAILED, "reset");
    tls_free(&t);

    t = client_asking(3);
    cr_expect_eq(next_id(t), 0);
    cr_expect_eq(record(t, in, WAIT_MS), 20);
    expect_end(t, "close_after");
    tls_free(&t);

    t = client_asking(3);
    cr_expect_eq(next_id(t), 0);
    cr_expect_not(ready(tls_fd(t), TLS_WANT_READ, 300), "stall");
    tls_free(&t);

    t = client_asking(3);
    cr_expect_eq(next_id(t), 0);
    cr_expect_eq(record(t, in, WAIT_MS), -1, "no close-notify");
    cr_expect(tls_abrupt(t));
    tls_free(&t);
    expect_served();
    expect_firings("1/2:a 2/2:b 3/2:c 4/2:d 5/1:e 5:f");
}

Test(fault_server, a_half_closed_connection_reads_on)
{
    START("faults=[{action: half_close, match: {nth: 1}}]");
    struct tls_conn *t = client_asking(1);
    cr_expect_eq(next_id(t), 0);
    expect_end(t, "half close");
    struct buf b;
    put_requests(&b, 2);
    say(t, buf_bytes(&b));
    usleep(200000);
    buf_clear(&b);
    tls_free(&t);
    stop();
    cr_expect_eq(server->journal.next, 4, "three exchanges");
}

Test(fault_server, closes_idle_connections)
{
    START("faults=[{action: {idle_close: 300ms}, count: always}]");
    struct tls_conn *t = client_asking(1);
    cr_expect_eq(next_id(t), 0);
    int64_t began = clock_mono_ns();
    expect_end(t, "idle");
    int64_t took = clock_mono_ns() - began;
    cr_expect(took > 250 * NS_PER_MS && took < 2 * NS_PER_S, "%lld", (long long)took);
    tls_free(&t);
    expect_firings("1:idle_close");
}

static void advance_a_day(void *arg)
{
    (void)arg;
    server_advance(server, 24 * 3600 * NS_PER_S);
}

Test(fault_server, virtual_time_needs_no_waiting)
{
    START("faults=[{action: {idle_close: 10h}}]");
    struct tls_conn *t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    int64_t before = time_stamp();
    in_server(advance_a_day, NULL);
    expect_end(t, "a day is over");
    tls_free(&t);
    t = client();
    cr_assert_eq(create(t, 0, NULL).status, 0);
    cr_expect(time_stamp() >= before + 24 * 3600 && time_stamp() < before + 24 * 3600 + 60);
    tls_free(&t);
    expect_firings("1:idle_close");
}

/* Records stay whole on a slow line: only their bytes come slowly. */
Test(fault_server, replies_come_slowly_but_whole)
{
    struct buf b;
    uint8_t in[TLS_RECORD_MAX];
    START("faults=[{action: {bandwidth: 20000}}]");
    struct tls_conn *t = client();
    buf_init(&b, BUF_NO_LIMIT);
    put_request(&b, 1, 60);
    put_request(&b, 2, 1);
    int64_t began = clock_mono_ns();
    say(t, buf_bytes(&b));
    ssize_t n = record(t, in, WAIT_MS);
    double took = (double)(clock_mono_ns() - began) / 1e9;
    cr_assert_gt(n, 6000);
    cr_expect_eq(id_of(bytes_of(in, (size_t)n)), 1);
    double least = (double)n / 20000 * 0.7;
    cr_expect(took > least && took < 3 * least + 0.5, "%zd in %g s", n, took);
    cr_expect_eq(next_id(t), 2);
    buf_clear(&b);
    tls_free(&t);
    expect_firings("1:bandwidth");
}

/* --- how replies leave ------------------------------------------------- */

Test(fault_server, replies_share_records_or_are_cut_into_them)
{
    uint8_t in[2 * TLS_RECORD_MAX];
    START("faults=[{match: {nth: 1}, action: coalesce}, "
          "{match: {nth: 3}, action: {split: [8, 40]}}, "
          "{match: {nth: 4}, action: {reorder: {order: reverse, window: 2}}}]");
    struct tls_conn *t = client_asking(6);
    ssize_t both = record(t, in, WAIT_MS);
    size_t one = 8 + be32_get(in + 4);
    cr_expect_eq((size_t)both, 2 * one);
    cr_expect_eq(id_of(bytes_of(in, one)), 0);
    cr_expect_eq(id_of(bytes_of(in + one, one)), 1);
    cr_expect_eq(record(t, in, WAIT_MS), 8);
    cr_expect_eq(record(t, in + 8, WAIT_MS), 40);
    cr_expect_eq((size_t)record(t, in + 48, WAIT_MS), one - 48);
    cr_expect_eq(id_of(bytes_of(in, one)), 2);
    cr_expect_eq(next_id(t), 4);
    cr_expect_eq(next_id(t), 3);
    cr_expect_eq(next_id(t), 5);
    tls_free(&t);
    expect_firings("1/1:coalesce 1/2:coalesce 1/3:split 1/4:reorder 1/5:reorder");
}

static struct tls_conn *client_named(const char *name, struct tls_creds **c)
{
    struct kerr err = KERR_INIT;
    *c = client_creds(name, false);
    struct tls_conn *t = shake_hands(*c, &err);
    cr_assert(t, "%s", err.msg);
    return t;
}

/* Keys and pipelines, with much that the server makes up; eight requests' numbers as
 * they came back go to `out`. */
static void work(const char *name, char out[64])
{
    struct tls_creds *c;
    struct tls_conn *t = client_named(name, &c);
    struct buf b;
    size_t at = 0;
    keep_uid(create(t, 1700000000, "purpose"));
    (void)simple(t, KMIP_OPERATION_GET);
    keep_uid(create(t, 0, "purpose"));
    (void)simple(t, KMIP_OPERATION_ACTIVATE);
    (void)simple(t, KMIP_OPERATION_RE_KEY);
    (void)simple(t, KMIP_OPERATION_GET_ATTRIBUTES);
    put_requests(&b, 8);
    say(t, buf_bytes(&b));
    for (int i = 0; i < 8; i++)
        at += (size_t)snprintf(out + at, 64 - at, "%u ", next_id(t));
    buf_clear(&b);
    tls_free(&t);
    tls_creds_free(&c);
}

/* One client's journal as text, without times and the numbers of connections. */
static void journal_text(const char *who, struct buf *out)
{
    const struct journal *j = &server->journal;
    uint64_t connection = 0, n = 0;
    buf_init(out, BUF_NO_LIMIT);
    for (uint64_t i = j->first; i < j->next; i++) {
        const struct exchange *e = journal_get(j, i);
        if (strcmp(e->client, who) != 0)
            continue;
        n += e->connection != connection;
        connection = e->connection;
        buf_printf(out, "%llu/%llu %s %s [%s: %s] %s\n", (unsigned long long)n,
                   (unsigned long long)e->nth, kmip_operation_name(e->note.operation),
                   e->note.uid, e->faults, e->event, e->note.message);
        buf_hex(out, buf_bytes(&e->request));
        buf_puts(out, "\n");
        buf_hex(out, buf_bytes(&e->reply));
        buf_puts(out, "\n");
    }
}

Test(fault_server, the_same_seed_gives_the_same_journal_whatever_else_connects)
{
    static const char *const sets[] = {
        "seed=7", "clock={freeze: 2024-02-29T12:00:00Z}",
        "faults=[{action: {reorder: {window: 4}}, count: always, probability: 0.6}, "
        "{match: {operation: Create}, action: {compound_create: ignore}, count: always, "
        "probability: 0.5}]",
        NULL};
    char alone[2][64], beside[2][64], none[64];
    struct buf first, second;
    start(sets);
    work("pki/client", alone[0]);
    work("pki/client", alone[1]);
    stop();
    journal_text("kmip-client", &first);
    end();
    start(sets);
    work("pki/other", none);
    work("pki/client", beside[0]);
    work("pki/other", none);
    work("pki/client", beside[1]);
    stop();
    journal_text("kmip-client", &second);
    cr_expect_str_eq(beside[0], alone[0]);
    cr_expect_str_eq(beside[1], alone[1]);
    cr_expect_str_neq(alone[0], alone[1], "each connection has a stream of its own");
    cr_expect(strstr(buf_cstr(&first), "[reorder"));
    cr_expect_gt(first.n, 10000);
    cr_expect_str_eq(buf_cstr(&second), buf_cstr(&first));
    buf_clear(&first);
    buf_clear(&second);
}

/* --- behaviour --------------------------------------------------------- */

Test(fault_server, compound_create_is_rejected_ignored_or_delayed)
{
    START("faults=[{match: {nth: 1}, action: {compound_create: reject}}, "
          "{match: {nth: 2}, action: {compound_create: ignore}}, "
          "{match: {nth: 3}, action: {compound_create: {is: delay, by: 1h}}}]");
    struct tls_conn *t = client();
    int64_t past = 1700000000;
    struct ttlv_item v;
    cr_expect_eq(create(t, past, NULL).reason, KMIP_RESULT_REASON_INVALID_FIELD);
    keep_uid(create(t, past, NULL));
    cr_expect_eq(state(t), KMIP_STATE_PRE_ACTIVE);
    cr_expect_not(attribute(t, "Activation Date", &v));
    keep_uid(create(t, clock_wall_ns() / NS_PER_S, NULL));
    cr_expect_eq(state(t), KMIP_STATE_PRE_ACTIVE);
    cr_assert(attribute(t, "Activation Date", &v));
    cr_expect_gt(ttlv_long(&v), clock_wall_ns() / NS_PER_S + 3500);
    keep_uid(create(t, past, NULL));
    cr_expect_eq(state(t), KMIP_STATE_ACTIVE, "once each");
    tls_free(&t);
}

static struct kmip_item create_misspelt(struct tls_conn *t)
{
    struct ttlv_writer *w = begin(KMIP_OPERATION_CREATE);
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_text(w, "Nmae", "a");
    ttlv_w_close(w);
    return answer(t);
}

Test(fault_server, a_fault_of_behaviour_is_left_over_while_it_has_no_effect)
{
    START("faults=[{action: {custom_attributes: ignore}}, {action: {compound_create: reject}}]");
    struct tls_conn *t = client();
    struct ttlv_item v;
    cr_expect_eq(create_misspelt(t).reason, KMIP_RESULT_REASON_INVALID_FIELD);
    keep_uid(create(t, 0, "a"));
    cr_expect_not(attribute(t, "x-purpose", &v));
    keep_uid(create(t, 0, "a"));
    cr_expect(attribute(t, "x-purpose", &v));
    cr_expect_eq(create(t, 5, NULL).reason, KMIP_RESULT_REASON_INVALID_FIELD);
    keep_uid(create(t, 5, NULL));
    tls_free(&t);
    expect_firings("1/2:custom_attributes 1/6:compound_create");
}

Test(fault_server, custom_attributes_are_rejected_ignored_or_cut)
{
    START("faults=[{match: {operation: Create, nth: 1}, action: {custom_attributes: reject}}, "
          "{match: {operation: Create, nth: 2}, action: {custom_attributes: ignore}}, "
          "{match: {operation: Create, nth: 3}, "
          "action: {custom_attributes: {is: truncate, length: 6}}}]");
    struct tls_conn *t = client();
    struct ttlv_item v;
    cr_expect_eq(create(t, 0, "secrets").reason, KMIP_RESULT_REASON_INVALID_FIELD);
    keep_uid(create(t, 0, "secrets"));
    cr_expect_not(attribute(t, "x-purpose", &v));
    keep_uid(create(t, 0, "12345\xC3\xA9"));
    cr_assert(attribute(t, "x-purpose", &v));
    cr_expect(bytes_eq_str(v.val, "12345"), "whole characters only");
    tls_free(&t);
}

static void advance_an_hour(void *arg)
{
    (void)arg;
    server_advance(server, 3600 * NS_PER_S);
}

Test(fault_server, activate_takes_effect_later)
{
    START("faults=[{action: {activate: {is: delayed, by: 30m}}}]");
    struct tls_conn *t = client();
    keep_uid(create(t, 0, NULL));
    cr_expect_eq(simple(t, KMIP_OPERATION_ACTIVATE).status, 0);
    cr_expect_eq(state(t), KMIP_STATE_PRE_ACTIVE);
    in_server(advance_an_hour, NULL);
    cr_expect_eq(state(t), KMIP_STATE_ACTIVE);
    tls_free(&t);
    expect_firings("1/2:activate");
}

static bool query_lists(struct tls_conn *t, uint32_t operation)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_w_enum(begin(KMIP_OPERATION_QUERY), KMIP_TAG_QUERY_FUNCTION,
                KMIP_QUERY_FUNCTION_QUERY_OPERATIONS);
    struct kmip_item item = answer(t);
    ttlv_r_init(&r, item.payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_OPERATION && ttlv_enum(&it) == operation)
            return true;
    return false;
}

Test(fault_server, query_lies_in_both_directions)
{
    START("faults=[{action: {not_supported: Get}, count: always}, "
          "{action: {hidden: [Destroy, Locate]}, count: always}]");
    struct tls_conn *t = client();
    keep_uid(create(t, 0, NULL));
    cr_expect(query_lists(t, KMIP_OPERATION_GET));
    cr_expect_not(query_lists(t, KMIP_OPERATION_DESTROY));
    cr_expect_eq(simple(t, KMIP_OPERATION_GET).reason,
                 KMIP_RESULT_REASON_OPERATION_NOT_SUPPORTED);
    cr_expect_eq(simple(t, KMIP_OPERATION_DESTROY).status, 0);
    tls_free(&t);
    expect_firings("1/2:hidden 1/3:hidden 1/4:not_supported");
}

Test(fault_server, a_revoked_session_fails_until_the_client_reconnects)
{
    START("faults=[{action: {session_revoked: {after: 30m, message: gone}}}]");
    struct tls_conn *t = client();
    cr_expect_eq(create(t, 0, NULL).status, 0);
    in_server(advance_an_hour, NULL);
    struct kmip_item it = create(t, 0, NULL);
    cr_expect_eq(it.reason, KMIP_RESULT_REASON_GENERAL_FAILURE);
    cr_expect(bytes_eq_str(it.message, "gone"));
    cr_expect_eq(create(t, 0, NULL).reason, KMIP_RESULT_REASON_GENERAL_FAILURE);
    tls_free(&t);
    t = client();
    cr_expect_eq(create(t, 0, NULL).status, 0);
    tls_free(&t);
    expect_firings("1/2:session_revoked 1/3:session_revoked");
}

Test(fault_server, a_refused_operation_leaves_nothing_behind)
{
    START("faults=[{match: {operation: Destroy}, action: {result: Permission Denied}}]");
    struct tls_conn *t = client();
    keep_uid(create(t, 0, NULL));
    cr_expect_eq(simple(t, KMIP_OPERATION_DESTROY).reason, KMIP_RESULT_REASON_PERMISSION_DENIED);
    cr_expect_eq(state(t), KMIP_STATE_PRE_ACTIVE, "it is still there");
    cr_expect_eq(simple(t, KMIP_OPERATION_DESTROY).status, 0);
    tls_free(&t);
    expect_firings("1/2:result");
}

/* --- clocks ------------------------------------------------------------ */

static int64_t initial_date(struct tls_conn *t)
{
    struct ttlv_item v;
    cr_assert(attribute(t, "Initial Date", &v));
    return ttlv_long(&v);
}

Test(fault_server, the_two_sides_of_the_clock_can_disagree)
{
    static const struct {
        const char *set;
        int64_t stamp, life;
    } rows[] = {
        {"clock={offset: -1h}", -3600, -3600},
        {"clock={offset: -1h, applies_to: time_stamp}", -3600, 0},
        {"clock={offset: +1h, applies_to: life_cycle}", 0, 3600},
        {"clock={connections: [{client: kmip-cl*, offset: 2h}]}", 7200, 7200},
        {"clock={connections: [{client: kmip-other, offset: 2h}]}", 0, 0},
        {"faults=[{action: {clock: {offset: 3h}}}]", 10800, 10800},
        {"clock={jumps: [{after: 2 requests, by: 4h}]}", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        START(rows[i].set);
        struct tls_conn *t = client();
        int64_t now = clock_wall_ns() / NS_PER_S;
        keep_uid(create(t, 0, NULL));
        int64_t stamp = time_stamp() - now - rows[i].stamp;
        cr_expect(stamp >= 0 && stamp < 10, "%s: %lld", rows[i].set, (long long)stamp);
        int64_t life = initial_date(t) - now - rows[i].life;
        cr_expect(life >= 0 && life < 10, "%s: %lld", rows[i].set, (long long)life);
        if (strstr(rows[i].set, "jumps")) {
            (void)initial_date(t);
            cr_expect_gt(time_stamp(), now + 4 * 3600 - 1);
        }
        tls_free(&t);
        end();
    }
}
