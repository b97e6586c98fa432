/* What must not be shown (walk.h): the one place where that is decided.
 *
 * The tables mark tags that are secret (Key Material, Password, Data) and the
 * structures around them (Key Block, Credential). From there it goes by ancestry:
 *
 *   around a secret   what the tables do not name, or not in this type, is secret
 *   inside a secret   everything is
 *   behind a secret   what is no sound item is, for a wrong length spills values
 *                     over what follows
 *   elsewhere         what the tables call secret is
 *
 * A payload of an operation that nobody knows (absent, or only told behind it) is
 * read by tags alone: what has no name there is secret too. */
#include "kmip/schema/secrecy.h"

/* Of the standard's range or of the extensions' (KMIP 1.2 spec, 9.1.3.1). */
static bool tag_possible(uint32_t tag)
{
    return tag >> 16 == 0x42 || tag >> 16 == 0x54;
}

static bool type_possible(unsigned type)
{
    return type >= TTLV_STRUCTURE && type <= TTLV_INTERVAL;
}

/* Items that kmip_hides_at walks past before it gives up. A finding costs such a
 * walk, and a hostile message is paid a thousand findings. */
#define WALK_MAX 2000u

/* The payload of an operation that is absent, or that nobody knows. */
static bool unknown_payload(uint32_t tag, const struct kmip_struct *def)
{
    return !def && (tag == KMIP_TAG_REQUEST_PAYLOAD || tag == KMIP_TAG_RESPONSE_PAYLOAD);
}

uint8_t kmip_secrecy_of(const struct kmip_walk *w, uint32_t tag, const struct kmip_spot *spot,
                        const struct kmip_tag *t)
{
    const struct kmip_frame *f = w->depth ? &w->frame[w->depth - 1] : NULL;
    uint8_t around = f ? f->secrecy : KMIP_PUBLIC;
    /* A managed object takes a place that is kept for any: its own tag counts. */
    uint8_t own = spot->field && spot->field->tag && !spot->attr ? spot->field->secrecy
                  : t                                            ? t->secrecy
                                                                 : KMIP_PUBLIC;

    if (around == KMIP_SECRET || (around == KMIP_GUARDED && !spot->field))
        return KMIP_SECRET;
    if (!spot->tag && f && unknown_payload(f->tag, f->def))
        return KMIP_SECRET;
    if (around == KMIP_PUBLIC && w->secret_met)
        around = tag_possible(tag) ? KMIP_SUSPECT : KMIP_SECRET;
    return own > around ? own : around;
}

void kmip_secrecy_enter(struct kmip_walk *w, struct kmip_frame *f, const struct kmip_spot *spot)
{
    if (kmip_hides_type(spot, TTLV_STRUCTURE, false))
        f->secrecy = KMIP_SECRET;
    else
        f->secrecy = spot->secrecy >= KMIP_GUARDED ? KMIP_GUARDED : KMIP_PUBLIC;
    w->secret_met |= f->secrecy != KMIP_PUBLIC || unknown_payload(f->tag, f->def);
}

/* Does a value go on over what looks like the header of a secret, because its length
 * is wrong? Items begin at multiples of eight, values too. */
static bool swallows_secret(struct bytes val)
{
    for (size_t i = 0; i + TTLV_HEADER <= val.n; i += 8) {
        const uint8_t *p = val.p + i;
        const struct kmip_tag *t = p[0] == 0x42 && type_possible(p[3]) ? kmip_tag(be32_get(p) >> 8)
                                                                      : NULL;
        if (t && t->secrecy != KMIP_PUBLIC)
            return true;
    }
    return false;
}

void kmip_secrecy_pass(struct kmip_walk *w, uint32_t tag, struct bytes val)
{
    const struct kmip_tag *t = w->secret_met ? NULL : kmip_tag(tag);

    if (!w->secret_met)
        w->secret_met = (t && t->secrecy != KMIP_PUBLIC) || swallows_secret(val);
}

bool kmip_hides_type(const struct kmip_spot *spot, unsigned type, bool wrong)
{
    uint16_t types = spot->types ? spot->types : spot->tag ? spot->tag->types : 0;

    bool structure_only = types == TYPE_BIT(TTLV_STRUCTURE);

    /* Nobody looks into what should have been a structure: a key may be in it. */
    if (structure_only && type != TTLV_STRUCTURE)
        return true;
    switch ((enum kmip_secrecy)spot->secrecy) {
    case KMIP_PUBLIC:
        return false;
    case KMIP_SUSPECT:
        return !type_possible(type);
    case KMIP_GUARDED:
        return !type_possible(type) || (wrong && type != TTLV_STRUCTURE) ||
               (types && !(types & TYPE_BIT(type)));
    case KMIP_HOLDER:
        return type != TTLV_STRUCTURE;
    case KMIP_SECRET:
        break;
    }
    return true;
}

bool kmip_hides(const struct kmip_spot *spot, const struct ttlv_item *it)
{
    return kmip_hides_type(spot, it->type, it->wrong) ||
           (it->type != TTLV_STRUCTURE && swallows_secret(it->val));
}

bool kmip_hides_header(const struct kmip_spot *spot, uint32_t tag, unsigned type, bool fits)
{
    bool sound = type_possible(type) && (spot->tag || (fits && tag_possible(tag)));

    return spot->secrecy != KMIP_PUBLIC && !sound;
}

/* A walk by headers, which takes any bytes, as reader and tour go: what leaves its
 * structure ends that structure, and what is cut short is read as far as it goes. */
struct search {
    struct kmip_walk walk;
    struct bytes msg;
    uint32_t at, end[TTLV_MAX_DEPTH + 2]; /* of the level of each depth */
};

static uint32_t level_end(const struct search *s)
{
    return s->end[s->walk.depth];
}

/* Into the structure at s->at, or past the item there. */
static void step(struct search *s, const struct kmip_spot *spot, uint32_t tag, unsigned type,
                 uint32_t len)
{
    uint32_t left = level_end(s) - s->at - TTLV_HEADER;
    uint64_t padded = ttlv_padded(len);

    s->at += TTLV_HEADER;
    bool cut_short = len > left && level_end(s) == s->msg.n && spot->tag;
    if (type == TTLV_STRUCTURE && (len <= left || cut_short) &&
        kmip_walk_enter_as(&s->walk, tag, spot)) {
        s->end[s->walk.depth] = s->at + (cut_short ? left : len);
    } else if (len > left) {
        kmip_walk_skip(&s->walk);
        s->at += left;
    } else {
        kmip_walk_note(&s->walk, tag, type, bytes_of(s->msg.p + s->at, len));
        s->at += padded < left ? (uint32_t)padded : left;
    }
}

/* Walks until the item at off, or the first behind it, and looks there: 1. 0: the message
 * ends before. -1: it is too far. */
static int walk_to(struct search *s, struct bytes msg, uint32_t off, struct kmip_spot *spot)
{
    *s = (struct search){.msg = msg};
    kmip_walk_init(&s->walk);
    s->end[0] = (uint32_t)msg.n;
    for (unsigned items = 0; items < WALK_MAX;) {
        if (level_end(s) - s->at < TTLV_HEADER) {
            s->at = level_end(s);
            if (s->walk.depth == 0)
                return 0;
            kmip_walk_leave(&s->walk);
            continue;
        }
        uint32_t head = be32_get(msg.p + s->at);
        *spot = kmip_walk_look(&s->walk, head >> 8);
        if (s->at >= off)
            return 1;
        step(s, spot, head >> 8, head & 0xFF, be32_get(msg.p + s->at + 4));
        items++;
    }
    return -1;
}

static bool has_header_at(struct bytes msg, uint32_t off)
{
    return off < msg.n && msg.n - off >= TTLV_HEADER && msg.n <= UINT32_MAX;
}

bool kmip_hides_at(struct bytes msg, uint32_t off)
{
    struct search s;
    struct kmip_spot spot;

    if (!has_header_at(msg, off))
        return false;
    uint32_t head = be32_get(msg.p + off);
    if (kmip_tag(head >> 8) && type_possible(head & 0xFF))
        return false; /* sound wherever it stands */
    int found = walk_to(&s, msg, off, &spot);
    if (found != 1)
        return found != 0;
    uint32_t left = level_end(&s) - s.at - TTLV_HEADER;
    head = be32_get(msg.p + s.at);
    return kmip_hides_header(&spot, head >> 8, head & 0xFF, be32_get(msg.p + s.at + 4) <= left);
}

bool kmip_secret_at(struct bytes msg, uint32_t off)
{
    struct search s;
    struct kmip_spot spot;
    int found = has_header_at(msg, off) ? walk_to(&s, msg, off, &spot) : -1;

    return found == 1 ? kmip_walk_in_secret(&s.walk) : found < 0;
}

const struct ttlv_namer kmip_namer = {kmip_tag_name, kmip_hides_at};
