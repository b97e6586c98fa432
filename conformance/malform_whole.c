/* Families that break structures and messages: what is missing, doubled, moved, too much
 * or too deep (malform_in.h). */
#include "conformance/malform_in.h"

#include <stdio.h>

#include "kmip/schema/dict.h"

/* Each item that may be broken; never the message itself. */
#define EACH_INSIDE(it) \
    for (const struct malform_item *it = m->items + 1; it < m->items + m->n && !m->enough; it++) \
        if (!it->spared)

#define MANY 1000

static struct bytes whole(const struct malforming *m, const struct malform_item *it)
{
    return bytes_of(m->good.p + it->off, it->end - it->off);
}

/* ---- less ---------------------------------------------------------------------- */

/* The message ends there, and its own length says so; those inside it do not. */
static void end_at(struct malforming *m, const struct malform_item *it, size_t at)
{
    if (at < TTLV_HEADER || at >= m->good.n)
        return;
    malform_copy(m);
    buf_truncate(&m->out, at);
    if (!m->out.failed)
        be32_put(m->out.p + 4, (uint32_t)(at - TTLV_HEADER));
    malform_emit(m, it, "the message ends %zu bytes into it", at - it->off);
}

void malform_truncate(struct malforming *m)
{
    static const size_t into[] = {0, 1, 3, 4, 7, 8};
    for (const struct malform_item *it = m->items; it < m->items + m->n && !m->enough; it++) {
        if (it->spared)
            continue;
        for (size_t i = 0; i < sizeof into / sizeof *into; i++)
            end_at(m, it, it->off + into[i]);
        if (it->len > 1 && it->type != TTLV_STRUCTURE)
            end_at(m, it, it->off + TTLV_HEADER + it->len / 2);
    }
}

void malform_missing(struct malforming *m)
{
    EACH_INSIDE (it) {
        malform_splice(m, it->parent, it->off, it->end - it->off, bytes_of(NULL, 0));
        malform_emit(m, it, "left out");
    }
}

/* ---- more ---------------------------------------------------------------------- */

void malform_twice(struct malforming *m)
{
    EACH_INSIDE (it) {
        malform_splice(m, it->parent, it->end, 0, whole(m, it));
        malform_emit(m, it, "comes twice");
    }
}

static void repeat(struct malforming *m, const struct malform_item *it)
{
    struct buf copies;
    buf_init(&copies, 8u << 20);
    for (int i = 0; i < MANY; i++)
        buf_put_bytes(&copies, whole(m, it));
    if (!copies.failed) {
        malform_splice(m, it->parent, it->off, it->end - it->off, buf_bytes(&copies));
        malform_emit(m, it, "comes %d times", MANY);
    }
    buf_clear(&copies);
}

/* The Batch Item with an id of its own behind its Operation, which comes first. */
static void put_numbered(struct malforming *m, const struct malform_item *batch_item, unsigned no,
                         struct buf *out)
{
    uint8_t head[TTLV_HEADER], id[16];
    const struct malform_item *operation = batch_item + 1;
    size_t from = batch_item->off + TTLV_HEADER, cut = operation->end - from;
    be32_put(head, KMIP_TAG_BATCH_ITEM << 8 | TTLV_STRUCTURE);
    be32_put(head + 4, batch_item->len + (uint32_t)sizeof id);
    be32_put(id, KMIP_TAG_UNIQUE_BATCH_ITEM_ID << 8 | TTLV_BYTE_STRING);
    be32_put(id + 4, 8);
    be64_put(id + 8, no);
    buf_put(out, head, sizeof head);
    buf_put(out, m->good.p + from, cut);
    buf_put(out, id, sizeof id);
    buf_put(out, m->good.p + from + cut, batch_item->end - from - cut);
}

/* A sound message of as many items as it says. */
static void big_batch(struct malforming *m, const struct malform_item *it)
{
    struct buf copies;
    size_t count = 0;
    while (count < m->n && m->items[count].tag != KMIP_TAG_BATCH_COUNT)
        count++;
    if (count == m->n || m->items[count].off > it->off || it + 1 >= m->items + m->n ||
        it[1].tag != KMIP_TAG_OPERATION)
        return;
    buf_init(&copies, 8u << 20);
    for (unsigned i = 0; i < MANY; i++)
        put_numbered(m, it, i, &copies);
    malform_splice(m, it->parent, it->off, it->end - it->off, buf_bytes(&copies));
    if (!m->out.failed && !copies.failed) {
        be32_put(m->out.p + m->items[count].off + TTLV_HEADER, MANY);
        malform_emit(m, it, "%d of them, each with its id, and Batch Count %d", MANY, MANY);
    }
    buf_clear(&copies);
}

void malform_many(struct malforming *m)
{
    EACH_INSIDE (it) {
        repeat(m, it);
        if (it->tag == KMIP_TAG_BATCH_ITEM)
            big_batch(m, it);
    }
}

/* ---- elsewhere ----------------------------------------------------------------- */

/* The items a and b, of which b stands somewhere behind a in the same structure: b first,
 * then what was before it. */
static void move_before(struct malforming *m, const struct malform_item *a,
                        const struct malform_item *b)
{
    struct buf both;
    buf_init(&both, 8u << 20);
    buf_put_bytes(&both, whole(m, b));
    buf_put(&both, m->good.p + a->off, b->off - a->off);
    malform_splice(m, b->parent, a->off, b->end - a->off, buf_bytes(&both));
    m->out.failed = m->out.failed || both.failed;
    buf_clear(&both);
}

void malform_order(struct malforming *m)
{
    EACH_INSIDE (it) {
        const struct malform_item *first = &m->items[it->parent] + 1;
        const struct malform_item *next = it->next ? &m->items[it->next] : NULL;
        if (first != it) {
            move_before(m, first, it);
            malform_emit(m, it, "comes first in its structure");
        }
        if (next && next->tag != it->tag && !next->spared) {
            move_before(m, it, next);
            malform_emit(m, it, "comes behind the item that follows it");
        }
    }
}

static const struct {
    const char *what, *bytes;
    size_t n;
} strays[] = {
#define STRAY(what, bytes) {what, bytes, sizeof bytes - 1}
    STRAY("an unknown extension", "\x54\xaa\x01\x02\0\0\0\4\0\0\0\1\0\0\0\0"),
    STRAY("an unknown structure", "\x54\xaa\x02\x01\0\0\0\0"),
    STRAY("a Response Header", "\x42\x00\x7a\x01\0\0\0\0"),
    STRAY("8 bytes of zero", "\0\0\0\0\0\0\0\0"),
    STRAY("8 bytes of FF", "\xff\xff\xff\xff\xff\xff\xff\xff"),
    STRAY("one byte", "\x42"),
#undef STRAY
};

void malform_strays(struct malforming *m)
{
    EACH_INSIDE (it)
        for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
            malform_splice(m, it->parent, it->off, 0, bytes_of(strays[i].bytes, strays[i].n));
            malform_emit(m, it, "%s before it", strays[i].what);
        }
}

/* ---- deep ---------------------------------------------------------------------- */

static void nest(struct malforming *m, const struct malform_item *it, uint32_t depth)
{
    struct buf inside;
    buf_init(&inside, 8u << 20);
    for (uint32_t i = depth; i-- > 0;) {
        uint8_t head[TTLV_HEADER];
        be32_put(head, it->tag << 8 | TTLV_STRUCTURE);
        be32_put(head + 4, i * TTLV_HEADER);
        buf_put(&inside, head, sizeof head);
    }
    malform_splice(m, it->parent, it->off, it->end - it->off, buf_bytes(&inside));
    m->out.failed = m->out.failed || inside.failed;
    buf_clear(&inside);
    malform_emit(m, it, "%u structures inside each other", depth);
}

void malform_nesting(struct malforming *m)
{
    EACH_INSIDE (it) {
        nest(m, it, 33);
        nest(m, it, 1000);
        if (it->tag == KMIP_TAG_REQUEST_PAYLOAD || it == m->items + m->n - 1)
            nest(m, it, 100000);
    }
}
