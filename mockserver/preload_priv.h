/* Between preload.c, which reads, and preload_make.c, which makes. */
#ifndef MOCKSERVER_PRELOAD_PRIV_H
#define MOCKSERVER_PRELOAD_PRIV_H

#include "kmip/base/buf.h"
#include "mockserver/preload.h"

/* In the order in which an object goes through them. */
enum preload_date {
    PRELOAD_INITIAL,
    PRELOAD_ACTIVATION,
    PRELOAD_DEACTIVATION,
    PRELOAD_COMPROMISE,
    PRELOAD_DESTROY,
    PRELOAD_ARCHIVE,
    PRELOAD_OCCURRENCE, /* from here on attributes only */
    PRELOAD_PROCESS_START,
    PRELOAD_PROTECT_STOP,
    PRELOAD_DATES
};

enum preload_when { WHEN_UNSAID, WHEN_NEVER, WHEN_RELATIVE, WHEN_ABSOLUTE };

struct preload_time {
    const struct ynode *at;
    enum preload_when when;
    int64_t s; /* from now, or since the epoch */
};

/* What an Object Type takes. */
enum preload_takes {
    TAKES_ALGORITHM = 1 << 0, /* algorithm and length */
    TAKES_USAGE = 1 << 1,
    TAKES_STATE = 1 << 2,
    TAKES_FORMAT = 1 << 3,
    TAKES_SECRET = 1 << 4, /* secret_data_type */
    TAKES_PEM = 1 << 5,    /* as a value, beside hexadecimal digits */
    VALUE_NEEDED = 1 << 6,
    VALUE_DRAWN = 1 << 7 /* when none is given */
};

struct preload_type {
    uint32_t type;   /* KMIP_OBJECT_TYPE_* */
    uint32_t format; /* Key Format Type; 0: no Key Block */
    uint32_t usage;  /* Cryptographic Usage Mask when none is given */
    unsigned takes;
};

struct preload_texts {
    const char **v;
    size_t n;
};

struct preload_plan {
    const struct ynode *at; /* where it stands */
    const struct preload_type *type;
    const char *identifier, *owner; /* NULL: not given */
    uint32_t algorithm, format, usage, secret; /* 0: none */
    int32_t length;
    struct bytes value;
    bool drawn; /* the value is */
    uint32_t state; /* 0: what the dates bring about */
    const struct ynode *state_at;
    struct preload_time dates[PRELOAD_DATES];
    uint32_t reason; /* Revocation Reason Code; 0: the usual one */
    const char *message;
    struct preload_texts names, groups;
    struct bytes attributes; /* Attribute items */
};

const char *preload_date_name(enum preload_date d);

/* The YAML text of a built-in set, or NULL. preload_set_names: NULL behind the last. */
const char *preload_set(const char *name);
extern const char *const preload_set_names[];

#endif
