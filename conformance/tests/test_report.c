/* Reports: the terminal's as a golden file, JSON and JUnit read back, exit codes. */
#include "conformance/tests/cases.h"

#include <expat.h>
#include <jansson.h>
#include <stdlib.h>

#include "conformance/report.h"
#include "conformance/report_read.h"
#include "conformance/requirement.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/tests/support/golden.h"

#define CASES 7

static struct tmpdir dir;
static struct test_case *tc[CASES];
static struct target target;
static struct journal journal;
static struct run_result run;

static const char *const ids[CASES] = {"passes", "warns",   "fails",  "fails-too",
                                       "lacks",  "lacks-2", "unsure"};

/* A case in a suite, or in none. */
static struct test_case *load(const char *id, const char *suite)
{
    struct kerr err = KERR_INIT;
    char text[1000], name[100];
    snprintf(text, sizeof text,
             "id: %s\ntitle: The %s case\nclause: KMIP 1.2 spec, 4.9\nlevel: MUST\ncovers: [A-1]\n"
             "why: It is so.\nsteps:\n  - {note: First, operation: Get}\n  - {note: Then, "
             "operation: Get}\n",
             id, id);
    snprintf(name, sizeof name, "%s.yaml", id);
    struct test_case *c = case_load(tmpdir_write(&dir, name, text), suite, &err);
    cr_assert(c, "%s", err.msg);
    c->path = arena_printf(&c->doc.arena, "suites/%s", name);
    return c;
}

static void set_up(void)
{
    struct target_options o = {.object = NULL};
    struct kerr err = KERR_INIT;
    tmpdir_make(&dir);
    cr_assert(
        requirements_load(tmpdir_write(&dir, "r.tsv",
                                       "row\tprofile\tclause\tmark\trequirement\twithout_case\n"
                                       "A-1\tb\t4\tS\tmust do it\t\n"),
                          &err));
    for (size_t i = 0; i < CASES; i++)
        tc[i] = load(ids[i], i == 6 ? "" : "baseline-server");
    kc_settings_init(&o.settings);
    o.settings.host = "kms.example";
    target_init(&target, &o);
    target.versions[target.n_versions++] = 0x12;
    target.operations[target.n_operations++] = KMIP_OPERATION_GET;
    target.vendor = "Acme \"KMS\" <1>";
    journal_init(&journal, NULL, "kmipconf-1", "kms.example:5696");
    run = (struct run_result){.target = &target,
                              .run_prefix = "kmipconf-1",
                              .gate_text = "",
                              .repeat = 1,
                              .requirements = requirement_at(0),
                              .n_requirements = requirements_count(),
                              .reach = " --host kms.example --certs 'my certs'", .run_options = "",
                              .started_wall_ns = 1371853139 * NS_PER_S,
                              .took_ns = 1500 * NS_PER_MS};
}

static void tear_down(void)
{
    result_clear(&run);
    journal_close(&journal);
    target_clear(&target);
    for (size_t i = 0; i < CASES; i++)
        case_free(&tc[i]);
    requirements_clear();
    tmpdir_remove(&dir);
}

TestSuite(report, .init = set_up, .fini = tear_down, .timeout = 30);

/* ---- a run ------------------------------------------------------------------ */

static struct case_result *result(size_t i, unsigned round, enum verdict v, const char *reason)
{
    struct case_result *c = result_new(tc[i], round);
    cr_assert(c);
    c->took_ns = (int64_t)(i + 1) * NS_PER_MS;
    if (v != VERDICT_PASS)
        result_decide(c, v, v == VERDICT_NOT_SUPPORTED ? SIZE_MAX : 1, "%s", reason);
    return c;
}

static void add(struct case_result *c)
{
    struct kerr err = KERR_INIT;
    cr_assert(result_add(&run, c, &err), "%s", err.msg);
}

static void mismatch(struct case_result *c, const char *expected, const char *actual,
                     const char *rule)
{
    c->found.v[c->found.n++] = (struct mismatch){.path = "Response Message/Batch Item",
                                                 .expected = expected,
                                                 .actual = actual,
                                                 .off = 56,
                                                 .rule = rule,
                                                 .clause = *rule ? "KMIP 1.2 spec, 6.5" : NULL,
                                                 .must = true};
}

static void exchange(struct case_result *c, struct buf *reply)
{
    static const char yaml[] = "Response Message:\n  Response Header: {Protocol Version: 1.2, Time "
                               "Stamp: 1371853139, Batch "
                               "Count: 1}\n  Batch Item: {Operation: Get, Result Status: Operation "
                               "Failed, Result Reason: Item "
                               "Not Found}\n";
    struct kerr err = KERR_INIT;
    buf_reset(reply);
    cr_assert(fixture_yaml(yaml, NULL, reply, &err), "%s", err.msg);
    struct exchange *e = arena_alloc(&c->arena, sizeof *e);
    const char *copy = arena_copy(&c->arena, buf_bytes(reply));
    cr_assert(e && copy);
    *e = (struct exchange){.step = 1,
                           .client = "main",
                           .note = "",
                           .request = bytes_of(copy, reply->n),
                           .reply = bytes_of(copy, reply->n),
                           .sent_ns = c->started_ns + 2500000,
                           .took_ns = 1250000};
    c->exchanges = c->last_exchange = e;
}

static void make_run(void)
{
    struct buf reply;
    struct kerr err = KERR_INIT;
    buf_init(&reply, 65536);
    add(result(0, 0, VERDICT_PASS, ""));
    add(result(1, 0, VERDICT_WARN, "permitted, but odd"));
    struct case_result *c =
        result(2, 0, VERDICT_FAIL, "expected Success, got Operation Failed & <more>");
    mismatch(c, "a Time Stamp", "none", "message.time_stamp");
    mismatch(c, "Success", "Operation Failed & <more>", "");
    exchange(c, &reply);
    add(c);
    c = result(3, 0, VERDICT_FAIL, "expected a Time Stamp, got none");
    mismatch(c, "a Time Stamp", "none", "message.time_stamp");
    add(c);
    add(result(4, 0, VERDICT_NOT_SUPPORTED, "Query does not announce Archive"));
    add(result(5, 0, VERDICT_NOT_SUPPORTED, "Query does not announce Archive"));
    add(result(6, 0, VERDICT_INCONCLUSIVE, "the preparation did not work"));
    const struct journal_ask ask = {.no = 1, .case_id = "fails", .client = "main"};
    cr_assert(journal_made(&journal, &ask, bytes_str("uid-9"), NULL, &err));
    journal.v[0].why = "the server refuses to: Permission Denied";
    journal.path = "my run.journal";
    run.journal = &journal;
    run.left_behind = 1;
    buf_clear(&reply);
}

/* ---- terminal --------------------------------------------------------------- */

static void print_all(struct buf *out)
{
    char *text = NULL;
    size_t n = 0;
    struct terminal t = {.out = open_memstream(&text, &n)};
    report_target(&t, &target, "kmipconf-1");
    for (size_t i = 0; i < run.n_tallies; i++) {
        report_begin(&t, run.tallies[i].tc, i, run.n_tallies);
        report_case(&t, &run.tallies[i]);
    }
    report_end(&t, &run);
    fclose(t.out);
    buf_puts(out, text);
    free(text);
}

Test(report, the_terminal_report_is_as_it_was)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    make_run();
    print_all(&out);
    golden_expect("conformance/tests/golden/report.txt", buf_bytes(&out));
    buf_clear(&out);
}

Test(report, a_case_that_takes_long_is_seen_to_go_on)
{
    char *text = NULL;
    size_t n = 0;
    struct terminal t = {.out = open_memstream(&text, &n), .started_ns = clock_mono_ns()};
    report_tick(&t);
    report_begin(&t, tc[1], 1, CASES);
    t.n[VERDICT_PASS] = 1;
    report_tick(&t);
    fflush(t.out);
    cr_expect_eq(n, 0, "no TTY, and nothing takes long: %s", text);
    t.started_ns = t.at_ns = clock_mono_ns() - 3600 * NS_PER_S;
    report_tick(&t);
    report_tick(&t);
    fflush(t.out);
    cr_expect(strncmp(text, "[2/7] 60:0", 10) == 0, "%s", text);
    cr_expect(strstr(text, " PASS 1  warns, for 360"), "%s", text);
    cr_expect_eq(strchr(text, '\n'), text + n - 1, "once a minute: %s", text);
    t.live = true;
    report_tick(&t);
    fflush(t.out);
    cr_expect(strstr(text, "\r\033[K[2/7] 60:0"), "%s", text);
    cr_expect(strstr(text, "warns (360"), "%s", text);
    fclose(t.out);
    free(text);
}

Test(report, repeated_cases_tell_how_often)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    run.repeat = 4;
    for (unsigned k = 0; k < 4; k++)
        add(result(0, k, VERDICT_PASS, ""));
    for (unsigned k = 0; k < 4; k++)
        add(result(2, k, k % 2 ? VERDICT_FAIL : VERDICT_PASS, "now and then"));
    print_all(&out);
    const char *text = buf_cstr(&out);
    cr_expect(strstr(text, "passes  PASS in 4 of 4\n"), "%s", text);
    cr_expect(strstr(text, "fails  FAIL in 2 of 4, PASS in 2: now and then\n"), "%s", text);
    cr_expect(strstr(text, "Repeated 4 times\n\n  fails: FAIL in 2 of 4, PASS in 2\n"), "%s", text);
    cr_expect_eq(run.counts.n[VERDICT_FAIL], 1);
    cr_expect_eq(run.counts.n[VERDICT_PASS], 1);
    cr_expect_eq(run.counts.total, 2);
    buf_clear(&out);
}

Test(report, reasons_keep_their_quotes_and_lose_what_a_terminal_obeys)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    add(result(4, 0, VERDICT_NOT_SUPPORTED, "there is no \"x-a\"; it says \"\\x1b\" \x1b[31m"));
    print_all(&out);
    cr_expect(strstr(buf_cstr(&out), "there is no \"x-a\"; it says \"\\x1b\" \\x1b[31m\n"), "%s",
              buf_cstr(&out));
    buf_clear(&out);
}

Test(report, further_rounds_of_the_same_shed_their_messages)
{
    struct buf reply;
    buf_init(&reply, 65536);
    for (unsigned k = 0; k < 3; k++) {
        struct case_result *c = result(2, k, VERDICT_FAIL, "always so");
        exchange(c, &reply);
        mismatch(c, "a", "b", "");
        add(c);
    }
    cr_expect(run.cases->exchanges && run.cases->found.n == 1);
    cr_expect(!run.cases->next->exchanges && run.cases->next->found.n == 0);
    cr_expect_str_eq(run.last->reason, "always so");
    buf_clear(&reply);
}

/* ---- words and commands ----------------------------------------------------- */

Test(report, a_case_of_its_own_file_is_rerun_by_its_file)
{
    struct buf b;
    buf_init(&b, 1000);
    report_command(&b, &run, tc[0]);
    cr_expect_str_eq(buf_cstr(&b),
                     "kmip-conform run --host kms.example --certs 'my certs' --case passes");
    buf_reset(&b);
    report_command(&b, &run, tc[6]);
    cr_expect_str_eq(buf_cstr(&b),
                     "kmip-conform run --host kms.example --certs 'my certs' suites/unsure.yaml");
    buf_clear(&b);
}

Test(report, what_is_no_utf8_is_replaced)
{
    struct buf b;
    buf_init(&b, 100);
    report_utf8(&b, "a\xff\xc3\xa9\xe2\x82z");
    cr_expect_str_eq(buf_cstr(&b), "a\uFFFD\xc3\xa9\uFFFD\uFFFDz");
    buf_clear(&b);
}

/* ---- exit codes ------------------------------------------------------------- */

Test(report, exit_codes)
{
    static const struct {
        enum verdict a, b;
        enum kerr_class cls; /* of an ERROR */
        bool strict, interrupted;
        int code;
    } rows[] = {
        {VERDICT_PASS, VERDICT_PASS, KERR_NONE, false, false, 0},
        {VERDICT_PASS, VERDICT_WARN, KERR_NONE, false, false, 0},
        {VERDICT_PASS, VERDICT_WARN, KERR_NONE, true, false, 1},
        {VERDICT_PASS, VERDICT_FAIL, KERR_NONE, false, false, 1},
        {VERDICT_PASS, VERDICT_NOT_SUPPORTED, KERR_NONE, false, false, 0},
        {VERDICT_NOT_SUPPORTED, VERDICT_NOT_APPLICABLE, KERR_NONE, false, false, 4},
        {VERDICT_PASS, VERDICT_INCONCLUSIVE, KERR_NONE, false, false, 4},
        {VERDICT_FAIL, VERDICT_INCONCLUSIVE, KERR_NONE, false, false, 1},
        {VERDICT_PASS, VERDICT_ERROR, KERR_CLASS_IO, false, false, 3},
        {VERDICT_PASS, VERDICT_ERROR, KERR_CLASS_TLS, false, false, 3},
        {VERDICT_PASS, VERDICT_ERROR, KERR_CLASS_CONFIG, false, false, 2},
        {VERDICT_PASS, VERDICT_ERROR, KERR_CLASS_MEMORY, false, false, 5},
        {VERDICT_INCONCLUSIVE, VERDICT_ERROR, KERR_CLASS_INTERNAL, false, false, 5},
        {VERDICT_FAIL, VERDICT_ERROR, KERR_CLASS_INTERNAL, false, false, 1},
        {VERDICT_PASS, VERDICT_PASS, KERR_NONE, false, true, 4},
        {VERDICT_FAIL, VERDICT_PASS, KERR_NONE, false, true, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct case_result *b = result(1, 0, rows[i].b, "b");
        b->error_class = rows[i].cls;
        add(result(0, 0, rows[i].a, "a"));
        add(b);
        run.strict = rows[i].strict;
        run.interrupted = rows[i].interrupted;
        cr_expect_eq(result_exit(&run), rows[i].code, "row %zu: %d", i, result_exit(&run));
        result_clear(&run);
        run.counts = (struct run_counts){.total = 0};
    }
    static const struct {
        enum gate_result gate;
        int code;
    } gates[] = {{GATE_UNREACHABLE, 3}, {GATE_REFUSED, 1}, {GATE_CONFIG, 2}, {GATE_INTERRUPTED, 4}};
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        run.gate = gates[i].gate;
        cr_expect_eq(result_exit(&run), gates[i].code);
    }
    run.gate = GATE_OPEN;
    run.interrupted = false;
    cr_expect_eq(result_exit(&run), 4, "nothing passed");
    add(result(0, 0, VERDICT_PASS, ""));
    cr_expect_eq(result_exit(&run), 0);
    run.left_behind = 1;
    cr_expect_eq(result_exit(&run), 4, "it is left on the server");
    run.stopped = "gone";
    cr_expect_eq(result_exit(&run), 3);
}

/* ---- JSON ------------------------------------------------------------------- */

static json_t *write_json(void)
{
    struct kerr err = KERR_INIT;
    json_error_t why;
    const char *path = tmpdir_file(&dir, "run.json");
    cr_assert(report_json(path, &run, &err), "%s", err.msg);
    json_t *j = json_load_file(path, 0, &why);
    cr_assert(j, "%s at %d:%d", why.text, why.line, why.column);
    return j;
}

Test(report, json_holds_the_run)
{
    int version, code, fail, not_run, step, offset;
    const char *name, *run_id, *started, *gate, *vendor, *verdict, *rerun, *reply, *uid, *rule;
    double took;
    make_run();
    run.not_run = 3;
    json_t *j = write_json();
    cr_assert_eq(
        json_unpack(j, "{s:i, s:i, s:i, s:s, s:s, s:f, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:i}}",
                    "report_version", &version, "exit_code", &code, "not_run", &not_run, "run",
                    &run_id, "started", &started, "took_ms", &took, "tool", "name", &name, "gate",
                    "result", &gate, "target", "vendor", &vendor, "counts", "FAIL", &fail),
        0);
    cr_expect_eq(version, 1);
    cr_expect_eq(code, 1);
    cr_expect_eq(fail, 2);
    cr_expect_eq(not_run, 3);
    cr_expect_str_eq(name, "kmip-conform");
    cr_expect_str_eq(run_id, "kmipconf-1");
    cr_expect_str_eq(started, "2013-06-21T22:18:59Z");
    cr_expect_str_eq(gate, "open");
    cr_expect_str_eq(vendor, "Acme \"KMS\" <1>");
    cr_expect_eq(took, 1500.0);
    json_t *cases = json_object_get(j, "cases"), *c = json_array_get(cases, 2);
    cr_assert_eq(json_array_size(cases), CASES);
    cr_assert_eq(json_unpack(c, "{s:s, s:s, s:i, s:[{s:s, s:i}], s:[{s:s}]}", "verdict", &verdict,
                             "rerun", &rerun, "step", &step, "mismatches", "rule", &rule, "offset",
                             &offset, "exchanges", "reply", &reply),
                 0);
    cr_expect_str_eq(verdict, "FAIL");
    cr_expect_eq(step, 2);
    cr_expect_eq(offset, 56);
    cr_expect_str_eq(rule, "message.time_stamp");
    cr_expect(strstr(rerun, "--case fails"), "%s", rerun);
    cr_expect(strstr(reply, "Result Reason: Item Not Found"), "%s", reply);
    cr_assert_eq(json_unpack(j, "{s:[{s:s}]}", "left_behind", "unique_identifier", &uid), 0);
    cr_expect_str_eq(uid, "uid-9");
    cr_expect(!json_object_get(j, "stopped"));
    json_decref(j);
}

/* What the JSON does not hold, no other report can show. */
static void same_when_read_back(void)
{
    struct report_loaded l;
    struct kerr err = KERR_INIT;
    json_t *first = write_json();
    cr_assert(report_load(&l, first, &err), "%s", err.msg);
    json_t *again = report_make(&l.result, &err);
    char *a = json_dumps(first, JSON_INDENT(1)), *b = json_dumps(again, JSON_INDENT(1));
    size_t at = 0, line = 0;
    for (; a[at] && a[at] == b[at]; at++)
        line = a[at] == '\n' ? at + 1 : line;
    cr_expect_eq(a[at], b[at], "the first that differs:\n%.200s\n%.200s", a + line, b + line);
    free(a);
    free(b);
    json_decref(again);
    report_loaded_clear(&l);
    json_decref(first);
}

Test(report, json_read_back_makes_the_same_json)
{
    make_run();
    run.strict = run.virtual_time = true;
    run.stopped = "gone";
    run.shard = (struct run_shard){1, 2, (const struct test_case *const *)tc, CASES};
    target.objects[target.n_objects++] = 0x77; /* it has no name */
    target.has_offset = true;
    target.offset_s = -4;
    snprintf(target.tls.version, sizeof target.tls.version, "TLS1.3");
    snprintf(target.tls.peer_subject, sizeof target.tls.peer_subject, "CN=kms");
    target.tls.has_peer = true;
    target.tls.peer_not_after = 1371853139;
    same_when_read_back();
}

Test(report, json_read_back_has_all_that_the_driver_suite_found_out)
{
    static struct driver driver;
    const struct driver_options o = {.attribute = "x-bucket"};
    struct driver_facts *f = &driver.facts;
    make_run();
    driver_init(&driver, &o);
    run.driver = &driver;
    same_when_read_back();
    f->handshake = f->advised = TRI_YES;
    f->reconnect = TRI_NO;
    f->adopted = 0x13;
    fact_text(f->handshake_why, "it \"fails\"");
    fact_text(f->idle_why, "closed");
    f->idle_ns = 1234567890;
    f->idle_closed_after_ns = 30 * NS_PER_S;
    f->alone = (struct wire_facts){9, 1, 2, 3, 4, 5, 8000, "reply 2"};
    f->create[KEY_TWO_STEP].works = TRI_YES;
    f->create[KEY_COMPOUND_NOW] = (struct create_facts){TRI_NO, true, -1, "never"};
    f->create[KEY_COMPOUND_EPOCH].usable_after_ns = 89876543210;
    f->depth[0] = (struct depth_facts){.depth = 1, .works = TRI_YES, .per_second = 1234.5678901234567,
                                       .median_ns = 123456, .p99_ns = 1234567891, .most_ns = 1};
    f->depth[1] = (struct depth_facts){.depth = 2, .works = TRI_NO, .why = "out of order"};
    f->depth[1].seen.began_wall_ns = 1371853139 * NS_PER_S;
    f->depth[1].seen.v[f->depth[1].seen.n++] = (struct picture_event){
        .at_ns = 12345000, .connection = 1, .request = 1, .operation = KMIP_OPERATION_ENCRYPT, .id = {7},
        .text = ""};
    f->names[f->n_names++] = (struct name_facts){"x-bucket", TRI_YES, TRI_NO, TRI_UNKNOWN, 63, "cut"};
    f->clock.known = true;
    f->clock.at_start = (struct clock_estimate){
        .lo_ns = -90000123456, .hi_ns = -89999876543, .n = 3, .round_trip_ns = 54321};
    f->clock.drift_known = true;
    f->clock.drift_ppm = -1.0 / 3;
    f->clock.engine_known = true;
    f->clock.engine_minus_stamp_s = -7;
    same_when_read_back();
}

Test(report, json_of_a_shut_gate_tells_why)
{
    const char *result_text, *reason;
    run.gate = GATE_UNREACHABLE;
    run.gate_text = "nobody there";
    json_t *j = write_json();
    cr_assert_eq(
        json_unpack(j, "{s:{s:s, s:s}}", "gate", "result", &result_text, "reason", &reason), 0);
    cr_expect_str_eq(result_text, "unreachable");
    cr_expect_str_eq(reason, "nobody there");
    json_decref(j);
}

Test(report, json_of_repeats_has_each_verdict)
{
    int rounds, fail, pass;
    run.repeat = 3;
    for (unsigned k = 0; k < 3; k++)
        add(result(2, k, k == 1 ? VERDICT_FAIL : VERDICT_PASS, "once"));
    json_t *j = write_json();
    cr_assert_eq(json_unpack(j, "{s:[{s:i, s:{s:i, s:i}}]}", "cases", "rounds", &rounds, "verdicts",
                             "FAIL", &fail, "PASS", &pass),
                 0);
    cr_expect(rounds == 3 && fail == 1 && pass == 2);
    json_decref(j);
}

/* ---- JUnit ------------------------------------------------------------------ */

struct junit {
    int tests, failures, errors, skipped, cases, outs; /* elements */
    int said_tests, said_failures, said_skipped;       /* attributes of the suites */
    char message[1000], text[4000];                    /* of failures */
    bool in_failure;
};

static int number_of(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return atoi(attributes[1]);
    return -1;
}

static void start(void *arg, const char *element, const char **attributes)
{
    struct junit *u = arg;
    u->cases += strcmp(element, "testcase") == 0;
    u->errors += strcmp(element, "error") == 0;
    u->skipped += strcmp(element, "skipped") == 0;
    u->outs += strcmp(element, "system-out") == 0;
    if (strcmp(element, "testsuite") == 0) {
        u->said_tests += number_of(attributes, "tests");
        u->said_failures += number_of(attributes, "failures");
        u->said_skipped += number_of(attributes, "skipped");
    }
    if (strcmp(element, "failure") == 0) {
        u->failures++;
        u->in_failure = true;
        if (!u->message[0])
            snprintf(u->message, sizeof u->message, "%s", attributes[1]);
    }
}

static void end(void *arg, const char *element)
{
    struct junit *u = arg;
    u->in_failure = u->in_failure && strcmp(element, "failure") != 0;
}

static void text(void *arg, const char *s, int n)
{
    struct junit *u = arg;
    size_t at = strlen(u->text);
    if (u->in_failure && at + (size_t)n < sizeof u->text)
        memcpy(u->text + at, s, (size_t)n);
}

static void read_junit(struct junit *u)
{
    struct kerr err = KERR_INIT;
    struct buf xml;
    const char *path = tmpdir_file(&dir, "run.xml");
    XML_Parser p = XML_ParserCreate(NULL);
    memset(u, 0, sizeof *u);
    buf_init(&xml, 1u << 24);
    cr_assert(report_junit(path, &run, &err), "%s", err.msg);
    cr_assert(file_read(path, &xml, &err), "%s", err.msg);
    XML_SetUserData(p, u);
    XML_SetElementHandler(p, start, end);
    XML_SetCharacterDataHandler(p, text);
    cr_expect_eq(XML_Parse(p, (const char *)xml.p, (int)xml.n, 1), XML_STATUS_OK, "%s in line %lu",
                 XML_ErrorString(XML_GetErrorCode(p)), XML_GetCurrentLineNumber(p));
    XML_ParserFree(p);
    buf_clear(&xml);
}

Test(report, junit_is_xml_that_counts_right)
{
    struct junit u;
    make_run();
    read_junit(&u);
    cr_expect_eq(u.cases, CASES + 1, "and the clean-up");
    cr_expect_eq(u.said_tests, CASES + 1);
    cr_expect_eq(u.failures, 2);
    cr_expect_eq(u.said_failures, 2);
    cr_expect_eq(u.skipped, 3);
    cr_expect_eq(u.said_skipped, 3);
    cr_expect_eq(u.errors, 1, "what is left");
    cr_expect_eq(u.outs, 1);
    cr_expect_str_eq(u.message, "FAIL: expected Success, got Operation Failed & <more>");
    cr_expect(strstr(u.text, "KMIP 1.2 spec, 4.9 (MUST)\n"), "%s", u.text);
    cr_expect(strstr(u.text, "actual   Operation Failed & <more>\n"), "%s", u.text);
    cr_expect(strstr(u.text, "--certs 'my certs' --case fails\n"), "%s", u.text);
}

Test(report, junit_survives_whatever_a_server_says)
{
    static const char *const texts[] = {"\x01\x02\x1b[31m", "]]>",          "&amp;",     "\xff\xfe",
                                        "\xef\xbf\xbf",     "\xef\xbf\xbe", "<![CDATA[", "\"'",
                                        "\xf4\x8f\xbf\xbf", "\xc0\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct junit u;
        struct case_result *c = result(2, 0, VERDICT_FAIL, texts[i]);
        mismatch(c, texts[i], texts[i], "");
        add(c);
        read_junit(&u);
        cr_expect_eq(u.failures, 1);
        json_decref(write_json());
        result_clear(&run);
        run.counts = (struct run_counts){.total = 0};
    }
}

Test(report, junit_of_a_shut_gate_is_an_error)
{
    struct junit u;
    run.gate = GATE_UNREACHABLE;
    run.gate_text = "nobody <there>";
    read_junit(&u);
    cr_expect(u.errors == 1 && u.cases == 1 && u.said_tests == 1);
}

/* ---- before a run ----------------------------------------------------------- */

Test(report, a_place_that_cannot_be_written_is_told_before_the_run)
{
    struct kerr err = KERR_INIT;
    cr_expect(report_can_write(NULL, &err) && report_can_write("-", &err));
    cr_expect(report_can_write(tmpdir_file(&dir, "new.json"), &err), "%s", err.msg);
    cr_expect(!report_can_write("/nowhere/at/all.json", &err));
    cr_expect(strstr(err.msg, "cannot write a report to /nowhere/at/all.json"), "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    cr_expect(!report_can_write(dir.path, &err));
    cr_expect(strstr(err.msg, "it is a folder"), "%s", err.msg);
}
