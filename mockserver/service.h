/* A server as the commands run it: with the control API when one is asked
 * for, and with a configuration that can be read anew. */
#ifndef MOCKSERVER_SERVICE_H
#define MOCKSERVER_SERVICE_H

#include "mockserver/server.h"
#include "mockserver/start.h"

/* All that listens does so afterwards. st outlives the server. On failure nothing stays
 * open. */
__attribute__((warn_unused_result)) bool service_open(struct server *s, struct start *st,
                                                      struct kerr *err);
/* Safe on a zeroed server. */
void service_close(struct server *s);

#endif
