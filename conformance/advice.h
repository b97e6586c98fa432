/* The driver's settings that suit a server, out of what the driver suite saw.
 *
 * advise() decides; advice_yaml() writes the kmip: block that a values.yaml accepts,
 * each line with its evidence behind it; advice_compare() holds a values file against
 * it. No network, no files. */
#ifndef CONFORMANCE_ADVICE_H
#define CONFORMANCE_ADVICE_H

#include "conformance/driver.h"
#include "kmip/base/error.h"

enum advice_key {
    ADVICE_ENABLED,
    ADVICE_PORT,
    ADVICE_HOSTS,
    ADVICE_COMPOUND,
    ADVICE_ATTRIBUTE,
    ADVICE_DEPTH,
    ADVICE_KEYS
};

#define ADVICE_TEXT 700
#define ADVICE_ASKS_MAX 8

struct advice {
    bool works;              /* some settings do */
    bool compound;
    char attribute[256];     /* "": none */
    unsigned depth;
    char because[ADVICE_KEYS][ADVICE_TEXT]; /* one line each */
    char ask[ADVICE_ASKS_MAX][ADVICE_TEXT]; /* of the vendor, when nothing works */
    size_t n_asks;
    char note[ADVICE_ASKS_MAX][ADVICE_TEXT]; /* worth knowing, whatever the settings */
    size_t n_notes;
};

/* wanted: the bucketAttributeName somebody would like, or NULL. */
void advise(const struct driver_facts *f, const char *wanted, struct advice *out);

/* The same where the gate is shut, for the reason in err: switched off, and what to ask.
 * speaks_kmip: the server answers, if wrongly; older: not at 1.2. False: there is nobody
 * to ask, as nothing answers at all. */
bool advise_shut(const struct kerr *err, bool speaks_kmip, bool older, struct advice *out);

/* Where the server is, and what came of its alternatives. */
struct advice_host {
    const char *host;
    bool works;
    const char *why;         /* it does not, or "" */
};
struct advice_place {
    const struct advice_host *hosts; /* all that were tested */
    size_t n_hosts, chosen;
    int64_t port;
    const char *server;      /* as it calls itself, or "" */
    int64_t when_s;
};
/* Appends the block. False: no memory. */
__attribute__((warn_unused_result)) bool advice_yaml(const struct advice *a,
                                                     const struct advice_place *place,
                                                     struct buf *out);

/* A values file's kmip: block as it stands there; texts, so that what is missing or
 * odd can be told. */
struct advice_values {
    const char *path;
    const char *text[ADVICE_KEYS]; /* NULL: not given; of hosts: the list, ", " between */
    uint32_t line[ADVICE_KEYS];
};
/* What differs and why it matters: comment lines, "# FILE:LINE: ...". Their number. */
size_t advice_compare(const struct advice *a, const struct advice_place *place,
                      const struct advice_values *v, struct buf *out);

/* A text for the rest of a comment's line: nothing in it ends the line. */
void advice_comment(struct buf *out, const char *text);
/* "pipelineDepth" */
const char *advice_key_name(enum advice_key k);

#endif
