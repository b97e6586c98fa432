/* Puts shards together (merge.h). Whatever belongs to a case is taken over as it stands;
 * what belongs to the run is reckoned anew, field by field in the order of report_json.c. */
#include "conformance/merge.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/program.h"
#include "conformance/report_read.h"

/* ---- do they belong together? ----------------------------------------------- */

static const json_t *shard_of_report(const struct shard_report *s)
{
    return json_object_get(s->root, "shard");
}

static int64_t index_of(const struct shard_report *s)
{
    return report_number_of(shard_of_report(s), "index");
}

static int64_t count_of(const struct shard_report *s)
{
    return report_number_of(shard_of_report(s), "of");
}

static bool check_shard(const struct shard_report *s, const struct shard_report *first,
                        struct kerr *err)
{
    const json_t *gate = json_object_get(s->root, "gate");
    if (!json_is_array(json_object_get(shard_of_report(s), "cases")) || count_of(s) < 1 ||
        index_of(s) < 1 || index_of(s) > count_of(s))
        return kerr_set(err, KE_USAGE,
                        "%s is the report of a whole run, not of a shard: those come from "
                        "`run --shard I/N`",
                        s->path);
    if (count_of(s) != count_of(first))
        return kerr_set(err, KE_USAGE, "%s is one of %lld shards, and %s one of %lld", first->path,
                        (long long)count_of(first), s->path, (long long)count_of(s));
    return strcmp(report_text_of(gate, "result"), "open") == 0 ||
           kerr_set(err, KE_USAGE, "shard %lld (%s) has tested nothing: %s",
                    (long long)index_of(s), s->path, report_text_of(gate, "reason"));
}

/* What must be the same in all of them, and how to say that it is not. */
static const struct {
    const char *object, *key, *what;
} same[] = {
    {"tool", "version", "versions of kmip-conform"},
    {"target", "host", "servers, by host"},
    {"target", "port", "servers, by port"},
    {"target", "vendor", "servers, by vendor identification"},
    {"target", "protocol", "protocol versions"},
    {"target", "versions", "servers, by the versions that they list"},
    {"target", "operations", "servers, by the operations that they announce"},
    {"target", "objects", "servers, by the object types that they announce"},
    {NULL, "strict", "options: only one has --strict"},
    {"shard", "cases", "choices of cases: the suites, --case, --skip or --profile differ"},
};

static const json_t *field(const struct shard_report *s, size_t i)
{
    const json_t *in = same[i].object ? json_object_get(s->root, same[i].object) : s->root;
    return json_object_get(in, same[i].key);
}

static bool check_same(const struct shard_report *a, const struct shard_report *b,
                       struct kerr *err)
{
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const json_t *x = field(a, i), *y = field(b, i);
        if (json_equal(x, y))
            continue;
        if (json_is_string(x) && json_is_string(y))
            return kerr_set(err, KE_USAGE, "%s and %s are of different %s: %s and %s", a->path,
                            b->path, same[i].what, json_string_value(x), json_string_value(y));
        return kerr_set(err, KE_USAGE, "%s and %s are of different %s", a->path, b->path,
                        same[i].what);
    }
    return !json_object_get(a->root, "baseline") == !json_object_get(b->root, "baseline") ||
           kerr_set(err, KE_USAGE, "%s and %s are of different options: only one has --baseline",
                    a->path, b->path);
}

const struct shard_report *merge_other_certificate(const struct shard_report *v, size_t n)
{
    const json_t *first = json_object_get(json_object_get(v[0].root, "target"), "certificate");
    for (size_t i = 1; i < n; i++) {
        const json_t *target = json_object_get(v[i].root, "target");
        const json_t *other = json_object_get(target, "certificate");
        if (other != first && !json_equal(first, other))
            return &v[i];
    }
    return NULL;
}

static int by_index(const void *a, const void *b)
{
    int64_t x = index_of(a), y = index_of(b);
    return x < y ? -1 : x > y;
}

/* In order now: which are not there? */
static bool check_complete(const struct shard_report *v, size_t n, struct kerr *err)
{
    struct buf missing;
    size_t at = 0, lacks = 0;
    buf_init(&missing, 400);
    for (int64_t i = 1; i <= count_of(&v[0]); i++) {
        if (at < n && index_of(&v[at]) == i)
            at++;
        else
            buf_printf(&missing, "%s%lld", lacks++ ? ", " : "", (long long)i);
    }
    if (lacks > 0)
        kerr_set(err, KE_USAGE, "shard%s %s of %lld %s missing", lacks == 1 ? "" : "s",
                 buf_cstr(&missing), (long long)count_of(&v[0]), lacks == 1 ? "is" : "are");
    buf_clear(&missing);
    return lacks == 0;
}

static bool check_all(struct shard_report *v, size_t n, struct kerr *err)
{
    for (size_t i = 0; i < n; i++)
        if (!check_shard(&v[i], &v[0], err))
            return false;
    qsort(v, n, sizeof *v, by_index);
    for (size_t i = 1; i < n; i++) {
        if (index_of(&v[i]) == index_of(&v[i - 1]))
            return kerr_set(err, KE_USAGE, "%s and %s are both shard %lld of %lld", v[i - 1].path,
                            v[i].path, (long long)index_of(&v[i]), (long long)count_of(&v[i]));
        if (!check_same(&v[0], &v[i], err))
            return false;
    }
    return check_complete(v, n, err);
}

/* ---- cases ------------------------------------------------------------------ */

struct merging {
    struct shard_report *v;
    size_t n;
    json_t *root, *cases;
    size_t counts[VERDICT_COUNT_], unknown[VERDICT_COUNT_], not_run;
    struct kerr *err;
};

/* Cases of all shards by id. */
static bool gather(struct merging *m, json_t *by_id)
{
    for (size_t s = 0; s < m->n; s++) {
        const json_t *cases = json_object_get(m->v[s].root, "cases");
        for (size_t i = 0; i < json_array_size(cases); i++) {
            json_t *one = json_array_get(cases, i);
            if (json_object_get(by_id, report_text_of(one, "id")))
                return kerr_set(m->err, KE_USAGE, "case %s is in %s and in another shard",
                                report_text_of(one, "id"), m->v[s].path);
            json_object_set(by_id, report_text_of(one, "id"), one);
        }
    }
    return true;
}

static bool put_cases(struct merging *m)
{
    const json_t *ids = json_object_get(shard_of_report(&m->v[0]), "cases");
    json_t *by_id = json_object();
    bool ok = gather(m, by_id);
    m->cases = json_array();
    for (size_t i = 0; ok && i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        json_t *one = json_object_get(by_id, id ? id : "");
        if (!one) {
            m->not_run++;
            continue;
        }
        enum verdict v = report_verdict_of(one);
        m->counts[v]++;
        m->unknown[v] += !json_object_get(one, "known");
        json_array_append(m->cases, one);
    }
    json_decref(by_id);
    return ok;
}

/* ---- the run ---------------------------------------------------------------- */

static json_t *copy_of(const struct merging *m, const char *key)
{
    return json_incref(json_object_get(m->v[0].root, key));
}

static bool any(const struct merging *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++)
        if (json_is_true(json_object_get(m->v[i].root, key)))
            return true;
    return false;
}

/* Dates as ISO 8601 in UTC: the order of texts is that of dates. */
static const char *earliest(const struct merging *m)
{
    const char *first = report_text_of(m->v[0].root, "started");
    for (size_t i = 1; i < m->n; i++)
        if (strcmp(report_text_of(m->v[i].root, "started"), first) < 0)
            first = report_text_of(m->v[i].root, "started");
    return first;
}

/* Machines work at the same time. */
static double longest(const struct merging *m)
{
    double most = 0;
    for (size_t i = 0; i < m->n; i++) {
        double took = json_number_value(json_object_get(m->v[i].root, "took_ms"));
        most = took > most ? took : most;
    }
    return most;
}

static json_t *lists(const struct merging *m, const char *object, const char *key)
{
    json_t *all = json_array();
    for (size_t i = 0; i < m->n; i++) {
        const json_t *in = object ? json_object_get(m->v[i].root, object) : m->v[i].root;
        json_array_extend(all, json_object_get(in, key));
    }
    return all;
}

/* Entries of a baseline, in the order of its file. */
static json_t *by_line(json_t *list)
{
    json_t *sorted = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *x = json_array_get(list, i);
        size_t at = json_array_size(sorted);
        while (at > 0 && report_number_of(json_array_get(sorted, at - 1), "line") >
                             report_number_of(x, "line"))
            at--;
        json_array_insert(sorted, at, x);
    }
    json_decref(list);
    return sorted;
}

static bool has_exit(const struct merging *m, int64_t code)
{
    for (size_t i = 0; i < m->n; i++)
        if (report_number_of(m->v[i].root, "exit_code") == code)
            return true;
    return false;
}

/* As result_exit has it. What only a shard knows of its errors is in its own code. */
static int exit_of(const struct merging *m, const json_t *left)
{
    static const int worse[] = {EXIT_FAILED, EXIT_OURS, EXIT_USAGE, EXIT_UNREACHABLE};
    for (size_t i = 0; i < sizeof worse / sizeof *worse; i++)
        if (has_exit(m, worse[i]))
            return worse[i];
    bool passed = m->counts[VERDICT_PASS] + m->counts[VERDICT_WARN] > 0;
    return m->unknown[VERDICT_INCONCLUSIVE] > 0 || !passed || any(m, "interrupted") ||
                   json_array_size(left) > 0
               ? EXIT_UNDECIDED
               : EXIT_CONFORMANT;
}

/* "shard 2: the server does not answer any more ..." */
static void put_stopped(const struct merging *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const char *why = report_text_of(m->v[i].root, "stopped");
        if (*why) {
            json_object_set_new(m->root, "stopped",
                                json_sprintf("shard %lld: %s", (long long)index_of(&m->v[i]), why));
            return;
        }
    }
}

static void put_first(const struct merging *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++) {
        json_t *x = json_object_get(m->v[i].root, key);
        if (x) {
            json_object_set(m->root, key, x);
            return;
        }
    }
}

static void put_head(const struct merging *m, const json_t *left)
{
    json_object_set_new(m->root, "report_version", json_integer(REPORT_VERSION));
    json_object_set_new(m->root, "tool", copy_of(m, "tool"));
    json_object_set_new(m->root, "run", copy_of(m, "run"));
    json_object_set_new(m->root, "started", json_string(earliest(m)));
    json_object_set_new(m->root, "took_ms", json_real(longest(m)));
    json_object_set_new(m->root, "exit_code", json_integer(exit_of(m, left)));
    json_object_set_new(m->root, "strict", copy_of(m, "strict"));
    if (any(m, "show_secrets"))
        json_object_set_new(m->root, "show_secrets", json_true());
    json_object_set_new(m->root, "interrupted", json_boolean(any(m, "interrupted")));
    put_first(m, "reach");
    put_stopped(m);
    json_object_set_new(m->root, "not_run", json_integer((json_int_t)m->not_run));
    json_object_set_new(m->root, "gate", copy_of(m, "gate"));
    json_t *target = json_copy(json_object_get(m->v[0].root, "target"));
    if (merge_other_certificate(m->v, m->n))
        json_object_del(target, "certificate");
    json_object_set_new(m->root, "target", target);
}

/* ---- counts ----------------------------------------------------------------- */

static json_t *counts_of(const struct merging *m, const char *suite)
{
    json_t *counts = json_object();
    for (int v = 0; v < VERDICT_COUNT_; v++)
        json_object_set_new(counts, verdict_name((enum verdict)v), json_integer(0));
    for (size_t i = 0; i < json_array_size(m->cases); i++) {
        const json_t *one = json_array_get(m->cases, i);
        const char *verdict = report_text_of(one, "verdict");
        if (!suite || strcmp(report_text_of(one, "suite"), suite) == 0)
            json_object_set_new(counts, verdict,
                                json_integer(report_number_of(counts, verdict) + 1));
    }
    return counts;
}

/* A suite of any of the shards, once. */
static void put_profile(const struct merging *m, json_t *list, const char *suite)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(report_text_of(json_array_get(list, i), "name"), suite) == 0)
            return;
    for (size_t s = 0; s < m->n; s++) {
        const json_t *from = json_object_get(m->v[s].root, "profiles");
        for (size_t i = 0; i < json_array_size(from); i++) {
            const json_t *one = json_array_get(from, i);
            if (strcmp(report_text_of(one, "name"), suite) == 0) {
                json_array_append_new(
                    list, json_pack("{s:s, s:s, s:o}", "name", suite, "title",
                                    report_text_of(one, "title"), "counts", counts_of(m, suite)));
                return;
            }
        }
    }
}

/* In the order of reports: profiles, others as they come, cases given by file. */
static json_t *profiles_of(const struct merging *m)
{
    json_t *list = json_array();
    for (size_t p = 0; p < n_profiles; p++)
        put_profile(m, list, profiles[p].name);
    for (size_t i = 0; i < json_array_size(m->cases); i++) {
        const char *suite = report_text_of(json_array_get(m->cases, i), "suite");
        if (*suite)
            put_profile(m, list, suite);
    }
    put_profile(m, list, "");
    return list;
}

/* ---- what is known ---------------------------------------------------------- */

/* Which entries have expired, or are of no case, each shard knows for itself. */
static json_t *baseline_of(const struct merging *m)
{
    json_t *b = json_object(), *first = json_object_get(m->v[0].root, "baseline");
    json_int_t known = 0;
    for (size_t i = 0; i < m->n; i++)
        known += report_number_of(json_object_get(m->v[i].root, "baseline"), "known");
    json_object_set(b, "file", json_object_get(first, "file"));
    json_object_set_new(b, "known", json_integer(known));
    json_object_set_new(b, "stale", by_line(lists(m, "baseline", "stale")));
    json_object_set(b, "expired", json_object_get(first, "expired"));
    json_object_set(b, "nowhere", json_object_get(first, "nowhere"));
    return b;
}

json_t *merge_reports(struct shard_report *v, size_t n, struct kerr *err)
{
    struct merging m = {.v = v, .n = n, .err = err};
    if (!check_all(v, n, err))
        return NULL;
    if (put_cases(&m)) {
        json_t *left = lists(&m, NULL, "left_behind");
        m.root = json_object();
        put_head(&m, left);
        json_object_set_new(m.root, "counts", counts_of(&m, NULL));
        json_object_set_new(m.root, "profiles", profiles_of(&m));
        json_object_set(m.root, "cases", m.cases);
        put_first(&m, "requirements");
        if (json_object_get(v[0].root, "baseline"))
            json_object_set_new(m.root, "baseline", baseline_of(&m));
        put_first(&m, "driver");
        json_object_set_new(m.root, "left_behind", left);
        put_first(&m, "journal");
    }
    json_decref(m.cases);
    return m.root;
}
