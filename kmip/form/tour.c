/* Reading for showing (tour.h). */
#include "kmip/form/tour.h"

#include "kmip/form/leaf.h"

static void take(void *arg, const struct finding *f)
{
    struct tour *t = arg;
    buf_printf(&t->notes, "%s: %s, expected %s\n", rule_of(f->rule)->name, f->actual, f->expected);
}

void tour_start(struct tour *t, struct bytes msg)
{
    /* What is shown is in memory already: only the depth needs a bound. */
    static const struct ttlv_limits limits = {
        .size = UINT32_MAX, .items = UINT32_MAX, .depth = TTLV_MAX_DEPTH};
    memset(t, 0, sizeof *t);
    buf_init(&t->notes, 64 << 10);
    kerr_clear(&t->err);
    kmip_walk_init(&t->walk);
    t->sink = (struct finding_sink){take, t};
    ttlv_r_init(&t->r, msg, &limits, &t->err);
    ttlv_r_tolerant(&t->r, &t->sink, kmip_tag_name);
}

void tour_end(struct tour *t)
{
    buf_clear(&t->notes);
}

/* Into the structure of the last step. False when nested too deeply. */
static bool go_in(struct tour *t)
{
    bool secret = t->secret;
    t->enter = false;
    if (!ttlv_r_enter(&t->r, &t->it))
        return false;
    if (!kmip_walk_enter(&t->walk, t->it.tag))
        return kerr_set(&t->err, KE_TTLV_DEPTH, "structures are nested too deeply");
    if (secret && !t->hidden)
        t->hidden = t->r.depth;
    return true;
}

static void go_out(struct tour *t)
{
    ttlv_r_leave(&t->r);
    kmip_walk_leave(&t->walk);
    if (t->r.depth < t->hidden)
        t->hidden = 0;
}

static enum tour_step give_item(struct tour *t)
{
    if (t->r.depth == 0)
        t->message =
            t->it.tag == KMIP_TAG_REQUEST_MESSAGE || t->it.tag == KMIP_TAG_RESPONSE_MESSAGE;
    t->depth = t->r.depth;
    t->spot = kmip_walk_look(&t->walk, t->it.tag);
    t->secret =
        t->spot.secret || t->hidden > 0 || (t->cautious && form_stray(&t->spot, &t->it));
    if (t->it.type == TTLV_STRUCTURE)
        t->enter = true;
    else if (!t->it.wrong)
        kmip_walk_note(&t->walk, t->it.tag, t->it.type, t->it.val);
    return TOUR_ITEM;
}

static enum tour_step give_rest(struct tour *t, const uint8_t *at)
{
    t->depth = t->r.depth;
    t->rest = bytes_of(at, (size_t)(t->r.end - at));
    t->rest_off = (uint32_t)(at - t->r.msg.p);
    return TOUR_REST;
}

static enum tour_step stop(struct tour *t)
{
    if (t->err.code == KE_OK)
        return TOUR_END;
    t->depth = t->r.depth;
    buf_printf(&t->notes, "not read further: %s\n", t->err.msg);
    kerr_clear(&t->err);
    return TOUR_STOP;
}

enum tour_step tour_next(struct tour *t)
{
    buf_reset(&t->notes);
    if (t->enter && !go_in(t))
        return stop(t);
    for (;;) {
        const uint8_t *at = t->r.pos;
        if (t->r.depth == 0 && t->message && at != t->r.end && !t->r.failed) {
            t->message = false;
            buf_puts(&t->notes, "ttlv.trailing: more bytes follow the message, expected its end\n");
        }
        if (ttlv_r_next(&t->r, &t->it))
            return give_item(t);
        if (t->r.failed)
            return stop(t);
        if (at != t->r.end)
            return give_rest(t, at);
        if (t->r.depth == 0)
            return TOUR_END;
        go_out(t);
    }
}

void tour_put_notes(const struct tour *t, size_t before, struct buf *out)
{
    const uint8_t *p = t->notes.p, *end = p + t->notes.n;
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);
        buf_fill(out, ' ', before);
        buf_puts(out, "! ");
        buf_put(out, p, n);
        buf_putc(out, '\n');
        p += n + 1;
        if (!nl)
            break;
    }
}
