/* The kill matrix as JSON (selftest.h):
 *
 *     {report: "selftest", version, program: {name, version}, cases, seconds,
 *      honest: ENTRY, deviations: [ENTRY...], variations: [ENTRY...],
 *      summary: {deviations: {all, killed, case, rule, gate, survived, elsewhere, broken},
 *                variations: {all, accepted, blamed, broken}}}
 *
 *     ENTRY: {name, what, clause, level, rows, result, why, seconds, cpu_seconds,
 *             killed_by: case|rule|gate, verdicts: {PASS: 500, ...},
 *             cases: [{id, verdict, own, reason, worse, kills, tie: case|rule|gate, by}]}
 *
 * own: the verdict by what the case itself expects, apart from rules for every reply. */
#include <stdlib.h>

#include "conformance/selftest.h"
#include "kmip/base/file.h"

#define SELFTEST_REPORT_VERSION 1

static void put(json_t *o, const char *key, const char *s)
{
    json_object_set_new(o, key, report_json_text(s));
}

static json_t *case_of(const struct selftest_outcome *o)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:b, s:b}", "id", o->tc->id, "verdict",
                          verdict_name(o->verdict), "own", verdict_name(o->own), "reason",
                          report_json_text(o->reason), "worse", o->worse, "kills", o->kills);
    if (o->tie != TIE_NONE) {
        put(j, "tie", selftest_tie_name(o->tie));
        put(j, "by", o->by);
    }
    return j;
}

static json_t *verdicts_of(const struct selftest_entry *e)
{
    json_t *j = json_object();
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (e->counts[v] > 0)
            json_object_set_new(j, verdict_name((enum verdict)v),
                                json_integer((json_int_t)e->counts[v]));
    return j;
}

static void put_about(json_t *j, const struct selftest_entry *e)
{
    const struct catalogue_entry *about = e->about;
    json_t *rows = json_array();
    for (size_t i = 0; i < about->n_rows; i++)
        json_array_append_new(rows, report_json_text(about->rows[i]));
    put(j, "what", about->what);
    put(j, "clause", about->clause);
    if (e->kind == SELFTEST_DEVIATION)
        put(j, "level", about->level == CATALOGUE_SHOULD ? "SHOULD" : "MUST");
    if (about->why)
        put(j, "permitted", about->why);
    json_object_set_new(j, "rows", rows);
}

static json_t *entry_of(const struct selftest_entry *e)
{
    static const char *const results[SELFTEST_RESULTS] = {
        [SELFTEST_OPEN] = "not run",      [SELFTEST_SURVIVED] = "survived",
        [SELFTEST_ELSEWHERE] = "elsewhere", [SELFTEST_BLAMED] = "blamed",
        [SELFTEST_BROKEN] = "broken"};
    json_t *j = json_object(), *cases = json_array();
    put(j, "name", selftest_name(e));
    if (e->about)
        put_about(j, e);
    put(j, "result", e->result == SELFTEST_GOOD ? selftest_word(e) : results[e->result]);
    put(j, "why", e->why);
    if (e->n_kills > 0)
        put(j, "killed_by", selftest_tie_name(selftest_killed_by(e)));
    if (e->broken)
        put(j, "broken", e->broken);
    json_object_set_new(j, "seconds", json_real((double)e->took_ns / 1e9));
    json_object_set_new(j, "cpu_seconds", json_real((double)e->cpu_ns / 1e9));
    json_object_set_new(j, "verdicts", verdicts_of(e));
    for (size_t i = 0; i < e->n; i++)
        json_array_append_new(cases, case_of(&e->v[i]));
    json_object_set_new(j, "cases", cases);
    return j;
}

static json_t *entries_of(const struct selftest *st, enum selftest_kind kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < st->n; i++)
        if (st->v[i].kind == kind)
            json_array_append_new(list, entry_of(&st->v[i]));
    return list;
}

static json_t *count(const struct selftest *st, enum selftest_kind kind, enum selftest_result r)
{
    return json_integer((json_int_t)selftest_count(st, kind, r));
}

static json_t *killed_by(const struct selftest *st, enum selftest_tie tie)
{
    return json_integer((json_int_t)selftest_killed(st, tie));
}

static json_t *summary_of(const struct selftest *st)
{
    const enum selftest_kind d = SELFTEST_DEVIATION, v = SELFTEST_VARIATION;
    return json_pack(
        "{s:{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}, s:{s:I, s:o, s:o, s:o}}", "deviations",
        "all", (json_int_t)selftest_size(st, d), "killed", count(st, d, SELFTEST_GOOD), "case",
        killed_by(st, TIE_CASE), "rule", killed_by(st, TIE_RULE), "gate", killed_by(st, TIE_GATE),
        "survived", count(st, d, SELFTEST_SURVIVED), "elsewhere", count(st, d, SELFTEST_ELSEWHERE),
        "broken", count(st, d, SELFTEST_BROKEN), "variations", "all",
        (json_int_t)selftest_size(st, v), "accepted", count(st, v, SELFTEST_GOOD), "blamed",
        count(st, v, SELFTEST_BLAMED), "broken", count(st, v, SELFTEST_BROKEN));
}

bool selftest_json(const char *path, const struct selftest *st, struct kerr *err)
{
    json_t *j = json_pack("{s:s, s:i, s:{s:s, s:s}, s:I, s:f, s:o, s:o, s:o, s:o}", "report",
                          "selftest", "version", SELFTEST_REPORT_VERSION, "program", "name",
                          "kmip-conform", "version", KMIP_CONFORM_VERSION, "cases",
                          (json_int_t)st->suites.n, "seconds", (double)st->took_ns / 1e9, "honest",
                          entry_of(&st->v[0]), "deviations", entries_of(st, SELFTEST_DEVIATION),
                          "variations", entries_of(st, SELFTEST_VARIATION), "summary",
                          summary_of(st));
    char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
    struct buf out;
    buf_init(&out, BUF_NO_LIMIT);
    bool ok = (text && buf_printf(&out, "%s\n", text)) ||
              kerr_set(err, KE_MEMORY, "no memory for the report");
    ok = ok && file_write(path, buf_bytes(&out), 0644, err);
    buf_clear(&out);
    free(text);
    json_decref(j);
    return ok;
}
