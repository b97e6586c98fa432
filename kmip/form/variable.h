/* Inside form/: variables in scalars of a YAML message. */
#ifndef KMIP_FORM_VARIABLE_H
#define KMIP_FORM_VARIABLE_H

#include "kmip/form/from_yaml.h"

/* A variable's value; val may point into now. Not to be copied. */
struct variable {
    unsigned type; /* enum ttlv_type, or 0: text that is read like a scalar of the file */
    struct bytes val;
    uint8_t now[8];
};

/* Is the whole scalar one variable ("$name", "$NOW-3600")? *name is without the dollar. */
bool variable_whole(const struct ynode *n, struct bytes *name);
/* Its value; an error placed at n when there is none. */
__attribute__((warn_unused_result)) bool variable_get(const struct ynode *n, struct bytes name,
                                                      const struct form_env *env,
                                                      struct variable *v, struct kerr *err);

#endif
