/* Maps of a YAML file into a struct, by a table of fields: one row gives the
 * key, its kind, where it goes, and whether it must be there. An unknown key is
 * an error that names the nearest known one; every error says FILE:LINE:COL. */
#ifndef KMIP_YAML_YFIELD_H
#define KMIP_YAML_YFIELD_H

#include "kmip/yaml/ynode.h"

enum yfield_kind {
    YF_STR,      /* const char *: lives as long as the document */
    YF_INT,      /* int64_t within min..max */
    YF_BOOL,     /* bool */
    YF_DURATION, /* int64_t nanoseconds, min..max */
    YF_CHOICE,   /* int: index in `choices` (NULL-terminated) */
    YF_NODE,     /* const struct ynode *: for the caller to read */
    YF_MAP       /* a nested map read by `fields` into the struct at off */
};

struct yfield {
    const char *key;
    enum yfield_kind kind;
    size_t off;
    bool required;
    int64_t min, max; /* both 0: no bound */
    const char *const *choices;
    const struct yfield *fields; /* YF_MAP: terminated by a row with key NULL */
    const char *help;            /* one sentence for the manual */
};

/* Fields not in the map keep what *base holds. `fields` ends with key NULL. */
__attribute__((warn_unused_result)) bool yfields_read(const struct ynode *map,
                                                      const struct yfield *fields, void *base,
                                                      struct kerr *err);

/* One scalar, with the error placed at it. */
__attribute__((warn_unused_result)) bool ynode_int(const struct ynode *n, int64_t min, int64_t max,
                                                   int64_t *out, struct kerr *err);
__attribute__((warn_unused_result)) bool ynode_bool(const struct ynode *n, bool *out,
                                                    struct kerr *err);
__attribute__((warn_unused_result)) bool ynode_duration(const struct ynode *n, int64_t *ns,
                                                        struct kerr *err);
__attribute__((warn_unused_result)) bool ynode_str(const struct ynode *n, const char **out,
                                                   struct kerr *err);

#endif
