/* What the outcomes of a run come to (selftest.h). */
#include <string.h>

#include "conformance/clause.h"
#include "conformance/selftest.h"

/* What the mock is warned of as it is. */
static const struct {
    const char *id, *why;
} known_warnings[] = {
    {"tls-port-5696", "it listens on a free port"},
    {"tls-1.3-not-negotiated", "it takes TLS 1.3 as well"},
    {"tls-mandatory-cbc-suites", "its TLS library offers no CBC suites with RSA key exchange"},
};

const char *selftest_known_warning(const char *id)
{
    for (size_t i = 0; i < sizeof known_warnings / sizeof *known_warnings; i++)
        if (strcmp(known_warnings[i].id, id) == 0)
            return known_warnings[i].why;
    return NULL;
}

static const struct selftest_outcome *find(const struct selftest_entry *e,
                                           const struct test_case *tc)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->v[i].tc == tc)
            return &e->v[i];
    return NULL;
}

/* What the server is told by a verdict; the others say something about the run. */
static bool is_noticed(enum verdict v)
{
    return v == VERDICT_WARN || v == VERDICT_FAIL || v == VERDICT_INCONCLUSIVE ||
           v == VERDICT_ERROR;
}

/* ---- ties ------------------------------------------------------------------- */

static const char *shared_row(const struct test_case *tc, const struct catalogue_entry *about)
{
    for (size_t i = 0; i < tc->covers.n; i++)
        for (size_t k = 0; k < about->n_rows; k++)
            if (strcmp(tc->covers.v[i], about->rows[k]) == 0)
                return about->rows[k];
    return NULL;
}

/* A rule of the standard that a reply broke: it names its clause whatever the case. */
static const char *broken_rule(const struct selftest_outcome *o,
                               const struct catalogue_entry *about)
{
    for (size_t i = 0; i < o->n_clauses; i++)
        if ((o->musts[i] || about->level == CATALOGUE_SHOULD) &&
            clause_cites(o->clauses[i], about->clause))
            return o->clauses[i];
    return NULL;
}

static void tie(struct selftest_outcome *o, const struct catalogue_entry *about)
{
    if ((o->by = shared_row(o->tc, about)))
        o->tie = TIE_ROW;
    else if (clause_cites(o->tc->clause, about->clause) && (o->by = o->tc->clause))
        o->tie = TIE_CLAUSE;
    else if ((o->by = broken_rule(o, about)))
        o->tie = TIE_RULE;
}

/* ---- results ---------------------------------------------------------------- */

static void deviation(struct selftest_entry *e)
{
    size_t mild = 0;
    for (size_t i = 0; i < e->n; i++) {
        struct selftest_outcome *o = &e->v[i];
        bool counts = o->verdict == VERDICT_FAIL || o->verdict == VERDICT_WARN;
        if (!o->worse || !counts)
            continue;
        tie(o, e->about);
        o->kills = o->tie != TIE_NONE &&
                   (o->verdict == VERDICT_FAIL || e->about->level == CATALOGUE_SHOULD);
        e->n_kills += o->kills;
        mild += o->tie != TIE_NONE && !o->kills;
    }
    e->result = e->n_kills > 0   ? SELFTEST_GOOD
                : e->n_worse > 0 ? SELFTEST_ELSEWHERE
                                 : SELFTEST_SURVIVED;
    e->why = e->result == SELFTEST_SURVIVED    ? "nothing noticed it"
             : e->result == SELFTEST_ELSEWHERE ? (mild ? "no more than a warning"
                                                       : "noticed elsewhere only")
                                               : "";
}

static void variation(struct selftest_entry *e)
{
    e->result = e->counts[VERDICT_FAIL] > 0 ? SELFTEST_BLAMED : SELFTEST_GOOD;
    e->why = e->result == SELFTEST_BLAMED ? "a correct server failed" : "";
}

static void honest(struct selftest_entry *e)
{
    e->result = SELFTEST_GOOD;
    for (size_t i = 0; i < e->n; i++) {
        struct selftest_outcome *o = &e->v[i];
        o->worse = is_noticed(o->verdict) &&
                   !(o->verdict == VERDICT_WARN && selftest_known_warning(o->tc->id));
        e->n_worse += o->worse;
    }
    if (e->n_worse > 0) {
        e->result = SELFTEST_BLAMED;
        e->why = "the mock as it is does not pass";
    }
}

void selftest_judge(const struct selftest *st, struct selftest_entry *e)
{
    const struct selftest_entry *as_it_is = &st->v[0];
    if (e->kind == SELFTEST_HONEST) {
        honest(e);
    } else {
        for (size_t i = 0; i < e->n; i++) {
            const struct selftest_outcome *before = find(as_it_is, e->v[i].tc);
            e->v[i].worse =
                is_noticed(e->v[i].verdict) &&
                (!before || verdict_rank(e->v[i].verdict) > verdict_rank(before->verdict));
            e->n_worse += e->v[i].worse;
        }
        (e->kind == SELFTEST_DEVIATION ? deviation : variation)(e);
    }
    /* A run that was not brought to its end has found what it found: a server may be
     * killed by a case, and then die of it. */
    bool found = e->kind == SELFTEST_DEVIATION ? e->result == SELFTEST_GOOD
                                               : e->result == SELFTEST_BLAMED;
    if (e->broken && !found) {
        e->result = SELFTEST_BROKEN;
        e->why = e->broken;
    } else if (e->counts[VERDICT_ERROR] > 0 && !found) {
        e->result = SELFTEST_BROKEN;
        e->why = "a case could not do its work (ERROR)";
    }
}
