/* A message's bytes as they are, for all that may be shown (form.h): what tour.h names is
 * shown, whatever it does not stays covered. */
#include "kmip/form/form.h"
#include "kmip/form/tour.h"

static const char covered[] = "xx";

struct cover {
    struct buf *out;
    size_t at;        /* of the first digit in out */
    struct bytes msg;
};

static void uncover(struct cover *c, size_t off, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = off; i < off + n && i < c->msg.n; i++) {
        c->out->p[c->at + 2 * i] = (uint8_t)digits[c->msg.p[i] >> 4];
        c->out->p[c->at + 2 * i + 1] = (uint8_t)digits[c->msg.p[i] & 15];
    }
}

static void item(struct cover *c, const struct tour *t)
{
    if (t->headless)
        return;
    uncover(c, t->it.off, TTLV_HEADER);
    if (t->it.type != TTLV_STRUCTURE && !t->hidden)
        uncover(c, t->it.off + TTLV_HEADER, (size_t)ttlv_padded(t->it.len));
}

/* What stands behind the header may be anything, keys too. */
static void rest(struct cover *c, const struct tour *t)
{
    if (!t->headless)
        uncover(c, t->rest_off, TTLV_HEADER);
}

void form_raw(struct bytes msg, const struct form_options *o, struct buf *out)
{
    struct cover c = {out, out->n, msg};
    struct tour t;
    enum tour_step step;
    uint8_t *room = buf_room(out, 2 * msg.n);
    if (!room)
        return;
    if (o && o->show_secrets) {
        uncover(&c, 0, msg.n);
        return;
    }
    for (size_t i = 0; i < 2 * msg.n; i++)
        room[i] = (uint8_t)covered[i & 1];
    tour_start(&t, msg, o);
    while ((step = tour_next(&t)) != TOUR_END)
        if (step == TOUR_ITEM)
            item(&c, &t);
        else if (step == TOUR_REST)
            rest(&c, &t);
    tour_end(&t);
}
