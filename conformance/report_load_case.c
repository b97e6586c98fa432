/* A case of a report as a case's results (report_load.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/report_load.h"

/* Steps count from 1 in a report. */
static size_t step_of(const json_t *object)
{
    int64_t n = report_number_of(object, "step");
    return n > 0 ? (size_t)n - 1 : SIZE_MAX;
}

static enum case_level level_of(const char *name)
{
    enum case_level l = LEVEL_MUST;
    while (l < LEVEL_MAY && strcmp(level_name(l), name) != 0)
        l++;
    return l;
}

static bool load_steps(struct arena *a, struct test_case *tc, const json_t *steps)
{
    size_t n = json_array_size(steps);
    tc->steps = n > 0 ? arena_array(a, n, sizeof *tc->steps) : NULL;
    struct ynode *nodes = n > 0 ? arena_array(a, n, sizeof *nodes) : NULL;
    if (n > 0 && (!tc->steps || !nodes))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(steps, i);
        nodes[i].line = (unsigned)report_number_of(one, "line");
        tc->steps[i].node = &nodes[i];
        tc->steps[i].note = json_string_value(json_object_get(one, "note"));
        tc->steps[i].client = json_string_value(json_object_get(one, "client"));
        tc->steps[i].yaml = report_text_of(one, "yaml");
    }
    tc->n_steps = n;
    return true;
}

static struct test_case *test_case_of(struct arena *a, const json_t *one)
{
    const json_t *covers = json_object_get(one, "covers");
    struct test_case *tc = arena_alloc(a, sizeof *tc);
    if (!tc)
        return NULL;
    *tc = (struct test_case){.id = report_text_of(one, "id"),
                             .title = report_text_of(one, "title"),
                             .clause = report_text_of(one, "clause"),
                             .suite = report_text_of(one, "suite"),
                             .path = report_text_of(one, "file"),
                             .level = level_of(report_text_of(one, "level")),
                             .provisional = json_is_true(json_object_get(one, "provisional")),
                             .why = json_string_value(json_object_get(one, "why")),
                             .rerun = report_text_of(one, "rerun")};
    if (!load_steps(a, tc, json_object_get(one, "steps")))
        return NULL;
    for (size_t i = 0; i < json_array_size(covers) && i < CASE_LIST_MAX; i++)
        if (json_is_string(json_array_get(covers, i)))
            tc->covers.v[tc->covers.n++] = json_string_value(json_array_get(covers, i));
    return tc;
}

static void load_mismatches(struct case_result *c, const json_t *list, int64_t more)
{
    for (size_t i = 0; i < json_array_size(list) && c->found.n < MISMATCH_MAX; i++) {
        const json_t *m = json_array_get(list, i), *offset = json_object_get(m, "offset");
        const char *clause = json_string_value(json_object_get(m, "clause"));
        c->found.v[c->found.n++] = (struct mismatch){
            .path = report_text_of(m, "path"),
            .field = report_text_of(m, "field"),
            .expected = report_text_of(m, "expected"),
            .actual = report_text_of(m, "actual"),
            .off = json_is_integer(offset) ? (uint32_t)json_integer_value(offset) : KERR_NO_OFF,
            .clause = clause,
            .rule = report_text_of(m, "rule"),
            .must = json_is_true(json_object_get(m, "must"))};
    }
    c->found.dropped = (size_t)more;
}

static const char *evidence_of(struct arena *a, const json_t *lines)
{
    struct buf text;
    buf_init(&text, REPORT_TEXTS_MAX);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        buf_printf(&text, "%s\n", line ? line : "");
    }
    const char *copy = arena_str(a, buf_cstr(&text));
    buf_clear(&text);
    return copy;
}

/* ---- exchanges -------------------------------------------------------------- */

/* "0 8 - 24": a number for each line of the text. */
static const uint32_t *offsets_of(struct arena *a, const char *text, size_t *n)
{
    size_t room = strlen(text) / 2 + 1;
    uint32_t *v = arena_array(a, room, sizeof *v);
    for (const char *p = text; v && *p; p += *p == ' ') {
        char *end;
        unsigned long off = strtoul(p, &end, 10);
        v[(*n)++] = end > p ? (uint32_t)off : KERR_NO_OFF;
        p += strcspn(p, " ");
    }
    return v;
}

static bool load_message(struct arena *a, const json_t *j, const char *key, struct shown *out)
{
    char name[40];
    out->text = json_string_value(json_object_get(j, key));
    if (!out->text)
        return true;
    snprintf(name, sizeof name, "%s_hex", key);
    out->hex = report_text_of(j, name);
    out->size = strlen(out->hex) / 2;
    snprintf(name, sizeof name, "%s_offsets", key);
    out->offsets = offsets_of(a, report_text_of(j, name), &out->n_lines);
    return out->offsets != NULL;
}

static bool load_exchange(struct case_result *c, const json_t *j)
{
    struct exchange *e = arena_alloc(&c->arena, sizeof *e);
    if (!e)
        return false;
    *e = (struct exchange){.step = step_of(j),
                           .client = report_text_of(j, "client"),
                           .note = report_text_of(j, "note"),
                           .sent_ns = report_ns_of(j, "sent_ms"),
                           .took_ns = report_ns_of(j, "took_ms")};
    if (c->last_exchange)
        c->last_exchange->next = e;
    else
        c->exchanges = e;
    c->last_exchange = e;
    return load_message(&c->arena, j, "request", &e->shown[EXCHANGE_REQUEST]) &&
           load_message(&c->arena, j, "reply", &e->shown[EXCHANGE_REPLY]);
}

static bool load_exchanges(struct case_result *c, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!load_exchange(c, json_array_get(list, i)))
            return false;
    return true;
}

/* ---- the case --------------------------------------------------------------- */

static const struct known *known_of(struct report_loaded *l, const json_t *one)
{
    const json_t *j = json_object_get(one, "known");
    struct known *k = j ? arena_alloc(&l->arena, sizeof *k) : NULL;
    if (k)
        *k = (struct known){.id = report_text_of(one, "id"),
                            .reason = report_text_of(j, "reason"),
                            .verdict = report_verdict_of(one),
                            .cause = report_text_of(j, "cause"),
                            .clause = report_text_of(j, "clause"),
                            .note = report_text_of(j, "note"),
                            .expires = report_text_of(j, "expires"),
                            .line = (unsigned)report_number_of(j, "line")};
    return k;
}

/* How often the case came out how. */
static void load_rounds(struct case_tally *t, const json_t *one)
{
    const json_t *verdicts = json_object_get(one, "verdicts");
    if (!verdicts)
        return;
    t->rounds = (size_t)report_number_of(one, "rounds");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        t->n[v] = (size_t)report_number_of(verdicts, verdict_name((enum verdict)v));
}

bool report_load_case(struct report_loaded *l, const json_t *one, struct kerr *err)
{
    struct run_result *r = &l->result;
    struct test_case *tc = test_case_of(&l->arena, one);
    struct case_result *c = tc ? result_new(tc, 0) : NULL;
    if (!c)
        return report_no_memory(err);
    c->verdict = report_verdict_of(one);
    c->reason = report_text_of(one, "reason");
    c->step_note = report_text_of(one, "step_note");
    c->took_ns = report_ns_of(one, "took_ms");
    c->evidence = evidence_of(&c->arena, json_object_get(one, "evidence"));
    load_mismatches(c, json_object_get(one, "mismatches"),
                    report_number_of(one, "more_mismatches"));
    c->step = step_of(one);
    bool ok = c->evidence != NULL && load_exchanges(c, json_object_get(one, "exchanges"));
    if (!c->evidence)
        c->evidence = "";
    if (!result_add(r, c, err) || !ok)
        return report_no_memory(err);
    struct case_tally *t = &r->tallies[r->n_tallies - 1];
    load_rounds(t, one);
    t->known = known_of(l, one);
    r->counts.known[c->verdict] += t->known != NULL;
    return true;
}
