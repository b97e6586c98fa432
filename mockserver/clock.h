/* The clock the mock lives by: Time Stamp, life cycle and date checks all ask it.
 *
 * Left alone it is the machine's wall clock. A clock_spec makes it wrong in the ways
 * that clocks of appliances are: behind, ahead, too fast, standing still, jumping.
 * Two readings are taken of it, the Time Stamp of replies and the time that dates are
 * held against; a spec may be for one of them only, as with an appliance whose
 * display clock and engine disagree.
 *
 * A connection may have a clock of its own in place of the server's. Virtual time
 * belongs to the server: mock_clock_advance moves every clock, and what waits for
 * time to pass, without anybody waiting. */
#ifndef MOCKSERVER_CLOCK_H
#define MOCKSERVER_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_JUMPS_MAX 16

enum clock_side { CLOCK_BOTH, CLOCK_TIME_STAMP, CLOCK_LIFE_CYCLE };

/* Once so many requests were answered, or so much time has passed, the clock is
 * moved by by_ns for good. */
struct clock_jump {
    bool by_requests;
    int64_t after; /* requests, or ns */
    int64_t by_ns;
};

struct clock_spec {
    int64_t offset_ns;
    double rate;           /* 1: as fast as time */
    bool freeze;           /* stands still, at freeze_at_ns or when it began */
    bool freeze_given;
    int64_t freeze_at_ns;  /* since the epoch */
    struct clock_jump jumps[CLOCK_JUMPS_MAX];
    size_t n_jumps;
    int64_t strobe_by_ns, strobe_every_ns; /* to and fro; every 0: not at all */
    int applies_to;        /* enum clock_side */
};

/* Nothing wrong with it. */
extern const struct clock_spec clock_right;
bool clock_spec_same(const struct clock_spec *a, const struct clock_spec *b);

/* How far it is ahead of the machine's, on either side. */
struct clock_ahead {
    int64_t time_stamp_ns, life_cycle_ns;
};

struct mock_clock {
    struct clock_spec spec;
    const struct mock_clock *server; /* of a connection's clock: the server's; else NULL */
    /* While a request is answered (of the server's): one reading of the machine's
     * clocks for all who ask, and the clock that is read in its place, or NULL. */
    bool held;
    struct mock_clock *over;
    int64_t held_wall_ns;
    int64_t began_wall_ns, began_ns; /* when the spec came into force */
    int64_t began_advanced_ns;
    int64_t advanced_ns; /* virtual time; of the server's */
    uint64_t requests;   /* since the spec came into force */
    int64_t last_wall_ns;
    int64_t (*wall_ns)(void); /* the machine's clocks; tests put others there */
    int64_t (*mono_ns)(void);
};

void mock_clock_init(struct mock_clock *c, const struct clock_spec *spec);
/* The clock of a connection; reads the machine's clocks as the server's does. */
void mock_clock_init_own(struct mock_clock *c, const struct clock_spec *spec,
                         const struct mock_clock *server);
/* Another spec from now on. */
void mock_clock_set(struct mock_clock *c, const struct clock_spec *spec);
/* A request is there, which counts for the jumps: until mock_clock_release time stands
 * still, as `over` has it (NULL: as the server's clock has it). */
void mock_clock_hold(struct mock_clock *c, struct mock_clock *over);
void mock_clock_release(struct mock_clock *c);
/* Of the clock that a request sees; between hold and release. */
struct clock_ahead mock_clock_ahead(struct mock_clock *c);
/* Lets by_ns (not negative) of virtual time pass: for a clock of another rate as that
 * rate has it, and one that stands still is moved by it too. */
void mock_clock_advance(struct mock_clock *c, int64_t by_ns);
/* A moment of the machine's monotonic clock with the virtual time that has passed, and
 * back again; INT64_MAX is never. c is the server's, or NULL: there is no virtual time. */
int64_t mock_clock_virtual(const struct mock_clock *c, int64_t mono_ns);
int64_t mock_clock_monotonic(const struct mock_clock *c, int64_t virtual_ns);

/* Nanoseconds since the epoch; arg is the server's struct mock_clock. They fit
 * engine_init and struct mock_engine. */
int64_t mock_clock_ns(void *arg);       /* for life cycle and dates */
int64_t mock_clock_stamp_ns(void *arg); /* for the Time Stamp */

#endif
