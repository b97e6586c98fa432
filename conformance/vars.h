/* Variables of a case: names bound to values as they stood on the wire.
 *
 * Binding can be taken back (alternatives of an expectation that did not match):
 * vars_mark and vars_rewind. $RUN, $CASE, $NOW, $SERVER_NOW are resolved here too. */
#ifndef CONFORMANCE_VARS_H
#define CONFORMANCE_VARS_H

#include "conformance/pace.h"
#include "kmip/base/arena.h"
#include "kmip/form/from_yaml.h"

#define VARS_MAX 128

struct var {
    const char *name;
    unsigned type;    /* enum ttlv_type; 0: text, read like a scalar of the file */
    struct bytes val; /* in the arena */
};

struct vars {
    struct arena *arena;
    struct var v[VARS_MAX];
    size_t n;
    const struct pace *pace; /* whose time is now; NULL: the machine's */
    int64_t server_offset_s; /* server's clock minus ours */
    int64_t slack_ns;        /* how long the case took so far, apart from its waits */
    uint8_t server_now[8];   /* wire form of $SERVER_NOW, made when it is looked up */
    struct form_env env;     /* for from_yaml: looks up here */
};

void vars_init(struct vars *v, struct arena *arena, const struct pace *pace);
/* Refreshes $NOW and $SERVER_NOW; before each step. */
void vars_tick(struct vars *v);
const struct var *vars_find(const struct vars *v, struct bytes name);
/* Binds or binds anew; copies. False: no memory, or too many. */
__attribute__((warn_unused_result)) bool vars_set(struct vars *v, struct bytes name, unsigned type,
                                                  struct bytes val);
size_t vars_mark(const struct vars *v);
void vars_rewind(struct vars *v, size_t mark);

#endif
