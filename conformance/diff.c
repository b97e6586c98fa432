/* Two runs compared (diff.h). */
#include "conformance/diff.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/reason.h"
#include "conformance/report_read.h"

const char *const diff_kind_names[DIFF_KINDS] = {"new", "fixed", "changed", "vanished", "added"};

/* ---- one case --------------------------------------------------------------- */

/* What a verdict says of the server; the others say that it was not asked. */
static bool says(enum verdict v)
{
    return v != VERDICT_NOT_SUPPORTED && v != VERDICT_NOT_APPLICABLE;
}

static int badness(enum verdict v)
{
    static const int bad[VERDICT_COUNT_] = {[VERDICT_WARN] = 1, [VERDICT_INCONCLUSIVE] = 2,
                                            [VERDICT_ERROR] = 2, [VERDICT_FAIL] = 3};
    return bad[v];
}

static bool went_well(enum verdict v)
{
    return v == VERDICT_PASS || v == VERDICT_WARN;
}

static enum diff_kind kind_of(enum verdict was, enum verdict now)
{
    if (says(was) && says(now))
        return badness(now) > badness(was)   ? DIFF_NEW
               : badness(now) < badness(was) ? DIFF_FIXED
                                             : DIFF_CHANGED;
    if (says(now) && badness(now) > 0)
        return DIFF_NEW; /* asked now, and not well */
    if (now == VERDICT_NOT_SUPPORTED && went_well(was))
        return DIFF_NEW; /* no longer offered */
    return now == VERDICT_PASS && was == VERDICT_NOT_SUPPORTED ? DIFF_FIXED : DIFF_CHANGED;
}

static bool is_same(const json_t *was, const json_t *now)
{
    return report_verdict_of(was) == report_verdict_of(now) &&
           reason_same(report_text_of(was, "reason"), report_text_of(now, "reason"));
}

/* ---- both reports ----------------------------------------------------------- */

static json_t *cases_by_id(const json_t *root)
{
    json_t *by_id = json_object();
    json_t *cases = json_object_get(root, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_array_get(cases, i);
        json_object_set(by_id, report_text_of(one, "id"), one);
    }
    return by_id;
}

static void add(struct diff *d, enum diff_kind kind, const json_t *was, const json_t *now)
{
    d->v[d->n++] = (struct diff_case){kind, was, now};
    d->counts[kind]++;
}

static void compare(struct diff *d, const json_t *old_ids, const json_t *new_ids)
{
    const json_t *olds = json_object_get(d->old_root, "cases");
    const json_t *news = json_object_get(d->new_root, "cases");
    for (size_t i = 0; i < json_array_size(news); i++) {
        const json_t *now = json_array_get(news, i);
        const json_t *was = json_object_get(old_ids, report_text_of(now, "id"));
        if (!was)
            add(d, DIFF_ADDED, NULL, now);
        else if (is_same(was, now))
            d->same++;
        else
            add(d, kind_of(report_verdict_of(was), report_verdict_of(now)), was, now);
    }
    for (size_t i = 0; i < json_array_size(olds); i++) {
        const json_t *was = json_array_get(olds, i);
        if (!json_object_get(new_ids, report_text_of(was, "id")))
            add(d, DIFF_VANISHED, was, NULL);
    }
}

static bool is_open(const json_t *root)
{
    return strcmp(report_text_of(json_object_get(root, "gate"), "result"), "open") == 0;
}

bool diff_make(struct diff *d, const char *old_path, const json_t *old_root, const char *new_path,
               const json_t *new_root, struct kerr *err)
{
    size_t most = json_array_size(json_object_get(old_root, "cases")) +
                  json_array_size(json_object_get(new_root, "cases"));
    const char *stopped = json_string_value(json_object_get(new_root, "stopped"));
    *d = (struct diff){.old_path = old_path,
                       .new_path = new_path,
                       .old_root = old_root,
                       .new_root = new_root,
                       .v = calloc(most + 1, sizeof *d->v)};
    if (!d->v)
        return kerr_set(err, KE_MEMORY, "no memory for the comparison");
    if (!is_open(old_root))
        return kerr_set(err, KE_USAGE, "%s tested nothing, so there is nothing to compare with: %s",
                        old_path, report_text_of(json_object_get(old_root, "gate"), "reason"));
    json_t *old_ids = cases_by_id(old_root), *new_ids = cases_by_id(new_root);
    compare(d, old_ids, new_ids);
    json_decref(old_ids);
    json_decref(new_ids);
    d->broken = is_open(new_root) ? stopped
                                  : report_text_of(json_object_get(new_root, "gate"), "reason");
    return true;
}

void diff_clear(struct diff *d)
{
    free(d->v);
    memset(d, 0, sizeof *d);
}

bool diff_has_regressions(const struct diff *d)
{
    return d->counts[DIFF_NEW] > 0 || d->broken;
}

/* ---- for machines ----------------------------------------------------------- */

static json_t *side(const char *path, const json_t *root)
{
    const json_t *target = json_object_get(root, "target");
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "file", path, "run",
                     report_text_of(root, "run"), "started", report_text_of(root, "started"),
                     "host", report_text_of(target, "host"), "port",
                     report_text_of(target, "port"), "vendor", report_text_of(target, "vendor"));
}

static json_t *outcome(const json_t *one)
{
    return one ? json_pack("{s:s, s:s}", "verdict", report_text_of(one, "verdict"), "reason",
                           report_text_of(one, "reason"))
               : json_null();
}

json_t *diff_json(const struct diff *d)
{
    json_t *counts = json_object(), *cases = json_array();
    for (size_t k = 0; k < DIFF_KINDS; k++)
        json_object_set_new(counts, diff_kind_names[k], json_integer((json_int_t)d->counts[k]));
    json_object_set_new(counts, "same", json_integer((json_int_t)d->same));
    for (size_t i = 0; i < d->n; i++) {
        const json_t *one = d->v[i].now ? d->v[i].now : d->v[i].was;
        json_array_append_new(
            cases, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "id", report_text_of(one, "id"),
                             "suite", report_text_of(one, "suite"), "title",
                             report_text_of(one, "title"), "kind", diff_kind_names[d->v[i].kind],
                             "old", outcome(d->v[i].was), "new", outcome(d->v[i].now)));
    }
    json_t *root = json_pack("{s:i, s:o, s:o, s:b, s:o, s:o}", "diff_version", 1, "old",
                             side(d->old_path, d->old_root), "new",
                             side(d->new_path, d->new_root), "regressions",
                             (int)diff_has_regressions(d), "counts", counts, "cases", cases);
    if (root && d->broken)
        json_object_set_new(root, "broken", json_string(d->broken));
    return root;
}
