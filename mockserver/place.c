/* Tag paths and splicing (place.h). */
#include "mockserver/place.h"

#include "kmip/base/text.h"
#include "kmip/ttlv/reader.h"
#include "kmip/yaml/yfield.h"

/* --- reading paths ----------------------------------------------------- */

/* "Name" or "Name[2]". */
static bool step_of(struct bytes text, struct tag_step *out)
{
    int64_t index = 0, tag;
    const uint8_t *open = memchr(text.p, '[', text.n);
    if (open) {
        size_t at = (size_t)(open - text.p);
        if (text.p[text.n - 1] != ']' ||
            !text_int(bytes_of(open + 1, text.n - at - 2), 0, 1000000, &index))
            return false;
        text.n = at;
    }
    const struct kmip_tag *known = kmip_tag_by_name(text);
    if (known)
        tag = known->tag;
    else if (text.n < 3 || text.p[0] != '0' || !text_int(text, 0x420000, 0x54FFFF, &tag))
        return false;
    *out = (struct tag_step){(uint32_t)tag, (uint32_t)index};
    return true;
}

/* The next step of the path from *at on. Some names have a slash of their own
 * ("MAC/Signature"): the shortest piece that is a name is the step. */
static bool next_step(struct bytes text, size_t *at, struct tag_step *out)
{
    for (size_t end = *at; end <= text.n; end++) {
        if (end < text.n && text.p[end] != '/')
            continue;
        if (end > *at && step_of(bytes_of(text.p + *at, end - *at), out)) {
            *at = end < text.n ? end + 1 : end;
            return true;
        }
    }
    return false;
}

/* *at is where it stopped, the text's end when all is well. */
static bool parse(struct bytes text, struct tag_path *out, size_t *at)
{
    *at = 0;
    out->n = 0;
    while (*at < text.n) {
        struct tag_step s;
        if (out->n == TAG_PATH_MAX || !next_step(text, at, &s))
            return false;
        bool root = out->n == 0 && s.tag == KMIP_TAG_RESPONSE_MESSAGE;
        if (!root)
            out->v[out->n++] = s;
    }
    return text.n > 0;
}

bool tag_path_read(const struct ynode *n, struct tag_path *out, struct kerr *err)
{
    const char *text;
    size_t at;
    if (!ynode_str(n, &text, err))
        return false;
    out->text = text;
    if (parse(bytes_str(text), out, &at))
        return true;
    return ynode_err(n, KE_CONFIG, err,
                     "no field is named '%s'; a path is such as 'Batch Item[0]/Response "
                     "Payload/Unique Identifier'",
                     text + at);
}

struct tag_path tag_path_of(const char *text)
{
    struct tag_path p = {.text = text};
    size_t at;
    if (!parse(bytes_str(text), &p, &at))
        p.n = 0;
    return p;
}

/* --- finding ----------------------------------------------------------- */

/* Goes on to the child that the step names; the walk notes what it passes. */
static bool descend(struct bytes msg, struct place *at, const struct tag_step *s)
{
    struct ttlv_reader r;
    struct ttlv_item it;
    struct kerr err = KERR_INIT;
    uint32_t seen = 0;
    if (at->it.type != TTLV_STRUCTURE || at->n_up > TAG_PATH_MAX ||
        !kmip_walk_enter(&at->walk, at->it.tag))
        return false;
    at->up[at->n_up++] = at->off;
    ttlv_r_children(&r, msg, &at->it, &err);
    while (ttlv_r_next(&r, &it)) {
        if (it.tag == s->tag && seen++ == s->index) {
            at->it = it;
            at->off = it.off;
            at->size = TTLV_HEADER + (size_t)ttlv_padded(it.len);
            return true;
        }
        if (it.type != TTLV_STRUCTURE)
            kmip_walk_note(&at->walk, it.tag, it.type, it.val);
    }
    return false;
}

bool place_find(struct bytes msg, const struct tag_path *p, size_t n, struct place *out)
{
    if (!ttlv_first(msg, &out->it))
        return false;
    out->off = 0;
    out->size = TTLV_HEADER + (size_t)ttlv_padded(out->it.len);
    out->n_up = 0;
    kmip_walk_init(&out->walk);
    for (size_t i = 0; i < n; i++)
        if (!descend(msg, out, &p->v[i]))
            return false;
    return true;
}

/* --- changing ---------------------------------------------------------- */

bool place_splice(struct buf *msg, const size_t *up, size_t n_up, size_t at, size_t cut,
                  struct bytes put)
{
    struct buf b;
    buf_init(&b, msg->limit);
    buf_put(&b, msg->p, at);
    buf_put_bytes(&b, put);
    buf_put(&b, msg->p + at + cut, msg->n - at - cut);
    if (b.failed) {
        buf_clear(&b);
        return false;
    }
    for (size_t i = 0; i < n_up; i++) {
        uint8_t *len = b.p + up[i] + 4;
        be32_put(len, be32_get(len) + (uint32_t)put.n - (uint32_t)cut);
    }
    buf_clear(msg);
    *msg = b;
    return true;
}
