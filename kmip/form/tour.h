/* Inside form/: a message read for showing, item by item, with reader and schema
 * walk side by side. Any bytes will do: what breaks the encoding comes as notes
 * with the step where it was met, and what cannot be read comes as a rest.
 *
 *     tour_start(&t, msg);
 *     while ((step = tour_next(&t)) != TOUR_END) ...
 *     tour_end(&t);
 */
#ifndef KMIP_FORM_TOUR_H
#define KMIP_FORM_TOUR_H

#include "kmip/base/buf.h"
#include "kmip/schema/walk.h"
#include "kmip/ttlv/reader.h"

enum tour_step {
    TOUR_ITEM, /* it, spot, secret, depth are set; a structure's children follow */
    TOUR_REST, /* rest: bytes up to the end of their structure that are no item */
    TOUR_STOP, /* a limit was met, notes say which; TOUR_END follows */
    TOUR_END
};

struct tour {
    struct ttlv_item it;
    struct kmip_spot spot;
    bool secret;    /* it must not be shown: its own tag or a structure around it */
    unsigned depth; /* structures around it */
    struct bytes rest;
    uint32_t rest_off;
    struct buf notes; /* findings of this step, a line each: "ttlv.length: ..." */

    struct ttlv_reader r;
    struct kmip_walk walk;
    struct finding_sink sink;
    struct kerr err;
    bool cautious;   /* the caller's to set: what is out of place is secret too */
    unsigned hidden; /* depth from which everything is secret; 0 = none */
    bool enter;      /* the structure just given is gone into by the next step */
    bool message;    /* the first item was a whole message: nothing may follow */
};

void tour_start(struct tour *t, struct bytes msg);
enum tour_step tour_next(struct tour *t);
void tour_end(struct tour *t);

/* Appends each note as a line: `before` blanks, "! ", the note. */
void tour_put_notes(const struct tour *t, size_t before, struct buf *out);

#endif
