/* The reader of reader.h.
 *
 * One step reads a header, proves that the item lies within its structure by
 * subtraction, and checks length and value against the type. The honest case
 * runs straight through; everything about reporting is in functions of its own. */
#include "kmip/ttlv/reader.h"

#include <stdio.h>

#include "kmip/base/text.h"

const struct ttlv_limits ttlv_default_limits = {
    .size = 8u << 20, .items = 200000, .depth = TTLV_MAX_DEPTH};

void ttlv_r_init(struct ttlv_reader *r, struct bytes msg, const struct ttlv_limits *limits,
                 struct kerr *err)
{
    r->msg = msg;
    r->pos = msg.p;
    r->end = msg.p + msg.n;
    r->depth = 0;
    r->items = 0;
    r->limits = limits ? *limits : ttlv_default_limits;
    if (r->limits.depth > TTLV_MAX_DEPTH)
        r->limits.depth = TTLV_MAX_DEPTH;
    r->sink = NULL;
    r->namer = NULL;
    r->err = err;
    r->failed = false;
}

void ttlv_r_tolerant(struct ttlv_reader *r, const struct finding_sink *sink, ttlv_namer *namer)
{
    r->sink = sink;
    r->namer = namer;
}

static uint32_t offset(const struct ttlv_reader *r, const uint8_t *at)
{
    return (uint32_t)(at - r->msg.p);
}

static bool fail(struct ttlv_reader *r, enum kerr_code code, const uint8_t *at, const char *what)
{
    char path[160];
    uint32_t off = offset(r, at);
    r->failed = true;
    return kerr_set_at(r->err, code, off, ttlv_path_at(r->msg, off, r->namer, path, sizeof path),
                       "%s", what);
}

/* Tolerant: reports and lets the caller go on (true). Strict: fails (false). */
static bool deviates(struct ttlv_reader *r, enum rule_id rule, enum kerr_code code, const uint8_t *at,
                     const char *expected, const char *actual)
{
    if (!r->sink) {
        char what[200];
        snprintf(what, sizeof what, "%s, expected %s", actual, expected);
        return fail(r, code, at, what);
    }
    char path[160];
    uint32_t off = offset(r, at);
    struct finding f = {.rule = rule,
                        .off = off,
                        .path = ttlv_path_at(r->msg, off, r->namer, path, sizeof path),
                        .expected = expected,
                        .actual = actual};
    r->sink->take(r->sink->arg, &f);
    return true;
}

/* A level that ends in bytes too few for a header, or in an item that overruns it. */
static bool overrun(struct ttlv_reader *r, const uint8_t *at, size_t left)
{
    char actual[120], expected[80];
    if (left < TTLV_HEADER) {
        snprintf(actual, sizeof actual, "%zu bytes are left", left);
        deviates(r, RULE_TTLV_TRAILING, KE_TTLV_SHORT, at, "a whole item header of 8 bytes", actual);
    } else {
        snprintf(actual, sizeof actual, "item declares length %u", be32_get(at + 4));
        snprintf(expected, sizeof expected, "at most the %zu bytes that its structure has left",
                 left - TTLV_HEADER);
        deviates(r, RULE_TTLV_SPAN, KE_TTLV_SHORT, at, expected, actual);
    }
    r->pos = r->end;
    return false;
}

static bool wrong_length(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    char actual[80], expected[80];
    const char *name = ttlv_type_name(it->type);
    int len = ttlv_type_length(it->type);
    snprintf(actual, sizeof actual, "%s has length %u", name, it->len);
    if (len >= 0)
        snprintf(expected, sizeof expected, "length %d", len);
    else
        snprintf(expected, sizeof expected, "a multiple of 8%s",
                 it->type == TTLV_BIG_INTEGER ? ", at least 8" : "");
    it->wrong = true;
    return deviates(r, RULE_TTLV_LENGTH, KE_TTLV_LENGTH, at, expected, actual);
}

/* Redundant sign extension: the first eight bytes repeat the sign that follows. */
static bool big_is_long(struct bytes v)
{
    if (v.n <= 8)
        return false;
    uint64_t head = be64_get(v.p);
    bool neg = v.p[8] & 0x80;
    return head == (neg ? UINT64_MAX : 0);
}

/* Values that the type restricts. False only when strict reading must stop. */
static bool check_value(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    switch (it->type) {
    case TTLV_BOOLEAN:
        if (be64_get(it->val.p) <= 1)
            return true;
        it->wrong = true;
        return deviates(r, RULE_TTLV_BOOLEAN, KE_TTLV_VALUE, at, "0 or 1", "Boolean holds another value");
    case TTLV_TEXT_STRING:
        if (text_utf8(it->val) && (it->val.n == 0 || !memchr(it->val.p, 0, it->val.n)))
            return true;
        it->wrong = !text_utf8(it->val);
        /* A NUL is a deviation to tell of, but no reason to refuse the message. */
        if (!it->wrong && !r->sink)
            return true;
        return deviates(r, RULE_TTLV_UTF8, KE_TTLV_UTF8, at, "UTF-8 without NUL",
                        it->wrong ? "Text String is not UTF-8" : "Text String holds a NUL");
    case TTLV_BIG_INTEGER:
        if (r->sink && big_is_long(it->val))
            return deviates(r, RULE_TTLV_BIGINT, KE_TTLV_VALUE, at, "the shortest multiple of 8",
                            "Big Integer has needless sign bytes");
        return true;
    default:
        return true;
    }
}

static void check_padding(struct ttlv_reader *r, const struct ttlv_item *it, const uint8_t *at,
                          uint64_t padded)
{
    for (uint64_t i = it->len; i < padded; i++)
        if (it->val.p[i] != 0) {
            deviates(r, RULE_TTLV_PADDING, KE_TTLV_VALUE, at, "zero bytes", "padding is not zero");
            return;
        }
}

/* Lengths allowed per type: fixed, or a mask that the length must be a multiple of. */
static bool length_fits(const struct ttlv_item *it)
{
    static const int8_t fixed[] = {-1, -1, 4, 8, -1, 4, 8, -1, -1, 8, 4};
    if (fixed[it->type] >= 0)
        return it->len == (uint32_t)fixed[it->type];
    if (it->type == TTLV_STRUCTURE)
        return it->len % 8 == 0;
    return it->type != TTLV_BIG_INTEGER || (it->len % 8 == 0 && it->len > 0);
}

/* Rare: a tag or type that the standard does not have. False stops strict reading. */
static bool check_head(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    char actual[40];
    if (at[0] != 0x42 && at[0] != 0x54) {
        snprintf(actual, sizeof actual, "tag is %06X", it->tag);
        if (!deviates(r, RULE_TTLV_TAG, KE_TTLV_TAG, at, "42xxxx or 54xxxx", actual))
            return false;
    }
    if (it->type < TTLV_STRUCTURE || it->type > TTLV_INTERVAL) {
        snprintf(actual, sizeof actual, "item type is %02X", it->type);
        it->wrong = true;
        if (!deviates(r, RULE_TTLV_TYPE, KE_TTLV_TYPE, at, "01 to 0A", actual))
            return false;
    }
    return true;
}

static bool limits_ok(struct ttlv_reader *r)
{
    char what[120];
    if (r->msg.n > r->limits.size) {
        snprintf(what, sizeof what, "message has %zu bytes, the limit is %zu", r->msg.n, r->limits.size);
        return fail(r, KE_TTLV_SIZE, r->msg.p, what);
    }
    if (r->items > r->limits.items) {
        snprintf(what, sizeof what, "message has more than the %u items allowed", r->limits.items);
        return fail(r, KE_TTLV_COUNT, r->pos, what);
    }
    return true;
}

bool ttlv_r_next(struct ttlv_reader *r, struct ttlv_item *it)
{
    const uint8_t *at = r->pos;
    size_t left = (size_t)(r->end - at);
    if (left == 0 || r->failed)
        return false;
    if ((r->items++ == 0 || r->items > r->limits.items) && !limits_ok(r))
        return false;
    if (left < TTLV_HEADER)
        return overrun(r, at, left);
    uint32_t head = be32_get(at);
    it->tag = head >> 8;
    it->type = (uint8_t)head;
    it->len = be32_get(at + 4);
    it->off = offset(r, at);
    it->wrong = false;
    uint64_t padded = ttlv_padded(it->len);
    left -= TTLV_HEADER;
    if (((head >> 24 != 0x42 && head >> 24 != 0x54) || it->type - 1u >= TTLV_INTERVAL) &&
        !check_head(r, it, at))
        return false;
    it->val = bytes_of(at + TTLV_HEADER, it->len);
    if (padded > left) {
        /* The item leaves its structure. A Structure whose own length is odd is
         * told apart: its padding is what does not fit. */
        if (it->type == TTLV_STRUCTURE && it->len <= left && it->len % 8 != 0) {
            if (!wrong_length(r, it, at))
                return false;
            r->pos = r->end;
            return true;
        }
        return overrun(r, at, left + TTLV_HEADER);
    }
    r->pos = at + TTLV_HEADER + padded;
    if (!it->wrong && !length_fits(it))
        return wrong_length(r, it, at);
    if (!it->wrong && !check_value(r, it, at))
        return false;
    if (r->sink && padded != it->len)
        check_padding(r, it, at, padded);
    return true;
}

bool ttlv_r_enter(struct ttlv_reader *r, const struct ttlv_item *it)
{
    if (r->depth >= r->limits.depth) {
        char what[80];
        snprintf(what, sizeof what, "structures are nested deeper than the %u levels allowed",
                 r->limits.depth);
        return fail(r, KE_TTLV_DEPTH, r->msg.p + it->off, what);
    }
    r->ends[r->depth++] = r->end;
    r->pos = it->val.p;
    r->end = it->val.p + it->val.n;
    return true;
}

void ttlv_r_leave(struct ttlv_reader *r)
{
    if (r->depth == 0)
        return;
    const uint8_t *after = r->end;
    r->end = r->ends[--r->depth];
    /* A structure of odd length (tolerant reading) is padded like anything else. */
    size_t rest = (size_t)(r->end - after);
    size_t pad = (size_t)(r->msg.p - after) & 7;
    r->pos = after + (pad <= rest ? pad : rest);
}

void ttlv_r_children(struct ttlv_reader *r, struct bytes of, const struct ttlv_item *it,
                     struct kerr *err)
{
    ttlv_r_init(r, of, NULL, err);
    r->limits.size = SIZE_MAX;
    r->limits.items = UINT32_MAX;
    r->pos = it->val.p;
    r->end = it->val.p + it->val.n;
}

bool ttlv_find(const struct ttlv_item *parent, uint32_t tag, struct ttlv_item *out)
{
    struct ttlv_reader r;
    ttlv_r_init(&r, parent->val, NULL, NULL);
    while (ttlv_r_next(&r, out))
        if (out->tag == tag) {
            out->off += parent->off + TTLV_HEADER;
            return true;
        }
    return false;
}

bool ttlv_first(struct bytes msg, struct ttlv_item *out)
{
    struct ttlv_reader r;
    ttlv_r_init(&r, msg, NULL, NULL);
    return ttlv_r_next(&r, out);
}

bool ttlv_check(struct bytes msg, const struct ttlv_limits *limits, const struct finding_sink *sink,
                ttlv_namer *namer, uint32_t *items, struct kerr *err)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, msg, limits, err);
    if (sink)
        ttlv_r_tolerant(&r, sink, namer);
    else
        r.namer = namer;
    for (;;) {
        if (ttlv_r_next(&r, &it)) {
            if (it.type == TTLV_STRUCTURE && !ttlv_r_enter(&r, &it))
                break;
            continue;
        }
        if (r.failed || r.depth == 0)
            break;
        ttlv_r_leave(&r);
        if (r.depth == 0 && r.pos != r.end) {
            if (deviates(&r, RULE_TTLV_TRAILING, KE_TTLV_TRAILING, r.pos, "the end of the message",
                         "more bytes follow the message"))
                r.pos = r.end;
        }
    }
    if (items)
        *items = r.items;
    return !r.failed;
}
