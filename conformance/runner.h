/* Runs one case against the target: makes its objects, sends its steps, judges
 * the replies, and removes what was made, whatever happened. */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include <signal.h>

#include "conformance/journal.h"
#include "conformance/result.h"

struct runner {
    struct target *target;
    struct journal *journal;
    const char *run_prefix;      /* $RUN: begins every name that is made */
    bool show_secrets;
    volatile sig_atomic_t *stop; /* set by Ctrl-C: finish, clean up */
};

/* NULL only without memory. The result's case has been cleaned up after. */
struct case_result *run_case(struct runner *r, const struct test_case *tc, unsigned round);

/* ---- for the files of the runner -------------------------------------------- */

/* A case while it runs. */
struct running {
    struct runner *runner;
    const struct test_case *tc;
    struct case_result *result;
    struct vars vars;
    size_t step;
    struct kerr err; /* ours or the network's */
};

/* A request that was sent and what came back, with the items' ids. */
struct sent {
    struct buf request, reply;
    int64_t within_ns;   /* how long to wait for the reply; 0: the run's time-out */
    bool has_reply;      /* false: the server closed the connection instead */
    bool silent;         /* ... or said nothing within_ns */
    bool polled;         /* the reply is the final one of an asynchronous request */
};

void sent_init(struct sent *s);
void sent_clear(struct sent *s);

/* generate.c: the text that a !repeat or !nest node stands for. */
__attribute__((warn_unused_result)) bool generate_text(const struct ynode *n, struct buf *out,
                                                       struct kerr *err);
/* step.c: the request of a step as bytes. */
__attribute__((warn_unused_result)) bool step_build(struct running *rn, const struct case_step *s,
                                                    struct buf *out);
/* exchange.c: sends it on the step's connection, keeps the journal, polls a pending
 * answer to its end. False: network or our own error in rn->err. */
__attribute__((warn_unused_result)) bool exchange_run(struct running *rn, const char *client, struct sent *s,
                                                      bool poll);
/* judge.c: the reply against the step's expectation. Mismatches go to out. The
 * verdict of an alternative that matched, with its `because`, goes to v and why. */
bool judge_reply(struct running *rn, const struct case_step *s, const struct sent *sent,
                 struct mismatches *out, enum verdict *v, const char **why);
/* provider.c: makes the case's objects. False after result_decide. */
__attribute__((warn_unused_result)) bool provide_objects(struct running *rn);

#endif
