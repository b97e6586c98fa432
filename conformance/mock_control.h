/* The control API of a mock (mockserver/control.h) as far as the tester needs it: who is
 * there, letting virtual time pass, and which faults have struck. One connection, kept open: a run asks often. */
#ifndef CONFORMANCE_MOCK_CONTROL_H
#define CONFORMANCE_MOCK_CONTROL_H

#include "kmip/base/bytes.h"
#include "kmip/base/error.h"

struct mock_control;

/* place: HOST:PORT; token: what it asks for, "" for nothing. Sends nothing yet. NULL
 * without memory. */
struct mock_control *mock_control_new(const char *place, const char *token, struct kerr *err);
/* Another connection to the same. */
struct mock_control *mock_control_again(const struct mock_control *c, struct kerr *err);
void mock_control_free(struct mock_control **c);
const char *mock_control_place(const struct mock_control *c);
/* The port on which the mock behind it speaks KMIP. KE_CONNECT when nothing listens there,
 * KE_CONFIG when it is no mock's control API, or asks for another token. */
__attribute__((warn_unused_result)) bool mock_control_port(struct mock_control *c, int *port,
                                                           struct kerr *err);
/* Lets so much virtual time pass on the mock. */
__attribute__((warn_unused_result)) bool mock_control_advance(struct mock_control *c, int64_t ms,
                                                              struct kerr *err);

/* What faults of the mock have done at one exchange, or to a connection. */
struct mock_firing {
    const char *faults; /* their names, "a, b" */
    const char *did;    /* what the last of them did */
    struct bytes id;    /* of the request: the first Unique Batch Item ID; none: it is about a
                           connection */
    int64_t at_ms;      /* since the epoch, by this machine's clock */
};
/* Those that the journal still has, in order, until `each` returns false. */
__attribute__((warn_unused_result)) bool
mock_control_firings(struct mock_control *c, bool (*each)(void *arg, const struct mock_firing *f),
                     void *arg, struct kerr *err);

#endif
