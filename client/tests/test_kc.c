/* The client against a server that follows a script: replies cut and joined, out of
 * order, with wrong ids; and how many requests are in flight. */
#include <stdlib.h>

#include "client/tests/kc_peer.h"

TestSuite(kc, .timeout = 60);

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
        expect_failure(t, KE_BATCH_ID, "carries 01, the id of the reply before it: one "
                                       "request was answered twice");
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
