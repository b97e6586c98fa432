/* The client against a server that follows a script: replies cut and joined, out of
 * order, wrong, late or never. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/lib/kc.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"
#include "kmip/net/tcp.h"
#include "kmip/tests/support/peer.h"

TestSuite(kc, .timeout = 60);

static struct peer peer;
static struct kc_client *c;

static struct kc_connect connect_to_peer(unsigned depth, enum kc_match match)
{
    return (struct kc_connect){
        .host = "127.0.0.1",
        .port = peer.port,
        .files = {.ca = peer.files.ca, .cert = peer.files.cert, .key = peer.files.key},
        .timeout_ns = 10 * NS_PER_S,
        .depth = depth,
        .match = match,
    };
}

static void start(void (*script)(struct peer *p), unsigned depth, enum kc_match match)
{
    struct kerr err = KERR_INIT;

    peer_start(&peer, script, NULL);
    struct kc_connect o = connect_to_peer(depth, match);
    c = kc_open(&o, &err);
    cr_assert(c, "%s", err.msg);
}

static void stop(bool may_break)
{
    kc_close(&c);
    peer_stop(&peer, may_break);
}

/* An Activate request with one byte as its id (0: no id). */
static void request(uint8_t id, struct buf *out)
{
    struct kmip_request head = {0};
    struct ttlv_writer w;

    buf_init(out, BUF_NO_LIMIT);
    req_begin(&w, out, &head, KMIP_OPERATION_ACTIVATE, bytes_of(&id, id ? 1 : 0), NULL);
    req_uid(&w, "key");
    cr_assert(req_end(&w));
}

static kc_ticket submit(uint8_t id)
{
    struct kerr err = KERR_INIT;
    kc_ticket t;
    struct buf b;

    request(id, &b);
    cr_assert(kc_submit(c, buf_bytes(&b), bytes_of(&id, id ? 1 : 0), &t, &err), "%s", err.msg);
    buf_clear(&b);
    return t;
}

/* The Unique Identifier of the reply; "" when there is none. */
static const char *uid_of(struct bytes reply)
{
    static char out[64];
    struct kmip_message m;
    struct kmip_item it;
    struct ttlv_item uid;

    cr_assert(kmip_open(&m, reply, NULL) && kmip_next_item(&m, &it));
    out[0] = 0;
    if (it.has_payload && ttlv_find(&it.payload, KMIP_TAG_UNIQUE_IDENTIFIER, &uid))
        snprintf(out, sizeof out, "%.*s", (int)uid.val.n, (const char *)uid.val.p);
    return out;
}

static void expect_reply(kc_ticket t, const char *uid, struct kc_seen *seen)
{
    struct kerr err = KERR_INIT;
    struct buf reply;

    buf_init(&reply, BUF_NO_LIMIT);
    cr_assert(kc_wait(c, t, &reply, seen, &err), "%s", err.msg);
    cr_expect_str_eq(uid_of(buf_bytes(&reply)), uid);
    buf_clear(&reply);
}

static void expect_failure(kc_ticket t, enum kerr_code code, const char *words)
{
    struct kerr err = KERR_INIT;
    struct buf reply;

    buf_init(&reply, BUF_NO_LIMIT);
    cr_expect(!kc_wait(c, t, &reply, NULL, &err));
    cr_expect_eq(err.code, code, "%s: %s", kerr_name(err.code), err.msg);
    cr_expect(strstr(err.msg, words), "\"%s\" is not in: %s", words, err.msg);
    cr_expect_eq(reply.n, 0u);
    buf_clear(&reply);
}

/* --- records ----------------------------------------------------------------- */

static void three_records(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 1);
    peer_response(p, 0, NULL, &b);
    peer_send(p, bytes_of(b.p, 3)); /* not even a header */
    peer_pause(20);
    peer_send(p, bytes_of(b.p + 3, 40));
    peer_pause(20);
    peer_send(p, bytes_of(b.p + 43, b.n - 43));
    buf_clear(&b);
    peer_wait_closed(p);
}

Test(kc, puts_a_reply_together_from_several_records)
{
    struct kc_seen seen;

    start(three_records, 1, KC_MATCH_ID);
    expect_reply(submit(1), "uid-0", &seen);
    cr_expect_eq(seen.records, 3u);
    cr_expect(!seen.shared_record);
    cr_expect_eq(seen.order, 0u);
    cr_expect_geq(seen.arrived_ns - seen.sent_ns, 40 * NS_PER_MS);
    stop(false);
}

static void byte_by_byte(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 1);
    peer_response(p, 0, NULL, &b);
    for (size_t i = 0; i < b.n; i++)
        peer_send(p, bytes_of(b.p + i, 1));
    buf_clear(&b);
    peer_wait_closed(p);
}

Test(kc, puts_a_reply_together_byte_by_byte)
{
    struct kc_seen seen;

    start(byte_by_byte, 1, KC_MATCH_ID);
    expect_reply(submit(1), "uid-0", &seen);
    cr_expect_gt(seen.records, 100u);
    stop(false);
}

/* Two replies and the start of a third in one record, its rest in another. */
static void joined(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 4);
    peer_response(p, 0, NULL, &b);
    peer_response(p, 1, NULL, &b);
    size_t two = b.n;
    peer_response(p, 2, NULL, &b);
    peer_send(p, bytes_of(b.p, two + 9));
    peer_send(p, bytes_of(b.p + two + 9, b.n - two - 9));
    peer_reply(p, 3);
    buf_clear(&b);
    peer_wait_closed(p);
}

Test(kc, takes_several_replies_from_one_record)
{
    struct kc_seen seen[4];
    kc_ticket t[4];

    start(joined, 4, KC_MATCH_POSITION);
    for (uint8_t i = 0; i < 4; i++)
        t[i] = submit((uint8_t)(i + 1));
    for (size_t i = 0; i < 4; i++) {
        char uid[8];
        snprintf(uid, sizeof uid, "uid-%zu", i);
        expect_reply(t[i], uid, &seen[i]);
        cr_expect_eq(seen[i].order, i);
        cr_expect_eq(seen[i].records, i == 2 ? 2u : 1u, "reply %zu", i);
        cr_expect_eq(seen[i].shared_record, i < 3, "reply %zu", i);
    }
    stop(false);
}

/* A reply of 6 MB is under way while the client writes a request as long. */
static void big_answer(struct peer *p)
{
    static const uint8_t zeros[65536];
    uint8_t head[8];

    peer_read(p, 1);
    be32_put(head, 0x42007B01);
    be32_put(head + 4, 96 * sizeof zeros);
    peer_send(p, bytes_of(head, 8));
    for (int i = 0; i < 96; i++)
        peer_send(p, bytes_of(zeros, sizeof zeros));
    peer_read(p, 1);
    peer_reply(p, 1);
    peer_wait_closed(p);
}

Test(kc, reads_while_it_writes)
{
    struct kerr err = KERR_INIT;
    struct buf big, reply;
    struct ttlv_writer w;
    static const uint8_t id = 2;
    kc_ticket t;

    start(big_answer, 2, KC_MATCH_ID);
    kc_ticket first = submit(1);
    buf_init(&big, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    req_begin(&w, &big, &(struct kmip_request){0}, KMIP_OPERATION_ENCRYPT, bytes_of(&id, 1), NULL);
    uint8_t *data = calloc(1, 6 << 20);
    req_crypt(&w, "key", &(struct req_crypt){.data = bytes_of(data, 6 << 20)});
    cr_assert(req_end(&w));
    cr_assert(kc_submit(c, buf_bytes(&big), bytes_of(&id, 1), &t, &err), "%s", err.msg);
    /* Its content is no TTLV, and it has no id: it goes to the oldest request. */
    cr_assert(kc_wait(c, first, &reply, NULL, &err), "%s", err.msg);
    cr_expect_eq(reply.n, 96u * 65536 + 8);
    expect_reply(t, "uid-1", NULL);
    free(data);
    buf_clear(&big);
    buf_clear(&reply);
    stop(false);
}

/* --- whose a reply is ---------------------------------------------------------- */

static void last_first(struct peer *p)
{
    peer_read(p, 4);
    for (size_t i = 4; i > 0; i--)
        peer_reply(p, i - 1);
    peer_wait_closed(p);
}

Test(kc, finds_the_request_of_each_reply_by_id)
{
    struct kc_seen seen;
    kc_ticket t[4];

    start(last_first, 4, KC_MATCH_ID);
    for (uint8_t i = 0; i < 4; i++)
        t[i] = submit((uint8_t)(i + 1));
    expect_reply(t[1], "uid-1", &seen);
    cr_expect_eq(seen.order, 2u);
    expect_reply(t[0], "uid-0", &seen);
    cr_expect_eq(seen.order, 3u);
    expect_reply(t[3], "uid-3", &seen);
    cr_expect_eq(seen.order, 0u);
    expect_reply(t[2], "uid-2", &seen);
    cr_expect_eq(seen.order, 1u);
    stop(false);
}

static void swapped(struct peer *p)
{
    peer_read(p, 4);
    peer_reply(p, 0);
    peer_reply(p, 2);
    peer_reply(p, 1);
    peer_wait_closed(p);
}

Test(kc, by_position_a_foreign_id_ends_the_connection_and_all_requests)
{
    struct kerr err = KERR_INIT;
    kc_ticket t[4], none;
    struct buf b;

    start(swapped, 4, KC_MATCH_POSITION);
    for (uint8_t i = 0; i < 4; i++)
        t[i] = submit((uint8_t)(0xA1 + i));
    expect_failure(t[1], KE_BATCH_ID,
                   "invalid batch item ID: reply 2 of the connection carries a3, the id of "
                   "outstanding request 2 of 3; the oldest outstanding one has a2");
    cr_expect(!kc_is_open(c));
    expect_reply(t[0], "uid-0", NULL); /* it had come before */
    expect_failure(t[2], KE_BATCH_ID, "dropped earlier");
    expect_failure(t[3], KE_BATCH_ID, "dropped earlier");
    request(9, &b);
    cr_expect(!kc_submit(c, buf_bytes(&b), bytes_of(NULL, 0), &none, &err));
    cr_expect(strstr(err.msg, "dropped earlier"), "%s", err.msg);
    buf_clear(&b);
    stop(PEER_MAY_BREAK);
}

Test(kc, by_position_in_order_works)
{
    start(three_records, 4, KC_MATCH_POSITION);
    expect_reply(submit(7), "uid-0", NULL);
    stop(false);
}

/* Answers request 0 as if it had carried this id (empty: none). */
static void reply_as(struct peer *p, struct bytes id)
{
    struct ttlv_writer w;
    size_t spare = PEER_REQUESTS - 1;

    buf_reset(&p->request[spare]);
    req_begin(&w, &p->request[spare], &(struct kmip_request){0}, KMIP_OPERATION_ACTIVATE, id, NULL);
    if (req_end(&w))
        peer_reply(p, spare);
}

static void foreign_id(struct peer *p)
{
    peer_read(p, 1);
    reply_as(p, bytes_of("\x77", 1));
    peer_wait_closed(p);
}

Test(kc, by_id_an_unknown_id_ends_the_connection)
{
    start(foreign_id, 2, KC_MATCH_ID);
    expect_failure(submit(1), KE_BATCH_ID,
                   "invalid batch item ID: reply 1 of the connection carries 77, the id of no "
                   "outstanding request");
    cr_expect(!kc_is_open(c));
    stop(PEER_MAY_BREAK);
}

static void answers_twice(struct peer *p)
{
    peer_read(p, 1);
    peer_reply(p, 0);
    peer_reply(p, 0);
    peer_read(p, 1);
    peer_reply(p, 1);
    peer_wait_closed(p);
}

Test(kc, a_second_answer_to_one_request_belongs_to_nobody)
{
    static const uint8_t id = 2;
    struct kerr err = KERR_INIT;
    struct buf b;
    kc_ticket t;

    start(answers_twice, 2, KC_MATCH_ID);
    expect_reply(submit(1), "uid-0", NULL);
    request(id, &b);
    /* It is noticed when the next request goes out, or when its reply is awaited. */
    if (kc_submit(c, buf_bytes(&b), bytes_of(&id, 1), &t, &err))
        expect_failure(t, KE_BATCH_ID, "carries 01, the id of no outstanding request");
    else
        cr_expect_eq(err.code, KE_BATCH_ID, "%s", err.msg);
    cr_expect(!kc_is_open(c));
    buf_clear(&b);
    stop(PEER_MAY_BREAK);
}

/* As PyKMIP answers what it cannot read: no operation, no id. */
static void without_id(struct peer *p)
{
    peer_read(p, 2);
    reply_as(p, bytes_of(NULL, 0));
    peer_reply(p, 1);
    peer_wait_closed(p);
}

Test(kc, by_id_a_reply_without_id_goes_to_the_oldest_request)
{
    start(without_id, 2, KC_MATCH_ID);
    kc_ticket a = submit(1), b = submit(2);
    expect_reply(b, "uid-1", NULL);
    expect_reply(a, "uid-31", NULL);
    stop(false);
}

Test(kc, by_position_a_reply_without_id_is_invalid)
{
    start(without_id, 2, KC_MATCH_POSITION);
    kc_ticket a = submit(1);
    submit(2);
    expect_failure(a, KE_BATCH_ID, "carries no id");
    stop(PEER_MAY_BREAK);
}

Test(kc, requests_without_id_are_answered_in_order)
{
    start(joined, 4, KC_MATCH_ID);
    kc_ticket t[4] = {submit(0), submit(0), submit(0), submit(0)};
    for (size_t i = 0; i < 4; i++) {
        char uid[8];
        snprintf(uid, sizeof uid, "uid-%zu", i);
        expect_reply(t[i], uid, NULL);
    }
    stop(false);
}

/* --- the pipeline --------------------------------------------------------------- */

static void two_at_a_time(struct peer *p)
{
    peer_read(p, 2);
    peer_hears_nothing(p, 100);
    peer_reply(p, 0);
    peer_read(p, 1);
    peer_hears_nothing(p, 100);
    peer_reply(p, 2);
    peer_reply(p, 1);
    peer_wait_closed(p);
}

Test(kc, keeps_no_more_requests_in_flight_than_its_depth)
{
    start(two_at_a_time, 2, KC_MATCH_ID);
    kc_ticket t[3] = {submit(1), submit(2), submit(3)};
    for (size_t i = 0; i < 3; i++) {
        char uid[8];
        snprintf(uid, sizeof uid, "uid-%zu", i);
        expect_reply(t[i], uid, NULL);
    }
    stop(false);
}

Test(kc, a_ticket_is_good_for_one_wait)
{
    start(three_records, 1, KC_MATCH_ID);
    kc_ticket t = submit(1);
    expect_reply(t, "uid-0", NULL);
    expect_failure(t, KE_INTERNAL, "nobody waits");
    cr_expect(kc_is_open(c));
    stop(false);
}

Test(kc, makes_ids_that_differ)
{
    uint8_t a[16], b[16];

    kc_new_id(NULL, a);
    kc_new_id(NULL, b);
    cr_expect(memcmp(a, b, 16) != 0);
}

/* --- peers that fail -------------------------------------------------------------- */

static void silent(struct peer *p)
{
    peer_read(p, 1);
    peer_wait_closed(p);
}

Test(kc, a_silent_server_costs_the_time_out)
{
    start(silent, 2, KC_MATCH_ID);
    kc_ticket t = submit(1), other = submit(2);
    kc_set_timeout(c, 150 * NS_PER_MS);
    int64_t before = clock_mono_ns();
    expect_failure(t, KE_TIMEOUT, "waited 0.15 s for a reply in vain");
    int64_t took = clock_mono_ns() - before;
    cr_expect(took >= 140 * NS_PER_MS && took < 5 * NS_PER_S);
    cr_expect(!kc_is_open(c));
    expect_failure(other, KE_TIMEOUT, "dropped earlier");
    stop(PEER_MAY_BREAK);
}

static void trickle(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 1);
    peer_response(p, 0, NULL, &b);
    for (size_t i = 0; i < b.n && !p->failure[0]; i++) {
        peer_send(p, bytes_of(b.p + i, 1));
        peer_pause(20);
    }
    buf_clear(&b);
}

Test(kc, a_trickle_of_bytes_does_not_stretch_the_time_out)
{
    start(trickle, 1, KC_MATCH_ID);
    kc_ticket t = submit(1);
    kc_set_timeout(c, 200 * NS_PER_MS);
    expect_failure(t, KE_TIMEOUT, "bytes of a reply had come");
    stop(PEER_MAY_BREAK);
}

static void says_goodbye(struct peer *p)
{
    peer_read(p, 2);
    peer_reply(p, 0);
}

Test(kc, a_server_that_leaves_fails_what_is_outstanding)
{
    start(says_goodbye, 2, KC_MATCH_ID);
    kc_ticket a = submit(1), b = submit(2);
    expect_failure(b, KE_CLOSED, "the server closed the connection; requests outstanding: 1");
    expect_reply(a, "uid-0", NULL);
    stop(false);
}

static void leaves_in_the_middle(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 1);
    peer_response(p, 0, NULL, &b);
    peer_send(p, bytes_of(b.p, 60));
    peer_hang_up(p);
    buf_clear(&b);
}

Test(kc, a_reply_cut_short_says_how_much_had_come)
{
    start(leaves_in_the_middle, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_CLOSED,
                   "without a TLS close-notify in the middle of a reply: 60 of at least");
    stop(PEER_MAY_BREAK);
}

static void speaks_http(struct peer *p)
{
    peer_read(p, 1);
    peer_send(p, bytes_str("HTTP/1.1 400 Bad Request\r\n\r\n"));
    peer_wait_closed(p);
}

Test(kc, an_answer_in_another_protocol_is_recognised)
{
    start(speaks_http, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_TTLV_ROOT, "HTTP");
    cr_expect(!kc_is_open(c));
    stop(PEER_MAY_BREAK);
}

static void boasts(struct peer *p)
{
    peer_read(p, 1);
    peer_send(p, bytes_of("\x42\x00\x7B\x01\xFF\xFF\xFF\xF8", 8));
    peer_wait_closed(p);
}

Test(kc, a_reply_larger_than_the_limit_is_not_awaited)
{
    start(boasts, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_TTLV_SIZE, "4294967288");
    stop(PEER_MAY_BREAK);
}

static void chatters(struct peer *p)
{
    static const uint8_t zeros[16384];

    peer_read(p, 1);
    while (!p->failure[0])
        peer_send(p, bytes_of(zeros, sizeof zeros));
}

Test(kc, endless_bytes_end_at_the_first)
{
    start(chatters, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_TTLV_ROOT, "not a KMIP message");
    stop(PEER_MAY_BREAK);
}

static void on_alarm(int sig)
{
    (void)sig;
}

Test(kc, a_signal_ends_a_wait)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval in = {.it_value = {.tv_usec = 50000}};
    sigset_t alarm_only;

    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigaction(SIGALRM, &sa, NULL);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL); /* the peer's thread keeps it blocked */
    start(silent, 1, KC_MATCH_ID);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    kc_ticket t = submit(1);
    setitimer(ITIMER_REAL, &in, NULL);
    expect_failure(t, KE_INTERRUPTED, "interrupted");
    stop(PEER_MAY_BREAK);
}

/* --- raw exchange ------------------------------------------------------------------ */

static void answers_anything(struct peer *p)
{
    peer_read(p, 1);
    peer_reply(p, 0);
    peer_wait_closed(p);
}

Test(kc, exchange_hands_over_whatever_message_comes)
{
    struct kerr err = KERR_INIT;
    struct kc_seen seen;
    struct buf b, reply;

    start(answers_anything, 1, KC_MATCH_POSITION);
    request(3, &b);
    buf_init(&reply, BUF_NO_LIMIT);
    cr_assert(kc_exchange(c, buf_bytes(&b), &reply, &seen, &err), "%s", err.msg);
    cr_expect_str_eq(uid_of(buf_bytes(&reply)), "uid-0");
    cr_expect_gt(seen.sent_ns, 0);
    cr_expect_geq(seen.arrived_ns, seen.sent_ns);
    cr_expect(kc_is_open(c));
    buf_clear(&b);
    buf_clear(&reply);
    stop(false);
}

static void hangs_up(struct peer *p)
{
    peer_read(p, 1);
    peer_hang_up(p);
}

Test(kc, exchange_tells_when_the_server_hangs_up_instead)
{
    struct kerr err = KERR_INIT;
    struct buf b, reply;

    start(hangs_up, 1, KC_MATCH_ID);
    request(3, &b);
    buf_init(&reply, BUF_NO_LIMIT);
    cr_expect(!kc_exchange(c, buf_bytes(&b), &reply, NULL, &err));
    cr_expect_eq(err.code, KE_CLOSED, "%s", err.msg);
    cr_expect(!kc_is_open(c));
    buf_clear(&b);
    buf_clear(&reply);
    stop(PEER_MAY_BREAK);
}

Test(kc, exchange_is_not_for_pipelines)
{
    struct kerr err = KERR_INIT;
    struct buf b, reply;

    start(silent, 2, KC_MATCH_ID);
    submit(1);
    request(3, &b);
    buf_init(&reply, BUF_NO_LIMIT);
    cr_expect(!kc_exchange(c, buf_bytes(&b), &reply, NULL, &err));
    cr_expect_eq(err.code, KE_INTERNAL, "%s", err.msg);
    cr_expect(kc_is_open(c));
    buf_clear(&b);
    buf_clear(&reply);
    stop(PEER_MAY_BREAK);
}

/* Takes 8 bytes of a request and answers at once. */
static void answers_early(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    request(1, &p->request[0]);
    peer_response(p, 0, NULL, &b);
    peer_pause(100);
    peer_send(p, buf_bytes(&b));
    buf_clear(&b);
}

Test(kc, an_answer_to_half_a_request_counts)
{
    struct kerr err = KERR_INIT;
    struct buf reply;

    start(answers_early, 1, KC_MATCH_ID);
    buf_init(&reply, BUF_NO_LIMIT);
    cr_assert(kc_send_raw(c, bytes_of("\x42\x00\x78\x01\x00\x00\x01\x00", 8), &err), "%s", err.msg);
    cr_assert(kc_receive(c, &reply, NULL, &err), "%s", err.msg);
    cr_expect_str_eq(uid_of(buf_bytes(&reply)), "uid-0");
    buf_clear(&reply);
    stop(PEER_MAY_BREAK);
}

/* --- opening ------------------------------------------------------------------------ */

static void nothing(struct peer *p)
{
    peer_wait_closed(p);
}

Test(kc, a_port_nobody_listens_on_is_unreachable)
{
    struct kerr err = KERR_INIT;

    peer_start(&peer, nothing, NULL);
    struct kc_connect o = connect_to_peer(1, KC_MATCH_ID);
    o.port = "1";
    cr_expect_null(kc_open(&o, &err));
    cr_expect_eq(err.code, KE_CONNECT, "%s", err.msg);
    o.port = peer.port;
    cr_assert((c = kc_open(&o, &err)));
    cr_expect_eq(kc_tls(c)->version[3], '1', "%s", kc_tls(c)->version);
    stop(false);
}

Test(kc, files_that_are_missing_are_named)
{
    struct kerr err = KERR_INIT;

    peer_start(&peer, nothing, NULL);
    struct kc_connect o = connect_to_peer(1, KC_MATCH_ID);
    o.files.cert = "/nowhere/kmip-cert.pem";
    cr_expect_null(kc_open(&o, &err));
    cr_expect_eq(err.code, KE_PEM, "%s", err.msg);
    cr_expect(strstr(err.msg, "/nowhere/kmip-cert.pem"), "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    o = connect_to_peer(1, KC_MATCH_ID);
    o.files.key = tmpdir_file(&peer.dir, "other/kmip-key.pem");
    cr_expect_null(kc_open(&o, &err));
    cr_expect_eq(err.code, KE_PEM, "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    o = connect_to_peer(1, KC_MATCH_ID);
    cr_assert((c = kc_open(&o, &err)), "%s", err.msg);
    stop(false);
}

/* A listener that accepts and says nothing, or something else than TLS. */
static int plain_listener(char port[16])
{
    struct kerr err = KERR_INIT;
    int n = 0, fd = tcp_listen("127.0.0.1:0", &n, &err);

    cr_assert(fd >= 0, "%s", err.msg);
    snprintf(port, 16, "%d", n);
    return fd;
}

Test(kc, a_handshake_nobody_answers_costs_the_time_out)
{
    struct kerr err = KERR_INIT;
    char port[16];

    peer_start(&peer, nothing, NULL);
    int fd = plain_listener(port);
    struct kc_connect o = connect_to_peer(1, KC_MATCH_ID);
    o.port = port;
    o.timeout_ns = 150 * NS_PER_MS;
    cr_expect_null(kc_open(&o, &err));
    cr_expect_eq(err.code, KE_TIMEOUT, "%s", err.msg);
    cr_expect(strstr(err.msg, "the TLS handshake"), "%s", err.msg);
    close(fd);
    o = connect_to_peer(1, KC_MATCH_ID);
    cr_assert((c = kc_open(&o, &err)));
    stop(false);
}

Test(kc, a_server_of_another_authority_is_refused)
{
    struct kerr err = KERR_INIT;
    struct peer other;

    peer_start(&peer, nothing, NULL);
    peer_start(&other, nothing, NULL);
    struct kc_connect o = connect_to_peer(1, KC_MATCH_ID);
    o.files.ca = other.files.ca;
    cr_expect_null(kc_open(&o, &err));
    cr_expect_eq(err.code, KE_TLS_PEER, "%s", err.msg);
    o.port = other.port;
    o.files = (struct tls_files){other.files.ca, other.files.cert, other.files.key, NULL};
    cr_assert((c = kc_open(&o, &err)));
    kc_close(&c);
    peer_stop(&other, false);
    peer_stop(&peer, PEER_MAY_BREAK);
}
