/* Many requests with one key, several in flight: order, records, content, times.
 *
 * Plaintexts differ, and what each of them gives is known from requests that went one
 * at a time. So a reply with the right id and another request's content shows too. */
#ifndef CONFORMANCE_DRIVER_LOAD_H
#define CONFORMANCE_DRIVER_LOAD_H

#include <stdatomic.h>

#include "conformance/driver.h"

#define LOAD_PAIRS 8

struct load_pairs {
    uint8_t plain[LOAD_PAIRS][KEY_DATA];
    struct buf cipher[LOAD_PAIRS];
};

/* Empties p, and ciphers plaintext i over w. */
void load_begin(struct load_pairs *p);
__attribute__((warn_unused_result)) bool load_learn(struct load_pairs *p, size_t i, struct wire *w,
                                                    const char *uid, struct kerr *err);
/* Both, for all of them, one at a time. */
__attribute__((warn_unused_result)) bool load_prepare(struct load_pairs *p, struct wire *w,
                                                      const char *uid, struct kerr *err);
void load_clear(struct load_pairs *p);

struct load_plan {
    const char *uid;
    unsigned depth;      /* at most DRIVER_DEPTH_MAX, and the wire's */
    unsigned least, most; /* requests: so many at least, and go on at_most_ns */
    int64_t at_most_ns;
    bool encrypt_only;   /* no Decrypt by turns */
    const atomic_bool *stop; /* may be NULL */
};

/* Encrypt and Decrypt by turns, unless told otherwise. Fills in d (depth and all); false
 * when a request was not answered as it must be: d->why, and the error in err. */
__attribute__((warn_unused_result)) bool load_run(struct wire *w, const struct load_pairs *p,
                                                  const struct load_plan *plan,
                                                  struct depth_facts *d, struct kerr *err);

/* Notes what one reply showed of the wire. */
void wire_facts_note(struct wire_facts *f, const struct wire_call *c);
void wire_facts_join(struct wire_facts *f, const struct wire_facts *more);

#endif
