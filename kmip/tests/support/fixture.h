/* Messages for tests, from files and from text. */
#ifndef KMIP_TESTS_FIXTURE_H
#define KMIP_TESTS_FIXTURE_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/form/from_yaml.h"

/* fixtures/messages/NAME.yaml as bytes; fails the test when it cannot be read. */
void fixture_message(const char *name, struct buf *out);
/* A message written in YAML; false with err. env may be NULL. */
bool fixture_yaml(const char *yaml, const struct form_env *env, struct buf *out, struct kerr *err);
/* Bytes written in hexadecimal. */
void fixture_hex(const char *hex, struct buf *out);
/* Names of all files NAME.yaml there, in order, ending with NULL; static. */
const char *const *fixture_names(void);

#endif
