/* Facts about the item types, and paths of offsets (ttlv.h). */
#include "kmip/ttlv/ttlv.h"

#include <stdio.h>

#include "kmip/ttlv/reader.h"

static const struct {
    const char *name, *xml;
    int8_t length; /* fixed length, or -1 */
} types[] = {
    [TTLV_STRUCTURE] = {"Structure", "Structure", -1},
    [TTLV_INTEGER] = {"Integer", "Integer", 4},
    [TTLV_LONG_INTEGER] = {"Long Integer", "LongInteger", 8},
    [TTLV_BIG_INTEGER] = {"Big Integer", "BigInteger", -1},
    [TTLV_ENUMERATION] = {"Enumeration", "Enumeration", 4},
    [TTLV_BOOLEAN] = {"Boolean", "Boolean", 8},
    [TTLV_TEXT_STRING] = {"Text String", "TextString", -1},
    [TTLV_BYTE_STRING] = {"Byte String", "ByteString", -1},
    [TTLV_DATE_TIME] = {"Date-Time", "DateTime", 8},
    [TTLV_INTERVAL] = {"Interval", "Interval", 4},
};

#define N_TYPES (sizeof types / sizeof *types)

const char *ttlv_type_name(unsigned type)
{
    return type < N_TYPES ? types[type].name : NULL;
}

unsigned ttlv_type_by_name(struct bytes name)
{
    for (unsigned t = 1; t < N_TYPES; t++)
        if (bytes_eq_str(name, types[t].name) || bytes_eq_str(name, types[t].xml))
            return t;
    return 0;
}

int ttlv_type_length(unsigned type)
{
    return type > 0 && type < N_TYPES ? types[type].length : -1;
}

struct path {
    char *out;
    size_t room, n;
    const struct ttlv_namer *namer;
    struct bytes msg;
};

static void path_add(struct path *p, uint32_t off, unsigned index, bool indexed)
{
    const struct ttlv_namer *namer = p->namer;
    uint32_t tag = be32_get(p->msg.p + off) >> 8;
    const char *name = namer ? namer->name(tag) : NULL;
    char hex[16], at[16] = "";
    snprintf(hex, sizeof hex, "%06X", tag);
    if (!name && namer && namer->hides && namer->hides(p->msg, off))
        name = "(not shown)";
    if (indexed)
        snprintf(at, sizeof at, "[%u]", index);
    if (p->n < p->room) {
        int k = snprintf(p->out + p->n, p->room - p->n, "%s%s%s", p->n ? "/" : "",
                         name ? name : hex, at);
        p->n += k > 0 ? (size_t)k : 0;
    }
}

/* Bytes from one item's header to the next; capped to what is there. */
static uint32_t span(const uint8_t *p, uint32_t left)
{
    uint64_t n = TTLV_HEADER + ttlv_padded(be32_get(p + 4));
    return n > left ? left : (uint32_t)n;
}

/* Finds the child of msg[at, end) that off lies in. Reads headers only, and is
 * content with broken ones: it is called to describe what is broken. An index
 * is shown where equal tags are more than one in this structure. */
static uint32_t find_child(struct bytes msg, uint32_t at, uint32_t end, uint32_t off,
                           unsigned *index, bool *repeats)
{
    uint32_t hit = UINT32_MAX, first = at;
    for (; end - at >= TTLV_HEADER; at += span(msg.p + at, end - at))
        if (off < at + span(msg.p + at, end - at)) {
            hit = at;
            break;
        }
    *index = 0;
    *repeats = false;
    if (hit == UINT32_MAX)
        return hit;
    uint32_t tag = be32_get(msg.p + hit) >> 8;
    /* Behind the hit one more is enough to know. */
    for (at = first; end - at >= TTLV_HEADER && !(*repeats && at > hit);
         at += span(msg.p + at, end - at))
        if (at != hit && be32_get(msg.p + at) >> 8 == tag) {
            *repeats = true;
            *index += at < hit;
        }
    return hit;
}

char *ttlv_path_at(struct bytes msg, uint32_t off, const struct ttlv_namer *namer, char *out,
                   size_t room)
{
    struct path p = {out, room, 0, namer, msg};
    uint32_t at = 0, end = msg.n > UINT32_MAX ? UINT32_MAX : (uint32_t)msg.n;
    if (room > 0)
        out[0] = 0;
    for (unsigned depth = 0; depth <= TTLV_MAX_DEPTH; depth++) {
        unsigned index;
        bool repeats;
        uint32_t hit = find_child(msg, at, end, off, &index, &repeats);
        if (hit == UINT32_MAX)
            break;
        path_add(&p, hit, index, repeats);
        if (off < hit + TTLV_HEADER || msg.p[hit + 3] != TTLV_STRUCTURE)
            break;
        uint64_t stop = (uint64_t)hit + TTLV_HEADER + be32_get(msg.p + hit + 4);
        at = hit + TTLV_HEADER;
        end = stop > end ? end : (uint32_t)stop;
    }
    return out;
}
