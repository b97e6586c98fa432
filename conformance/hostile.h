/* Steps that no well-meaning client would make (case.h: break, together, stall), and what
 * they have in common: whether the server is still there.
 *
 * A server may answer such a step with an error, or hang up. It must serve the next
 * connection, and must not have stored anything. */
#ifndef CONFORMANCE_HOSTILE_H
#define CONFORMANCE_HOSTILE_H

#include "conformance/runner.h"

/* Ways to be a nuisance without a message, by name; NULL if there is none. */
struct stall_way;
const struct stall_way *stall_find(const char *name);
/* "a, b, c", for texts. */
void stall_names(struct buf *out);
void malform_names(struct buf *out);

/* Steps; false: the case ends here (decided, or rn->err is set). */
__attribute__((warn_unused_result)) bool step_malform(struct running *rn,
                                                      const struct case_step *s);
__attribute__((warn_unused_result)) bool step_together(struct running *rn,
                                                       const struct case_step *s);
__attribute__((warn_unused_result)) bool step_stall(struct running *rn, const struct case_step *s);

/* Does the server take a new connection and answer on it? Asked again a moment later if
 * not. False, with the case decided: `after` says what was done to it, and last is what
 * was sent last (empty: no message). */
__attribute__((warn_unused_result)) bool hostile_alive(struct running *rn, const char *after,
                                                       struct bytes last);
/* What a server should not have done: a mismatch, and the verdict. */
void hostile_found(struct running *rn, enum verdict v, const char *expected, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a line to the result's evidence. */
void hostile_say(struct running *rn, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* ... with a message in hexadecimal, as far as it is of use. */
void hostile_say_message(struct running *rn, const char *what, struct bytes message);

#endif
