/* A probe of the driver suite, as a table row and while it runs.
 *
 * Its verdicts: PASS, the driver works with its default settings; WARN, it works with
 * others (or something near by is amiss); FAIL, it does not work whatever the settings;
 * NOT SUPPORTED, a way that a setting avoids. */
#ifndef CONFORMANCE_DRIVER_PROBE_H
#define CONFORMANCE_DRIVER_PROBE_H

#include "conformance/driver_load.h"
#include "conformance/runner.h"

struct probing;

struct probe {
    const char *id, *title, *clause, *why;
    enum case_level level;
    void (*run)(struct probing *p);
    unsigned arg; /* for rows that share a function */
};

extern const struct probe *const driver_probes[]; /* groups, in the order they run; NULL ends */
/* The groups: rows, ended by one without id. */
extern const struct probe probes_handshake[], probes_clock[], probes_key[], probes_pipeline[],
    probes_attribute[], probes_connection[], probes_last[];

/* The row as a case, to be freed like any other. */
struct test_case *probe_case(const struct probe *row, const char *suite, struct kerr *err);

/* A probe while it runs. */
struct probing {
    struct running rn;
    const struct probe *row;
    struct driver *driver;
    struct driver_facts *facts;
    struct kc_connect base;
    struct buf evidence;
    struct wire_facts alone, piped; /* seen in this probe */
    unsigned kept;                  /* exchanges in the result */
    unsigned creates;               /* without a reply */
};

/* A connection that is watched: journal, evidence, wire facts. False after deciding. */
__attribute__((warn_unused_result)) bool probe_open(struct probing *p, struct wire *w,
                                                    unsigned depth);
/* The same with the matching chosen, and strict as the driver. */
__attribute__((warn_unused_result)) bool probe_open_as(struct probing *p, struct wire *w,
                                                       unsigned depth, enum kc_match match,
                                                       bool strict);
/* The same, and what went wrong is for the probe to judge. */
__attribute__((warn_unused_result)) bool probe_connect(struct probing *p, struct wire *w,
                                                       unsigned depth, enum kc_match match,
                                                       bool strict, struct kerr *err);
/* One line of evidence. */
void probe_say(struct probing *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Verdict with its reason; of a PASS, what was seen. */
void probe_decide(struct probing *p, enum verdict v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Something failed with err: FAIL or WARN by the row's level, INCONCLUSIVE when
 * interrupted, ERROR when it is ours. */
void probe_failed(struct probing *p, const struct kerr *err);
bool probe_stopped(const struct probing *p);
/* Sleeps until a monotonic time, or Ctrl-C. */
void probe_wait_until(struct probing *p, int64_t mono_ns);
/* Names that this run makes: PREFIX-suffix. */
void probe_name(const struct probing *p, const char *suffix, char *out, size_t room);

/* driver_clock.c: the last of the clock's probes comes at the end of the run. */
void probe_drift(struct probing *p);

/* Runs the probe of a case; its result. NULL only without memory. */
struct case_result *probe_run(struct runner *r, const struct test_case *tc, unsigned round);

#endif
