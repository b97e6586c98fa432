/* kmip-mock ctl: the control API from the shell. */
#ifndef MOCKSERVER_CTL_H
#define MOCKSERVER_CTL_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"

/* argv[0] is "ctl". Returns the exit code: 0 done, 1 refused, 2 command line, 3
 * unreachable or no control API. */
int ctl_main(int argc, char **argv);

/* --- ctl_http.c -------------------------------------------------------- */

struct ctl_request {
    const char *place;  /* HOST:PORT */
    const char *token;  /* "": none */
    const char *method, *path;
    struct buf query;   /* "a=1&b=2", encoded */
    struct buf body;
    bool has_body;
};

/* Appends name=value, encoded, to the query. */
bool ctl_put_param(struct ctl_request *rq, const char *name, const char *value);
/* Appends "/" and the encoded name to out. */
bool ctl_put_name(struct buf *out, const char *name);
/* *status is HTTP's. KE_CONNECT, KE_TIMEOUT, KE_IO when there is no answer. */
__attribute__((warn_unused_result)) bool ctl_ask(const struct ctl_request *rq, long *status,
                                                 struct buf *answer, struct kerr *err);

#endif
