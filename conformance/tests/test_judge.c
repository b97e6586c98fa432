/* Replies into verdicts: expectations, alternatives, batches, and the standard's rules. */
#include "conformance/tests/cases.h"
#include "kmip/base/clock.h"

static struct tmpdir dir;

static void set_up(void)
{
    tmpdir_make(&dir);
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(judge, .init = set_up, .fini = tear_down, .timeout = 30);

/* ---- one step judged -------------------------------------------------------- */

#define RESPONSE(count)                                                                      \
    "Response Message:\n  Response Header: {Protocol Version: 1.2, Time Stamp: $NOW, Batch " \
    "Count: " count "}\n  Batch Item:\n"
#define FOUND                                                                                   \
    "    - {Operation: Get, Result Status: Success, Response Payload: {Object Type: Opaque "    \
    "Object, "                                                                                  \
    "Unique Identifier: u-1, Opaque Object: {Opaque Data Type: 0x80000001, Opaque Data Value: " \
    "00}}}\n"
#define REFUSED(reason) \
    "    - {Operation: Get, Result Status: Operation Failed, Result Reason: " reason \
    ", Result Message: no}\n"
#define NO_OPERATION "    - {Result Status: Operation Failed, Result Reason: Invalid Message}\n"

struct judged {
    bool matched;
    enum verdict alternative; /* of the alternative that fitted */
    char why[200], text[8192];
    struct kerr err;
    enum verdict verdict;     /* of the case, rules included */
    char reason[600];
};

static uint8_t server_versions[4]; /* that Discover Versions lists, in the next judgement */
static uint32_t denied;            /* an announced operation that the reply denies */

/* The case's first step and a reply; reply NULL: the connection was closed, "silent". */
static struct judged judge(const char *steps, const char *reply)
{
    struct judged out = {.err = KERR_INIT};
    char rest[4096];
    struct bench b;
    struct sent sent;
    struct judgement j;
    snprintf(rest, sizeof rest, "steps:\n%s", steps);
    struct test_case *tc = case_of(&dir, rest);
    bench_open(&b, tc);
    while (b.target.n_versions < 4 && server_versions[b.target.n_versions])
        b.target.versions[b.target.n_versions] = server_versions[b.target.n_versions],
        b.target.n_versions++;
    sent_init(&sent);
    cr_assert(step_build(&b.rn, &tc->steps[0], &sent.request), "%s", b.rn.err.msg);
    buf_put_bytes(&sent.asked, buf_bytes(&sent.request));
    sent.has_reply = reply && strcmp(reply, "silent") != 0;
    sent.silent = reply && !sent.has_reply;
    if (sent.has_reply)
        cr_assert(fixture_yaml(reply, &b.rn.vars.env, &sent.reply, &out.err), "%s", out.err.msg);
    if (sent.has_reply)
        rules_check(&b.rn, &sent);
    b.rn.denied = denied;
    b.rn.began_ns = clock_mono_ns() - NS_PER_S;
    judge_reply(&b.rn, &tc->steps[0], &sent, &j);
    out.matched = j.matched;
    out.alternative = j.verdict;
    if (b.rn.err.code == KE_OK)
        verdict_step(&b.rn, &tc->steps[0], &j);
    snprintf(out.why, sizeof out.why, "%s", j.why);
    snprintf(out.text, sizeof out.text, "%s", mismatch_text(&j.found));
    snprintf(out.reason, sizeof out.reason, "%s", b.rn.result->reason);
    out.verdict = b.rn.result->verdict;
    out.err = b.rn.err;
    sent_clear(&sent);
    bench_close(&b);
    case_free(&tc);
    return out;
}

#define GET(expect) "  - {operation: Get, payload: {Unique Identifier: u-1}, expect: " expect "}\n"

struct row {
    const char *expect, *reply;
    enum verdict verdict;
    const char *told; /* begins the mismatches, or the `because` */
};

static void expect_row(const char *step, const struct row *r)
{
    struct judged j = judge(step, r->reply);
    cr_expect_eq(j.err.code, KE_OK, "%s: %s", step, j.err.msg);
    cr_expect_eq(j.verdict, r->verdict, "%s: %s, %s | %s", step, verdict_name(j.verdict), j.reason,
                 j.text);
    cr_expect(strstr(j.matched ? j.why : j.text, r->told) == (j.matched ? j.why : j.text),
              "%s: %s | %s", step, j.why, j.text);
}

static void expect_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char step[2000];
        snprintf(step, sizeof step,
                 "  - {operation: Get, payload: {Unique Identifier: u-1}, expect: %s}\n",
                 rows[i].expect);
        expect_row(step, &rows[i]);
    }
}

Test(judge, outcome_of_one_item)
{
    static const char ok[] = RESPONSE("1") FOUND,
                      refused[] = RESPONSE("1") REFUSED("Item Not Found");
    static const char none[] = RESPONSE("1") NO_OPERATION;
    static const struct row rows[] = {
        {"success", ok, VERDICT_PASS, ""},
        {"{payload: {Unique Identifier: u-1}}", ok, VERDICT_PASS, ""},
        {"{payload: {Unique Identifier: u-2}}", ok, VERDICT_FAIL, "\"u-2\"|\"u-1\""},
        {"{empty: true}", ok, VERDICT_FAIL, "an empty Response Payload|it holds fields"},
        {"success", refused, VERDICT_FAIL, "Success|Operation Failed, Item Not Found: \"no\""},
        {"{fail: Item Not Found}", refused, VERDICT_PASS, ""},
        {"{fail: any}", refused, VERDICT_PASS, ""},
        {"{fail: [Permission Denied, Item Not Found]}", refused, VERDICT_PASS, ""},
        {"{fail: !not Permission Denied}", refused, VERDICT_PASS, ""},
        {"{fail: !not Item Not Found}", refused, VERDICT_FAIL,
         "Operation Failed, anything but Item Not Found|Operation Failed, Item Not Found"},
        {"{fail: [Permission Denied, Invalid Field]}", refused, VERDICT_FAIL,
         "Operation Failed, Permission Denied or Invalid Field|Operation Failed, Item Not Found"},
        {"{fail: Item Not Found}", ok, VERDICT_FAIL, "Operation Failed, Item Not Found|Success"},
        {"{fail: Item Not Found, operation: absent}", refused, VERDICT_FAIL,
         "an item without Operation: the error is the whole message's|Get"},
        {"{fail: Invalid Message, operation: absent}", none, VERDICT_PASS, ""},
        {"{fail: Invalid Message, operation: present}", none, VERDICT_FAIL,
         "an item with the Operation of the request|no Operation"},
        {"{header: {Batch Count: 1}}", ok, VERDICT_PASS, ""},
        {"{header: {Batch Count: 2}}", ok, VERDICT_FAIL, "2|1"},
        {"{item: {Result Status: Success}}", ok, VERDICT_PASS, ""},
        {"{item: {Result Message: !absent }, fail: any}", refused, VERDICT_FAIL,
         "no Result Message|"},
        {"{items: 2}", ok, VERDICT_FAIL, "Success in each of 2 items|1 response item"},
        {"{items: any}", ok, VERDICT_PASS, ""},
        {"{fail: any, items: any}", ok, VERDICT_FAIL, "Operation Failed|Success"},
        {"{items: 0}", ok, VERDICT_FAIL, "Success, without any item|1 response item"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows);
}

/* A reply with several items, or none, where one is due: what is expected holds for each. */
Test(judge, outcome_of_several_items)
{
    static const char two[] = RESPONSE("2") FOUND FOUND,
                      mixed[] = RESPONSE("2") FOUND REFUSED("Item Not Found");
    static const struct row rows[] = {
        {"success", two, VERDICT_FAIL, "Success|2 response items"},
        {"{items: 2}", two, VERDICT_FAIL, ""}, /* the rules: one item is asked for */
        {"{fail: any, items: any}", mixed, VERDICT_FAIL, "Operation Failed|Success"},
        {"{items: 2}", mixed, VERDICT_FAIL, "Success in each of 2 items|Operation Failed"},
        {"{any_of: [{fail: Invalid Message}, {items: 2, payload: {Unique Identifier: u-2}}]}", two,
         VERDICT_FAIL, "\"u-2\"|\"u-1\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char step[2000];
        snprintf(step, sizeof step,
                 "  - {operation: Get, payload: {Unique Identifier: u-1}, expect: %s}\n",
                 rows[i].expect);
        struct judged j = judge(step, rows[i].reply);
        cr_expect_eq(j.verdict, rows[i].verdict, "%s: %s", step, j.reason);
        cr_expect(strstr(j.matched ? j.why : j.text, rows[i].told), "%s: %s | %s", step, j.why,
                  j.text);
    }
}

/* What Query announces is not optional, whatever the case lets pass. */
Test(judge, an_announced_operation_that_is_denied_fails)
{
    static const char refused[] = RESPONSE("1") REFUSED("Operation Not Supported");
    static const struct row rows[] = {
        {"{fail: any}", refused, VERDICT_FAIL, ""},
        {"{fail: !not Item Not Found}", refused, VERDICT_FAIL, ""},
        {"{any_of: [success, {fail: any, verdict: NOT SUPPORTED, because: optional}]}", refused,
         VERDICT_FAIL, "optional"},
        {"{fail: Operation Not Supported}", refused, VERDICT_PASS, ""},
        {"{fail: [Item Not Found, Operation Not Supported]}", refused, VERDICT_PASS, ""},
    };
    denied = KMIP_OPERATION_GET;
    expect_rows(rows, sizeof rows / sizeof *rows);
    denied = 0;
}

Test(judge, an_alternative_may_be_for_servers_of_later_versions)
{
    static const char ok[] = RESPONSE("1") FOUND;
    static const struct row rows[] = {
        {"{any_of: [{fail: Invalid Field}, {later: true, verdict: WARN, because: later}]}", ok,
         VERDICT_FAIL, "Operation Failed, Invalid Field"}};
    const struct row later[] = {{rows[0].expect, rows[0].reply, VERDICT_WARN, "later"}};
    server_versions[0] = KMIP_V12;
    server_versions[1] = KMIP_V11;
    expect_rows(rows, 1);
    server_versions[1] = KMIP_VERSION(1, 4);
    expect_rows(later, 1);
    server_versions[0] = 0;
}

/* A slow server is not to blame for what had changed by then. */
Test(judge, a_reply_that_comes_too_late_says_nothing)
{
    static const struct {
        const char *step;
        enum verdict verdict;
    } rows[] = {{"  - {operation: Get, no_later: 1h, expect: {fail: any}}\n", VERDICT_FAIL},
                {"  - {operation: Get, no_later: 1ns, expect: {fail: any}}\n",
                 VERDICT_INCONCLUSIVE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judged j = judge(rows[i].step, RESPONSE("1") FOUND);
        cr_expect_eq(j.verdict, rows[i].verdict, "%s: %s", rows[i].step, j.reason);
    }
}

Test(judge, a_closed_or_silent_connection_is_an_answer)
{
    static const char ok[] = RESPONSE("1") FOUND;
    static const struct row rows[] = {
        {"success", NULL, VERDICT_FAIL, "Success|the server closed the connection"},
        {"{connection: closed}", NULL, VERDICT_PASS, ""},
        {"{connection: closed}", ok, VERDICT_FAIL, "a closed connection|a reply"},
        {"{connection: silent}", "silent", VERDICT_PASS, ""},
        {"{connection: closed}", "silent", VERDICT_FAIL, "a closed connection|no answer in time"},
        {"{connection: silent}", NULL, VERDICT_FAIL, "no answer|the server closed the connection"},
        {"{any_of: [{fail: Invalid Message}, {connection: closed}]}", NULL, VERDICT_PASS, ""},
        {"{any_of: [{fail: Invalid Message}, {connection: closed}]}", ok, VERDICT_FAIL,
         "Operation Failed, Invalid Message; or a closed connection|Success"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows);
}

Test(judge, alternatives_have_their_own_verdicts)
{
    static const char ok[] = RESPONSE("1") FOUND,
                      refused[] = RESPONSE("1") REFUSED("Item Not Found");
    static const struct row rows[] = {
        {"{any_of: [success, {fail: any, verdict: WARN, because: odd}]}", ok, VERDICT_PASS, ""},
        {"{any_of: [success, {fail: any, verdict: WARN, because: odd}]}", refused, VERDICT_WARN,
         "odd"},
        {"{any_of: [success, {fail: any, verdict: FAIL, because: bad}]}", refused, VERDICT_FAIL,
         "bad"},
        {"{any_of: [success, {fail: any, verdict: NOT SUPPORTED, because: optional}]}", refused,
         VERDICT_NOT_SUPPORTED, "optional"},
        {"{any_of: [success, {fail: any, verdict: NOT APPLICABLE, because: set up so}]}", refused,
         VERDICT_NOT_APPLICABLE, "set up so"},
        /* where the outcome fits, its payload is shown, not the other outcomes */
        {"{any_of: [{fail: any}, {payload: {Unique Identifier: u-9}}]}", ok, VERDICT_FAIL,
         "\"u-9\"|\"u-1\""},
        /* where none fits, all that would */
        {"{any_of: [{fail: Permission Denied}, success, {fail: Invalid Field}]}", refused,
         VERDICT_FAIL,
         "Operation Failed, Permission Denied; or Success; or Operation Failed, Invalid Field|"},
        /* what is recognised as a deviation is no permitted answer */
        {"{any_of: [success, {fail: Invalid Field, verdict: FAIL, because: x}]}", refused,
         VERDICT_FAIL, "Success|Operation Failed, Item Not Found"},
        {"{header: {Batch Count: 2}, any_of: [success, {fail: any}]}", ok, VERDICT_FAIL, "2|1"},
        {"{any_of: [{any_of: [{fail: any, verdict: WARN, because: inner}]}]}", refused,
         VERDICT_WARN, "inner"},
    };
    expect_rows(rows, sizeof rows / sizeof *rows);
}

Test(judge, levels_and_setup_bound_the_verdict)
{
    char text[1000];
    static const struct {
        const char *level, *setup;
        enum verdict verdict;
    } rows[] = {{"MUST", "false", VERDICT_FAIL},
                {"SHOULD", "false", VERDICT_WARN},
                {"MAY", "false", VERDICT_WARN},
                {"MUST", "true", VERDICT_INCONCLUSIVE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr err = KERR_INIT;
        struct bench b;
        struct judgement j = {.verdict = VERDICT_PASS, .why = ""};
        snprintf(text, sizeof text,
                 "id: a\ntitle: t\nclause: c\nlevel: %s\nsteps:\n  - {operation: Get, setup: %s}\n",
                 rows[i].level, rows[i].setup);
        struct test_case *tc = case_load(tmpdir_write(&dir, "l.yaml", text), "", &err);
        cr_assert(tc, "%s", err.msg);
        bench_open(&b, tc);
        cr_expect(!verdict_step(&b.rn, &tc->steps[0], &j));
        cr_expect_eq(b.rn.result->verdict, rows[i].verdict, "%s", rows[i].level);
        b.rn.denied = KMIP_OPERATION_GET;
        verdict_step(&b.rn, &tc->steps[0], &j);
        cr_expect_eq(b.rn.result->verdict, VERDICT_FAIL, "an announced operation that is denied");
        bench_close(&b);
        case_free(&tc);
    }
}

/* ---- batches ---------------------------------------------------------------- */

#define BATCH \
    "  - batch:\n" \
    "      - {operation: Get, id: '0a', payload: {Unique Identifier: u-1}, expect: %s}\n" \
    "      - {operation: Get, id: '0b', payload: {Unique Identifier: u-2}, expect: %s}\n" \
    "    %s\n"

#define ITEM_OK(id, uid)                                                                          \
    "    - {Operation: Get, Unique Batch Item ID: " id                                            \
    ", Result Status: Success, Response Payload: "                                                \
    "{Object Type: Opaque Object, Unique Identifier: " uid ", Opaque Object: {Opaque Data Type: " \
    "0x80000001, Opaque Data Value: 00}}}\n"
#define ITEM_NO(id, reason) \
    "    - {Operation: Get, Unique Batch Item ID: " id \
    ", Result Status: Operation Failed, Result Reason: " reason "}\n"

Test(judge, items_of_a_batch_are_found_by_their_id)
{
    static const struct {
        const char *first, *second, *step, *reply;
        enum verdict verdict;
        const char *told;
    } rows[] = {
        {"{payload: {Unique Identifier: u-1}}", "{payload: {Unique Identifier: u-2}}", "",
         RESPONSE("2") ITEM_OK("'0a'", "u-1") ITEM_OK("'0b'", "u-2"), VERDICT_PASS, ""},
        {"{payload: {Unique Identifier: u-1}}", "{payload: {Unique Identifier: u-2}}", "",
         RESPONSE("2") ITEM_OK("'0b'", "u-2") ITEM_OK("'0a'", "u-1"), VERDICT_PASS, ""},
        {"{payload: {Unique Identifier: u-1}}", "success", "",
         RESPONSE("2") ITEM_OK("'0b'", "u-1") ITEM_OK("'0a'", "u-2"), VERDICT_FAIL,
         "\"u-1\"|\"u-2\""},
        {"{fail: Item Not Found}", "none", "", RESPONSE("1") ITEM_NO("'0a'", "Item Not Found"),
         VERDICT_PASS, ""},
        {"{fail: Item Not Found}", "none", "",
         RESPONSE("2") ITEM_NO("'0a'", "Item Not Found") ITEM_OK("'0b'", "u-2"), VERDICT_FAIL,
         "1 response item|2"},
        {"success", "success", "", RESPONSE("1") ITEM_NO("'0a'", "Item Not Found"), VERDICT_FAIL,
         "Success|Operation Failed, Item Not Found; an answer to item 1|not there; 2 response "
         "items|1"},
        {"success", "success", "expect: {fail: Invalid Message, operation: absent}",
         RESPONSE("1") NO_OPERATION, VERDICT_PASS, ""},
        {"success", "success",
         "expect: {any_of: [{fail: Invalid Message}, {batch: [success, {fail: any}]}]}",
         RESPONSE("2") ITEM_OK("'0a'", "u-1") ITEM_NO("'0b'", "Item Not Found"), VERDICT_PASS, ""},
        {"success", "success", "expect: {items: 1}", RESPONSE("2") ITEM_OK("'0a'", "u-1")
         ITEM_OK("'0b'", "u-2"), VERDICT_FAIL, "1 response item|2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char step[2000];
        struct row r = {"", rows[i].reply, rows[i].verdict, rows[i].told};
        snprintf(step, sizeof step, BATCH, rows[i].first, rows[i].second, rows[i].step);
        expect_row(step, &r);
    }
}

/* ---- the standard's rules --------------------------------------------------- */

Test(judge, rules_are_checked_whatever_the_case_expects)
{
    static const struct {
        const char *name, *reply;
        enum verdict verdict;
    } rows[] = {
        {"honest", RESPONSE("1") FOUND, VERDICT_PASS},
        {"no time stamp",
         "Response Message:\n  Response Header: {Protocol Version: 1.2, Batch Count: 1}\n"
         "  Batch Item:\n" FOUND,
         VERDICT_FAIL},
        {"another version",
         "Response Message:\n  Response Header: {Protocol Version: 1.1, Time Stamp: $NOW, Batch "
         "Count: 1}\n  Batch Item:\n" FOUND,
         VERDICT_FAIL},
        {"another operation",
         RESPONSE("1") "    - {Operation: Locate, Result Status: Success, Response Payload: {}}\n",
         VERDICT_FAIL},
        {"batch count", RESPONSE("2") FOUND, VERDICT_FAIL},
        {"unknown field",
         RESPONSE(
             "1") "    - {Operation: Get, Result Status: Success, Response Payload: {Object Type: "
                  "Opaque Object, Unique Identifier: u-1, Opaque Object: {Opaque Data Type: "
                  "0x80000001, Opaque "
                  "Data Value: 00}, Lease Time: 5}}\n",
         VERDICT_FAIL},
        {"padding, a SHOULD",
         RESPONSE(
             "1") "    - {Operation: Get, Result Status: Success, Response Payload: {Object Type: "
                  "Opaque Object, Unique Identifier: !item {type: 0x07, value: '752d31', padding: "
                  "'ffffffffff'}, "
                  "Opaque Object: {Opaque Data Type: 0x80000001, Opaque Data Value: 00}}}\n",
         VERDICT_WARN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judged j = judge(GET("success"), rows[i].reply);
        cr_expect_eq(j.verdict, rows[i].verdict, "%s: %s %s", rows[i].name, verdict_name(j.verdict),
                     j.reason);
    }
}

Test(judge, a_reply_that_cannot_be_read_fails)
{
    static const char broken[] =
        RESPONSE("1") "    - {Operation: Get, Result Status: !item {type: 0x05, length: 3, value: "
        "'000000', padding: '0000000000'}, Response Payload: {}}\n";
    struct judged j = judge(GET("success"), broken);
    cr_expect(!j.matched);
    cr_expect_eq(j.verdict, VERDICT_FAIL);
}

Test(judge, the_version_is_free_where_the_case_speaks_of_it)
{
    static const char other[] =
        "Response Message:\n  Response Header: {Protocol Version: 1.1, Time Stamp: $NOW, Batch "
        "Count: 1}\n  Batch Item:\n" FOUND;
    struct bench b;
    struct sent sent;
    struct kerr err = KERR_INIT;
    struct test_case *tc = case_of(&dir, "steps:\n" GET("success"));
    for (int i = 0; i < 2; i++) {
        bench_open(&b, tc);
        sent_init(&sent);
        sent.version_free = i == 1;
        cr_assert(step_build(&b.rn, &tc->steps[0], &sent.request));
        buf_put_bytes(&sent.asked, buf_bytes(&sent.request));
        cr_assert(fixture_yaml(other, &b.rn.vars.env, &sent.reply, &err), "%s", err.msg);
        rules_check(&b.rn, &sent);
        cr_expect_eq(b.rn.result->verdict, i == 1 ? VERDICT_PASS : VERDICT_FAIL);
        sent_clear(&sent);
        bench_close(&b);
    }
    case_free(&tc);
}

Test(judge, one_mistake_in_many_places_is_told_once)
{
    static const char twice[] =
        "Response Message:\n  Response Header: {Protocol Version: 1.1, Time Stamp: $NOW, Batch "
        "Count: 1}\n  Batch Item:\n" FOUND;
    struct bench b;
    struct sent sent;
    struct kerr err = KERR_INIT;
    struct test_case *tc = case_of(&dir, "steps:\n" GET("success"));
    bench_open(&b, tc);
    while (b.target.n_versions < 4 && server_versions[b.target.n_versions])
        b.target.versions[b.target.n_versions] = server_versions[b.target.n_versions],
        b.target.n_versions++;
    sent_init(&sent);
    cr_assert(step_build(&b.rn, &tc->steps[0], &sent.request));
    buf_put_bytes(&sent.asked, buf_bytes(&sent.request));
    cr_assert(fixture_yaml(twice, &b.rn.vars.env, &sent.reply, &err), "%s", err.msg);
    for (int i = 0; i < 5; i++)
        rules_check(&b.rn, &sent);
    cr_expect_eq(b.rn.result->found.n, 1, "%s", mismatch_text(&b.rn.result->found));
    cr_expect_str_eq(b.rn.result->found.v[0].rule, "message.version");
    sent_clear(&sent);
    bench_close(&b);
    case_free(&tc);
}

/* ---- weighing --------------------------------------------------------------- */

Test(judge, the_worst_verdict_stands)
{
    struct test_case *tc = case_of(&dir, "steps: [{wait: 1s}]\n");
    static const enum verdict order[] = {VERDICT_PASS,         VERDICT_NOT_SUPPORTED, VERDICT_WARN,
                                         VERDICT_INCONCLUSIVE, VERDICT_ERROR,         VERDICT_FAIL};
    size_t n = sizeof order / sizeof *order;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            struct case_result *c = result_new(tc, 0);
            result_decide(c, order[i], 0, "first");
            result_decide(c, order[k], 0, "second");
            cr_expect_eq(c->verdict, order[i > k ? i : k]);
            arena_clear(&c->arena);
            free(c);
        }
    case_free(&tc);
}

Test(judge, errors_are_the_servers_the_networks_or_ours)
{
    static const struct {
        enum kerr_code code;
        bool exchanged;
        enum verdict verdict;
        bool lost;
    } rows[] = {
        {KE_TIMEOUT, true, VERDICT_FAIL, true},        {KE_TTLV_ROOT, true, VERDICT_FAIL, true},
        {KE_TTLV_SIZE, true, VERDICT_FAIL, true},      {KE_CLOSED, true, VERDICT_FAIL, true},
        {KE_CONNECT, false, VERDICT_ERROR, true},      {KE_CONNECT, true, VERDICT_ERROR, true},
        {KE_IO, true, VERDICT_ERROR, true},            {KE_TIMEOUT, false, VERDICT_ERROR, true},
        {KE_CASE, true, VERDICT_ERROR, false},         {KE_MEMORY, true, VERDICT_ERROR, false},
        {KE_INTERRUPTED, true, VERDICT_INCONCLUSIVE, false},
    };
    struct test_case *tc = case_of(&dir, "steps: [{wait: 1s}]\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct exchange e = {.client = "main"};
        bench_open(&b, tc);
        b.rn.result->exchanges = rows[i].exchanged ? &e : NULL;
        kerr_set(&b.rn.err, rows[i].code, "x");
        verdict_error(&b.rn);
        cr_expect_eq(b.rn.result->verdict, rows[i].verdict, "%s", kerr_name(rows[i].code));
        cr_expect_eq(b.rn.result->lost, rows[i].lost, "%s", kerr_name(rows[i].code));
        bench_close(&b);
    }
    case_free(&tc);
}
