/* Inside the pipeline: pipeline.c holds and lets go, pipeline_cut.c makes pieces. */
#ifndef MOCKSERVER_PIPELINE_PRIV_H
#define MOCKSERVER_PIPELINE_PRIV_H

#include "mockserver/pipeline.h"

/* Puts it behind all that is on its way out. */
void pipeline_put_out(struct pipeline *p, struct reply *r);
/* Puts the reply out as its plan says: dropped, delayed, copied, in pieces, with the
 * connection's end behind one of them. Takes r over. False: no memory. */
__attribute__((warn_unused_result)) bool pipeline_cut(struct pipeline *p, struct reply *r);

#endif
