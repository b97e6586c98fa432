/* Reading for showing (tour.h). */
#include "kmip/form/tour.h"

#include "kmip/form/leaf.h"

/* Where secrets are shown, texts need not hide any either. */
static const struct ttlv_namer open_namer = {kmip_tag_name, NULL};

static void take(void *arg, const struct finding *f)
{
    struct tour *t = arg;
    buf_printf(&t->notes, "%s: %s, expected %s\n", rule_of(f->rule)->name, f->actual, f->expected);
}

void tour_start(struct tour *t, struct bytes msg, const struct form_options *o)
{
    /* What is shown is in memory already: only the depth needs a bound. */
    static const struct ttlv_limits limits = {
        .size = UINT32_MAX, .items = UINT32_MAX, .depth = TTLV_MAX_DEPTH};
    static const struct form_options none = {.show_secrets = false};
    memset(t, 0, sizeof *t);
    t->o = o ? o : &none;
    buf_init(&t->notes, 64 << 10);
    kerr_clear(&t->err);
    kmip_walk_init(&t->walk);
    t->sink = (struct finding_sink){take, t};
    ttlv_r_init(&t->r, msg, &limits, &t->err);
    ttlv_r_tolerant(&t->r, &t->sink, o && o->show_secrets ? &open_namer : &kmip_namer);
}

void tour_start_payload(struct tour *t, struct bytes fields, bool response, uint32_t operation,
                        const struct form_options *o)
{
    tour_start(t, fields, o);
    kmip_walk_init_payload(&t->walk, response, operation);
}

void tour_end(struct tour *t)
{
    buf_clear(&t->notes);
}

/* Into the structure of the last step. False when nested too deeply. */
static bool go_in(struct tour *t)
{
    t->enter = false;
    return ttlv_r_enter(&t->r, &t->it) &&
           (kmip_walk_enter_as(&t->walk, t->it.tag, &t->spot) ||
            kerr_set(&t->err, KE_TTLV_DEPTH, "structures are nested too deeply"));
}

static void go_out(struct tour *t)
{
    ttlv_r_leave(&t->r);
    kmip_walk_leave(&t->walk);
}

static enum tour_step give_item(struct tour *t, bool fits)
{
    const struct ttlv_item *it = &t->it;
    if (t->r.depth == 0)
        t->message = it->tag == KMIP_TAG_REQUEST_MESSAGE || it->tag == KMIP_TAG_RESPONSE_MESSAGE;
    t->depth = t->r.depth;
    t->spot = kmip_walk_look(&t->walk, it->tag);
    t->hidden = form_hides(t->o, &t->spot, it);
    t->headless =
        !t->o->show_secrets && kmip_hides_header(&t->spot, it->tag, it->type, fits);
    t->enter = it->type == TTLV_STRUCTURE;
    if (!t->enter)
        kmip_walk_note(&t->walk, it->tag, it->wrong ? 0 : it->type, it->val);
    return TOUR_ITEM;
}

/* A structure of which the end is missing: what there is of it can be read. */
static bool cut_short(struct tour *t, const uint8_t *at)
{
    size_t left = (size_t)(t->r.end - at);
    if (left < TTLV_HEADER || t->r.end != t->r.msg.p + t->r.msg.n || at[3] != TTLV_STRUCTURE ||
        !kmip_tag(be32_get(at) >> 8))
        return false;
    t->it = (struct ttlv_item){.tag = be32_get(at) >> 8,
                               .type = TTLV_STRUCTURE,
                               .len = be32_get(at + 4),
                               .off = (uint32_t)(at - t->r.msg.p),
                               .wrong = true,
                               .val = bytes_of(at + TTLV_HEADER, left - TTLV_HEADER)};
    return true;
}

static enum tour_step give_rest(struct tour *t, const uint8_t *at)
{
    t->depth = t->r.depth;
    t->rest = bytes_of(at, (size_t)(t->r.end - at));
    t->rest_off = (uint32_t)(at - t->r.msg.p);
    t->headless = true;
    if (t->rest.n < TTLV_HEADER) {
        kmip_walk_skip(&t->walk);
        return TOUR_REST;
    }
    t->spot = kmip_walk_look(&t->walk, be32_get(at) >> 8);
    t->headless =
        !t->o->show_secrets && kmip_hides_header(&t->spot, be32_get(at) >> 8, at[3], false);
    kmip_walk_skip(&t->walk);
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
            return give_item(t, true);
        if (t->r.failed)
            return stop(t);
        if (at != t->r.end)
            return cut_short(t, at) ? give_item(t, false) : give_rest(t, at);
        if (t->r.depth == 0)
            return TOUR_END;
        go_out(t);
    }
}

void tour_put_notes(const struct tour *t, size_t before, struct buf *out)
{
    if (t->notes.n == 0)
        return;
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
