/* Sessions without sockets: however bytes come in, each request has one reply;
 * what can never be a message ends the session.
 *
 * The engine behind them is a stand-in, linked in place of the real one: it
 * answers with the request itself, as many times as the request says. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/base/clock.h"
#include "kmip/ttlv/writer.h"
#include "mockserver/session.h"

#define MS NS_PER_MS

static struct mock_config cfg;
static struct mock_engine engine;
static unsigned answered, rejected;
static bool out_of_memory;
static char rejection[sizeof ((struct kerr *)NULL)->msg];

/* A request is a Request Message with two Integers: its number, and how many bytes
 * its reply is to be padded with. */
bool engine_answer(struct mock_engine *e, const struct engine_request *rq, struct buf *out,
                   struct answer_note *note, struct kerr *err)
{
    struct bytes request = rq->bytes;
    (void)e;
    if (out_of_memory)
        return kerr_set(err, KE_MEMORY, "no memory for a reply");
    answered++;
    note->items = 1;
    return buf_put_bytes(out, request) && buf_fill(out, 'x', be32_get(request.p + 32));
}

bool engine_reject(struct mock_engine *e, const struct kerr *why, struct buf *out, struct kerr *err)
{
    (void)e;
    (void)err;
    rejected++;
    snprintf(rejection, sizeof rejection, "%s", why->msg);
    return buf_puts(out, "rejected");
}

static void put_request(struct buf *b, int32_t number, int32_t padding)
{
    struct ttlv_writer w;
    ttlv_w_init(&w, b, NULL);
    ttlv_w_open(&w, KMIP_TAG_REQUEST_MESSAGE);
    ttlv_w_int(&w, KMIP_TAG_BATCH_COUNT, number);
    ttlv_w_int(&w, KMIP_TAG_MAXIMUM_RESPONSE_SIZE, padding);
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w));
}

static struct session s;

static void set_up(void)
{
    struct mock_peer peer = {.identity = "client\n", .authenticated = true};
    cfg.limits.message_size = 4096;
    cfg.limits.response_size = 64 << 20;
    cfg.limits.request_ns = 30 * NS_PER_S;
    cfg.limits.idle_ns = 60 * NS_PER_S;
    cfg.seed = 7;
    engine.cfg = &cfg;
    session_init(&s, &engine, &peer, 1, 0);
}

static void tear_down(void)
{
    session_clear(&s);
}

TestSuite(session, .init = set_up, .fini = tear_down, .timeout = 20);

static void feed(struct bytes v, int64_t now_ns)
{
    struct kerr err = KERR_INIT;
    cr_assert(session_feed(&s, v, now_ns, &err), "%s", err.msg);
}

/* Numbers of the requests whose replies leave now, and what then is to be done. */
static const char *sent(int64_t now_ns, char out[512], struct action *last)
{
    size_t at = 0;
    out[0] = 0;
    struct action a;
    while ((a = session_next(&s, now_ns)).kind == ACTION_SEND) {
        int n = bytes_eq_str(buf_bytes(&a.reply->bytes), "rejected")
                    ? snprintf(out + at, 512 - at, "rejected ")
                    : snprintf(out + at, 512 - at, "%u ", be32_get(a.reply->bytes.p + 16));
        at += (size_t)n;
        cr_assert_lt(at, 512);
        reply_free(&a.reply);
    }
    if (last)
        *last = a;
    return out;
}

static void three_requests(struct buf *b)
{
    buf_init(b, BUF_NO_LIMIT);
    for (int32_t i = 0; i < 3; i++)
        put_request(b, i, 0);
}

Test(session, answers_each_request_however_the_bytes_are_cut)
{
    struct buf b;
    char out[512];
    three_requests(&b);
    for (size_t piece = 1; piece <= b.n; piece++) {
        char all[64] = "";
        for (size_t at = 0; at < b.n; at += piece) {
            feed(bytes_of(b.p + at, b.n - at < piece ? b.n - at : piece), 0);
            strcat(all, sent(0, out, NULL));
        }
        cr_expect_str_eq(all, "0 1 2 ", "pieces of %zu bytes", piece);
        cr_expect_eq(s.in.n, 0);
        cr_expect_eq(s.in.cap, 0, "an idle session holds no buffer");
    }
    buf_clear(&b);
}

Test(session, answers_a_request_as_soon_as_it_is_whole)
{
    struct buf b;
    char out[512];
    three_requests(&b);
    feed(bytes_of(b.p, b.n / 3 + 1), 0);
    cr_expect_str_eq(sent(0, out, NULL), "0 ");
    buf_clear(&b);
}

Test(session, rejects_what_is_no_message_and_then_closes)
{
    static const char http[] = "GET / HTTP/1.1\r\n\r\n";
    char out[512];
    struct action a;
    feed(bytes_str(http), 0);
    cr_expect_str_eq(sent(0, out, &a), "rejected ");
    cr_expect_eq(a.kind, ACTION_CLOSE);
    cr_expect(strstr(rejection, "HTTP"), "%s", rejection);
    feed(bytes_str(http), 0);
    cr_expect_eq(rejected, 1, "once is enough");
}

Test(session, ends_without_a_word_where_it_is_told_to)
{
    char out[512];
    struct action a;
    switch_set(&cfg.switches, VAR_LOST_FRAMING_ENDS_CONNECTION);
    feed(bytes_str("GET / HTTP/1.1\r\n\r\n"), 0);
    cr_expect_str_eq(sent(0, out, &a), "");
    cr_expect_eq(a.kind, ACTION_CLOSE);
    cr_expect_eq(rejected, 0);
}

Test(session, rejects_garbage_behind_answered_requests)
{
    struct buf b;
    char out[512];
    struct action a;
    three_requests(&b);
    buf_puts(&b, "garbage");
    put_request(&b, 9, 0);
    feed(buf_bytes(&b), 0);
    cr_expect_str_eq(sent(0, out, &a), "0 1 2 rejected ");
    cr_expect_eq(a.kind, ACTION_CLOSE);
    cr_expect_eq(answered, 3);
    buf_clear(&b);
}

Test(session, rejects_garbage_that_follows_in_pieces)
{
    struct buf b;
    char out[512];
    three_requests(&b);
    feed(bytes_of(b.p, 10), 0);
    buf_drop(&b, 10);
    buf_puts(&b, "garbage");
    feed(buf_bytes(&b), 0);
    cr_expect_str_eq(sent(0, out, NULL), "0 1 2 rejected ");
    cr_expect_eq(s.in.n, 0);
    buf_clear(&b);
}

Test(session, rejects_a_message_beyond_the_limit_by_its_header)
{
    static const uint8_t head[8] = {0x42, 0x00, 0x78, 0x01, 0x00, 0x00, 0x10, 0x00};
    char out[512];
    struct action a;
    feed(bytes_of(head, sizeof head), 0);
    cr_expect_str_eq(sent(0, out, &a), "rejected ");
    cr_expect_eq(a.kind, ACTION_CLOSE);
    cr_expect(strstr(rejection, "the limit"), "%s", rejection);
}

Test(session, takes_a_message_of_exactly_the_limit)
{
    struct buf b;
    struct ttlv_writer w;
    char out[512];
    buf_init(&b, BUF_NO_LIMIT);
    ttlv_w_init(&w, &b, NULL);
    ttlv_w_open(&w, KMIP_TAG_REQUEST_MESSAGE);
    ttlv_w_int(&w, KMIP_TAG_BATCH_COUNT, 5);
    ttlv_w_int(&w, KMIP_TAG_MAXIMUM_RESPONSE_SIZE, 0);
    static const uint8_t zeros[4096 - 48];
    ttlv_w_bytes(&w, KMIP_TAG_DATA, bytes_of(zeros, sizeof zeros));
    ttlv_w_close(&w);
    cr_assert(ttlv_w_finish(&w));
    cr_assert_eq(b.n, 4096);
    for (size_t at = 0; at < b.n; at += 100)
        feed(bytes_of(b.p + at, b.n - at < 100 ? b.n - at : 100), 0);
    cr_expect_str_eq(sent(0, out, NULL), "5 ");
    buf_clear(&b);
}

Test(session, after_the_peer_is_done_sends_what_is_outstanding_and_closes)
{
    struct buf b;
    char out[512];
    struct action a;
    session_clear(&s);
    cfg.reorder_window = 8;
    cfg.reorder_wait_ns = 3600 * NS_PER_S;
    set_up();
    three_requests(&b);
    feed(bytes_of(b.p, b.n - 5), 0);
    cr_expect_str_eq(sent(0, out, &a), "");
    cr_expect_eq(a.kind, ACTION_WAIT);
    cr_expect_eq(a.at_ns, 3600 * NS_PER_S);
    session_end(&s);
    cr_expect_str_eq(sent(0, out, &a), "1 0 ", "two held replies have one other order");
    cr_expect_eq(a.kind, ACTION_CLOSE);
    buf_clear(&b);
}

Test(session, holds_replies_of_a_reordered_pipeline_no_longer_than_allowed)
{
    struct buf b;
    char out[512];
    struct action a;
    session_clear(&s);
    cfg.reorder_window = 4;
    cfg.reorder_wait_ns = 50 * MS;
    set_up();
    buf_init(&b, BUF_NO_LIMIT);
    put_request(&b, 0, 0);
    feed(buf_bytes(&b), 10 * MS);
    cr_expect_str_eq(sent(10 * MS, out, &a), "");
    cr_expect_eq(a.at_ns, 60 * MS);
    cr_expect_str_eq(sent(60 * MS, out, NULL), "0 ");
    buf_clear(&b);
}

Test(session, holds_back_a_client_that_does_not_read)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (int32_t i = 0; i < 300; i++)
        put_request(&b, i, 0);
    feed(buf_bytes(&b), 0);
    cr_expect(session_full(&s));
    unsigned first = answered;
    cr_expect_lt(first, 300);
    const char *why;
    cr_expect_eq(session_deadline(&s, &why), INT64_MAX, "a peer held back is not too slow");

    uint32_t n = 0;
    for (int i = 0; i < 20 && n < 300; i++) {
        struct action a;
        while ((a = session_next(&s, 0)).kind == ACTION_SEND) {
            cr_expect_eq(be32_get(a.reply->bytes.p + 16), n++);
            reply_free(&a.reply);
        }
        feed(bytes_of(NULL, 0), 0);
    }
    cr_expect_eq(n, 300);
    cr_expect_eq(s.pipe.bytes, 0);
    buf_clear(&b);
}

Test(session, counts_the_bytes_of_replies_that_wait)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    for (int32_t i = 0; i < 8; i++)
        put_request(&b, i, 1 << 20);
    feed(buf_bytes(&b), 0);
    cr_expect(session_full(&s));
    cr_expect_lt(answered, 8);
    cr_expect_lt(s.pipe.bytes, 6u << 20);
    buf_clear(&b);
}

Test(session, gives_a_request_its_time_from_the_first_byte)
{
    struct buf b;
    char out[512];
    const char *why = NULL;
    three_requests(&b);
    cr_expect_eq(session_deadline(&s, &why), 60 * NS_PER_S, "idle from the start");
    feed(bytes_of(b.p, 5), 10 * NS_PER_S);
    cr_expect_eq(session_deadline(&s, &why), 40 * NS_PER_S);
    feed(bytes_of(b.p + 5, 5), 20 * NS_PER_S);
    cr_expect_eq(session_deadline(&s, &why), 40 * NS_PER_S, "dripping bytes gains no time");
    cr_expect(strstr(why, "not finished"), "%s", why);
    feed(bytes_of(b.p + 10, b.n / 3), 25 * NS_PER_S);
    cr_expect_eq(session_deadline(&s, &why), 55 * NS_PER_S, "the next request has begun");
    feed(bytes_of(b.p + 10 + b.n / 3, b.n - 10 - b.n / 3), 26 * NS_PER_S);
    cr_expect_str_eq(sent(26 * NS_PER_S, out, NULL), "0 1 2 ");
    cr_expect_eq(session_deadline(&s, &why), 86 * NS_PER_S);
    cr_expect(strstr(why, "idle"), "%s", why);
    buf_clear(&b);
}

Test(session, has_no_time_limits_when_they_are_zero)
{
    struct buf b;
    const char *why;
    cfg.limits.request_ns = cfg.limits.idle_ns = 0;
    cr_expect_eq(session_deadline(&s, &why), INT64_MAX);
    three_requests(&b);
    feed(bytes_of(b.p, 5), 10);
    cr_expect_eq(session_deadline(&s, &why), INT64_MAX);
    buf_clear(&b);
}

Test(session, reports_a_server_that_cannot_go_on)
{
    struct buf b;
    struct kerr err = KERR_INIT;
    three_requests(&b);
    out_of_memory = true;
    cr_expect_not(session_feed(&s, buf_bytes(&b), 0, &err));
    cr_expect_eq(err.code, KE_MEMORY);
    buf_clear(&b);
}

Test(session, shows_an_identity_without_its_control_characters)
{
    cr_expect_null(strchr(s.who, '\n'));
    cr_expect_eq(strncmp(s.who, "client", 6), 0);
}
