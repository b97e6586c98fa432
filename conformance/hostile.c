/* Is the server still there (hostile.h), and what is said when it is not. */
#include "conformance/hostile.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "kmip/base/clock.h"

#define RETRY_MS 1000     /* before a server counts as gone: one that restarts is told apart */
#define HEX_SHOWN 2048    /* bytes of a message */

/* ---- evidence ------------------------------------------------------------------ */

void hostile_say(struct running *rn, const char *fmt, ...)
{
    struct case_result *c = rn->result;
    struct buf line;
    va_list ap;
    buf_init(&line, 1u << 16);
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    const char *all = arena_printf(&c->arena, "%s%s\n", c->evidence, buf_cstr(&line));
    c->evidence = all ? all : c->evidence;
    buf_clear(&line);
}

void hostile_say_message(struct running *rn, const char *what, struct bytes message)
{
    struct buf hex;
    bool all = message.n <= HEX_SHOWN;
    buf_init(&hex, 2 * HEX_SHOWN + 1);
    buf_hex(&hex, bytes_of(message.p, all ? message.n : HEX_SHOWN));
    hostile_say(rn, "%s, %zu bytes: %s%s", what, message.n, buf_cstr(&hex), all ? "" : "...");
    buf_clear(&hex);
}

void hostile_found(struct running *rn, enum verdict v, const char *expected, const char *fmt, ...)
{
    char actual[900];
    struct matcher m = {.arena = &rn->result->arena, .out = &rn->result->found, .err = &rn->err};
    struct mismatch mm = {.path = "", .off = KERR_NO_OFF, .rule = "", .outcome = true,
                          .expected = expected, .must = v == VERDICT_FAIL};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(actual, sizeof actual, fmt, ap);
    va_end(ap);
    mm.actual = arena_str(&rn->result->arena, actual);
    if (!mm.actual) {
        kerr_set(&rn->err, KE_MEMORY, "no memory for a finding");
        return;
    }
    mismatch_add(&m, &mm);
    result_decide(rn->result, v, rn->step, "expected %s, got %s", expected, actual);
}

/* ---- is it there? -------------------------------------------------------------- */

bool hostile_alive(struct running *rn, const char *after, struct bytes last)
{
    struct target *t = rn->runner->target;
    struct kerr err = KERR_INIT;
    char text[900];
    if (target_alive(t, &err))
        return true;
    if (*rn->runner->stop || err.code == KE_INTERRUPTED) {
        result_decide(rn->result, VERDICT_INCONCLUSIVE, rn->step, "interrupted");
        return false;
    }
    kerr_format(&err, text, sizeof text);
    poll(NULL, 0, RETRY_MS);
    err = (struct kerr)KERR_INIT;
    bool again = target_alive(t, &err);
    if (last.n > 0)
        hostile_say_message(rn, "last message", last);
    rn->result->lost = !again;
    rn->result->error_class = again ? KERR_NONE : err.cls;
    hostile_found(rn, verdict_cap(rn->tc), "the next connection served",
                  again ? "none behind this: %s (%s); %d ms later it was: has the server been "
                          "restarted?"
                        : "a server that is gone, or hangs, since this: %s (%s), also %d ms later",
                  after, text, RETRY_MS);
    return false;
}
