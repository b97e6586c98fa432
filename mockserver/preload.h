/* Objects that are there before a client has made any: `preload:` of the
 * configuration, and what the control API is handed.
 *
 *     preload:
 *       - states                        # a built-in set: a key in every state
 *       - identifier: bucket-key-1
 *         type: Symmetric Key
 *         algorithm: AES
 *         length: 256
 *         state: Active
 *         dates: {initial: -2d, activation: -1d}
 *         names: [bucket-1]
 *         group: default
 *         owner: client
 *         attributes: {x-bucket: one}
 *
 * An object is made by the server's own operations (Register, Activate, Revoke,
 * Destroy, Archive), each carried out at its date, so that its attributes are those
 * it would have, had a client gone that way. fixtures/mock.yaml explains every key. */
#ifndef MOCKSERVER_PRELOAD_H
#define MOCKSERVER_PRELOAD_H

#include "kmip/yaml/ynode.h"
#include "mockserver/object.h"

struct mock_engine;
struct preload_plan; /* what is to be made, as it was read */

struct preload_object {
    char uid[MOCK_UID_MAX]; /* "" until preload_store chose one, where none was given */
    bool made;              /* preload_store made it; false: it was there already */
    struct preload_plan *plan;
};

struct preload_list {
    struct preload_object *v;
    size_t n;
    struct arena arena;
    struct ydoc sets; /* the built-in sets that are named */
};

/* Reads a list, a single object, or the name of a built-in set. The document must live
 * as long as the list. KE_CONFIG with FILE:LINE:COL and the field; out is then empty. */
__attribute__((warn_unused_result)) bool preload_read(const struct ynode *n,
                                                      struct preload_list *out, struct kerr *err);
void preload_clear(struct preload_list *l);

/* What becomes of an object whose identifier the store has already. */
enum preload_twice {
    PRELOAD_LEAVE, /* it stays as it is: a server that starts again with its store */
    PRELOAD_REFUSE /* an error */
};

/* Makes all of them or none; in between no request may be open. Relative dates count from
 * the server's clock. Errors as above, those of an operation with its Result Message. */
__attribute__((warn_unused_result)) bool preload_store(const struct preload_list *l,
                                                       struct mock_engine *e,
                                                       enum preload_twice twice, struct kerr *err);

#endif
