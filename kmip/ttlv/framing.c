/* Framing (framing.h). */
#include "kmip/ttlv/framing.h"

#include <stdio.h>

/* What other protocols begin with, to say which one this looks like. The first
 * that fits counts. */
static const struct {
    const char *start, *what;
} others[] = {
    {"HTTP/", "an HTTP response"},
    {"GET ", "an HTTP request"},
    {"POST ", "an HTTP request"},
    {"PUT ", "an HTTP request"},
    {"HEAD ", "an HTTP request"},
    {"OPTIONS ", "an HTTP request"},
    {"<?xml", "XML"},
    {"<Re", "KMIP in XML"}, /* RequestMessage, ResponseMessage */
    {"<KMIP", "KMIP in XML"},
    {"<", "XML or HTML"},
    {"{", "JSON"},
    {"\x16\x03", "a TLS handshake"},
    {"\x15\x03", "a TLS alert"},
    {"\x17\x03", "TLS application data"},
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

/* The first bytes only as far as a tag goes: behind another message they may be what
 * a wrong length has left of a key. */
static enum ttlv_frame bad_root(struct bytes in, struct kerr *err)
{
    const char *what = looks_like(in);
    char hex[3 * 3 + 1] = "";
    for (size_t i = 0, n = in.n < 3 ? in.n : 3; i < n; i++)
        snprintf(hex + 3 * i, 4, " %02X", in.p[i]);
    kerr_set_at(err, KE_TTLV_ROOT, 0, NULL,
                "not a KMIP message: it begins with%s%s%s%s; a message begins with 42 00 78 01 or "
                "42 00 7B 01",
                hex, what ? " (this looks like " : "", what ? what : "", what ? ")" : "");
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
    uint8_t head[TTLV_HEADER] = {0};
    bool whole_head = in.n >= TTLV_HEADER;
    *n = 0;
    if (!may_be_root(in))
        return bad_root(in, err);
    if (in.n > 0)
        memcpy(head, in.p, whole_head ? TTLV_HEADER : in.n);
    /* The bytes of the length that are still to come can only make it larger. A
     * length that is no multiple of eight is framed as it is declared; the reader
     * tells what is wrong with it. */
    uint32_t len = be32_get(head + 4);
    uint64_t whole = TTLV_HEADER + (uint64_t)len;
    if (whole > max) {
        kerr_set_at(err, KE_TTLV_SIZE, 4, NULL, "message declares %s%u bytes, the limit is %zu",
                    whole_head ? "" : "at least ", len, max > TTLV_HEADER ? max - TTLV_HEADER : 0);
        return TTLV_FRAME_BAD;
    }
    *n = whole_head ? (size_t)whole : TTLV_HEADER;
    return whole_head && in.n >= *n ? TTLV_FRAME_WHOLE : TTLV_FRAME_MORE;
}
