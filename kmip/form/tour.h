/* A message read for showing, item by item, with reader and schema walk side by
 * side: what all that shows messages goes by. Any bytes will do: what breaks the
 * encoding comes as notes with the step where it was met, and what cannot be read
 * comes as a rest.
 *
 *     tour_start(&t, msg, &options);
 *     while ((step = tour_next(&t)) != TOUR_END) ...
 *     tour_end(&t);
 */
#ifndef KMIP_FORM_TOUR_H
#define KMIP_FORM_TOUR_H

#include "kmip/form/form.h"
#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"

enum tour_step {
    TOUR_ITEM, /* it, spot, hidden, headless, depth are set; a structure's children follow */
    TOUR_REST, /* rest: bytes up to the end of their structure that are no item */
    TOUR_STOP, /* a limit was met, notes say which; TOUR_END follows */
    TOUR_END
};

struct tour {
    struct ttlv_item it;
    struct kmip_spot spot;
    bool hidden;    /* its value must not be shown; of a structure, nothing inside */
    bool headless;  /* tag, type and length must not be shown: perhaps no item at all */
    unsigned depth; /* structures around it */
    struct bytes rest;
    uint32_t rest_off;
    struct buf notes; /* findings of this step, a line each: "ttlv.length: ..." */

    const struct form_options *o; /* never NULL */
    struct ttlv_reader r;
    struct kmip_walk walk;
    struct finding_sink sink;
    struct kerr err;
    bool enter;   /* the structure just given is gone into by the next step */
    bool message; /* the first item was a whole message: nothing may follow */
};

/* o lives as long as the tour; NULL: the defaults. */
void tour_start(struct tour *t, struct bytes msg, const struct form_options *o);
/* The fields of a payload of this operation, without a message around. */
void tour_start_payload(struct tour *t, struct bytes fields, bool response, uint32_t operation,
                        const struct form_options *o);
enum tour_step tour_next(struct tour *t);
void tour_end(struct tour *t);

/* Passes over what is inside the structure that was just given. */
static inline void tour_skip(struct tour *t)
{
    t->enter = false;
}

/* Appends each note as a line: `before` blanks, "! ", the note. */
void tour_put_notes(const struct tour *t, size_t before, struct buf *out);

#endif
