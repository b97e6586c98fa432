/* A configuration read anew while the server runs: whole or not at all.
 *
 * In force at once: faults, the clock, compound_create, custom_attributes, asynchronous,
 * versions, vendor, lease_time, keep_metadata, credentials, limits. Connections that are
 * open keep the faults they have, the order of their replies, their largest request and
 * a clock of their own; new ones get what is new. The clock goes on as it is when nothing
 * is new about it.
 *
 * What only a start can do is an error when it differs: listen, control, certs,
 * client_certificate, store, journal, preload, seed. */
#ifndef MOCKSERVER_RELOAD_H
#define MOCKSERVER_RELOAD_H

#include "mockserver/server.h"

/* Reads by s->load. False: nothing has changed; errors of the document have line, column
 * and, in err->path, the field. */
__attribute__((warn_unused_result)) bool server_reload(struct server *s, struct kerr *err);
/* At SIGHUP: reloads, and says in the log what came of it. Stops instead when the signal
 * came because the terminal that the server was started at is gone. */
void server_hangup(struct server *s);
/* Is there a terminal whose going would send SIGHUP? */
bool server_has_terminal(void);

#endif
