/* Inside the reading of cases: case.c reads the file, case_step.c steps and objects,
 * case_expect.c expectations; case_fields.c looks over the fields of messages, case_vars.c
 * over variables. */
#ifndef CONFORMANCE_CASE_IN_H
#define CONFORMANCE_CASE_IN_H

#include "conformance/case.h"
#include "kmip/yaml/yfield.h"

/* The format: tables of fields, each ended by key NULL. The schema for editors, from which
 * the manual is made, has the same keys (case.schema.json). */
extern const struct yfield case_fields[];         /* the file */
extern const struct yfield case_object_fields[];  /* an entry of objects */
extern const struct yfield case_step_fields[];    /* an entry of steps */
extern const struct yfield case_item_fields[];    /* an entry of batch */
extern const struct yfield case_repeat_fields[];  /* repeat of a step */
extern const struct yfield case_connect_fields[]; /* connect of a step */
extern const struct yfield case_expect_fields[];  /* expect */

/* A name of the enumeration, or a number: unknown ones may be sent too. */
__attribute__((warn_unused_result)) bool case_enum(const struct ynode *at, const char *enumeration,
                                                   const char *text, uint32_t *out,
                                                   struct kerr *err);
/* A name of the enumeration only. */
__attribute__((warn_unused_result)) bool case_enum_name(const struct ynode *at,
                                                        const char *enumeration, const char *text,
                                                        uint32_t *out, struct kerr *err);
/* Letters, digits and '_', and none of the names that have a meaning already. */
__attribute__((warn_unused_result)) bool case_variable(const struct ynode *at, const char *name,
                                                       struct kerr *err);

__attribute__((warn_unused_result)) bool case_read_steps(struct test_case *c,
                                                         const struct ynode *steps,
                                                         struct kerr *err);
__attribute__((warn_unused_result)) bool case_read_objects(struct test_case *c,
                                                           const struct ynode *objects,
                                                           struct kerr *err);

/* break, stall and ciphers of a step that has been read otherwise. */
__attribute__((warn_unused_result)) bool case_read_hostile(struct case_step *s, struct kerr *err);

/* n NULL: success. */
__attribute__((warn_unused_result)) bool case_read_expectation(struct arena *a,
                                                               const struct ynode *n,
                                                               struct expectation *out,
                                                               struct kerr *err);

/* Names in a request payload, and values that do not depend on variables. */
__attribute__((warn_unused_result)) bool case_check_payload(const struct ynode *payload,
                                                            uint32_t operation, struct kerr *err);
/* The same for what is expected of the answers to these items (none: of a message). */
__attribute__((warn_unused_result)) bool case_check_expected(const struct expectation *e,
                                                             const struct case_item *items,
                                                             size_t n, struct kerr *err);
/* Is every variable bound before it is used, and used after an expectation binds it? */
__attribute__((warn_unused_result)) bool case_check_variables(const struct test_case *c,
                                                              struct kerr *err);

#endif
