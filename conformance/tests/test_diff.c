/* Reports read back, shards put together, two runs compared. */
#include "conformance/tests/cases.h"

#include <jansson.h>

#include "conformance/diff.h"
#include "conformance/merge.h"
#include "conformance/report_read.h"

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(diff, .init = set_up, .fini = tear_down, .timeout = 30);

/* A report of cases "ID VERDICT REASON|...", and more of its fields. */
static json_t *report(const char *cases, const char *more)
{
    json_error_t why;
    json_t *root = json_loads(
        "{\"report_version\": 1, \"tool\": {\"name\": \"kmip-conform\", \"version\": \"1\"}, "
        "\"run\": \"kmipconf-1\", \"started\": \"2027-01-15T10:00:00Z\", \"took_ms\": 5.5, "
        "\"exit_code\": 0, \"strict\": false, \"interrupted\": false, \"not_run\": 0, "
        "\"gate\": {\"result\": \"open\"}, \"target\": {\"host\": \"h\", \"port\": \"5696\", "
        "\"vendor\": \"V\", \"protocol\": \"1.2\", \"versions\": [\"1.2\"], \"operations\": "
        "[\"Get\"], \"objects\": [], \"virtual_time\": false}, \"counts\": {}, \"profiles\": "
        "[{\"name\": \"\", \"title\": \"Cases given by file\", \"counts\": {}}], \"cases\": [], "
        "\"left_behind\": []}",
        0, &why);
    json_t *extra = json_loads(*more ? more : "{}", 0, &why);
    char text[1000];
    cr_assert(root && extra, "%s", why.text);
    snprintf(text, sizeof text, "%s", cases);
    for (char *save = NULL, *one = strtok_r(text, "|", &save); one;
         one = strtok_r(NULL, "|", &save)) {
        char id[40] = "", verdict[40] = "", reason[200] = "";
        sscanf(one, "%39s %39[A-Z_] %199[^\n]", id, verdict, reason);
        for (char *p = verdict; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        json_array_append_new(json_object_get(root, "cases"),
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:s}", "id", id,
                                        "suite", "", "title", "T", "clause", "C", "level", "MUST",
                                        "verdict", verdict, "reason", reason, "took_ms", 1.0,
                                        "rerun", "again"));
    }
    json_object_update(root, extra);
    json_decref(extra);
    return root;
}

static json_t *shard(unsigned index, unsigned of, const char *cases, const char *more)
{
    json_t *root = report(cases, more), *ids = json_array();
    for (const char *p = "abcd"; *p; p++)
        json_array_append_new(ids, json_stringn(p, 1));
    json_object_set_new(root, "shard", json_pack("{s:i, s:i, s:o}", "index", (int)index, "of",
                                                 (int)of, "cases", ids));
    return root;
}

/* ---- reading ---------------------------------------------------------------- */

Test(diff, a_file_that_is_no_report_is_refused_with_its_fault)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "is empty"},
        {"{\n \"a\": }", ":2:7: not a report: "},
        {"[1]", "is JSON, but no report of kmip-conform"},
        {"{\"tool\": {\"name\": \"other\"}, \"report_version\": 1}", "no report of kmip-conform"},
        {"{\"tool\": {\"name\": \"kmip-conform\", \"version\": \"9.1\"}, \"report_version\": 2}",
         "a report of version 2, and this program reads version 1: it was written by kmip-conform "
         "9.1"},
        {"{\"tool\": {\"name\": \"kmip-conform\"}, \"report_version\": 1}", ": gate is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        cr_expect_null(report_read(tmpdir_write(&dir, "r.json", rows[i].text), &err));
        cr_expect(strstr(err.msg, rows[i].says), "row %zu: %s", i, err.msg);
        cr_expect_eq(kerr_exit(&err), 2);
    }
    struct kerr err = KERR_INIT;
    cr_expect_null(report_read(tmpdir_file(&dir, "none"), &err));
    cr_expect_eq(kerr_exit(&err), 2);
}

Test(diff, cases_of_a_report_have_ids_of_their_own_and_verdicts_that_there_are)
{
    static const struct {
        const char *cases, *says;
    } rows[] = {{"a PASS|b FAIL|a PASS", "case a is in it twice"},
                {"a GOOD", "case a has the verdict 'GOOD', which is none"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        json_t *root = report(rows[i].cases, "");
        char *text = json_dumps(root, 0);
        cr_expect_null(report_read(tmpdir_write(&dir, "r.json", text), &err));
        cr_expect(strstr(err.msg, rows[i].says), "%s", err.msg);
        free(text);
        json_decref(root);
    }
}

Test(diff, a_report_is_loaded_with_rounds_and_what_is_known)
{
    struct report_loaded l;
    struct kerr err = KERR_INIT;
    json_t *root = report("a PASS|b FAIL it does", "{\"exit_code\": 3}");
    json_t *b = json_array_get(json_object_get(root, "cases"), 1);
    json_object_set_new(b, "rounds", json_integer(5));
    json_object_set_new(b, "verdicts", json_pack("{s:i, s:i}", "PASS", 3, "FAIL", 2));
    json_object_set_new(b, "known", json_pack("{s:s, s:i}", "reason", "it", "line", 7));
    json_object_set_new(b, "mismatches",
                        json_pack("[{s:s, s:s, s:b}, {s:s, s:s, s:i, s:s, s:b}]", "expected", "1",
                                  "actual", "2", "must", 1, "expected", "3", "actual", "4",
                                  "offset", 8, "path", "P", "must", 0));
    cr_assert(report_load(&l, root, &err), "%s", err.msg);
    cr_expect_eq(l.result.n_tallies, 2);
    cr_expect_eq(l.result.repeat, 5);
    cr_expect_eq(l.result.tallies[1].rounds, 5);
    cr_expect_eq(l.result.tallies[1].n[VERDICT_FAIL], 2);
    cr_expect_eq(l.result.tallies[1].known->line, 7);
    cr_expect_eq(result_unknown(&l.result, VERDICT_FAIL), 0);
    cr_expect_eq(l.result.tallies[1].worst->found.n, 2);
    cr_expect_eq(l.result.tallies[1].worst->found.v[0].off, KERR_NO_OFF);
    cr_expect_eq(l.result.tallies[1].worst->found.v[1].off, 8);
    cr_expect_eq(result_exit(&l.result), 3, "what the report says");
    report_loaded_clear(&l);
    json_decref(root);
}

/* ---- shards ----------------------------------------------------------------- */

Test(diff, shards_in_any_order_make_the_report_of_one_run)
{
    struct kerr err = KERR_INIT;
    struct shard_report v[] = {
        {"two", shard(2, 2, "a PASS|d FAIL x",
                      "{\"exit_code\": 1, \"took_ms\": 9.25, \"started\": "
                      "\"2027-01-15T09:00:00Z\"}")},
        {"one", shard(1, 2, "b WARN y|c PASS", "{\"exit_code\": 0}")}};
    json_t *root = merge_reports(v, 2, &err);
    cr_assert(root, "%s", err.msg);
    char order[5] = "";
    for (size_t i = 0; i < 4; i++)
        order[i] = report_text_of(json_array_get(json_object_get(root, "cases"), i), "id")[0];
    cr_expect_str_eq(order, "abcd");
    cr_expect_eq(report_number_of(json_object_get(root, "counts"), "PASS"), 2);
    cr_expect_eq(report_number_of(root, "exit_code"), 1);
    cr_expect_eq(report_number_of(root, "not_run"), 0);
    cr_expect_eq(json_number_value(json_object_get(root, "took_ms")), 9.25);
    cr_expect_str_eq(report_text_of(root, "started"), "2027-01-15T09:00:00Z");
    cr_expect_null(json_object_get(root, "shard"));
    json_decref(root);
    json_decref(v[0].root);
    json_decref(v[1].root);
}

Test(diff, shards_that_do_not_belong_together_are_refused)
{
    static const struct {
        unsigned index_a, of_a, index_b, of_b;
        const char *more_a, *more_b, *says;
    } rows[] = {
        {1, 3, 2, 3, "", "", "shard 3 of 3 is missing"},
        {2, 4, 4, 4, "", "", "shards 1, 3 of 4 are missing"},
        {1, 2, 1, 2, "", "", "A and B are both shard 1 of 2"},
        {1, 2, 2, 3, "", "", "A is one of 2 shards, and B one of 3"},
        {1, 2, 3, 2, "", "", "B is the report of a whole run"},
        {1, 2, 2, 2, "", "{\"tool\": {\"name\": \"kmip-conform\", \"version\": \"2\"}}",
         "A and B are of different versions of kmip-conform: 1 and 2"},
        {1, 2, 2, 2, "", "{\"target\": {\"host\": \"other\"}}",
         "A and B are of different servers, by host: h and other"},
        {1, 2, 2, 2, "{\"strict\": true}", "", "only one has --strict"},
        {1, 2, 2, 2, "", "{\"baseline\": {}}", "only one has --baseline"},
        {1, 2, 2, 2, "", "{\"gate\": {\"result\": \"unreachable\", \"reason\": \"no route\"}}",
         "shard 2 (B) has tested nothing: no route"},
        {1, 2, 2, 2, "", "{\"cases\": [{\"id\": \"a\", \"verdict\": \"PASS\"}]}",
         "case a is in B and in another shard"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct shard_report v[] = {
            {"A", shard(rows[i].index_a, rows[i].of_a, "a PASS", rows[i].more_a)},
            {"B", shard(rows[i].index_b, rows[i].of_b, "b PASS", rows[i].more_b)}};
        cr_expect_null(merge_reports(v, 2, &err));
        cr_expect(strstr(err.msg, rows[i].says), "row %zu: %s", i, err.msg);
        json_decref(v[0].root);
        json_decref(v[1].root);
    }
}

/* sha256 NULL: the server showed none. */
static json_t *shard_of_server(unsigned index, const char *cases, const char *sha256)
{
    json_t *root = shard(index, 2, cases, "");
    if (sha256)
        json_object_set_new(json_object_get(root, "target"), "certificate",
                            json_pack("{s:s}", "sha256", sha256));
    return root;
}

Test(diff, shards_of_servers_with_different_certificates_make_a_report_without_one)
{
    static const struct {
        const char *a, *b;
        bool other;
    } rows[] = {{"00", "00", false}, {"00", "01", true}, {"00", NULL, true}, {NULL, NULL, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct shard_report v[] = {{"A", shard_of_server(1, "a PASS", rows[i].a)},
                                   {"B", shard_of_server(2, "b PASS", rows[i].b)}};
        json_t *root = merge_reports(v, 2, &err);
        cr_assert(root, "%s", err.msg);
        const json_t *target = json_object_get(root, "target");
        cr_expect_eq(json_object_get(target, "certificate") != NULL, rows[i].a && !rows[i].other,
                     "row %zu", i);
        cr_expect_eq(merge_other_certificate(v, 2), rows[i].other ? &v[1] : NULL, "row %zu", i);
        json_decref(root);
        json_decref(v[0].root);
        json_decref(v[1].root);
    }
}

Test(diff, a_whole_of_which_nothing_passed_is_not_decided)
{
    static const struct {
        const char *a, *b, *more;
        int64_t code, not_run;
    } rows[] = {
        {"a PASS|b PASS", "c NOT_SUPPORTED|d NOT_SUPPORTED", "", 0, 0},
        {"a NOT_SUPPORTED|b NOT_SUPPORTED", "c NOT_SUPPORTED|d NOT_SUPPORTED", "", 4, 0},
        {"a PASS|b PASS", "c INCONCLUSIVE z|d PASS", "", 4, 0},
        {"a PASS", "c PASS", "{\"interrupted\": true}", 4, 2},
        {"a PASS|b PASS", "c ERROR z|d PASS", "{\"exit_code\": 5}", 5, 0},
        {"a PASS|b PASS", "c PASS", "{\"exit_code\": 3, \"stopped\": \"gone\"}", 3, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct shard_report v[] = {{"A", shard(1, 2, rows[i].a, "")},
                                   {"B", shard(2, 2, rows[i].b, rows[i].more)}};
        json_t *root = merge_reports(v, 2, &err);
        cr_assert(root, "%s", err.msg);
        cr_expect_eq(report_number_of(root, "exit_code"), rows[i].code, "row %zu", i);
        cr_expect_eq(report_number_of(root, "not_run"), rows[i].not_run, "row %zu", i);
        json_decref(root);
        json_decref(v[0].root);
        json_decref(v[1].root);
    }
}

/* ---- two runs --------------------------------------------------------------- */

Test(diff, verdicts_compared)
{
    static const struct {
        const char *was, *now;
        int kind; /* -1: the same */
    } rows[] = {
        {"a PASS", "a PASS", -1},
        {"a FAIL x", "a FAIL x", -1},
        {"a FAIL got kmipconf-00000001", "a FAIL got kmipconf-00000002", -1},
        {"a PASS", "a FAIL x", DIFF_NEW},
        {"a PASS", "a WARN x", DIFF_NEW},
        {"a WARN x", "a INCONCLUSIVE x", DIFF_NEW},
        {"a PASS", "a ERROR x", DIFF_NEW},
        {"a INCONCLUSIVE x", "a FAIL x", DIFF_NEW},
        {"a PASS", "a NOT_SUPPORTED x", DIFF_NEW},
        {"a WARN x", "a NOT_SUPPORTED x", DIFF_NEW},
        {"a NOT_SUPPORTED x", "a FAIL x", DIFF_NEW},
        {"a NOT_APPLICABLE x", "a WARN x", DIFF_NEW},
        {"a FAIL x", "a PASS", DIFF_FIXED},
        {"a FAIL x", "a INCONCLUSIVE x", DIFF_FIXED},
        {"a NOT_SUPPORTED x", "a PASS", DIFF_FIXED},
        {"a FAIL x", "a FAIL y", DIFF_CHANGED},
        {"a INCONCLUSIVE x", "a ERROR x", DIFF_CHANGED},
        {"a FAIL x", "a NOT_SUPPORTED x", DIFF_CHANGED},
        {"a PASS", "a NOT_APPLICABLE x", DIFF_CHANGED},
        {"a NOT_APPLICABLE x", "a PASS", DIFF_CHANGED},
        {"a NOT_SUPPORTED x", "a NOT_APPLICABLE x", DIFF_CHANGED},
        {"a PASS", "", DIFF_VANISHED},
        {"", "a FAIL x", DIFF_ADDED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *was = report(rows[i].was, ""), *now = report(rows[i].now, "");
        struct kerr err = KERR_INIT;
        struct diff d;
        cr_assert(diff_make(&d, "old", was, "new", now, &err), "%s", err.msg);
        cr_expect_eq(d.n, rows[i].kind < 0 ? 0 : 1, "row %zu", i);
        cr_expect_eq(d.n ? (int)d.v[0].kind : -1, rows[i].kind, "row %zu", i);
        cr_expect_eq(diff_has_regressions(&d), rows[i].kind == DIFF_NEW, "row %zu", i);
        diff_clear(&d);
        json_decref(was);
        json_decref(now);
    }
}

Test(diff, a_run_that_tested_nothing_is_worse_than_one_that_did_and_no_measure)
{
    static const char shut[] = "{\"gate\": {\"result\": \"unreachable\", \"reason\": \"no route\"}}";
    json_t *good = report("a PASS", ""), *none = report("", shut);
    json_t *lost = report("a PASS", "{\"stopped\": \"gone since a\"}");
    struct kerr err = KERR_INIT;
    struct diff d;
    cr_expect(diff_make(&d, "old", good, "new", none, &err));
    cr_expect(diff_has_regressions(&d));
    cr_expect_str_eq(d.broken, "no route");
    diff_clear(&d);
    cr_expect(diff_make(&d, "old", good, "new", lost, &err));
    cr_expect(diff_has_regressions(&d));
    diff_clear(&d);
    cr_expect(!diff_make(&d, "old", none, "new", good, &err));
    cr_expect(strstr(err.msg, "old tested nothing"), "%s", err.msg);
    diff_clear(&d);
    json_decref(good);
    json_decref(none);
    json_decref(lost);
}
