/* Probes: connecting again, several connections, and connections left alone. */
#include <stdio.h>

#include "client/lib/requests.h"
#include "conformance/driver_probe.h"
#include "kmip/base/clock.h"

#define CONNECTIONS 4

/* ---- again ------------------------------------------------------------------ */

static void reconnect(struct probing *p)
{
    struct wire w;
    struct key k;
    struct kerr err = KERR_INIT;
    p->facts->reconnect = TRI_NO;
    if (!probe_open(p, &w, 1))
        return;
    bool made = key_any(&w, &k, &err);
    wire_close(&w);
    if (!made) {
        probe_decide(p, VERDICT_INCONCLUSIVE, "no key to try it with: %s", err.msg);
        p->facts->reconnect = TRI_UNKNOWN;
        return;
    }
    if (!probe_open(p, &w, 1))
        return;
    if (key_use(&w, k.uid, &err)) {
        p->facts->reconnect = TRI_YES;
        probe_decide(p, VERDICT_PASS,
                     "a key made on one connection works on the next, which took %.1f ms to open",
                     (double)w.open_ns / 1e6);
    } else {
        probe_failed(p, &err);
    }
    wire_close(&w);
}

/* ---- several ---------------------------------------------------------------- */

/* Each connection has a request outstanding before any reply is taken. */
static bool ask_all(struct wire w[CONNECTIONS], struct kerr *err)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS};
    struct wire_call c[CONNECTIONS];
    bool ok = true;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        req_query(wire_begin(&w[i], &c[i], KMIP_OPERATION_QUERY), functions, 1);
        ok = wire_send(&w[i], &c[i]) && ok;
    }
    for (size_t i = CONNECTIONS; i-- > 0;)
        ok = wire_take(&w[i], &c[i]) && ok;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (c[i].err.code != KE_OK)
            kerr_set_at(err, c[i].err.code, c[i].err.off, c[i].err.path, "%s", c[i].err.msg);
        wire_call_clear(&c[i]);
    }
    return ok;
}

static void several(struct probing *p)
{
    struct driver_facts *f = p->facts;
    struct wire w[CONNECTIONS];
    struct kerr err = KERR_INIT;
    unsigned n = 0;
    f->connections = TRI_NO;
    memset(w, 0, sizeof w);
    target_close(p->rn.runner->target, "main"); /* it would be one more */
    while (n < CONNECTIONS && probe_connect(p, &w[n], 1, KC_MATCH_ID, false, &err))
        n++;
    bool all = n == CONNECTIONS && ask_all(w, &err);
    f->connected = n;
    if (all) {
        f->connections = TRI_YES;
        probe_decide(p, VERDICT_PASS, "%u connections at a time, each with a request outstanding",
                     n);
    } else if (n > 0 && n < CONNECTIONS && !probe_stopped(p)) {
        probe_decide(p, VERDICT_WARN,
                     "%u at a time, not more: no more than so many of cloudserver's processes can "
                     "work; the next one: %s",
                     n, err.msg);
    } else {
        probe_failed(p, &err);
    }
    for (size_t i = 0; i < n; i++)
        wire_close(&w[i]);
}

/* ---- left alone ------------------------------------------------------------- */

/* Waits until the server closes the connection, or the time is over. */
static enum tri watch_close(struct probing *p, struct wire *w, int64_t for_ns, int64_t *after_ns)
{
    struct buf unasked;
    struct kerr err = KERR_INIT;
    int64_t from = clock_mono_ns();
    buf_init(&unasked, 1u << 20);
    kc_set_timeout(w->kc, for_ns);
    bool said = kc_receive(w->kc, &unasked, NULL, &err);
    *after_ns = clock_mono_ns() - from;
    buf_clear(&unasked);
    if (said) {
        probe_decide(p, VERDICT_FAIL, "the server sent a message that nobody asked for");
        return TRI_UNKNOWN;
    }
    if (err.code == KE_INTERRUPTED || probe_stopped(p)) {
        probe_decide(p, VERDICT_INCONCLUSIVE, "interrupted");
        return TRI_UNKNOWN;
    }
    return err.code == KE_TIMEOUT ? TRI_NO : TRI_YES;
}

static bool still_serves(struct wire *w, struct kerr *err)
{
    static const uint32_t functions[] = {KMIP_QUERY_FUNCTION_QUERY_OPERATIONS};
    struct wire_call c;
    req_query(wire_begin(w, &c, KMIP_OPERATION_QUERY), functions, 1);
    bool ok = wire_ask(w, &c);
    if (!ok)
        kerr_set_at(err, c.err.code, c.err.off, c.err.path, "%s", c.err.msg);
    wire_call_clear(&c);
    return ok;
}

/* The other connection has been as idle: does it still serve, and if not, does a new
 * one? */
static void after_idle(struct probing *p, struct wire *busy, double seconds)
{
    struct driver_facts *f = p->facts;
    struct wire fresh;
    struct kerr err = KERR_INIT, again = KERR_INIT;
    if (still_serves(busy, &err)) {
        probe_decide(p, VERDICT_PASS,
                     "after %.0f s without a request the connection serves as before", seconds);
        return;
    }
    f->idle_refused = err.code == KE_REFUSED;
    fact_text(f->idle_why, "%s", err.msg);
    if (!probe_open(p, &fresh, 1))
        return;
    if (!still_serves(&fresh, &again))
        probe_failed(p, &again);
    else
        probe_decide(p, VERDICT_WARN,
                     "after %.0f s without a request: %s; a new connection serves. The driver sees "
                     "one failed request%s",
                     seconds, f->idle_why,
                     f->idle_refused ? " after the other until its connection ends" : "");
    wire_close(&fresh);
}

/* The server has closed the connection: does it take a new one? */
static void after_close(struct probing *p, double seconds)
{
    struct wire fresh;
    struct kerr err = KERR_INIT;
    if (!probe_open(p, &fresh, 1))
        return;
    if (!still_serves(&fresh, &err))
        probe_failed(p, &err);
    else
        probe_decide(p, VERDICT_WARN,
                     "the server closes a connection after %.1f s without a request: what the "
                     "driver sends at that moment fails, and its next request connects again; a "
                     "new connection serves",
                     seconds);
    wire_close(&fresh);
}

static void idle(struct probing *p)
{
    struct driver_facts *f = p->facts;
    struct wire quiet, busy;
    int64_t wanted = p->driver->opt.idle_ns;
    if (wanted <= 0) {
        probe_decide(p, VERDICT_NOT_APPLICABLE, "takes its time, so it is asked for: --idle 60s");
        return;
    }
    if (!probe_open(p, &quiet, 1))
        return;
    if (!probe_open(p, &busy, 1)) {
        wire_close(&quiet);
        return;
    }
    struct kerr err = KERR_INIT;
    f->idle_ns = wanted;
    f->idle_closed = TRI_UNKNOWN;
    if (!still_serves(&quiet, &err) || !still_serves(&busy, &err)) {
        probe_failed(p, &err);
    } else {
        f->idle_closed = watch_close(p, &quiet, wanted, &f->idle_closed_after_ns);
        double seconds = (double)f->idle_closed_after_ns / (double)NS_PER_S;
        if (f->idle_closed == TRI_YES)
            after_close(p, seconds);
        else if (f->idle_closed == TRI_NO)
            after_idle(p, &busy, seconds);
    }
    wire_close(&quiet);
    wire_close(&busy);
}

const struct probe probes_connection[] = {
    {"driver-reconnect", "A new connection goes on where the last one ended", "KMIP 1.2 spec, 8",
     "The driver connects again after every error.", LEVEL_MUST, reconnect, 0},
    {"driver-connections", "Several connections of one client at a time", "KMIP 1.2 spec, 8",
     "Each of cloudserver's processes has a connection of its own.", LEVEL_MUST, several, 0},
    {"driver-idle", "A connection may be left alone", "KMIP 1.2 spec, 8",
     "The driver keeps its connection open between requests, and sends nothing meanwhile.",
     LEVEL_SHOULD, idle, 0},
    {.id = NULL},
};
