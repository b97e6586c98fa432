/* Cases and replies for the tests of the tester, from text. */
#ifndef CONFORMANCE_TESTS_CASES_H
#define CONFORMANCE_TESTS_CASES_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "conformance/runner.h"
#include "kmip/tests/support/fixture.h"
#include "kmip/tests/support/tmpdir.h"

/* The head of a case whose steps follow. */
#define HEAD \
    "id: a-case\n" \
    "title: Something holds\n" \
    "clause: KMIP 1.2 spec, 4.9\n" \
    "level: MUST\n"

/* A case of these steps (and what else stands at the top). */
static inline struct test_case *case_of(const struct tmpdir *d, const char *rest)
{
    struct kerr err = KERR_INIT;
    char text[8192];
    snprintf(text, sizeof text, HEAD "%s", rest);
    struct test_case *c = case_load(tmpdir_write(d, "case.yaml", text), "", &err);
    cr_assert(c, "%s", err.msg);
    return c;
}

/* What a running case needs besides a server. */
struct bench {
    struct tmpdir dir;
    struct target target;
    struct journal journal;
    atomic_bool stop;
    struct runner runner;
    struct running rn;
};

static inline void bench_open(struct bench *b, const struct test_case *tc)
{
    struct target_options o = {.object = NULL};
    kc_settings_init(&o.settings);
    o.settings.host = "kms.example";
    target_init(&b->target, &o);
    journal_init(&b->journal, NULL, "kmipconf-1", "kms.example:5696");
    b->stop = 0;
    b->runner = (struct runner){.target = &b->target, .journal = &b->journal,
                                .run_prefix = "kmipconf-1", .stop = &b->stop};
    b->rn = (struct running){.runner = &b->runner, .tc = tc, .err = KERR_INIT};
    b->rn.result = result_new(tc, 0);
    cr_assert(b->rn.result);
    vars_init(&b->rn.vars, &b->rn.result->arena, &b->target.pace);
    cr_assert(vars_set(&b->rn.vars, bytes_str("RUN"), 0, bytes_str("kmipconf-1")));
}

static inline void bench_close(struct bench *b)
{
    arena_clear(&b->rn.result->arena);
    free(b->rn.result);
    journal_close(&b->journal);
    target_clear(&b->target);
}

/* "expected|actual; ..." in a static buffer. */
static inline const char *mismatch_text(const struct mismatches *m)
{
    static char text[8192];
    size_t at = 0;
    text[0] = 0;
    for (size_t i = 0; i < m->n && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s|%s", i ? "; " : "",
                               m->v[i].expected, m->v[i].actual);
    return text;
}

#endif
