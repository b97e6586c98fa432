/* Framing (framing.h). */
#include "kmip/ttlv/framing.h"

#include <stdio.h>

/* What other protocols begin with, to say which one this looks like. */
static const struct {
    const char *start, *what;
} others[] = {
    {"HTTP/", "an HTTP response"},
    {"GET ", "an HTTP request"},
    {"POST", "an HTTP request"},
    {"<?xm", "XML"},
    {"<KMI", "KMIP in XML"},
    {"<", "XML or HTML"},
    {"{", "JSON"},
    {"\x16\x03", "a TLS handshake"},
    {"\x15\x03", "a TLS alert"},
    {"SSH-", "SSH"},
};

static const char *looks_like(struct bytes in)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = strlen(others[i].start);
        if (in.n >= n && memcmp(in.p, others[i].start, n) == 0)
            return others[i].what;
    }
    return NULL;
}

static enum ttlv_frame bad_root(struct bytes in, struct kerr *err)
{
    const char *what = looks_like(in);
    char hex[3 * 8 + 1] = "";
    for (size_t i = 0, n = in.n < 8 ? in.n : 8; i < n; i++)
        snprintf(hex + 3 * i, 4, "%02X ", in.p[i]);
    kerr_set_at(err, KE_TTLV_ROOT, 0, NULL,
                "not a KMIP message: it begins with %s%s%s%s; a message begins with 42 00 78 01 or "
                "42 00 7B 01",
                hex, what ? "(this looks like " : "", what ? what : "", what ? ")" : "");
    return TTLV_FRAME_BAD;
}

/* As far as bytes are there, do they agree with one of the roots? */
static bool may_be_root(struct bytes in)
{
    static const uint8_t roots[2][4] = {{0x42, 0x00, 0x78, 0x01}, {0x42, 0x00, 0x7B, 0x01}};
    size_t n = in.n < 4 ? in.n : 4;
    return n == 0 || memcmp(in.p, roots[0], n) == 0 || memcmp(in.p, roots[1], n) == 0;
}

enum ttlv_frame ttlv_framing(struct bytes in, size_t max, size_t *n, struct kerr *err)
{
    *n = 0;
    if (!may_be_root(in))
        return bad_root(in, err);
    if (in.n < TTLV_HEADER) {
        *n = TTLV_HEADER;
        return TTLV_FRAME_MORE;
    }
    uint32_t len = be32_get(in.p + 4);
    /* A length that is no multiple of eight is framed as it is declared; the
     * reader tells what is wrong with it. */
    uint64_t whole = TTLV_HEADER + (uint64_t)len;
    if (whole > max) {
        kerr_set_at(err, KE_TTLV_SIZE, 4, NULL, "message declares %u bytes, the limit is %zu", len,
                    max - (max < TTLV_HEADER ? max : TTLV_HEADER));
        return TTLV_FRAME_BAD;
    }
    *n = (size_t)whole;
    return in.n >= *n ? TTLV_FRAME_WHOLE : TTLV_FRAME_MORE;
}
