/* The driver suite: will the Zenko storage driver work against this server, and with
 * which settings?
 *
 * Its cases are probes written in C, because they pipeline, take times and watch where
 * TLS records begin and end. A probe gives a case_result like any other case, and
 * beside it facts, from which advice.h derives the settings. */
#ifndef CONFORMANCE_DRIVER_H
#define CONFORMANCE_DRIVER_H

#include <stdio.h>

#include "conformance/clock_estimate.h"
#include "conformance/driver_key.h"

enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

#define FACT_TEXT 400
#define DRIVER_DEPTHS 6
#define DRIVER_DEPTH_DEFAULT 8 /* the driver's own */
#define DRIVER_DEPTH_MAX 32
#define DRIVER_NAMES_MAX 4
#define DRIVER_BUCKET_MAX 63   /* longest name of a bucket */

/* What was seen of replies on the wire, at whichever probe. */
struct wire_facts {
    unsigned replies;
    unsigned split;     /* spread over several TLS records */
    unsigned shared;    /* a record held bytes of another reply too */
    unsigned moved;     /* came at another place than their request went */
    unsigned unnamed;   /* without the Unique Batch Item ID of a request outstanding */
    uint32_t most_records;
    size_t longest;     /* reply, bytes */
    char where[FACT_TEXT]; /* the first of them, in words */
};

/* One way to make a key that is usable. */
struct create_facts {
    enum tri works;          /* the whole flow, with the key usable at once */
    bool refused;            /* the Create itself */
    int64_t usable_after_ns; /* after Create's reply; -1: not while we waited */
    char why[FACT_TEXT];     /* what is wrong */
};

/* Some requests of a series, from a little before the first that was out of order, or from its
 * beginning: as many as a picture has room for. */
#define SEEN_REQUESTS 48

struct seen_facts {
    struct picture_event v[2 * SEEN_REQUESTS]; /* at_ns: since the series began */
    size_t n;
    int64_t began_wall_ns;
};

struct depth_facts {
    unsigned depth;
    enum tri works;     /* every request was answered, and rightly */
    struct wire_facts wire;
    double per_second;
    int64_t median_ns, p99_ns, most_ns; /* latency */
    struct seen_facts seen;
    char why[FACT_TEXT];
};

struct clock_facts {
    bool known;
    struct clock_estimate at_start;
    bool uneven;             /* stands still, jumps, or runs at another rate */
    char what[FACT_TEXT];
    bool engine_known;       /* dates of objects against the Time Stamp */
    int64_t engine_minus_stamp_s;
    bool drift_known;
    double drift_ppm, drift_uncertain_ppm;
};

struct name_facts {
    char name[256];
    enum tri taken;          /* Create with it succeeds */
    enum tri kept;           /* ... and it is read back as it was sent */
    enum tri located;        /* Locate by it finds the key, and no other */
    size_t longest;          /* value kept whole, bytes; 0: not tried */
    char why[FACT_TEXT];
};

struct driver_facts {
    enum tri handshake;      /* each of its requests, and all of them together */
    uint8_t adopted;         /* version of the driver's further requests; 0: not yet known */
    char handshake_why[FACT_TEXT];
    char missing[FACT_TEXT]; /* operations that Query does not list, or "" */
    struct wire_facts alone; /* replies to requests that went one at a time */
    struct wire_facts piped; /* replies to requests that went several at a time */
    struct create_facts create[KEY_WAYS];
    struct depth_facts depth[DRIVER_DEPTHS];
    struct clock_facts clock;
    struct name_facts names[DRIVER_NAMES_MAX];
    size_t n_names;
    enum tri reconnect, connections; /* connections: as many at a time as were tried */
    unsigned connected;      /* at a time */
    unsigned lost_creates;   /* keys that may have been made, which nothing can find */
    int64_t idle_ns;         /* how long a connection was left alone; 0: not tried */
    enum tri idle_closed;
    int64_t idle_closed_after_ns;
    bool idle_refused;       /* open, yet requests are refused until a new connection */
    char idle_why[FACT_TEXT];
    enum tri advised;        /* the flow with the advised settings */
    char advised_why[FACT_TEXT];
    enum tri configured;     /* ... with those that are configured */
    char configured_why[FACT_TEXT];
};

struct driver_options {
    int64_t idle_ns;         /* --idle; 0: not asked for */
    /* As configured: in a values file or on the command line. */
    bool configured;         /* something is */
    bool compound;
    unsigned depth;
    const char *attribute;   /* bucketAttributeName, or NULL */
};

struct driver {
    struct driver_options opt;
    struct driver_facts facts;
};

/* The picture of one of f->depth, beside the server's clock if it differs. */
struct picture driver_picture(const struct driver_facts *f, size_t i);
void driver_init(struct driver *d, const struct driver_options *o);
void fact_text(char out[FACT_TEXT], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
