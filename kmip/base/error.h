/* What went wrong, for the person who has to act on it.
 *
 * One object, owned by the caller, passed last, never global. It is filled in
 * where the fault is found; callers up the stack add context in front of it:
 *
 *   cannot run TC-311: batch item 2: Integer has length 3, expected 4
 *   (offset 184, Response Message/Batch Item[1]/Result Status)
 *
 * An error means that we could not do our work. A rule broken by the peer is a
 * finding (finding.h); the two are never mixed. */
#ifndef KMIP_BASE_ERROR_H
#define KMIP_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kerr_class {
    KERR_NONE,
    KERR_CLASS_USAGE,
    KERR_CLASS_CONFIG,
    KERR_CLASS_IO,
    KERR_CLASS_TLS,
    KERR_CLASS_TIMEOUT,
    KERR_CLASS_INTERRUPT,
    KERR_CLASS_TTLV,
    KERR_CLASS_SCHEMA,
    KERR_CLASS_PROTOCOL,
    KERR_CLASS_MEMORY,
    KERR_CLASS_INTERNAL
};

enum kerr_code {
    KE_OK = 0,
#define KERR(code, cls, text) KE_##code,
#include "kmip/base/errors.def"
#undef KERR
    KE_COUNT_
};

#define KERR_NO_OFF UINT32_MAX

struct kerr {
    enum kerr_code code;
    enum kerr_class cls;
    uint32_t off;   /* byte offset in the message, or KERR_NO_OFF */
    uint32_t line, col; /* place in a document, from 1; 0: none. msg names it too */
    int node;           /* ... and what stands there: enum ynode_kind */
    char path[160]; /* tag path in the message, field of the document, or "" */
    char msg[680];  /* one line, no newline; offset and path not included */
};

#define KERR_INIT {.code = KE_OK, .cls = KERR_NONE, .off = KERR_NO_OFF}

void kerr_clear(struct kerr *e);

/* Records an error unless one is recorded already: the first cause stays.
 * e may be NULL. Always returns false, so that callers can `return kerr_set(...)`. */
bool kerr_set(struct kerr *e, enum kerr_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the place in a message; path may be NULL. */
bool kerr_set_at(struct kerr *e, enum kerr_code code, uint32_t off, const char *path,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Puts "context: " in front of the recorded message. Always returns false. */
bool kerr_wrap(struct kerr *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* KE_TTLV_LENGTH -> "TTLV_LENGTH"; and its meaning from errors.def. */
const char *kerr_name(enum kerr_code code);
const char *kerr_text(enum kerr_code code);

/* The whole error as one line into out (always terminated): message, then
 * offset and path in parentheses if it has them. Returns out. */
char *kerr_format(const struct kerr *e, char *out, size_t room);

/* The exit code the three programs share for an error of this class:
 * 2 usage or configuration, 3 unreachable, TLS or timeout, 5 otherwise. */
int kerr_exit(const struct kerr *e);

#endif
