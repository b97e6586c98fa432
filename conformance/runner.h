/* Runs one case against the target: makes its objects, sends its steps, judges
 * the replies, and removes what was made, whatever happened. */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include <stdatomic.h>

#include "conformance/journal.h"
#include "conformance/result.h"

struct driver;
struct replay;

struct runner {
    struct target *target;
    struct journal *journal;
    const char *run_prefix;      /* $RUN: begins every name that is made */
    bool show_secrets;
    const atomic_bool *stop; /* set by Ctrl-C: finish, clean up */
    struct driver *driver;       /* what the driver suite has found out so far */
    struct replay *replay;       /* what answers in the server's place (replay.h), or NULL */
};

/* NULL only without memory. The result's case has been cleaned up after. */
struct case_result *run_case(struct runner *r, const struct test_case *tc, unsigned round);

/* The same with r->replay: nothing is sent, and there is nothing to clean up. */
struct case_result *run_case_again(struct runner *r, const struct test_case *tc);

/* ---- for the files of the runner -------------------------------------------- */

/* A Locate that found nothing but objects of this run. */
struct own_locate {
    struct bytes payload; /* of the request */
    struct own_locate *next;
};

/* A case while it runs. */
struct running {
    struct runner *runner;
    const struct test_case *tc;
    struct case_result *result;
    struct vars vars;
    size_t step;        /* SIZE_MAX while objects are made */
    bool over;          /* decided inside an exchange: no step follows */
    int64_t began_ns, waited_ns; /* pace_mono_ns; the waits that the case asks for */
    uint32_t denied;    /* an operation that Query announced and the last reply called not
                         * supported; 0 if none */
    struct own_locate *own_locates;
    struct mock_clock_was clock_was; /* before the case set it, ... */
    int64_t offset_was;              /* and the target's offset_s */
    struct kerr err;    /* ours, the network's, or a server's that gave no message */
};

/* A request and what came back. */
struct sent {
    struct buf request, reply;
    struct buf asked;    /* the request that the reply answers: a Poll, or `request` */
    int64_t pieces;      /* bytes at a time; 0: all at once */
    int64_t within_ns;   /* how long to wait for the reply; 0: the run's time-out */
    bool version_free;   /* the case itself says which version the reply has */
    unsigned ask;        /* number of the request's first item in the journal */
    bool has_reply;      /* false: the server closed the connection instead */
    bool followed;       /* something came behind the reply */
    bool silent;         /* ... or said nothing within_ns */
    bool polled;         /* the reply is the final one of an asynchronous request */
    bool unasked_async;  /* Operation Pending, though the request did not allow it */
};

void sent_init(struct sent *s);
void sent_clear(struct sent *s);

/* Lets time pass (pace.h); false with rn->err, also when the run is asked to stop. */
__attribute__((warn_unused_result)) bool pause_ns(struct running *rn, int64_t ns);
/* generate.c: the text that a !repeat or !nest node stands for. */
__attribute__((warn_unused_result)) bool generate_text(const struct ynode *n, struct buf *out,
                                                       struct kerr *err);
/* step.c: the request of a step as bytes. */
__attribute__((warn_unused_result)) bool step_build(struct running *rn, const struct case_step *s,
                                                    struct buf *out);
/* exchange.c: sends it on the step's connection, keeps the journal, checks every reply
 * against the standard's rules, polls a pending answer to its end if `poll`. False:
 * rn->over, or rn->err is set. */
__attribute__((warn_unused_result)) bool exchange_run(struct running *rn, const char *client,
                                                      struct sent *s, bool poll);
/* rules.c: the standard's own rules on one reply. Findings go to the result, and decide
 * it: a MUST fails, whatever the level of the case, because it is the rule's clause. */
void rules_check(struct running *rn, const struct sent *s);
/* Something came that nobody asked for: a finding of its own, MUST or a warning. */
void rules_unasked(struct running *rn, bool must, const char *what);
/* What a step's expectation makes of a reply. */
struct judgement {
    struct mismatches found;
    enum verdict verdict; /* of the alternative that matched, with its `because` */
    const char *why;
    bool matched;
    bool unanswered;      /* there is no reply that can be read, and one was wanted */
    bool foresaw_denial;  /* the expectation that matched names Operation Not Supported */
};
/* judge.c. rn->err when the case cannot be understood. */
void judge_reply(struct running *rn, const struct case_step *s, const struct sent *sent,
                 struct judgement *out);
/* guard.c: may the request be sent? False: rn->over, or rn->err is set. */
__attribute__((warn_unused_result)) bool made_allowed(struct running *rn, struct bytes request);
/* made.c: what a request may make or destroy, before it is sent and after its reply. The
 * request's items get numbers, of which the first goes to *first. */
__attribute__((warn_unused_result)) bool made_before(struct running *rn, const char *client,
                                                     struct bytes request, unsigned *first);
__attribute__((warn_unused_result)) bool made_after(struct running *rn, const char *client,
                                                    struct bytes request, struct bytes reply,
                                                    unsigned first);
/* arrange.c: makes the mock what the case needs (case.h, `mock`). False: decided, or rn->err is
 * set. arrange_undo puts its clock back, whatever happened since. */
__attribute__((warn_unused_result)) bool arrange(struct running *rn);
void arrange_undo(struct running *rn);
/* provider.c: makes the case's objects. False: decided, or rn->err is set. */
__attribute__((warn_unused_result)) bool provide_objects(struct running *rn);

/* verdict.c: the one place where verdicts are made of what was seen.
 *
 * The worst verdict that a mismatch may cost this case. It holds for what the case expects;
 * findings of the standard's own rules (rules_check) and verdict_denied have a clause of
 * their own, whatever the case's level. */
enum verdict verdict_cap(const struct test_case *tc);
/* What the outcome of a step makes of the case. True: the steps may go on. */
bool verdict_step(struct running *rn, const struct case_step *s, const struct judgement *j);
/* An announced operation was called not supported (rn->denied): a failure. */
void verdict_denied(struct running *rn);
/* rn->err, if set: the server's failure, ours, the network's, or an interruption. */
void verdict_error(struct running *rn);

#endif
