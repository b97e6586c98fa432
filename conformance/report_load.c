/* A report's JSON as the data that reports are made from (report_read.h). */
#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/report_load.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

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
        return report_no_memory(err);
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
        return report_no_memory(err);
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

static bool load_requirements(struct report_loaded *l, const json_t *list, struct kerr *err)
{
    size_t n = json_array_size(list);
    struct requirement *v = n > 0 ? arena_array(&l->arena, n, sizeof *v) : NULL;
    if (n > 0 && !v)
        return report_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_array_get(list, i);
        v[i] = (struct requirement){.row = report_text_of(j, "row"),
                                    .profile = report_text_of(j, "profile"),
                                    .clause = report_text_of(j, "clause"),
                                    .mark = report_text_of(j, "mark"),
                                    .text = report_text_of(j, "text"),
                                    .without_case = report_text_of(j, "without_case"),
                                    .provisional = strchr(report_text_of(j, "mark"), 'M') != NULL};
    }
    l->result.requirements = v;
    l->result.n_requirements = n;
    return true;
}

/* Of the cases of other shards no more than the id is known. */
static bool load_shard(struct report_loaded *l, const json_t *shard, struct kerr *err)
{
    const json_t *ids = json_object_get(shard, "cases");
    size_t n = json_array_size(ids);
    const struct test_case **v = arena_array(&l->arena, n + 1, sizeof *v);
    struct test_case *cases = arena_array(&l->arena, n + 1, sizeof *cases);
    if (!v || !cases)
        return report_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        cases[i].id = id ? id : "";
        v[i] = &cases[i];
    }
    l->result.shard = (struct run_shard){.index = (unsigned)report_number_of(shard, "index"),
                                         .of = (unsigned)report_number_of(shard, "of"),
                                         .cases = v,
                                         .n_cases = n};
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
    const json_t *gate = json_object_get(root, "gate");
    int64_t started = 0;
    if (!text_date(bytes_str(report_text_of(root, "started")), &started) || started < 0)
        started = 0;
    l->result = (struct run_result){
        .target = &l->target,
        .run_prefix = report_text_of(root, "run"),
        .started_wall_ns = started > INT64_MAX / NS_PER_S ? INT64_MAX : started * NS_PER_S,
        .took_ns = report_ns_of(root, "took_ms"),
        .repeat = 1,
        .gate = gate_of(gate),
        .gate_text = report_text_of(gate, "reason"),
        .stopped = json_string_value(json_object_get(root, "stopped")),
        .not_run = (size_t)report_number_of(root, "not_run"),
        .loaded = true,
        .exit_code = (int)report_number_of(root, "exit_code"),
        .reach = report_text_of(root, "reach"),
        .run_options = "",
        .interrupted = json_is_true(json_object_get(root, "interrupted")),
        .strict = json_is_true(json_object_get(root, "strict")),
        .show_secrets = json_is_true(json_object_get(root, "show_secrets")),
        .tool_version = report_text_of(json_object_get(root, "tool"), "version")};
}

bool report_load(struct report_loaded *l, const json_t *root, struct kerr *err)
{
    const json_t *cases = json_object_get(root, "cases");
    memset(l, 0, sizeof *l);
    arena_init(&l->arena, REPORT_TEXTS_MAX);
    load_head(l, root);
    report_load_target(l, json_object_get(root, "target"));
    report_load_driver(l, json_object_get(root, "driver"));
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        if (!report_load_case(l, one, err))
            return false;
        if (report_number_of(one, "rounds") > (int64_t)l->result.repeat)
            l->result.repeat = (unsigned)report_number_of(one, "rounds");
    }
    return load_requirements(l, json_object_get(root, "requirements"), err) &&
           load_shard(l, json_object_get(root, "shard"), err) &&
           load_baseline(l, json_object_get(root, "baseline"), err) && load_left(l, root, err);
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
