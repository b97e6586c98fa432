/* --host as a list (hosts.h). */
#include "conformance/hosts.h"

#include <string.h>

#define ROWS_MAX 64

const char hosts_no_failover[] =
    "Each server was tested by itself. KMIP has no failover: the storage driver talks to the first "
    "of its hosts only, so list one, or put what switches over in front of them.";

static const struct opt host_opts[] = {
    {.name = "host", .kind = OPT_LIST, .off = offsetof(struct host_options, list), .arg = "NAME",
     .help = "server's name or address (else KMIP_HOST); may be repeated: each is tested"},
};

/* The settings' options but those that host_opts has too. */
static size_t other_rows(struct opt out[ROWS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < kc_n_settings_opts && n < ROWS_MAX; i++)
        if (strcmp(kc_settings_opts[i].name, host_opts[0].name) != 0)
            out[n++] = kc_settings_opts[i];
    return n;
}

void hosts_opt_sets(struct opt_set out[2], struct host_options *h, struct kc_settings *s)
{
    static struct opt others[ROWS_MAX];
    out[0] = (struct opt_set){"Server", host_opts, 1, h};
    out[1] = (struct opt_set){"Connection", others, other_rows(others), s};
}

int hosts_worse(int a, int b)
{
    static const int order[] = {1, 5, 3, 2, 4, 0};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return a > b ? a : b;
}
