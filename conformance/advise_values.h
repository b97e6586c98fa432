/* A values file as it is, for advise: what kmip-client would refuse (switched off, no
 * host, several hosts) is told as a difference instead. */
#ifndef CONFORMANCE_ADVISE_VALUES_H
#define CONFORMANCE_ADVISE_VALUES_H

#include "conformance/advice.h"
#include "kmip/base/option.h"
#include "kmip/yaml/ynode.h"

struct values {
    struct advice_values v; /* views of doc and of hosts */
    struct opt_list hosts;
    int64_t port;           /* 0: not given */
    struct buf hosts_text;
    struct ydoc doc;
};

/* KE_FILE, KE_YAML, or KE_CONFIG with FILE:LINE:COL: no kmip: block, an unknown key, a
 * list where a value must be. */
__attribute__((warn_unused_result)) bool values_read(struct values *out, const char *path,
                                                     struct kerr *err);
/* Safe on a zeroed one. */
void values_clear(struct values *v);

#endif
