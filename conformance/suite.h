/* The cases that come with the program: found beside it, one folder per profile. */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "conformance/case.h"
#include "kmip/base/option.h"

struct probe;

struct profile {
    const char *name;  /* folder under suites/, and --profile */
    const char *title; /* as the standard calls it */
    bool by_default;   /* run without --profile */
    bool opt_in;       /* run only by its own name: not with `all` */
    const struct probe *const *probes; /* its cases, written in C (driver_probe.h); or NULL */
};

extern const struct profile profiles[];
extern const size_t n_profiles;
const struct profile *profile_find(const char *name);

struct suites {
    char dir[4096];          /* .../suites */
    struct test_case *first; /* in order of profile and file name */
    size_t n;
};

/* Finds the folder: `given` (--suites), else conformance/suites above the program,
 * else share/kmip-conform/suites beside its prefix, else conformance/suites here. Loads
 * requirements.tsv, which lies beside the folder or in it. KE_CASE when there is none. */
__attribute__((warn_unused_result)) bool suites_find(struct suites *s, const char *given,
                                                     struct kerr *err);
/* Loads the cases of the profiles named (n == 0: those by default; "all": every one
 * but those that want to be named).
 * Ids must be unique. */
__attribute__((warn_unused_result)) bool suites_load(struct suites *s, const struct opt_list *names,
                                                     struct kerr *err);
/* Takes a case over, also when it fails: its id must be new. c NULL: false. */
__attribute__((warn_unused_result)) bool suites_add(struct suites *s, struct test_case *c,
                                                    struct kerr *err);
/* Adds single files given on the command line. */
__attribute__((warn_unused_result)) bool suites_add_file(struct suites *s, const char *path,
                                                         struct kerr *err);
void suites_clear(struct suites *s);

/* --case and --skip globs over ids; no --case means all. */
bool suite_selected(const struct test_case *tc, const struct opt_list *wanted,
                    const struct opt_list *skipped);

#endif
