/* JSON Schemas of our YAML formats, held against the tables that the formats are read by. */
#ifndef KMIP_TESTS_SUPPORT_SCHEMA_H
#define KMIP_TESTS_SUPPORT_SCHEMA_H

#include <jansson.h>

#include "kmip/yaml/yfield.h"

/* The schema in this file of the tree; json_decref. Fails the test when there is none. */
json_t *schema_load(const char *path);
/* What a JSON pointer leads to ("/definitions/fault"; "" is the whole), "$ref" and a single
 * "allOf" resolved; NULL when nothing. */
const json_t *schema_at(const json_t *schema, const char *pointer);
/* The object there has the keys of the table and no others, each with a description, the
 * kind, bounds and choices of its row; and needs those that the table needs. */
void schema_has_fields(const json_t *schema, const char *pointer, const struct yfield *fields);
/* The enum there is this list, whatever the order. names[i] NULL ends it. */
void schema_has_names(const json_t *schema, const char *pointer, const char *const *names);
/* ... the names of this enumeration of the standard. */
void schema_has_enumeration(const json_t *schema, const char *pointer, const char *enumeration);

#endif
