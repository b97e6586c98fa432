/* What a run of the selftest says of its outcome, and what is made of it (selftest.h). */
#include <stdlib.h>

#include "conformance/selftest.h"

/* ---- in the run ------------------------------------------------------------- */

/* What the runner holds every reply against without a finding of the schema's. */
static bool by_runner(const struct case_result *c, size_t i, const char **clause)
{
    const char *broken[2];
    size_t n = 0;
    if (c->denied)
        broken[n++] = "KMIP 1.2 spec, 4.25";
    if (c->unanswered)
        broken[n++] = "KMIP 1.2 spec, 7.1";
    if (i < n)
        *clause = broken[i];
    return i < n;
}

bool selftest_rule(const struct case_result *c, size_t i, const char **clause, bool *must)
{
    for (size_t k = 0; k < c->found.n; k++)
        if (c->found.v[k].clause && i-- == 0) {
            *clause = c->found.v[k].clause;
            *must = c->found.v[k].must;
            return true;
        }
    *must = true;
    return by_runner(c, i, clause);
}

static json_t *rules_of(const struct case_result *c)
{
    json_t *list = json_array();
    const char *clause;
    bool must;
    for (size_t i = 0; selftest_rule(c, i, &clause, &must); i++)
        json_array_append_new(
            list, json_pack("{s:o, s:b}", "clause", report_json_text(clause), "must", must));
    return list;
}

static json_t *outcomes_of(const struct run_result *r)
{
    json_t *list = json_array();
    for (const struct case_result *c = r->cases; c; c = c->next)
        if (c->verdict != VERDICT_PASS)
            json_array_append_new(list,
                                  json_pack("{s:s, s:i, s:i, s:o, s:o}", "id", c->tc->id, "verdict",
                                            (int)c->verdict, "own", (int)c->own, "reason",
                                            report_json_text(c->reason), "rules", rules_of(c)));
    return list;
}

/* NULL: it was open. */
static json_t *gate_of(const struct run_result *r, const char *why)
{
    return r->gate == GATE_REFUSED ? json_pack("{s:o, s:o}", "reason", report_json_text(why), "clause",
                                               report_json_text(r->target->gate_clause))
                                   : NULL;
}

char *selftest_say(const struct run_result *r, const char *broken)
{
    json_t *counts = json_array(), *gate = gate_of(r, broken);
    for (int v = 0; v < VERDICT_COUNT_; v++)
        json_array_append_new(counts, json_integer((json_int_t)r->counts.n[v]));
    json_t *j = json_pack("{s:o*, s:o*, s:o, s:o}", "gate", gate, "broken",
                          broken && !gate ? report_json_text(broken) : NULL, "counts", counts, "cases",
                          outcomes_of(r));
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(j);
    return text;
}

/* ---- in the parent ---------------------------------------------------------- */

static const struct test_case *case_of(const struct selftest *st, const char *id)
{
    for (const struct test_case *c = st->suites.first; id && c; c = c->next)
        if (strcmp(c->id, id) == 0)
            return c;
    return NULL;
}

static bool take_rules(struct selftest_entry *e, struct selftest_outcome *o, const json_t *rules)
{
    o->n_clauses = json_array_size(rules);
    o->clauses = arena_array(&e->arena, o->n_clauses, sizeof *o->clauses);
    o->musts = arena_array(&e->arena, o->n_clauses, sizeof *o->musts);
    for (size_t i = 0; o->clauses && o->musts && i < o->n_clauses; i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *clause = json_string_value(json_object_get(rule, "clause"));
        o->clauses[i] = arena_str(&e->arena, clause ? clause : "");
        o->musts[i] = json_is_true(json_object_get(rule, "must"));
        if (!o->clauses[i])
            return false;
    }
    return o->n_clauses == 0 || (o->clauses && o->musts);
}

static bool take_case(const struct selftest *st, struct selftest_entry *e, const json_t *j)
{
    struct selftest_outcome *o = &e->v[e->n];
    const char *reason = json_string_value(json_object_get(j, "reason"));
    o->tc = case_of(st, json_string_value(json_object_get(j, "id")));
    o->verdict = (enum verdict)json_integer_value(json_object_get(j, "verdict"));
    o->reason = arena_str(&e->arena, reason ? reason : "");
    o->own = (enum verdict)json_integer_value(json_object_get(j, "own"));
    if (!o->tc || !o->reason || !take_rules(e, o, json_object_get(j, "rules")))
        return false;
    e->n++;
    return true;
}

static bool take_gate(struct selftest_entry *e, const json_t *gate)
{
    struct selftest_outcome *o = &e->v[e->n];
    const char *reason = json_string_value(json_object_get(gate, "reason"));
    const char *clause = json_string_value(json_object_get(gate, "clause"));
    struct test_case *tc = arena_alloc(&e->arena, sizeof *tc);
    if (!tc)
        return false;
    tc->id = SELFTEST_GATE;
    tc->title = "Discover Versions and Query work";
    tc->clause = arena_str(&e->arena, clause ? clause : "");
    o->clauses = arena_alloc(&e->arena, sizeof *o->clauses);
    o->musts = arena_alloc(&e->arena, sizeof *o->musts);
    o->reason = arena_str(&e->arena, reason ? reason : "");
    o->tc = tc;
    o->verdict = VERDICT_FAIL;
    if (!tc->clause || !o->reason || !o->clauses || !o->musts)
        return false;
    o->clauses[0] = tc->clause;
    o->musts[0] = true;
    o->n_clauses = 1;
    e->counts[VERDICT_FAIL]++;
    e->n++;
    return true;
}

bool selftest_take(const struct selftest *st, struct selftest_entry *e, struct bytes text)
{
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    const json_t *cases = json_object_get(j, "cases"), *counts = json_object_get(j, "counts");
    const json_t *gate = json_object_get(j, "gate");
    const char *broken = json_string_value(json_object_get(j, "broken"));
    size_t n = json_array_size(cases);
    e->v = arena_array(&e->arena, n + 1, sizeof *e->v);
    bool ok = j && e->v;
    for (size_t v = 0; v < VERDICT_COUNT_; v++)
        e->counts[v] = (size_t)json_integer_value(json_array_get(counts, v));
    for (size_t i = 0; ok && i < n; i++)
        ok = take_case(st, e, json_array_get(cases, i));
    ok = ok && (!gate || take_gate(e, gate));
    if (ok && broken)
        ok = (e->broken = arena_str(&e->arena, broken)) != NULL;
    json_decref(j);
    return ok;
}
