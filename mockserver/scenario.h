/* Scenarios: misbehaviour of servers in the field, each a file in fixtures/scenarios with
 * a piece of the mock's configuration. Its head comment says what it is about:
 *
 *     # Replies in another order than their requests.
 *     #
 *     # In the field: ...
 *     #
 *     # What a client shows: ...
 *     #
 *     # What helps: ...
 *
 * A scenario says nothing of where the server is (listen, control, certs, store). */
#ifndef MOCKSERVER_SCENARIO_H
#define MOCKSERVER_SCENARIO_H

#include <stdio.h>

#include "kmip/base/beside.h"
#include "kmip/yaml/ynode.h"

/* The file of a scenario: a name with a slash or ending in .yaml is a path, others are
 * found in the folder that comes with the programs (or KMIP_SCENARIOS). KE_USAGE with
 * what is near and where was looked. */
__attribute__((warn_unused_result)) bool scenario_path(const char *name, char out[BESIDE_MAX],
                                                       struct kerr *err);
/* Reads it. KE_YAML, KE_CONFIG when it says what is none of a scenario's business. */
__attribute__((warn_unused_result)) bool scenario_load(const char *name, struct ydoc *out,
                                                       struct kerr *err);

/* Every scenario of the folder, by name, with its head comment without the comment signs. */
__attribute__((warn_unused_result)) bool
scenario_visit(void (*what)(void *arg, const char *name, const char *text), void *arg,
               struct kerr *err);
/* Every scenario of the folder with its title, a line each, by name. */
__attribute__((warn_unused_result)) bool scenario_list(FILE *out, struct kerr *err);
/* The head comment of one, without the comment signs. */
__attribute__((warn_unused_result)) bool scenario_explain(const char *name, FILE *out,
                                                          struct kerr *err);

#endif
