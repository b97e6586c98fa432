/* Several servers in one call: --host may be given more than once. Each is tested by
 * itself; the settings of the client library know one server only, because the protocol
 * has no failover. */
#ifndef CONFORMANCE_HOSTS_H
#define CONFORMANCE_HOSTS_H

#include "client/lib/settings_opts.h"

struct host_options {
    struct opt_list list;
};

extern const char hosts_no_failover[];

/* Two sets: --host as a list, and the other rows of kc_settings_opts. */
void hosts_opt_sets(struct opt_set out[2], struct host_options *h, struct kc_settings *s);
/* The exit code that tells more of two servers: a failure, then what kept us from
 * testing, then undecided. */
int hosts_worse(int a, int b);

#endif
