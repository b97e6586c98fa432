/* A message as reports show it: decoded and in hexadecimal, with secrets covered in both. Of
 * a run it is made from the bytes; of a report that was read back it is what stood there, and
 * the bytes are not known. So what makes reports goes by this alone. */
#ifndef CONFORMANCE_REPORT_MESSAGE_H
#define CONFORMANCE_REPORT_MESSAGE_H

#include "conformance/result.h"

struct report_message {
    struct shown shown;  /* shown.text NULL: there is none */
    struct buf text, hex; /* what it points to, if it was made */
    uint32_t *offsets;
};

/* Never fails: without memory there is less of it. */
void report_message(struct report_message *m, const struct run_result *r, const struct exchange *e,
                    enum exchange_side side);
void report_message_clear(struct report_message *m);

/* The lines of a message one by one:
 *
 *     struct report_line line = {.shown = &m.shown};
 *     while (report_line_next(&line)) ... line.text, line.n, line.off ...
 */
struct report_line {
    const struct shown *shown;
    const char *text; /* without its indentation and its line end; n bytes */
    size_t n;
    unsigned depth;   /* of the structures around it */
    uint32_t off;     /* KERR_NO_OFF: a remark on what stands above it */
    size_t number;    /* from 0 */
    const char *rest;
};
bool report_line_next(struct report_line *l);

#endif
