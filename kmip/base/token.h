/* A secret word that two programs share: who knows it may ask the other.
 *
 * It comes from a command line, a file or the environment. Command lines are seen by
 * every user of a machine: programs hide it there once they have read it (token_hide), yet
 * the other two are the better ways. A token is wiped by who holds it (buf.h). */
#ifndef KMIP_BASE_TOKEN_H
#define KMIP_BASE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "kmip/base/error.h"

#define TOKEN_MAX 513 /* with its NUL */
/* What is shorter can be guessed. */
#define TOKEN_SHORT 16

struct token_source {
    const char *argument;    /* of a command line; NULL: not given */
    const char *file;        /* its first line; NULL: not given */
    const char *environment; /* name of a variable, for when neither is given; NULL: none */
    const char *option;      /* how the argument is called in errors; with "-file" the file */
};

/* Into out, "" when there is none. A token has 1 to 512 visible ASCII characters and no
 * blank, as it stands in an HTTP header. KE_USAGE for argument and file together, KE_FILE,
 * KE_CONFIG; errors never hold any of it. */
__attribute__((warn_unused_result)) bool token_read(const struct token_source *from,
                                                    char out[TOKEN_MAX], struct kerr *err);

/* Overwrites the argument, NULL or of this very command line, with stars. */
void token_hide(const char *argument);

/* Is what somebody gave (n bytes) the token? How long it takes tells nothing of where the
 * two differ. Never when the token is "". */
bool token_same(const char *token, const char *given, size_t n);

#endif
