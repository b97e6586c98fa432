/* The pipeline picture: what went over connections and when, as drawn in a terminal and on
 * pages. Times are those of the client; where the server's clock is known, each moment has a
 * time by it too.
 *
 * A request is outstanding from the moment it is sent until its reply comes or the connection
 * breaks. Replies come in the order of their requests: one that comes before that of an older
 * request overtakes it, and in the picture their lines cross.
 *
 *     struct picture_walk w = picture_walk(&p);
 *     struct picture_row row;
 *     while (picture_next(&w, &row)) ... row.e, row.place of row.open outstanding ...
 */
#ifndef CONFORMANCE_PICTURE_H
#define CONFORMANCE_PICTURE_H

#include <jansson.h>

#include "kmip/base/buf.h"

enum picture_kind {
    EVENT_SENT,
    EVENT_REPLY,
    EVENT_NOTE,  /* about none of them */
    EVENT_BROKE, /* nothing that is outstanding is waited for any more */
    EVENT_FAULT, /* was injected, and no reply came that could show it */
    EVENT_KINDS
};

struct picture_event {
    enum picture_kind kind;
    int64_t at_ns;          /* monotonic */
    int64_t passed_ns;      /* virtual time that the server was made to skip before */
    uint32_t connection;    /* from 1; 0: about none */
    uint32_t request;       /* number on the connection, from 1; 0: about none */
    uint32_t operation;
    uint8_t id[16];         /* Unique Batch Item ID */
    uint32_t order;         /* of a reply: as which one of the connection it came, from 1 */
    uint32_t records;       /* ... TLS records that it took */
    bool shared;            /* ... one of them holds bytes of another reply */
    const char *text;       /* what it says beside; may be "" */
    const char *faults;     /* injected ones that struck here, "a, b"; NULL: none did */
    const char *did;        /* what the last of them did */
};

/* A view: whoever made it keeps the events, which are in the order of time. */
struct picture {
    const struct picture_event *v;
    size_t n;
    int64_t began_ns;       /* monotonic: what times are counted from */
    int64_t began_wall_ns;  /* the same moment by our clock, since the epoch */
    bool two_clocks;        /* the server's differs, by offset_ns: theirs minus ours */
    int64_t offset_ns;
    bool of_keys;           /* ... not the one of Time Stamps, but that which dates its keys */
};

/* How an event stands in a drawing; see enum picture_kind. */
const char *picture_kind_name(enum picture_kind k);
/* Milliseconds since the picture begins; ours and the server's clock, ns since the epoch. */
double picture_ms(const struct picture *p, const struct picture_event *e);
int64_t picture_our_time(const struct picture *p, const struct picture_event *e);
int64_t picture_their_time(const struct picture *p, const struct picture_event *e);

#define PICTURE_OPEN_MAX 64 /* outstanding at a time; further ones are shown without a line */

struct picture_row {
    const struct picture_event *e;
    size_t times;           /* faults alike, and one behind the other, are one row */
    size_t open;            /* requests outstanding before it */
    size_t place;           /* of the one that it is about, the oldest 0: so many does its reply
                             * overtake; `open` where it is about none of them */
    const struct picture_event *const *outstanding; /* their EVENT_SENT, oldest first */
};

struct picture_walk {
    const struct picture *p;
    size_t at;
    const struct picture_event *open[PICTURE_OPEN_MAX], *before[PICTURE_OPEN_MAX];
    size_t n;
};

struct picture_walk picture_walk(const struct picture *p);
bool picture_next(struct picture_walk *w, struct picture_row *row);
/* Most that are outstanding at a time. */
size_t picture_depth(const struct picture *p);
/* The reply to a request, and when it came; NULL: it never did. */
const struct picture_event *picture_reply(const struct picture *p, const struct picture_event *sent);

/* picture_text.c: a row as a line of text without its end; what it says begins at column
 * *label. A pipeline has a lane for each request outstanding, the oldest on the left: a reply's
 * arrow crosses the lanes of those that it overtakes.
 *
 *     6.25 ms  ─┐         1 Encrypt  63c51e46
 *     6.27 ms  ─│┐        2 Encrypt  0b18f43d
 *     7.71 ms  ◀┼╯        2 Encrypt  0b18f43d  came as 1
 *     7.72 ms  ◀╯         1 Encrypt  63c51e46  came as 2
 */
void picture_line(struct buf *out, const struct picture *p, const struct picture_row *row,
                  size_t lanes, size_t *label);
/* What stands above the lines: names the two clocks; nothing where there is one. */
void picture_head(struct buf *out, const struct picture *p);
/* All of it, `indent` blanks before each line. */
void picture_text(struct buf *out, const struct picture *p, size_t indent);

/* picture_json.c: [{ms, kind, connection, request, operation, id, order, records,
 * shared_record, text, faults, did}], without what is not said; a new reference. */
json_t *picture_json(const struct picture *p);
/* ... and back, at most `room` of them, times counted from 0. Texts are those of the JSON. */
size_t picture_load(struct picture_event *v, size_t room, const json_t *events);

#endif
