/* One case of a run as a text for the vendor, who has neither this program nor its reports: what
 * the standard asks for, what was sent and what came, to the byte, and how to see it again. */
#ifndef CONFORMANCE_REPORT_TICKET_H
#define CONFORMANCE_REPORT_TICKET_H

#include "conformance/result.h"

/* Of a run that was read back (report_read.h). */
void report_ticket(struct buf *out, const struct run_result *r, const struct case_tally *t);

/* report_ticket_tree.c: a message as a tree, expected against actual: under a line that
 * differs (">") stands what was expected of it ("-") and what came ("+"); long stretches that
 * nobody objects to are left out. Mismatches without a line there are listed in front. */
void report_ticket_tree(struct buf *out, const struct shown *reply, const struct mismatches *found);

#endif
