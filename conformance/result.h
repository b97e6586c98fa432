/* What came of a run: the data that every report is made from. */
#ifndef CONFORMANCE_RESULT_H
#define CONFORMANCE_RESULT_H

#include "conformance/case.h"
#include "conformance/journal.h"
#include "conformance/match.h"
#include "conformance/requirement.h"
#include "conformance/target.h"

/* A message as reports show it (report_message.h). */
struct shown {
    size_t size;              /* bytes on the wire */
    const char *text;         /* form_text: a line for each item, and remarks */
    const char *hex;          /* form_raw: "xx" for a byte that is not shown */
    const uint32_t *offsets;  /* of each line of the text; KERR_NO_OFF: a remark */
    size_t n_lines;
};

enum exchange_side { EXCHANGE_REQUEST, EXCHANGE_REPLY, EXCHANGE_SIDES };

/* One request and its reply as they were on the wire. */
struct exchange {
    size_t step;              /* from 0; SIZE_MAX: making objects */
    const char *client;
    const char *note;         /* why there is no reply, or "" */
    struct bytes request, reply; /* in the result's arena; reply empty if none came */
    struct shown shown[EXCHANGE_SIDES]; /* of a run read back, instead of them */
    int64_t sent_ns, took_ns; /* monotonic; of a run read back, since the case began */
    int64_t wall_ns, mono_ns; /* of the run's pace, when it was over */
    bool silent;              /* nothing came in the time that the step gives it */
    struct exchange *next;
};

struct case_result {
    const struct test_case *tc;
    unsigned round;           /* of --repeat, from 0 */
    enum verdict verdict;
    enum verdict own;         /* ... by what the case itself expects, not by what every reply is
                               * held against */
    const char *reason;       /* one sentence; "" for a plain PASS */
    size_t step;              /* the step that decided; SIZE_MAX if none */
    const char *step_note;
    const char *evidence;     /* what a probe saw, a line each; "" for others */
    enum kerr_class error_class; /* of what kept us from going on, or KERR_NONE */
    bool denied;              /* an operation that Query announces was not supported */
    bool unanswered;          /* no reply came, or none that can be read, where one was due */
    bool lost;                /* no reply came where one was due: is the server still there? */
    struct mismatches found;  /* what differs, MUST and SHOULD, in the order met */
    struct exchange *exchanges, *last_exchange;
    int64_t started_ns, took_ns; /* monotonic */
    struct arena arena;       /* owns the texts and messages above */
    struct case_result *next;
};

struct known;
struct baseline;

/* All rounds of one case: what reports count and show. */
struct case_tally {
    const struct test_case *tc;
    const struct case_result *first, *worst; /* of the rounds */
    size_t rounds, n[VERDICT_COUNT_];
    const struct known *known; /* the entry of the baseline that it is known by, or NULL */
};

struct run_counts {
    size_t n[VERDICT_COUNT_]; /* cases, by their worst round */
    size_t known[VERDICT_COUNT_]; /* ... of which the baseline has so many */
    size_t total;
};

struct driver;

/* The part of a run that --shard i/n leaves to this one. */
struct run_shard {
    unsigned index, of;       /* from 1; of 0: the whole */
    const struct test_case *const *cases; /* of the whole run, in its order */
    size_t n_cases;
};

struct run_result {
    const struct target *target;
    const char *run_prefix;
    int64_t started_wall_ns, took_ns;
    struct case_result *cases, *last;
    struct case_tally *tallies;
    size_t n_tallies, cap_tallies;
    struct run_counts counts;
    unsigned repeat;
    enum gate_result gate;
    const char *gate_text;      /* why the gate is shut, or "" */
    const char *stopped;        /* why the run ended early, or NULL */
    size_t not_run;             /* cases that it did not come to */
    const struct journal *journal; /* what could not be removed; NULL: nothing */
    size_t left_behind;
    const char *again;          /* what runs a case again, before options of `run` only; NULL:
                                 * our name, `run` and reach */
    const char *reach;          /* options that reach this server again: " --host ..." */
    const char *run_options;    /* further ones of `run` only: " --suites ..." */
    const struct driver *driver; /* what the driver suite found out; NULL: it was not run */
    const struct requirement *requirements; /* all rows, whether a case covers them or not */
    size_t n_requirements;
    const struct baseline *baseline; /* what is known of the server; NULL: nothing */
    struct run_shard shard;
    bool interrupted, strict, show_secrets, verbose;
    bool virtual_time;          /* waits advanced a mock's clock */
    const char *tool_version;   /* that tested; NULL: this program's */
    bool loaded;                /* it was read back from a report, which has its exit code */
    int exit_code;
};

/* The mode of files with what came of the run: with its secrets they are their owner's alone. */
static inline unsigned result_mode(const struct run_result *r)
{
    return r->show_secrets ? 0600 : 0644;
}

struct case_result *result_new(const struct test_case *tc, unsigned round);
void result_free(struct case_result **c);
/* Keeps what was on the wire: *e with texts and messages copied. False: no memory. */
__attribute__((warn_unused_result)) bool result_keep(struct case_result *c,
                                                     const struct exchange *e);
/* Rounds of a case are added one after the other. What a further round with the same
 * verdict and reason was told on the wire is dropped: it would say the same again. */
__attribute__((warn_unused_result)) bool result_add(struct run_result *r, struct case_result *c,
                                                    struct kerr *err);
/* Puts what a part of the run found, case by case, behind what is there; `part` is empty
 * afterwards. */
__attribute__((warn_unused_result)) bool result_join(struct run_result *r, struct run_result *part,
                                                     struct kerr *err);
void result_clear(struct run_result *r);
/* The baseline's word on every case: after the last was added. */
void result_know(struct run_result *r);
/* Cases with this verdict that no baseline knows: what counts. */
size_t result_unknown(const struct run_result *r, enum verdict v);
/* Entries of the baseline whose case is better now than they say. */
size_t result_stale(const struct run_result *r);
/* How much a verdict weighs: FAIL most, then ERROR, INCONCLUSIVE, WARN, what did not
 * apply, PASS. */
int verdict_rank(enum verdict v);
/* Sets verdict and reason, unless a worse or equal one stands; texts are copied. For what
 * the case itself expects; */
void result_decide(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* for what is expected of every reply, whatever the case. */
void result_decide_by_rule(struct case_result *c, enum verdict v, size_t step, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* 0 conformant. 1 a FAIL (or, strict, a WARN or a stale entry of the baseline). Else, for
 * ERROR: 2 a case file that cannot be used, 3 the network, 5 ours. 4: no failure, but
 * inconclusive cases, or none that passed (of a shard, the whole decides), or an end by
 * Ctrl-C, or objects that could not be removed: nobody's job may fill a server with keys and
 * end well. What the baseline knows does not count. A gate that is shut: 1, 2 or 3. */
int result_exit(const struct run_result *r);

#endif
