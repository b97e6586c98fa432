/* Faults as they are declared, before a server has them in force.
 *
 *     faults:
 *       - name: second-create-fails           # default: the action's name
 *         match: {operation: Create, nth: 2}
 *         action: {result: {reason: General Failure}}
 *         count: 1                            # or always
 *
 * fixtures/mock.yaml has every key and action. */
#ifndef MOCKSERVER_FAULT_LIST_H
#define MOCKSERVER_FAULT_LIST_H

#include "kmip/yaml/ynode.h"

struct fault;

struct fault_list {
    struct fault **v; /* one reference to each */
    size_t n;
};

/* Reads a list of faults, or a single one. Copies all it keeps: the document may go.
 * Names within the list are unique. */
__attribute__((warn_unused_result)) bool fault_list_read(const struct ynode *n,
                                                         struct fault_list *out, struct kerr *err);
void fault_list_clear(struct fault_list *l);

/* The actions there are, for help and manuals: NULL behind the last. */
struct fault_action;
const struct fault_action *fault_action_at(size_t i);
const char *fault_action_name(const struct fault_action *a);
const char *fault_action_help(const struct fault_action *a);

#endif
