/* The collector of findings.h. */
#include "kmip/tests/support/findings.h"

#include <stdio.h>
#include <string.h>

static void take(void *arg, const struct finding *found)
{
    struct findings *f = arg;
    f->musts += rule_of(found->rule)->severity == RULE_MUST;
    if (f->n++ >= FINDINGS_KEPT)
        return;
    size_t i = f->n - 1;
    f->v[i].rule = found->rule;
    f->v[i].off = found->off;
    snprintf(f->v[i].path, sizeof f->v[i].path, "%s", found->path);
    snprintf(f->v[i].expected, sizeof f->v[i].expected, "%s", found->expected);
    snprintf(f->v[i].actual, sizeof f->v[i].actual, "%s", found->actual);
}

void findings_init(struct findings *f)
{
    memset(f, 0, sizeof *f);
    f->sink.take = take;
    f->sink.arg = f;
}

static size_t kept(const struct findings *f)
{
    return f->n < FINDINGS_KEPT ? f->n : FINDINGS_KEPT;
}

size_t findings_of(const struct findings *f, enum rule_id rule)
{
    size_t n = 0;
    for (size_t i = 0; i < kept(f); i++)
        n += f->v[i].rule == rule;
    return n;
}

const char *findings_text(const struct findings *f)
{
    static char out[4096];
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < kept(f) && at < sizeof out; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s@%u %s", i ? "; " : "",
                               rule_of(f->v[i].rule)->name, f->v[i].off, f->v[i].path);
    return out;
}
