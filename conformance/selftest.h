/* The tester against its own mock: as it is, once with each deviation of the catalogue, and
 * once with each variation. A deviation must be noticed, and by a case that is about it; a
 * variation must not be blamed.
 *
 * Every run is a process of its own with a mock of its own, in virtual time, so that one
 * that crashes or hangs is told as that and spoils no other. */
#ifndef CONFORMANCE_SELFTEST_H
#define CONFORMANCE_SELFTEST_H

#include <jansson.h>

#include "conformance/report.h"
#include "kmip/base/arena.h"
#include "kmip/yaml/catalogue.h"

#define SELFTEST_JOBS_MAX 64

enum selftest_kind { SELFTEST_HONEST, SELFTEST_DEVIATION, SELFTEST_VARIATION };

enum selftest_result {
    SELFTEST_OPEN,      /* not run: interrupted before */
    SELFTEST_GOOD,      /* honest and clean; a deviation killed; a variation accepted */
    SELFTEST_SURVIVED,  /* a deviation that no case noticed */
    SELFTEST_ELSEWHERE, /* ... that only cases about something else noticed, or too mildly */
    SELFTEST_BLAMED,    /* a correct server failed */
    SELFTEST_BROKEN,    /* the run crashed, hung, or could not do its work */
    SELFTEST_RESULTS
};

/* What makes a case one about the deviation: a row that it covers, a clause that it cites, a
 * rule of the standard that a reply broke and that has the clause; the closest first. */
enum selftest_tie { TIE_ROW, TIE_CLAUSE, TIE_RULE, TIE_NONE };

/* A case that did not pass in a run. The gate, when it was refused, counts as one: its case
 * has the id SELFTEST_GATE, and cites what the replies broke. */
#define SELFTEST_GATE "(gate)"


struct selftest_outcome {
    const struct test_case *tc;
    enum verdict verdict;
    const char *reason;
    const char **clauses;   /* of the standard's rules that its replies broke */
    bool *musts;            /* ... and whether each is a MUST */
    size_t n_clauses;
    bool own;               /* what the case itself expects does not hold */
    bool worse;             /* than against the honest mock */
    enum selftest_tie tie;
    const char *by;         /* the row or clause that ties it to the deviation, or NULL */
    bool kills;
};

struct selftest_entry {
    enum selftest_kind kind;
    const struct catalogue_entry *about; /* NULL: honest */
    enum selftest_result result;
    const char *broken;                  /* why it was not brought to its end; NULL: it was */
    const char *why;                     /* the result in a few words, or "" */
    size_t counts[VERDICT_COUNT_];
    struct selftest_outcome *v;
    size_t n, n_kills, n_worse;
    int64_t took_ns, cpu_ns;             /* cpu: of the run and its mock */
    struct arena arena;
};

struct selftest {
    struct suites suites;
    struct catalogue catalogues[CATALOGUE_KINDS];
    struct selftest_entry *v; /* the honest one first */
    size_t n;
    int64_t jobs, timeout_ns;
    bool full;                /* every case in every run, though one has killed it */
    char work[256];           /* temporary: certificates, logs, journals */
    char pki[300];
    int64_t took_ns;
    struct terminal term;
};

/* selftest_run.c: a mock as the entry says, and the run told of it: where it is, and where the
 * run's files go (paths). */
struct run;
struct mock_process;
__attribute__((warn_unused_result)) bool
selftest_reach(const struct selftest *st, const struct selftest_entry *e, struct run *run,
               struct mock_process *m, char paths[3][400], struct kerr *err);
/* ... in the process of one run: everything of it, to its end. Cases about a
 * deviation come first, and when one of them kills it, the others are left out. The outcome
 * goes to fd as JSON. */
_Noreturn void selftest_run(const struct selftest *st, const struct selftest_entry *e, int fd);
/* selftest_said.c: the outcome so far as JSON, on one line, to be freed; broken: why the
 * run has not come to its end, or NULL. NULL without memory. */
/* ... of which selftest_own: the case failed by an expectation of its own. */
bool selftest_own(const struct case_result *c);
char *selftest_say(const struct run_result *r, const char *broken);
/* ... into the entry. False: it is not whole. */
__attribute__((warn_unused_result)) bool selftest_take(const struct selftest *st,
                                                       struct selftest_entry *e,
                                                       struct bytes json);

/* selftest_pool.c: runs entries [from, to), st->jobs at a time, and judges each at its end.
 * False only when no process can be made. */
__attribute__((warn_unused_result)) bool selftest_pool(struct selftest *st, size_t from, size_t to,
                                                       struct kerr *err);

/* selftest_judge.c: how close a case is to the deviation or variation before it was run, by
 * which row or clause. */
enum selftest_tie selftest_tie(const struct test_case *tc, const struct catalogue_entry *about,
                               const char **by);
/* Fills in what one outcome means: worse, tie, by, kills. */
void selftest_weigh(const struct selftest *st, const struct selftest_entry *e,
                    struct selftest_outcome *o);
/* What the outcomes come to. */
void selftest_judge(const struct selftest *st, struct selftest_entry *e);
/* A warning that our mock as it is deserves; the text says why. NULL: it is none. */
const char *selftest_known_warning(const char *id);

/* selftest_print.c */
void selftest_progress(struct selftest *st, size_t running);
void selftest_told(struct selftest *st, const struct selftest_entry *e);
void selftest_end(struct selftest *st);
/* "killed", "SURVIVED", ... */
const char *selftest_word(const struct selftest_entry *e);
const char *selftest_name(const struct selftest_entry *e);
size_t selftest_count(const struct selftest *st, enum selftest_kind kind, enum selftest_result r);
size_t selftest_size(const struct selftest *st, enum selftest_kind kind);

/* selftest_json.c */
__attribute__((warn_unused_result)) bool selftest_json(const char *path, const struct selftest *st,
                                                       struct kerr *err);

#endif
