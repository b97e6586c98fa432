/* The client against a server that is late, leaves, or speaks something else; raw
 * exchanges; and connections that do not come about. */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/tests/kc_peer.h"
#include "kmip/net/tcp.h"

TestSuite(kc_failure, .timeout = 60);

/* --- peers that fail -------------------------------------------------------------- */

static void silent(struct peer *p)
{
    peer_read(p, 1);
    peer_wait_closed(p);
}

Test(kc_failure, a_silent_server_costs_the_time_out)
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

Test(kc_failure, a_trickle_of_bytes_does_not_stretch_the_time_out)
{
    start(trickle, 1, KC_MATCH_ID);
    kc_ticket t = submit(1);
    kc_set_timeout(c, 200 * NS_PER_MS);
    expect_failure(t, KE_TIMEOUT, "waited 0.2 s for a reply: ");
    expect_failure(t, KE_TIMEOUT, "of at least ");
    /* It was still coming, twenty milliseconds apart: told, not called a standstill. */
    expect_failure(t, KE_TIMEOUT, "bytes of a reply had come, the latest 0.");
    stop(PEER_MAY_BREAK);
}

static void stops_half_way(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 1);
    peer_response(p, 0, NULL, &b);
    peer_send(p, bytes_of(b.p, 60));
    peer_wait_closed(p);
    buf_clear(&b);
}

Test(kc_failure, a_reply_that_has_stopped_is_told_from_one_that_is_slow)
{
    start(stops_half_way, 1, KC_MATCH_ID);
    kc_ticket t = submit(1);
    kc_set_timeout(c, 400 * NS_PER_MS);
    expect_failure(t, KE_TIMEOUT, "60 of at least ");
    expect_failure(t, KE_TIMEOUT, "the latest 0.");
    struct kerr err = KERR_INIT;
    struct buf reply;
    buf_init(&reply, BUF_NO_LIMIT);
    cr_expect(!kc_wait(c, t, &reply, NULL, &err));
    const char *latest = strstr(err.msg, "the latest ");
    cr_assert(latest, "%s", err.msg);
    cr_expect(strtod(latest + strlen("the latest "), NULL) > 0.2, "%s", err.msg);
    stop(PEER_MAY_BREAK);
}

static void says_goodbye(struct peer *p)
{
    peer_read(p, 2);
    peer_reply(p, 0);
}

Test(kc_failure, a_server_that_leaves_fails_what_is_outstanding)
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

Test(kc_failure, a_reply_cut_short_says_how_much_had_come)
{
    start(leaves_in_the_middle, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_CLOSED,
                   "without a TLS close-notify in the middle of a reply: 60 of at least");
    stop(PEER_MAY_BREAK);
}

static void says_more_than_it_announced(struct peer *p)
{
    struct buf b;

    buf_init(&b, BUF_NO_LIMIT);
    peer_read(p, 2);
    peer_response(p, 0, NULL, &b);
    buf_puts(&b, "left over");
    peer_send(p, buf_bytes(&b));
    peer_wait_closed(p);
    buf_clear(&b);
}

Test(kc_failure, bytes_between_replies_cast_doubt_on_the_reply_before_them)
{
    start(says_more_than_it_announced, 2, KC_MATCH_ID);
    kc_ticket a = submit(1), b = submit(2);
    expect_failure(b, KE_TTLV_ROOT, "reply 2 of the connection, if reply 1 was as long as it said");
    expect_reply(a, "uid-0", NULL);
    stop(PEER_MAY_BREAK);
}

static void answers_thrice(struct peer *p)
{
    peer_read(p, 1);
    for (int i = 0; i < 3; i++)
        peer_reply(p, 0);
    peer_wait_closed(p);
}

static void answers_thrice_and_leaves(struct peer *p)
{
    peer_read(p, 1);
    for (int i = 0; i < 3; i++)
        peer_reply(p, 0);
}

/* Looks until they have come. */
static size_t unasked(void)
{
    for (int i = 0; i < 500 && kc_still_open(c) && kc_unasked(c) == 0; i++)
        usleep(10000);
    return kc_unasked(c);
}

Test(kc_failure, replies_nobody_asked_for_are_counted)
{
    start(answers_thrice, 2, KC_MATCH_ID);
    expect_reply(submit(1), "uid-0", NULL);
    cr_expect_gt(unasked(), 0u);
    cr_expect(kc_is_open(c));
    stop(PEER_MAY_BREAK);
}

Test(kc_failure, replies_nobody_asked_for_are_known_after_a_goodbye)
{
    start(answers_thrice_and_leaves, 2, KC_MATCH_ID);
    expect_reply(submit(1), "uid-0", NULL);
    peer_join(&peer);
    while (kc_still_open(c))
        usleep(10000);
    cr_expect_gt(kc_unasked(c), 0u);
    stop(false);
}

Test(kc_failure, a_reply_in_answer_to_a_request_is_asked_for)
{
    start(says_goodbye, 2, KC_MATCH_ID);
    kc_ticket a = submit(1), b = submit(2);
    expect_reply(a, "uid-0", NULL);
    expect_failure(b, KE_CLOSED, "requests outstanding: 1");
    cr_expect_eq(kc_unasked(c), 0u);
    stop(false);
}

static void speaks_http(struct peer *p)
{
    peer_read(p, 1);
    peer_send(p, bytes_str("HTTP/1.1 400 Bad Request\r\n\r\n"));
    peer_wait_closed(p);
}

Test(kc_failure, an_answer_in_another_protocol_is_recognised)
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

Test(kc_failure, a_reply_larger_than_the_limit_is_not_awaited)
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

Test(kc_failure, endless_bytes_end_at_the_first)
{
    start(chatters, 1, KC_MATCH_ID);
    expect_failure(submit(1), KE_TTLV_ROOT, "not a KMIP message");
    stop(PEER_MAY_BREAK);
}

static void on_alarm(int sig)
{
    (void)sig;
}

Test(kc_failure, a_signal_ends_a_wait)
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

Test(kc_failure, exchange_hands_over_whatever_message_comes)
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

Test(kc_failure, exchange_tells_when_the_server_hangs_up_instead)
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

Test(kc_failure, exchange_is_not_for_pipelines)
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

Test(kc_failure, an_answer_to_half_a_request_counts)
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

Test(kc_failure, a_port_nobody_listens_on_is_unreachable)
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

Test(kc_failure, files_that_are_missing_are_named)
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

Test(kc_failure, a_handshake_nobody_answers_costs_the_time_out)
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

Test(kc_failure, a_server_of_another_authority_is_refused)
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
