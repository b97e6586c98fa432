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
    {"tls-suite-outside-list", "its TLS library takes suites that the profile does not know"},
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

static bool shares_row(const struct test_case *tc, const struct catalogue_entry *about)
{
    for (size_t i = 0; i < tc->covers.n; i++)
        for (size_t k = 0; k < about->n_rows; k++)
            if (strcmp(tc->covers.v[i], about->rows[k]) == 0)
                return true;
    return false;
}

enum selftest_near selftest_near(const struct test_case *tc, const struct catalogue_entry *about)
{
    bool row = shares_row(tc, about);
    if (clause_cites(tc->clause, about->clause))
        return row ? NEAR_BOTH : NEAR_CLAUSE;
    return row ? NEAR_ROW : NEAR_NOT;
}

static bool told(enum verdict v)
{
    return v == VERDICT_FAIL || v == VERDICT_WARN;
}

static bool worse_than(enum verdict v, enum verdict before)
{
    return verdict_rank(v) > verdict_rank(before);
}

/* A rule of the standard that a reply broke; `must` ones only, or any. A rule for all
 * enumerations has the clause of them all. */
static const char *broken_rule(const struct selftest_outcome *o,
                               const struct catalogue_entry *about, bool must)
{
    for (size_t i = 0; i < o->n_clauses; i++)
        if ((o->musts[i] || !must) && clause_touches(o->clauses[i], about->clause))
            return o->clauses[i];
    return NULL;
}

/* What the case itself says, if that is about the deviation. */
static enum verdict own_word(const struct selftest_outcome *o,
                             const struct selftest_outcome *before,
                             const struct catalogue_entry *about)
{
    return told(o->own) && worse_than(o->own, before ? before->own : VERDICT_PASS) &&
                   clause_cites(o->tc->clause, about->clause)
               ? o->own
               : VERDICT_PASS;
}

static void tie(const struct catalogue_entry *about, const struct selftest_outcome *before,
                struct selftest_outcome *o)
{
    bool should = about->level == CATALOGUE_SHOULD;
    enum verdict own = own_word(o, before, about);
    if (strcmp(o->tc->id, SELFTEST_GATE) == 0) {
        o->by = broken_rule(o, about, true);
        o->tie = o->by ? TIE_GATE : TIE_NONE;
        o->kills = o->by != NULL;
    } else if (own == VERDICT_FAIL || (own == VERDICT_WARN && should)) {
        o->tie = TIE_CASE;
        o->by = o->tc->clause;
        o->kills = true;
    } else if ((o->by = broken_rule(o, about, !should))) {
        o->tie = TIE_RULE;
        o->kills = told(o->verdict);
    } else if (own == VERDICT_WARN) {
        o->tie = TIE_CASE;
        o->by = o->tc->clause;
    } else if ((o->by = broken_rule(o, about, false))) {
        o->tie = TIE_RULE;
    }
}

void selftest_weigh(const struct selftest *st, const struct selftest_entry *e,
                    struct selftest_outcome *o)
{
    const struct selftest_outcome *before = e->about ? find(&st->v[0], o->tc) : NULL;
    o->worse = is_noticed(o->verdict) &&
               (e->about ? worse_than(o->verdict, before ? before->verdict : VERDICT_PASS)
                         : o->verdict != VERDICT_WARN || !selftest_known_warning(o->tc->id));
    o->tie = TIE_NONE;
    if (e->kind == SELFTEST_DEVIATION && o->worse)
        tie(e->about, before, o);
}

/* ---- results ---------------------------------------------------------------- */

static void deviation(struct selftest_entry *e)
{
    bool mild = false;
    for (size_t i = 0; i < e->n; i++)
        mild = mild || (e->v[i].tie != TIE_NONE && !e->v[i].kills);
    if (e->n_kills > 0) {
        e->result = SELFTEST_GOOD;
    } else if (e->n_worse > 0) {
        e->result = SELFTEST_ELSEWHERE;
        e->why = mild ? "no more than a warning" : "noticed elsewhere only";
    } else {
        e->result = SELFTEST_SURVIVED;
        e->why = "nothing noticed it";
    }
}

static void variation(struct selftest_entry *e)
{
    e->result = e->counts[VERDICT_FAIL] > 0 ? SELFTEST_BLAMED : SELFTEST_GOOD;
    e->why = e->result == SELFTEST_BLAMED ? "a correct server failed" : "";
}

static void honest(struct selftest_entry *e)
{
    e->result = e->n_worse > 0 ? SELFTEST_BLAMED : SELFTEST_GOOD;
    e->why = e->result == SELFTEST_BLAMED ? "the mock as it is does not pass" : "";
}

/* A run that was not brought to its end has found what it found: a server may be killed by
 * a case, and then die of it. */
static void breaks(struct selftest_entry *e)
{
    bool found = e->kind == SELFTEST_DEVIATION ? e->result == SELFTEST_GOOD
                                               : e->result == SELFTEST_BLAMED;
    if (found || (!e->broken && e->counts[VERDICT_ERROR] == 0))
        return;
    e->result = SELFTEST_BROKEN;
    e->why = e->broken ? e->broken : "a case could not do its work (ERROR)";
}

void selftest_judge(const struct selftest *st, struct selftest_entry *e)
{
    static void (*const of_kind[])(struct selftest_entry *) = {
        [SELFTEST_HONEST] = honest,
        [SELFTEST_DEVIATION] = deviation,
        [SELFTEST_VARIATION] = variation,
    };
    for (size_t i = 0; i < e->n; i++) {
        selftest_weigh(st, e, &e->v[i]);
        e->n_worse += e->v[i].worse;
        e->n_kills += e->v[i].kills;
    }
    of_kind[e->kind](e);
    breaks(e);
}
