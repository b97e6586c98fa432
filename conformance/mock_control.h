/* The control API of a mock (mockserver/control.h) as far as the tester needs it: who is
 * there, letting virtual time pass, making it what a case needs, and which faults have
 * struck. One connection, kept open: a run asks often. */
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

/* A clock as it was, to be put back: what `clock:` of a mock's configuration takes. */
struct mock_clock_was {
    char *json; /* NULL: nothing to put back */
};

/* Sets the clock to a date (seconds since the epoch), from where it goes on. */
__attribute__((warn_unused_result)) bool mock_control_set_clock(struct mock_control *c, int64_t s,
                                                                struct mock_clock_was *was,
                                                                struct kerr *err);
/* ... and back to how it went before, but for virtual time that has passed; clears `was`. */
__attribute__((warn_unused_result)) bool
mock_control_restore_clock(struct mock_control *c, struct mock_clock_was *was, struct kerr *err);

/* Makes objects, told as `preload:` of a mock's configuration; their identifiers go to
 * `each`, which says whether all is well. KE_CONFIG with the mock's words when it refuses. */
typedef bool mock_control_take(void *arg, struct bytes uid);
__attribute__((warn_unused_result)) bool mock_control_preload(struct mock_control *c,
                                                              const char *yaml,
                                                              mock_control_take *each, void *arg,
                                                              struct kerr *err);

#endif
