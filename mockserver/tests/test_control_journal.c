/* The journal by the control API: what is shown, what is waited for, what is never shown. */
#include <ctype.h>

#include "mockserver/tests/control_rig.h"

TestSuite(control_journal, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(control_wait, .init = set_up, .fini = tear_down_control, .timeout = 60);
TestSuite(control_secrets, .init = set_up, .fini = tear_down_control, .timeout = 120);

/* --- showing ----------------------------------------------------------- */

static void create_and_activate(struct tls_conn *t)
{
    keep_uid(create(t, 0, NULL));
    cr_assert_eq(simple(t, KMIP_OPERATION_ACTIVATE).status, 0);
}

Test(control_journal, shows_exchanges_decoded)
{
    START_CONTROL("faults=[{name: slow, match: {operation: Activate}, action: {delay: 5ms}}]");
    struct tls_conn *t = client();
    create_and_activate(t);
    json_t *v = expect_json(200, "GET", "/journal?messages=text,yaml,hex", NULL);
    cr_assert_eq(count_of(v, "exchanges"), 2);
    const json_t *e = at(v, "exchanges[1]");
    cr_expect_eq(int_of(e, "number"), 2);
    cr_expect_eq(int_of(e, "connection"), 1);
    cr_expect_eq(int_of(e, "nth"), 2);
    cr_expect_str_eq(text_of(e, "client"), "kmip-client");
    cr_expect_str_eq(text_of(e, "operations[0]"), "Activate");
    cr_expect_str_eq(text_of(e, "unique_identifier"), uid);
    cr_expect_str_eq(text_of(e, "result.status"), "Success");
    cr_expect_str_eq(text_of(e, "faults[0]"), "slow");
    cr_expect(strstr(text_of(e, "event"), "delayed"), "%s", text_of(e, "event"));
    cr_expect(strstr(text_of(e, "request.text"), "Operation: Activate"));
    cr_expect(strstr(text_of(e, "reply.text"), "Result Status: Success"));
    cr_expect(strstr(text_of(e, "reply.yaml"), "Response Message:"));
    cr_expect(strstr(text_of(e, "reply.hex"), "42007B"), "%s", text_of(e, "reply.hex"));
    cr_expect_gt(int_of(e, "request.size"), 100);
    cr_expect(strlen(text_of(e, "time")) == strlen("2024-02-29T12:00:00.000Z"));
    json_decref(v);
    v = expect_json(200, "GET", "/journal?messages=none", NULL);
    cr_expect_null(at(v, "exchanges[0].request.text"));
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, shows_what_happened_to_a_connection)
{
    START_CONTROL("faults=[{name: gone, action: {refuse: 1}}]");
    struct kerr err = KERR_INIT;
    int fd = tcp_connect("127.0.0.1", server_port, deadline_in_ms(WAIT_MS), &err);
    json_t *v = expect_json(200, "GET", "/journal/wait?fault=gone", NULL);
    cr_expect_eq(count_of(v, "exchanges"), 1);
    cr_expect_null(at(v, "exchanges[0].request"));
    cr_expect(strlen(text_of(v, "exchanges[0].event")) > 0);
    json_decref(v);
    close(fd); /* -1 when it was reset before it was there */
}

static const struct {
    const char *query;
    const char *numbers;
} filters[] = {
    {"", "1 2 3 4 5 "},
    {"operation=Create", "1 3 5 "},
    {"operation=create", "1 3 5 "},
    {"operation=Activate,Query", "2 4 "},
    {"operation=Locate", ""},
    {"client=kmip-other", "3 4 "},
    {"client=kmip-*", "1 2 3 4 5 "},
    {"client=nobody", ""},
    {"connection=2", "3 4 "},
    {"connection=9", ""},
    {"fault=slow", "2 4 "},
    {"fault=*", "2 4 5 "},
    {"fault=s*&client=kmip-client", "2 "},
    {"fault=slo", ""},
    {"since=3", "3 4 5 "},
    {"since=99", ""},
    {"limit=2", "4 5 "},
    {"limit=2&operation=Create", "3 5 "},
    {"since=1&limit=2", "1 2 "},
    {"since=2&limit=2&operation=Create", "3 5 "},
};

static void five_exchanges(void)
{
    struct tls_creds *other = client_creds("pki/other", false);
    struct kerr err = KERR_INIT;
    struct tls_conn *a = client(), *b = shake_hands(other, &err);
    cr_assert(b, "%s", err.msg);
    create_and_activate(a);
    create_and_activate(b);
    cr_expect_neq(create(a, 0, "refused").status, 0);
    tls_free(&a);
    tls_free(&b);
    tls_creds_free(&other);
}

Test(control_journal, chooses_what_is_shown)
{
    START_CONTROL("faults=[{name: slow, match: {operation: Activate}, action: {delay: 1ms}, "
                  "count: always}, {name: no, match: {nth: 3}, action: {result: {reason: General "
                  "Failure}}}]");
    five_exchanges();
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        char path[200], numbers[100] = "";
        snprintf(path, sizeof path, "/journal?messages=none%s%s", filters[i].query[0] ? "&" : "",
                 filters[i].query);
        json_t *v = expect_json(200, "GET", path, NULL);
        for (size_t k = 0; k < count_of(v, "exchanges"); k++)
            snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%lld ",
                     int_of(json_array_get(at(v, "exchanges"), k), "number"));
        cr_expect_str_eq(numbers, filters[i].numbers, "%s: %s", filters[i].query, numbers);
        json_decref(v);
    }
}

Test(control_journal, finds_every_operation_of_a_batch)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    begin(KMIP_OPERATION_QUERY);
    buf_clear(&message);
    buf_init(&message, BUF_NO_LIMIT);
    ttlv_w_init(&writer, &message, NULL);
    kmip_request_begin(&writer, &(struct kmip_request){.batch_count = 2});
    kmip_item_begin(&writer, KMIP_OPERATION_QUERY, bytes_str("a"));
    ttlv_w_enum(&writer, KMIP_TAG_QUERY_FUNCTION, KMIP_QUERY_FUNCTION_QUERY_OBJECTS);
    kmip_item_end(&writer);
    kmip_item_begin(&writer, KMIP_OPERATION_LOCATE, bytes_str("b"));
    answer(t);
    json_t *v = expect_json(200, "GET", "/journal?operation=Locate", NULL);
    cr_expect_eq(count_of(v, "exchanges[0].operations"), 2);
    cr_expect_str_eq(text_of(v, "exchanges[0].operations[1]"), "Locate");
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, pages_and_tells_what_was_missed)
{
    START_CONTROL("journal.exchanges=4");
    struct tls_conn *t = client();
    for (int i = 0; i < 10; i++)
        create(t, 0, NULL);
    json_t *v = expect_json(200, "GET", "/journal?since=2&limit=3", NULL);
    long long first = int_of(v, "first"), next = int_of(v, "next");
    cr_expect_eq(first, server->journal.first);
    cr_expect_eq(int_of(v, "missed"), first - 2);
    cr_expect(json_is_true(at(v, "more")));
    cr_expect_eq(next, first + 3);
    json_decref(v);
    char path[60];
    snprintf(path, sizeof path, "/journal?since=%lld", next);
    v = expect_json(200, "GET", path, NULL);
    cr_expect_eq(int_of(v, "missed"), 0);
    cr_expect(json_is_false(at(v, "more")));
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    v = expect_json(200, "DELETE", "/journal", NULL);
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    v = expect_json(200, "GET", "/journal?since=11", NULL);
    cr_expect_eq(count_of(v, "exchanges"), 0);
    cr_expect_eq(int_of(v, "next"), 11);
    json_decref(v);
    tls_free(&t);
}

Test(control_journal, says_when_none_is_kept)
{
    START_CONTROL("journal.exchanges=0");
    json_t *v = expect_json(409, "GET", "/journal", NULL);
    cr_expect_str_eq(text_of(v, "error.field"), "journal.exchanges");
    json_decref(v);
}

/* --- waiting ----------------------------------------------------------- */

static void expect_waiting(int fd)
{
    cr_expect_not(ready(fd, TLS_WANT_READ, 100), "it did not wait");
}

Test(control_wait, answers_once_so_many_are_there)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?count=3&operation=Create&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    keep_uid(create(t, 0, NULL));
    struct http h = http_take(fd);
    cr_expect_eq(h.status, 200);
    cr_expect_eq(count_of(h.json, "exchanges"), 3);
    http_free(&h);
    expect_status(200, "GET", "/journal/wait?count=3&timeout=0", NULL); /* no need to wait */
    tls_free(&t);
}

Test(control_wait, counts_from_a_number_on)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?since=3&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    struct http h = http_take(fd);
    cr_expect_eq(int_of(h.json, "exchanges[0].number"), 3);
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, ends_with_what_there_was_when_time_is_up)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int64_t began = clock_mono_ns();
    json_t *v = expect_json(504, "GET", "/journal/wait?count=2&timeout=300ms", NULL);
    int64_t took = clock_mono_ns() - began;
    cr_expect(took > 290 * NS_PER_MS && took < 2 * NS_PER_S, "%g s", (double)took / 1e9);
    cr_expect_eq(count_of(v, "exchanges"), 1);
    cr_expect(strstr(text_of(v, "error.message"), "1 of 2"), "%s", text_of(v, "error.message"));
    json_decref(v);
    tls_free(&t);
}

/* A fault may label an exchange long after it came. */
Test(control_wait, sees_faults_that_strike_later)
{
    START_CONTROL("faults=[{name: idle, action: {idle_close: 300ms}}]");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?fault=idle&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    struct http h = http_take(fd);
    cr_expect_eq(h.status, 200);
    cr_expect_str_eq(text_of(h.json, "exchanges[0].faults[0]"), "idle");
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, lets_everybody_else_go_on)
{
    enum { WAITERS = 30 };
    int fds[WAITERS];
    START_CONTROL("seed=7");
    for (int i = 0; i < WAITERS; i++) {
        char path[80];
        snprintf(path, sizeof path, "/journal/wait?count=%d&timeout=60s", i + 1);
        fds[i] = http_begin("GET", path, NULL, NULL);
    }
    expect_status(200, "GET", "/health", NULL);
    struct tls_conn *t = client();
    for (int i = 0; i < WAITERS; i++)
        cr_assert_eq(create(t, 0, NULL).status, 0);
    for (int i = 0; i < WAITERS; i++) {
        struct http h = http_take(fds[i]);
        cr_expect_eq(h.status, 200);
        cr_expect_geq(count_of(h.json, "exchanges"), i + 1);
        http_free(&h);
    }
    tls_free(&t);
}

Test(control_wait, ends_at_once_when_the_server_stops)
{
    START_CONTROL("seed=7");
    int fd = http_begin("GET", "/journal/wait?timeout=60s", NULL, NULL);
    expect_waiting(fd);
    int64_t began = clock_mono_ns();
    stop();
    struct http h = http_take(fd);
    cr_expect_lt(clock_mono_ns() - began, NS_PER_S);
    cr_expect_eq(h.status, 503);
    cr_expect_str_eq(text_of(h.json, "error.message"), "the server stops");
    http_free(&h);
}

Test(control_wait, counts_anew_when_the_journal_is_emptied)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    create(t, 0, NULL);
    int fd = http_begin("GET", "/journal/wait?count=2&timeout=60s", NULL, NULL);
    expect_waiting(fd);
    expect_status(200, "DELETE", "/journal", NULL);
    create(t, 0, NULL);
    expect_waiting(fd);
    create(t, 0, NULL);
    struct http h = http_take(fd);
    cr_expect_eq(count_of(h.json, "exchanges"), 2);
    http_free(&h);
    tls_free(&t);
}

Test(control_wait, survives_callers_that_hang_up)
{
    START_CONTROL("seed=7");
    for (int i = 0; i < 20; i++)
        close(http_begin("GET", "/journal/wait?timeout=60s", NULL, NULL));
    struct tls_conn *t = client();
    create(t, 0, NULL);
    expect_status(200, "GET", "/journal/wait", NULL);
    tls_free(&t);
}

/* --- secrets ----------------------------------------------------------- */

static const uint8_t key[32] = "\x8f\x13\xc5\x6e\x91\xd4\x2b\x77\xa0\xfe\x39\x84\xc2\x1d\x5a\xe6"
                               "\x0b\x98\xe7\x4c\xf1\x62\xb5\x2e\xd9\x86\x33\xaa\x17\xce\x70\x49";
static const char plaintext[] = "attack at dawn, attack at dawn!!";

static void register_key(struct tls_conn *t)
{
    struct ttlv_writer *w = begin(KMIP_OPERATION_REGISTER);
    ttlv_w_enum(w, KMIP_TAG_OBJECT_TYPE, KMIP_OBJECT_TYPE_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_TEMPLATE_ATTRIBUTE);
    kmip_attribute_int(w, "Cryptographic Usage Mask", 12);
    kmip_attribute_begin(w, "Cryptographic Parameters");
    ttlv_w_open(w, KMIP_TAG_ATTRIBUTE_VALUE);
    ttlv_w_enum(w, KMIP_TAG_BLOCK_CIPHER_MODE, KMIP_BLOCK_CIPHER_MODE_CBC);
    ttlv_w_enum(w, KMIP_TAG_PADDING_METHOD, KMIP_PADDING_METHOD_PKCS5);
    ttlv_w_close(w);
    ttlv_w_close(w);
    kmip_attribute_date(w, "Activation Date", 1);
    ttlv_w_close(w);
    ttlv_w_open(w, KMIP_TAG_SYMMETRIC_KEY);
    ttlv_w_open(w, KMIP_TAG_KEY_BLOCK);
    ttlv_w_enum(w, KMIP_TAG_KEY_FORMAT_TYPE, KMIP_KEY_FORMAT_TYPE_RAW);
    ttlv_w_open(w, KMIP_TAG_KEY_VALUE);
    ttlv_w_bytes(w, KMIP_TAG_KEY_MATERIAL, bytes_of(key, sizeof key));
    ttlv_w_close(w);
    ttlv_w_enum(w, KMIP_TAG_CRYPTOGRAPHIC_ALGORITHM, KMIP_CRYPTOGRAPHIC_ALGORITHM_AES);
    ttlv_w_int(w, KMIP_TAG_CRYPTOGRAPHIC_LENGTH, 256);
    ttlv_w_close(w);
    ttlv_w_close(w);
    keep_uid(answer(t));
}

static void encrypt(struct tls_conn *t)
{
    struct ttlv_writer *w = begin(KMIP_OPERATION_ENCRYPT);
    ttlv_w_str(w, KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    ttlv_w_bytes(w, KMIP_TAG_DATA, bytes_str(plaintext));
    ttlv_w_bytes(w, KMIP_TAG_IV_COUNTER_NONCE, bytes_of("0123456789abcdef", 16));
    cr_assert_eq(answer(t).status, 0);
}

/* A request whose reply may be damaged: it is sent, and its exchange waited for. */
static void get_damaged(uint64_t number)
{
    struct tls_conn *t = client();
    char path[80];
    ttlv_w_str(begin(KMIP_OPERATION_GET), KMIP_TAG_UNIQUE_IDENTIFIER, uid);
    kmip_item_end(&writer);
    kmip_request_end(&writer);
    cr_assert(ttlv_w_finish(&writer));
    say(t, buf_bytes(&message));
    snprintf(path, sizeof path, "/journal/wait?since=%llu", (unsigned long long)number);
    expect_status(200, "GET", path, NULL);
    tls_free(&t);
}

static bool holds(const struct http *h, const void *p, size_t n)
{
    return memmem(h->body, h->n, p, n) != NULL;
}

static void put_base64(struct buf *out, struct bytes v)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i + 3 <= v.n; i += 3) {
        uint32_t x = (uint32_t)v.p[i] << 16 | (uint32_t)v.p[i + 1] << 8 | v.p[i + 2];
        for (int k = 18; k >= 0; k -= 6)
            buf_putc(out, digits[x >> k & 63]);
    }
}

/* Any twelve bytes in a row of the secret, as they are, in hexadecimal of either case, and
 * in base64 wherever its groups begin. */
static const char *leak(const struct http *h, struct bytes secret)
{
    enum { PIECE = 12 };
    static char found[100];
    for (size_t from = 0; from + PIECE <= secret.n; from++) {
        struct bytes piece = bytes_of(secret.p + from, PIECE);
        struct buf text;
        const char *how = holds(h, piece.p, piece.n) ? "raw" : NULL;
        buf_init(&text, 100);
        buf_hex(&text, piece);
        how = holds(h, text.p, text.n) ? "hex" : how;
        for (size_t i = 0; i < text.n; i++)
            text.p[i] = (uint8_t)toupper(text.p[i]);
        how = holds(h, text.p, text.n) ? "HEX" : how;
        buf_reset(&text);
        put_base64(&text, piece);
        how = holds(h, text.p, text.n) ? "base64" : how;
        buf_clear(&text);
        if (how) {
            snprintf(found, sizeof found, "%s from byte %zu on", how, from);
            return found;
        }
    }
    return NULL;
}

#define KEY_PATH "Batch Item/Response Payload/Symmetric Key"

static const char *const damages[] = {
    "{truncate: {at: 20}}",
    "{truncate: {at: -3}}",
    "{truncate: {at: -20}}",
    "{length: {minus: 8}}",
    "{length: {plus: 8}}",
    "{length: {huge: true}}",
    "{length: {field: " KEY_PATH "/Key Block, plus: 8}}",
    "{length: {field: " KEY_PATH "/Key Block/Key Value/Key Material, minus: 8}}",
    "{length: {field: " KEY_PATH "/Key Block/Key Value/Key Material, plus: 8}}",
    "{length: {field: " KEY_PATH "/Key Block/Key Value, minus: 16}}",
    "{wrong_type: {field: " KEY_PATH "/Key Block/Key Value/Key Material, type: Text String}}",
    "{wrong_type: {field: " KEY_PATH "/Key Block/Key Value/Key Material, type: Big Integer}}",
    "{wrong_type: {field: " KEY_PATH "/Key Block/Key Value/Key Material, type: Integer}}",
    "{wrong_type: {field: " KEY_PATH "/Key Block/Key Value, type: Byte String}}",
    "{wrong_type: {field: " KEY_PATH "/Key Block, type: Byte String}}",
    "{wrong_type: {field: " KEY_PATH ", type: Byte String}}",
    "{wrong_type: {field: Batch Item/Response Payload, type: Text String}}",
    "bad_padding",
    "duplicate",
};

static void look_everywhere(const char *what)
{
    char object[100];
    snprintf(object, sizeof object, "/objects/%s", uid);
    const char *const paths[] = {"/journal?messages=text,yaml,hex&limit=1000", "/objects",
                                 "/state", "/faults", object};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct http h = http("GET", paths[i], NULL);
        cr_expect_eq(h.status, 200, "%s: %s", what, h.body);
        const char *where = leak(&h, bytes_of(key, sizeof key));
        cr_expect_null(where, "%s: %s: the key, %s", what, paths[i], where);
        where = leak(&h, bytes_str(plaintext));
        cr_expect_null(where, "%s: %s: the plaintext, %s", what, paths[i], where);
        http_free(&h);
    }
}

Test(control_secrets, are_in_no_answer)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    register_key(t);
    cr_assert_eq(simple(t, KMIP_OPERATION_GET).status, 0);
    encrypt(t);
    tls_free(&t);
    look_everywhere("sound replies");
}

/* What a fault has damaged may have the key where no key is expected. */
Test(control_secrets, are_in_no_answer_about_damaged_replies)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    register_key(t);
    tls_free(&t);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char body[200];
        snprintf(body, sizeof body, "{match: {operation: Get}, action: %s}", damages[i]);
        expect_status(200, "PUT", "/faults", body);
        get_damaged(server->journal.next);
        json_t *v = expect_json(200, "GET", "/faults", NULL);
        cr_expect_eq(int_of(v, "faults[0].fired"), 1, "%s did not fire", damages[i]);
        json_decref(v);
        look_everywhere(damages[i]);
    }
}

/* Every bit of the reply's structure flipped in turn. */
Test(control_secrets, are_in_no_answer_wherever_a_bit_flips)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    register_key(t);
    tls_free(&t);
    for (unsigned offset = 96; offset < 300; offset += 1) {
        char body[200];
        snprintf(body, sizeof body,
                 "{match: {operation: Get}, action: {corrupt: {offset: %u, bits: %u}}}", offset,
                 1 + offset % 3);
        expect_status(200, "PUT", "/faults", body);
        get_damaged(server->journal.next);
    }
    look_everywhere("bits");
}

/* What a client sends that is no message, or not quite one. */
Test(control_secrets, are_in_no_answer_about_broken_requests)
{
    START_CONTROL("seed=7");
    struct tls_conn *t = client();
    uint8_t reply[TLS_RECORD_MAX];
    register_key(t);
    struct buf sent;
    buf_init(&sent, BUF_NO_LIMIT);
    buf_put_bytes(&sent, buf_bytes(&message));
    tls_free(&t);
    for (size_t at_byte = 8; at_byte + 8 < sent.n; at_byte += 8) {
        for (unsigned in_header = 1; in_header < 8; in_header += 2) {
            t = client();
            sent.p[at_byte + in_header] ^= 1;
            say(t, buf_bytes(&sent));
            record(t, reply, 200);
            sent.p[at_byte + in_header] ^= 1;
            tls_free(&t);
        }
    }
    buf_clear(&sent);
    look_everywhere("broken requests");
}
