/* Tells those who wait that the mock accepts connections: a line on standard
 * output, a file, or the environment of a command. */
#ifndef MOCKSERVER_READY_H
#define MOCKSERVER_READY_H

#include "kmip/base/error.h"
#include "mockserver/server.h"
#include "mockserver/start.h"

/* ready host=127.0.0.1 port=35123 pid=4711 seed=7 control=127.0.0.1:40001 client_certs=/path/client
 * The folder comes last, for it may hold blanks. It is left out when unknown, as is control when
 * there is no control API. */
void ready_line(const struct server *s, const struct start *st);
/* A JSON object with the same keys (client_certs null when unknown; control an
 * object with host and port, or null), whole or not
 * at all. */
__attribute__((warn_unused_result)) bool ready_file(const struct server *s, const struct start *st,
                                                    struct kerr *err);
/* Removes a ready file that this process wrote, or one that a process left which is gone:
 * it must not be taken for ours. That of a server that runs, and any other file, stays. */
void ready_file_clear(const char *path);

#endif
