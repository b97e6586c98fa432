#include "kmip/tests/support/steps.h"

#include <criterion/criterion.h>

static void write_item(struct ttlv_writer *w, const struct step *s)
{
    uint8_t value[8];
    struct bytes v;

    switch (s->type) {
    case TTLV_STRUCTURE:
        ttlv_w_open(w, s->tag);
        return;
    case TTLV_TEXT_STRING:
    case TTLV_BYTE_STRING:
        v = bytes_str(s->text);
        break;
    case TTLV_BIG_INTEGER:
        ttlv_w_big(w, s->tag, bytes_str(s->text));
        return;
    case TTLV_INTEGER:
    case TTLV_ENUMERATION:
    case TTLV_INTERVAL:
        be32_put(value, (uint32_t)s->number);
        v = bytes_of(value, 4);
        break;
    default:
        be64_put(value, (uint64_t)s->number);
        v = bytes_of(value, 8);
        break;
    }
    ttlv_w_value(w, s->tag, s->type, v);
}

void steps_write(const struct step *steps, struct buf *out)
{
    struct kerr err = KERR_INIT;
    struct ttlv_writer w;

    ttlv_w_init(&w, out, &err);
    for (; steps->kind != STEP_END; steps++)
        if (steps->kind == STEP_CLOSE)
            ttlv_w_close(&w);
        else
            write_item(&w, steps);
    cr_assert(ttlv_w_finish(&w), "steps do not make a message: %s", err.msg);
}
