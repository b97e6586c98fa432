/* No form of a message, and no text about it, shows a piece of a secret in it.
 *
 * fixtures/secrets.yaml holds the messages; the secrets are told at its top and here.
 * A piece is any four bytes that follow each other, as they are, in hexadecimal (also
 * with blanks or escapes between), in base64 or as a decimal number. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>

#include "kmip/base/text.h"
#include "kmip/form/form.h"
#include "kmip/form/from_yaml.h"
#include "kmip/schema/message.h"
#include "kmip/schema/validate.h"
#include "kmip/tests/support/fixture.h"

#define PIECE 4u

/* Of fixtures/secrets.yaml, from 0. */
enum { KEY_ROW = 0, PASSWORD_ROW = 41 };

static const uint8_t secrets[2][33] = {
    "\x9E\x37\x79\xB9\x7F\x4A\x7C\x15\xF3\x9C\xC0\x60\x5C\xED\xC8\x34"
    "\x10\x82\x27\x6B\xF3\xA2\x72\x51\xF8\x6C\x6A\x11\xD0\xC1\x8E\x95",
    "Zq7#Lm2!Vx9@Tc4%Wp6^Rd1&Yk8*Bn3-"};

/* Lower case, and nothing but letters and digits; the x of 0x and \x goes too. */
static void squeeze(const char *text, struct buf *out)
{
    for (const char *p = text; *p; p++)
        if (isalnum((unsigned char)*p) && *p != 'x')
            buf_putc(out, (char)tolower((unsigned char)*p));
}

static void base64(const uint8_t *p, size_t n, struct buf *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; n >= 3; p += 3, n -= 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            buf_putc(out, digits[v >> shift & 63]);
    }
}

/* The piece of a secret that a text shows, as it shows it; NULL when it shows none. */
static const char *piece_in(const char *text, const char *squeezed, const uint8_t *secret,
                            size_t at)
{
    static char shown[64];
    const uint8_t *p = secret + at;
    snprintf(shown, sizeof shown, "%.4s", (const char *)p);
    if (strstr(text, shown))
        return shown;
    snprintf(shown, sizeof shown, "%02x%02x%02x%02x", p[0], p[1], p[2], p[3]);
    if (strstr(squeezed, shown))
        return shown;
    snprintf(shown, sizeof shown, "%u", be32_get(p));
    if (strstr(text, shown))
        return shown;
    snprintf(shown, sizeof shown, "%d", (int32_t)be32_get(p));
    return strstr(text, shown) ? shown : NULL;
}

static const char *leak_in(const char *text)
{
    const char *found = NULL;
    struct buf squeezed, coded;
    buf_init(&squeezed, BUF_NO_LIMIT);
    buf_init(&coded, BUF_NO_LIMIT);
    squeeze(text, &squeezed);
    for (size_t s = 0; s < 2 && !found; s++)
        for (size_t at = 0; at + PIECE <= 32 && !found; at++) {
            found = piece_in(text, buf_cstr(&squeezed), secrets[s], at);
            buf_reset(&coded);
            base64(secrets[s] + at, at + 6 <= 32 ? 6 : 3, &coded);
            if (coded.n == 8 && strstr(text, buf_cstr(&coded)))
                found = "base64";
        }
    buf_clear(&squeezed);
    buf_clear(&coded);
    return found;
}

Test(secrecy, knows_a_leak_when_it_sees_one)
{
    static const char *const leaks[] = {
        "key: 9E3779B9...", "9e 37 79 b9", "\"\\x9e\\x37\\x79\\xb9\"", "length 3502345877 is",
        "njd5uX9KfBXznMBgXO3INBCCJ2vzonJR+GxqEdDBjpU=", "x: Lm2!"};
    for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++)
        cr_expect(leak_in(leaks[i]), "%s", leaks[i]);
    cr_expect_null(leak_in("Key Material: <redacted, 32 bytes>"));
}

/* ---- every form ---------------------------------------------------------------- */

static void put_finding(void *arg, const struct finding *f)
{
    buf_printf(arg, "finding %s %s %s %s\n", rule_of(f->rule)->name, f->path, f->expected,
               f->actual);
}

static void put_error(const struct kerr *err, struct buf *out)
{
    char text[1200];
    buf_printf(out, "error %s\n", kerr_format(err, text, sizeof text));
}

static void text_with_offsets(struct bytes msg, struct buf *out)
{
    form_text(msg, &(struct form_options){.offsets = true, .cautious = true}, out);
}

static void plain_text(struct bytes msg, struct buf *out)
{
    form_text(msg, NULL, out);
}

static void hex(struct bytes msg, struct buf *out)
{
    form_hex(msg, NULL, out);
}

static void yaml(struct bytes msg, struct buf *out)
{
    struct kerr err = KERR_INIT;
    if (!form_yaml(msg, NULL, out, &err))
        put_error(&err, out);
}

static void findings(struct bytes msg, struct buf *out)
{
    struct finding_sink sink = {put_finding, out};
    struct kerr err = KERR_INIT;
    if (!kmip_validate(msg, 0, NULL, &sink, &err))
        put_error(&err, out);
    kmip_check_reply(bytes_of(NULL, 0), msg, 0, &sink);
}

static void opening(struct bytes msg, struct buf *out)
{
    struct kmip_message m;
    struct kerr err = KERR_INIT;
    if (!kmip_open(&m, msg, &err))
        put_error(&err, out);
}

static const struct {
    const char *name;
    void (*put)(struct bytes msg, struct buf *out);
} forms[] = {
    {"text", plain_text}, {"cautious text with offsets", text_with_offsets},
    {"hex", hex},         {"yaml", yaml},
    {"findings", findings}, {"error", opening},
};

/* False, having complained, when a form shows a piece. */
static bool keeps(const char *what, size_t at, struct bytes msg)
{
    bool ok = true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buf out;
        buf_init(&out, BUF_NO_LIMIT);
        forms[i].put(msg, &out);
        const char *piece = leak_in(buf_cstr(&out));
        cr_expect_null(piece, "%s, %zu, %s: %s\n%s", what, at, forms[i].name, piece,
                       buf_cstr(&out));
        ok = ok && !piece;
        buf_clear(&out);
    }
    return ok;
}

/* The messages of the file; what names one by the line where it begins. */
static void each_message(bool (*take)(const char *what, size_t number, struct bytes msg))
{
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    struct buf msg;
    cr_assert(ydoc_load(&doc, "fixtures/secrets.yaml", &err), "%s", err.msg);
    buf_init(&msg, BUF_NO_LIMIT);
    for (size_t i = 0; i < doc.root->n; i++) {
        char what[64];
        snprintf(what, sizeof what, "fixtures/secrets.yaml:%u", doc.root->vals[i]->line);
        buf_reset(&msg);
        cr_assert(from_yaml_message(doc.root->vals[i], NULL, &msg, &err), "%s", err.msg);
        take(what, i, buf_bytes(&msg));
    }
    buf_clear(&msg);
    ydoc_clear(&doc);
}

static bool keeps_whole(const char *what, size_t number, struct bytes msg)
{
    (void)number;
    return keeps(what, msg.n, msg);
}

Test(secrecy, is_kept_in_every_form)
{
    each_message(keeps_whole);
}

static bool keeps_cut(const char *what, size_t number, struct bytes msg)
{
    (void)number;
    for (size_t n = 1; n < msg.n; n++)
        if (!keeps(what, n, bytes_of(msg.p, n)))
            return false;
    return true;
}

Test(secrecy, is_kept_of_messages_cut_short, .timeout = 120)
{
    each_message(keeps_cut);
}

/* One bit after the other turned over: of tags, types, lengths and values. */
static bool keeps_damaged(const char *what, size_t number, struct bytes msg)
{
    struct buf copy;
    bool ok = true;
    /* Of the key and the password in their right places. A plaintext has nothing around
     * it that would tell. */
    if (number != KEY_ROW && number != PASSWORD_ROW)
        return true;
    buf_init(&copy, BUF_NO_LIMIT);
    buf_put_bytes(&copy, msg);
    for (size_t bit = 0; ok && bit < 8 * msg.n; bit++) {
        copy.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ok = keeps(what, bit, buf_bytes(&copy));
        copy.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_clear(&copy);
    return ok;
}

Test(secrecy, is_kept_when_a_bit_is_wrong, .timeout = 120)
{
    each_message(keeps_damaged);
}

/* What is needed to see what is wrong stays in view. */
Test(secrecy, leaves_the_rest_in_view)
{
    static const char *const seen[] = {
        "Unique Identifier: \"k\"", "Key Format Type: Raw", "Cryptographic Algorithm: AES",
        "Cryptographic Length: 256", "Key Material: <redacted, 32 bytes>"};
    struct buf out, msg;
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&msg, BUF_NO_LIMIT);
    cr_assert(ydoc_load(&doc, "fixtures/secrets.yaml", &err), "%s", err.msg);
    cr_assert(from_yaml_message(doc.root->vals[0], NULL, &msg, &err), "%s", err.msg);
    form_text(buf_bytes(&msg), NULL, &out);
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        cr_expect(strstr(buf_cstr(&out), seen[i]), "%s\n%s", seen[i], buf_cstr(&out));
    buf_clear(&out);
    buf_clear(&msg);
    ydoc_clear(&doc);
}
