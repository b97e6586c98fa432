/* kmip-mock run [options] -- COMMAND...: a mock for as long as COMMAND runs. */
#ifndef MOCKSERVER_RUN_H
#define MOCKSERVER_RUN_H

#include "mockserver/start.h"

/* Starts on a free port (unless st->opt.listen says otherwise), runs command with
 * KMIP_HOST, KMIP_PORT, KMIP_CERTS, KMIP_CA, KMIP_CERT, KMIP_KEY and
 * KMIP_OTHER_CERTS in its environment, with a control API KMIP_CONTROL too, and in KMIP_RUN
 * the beginning of a command line that runs another command likewise; stops. Returns
 * COMMAND's exit code: 128+n when signal n ended it, 127 when it is not found, 126 when it
 * cannot be run. */
int run_command(struct start *st, char **command);

#endif
