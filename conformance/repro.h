/* Field bugs on demand: a scenario of the mock (fixtures/scenarios), met by a client set
 * up as the driver and by remedied ones.
 *
 * A repro is a row: attempts, each with its settings and what is expected of it. What the
 * bug is about is told by the scenario's own head comment. Each attempt meets the
 * scenario from its start: a mock of its own. The bug is reproduced when every attempt
 * that is to break did, in the way that the scenario promises; the remedies hold when
 * every other attempt works. */
#ifndef CONFORMANCE_REPRO_H
#define CONFORMANCE_REPRO_H

#include <stdatomic.h>
#include <stdio.h>

#include "conformance/clock_measure.h"
#include "conformance/driver_key.h"
#include "conformance/mock_process.h"
#include "conformance/picture.h"
#include "kmip/base/arena.h"
#include "kmip/base/beside.h"
#include "kmip/base/option.h"

enum repro_kind {
    REPRO_PIPELINE,    /* eight Encrypts with one key, `depth` in flight */
    REPRO_KEY,         /* one key from Create to Destroy, looked at in between */
    REPRO_FLOW,        /* the same one request at a time, on as many connections as it takes */
    REPRO_CONNECTIONS, /* several at a time, a request on each */
    REPRO_KINDS
};

enum repro_who {
    AS_DRIVER,  /* set up as the driver is, or may be */
    OTHERWISE,  /* another client, and not yet the remedy */
    REMEDIED,
    REPAIRED,   /* as the driver, against a server without the fault */
    REPRO_WHO
};

/* By which clock an Activation Date is given. */
enum repro_clock { BY_OURS, BY_TIME_STAMP, BY_INITIAL_DATE };

struct repro_attempt {
    const char *title;
    enum repro_kind kind;
    enum repro_who who;
    const char *breaks;     /* it is to break, and these words are in what it then says */
    const char *set;        /* of the mock, beside the scenario */
    int timeout_ms;         /* for a reply; 0: long enough not to matter */
    enum kc_match match;    /* by position: strict as the driver, records included */
    unsigned again;         /* what fails is tried so often again, on a new connection */
    /* REPRO_PIPELINE, REPRO_CONNECTIONS */
    unsigned depth, connections;
    /* REPRO_KEY, REPRO_FLOW */
    enum key_way way;
    const char *attribute;  /* that names the bucket */
    const char *bucket;     /* NULL: "bucket" */
    /* REPRO_KEY */
    unsigned lead;          /* requests that go before it */
    int wait_s;             /* it is made so long after the mock's start */
    int64_t planned_s;      /* KEY_COMPOUND_AT: so long from now, in virtual time ... */
    enum repro_clock clock; /* ... by this clock */
    bool by_dates;          /* who goes by the key's dates on our clock is to be right too */
    bool patient;           /* asks for the State until it is Active */
    bool late_activate;     /* a key that waits for an Activate is given one */
    bool read_back;         /* the attribute is to be found as it was written */
    /* REPRO_FLOW */
    bool handshake;         /* the driver's, behind the first request of a connection */
    bool stay;              /* what fails is tried again on the same connection */
    bool look_first;        /* a Create that broke: Locate by the attribute before another */
    bool trusts_query;      /* does only what Query lists */
    bool locates;           /* looks for its key by the attribute */
    unsigned rounds;        /* of Encrypt and Decrypt; 0: one */
    const char *pause;      /* virtual time between making and using it, such as "31s" */
    unsigned pauses;        /* with a request in between; 0: one */
    const char *uid;        /* a key that exists already */
    uint8_t version;        /* 0: KMIP 1.2 */
};

#define REPRO_ATTEMPTS_MAX 5

struct repro {
    const char *name;       /* that of the scenario */
    const char *setting;    /* of the driver: what helps, or why none does */
    bool clock;             /* the server's clock is measured */
    struct repro_attempt attempts[REPRO_ATTEMPTS_MAX]; /* ended by one without title */
};

extern const struct repro repros[];
extern const size_t n_repros;
size_t repro_attempts_of(const struct repro *r);
/* NULL with KE_USAGE and what is near. */
const struct repro *repro_find(const char *name, struct kerr *err);

/* ---- what the scenario says of itself ---------------------------------------- */

#define REPRO_PARAGRAPHS_MAX 8

struct repro_about {
    char path[BESIDE_MAX];  /* of the scenario's file */
    const char *title;      /* without a full stop */
    struct {
        const char *label, *text; /* "In the field"; "" when it has none */
    } part[REPRO_PARAGRAPHS_MAX];
    size_t n;
    struct arena arena;
};

/* The folder of scenarios: KMIP_SCENARIOS, or beside the program. KE_USAGE. */
__attribute__((warn_unused_result)) bool repro_folder(char out[BESIDE_MAX], struct kerr *err);
/* Reads the head comment. KE_USAGE, KE_FILE. */
__attribute__((warn_unused_result)) bool repro_about_read(struct repro_about *out, const char *name,
                                                     struct kerr *err);
void repro_about_clear(struct repro_about *a);

/* ---- what happened ---------------------------------------------------------- */

#define REPRO_EVENTS_MAX 600

struct repro_result {
    const struct repro_attempt *attempt;
    bool works;
    bool done;              /* it was brought to its end; else err of ours */
    char what[700];         /* in a sentence */
    int64_t began_ns, began_wall_ns;
    int64_t passed_ns;      /* virtual time, so far */
    int64_t dates_apart_s;  /* dates of keys minus Time Stamps; 0: they agree, as far as is known */
    uint32_t connections;   /* so far */
    struct picture_event v[REPRO_EVENTS_MAX];
    size_t n;
    struct arena arena;     /* texts */
};

struct repro_run {
    const struct repro *repro;
    struct repro_about about;
    const char *seed;
    struct opt_list sets;       /* --set of the mock, over the scenario */
    const atomic_bool *stop;
    bool wait;                  /* until a key becomes usable, however long */
    struct mock_process mock;   /* of the attempt under way */
    struct kc_connect base;     /* where it is */
    struct clock_measure clock; /* of the mock, where the row asks for it */
    enum clock_trouble trouble;
    struct repro_result result[REPRO_ATTEMPTS_MAX];
};

/* Measures the clock and makes all attempts. False: could not be done. */
__attribute__((warn_unused_result)) bool repro_attempts(struct repro_run *r, struct kerr *err);
/* An attempt came out as expected. */
bool repro_as_expected(const struct repro_result *x);
/* Of those that are to break, or of the others: all came out as expected. */
bool repro_all(const struct repro_run *r, bool breaking);
void repro_clear(struct repro_run *r);

/* One attempt's picture: the time line, with the server's clock where it differs; where that of
 * its Time Stamps does not, but the one that decides on keys does, with this one. */
struct picture repro_picture(const struct repro_run *r, size_t attempt);

/* repro_server.c: a mock for one attempt (NULL: to measure its clock); virtual time. */
__attribute__((warn_unused_result)) bool repro_server(struct repro_run *r,
                                                      const struct repro_attempt *a,
                                                      struct kerr *err);
__attribute__((warn_unused_result)) bool repro_pass_time(struct repro_run *r,
                                                         struct repro_result *out, const char *time,
                                                         struct kerr *err);

/* repro_faults.c: labels what faults of the mock have done to the attempt, whose events stand
 * in order. */
__attribute__((warn_unused_result)) bool repro_faults(struct repro_run *r,
                                                      struct repro_result *out, struct kerr *err);

/* One attempt of each kind into out. False: could not be done. */
typedef bool repro_fn(struct repro_run *r, struct repro_result *out, struct kerr *err);
repro_fn repro_key, repro_pipeline, repro_flow, repro_connections;

/* For them: a wire whose requests and replies become events. */
__attribute__((warn_unused_result)) bool repro_open(struct repro_run *r, struct repro_result *out,
                                                    struct wire *w, bool watched, unsigned depth,
                                                    enum kc_match match, struct kerr *err);
/* The time line begins now. */
void repro_begin(struct repro_result *out);
void repro_note(struct repro_result *out, enum picture_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What came of it, as the last event too. */
void repro_says(struct repro_result *out, bool works, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "as the driver", "another client", "remedied", "server repaired". */
const char *repro_who(enum repro_who who);

/* repro_print.c */
void repro_print(FILE *out, const struct repro_run *r);
/* repro_html.c: the same as a page. "-": standard output. */
__attribute__((warn_unused_result)) bool repro_html(const char *path, const struct repro_run *r,
                                                    struct kerr *err);
/* Everything as JSON. */
__attribute__((warn_unused_result)) bool repro_trace(const char *path, const struct repro_run *r,
                                                     struct kerr *err);

#endif
