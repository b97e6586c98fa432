/* Exchanges as they happen: what a reader is told, and that a slow one costs nothing. */
#include "mockserver/control_priv.h"
#include "mockserver/tests/control_rig.h"

TestSuite(control_events, .init = set_up, .fini = tear_down_control, .timeout = 60);

/* --- a reader ---------------------------------------------------------- */

struct reader {
    int fd;
    struct buf in;
    size_t at; /* of what is not looked at yet */
    bool ended;
};

/* HTTP/1.0: the events stand there as they are, not in chunks. small: the kernel keeps
 * little for it. */
static struct reader follow(const char *query, bool small)
{
    struct reader r = {.fd = http_dial()};
    char text[300];
    int bytes = 4096;
    if (small)
        setsockopt(r.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    snprintf(text, sizeof text, "GET /events%s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n", query,
             control_port_text);
    http_send(r.fd, text, strlen(text));
    buf_init(&r.in, BUF_NO_LIMIT);
    return r;
}

static void read_more(struct reader *r)
{
    char piece[65536];
    cr_assert(ready(r->fd, TLS_WANT_READ, WAIT_MS), "nothing comes behind: %s",
              buf_cstr(&r->in) + r->at);
    ssize_t n = recv(r->fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    r->ended = n <= 0;
    if (n > 0)
        buf_put(&r->in, piece, (size_t)n);
}

/* The stream is open once the first line of it is there. */
static void opened(struct reader *r)
{
    while (!strstr(buf_cstr(&r->in), "retry: 1000\n\n"))
        read_more(r);
    r->at = (size_t)(strstr(buf_cstr(&r->in), "retry: 1000\n\n") - buf_cstr(&r->in)) + 13;
}

/* The next event's data, to be freed; *name gets its kind. NULL at the end. */
static json_t *next_event(struct reader *r, char name[40])
{
    for (;;) {
        const char *from = buf_cstr(&r->in) + r->at, *end = strstr(from, "\n\n");
        const char *event = end ? strstr(from, "event: ") : NULL;
        if (end && (!event || event > end)) { /* a comment */
            r->at += (size_t)(end - from) + 2;
        } else if (end) {
            const char *data = strstr(event, "\ndata: ") + 7;
            snprintf(name, 40, "%.*s", (int)strcspn(event + 7, "\n"), event + 7);
            json_t *v = json_loadb(data, (size_t)(end - data), 0, NULL);
            cr_assert(v, "%s", from);
            r->at += (size_t)(end - from) + 2;
            return v;
        } else if (r->ended) {
            return NULL;
        } else {
            read_more(r);
        }
    }
}

static json_t *next_exchange(struct reader *r)
{
    char name[40] = "";
    json_t *v = next_event(r, name);
    cr_assert_str_eq(name, "exchange");
    return v;
}

static void leave(struct reader *r)
{
    close(r->fd);
    buf_clear(&r->in);
}

/* --- entries ----------------------------------------------------------- */

static void add_entries(void *arg)
{
    static const uint8_t some[200];
    struct journal *j = &server->journal;
    for (int i = *(int *)arg; i > 0; i--) {
        uint64_t n = journal_add(j,
                                 &(struct journal_about){.connection = 1 + (uint64_t)i % 2,
                                                         .nth = (uint64_t)i,
                                                         .client = "made"},
                                 NULL, bytes_of(some, sizeof some),
                                 bytes_of(some, sizeof some));
        journal_left(j, n, 1);
    }
}

static void add(int n)
{
    in_server(add_entries, &n);
}

/* --- being told -------------------------------------------------------- */

Test(control_events, tells_exchanges_as_they_happen)
{
    START_CONTROL("faults=[{name: slow, match: {operation: Activate}, action: {delay: 60ms}}]");
    struct reader r = follow("", false);
    opened(&r);
    struct tls_conn *t = client();
    keep_uid(create(t, 0, NULL));
    json_t *v = next_exchange(&r);
    cr_expect_eq(int_of(v, "number"), 1);
    cr_expect_str_eq(text_of(v, "operations[0]"), "Create");
    cr_expect_null(at(v, "request.text"), "messages are asked for one by one");
    json_decref(v);
    simple(t, KMIP_OPERATION_ACTIVATE);
    bool held = false;
    for (;;) { /* once when it came, and again when its reply has left */
        v = next_exchange(&r);
        bool left = int_of(v, "number") == 2 && int_of(v, "left_turn") == 4;
        held = held || (int_of(v, "number") == 2 && !left);
        if (left)
            break;
        json_decref(v);
    }
    cr_expect(held, "it was not told while its reply was held");
    cr_expect_str_eq(text_of(v, "faults[0]"), "slow");
    json_decref(v);
    tls_free(&t);
    leave(&r);
}

Test(control_events, are_no_place_for_keys)
{
    START_CONTROL("preload=[{identifier: k, value: 000102030405060708090a0b0c0d0e0f}]");
    struct reader r = follow("", false);
    opened(&r);
    struct tls_conn *t = client();
    snprintf(uid, sizeof uid, "k");
    simple(t, KMIP_OPERATION_GET);
    json_decref(next_exchange(&r));
    cr_expect_not(strstr(buf_cstr(&r.in), "00010203"), "%s", buf_cstr(&r.in));
    tls_free(&t);
    leave(&r);
}

Test(control_events, begin_where_the_reader_says)
{
    static const struct {
        const char *query;
        int first;
    } rows[] = {{"?last=3", 8}, {"?last=100", 1}, {"?since=5", 5}, {"?since=99", 11}, {"", 11}};
    START_CONTROL("seed=7");
    add(10);
    struct reader readers[5];
    for (size_t i = 0; i < 5; i++) {
        readers[i] = follow(rows[i].query, false);
        opened(&readers[i]);
    }
    add(1);
    for (size_t i = 0; i < 5; i++) {
        json_t *v = next_exchange(&readers[i]);
        cr_expect_eq(int_of(v, "number"), rows[i].first, "%s", rows[i].query);
        json_decref(v);
        leave(&readers[i]);
    }
}

Test(control_events, can_be_filtered)
{
    START_CONTROL("seed=7");
    struct reader r = follow("?connection=2", false);
    opened(&r);
    add(6);
    for (int n = 1; n <= 5; n += 2) { /* from 6 down to 1, and an odd one is on connection 2 */
        json_t *v = next_exchange(&r);
        cr_expect_eq(int_of(v, "number"), n + 1);
        cr_expect_eq(int_of(v, "connection"), 2);
        json_decref(v);
    }
    leave(&r);
}

Test(control_events, tell_each_change_once)
{
    START_CONTROL("seed=7");
    struct reader r = follow("", false);
    opened(&r);
    add(50);
    for (int n = 1; n <= 50; n++) { /* added and left before anybody looked: told once */
        json_t *v = next_exchange(&r);
        cr_expect_eq(int_of(v, "number"), n);
        json_decref(v);
    }
    add(1);
    json_t *v = next_exchange(&r);
    cr_expect_eq(int_of(v, "number"), 51);
    json_decref(v);
    leave(&r);
}

/* --- too much ---------------------------------------------------------- */

/* All events until `want` entries are accounted for. */
static void tally(struct reader *r, long long want, long long *told, long long *lost,
                  long long *skipped)
{
    *told = *lost = *skipped = 0;
    while (*told + *lost + *skipped < want) {
        char name[40] = "";
        json_t *v = next_event(r, name);
        cr_assert(v, "the stream ended");
        *told += strcmp(name, "exchange") == 0;
        *lost += int_of(v, "lost");
        *skipped += int_of(v, "skipped");
        json_decref(v);
    }
}

Test(control_events, a_slow_reader_loses_entries_and_is_told_how_many)
{
    enum { ALL = 40000, ROUNDS = 40 };
    START_CONTROL("journal={exchanges: 50}");
    struct reader r = follow("?most=1000000", true);
    opened(&r);
    for (int i = 0; i < ROUNDS; i++) {
        add(ALL / ROUNDS);
        json_t *v = expect_json(200, "GET", "/state", NULL); /* nobody waits for the reader */
        cr_expect_eq(int_of(v, "followers"), 1);
        cr_expect_leq(int_of(v, "journal.kept"), 50);
        json_decref(v);
    }
    long long told, lost, skipped;
    tally(&r, ALL, &told, &lost, &skipped);
    cr_expect_eq(told + lost, ALL, "%lld told, %lld lost", told, lost);
    cr_expect_gt(lost, 0);
    cr_expect_gt(told, 0);
    cr_expect_eq(skipped, 0);
    leave(&r);
}

Test(control_events, a_reader_can_ask_for_a_sample)
{
    START_CONTROL("seed=7");
    struct reader r = follow("?most=20", false);
    opened(&r);
    add(500);
    long long told, lost, skipped;
    tally(&r, 500, &told, &lost, &skipped);
    cr_expect_eq(lost, 0);
    cr_expect_gt(skipped, 0);
    cr_expect_geq(told, 20);
    leave(&r);
}

Test(control_events, refuses_what_it_cannot_do)
{
    START_CONTROL("journal={exchanges: 5}");
    expect_status(400, "GET", "/events?since=1&last=1", NULL);
    expect_status(400, "GET", "/events?messages=text", NULL);
    expect_status(400, "GET", "/events?most=0", NULL);
    expect_status(405, "POST", "/events", NULL);
    struct reader r[CONTROL_STREAMS_MAX];
    for (int i = 0; i < CONTROL_STREAMS_MAX; i++) {
        r[i] = follow("", false);
        opened(&r[i]);
    }
    expect_status(503, "GET", "/events", NULL);
    for (int i = 0; i < CONTROL_STREAMS_MAX; i++)
        leave(&r[i]);
}

Test(control_events, need_a_journal)
{
    START_CONTROL("journal={exchanges: 0}");
    expect_status(409, "GET", "/events", NULL);
}

Test(control_events, end_when_the_server_stops)
{
    START_CONTROL("seed=7");
    struct reader r = follow("", false);
    char name[40];
    opened(&r);
    stop();
    control_close(server);
    cr_expect_null(next_event(&r, name));
    leave(&r);
}

Test(control_events, go_on_when_the_journal_is_forgotten)
{
    START_CONTROL("seed=7");
    struct reader r = follow("", false);
    opened(&r);
    add(3);
    for (int i = 0; i < 3; i++)
        json_decref(next_exchange(&r));
    expect_status(200, "DELETE", "/journal", NULL);
    add(1);
    json_t *v = next_exchange(&r);
    cr_expect_eq(int_of(v, "number"), 4);
    json_decref(v);
    leave(&r);
}
