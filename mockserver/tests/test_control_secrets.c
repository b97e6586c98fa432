/* No answer of the control API holds key material or plaintext, whatever has become of the
 * messages that carried it. */
#include <ctype.h>

#include "mockserver/tests/control_rig.h"

TestSuite(control_secrets, .init = set_up, .fini = tear_down_control, .timeout = 120);

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
