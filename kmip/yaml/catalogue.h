/* Catalogues of ways in which a server may be other than our mock is by itself:
 * deviations, each wrong in one way, and variations, each another way to be right. The
 * mock can be made to be so by name; the tester is judged by what it says of that.
 *
 *     - name: time-stamp-missing
 *       what: the response header has no Time Stamp
 *       clause: KMIP 1.2 spec, 6.5
 *       level: MUST                 # deviations; variations have `why` instead
 *       operation: any              # or names of operations, where it shows
 *       rows: [BL-M-5]              # of the profiles
 *       profiles: [baseline-server] # variations: those such a server can claim; all if not given
 *       config: {faults: ...}       # a piece of the mock's configuration
 *       engine: time-stamp-missing  # and/or a switch of the mock's engine
 */
#ifndef KMIP_YAML_CATALOGUE_H
#define KMIP_YAML_CATALOGUE_H

#include "kmip/yaml/ynode.h"

enum catalogue_kind { CATALOGUE_DEVIATIONS, CATALOGUE_VARIATIONS, CATALOGUE_KINDS };

/* "deviations" (also the key of the mock's configuration), and one of them: "deviation". */
extern const char *const catalogue_plural[CATALOGUE_KINDS];
extern const char *const catalogue_singular[CATALOGUE_KINDS];

enum catalogue_level { CATALOGUE_MUST, CATALOGUE_SHOULD };

struct catalogue_entry {
    const char *name, *what, *clause;
    const char *why;             /* variations: what permits it */
    int level;                   /* enum catalogue_level; of a variation without meaning */
    const char **operations;     /* none: any */
    size_t n_operations;
    const char **rows;
    size_t n_rows;
    const char **profiles;       /* folders of suites; none: all */
    size_t n_profiles;
    const struct ynode *config;  /* NULL: none */
    const char *engine;          /* NULL: none */
    const struct ynode *at;      /* for messages */
};

struct catalogue {
    enum catalogue_kind kind;
    struct ydoc doc;             /* owns all of it */
    struct catalogue_entry *v;   /* in the order of the file */
    size_t n;
};

/* Reads the catalogue that comes with the programs (or that of the folder KMIP_CATALOGUES
 * names). KE_USAGE when it is not there; KE_YAML, KE_CONFIG with place when an entry is not
 * as it is to be, or two have one name. catalogue_clear is always safe afterwards. */
__attribute__((warn_unused_result)) bool catalogue_load(struct catalogue *c,
                                                        enum catalogue_kind kind,
                                                        struct kerr *err);
void catalogue_clear(struct catalogue *c);

const struct catalogue_entry *catalogue_find(const struct catalogue *c, const char *name);
/* The entry of a name that stands at `at` (NULL: on the command line), or NULL with an
 * error that tells what is near. */
const struct catalogue_entry *catalogue_need(const struct catalogue *c, const char *name,
                                             const struct ynode *at, struct kerr *err);

#endif
