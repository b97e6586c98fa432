/* Replies with one thing wrong each: does the tester notice?
 *
 * The deviations of the mock (selftest.h) are what somebody thought of. Here nobody thinks: of
 * every reply of an honest run, every item at every depth is removed, duplicated, swapped with
 * the one behind it, given each other type, and each value is changed in the ways its type has.
 * Each such mutant is judged as the tester would have judged it on the wire (replay.h): by the
 * standard's rules, and by the case to its end, for a wrong value may show only later.
 *
 * What nobody notices must be a legal reply as well. fixtures/mutants.yaml says which are, by
 * field and mutation, with reason and clause; everything else SURVIVED. Mutants of the same
 * field, mutation and operation make up a kind (struct mutant_class). Where a case has no
 * business with a value, another must have: of values that were changed, and fields removed,
 * it is enough that some case fails. For the form of a reply it is not: that is wrong in each. */
#ifndef CONFORMANCE_MUTANT_H
#define CONFORMANCE_MUTANT_H

#include "conformance/replay.h"
#include "conformance/selftest.h"

enum mutant_kind {
    MUTANT_REMOVED,
    MUTANT_DUPLICATED,
    MUTANT_SWAPPED,
    MUTANT_RETYPED,
    MUTANT_CHANGED,
    MUTANT_KINDS
};
extern const char *const mutant_kind_names[MUTANT_KINDS + 1]; /* NULL ends */

/* One of them. Texts and bytes live until the function that took it returns. */
struct mutant {
    enum mutant_kind kind;
    const char *operation; /* "Create", "Create, failed", "message" outside the Batch Items */
    const char *field;     /* "Response Payload/Attribute State/Attribute Value" */
    const char *how;       /* "as Text String", "one more", "with Result Status"; or "" */
    uint32_t off;          /* of the item, in the reply as it was */
    struct bytes reply;
};

/* mutant_make.c: calls `take` with every mutant of a reply, until it returns false. The reply
 * is one that the reader takes. False: it did, or there is no memory. */
typedef bool mutant_take(void *arg, const struct mutant *m);
__attribute__((warn_unused_result)) bool mutant_each(struct bytes reply, mutant_take *take,
                                                     void *arg);

/* mutant_value.c: calls `take` with each other value of an item that is no structure, at its
 * spot. Values that are the same are left out. */
typedef bool mutant_value_take(void *arg, const char *how, unsigned type, struct bytes val);
__attribute__((warn_unused_result)) bool mutant_values(const struct ttlv_item *it,
                                                       const struct kmip_spot *spot,
                                                       mutant_value_take *take, void *arg);
/* ... and with a plausible value of each other type. */
__attribute__((warn_unused_result)) bool mutant_types(const struct ttlv_item *it,
                                                      mutant_value_take *take, void *arg);

/* ---- what became of them ------------------------------------------------------ */

enum mutant_fate {
    MUTANT_BY_RULES,     /* the standard's own rules, on this reply alone */
    MUTANT_BY_CASE,      /* FAIL or WARN by what the case expects, of this reply or a later one */
    MUTANT_UNDECIDED,    /* the case is INCONCLUSIVE: not conformant, but not blamed */
    MUTANT_GIVEN_UP,     /* ERROR: the tester takes the server's mistake for its own */
    MUTANT_PERMITTED,    /* the case itself names this reply as one a server may give */
    MUTANT_UNNOTICED,
    MUTANT_FATES
};

/* How an unnoticed one stands. */
enum mutant_excuse {
    MUTANT_LEGAL,        /* it is a legal reply: a reason of the list says so */
    MUTANT_ELSEWHERE,    /* other cases are there for it */
    MUTANT_SURVIVED,
    MUTANT_EXCUSES
};

struct mutant_reason;

/* Mutants that differ in nothing but the reply that they were made of. */
struct mutant_class {
    enum mutant_kind kind;
    const char *operation, *field, *how;
    size_t n[MUTANT_FATES];
    const char *example;      /* a case where it was not noticed, or NULL */
    size_t example_step;
    const struct mutant_reason *reason; /* or NULL */
};

/* mutant_tally.c: classes by name. */
struct mutant_tally {
    struct mutant_class *v;
    size_t n, cap;
    size_t *slots, n_slots;   /* hash table of indices + 1 */
    struct arena arena;
};
void mutant_tally_init(struct mutant_tally *t);
void mutant_tally_clear(struct mutant_tally *t);
/* A number of its class, the same in every run. */
size_t mutant_class_hash(const struct mutant *m);
/* The class of a mutant; NULL without memory. */
struct mutant_class *mutant_class_of(struct mutant_tally *t, const struct mutant *m);
/* Adds what another one counted. */
__attribute__((warn_unused_result)) bool mutant_tally_add(struct mutant_tally *to,
                                                          const struct mutant_tally *from);
/* By operation, field, kind and how. */
void mutant_tally_sort(struct mutant_tally *t);
size_t mutant_class_size(const struct mutant_class *c);
/* What the unnoticed of a class are. */
enum mutant_excuse mutant_excuse(const struct mutant_class *c);
/* Is one among them that the tester should have told of, and has not; or with ERROR? */
bool mutant_survived(const struct mutant_class *c);

/* mutant_judge.c: mutants of every reply of a recorded case, of one class of so many, judged,
 * into the tally. False with err: no memory, or the
 * case does not come to its recorded result without a server (KE_INTERNAL). */
struct mutant_lot {
    const struct case_result *recorded;
    const struct target *target;
    const char *run_prefix;
    size_t every; /* of the classes are judged one of so many, each wholly; 1: all */
};
__attribute__((warn_unused_result)) bool mutant_judge(const struct mutant_lot *lot,
                                                      struct mutant_tally *tally,
                                                      struct kerr *err);

/* ---- reasons ------------------------------------------------------------------ */

/* Why mutants are legal replies. Texts are shell patterns, `*` when not given. */
struct mutant_reason {
    const struct ynode *at;
    const char *why, *clause;
    unsigned kinds;                 /* 1 << each of them */
    const char **operations, **fields, **hows;
    size_t n_operations, n_fields, n_hows;
    size_t used;                    /* unnoticed mutants that it speaks of */
};

struct mutant_reasons {
    struct mutant_reason *v;
    size_t n;
    struct ydoc doc;
};

/* mutant_reason.c: out of fixtures/mutants.yaml, found beside the program. */
__attribute__((warn_unused_result)) bool mutant_reasons_load(struct mutant_reasons *r,
                                                             struct kerr *err);
void mutant_reasons_clear(struct mutant_reasons *r);
/* Gives each class with unnoticed mutants the first reason that fits, and counts. */
void mutant_reasons_apply(struct mutant_reasons *r, struct mutant_tally *t);

/* ---- the command --------------------------------------------------------------- */

struct run;

struct mutants {
    struct selftest *st;            /* suites, folders, terminal; the honest entry */
    struct opt_list cases;          /* only these; none: all */
    size_t every;                   /* judge one class of so many */
    bool whole;                     /* every mutant of every suite: no reason may be in vain */
    struct run *run;                /* the honest one */
    char paths[3][400];
    struct mutant_tally tally;
    struct mutant_reasons reasons;
    size_t n_cases, n_replies, n_left_out; /* cases judged; of what cannot be replayed */
    int64_t recorded_ns, judged_ns; /* how long it took */
};

/* mutant_run.c: the honest run, and all of its mutants. */
__attribute__((warn_unused_result)) bool mutants_run(struct mutants *m, struct kerr *err);
void mutants_clear(struct mutants *m);
/* True when nothing survived, and every reason was needed (of a whole run). */
bool mutants_good(const struct mutants *m);

/* mutant_print.c: per mutation, per field (`full`: all of them, else those with unnoticed
 * ones), reasons with their numbers, and what survived. */
void mutants_print(const struct mutants *m);
/* mutant_json.c */
__attribute__((warn_unused_result)) bool mutants_json(const char *path, const struct mutants *m,
                                                      struct kerr *err);

#endif
