/* A case run again without a server: its replies are those that an earlier run has recorded,
 * one of them perhaps with something else in its place. Everything else is the tester as it
 * is: requests are built, variables bound, replies judged, time passes as it did.
 *
 *     replay_init(&p, recorded, target);         recorded: the case's result, of that run
 *     if (!replay_learn(&p, tc, run_prefix)) ...  once, with the replies as they were
 *     p.changed = turn; p.reply = other;
 *     result = replay_run(&p, tc, run_prefix);
 *     result_free(&result); replay_clear(&p);
 *
 * A request that is the recorded one but for what is drawn anew each time gets the recorded
 * reply, and is from there on the recorded request, whose ids the reply bears. Asked the same
 * more often than it was then, the server says again what it said last. A request that says
 * something else (made of a value that a changed reply has brought) is refused as one for an
 * object that is not there: nobody knows what the server would have said, but not what it
 * says of what it does know. */
#ifndef CONFORMANCE_REPLAY_H
#define CONFORMANCE_REPLAY_H

#include "conformance/runner.h"

/* A request that was answered, or not. */
struct replay_turn {
    const struct exchange *e;
    struct bytes built; /* the request as this program builds it again */
    bool used;          /* in the run under way */
};

#define REPLAY_AS_IT_WAS SIZE_MAX

struct replay {
    const struct target *target; /* as the gate saw it; not changed */
    struct replay_turn *turns;
    size_t n;
    size_t changed;     /* the turn whose reply is not the recorded one, or REPLAY_AS_IT_WAS */
    struct bytes reply; /* ... but this */
    struct arena arena;
    bool learning;
    bool strayed;       /* in the last run: a request was not among the recorded ones */
};

/* False: no memory. */
__attribute__((warn_unused_result)) bool replay_init(struct replay *p,
                                                     const struct case_result *recorded,
                                                     const struct target *target);
void replay_clear(struct replay *p);
/* Can it be run without a server at all? Not what watches connections instead of replies, or
 * makes a mock something else first. */
bool replay_can(const struct test_case *tc);
/* The first run. False: it does not come to the recorded result, so nothing can be told of
 * the case this way; *why says how. */
__attribute__((warn_unused_result)) bool replay_learn(struct replay *p,
                                                      const struct case_result *recorded,
                                                      const char *run_prefix, char why[300]);
/* A result to be freed; NULL without memory. */
struct case_result *replay_run(struct replay *p, const struct test_case *tc,
                               const char *run_prefix);

/* ---- for the files of the runner -------------------------------------------- */

/* s->asked is answered; s->reply and what else came are set, and the time. */
__attribute__((warn_unused_result)) bool replay_exchange(struct replay *p, struct running *rn,
                                                         struct sent *s);
/* Was this connection open? Those that were used. False: KE_CLOSED. */
bool replay_connect(const struct replay *p, const char *client, struct kerr *err);

#endif
