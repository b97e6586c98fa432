/* A report's JSON as the data that reports are made from (report_read.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/report_read.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define TEXTS_MAX (256u << 20)

static int64_t ns_of(const json_t *object, const char *key)
{
    return (int64_t)(json_number_value(json_object_get(object, key)) * 1e6 + 0.5);
}

static bool no_memory(struct kerr *err)
{
    return kerr_set(err, KE_MEMORY, "no memory for a report");
}

/* ---- cases ------------------------------------------------------------------ */

static enum case_level level_of(const char *name)
{
    enum case_level l = LEVEL_MUST;
    while (l < LEVEL_MAY && strcmp(level_name(l), name) != 0)
        l++;
    return l;
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
                             .rerun = report_text_of(one, "rerun")};
    for (size_t i = 0; i < json_array_size(covers) && i < CASE_LIST_MAX; i++)
        if (json_is_string(json_array_get(covers, i)))
            tc->covers.v[tc->covers.n++] = json_string_value(json_array_get(covers, i));
    return tc;
}

static void load_mismatches(struct case_result *c, const json_t *list)
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
}

static const char *evidence_of(struct arena *a, const json_t *lines)
{
    struct buf text;
    buf_init(&text, TEXTS_MAX);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        buf_printf(&text, "%s\n", line ? line : "");
    }
    const char *copy = arena_str(a, buf_cstr(&text));
    buf_clear(&text);
    return copy;
}

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

static bool load_case(struct report_loaded *l, const json_t *one, struct kerr *err)
{
    struct run_result *r = &l->result;
    struct test_case *tc = test_case_of(&l->arena, one);
    struct case_result *c = tc ? result_new(tc, 0) : NULL;
    if (!c)
        return no_memory(err);
    c->verdict = report_verdict_of(one);
    c->reason = report_text_of(one, "reason");
    c->step_note = report_text_of(one, "step_note");
    c->took_ns = ns_of(one, "took_ms");
    c->evidence = evidence_of(&c->arena, json_object_get(one, "evidence"));
    load_mismatches(c, json_object_get(one, "mismatches"));
    bool ok = c->evidence != NULL;
    if (!ok)
        c->evidence = "";
    if (!result_add(r, c, err) || !ok)
        return no_memory(err);
    struct case_tally *t = &r->tallies[r->n_tallies - 1];
    load_rounds(t, one);
    t->known = known_of(l, one);
    r->counts.known[c->verdict] += t->known != NULL;
    return true;
}

/* ---- the baseline ----------------------------------------------------------- */

/* What of the baseline is to be looked at. */
static bool load_listed(struct report_loaded *l, const json_t *list, bool nowhere, bool expired)
{
    struct baseline *b = &l->baseline;
    size_t n = json_array_size(list);
    struct known *v = n > 0 ? realloc(b->v, (b->n + n) * sizeof *v) : b->v;
    if (n > 0 && !v)
        return false;
    b->v = v;
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_array_get(list, i);
        const char *now = json_string_value(json_object_get(j, "now"));
        b->v[b->n++] = (struct known){.id = report_text_of(j, "case"),
                                      .reason = "",
                                      .verdict = report_verdict_of(j),
                                      .cause = "",
                                      .clause = "",
                                      .note = "",
                                      .expires = report_text_of(j, "expires"),
                                      .expired = expired,
                                      .line = (unsigned)report_number_of(j, "line"),
                                      .now = now,
                                      .nowhere = nowhere};
    }
    return true;
}

static int by_line(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

static bool load_baseline(struct report_loaded *l, const json_t *j, struct kerr *err)
{
    if (!j)
        return true;
    l->baseline.path = report_text_of(j, "file");
    if (!load_listed(l, json_object_get(j, "stale"), false, false) ||
        !load_listed(l, json_object_get(j, "expired"), false, true) ||
        !load_listed(l, json_object_get(j, "nowhere"), true, false))
        return no_memory(err);
    if (l->baseline.n > 0)
        qsort(l->baseline.v, l->baseline.n, sizeof *l->baseline.v, by_line);
    l->result.baseline = &l->baseline;
    return true;
}

/* ---- what is left, and the head --------------------------------------------- */

static bool load_left(struct report_loaded *l, const json_t *root, struct kerr *err)
{
    const json_t *list = json_object_get(root, "left_behind");
    struct journal *j = &l->journal;
    size_t n = json_array_size(list);
    journal_init(j, NULL, l->result.run_prefix, "");
    j->v = n > 0 ? calloc(n, sizeof *j->v) : NULL;
    if (n > 0 && !j->v)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(list, i);
        j->v[j->n++] = (struct journal_entry){
            .uid = report_text_of(x, "unique_identifier"),
            .attribute = report_text_of(x, "attribute"),
            .value = report_text_of(x, "value"),
            .case_id = report_text_of(x, "case"),
            .client = report_text_of(x, "client"),
            .why = json_string_value(json_object_get(x, "reason"))};
    }
    if (*report_text_of(root, "journal"))
        j->path = report_text_of(root, "journal");
    l->result.journal = j;
    l->result.left_behind = n;
    return true;
}

static enum gate_result gate_of(const json_t *gate)
{
    static const char *const names[] = {[GATE_OPEN] = "open",
                                        [GATE_UNREACHABLE] = "unreachable",
                                        [GATE_REFUSED] = "refused",
                                        [GATE_CONFIG] = "configuration",
                                        [GATE_INTERRUPTED] = "interrupted"};
    const char *name = report_text_of(gate, "result");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (enum gate_result)i;
    return GATE_CONFIG;
}

static void load_head(struct report_loaded *l, const json_t *root)
{
    const json_t *target = json_object_get(root, "target"), *gate = json_object_get(root, "gate");
    struct target_options o = {.object = NULL};
    int64_t started = 0;
    text_date(bytes_str(report_text_of(root, "started")), &started);
    kc_settings_init(&o.settings);
    o.settings.host = report_text_of(target, "host");
    target_init(&l->target, &o);
    snprintf(l->target.port, sizeof l->target.port, "%s", report_text_of(target, "port"));
    l->target.vendor = report_text_of(target, "vendor");
    l->result = (struct run_result){
        .target = &l->target,
        .run_prefix = report_text_of(root, "run"),
        .started_wall_ns = clock_add(0, started * NS_PER_S),
        .took_ns = ns_of(root, "took_ms"),
        .repeat = 1,
        .gate = gate_of(gate),
        .gate_text = report_text_of(gate, "reason"),
        .stopped = json_string_value(json_object_get(root, "stopped")),
        .not_run = (size_t)report_number_of(root, "not_run"),
        .loaded = true,
        .exit_code = (int)report_number_of(root, "exit_code"),
        .reach = "",
        .run_options = "",
        .interrupted = json_is_true(json_object_get(root, "interrupted")),
        .strict = json_is_true(json_object_get(root, "strict"))};
}

bool report_load(struct report_loaded *l, const json_t *root, struct kerr *err)
{
    const json_t *cases = json_object_get(root, "cases");
    memset(l, 0, sizeof *l);
    arena_init(&l->arena, TEXTS_MAX);
    load_head(l, root);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        if (!load_case(l, one, err))
            return false;
        if (report_number_of(one, "rounds") > (int64_t)l->result.repeat)
            l->result.repeat = (unsigned)report_number_of(one, "rounds");
    }
    return load_baseline(l, json_object_get(root, "baseline"), err) && load_left(l, root, err);
}

void report_loaded_clear(struct report_loaded *l)
{
    result_clear(&l->result);
    journal_close(&l->journal);
    target_clear(&l->target);
    free(l->baseline.v);
    arena_clear(&l->arena);
    memset(l, 0, sizeof *l);
}
