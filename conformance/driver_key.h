/* A bucket's key from Create to Destroy, step by step over a wire: as the driver does
 * it, and looked at in between. Shared by the probes and by `repro`. */
#ifndef CONFORMANCE_DRIVER_KEY_H
#define CONFORMANCE_DRIVER_KEY_H

#include "conformance/driver_wire.h"

enum key_way {
    KEY_TWO_STEP,       /* Create, Activate */
    KEY_COMPOUND_NOW,   /* Create with an Activation Date: our now */
    KEY_COMPOUND_EPOCH, /* ... 1970-01-01, as a released driver sends it */
    KEY_WAYS,
    KEY_COMPOUND_AT = KEY_WAYS /* ... the plan's date */
};

/* "two-step", "compound, Activation Date now", ... */
const char *key_way_name(enum key_way way);

#define KEY_UID_MAX 512
#define KEY_DATA 32 /* bytes that the driver ciphers: a data key */

struct key_plan {
    enum key_way way;
    int64_t date;          /* KEY_COMPOUND_AT */
    const char *attribute; /* that names the bucket; NULL: none */
    const char *bucket;
};

struct key {
    char uid[KEY_UID_MAX]; /* "": none was made */
    bool dated;            /* Create bore an Activation Date */
    int64_t sent_date;
    bool has_stamp;
    int64_t stamp_s;       /* Time Stamp of Create's reply */
    int64_t asked_s, made_ns; /* our wall clock when it was asked for; monotonic when it came */
};

/* What the server says of a key. */
struct key_dates {
    bool has_state, has_initial, has_activation, has_stamp;
    uint32_t state;
    int64_t initial_s, activation_s;
    int64_t stamp_s;       /* Time Stamp of this reply */
};

/* Each is one step; what went wrong is in err: KE_REFUSED when the server says no. */
__attribute__((warn_unused_result)) bool key_create(struct wire *w, const struct key_plan *plan,
                                                    struct key *k, struct kerr *err);
__attribute__((warn_unused_result)) bool key_activate(struct wire *w, const char *uid,
                                                      struct kerr *err);
/* Encrypt or Decrypt; the result goes to out, which is emptied first. */
__attribute__((warn_unused_result)) bool key_crypt(struct wire *w, const char *uid, bool decrypt,
                                                   struct bytes data, struct buf *out,
                                                   struct kerr *err);
/* Cipher 32 bytes, decipher them, compare. */
__attribute__((warn_unused_result)) bool key_use(struct wire *w, const char *uid,
                                                 struct kerr *err);
__attribute__((warn_unused_result)) bool key_revoke(struct wire *w, const char *uid,
                                                    struct kerr *err);
__attribute__((warn_unused_result)) bool key_destroy(struct wire *w, const char *uid,
                                                     struct kerr *err);
/* Both, as the driver ends a key. */
__attribute__((warn_unused_result)) bool key_end(struct wire *w, const char *uid,
                                                 struct kerr *err);
__attribute__((warn_unused_result)) bool key_look(struct wire *w, const char *uid,
                                                  struct key_dates *d, struct kerr *err);

/* Appends the value, a text, of an attribute. False also when it is not there: err is as
 * it was then. */
__attribute__((warn_unused_result)) bool key_attribute(struct wire *w, const char *uid,
                                                       const char *name, struct buf *value,
                                                       struct kerr *err);
/* Locate by an attribute. */
struct key_found {
    const char *wanted;    /* in: one to look out for, or NULL */
    size_t n;
    char first[KEY_UID_MAX];
    bool has_wanted;
};
__attribute__((warn_unused_result)) bool key_find(struct wire *w, const char *name,
                                                  const char *value, struct key_found *found,
                                                  struct kerr *err);

/* Create, and Activate where the way asks for it. */
__attribute__((warn_unused_result)) bool key_make(struct wire *w, const struct key_plan *plan,
                                                  struct key *k, struct kerr *err);
/* A key that can be used at once, made whichever way works. */
__attribute__((warn_unused_result)) bool key_any(struct wire *w, struct key *k, struct kerr *err);

/* The payloads, for those who pipeline. */
void key_put_create(struct ttlv_writer *w, const struct key_plan *plan, struct key *k);
void key_put_crypt(struct ttlv_writer *w, const char *uid, struct bytes data);
/* Unique Identifier and Time Stamp of the reply to a Create. */
__attribute__((warn_unused_result)) bool key_take_uid(struct wire_call *c, struct key *k);
void key_put_revoke(struct ttlv_writer *w, const char *uid);
/* Unique Identifier and Data, which the driver expects of both; Data goes to out. */
__attribute__((warn_unused_result)) bool key_take_data(struct wire_call *c, struct buf *out);

#endif
