/* The tools that messages are broken with (malform.h), and the list of families. */
#include "conformance/malform_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/schema/dict.h"
#include "kmip/ttlv/reader.h"

#define BROKEN_MAX (8u << 20)

const struct malform_family malform_families[] = {
    {"tag", "another tag, of the standard, of an extension, or outside of both", malform_tags},
    {"type", "every other item type, and types that do not exist", malform_types},
    {"length", "a length that is not that of the value, at every boundary", malform_lengths},
    {"size", "a value of another size than its type has, all lengths right", malform_sizes},
    {"padding", "padding that is missing, too short, too long, or not zero", malform_padding},
    {"value", "the first and last values of the type, and texts that are none", malform_values},
    {"bytes", "each byte of the message set to 00 and FF, and its top bit turned", malform_bytes},
    {"truncate", "the message ends inside the item, and says so itself", malform_truncate},
    {"missing", "the item is left out", malform_missing},
    {"twice", "the item comes twice", malform_twice},
    {"order", "the item comes first in its structure, and behind the next one", malform_order},
    {"stray", "an unknown item, and bytes that are none, before the item", malform_strays},
    {"nest", "structures inside structures in the item's place, up to 100000", malform_nesting},
    {"many", "the item comes 1000 times; and 1000 Batch Items that count as such", malform_many},
};
const size_t n_malform_families = sizeof malform_families / sizeof *malform_families;

const struct malform_family *malform_find(const char *name)
{
    for (size_t i = 0; i < n_malform_families; i++)
        if (strcmp(malform_families[i].name, name) == 0)
            return &malform_families[i];
    return NULL;
}

/* ---- the good message -------------------------------------------------------- */

static void spare(struct malforming *m, size_t i)
{
    for (; i != MALFORM_NO_PARENT; i = m->items[i].parent)
        m->items[i].spared = true;
}

static void note(struct malforming *m, const struct ttlv_item *it, size_t parent, size_t *before)
{
    struct malform_item *to = &m->items[m->n];
    *to = (struct malform_item){.off = it->off,
                                .len = it->len,
                                .tag = it->tag,
                                .type = it->type,
                                .parent = parent,
                                .end = it->off + TTLV_HEADER + (size_t)ttlv_padded(it->len)};
    if (*before)
        m->items[*before].next = m->n;
    *before = m->n++;
    if (m->spared && it->tag == m->spared)
        spare(m, m->n - 1);
}

/* Every item, a structure before what it holds. False: too many. */
static bool list(struct malforming *m, struct ttlv_reader *r, size_t parent)
{
    struct ttlv_item it;
    size_t before = 0;
    while (ttlv_r_next(r, &it)) {
        if (m->n == MALFORM_ITEMS)
            return kerr_set(m->err, KE_CASE, "a message of more than %d items is not broken",
                            MALFORM_ITEMS);
        size_t here = m->n;
        note(m, &it, parent, &before);
        if (it.type != TTLV_STRUCTURE)
            continue;
        if (!ttlv_r_enter(r, &it) || !list(m, r, here))
            return false;
        ttlv_r_leave(r);
    }
    return !r->failed;
}

/* ---- tools ------------------------------------------------------------------- */

struct bytes malform_value(const struct malforming *m, const struct malform_item *it)
{
    return bytes_of(m->good.p + it->off + TTLV_HEADER, it->len);
}

void malform_copy(struct malforming *m)
{
    buf_reset(&m->out);
    buf_put_bytes(&m->out, m->good);
}

void malform_splice(struct malforming *m, size_t parent, size_t at, size_t cut,
                    struct bytes insert)
{
    buf_reset(&m->out);
    buf_put(&m->out, m->good.p, at);
    buf_put_bytes(&m->out, insert);
    buf_put(&m->out, m->good.p + at + cut, m->good.n - at - cut);
    for (size_t i = parent; i != MALFORM_NO_PARENT && !m->out.failed; i = m->items[i].parent) {
        uint8_t *length = m->out.p + m->items[i].off + 4;
        be32_put(length, (uint32_t)(be32_get(length) + insert.n - cut));
    }
}

void malform_replace(struct malforming *m, const struct malform_item *it, struct bytes value)
{
    struct buf item;
    uint8_t head[TTLV_HEADER];
    be32_put(head, it->tag << 8 | it->type);
    be32_put(head + 4, (uint32_t)value.n);
    buf_init(&item, BROKEN_MAX);
    buf_put(&item, head, sizeof head);
    buf_put_bytes(&item, value);
    buf_fill(&item, 0, (size_t)ttlv_padded((uint32_t)value.n) - value.n);
    malform_splice(m, it->parent, it->off, it->end - it->off, buf_bytes(&item));
    m->out.failed = m->out.failed || item.failed;
    buf_clear(&item);
}

/* Bytes that the message says it has, with its header. */
static uint64_t announced(struct bytes message)
{
    return message.n < TTLV_HEADER ? TTLV_HEADER
                                   : (uint64_t)be32_get(message.p + 4) + TTLV_HEADER;
}

void malform_emit(struct malforming *m, const struct malform_item *it, const char *fmt, ...)
{
    char what[600], path[300];
    if (m->enough)
        return;
    if (m->out.failed) {
        m->enough = true;
        kerr_set(m->err, KE_MEMORY, "no memory to break a message");
        return;
    }
    ttlv_path_at(m->good, it->off, &kmip_namer, path, sizeof path);
    int n = snprintf(what, sizeof what, "%s: ", path);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what + n, sizeof what - (size_t)n, fmt, ap);
    va_end(ap);
    const struct malformed broken = {.message = buf_bytes(&m->out),
                                     .what = what,
                                     .waits = announced(buf_bytes(&m->out)) > m->out.n,
                                     .overhangs = announced(buf_bytes(&m->out)) < m->out.n};
    m->enough = !m->take(m->arg, &broken);
}

/* ---- a family ---------------------------------------------------------------- */

bool malform_each(const struct malform_family *f, struct bytes good, uint32_t spared,
                  malform_take *take, void *arg, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    struct malforming m = {.good = good, .spared = spared, .take = take, .arg = arg, .err = &why};
    struct ttlv_reader r;
    m.items = calloc(MALFORM_ITEMS, sizeof *m.items);
    if (!m.items)
        return kerr_set(err, KE_MEMORY, "no memory to break a message");
    buf_init(&m.out, BROKEN_MAX);
    ttlv_r_init(&r, good, NULL, &why);
    if (list(&m, &r, MALFORM_NO_PARENT))
        f->run(&m);
    buf_clear(&m.out);
    free(m.items);
    return why.code == KE_OK || kerr_set(err, why.code, "%s", why.msg);
}
