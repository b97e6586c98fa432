/* The reader of reader.h.
 *
 * One step reads a header, proves by subtraction that the item lies within its
 * structure, and checks length and value against the type. The honest case runs
 * straight through; ends, limits and deviations are in functions of their own,
 * out of its way. */
#include "kmip/ttlv/reader.h"

#include <stdio.h>

#include "kmip/base/text.h"

const struct ttlv_limits ttlv_default_limits = {
    .size = TTLV_DEFAULT_SIZE, .items = TTLV_DEFAULT_ITEMS, .depth = TTLV_MAX_DEPTH};

/* For what was checked before. */
static const struct ttlv_limits no_limits = {
    .size = UINT32_MAX, .items = UINT32_MAX, .depth = TTLV_MAX_DEPTH};

void ttlv_r_init(struct ttlv_reader *r, struct bytes msg, const struct ttlv_limits *limits,
                 struct kerr *err)
{
    r->msg = msg;
    r->pos = msg.p;
    r->end = msg.n > 0 ? msg.p + msg.n : msg.p;
    r->depth = 0;
    r->items = 0;
    r->findings = 0;
    r->limits = limits ? *limits : ttlv_default_limits;
    if (r->limits.depth > TTLV_MAX_DEPTH)
        r->limits.depth = TTLV_MAX_DEPTH;
    if (r->limits.size > UINT32_MAX) /* offsets have 32 bits */
        r->limits.size = UINT32_MAX;
    if (msg.n > r->limits.size) /* sends the first step to ttlv_r_edge_, which tells why */
        r->limits.items = 0;
    r->sink = NULL;
    r->namer = NULL;
    r->err = err;
    r->failed = false;
}

void ttlv_r_tolerant(struct ttlv_reader *r, const struct finding_sink *sink,
                     const struct ttlv_namer *namer)
{
    r->sink = sink;
    r->namer = namer;
}

/* Off the straight path: not inlined, so that the functions on it stay short. */
#define RARE __attribute__((cold, noinline))

static uint32_t offset(const struct ttlv_reader *r, const uint8_t *at)
{
    return (uint32_t)(at - r->msg.p);
}

/* No step finds anything any more, at this level or above, and none can be entered. */
static void end_reading(struct ttlv_reader *r)
{
    r->failed = true;
    r->pos = r->end;
    for (unsigned i = 0; i < r->depth; i++)
        r->up_pos[i] = r->up_end[i];
    r->limits.depth = 0;
}

RARE static bool fail(struct ttlv_reader *r, enum kerr_code code, const uint8_t *at,
                      const char *what)
{
    char path[160];
    uint32_t off = offset(r, at);
    end_reading(r);
    return kerr_set_at(r->err, code, off, ttlv_path_at(r->msg, off, r->namer, path, sizeof path),
                       "%s", what);
}

/* Tolerant: reports and lets the caller go on (true). Strict: fails (false). Each
 * report walks the message for its path, hence the bound on their number. */
RARE static bool deviates(struct ttlv_reader *r, enum rule_id rule, enum kerr_code code,
                          const uint8_t *at, const char *expected, const char *actual)
{
    uint32_t off = offset(r, at);
    if (r->namer && r->namer->hides && r->namer->hides(r->msg, off))
        actual = "bytes that are no item (not shown)";
    if (!r->sink) {
        char what[200];
        snprintf(what, sizeof what, "%s, expected %s", actual, expected);
        return fail(r, code, at, what);
    }
    if (r->findings++ == TTLV_MAX_FINDINGS)
        return fail(r, KE_TTLV_COUNT, at, "the message breaks the encoding too often to read on");
    if (!r->sink->take)
        return true;
    char path[160];
    struct finding f = {.rule = rule,
                        .off = off,
                        .path = ttlv_path_at(r->msg, off, r->namer, path, sizeof path),
                        .expected = expected,
                        .actual = actual};
    r->sink->take(r->sink->arg, &f);
    return true;
}

/* An item whose value, or whose header, is not whole within its level: no way to
 * go on in this level. */
RARE static bool overrun(struct ttlv_reader *r, const uint8_t *at, size_t left)
{
    char actual[120], expected[80];
    if (left < TTLV_HEADER) {
        snprintf(actual, sizeof actual, "%zu byte%s left", left, left == 1 ? " is" : "s are");
        deviates(r, RULE_TTLV_TRAILING, KE_TTLV_SHORT, at, "a whole item header of 8 bytes",
                 actual);
    } else {
        snprintf(actual, sizeof actual, "item declares length %u", be32_get(at + 4));
        snprintf(expected, sizeof expected, "at most the %zu bytes that are left for it",
                 left - TTLV_HEADER);
        deviates(r, RULE_TTLV_SPAN, KE_TTLV_SHORT, at, expected, actual);
    }
    r->pos = r->end;
    return false;
}

RARE static bool wrong_length(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
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

static bool check_text(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    if (!text_utf8(it->val)) {
        it->wrong = true;
        return deviates(r, RULE_TTLV_UTF8, KE_TTLV_UTF8, at, "UTF-8", "Text String is not UTF-8");
    }
    if (it->val.n > 0 && it->val.p[it->val.n - 1] == 0)
        return deviates(r, RULE_TTLV_UTF8, KE_TTLV_VALUE, at, "no terminating NUL",
                        "Text String ends in NUL");
    return true;
}

static bool check_boolean(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    if (it->len != 8)
        return wrong_length(r, it, at);
    if (be64_get(it->val.p) <= 1)
        return true;
    it->wrong = true;
    return deviates(r, RULE_TTLV_BOOLEAN, KE_TTLV_VALUE, at, "0 or 1",
                    "Boolean holds another value");
}

static bool check_big(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    if (it->len % 8 != 0 || it->len == 0)
        return wrong_length(r, it, at);
    /* A longer one than needed says the same: worth telling, not worth refusing. */
    if (!r->sink || !big_is_long(it->val))
        return true;
    return deviates(r, RULE_TTLV_BIGINT, KE_TTLV_VALUE, at, "the shortest multiple of 8",
                    "Big Integer has needless sign bytes");
}

/* Called for a tolerant reader only: a strict one takes any padding. */
static bool check_padding(struct ttlv_reader *r, const struct ttlv_item *it, const uint8_t *at,
                          size_t padded)
{
    for (size_t i = it->len; i < padded; i++)
        if (it->val.p[i] != 0)
            return deviates(r, RULE_TTLV_PADDING, KE_TTLV_VALUE, at, "zero bytes",
                            "padding is not zero");
    return true;
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

/* The item with its padding leaves its level. Where only padding is missing the
 * value is there all the same and reading may go on (true) to the level's end. */
static bool unfit(struct ttlv_reader *r, const struct ttlv_item *it, const uint8_t *at, size_t left)
{
    char actual[80], expected[40];
    if (it->len > left)
        return overrun(r, at, left + TTLV_HEADER);
    if (it->type == TTLV_STRUCTURE)
        return true; /* structures have no padding: the check of lengths tells */
    snprintf(expected, sizeof expected, "%zu padding bytes",
             (size_t)ttlv_padded(it->len) - it->len);
    snprintf(actual, sizeof actual, "padding is cut short: %zu of them", left - it->len);
    return deviates(r, RULE_TTLV_SPAN, KE_TTLV_SHORT, at, expected, actual);
}

bool ttlv_r_edge_(struct ttlv_reader *r)
{
    char what[120];
    if (r->msg.n > r->limits.size) {
        snprintf(what, sizeof what, "message has %zu bytes, the limit is %zu", r->msg.n,
                 r->limits.size);
        return fail(r, KE_TTLV_SIZE, r->msg.p, what);
    }
    if (r->items >= r->limits.items) {
        snprintf(what, sizeof what, "message has more than the %u items allowed", r->limits.items);
        return fail(r, KE_TTLV_COUNT, r->pos, what);
    }
    return overrun(r, r->pos, (size_t)(r->end - r->pos));
}

/* Row 0 stands for all types that do not exist: any length. The types whose value
 * has rules never pass here: no length & 0 is 1. */
const struct ttlv_quick_ ttlv_quick_[] = {
    [0] = {0, 0},
    [TTLV_STRUCTURE] = {7, 0},
    [TTLV_INTEGER] = {UINT32_MAX, 4},
    [TTLV_LONG_INTEGER] = {UINT32_MAX, 8},
    [TTLV_BIG_INTEGER] = {0, 1},
    [TTLV_ENUMERATION] = {UINT32_MAX, 4},
    [TTLV_BOOLEAN] = {0, 1},
    [TTLV_TEXT_STRING] = {0, 1},
    [TTLV_BYTE_STRING] = {0, 0},
    [TTLV_DATE_TIME] = {UINT32_MAX, 8},
    [TTLV_INTERVAL] = {UINT32_MAX, 4},
};

/* False only when strict reading must stop. */
static bool check_value(struct ttlv_reader *r, struct ttlv_item *it, const uint8_t *at)
{
    switch (it->type) {
    case TTLV_BOOLEAN:
        return check_boolean(r, it, at);
    case TTLV_TEXT_STRING:
        return check_text(r, it, at);
    case TTLV_BIG_INTEGER:
        return check_big(r, it, at);
    default: /* any value; the length is fixed, or asked to be a multiple of 8, or free */
        return (it->len & ttlv_quick_[it->type].mask) == ttlv_quick_[it->type].want ||
               wrong_length(r, it, at);
    }
}

bool ttlv_r_check_(struct ttlv_reader *r, struct ttlv_item *it, size_t padded)
{
    const uint8_t *at = it->val.p - TTLV_HEADER;
    if (it->type - 1u >= TTLV_INTERVAL) /* reported already; nothing is known of its value */
        return true;
    return check_value(r, it, at) && (!r->sink || check_padding(r, it, at, padded));
}

bool ttlv_r_irregular_(struct ttlv_reader *r, struct ttlv_item *it, size_t left)
{
    const uint8_t *at = it->val.p - TTLV_HEADER;
    uint64_t padded = ttlv_padded(it->len);
    if (!check_head(r, it, at) || (padded > left && !unfit(r, it, at, left)))
        return false;
    padded = padded < left ? padded : left;
    r->pos = it->val.p + padded;
    return ttlv_r_check_(r, it, (size_t)padded);
}

bool ttlv_r_too_deep_(struct ttlv_reader *r, const struct ttlv_item *it)
{
    char what[80];
    if (r->failed)
        return false;
    snprintf(what, sizeof what, "structures are nested deeper than the %u levels allowed",
             r->limits.depth);
    return fail(r, KE_TTLV_DEPTH, r->msg.p + it->off, what);
}

void ttlv_r_children(struct ttlv_reader *r, struct bytes of, const struct ttlv_item *it,
                     struct kerr *err)
{
    ttlv_r_init(r, of, &no_limits, err);
    r->pos = it->val.p;
    r->end = it->val.p + it->val.n;
}

bool ttlv_find(const struct ttlv_item *parent, uint32_t tag, struct ttlv_item *out)
{
    struct ttlv_reader r;
    ttlv_r_init(&r, parent->val, &no_limits, NULL);
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
    ttlv_r_init(&r, msg, &no_limits, NULL);
    return ttlv_r_next(&r, out);
}

bool ttlv_check(struct bytes msg, const struct ttlv_limits *limits, const struct finding_sink *sink,
                const struct ttlv_namer *namer, uint32_t *items, struct kerr *err)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    ttlv_r_init(&r, msg, limits, err);
    ttlv_r_tolerant(&r, sink, namer);
    if (msg.n == 0)
        deviates(&r, RULE_TTLV_SPAN, KE_TTLV_SHORT, r.pos, "one item", "the message is empty");
    while (!r.failed) {
        if (!ttlv_r_next(&r, &it)) {
            if (r.failed || r.depth == 0)
                break;
            ttlv_r_leave(&r);
        } else if (it.type == TTLV_STRUCTURE) {
            ttlv_r_enter(&r, &it);
            continue;
        }
        /* Behind the first item, whatever its type, the message ends. */
        if (r.depth == 0 && r.pos != r.end &&
            deviates(&r, RULE_TTLV_TRAILING, KE_TTLV_TRAILING, r.pos, "the end of the message",
                     "more bytes follow the message"))
            r.pos = r.end;
    }
    if (items)
        *items = r.items;
    return !r.failed;
}
