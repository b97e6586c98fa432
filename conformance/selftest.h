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

/* What ties what was noticed to the deviation: its clause, in the end.
 *
 *   case   the case cites it, and what the case itself expects did not hold
 *   rule   a rule that every reply is held against says it, whatever the case is about
 *   gate   the same, in the first two replies, behind which there was no case
 *
 * Anything else is a side effect: a case about something else stumbled, or one about this
 * stumbled over something else. */
enum selftest_tie { TIE_CASE, TIE_RULE, TIE_GATE, TIE_NONE };

/* How likely a case is to notice a deviation: those come first. */
enum selftest_near { NEAR_BOTH, NEAR_CLAUSE, NEAR_ROW, NEAR_NOT, SELFTEST_NEARS };

/* A case that did not pass in a run. The gate, when it was refused, counts as one: its case
 * has the id SELFTEST_GATE, and cites what the replies broke. */
#define SELFTEST_GATE "(gate)"

struct selftest_outcome {
    const struct test_case *tc;
    enum verdict verdict;
    const char *reason;
    enum verdict own;       /* ... by what the case itself expects */
    const char **clauses;   /* of the standard's rules that its replies broke */
    bool *musts;            /* ... and whether each is a MUST */
    size_t n_clauses;
    bool worse;             /* than against the honest mock */
    enum selftest_tie tie;
    const char *by;         /* the clause that ties it to the deviation, or NULL */
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
/* The standard's rules that a case's replies broke; false: there is no i-th, and of
 * SELFTEST_RULES_MAX there never is. */
#define SELFTEST_RULES_MAX (MISMATCH_MAX + 3)
bool selftest_rule(const struct case_result *c, size_t i, const char **clause, bool *must);
char *selftest_say(const struct run_result *r, const char *broken);
/* ... into the entry. False: it is not whole. */
__attribute__((warn_unused_result)) bool selftest_take(const struct selftest *st,
                                                       struct selftest_entry *e,
                                                       struct bytes json);

/* selftest_pool.c: runs entries [from, to), st->jobs at a time, and judges each at its end.
 * False only when no process can be made. */
__attribute__((warn_unused_result)) bool selftest_pool(struct selftest *st, size_t from, size_t to,
                                                       struct kerr *err);

/* selftest_judge.c */
enum selftest_near selftest_near(const struct test_case *tc, const struct catalogue_entry *about);
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
/* The closest tie of what killed it, TIE_NONE when nothing did; and how many of the
 * deviations were killed by such. */
enum selftest_tie selftest_killed_by(const struct selftest_entry *e);
size_t selftest_killed(const struct selftest *st, enum selftest_tie tie);
const char *selftest_tie_name(enum selftest_tie tie); /* "case", "rule", "gate" */
size_t selftest_count(const struct selftest *st, enum selftest_kind kind, enum selftest_result r);
size_t selftest_size(const struct selftest *st, enum selftest_kind kind);

/* selftest_json.c */
__attribute__((warn_unused_result)) bool selftest_json(const char *path, const struct selftest *st,
                                                       struct kerr *err);

#endif
