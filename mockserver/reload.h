/* A configuration read anew while the server runs: whole or not at all.
 *
 * In force at once: faults, the clock, compound_create, custom_attributes, asynchronous,
 * versions, vendor, lease_time, keep_metadata, credentials, limits. Connections that are
 * open keep the faults they have, the order of their replies, their largest request and
 * a clock of their own; new ones get what is new. The clock goes on as it is when nothing
 * is new about it.
 *
 * What only a start can do is an error when it differs: listen, control, certs,
 * client_certificate, store, journal, preload, seed.
 *
 * The scenarios that lie over the configuration are those in force, which server_choose
 * changes. */
#ifndef MOCKSERVER_RELOAD_H
#define MOCKSERVER_RELOAD_H

#include "mockserver/server.h"

/* Is there anything that could have changed? */
bool server_reloads(const struct server *s);
/* Reads by s->load. False: nothing has changed; errors of the document have line, column
 * and, in err->path, the field. */
__attribute__((warn_unused_result)) bool server_reload(struct server *s, struct kerr *err);
/* Reads the configuration anew with these scenarios (scenario.h) in place of those in
 * force. At once for open connections, too, as regards faults and the order of replies.
 * Objects that a scenario preloads are made, unless they are there; those of one that is
 * left stay. */
__attribute__((warn_unused_result)) bool
server_choose(struct server *s, const struct opt_list *scenarios, struct kerr *err);
/* At SIGHUP: reloads, and says in the log what came of it. Stops instead when the signal
 * came because the terminal that the server was started at is gone. */
void server_hangup(struct server *s);
/* Is there a terminal whose going would send SIGHUP? */
bool server_has_terminal(void);

#endif
