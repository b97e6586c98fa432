/* Inside form/: what the parts of from_yaml share. from_yaml.c goes through the
 * fields; from_yaml_attributes.c knows `Attributes:`; from_yaml_wrong.c writes
 * !item and !raw; from_yaml_value.c reads scalars. */
#ifndef KMIP_FORM_FROM_YAML_IN_H
#define KMIP_FORM_FROM_YAML_IN_H

#include "kmip/form/from_yaml.h"

struct yaml_in {
    struct kmip_walk *walk;
    const struct form_env *env;
    struct ttlv_writer *w;
    struct kerr *err;
};

/* The fields of a map, in order. */
bool from_yaml_map(struct yaml_in *c, const struct ynode *map);
/* One item of this tag from its value, which is no repeating sequence. */
bool from_yaml_item(struct yaml_in *c, uint32_t tag, const struct ynode *n);
/* A structure of this tag holding the fields of map (NULL: empty). */
bool from_yaml_structure(struct yaml_in *c, uint32_t tag, const struct ynode *n,
                         const struct ynode *map);
/* False, with an error placed at n, once the writer has failed. */
bool from_yaml_written(struct yaml_in *c, const struct ynode *n);

bool from_yaml_attributes(struct yaml_in *c, const struct ynode *n);

bool from_yaml_wrong_item(struct yaml_in *c, uint32_t tag, const struct ynode *n);
bool from_yaml_raw(struct yaml_in *c, const struct ynode *n);

/* The item type that a node's YAML tag asks for; 0 for no tag and !text. An error
 * for every other tag. */
bool from_yaml_tag(const struct ynode *n, unsigned *type, struct kerr *err);
static inline bool from_yaml_tagged(const struct ynode *n, const char *tag)
{
    return n->tag && strcmp(n->tag, tag) == 0;
}

#endif
