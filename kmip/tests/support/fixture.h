/* Messages for tests, from files and from text. */
#ifndef KMIP_TESTS_FIXTURE_H
#define KMIP_TESTS_FIXTURE_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/form/form.h"
#include "kmip/form/from_yaml.h"

/* fixtures/messages/NAME.yaml as bytes; fails the test when it cannot be read. */
void fixture_message(const char *name, struct buf *out);
/* A message written in YAML; false with err. env may be NULL. */
bool fixture_yaml(const char *yaml, const struct form_env *env, struct buf *out, struct kerr *err);
/* Bytes written in hexadecimal. */
void fixture_hex(const char *hex, struct buf *out);
/* Names of all files NAME.yaml there, in order, ending with NULL; static. */
const char *const *fixture_names(void);

/* A form of messages that can be read again: what writes it, with secrets, and what
 * reads it. */
struct fixture_form {
    bool (*write)(struct bytes msg, const struct form_options *o, struct buf *out,
                  struct kerr *err);
    bool (*read)(struct bytes text, struct buf *out, struct kerr *err);
};
/* Out and in again; false, having complained of `what`, when other bytes come back. */
bool fixture_comes_back(const struct fixture_form *form, const char *what, struct bytes msg);
/* The same for all files there. */
void fixtures_come_back(const struct fixture_form *form);

#endif
