/* Field bugs on demand: a scenario of the mock, met by a client set up as the driver and
 * by remedied ones.
 *
 * A repro is a row: how the mock is to behave, and attempts, each with its settings and
 * what is expected of it. It has reproduced when every attempt came out as expected:
 * those that are to break did, the remedies held. */
#ifndef CONFORMANCE_REPRO_H
#define CONFORMANCE_REPRO_H

#include <signal.h>
#include <stdio.h>

#include "conformance/clock_measure.h"
#include "conformance/driver_key.h"
#include "kmip/base/arena.h"
#include "kmip/base/option.h"

enum repro_kind {
    REPRO_PIPELINE, /* eight Encrypts with one key */
    REPRO_KEY       /* one key from Create to Destroy */
};

struct repro_attempt {
    const char *title;
    enum repro_kind kind;
    bool remedy;            /* else as the driver is, or may be, set up */
    bool breaks;            /* expected */
    /* REPRO_PIPELINE */
    unsigned depth;
    enum kc_match match;    /* by position: strict as the driver, records included */
    /* REPRO_KEY */
    enum key_way way;
    const char *attribute;  /* that names the bucket */
    int64_t planned_s;      /* KEY_COMPOUND_AT: so long from now by our clock ... */
    bool corrected;         /* ... and the server's offset added */
    bool by_dates;          /* who goes by the key's dates on our clock is to be right too */
};

#define REPRO_ATTEMPTS_MAX 4

struct repro {
    const char *name, *title; /* name: also that of the mock's scenario */
    const char *field;      /* what happens in the field */
    const char *shows;      /* what a client shows */
    const char *helps;
    struct repro_attempt attempts[REPRO_ATTEMPTS_MAX];
    size_t n;
};

extern const struct repro repros[];
extern const size_t n_repros;
/* NULL with KE_USAGE and what is near. */
const struct repro *repro_find(const char *name, struct kerr *err);

/* ---- what happened ---------------------------------------------------------- */

enum repro_event_kind { EVENT_SENT, EVENT_REPLY, EVENT_NOTE, EVENT_BROKE };

struct repro_event {
    enum repro_event_kind kind;
    int64_t at_ns;          /* monotonic */
    uint32_t request;       /* number on the connection, from 1; 0: about none */
    uint32_t operation;
    uint8_t id[16];
    uint32_t order;         /* of a reply: as which one it came, from 1 */
    uint32_t records;
    bool shared;
    const char *text;       /* what it says beside; may be "" */
};

#define REPRO_EVENTS_MAX 128

struct repro_result {
    const struct repro_attempt *attempt;
    bool works;
    bool done;              /* it was brought to its end; else err of ours */
    char what[700];         /* in a sentence */
    int64_t began_ns;
    struct repro_event v[REPRO_EVENTS_MAX];
    size_t n;
    struct arena arena;     /* texts */
};

struct repro_run {
    const struct repro *repro;
    struct kc_connect base;     /* where the mock is */
    const volatile sig_atomic_t *stop;
    bool wait;                  /* until a key becomes usable, however long */
    struct opt_list more_sets;  /* --set of the mock, over the scenario */
    struct clock_measure clock; /* of the mock */
    struct repro_result result[REPRO_ATTEMPTS_MAX];
    struct arena arena;
};

/* Measures the mock's clock and makes all attempts. False: could not be done. */
__attribute__((warn_unused_result)) bool repro_attempts(struct repro_run *r, struct kerr *err);
/* All came out as expected. */
bool repro_held(const struct repro_run *r);
void repro_clear(struct repro_run *r);

/* repro_key.c, repro_pipeline.c: one attempt into r. False: could not be done. */
__attribute__((warn_unused_result)) bool repro_key(struct repro_run *r, struct repro_result *out,
                                                   struct kerr *err);
__attribute__((warn_unused_result)) bool repro_pipeline(struct repro_run *r,
                                                        struct repro_result *out,
                                                        struct kerr *err);
/* For them: a wire whose requests and replies become events. */
__attribute__((warn_unused_result)) bool repro_open(struct repro_run *r, struct repro_result *out,
                                                    struct wire *w, bool watched, unsigned depth,
                                                    enum kc_match match, struct kerr *err);
void repro_note(struct repro_result *out, enum repro_event_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* repro_print.c */
void repro_print(FILE *out, const struct repro_run *r);
/* Everything as JSON. */
__attribute__((warn_unused_result)) bool repro_trace(const char *path, const struct repro_run *r,
                                                     struct kerr *err);

#endif
