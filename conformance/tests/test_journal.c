/* The journal: what is written before and after, read back, and the guard on what a
 * case may change. Removing from a server is tested against the mock. */
#include "conformance/tests/cases.h"

#include <sys/stat.h>
#include <unistd.h>

#include "kmip/base/file.h"

static struct tmpdir dir;
static char path[256];

static void set_up(void)
{
    tmpdir_make(&dir);
    snprintf(path, sizeof path, "%s", tmpdir_file(&dir, "run.journal"));
}

static void tear_down(void)
{
    tmpdir_remove(&dir);
}

TestSuite(journal, .init = set_up, .fini = tear_down, .timeout = 30);

static void open_journal(struct journal *j)
{
    journal_init(j, path, "kmipconf-1", "kms:5696");
}

static void intend(struct journal *j, const char *case_id, const char *name)
{
    struct kerr err = KERR_INIT;
    cr_assert(journal_intent(j, case_id, "main", bytes_str("Name"), bytes_str(name), &err), "%s",
              err.msg);
}

static void make(struct journal *j, const char *case_id, const char *uid)
{
    struct kerr err = KERR_INIT;
    cr_assert(journal_made(j, case_id, "other", bytes_str(uid), &err), "%s", err.msg);
}

static const char *content(void)
{
    static char text[4096];
    struct buf b;
    struct kerr err = KERR_INIT;
    buf_init(&b, sizeof text - 1);
    cr_assert(file_read(path, &b, &err), "%s", err.msg);
    snprintf(text, sizeof text, "%s", buf_cstr(&b));
    buf_clear(&b);
    return text;
}

Test(journal, nothing_made_no_file)
{
    struct journal j;
    open_journal(&j);
    cr_expect_eq(journal_left(&j), 0);
    journal_close(&j);
    cr_expect(!file_exists(path));
}

Test(journal, an_intent_is_written_before_anything_is_made)
{
    struct journal j;
    struct stat st;
    open_journal(&j);
    intend(&j, "a", "kmipconf-1-a");
    cr_expect_str_eq(content(),
                     "{\"run\":\"kmipconf-1\",\"server\":\"kms:5696\"}\n"
                     "{\"intent\":\"kmipconf-1-a\",\"attribute\":\"Name\",\"case\":\"a\","
                     "\"client\":\"main\"}\n");
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_expect_eq(journal_left(&j), 1);
    journal_close(&j);
    cr_expect(file_exists(path), "what is left keeps its file");
}

Test(journal, the_file_goes_when_nothing_is_left)
{
    struct journal j;
    open_journal(&j);
    intend(&j, "a", "kmipconf-1-a");
    make(&j, "a", "uid-1");
    make(&j, "a", "uid-2");
    journal_settled(&j, "a");
    cr_expect_eq(journal_left(&j), 2);
    cr_expect(journal_knows(&j, bytes_str("uid-1")) && !journal_knows(&j, bytes_str("uid-3")));
    journal_gone(&j, bytes_str("uid-1"));
    cr_expect_eq(journal_left(&j), 1);
    cr_expect(journal_knows(&j, bytes_str("uid-1")), "what was destroyed was ours too");
    journal_gone(&j, bytes_str("uid-2"));
    journal_close(&j);
    cr_expect(!file_exists(path));
}

Test(journal, settling_concerns_one_case)
{
    struct journal j;
    open_journal(&j);
    intend(&j, "a", "kmipconf-1-a");
    intend(&j, "b", "kmipconf-1-b");
    journal_settled(&j, "a");
    cr_expect_eq(journal_left(&j), 1);
    journal_close(&j);
}

Test(journal, reads_back_what_is_left)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    open_journal(&j);
    intend(&j, "a", "kmipconf-1-a");
    make(&j, "a", "uid-1");
    journal_settled(&j, "a");
    make(&j, "b", "uid-2");
    journal_gone(&j, bytes_str("uid-1"));
    intend(&j, "c", "kmipconf-1-c");
    journal_close(&j);
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect_str_eq(j.run, "kmipconf-1");
    cr_expect_str_eq(j.server, "kms:5696");
    cr_expect_eq(journal_left(&j), 2);
    for (size_t i = 0; i < j.n; i++)
        if (!j.v[i].gone && j.v[i].uid[0]) {
            cr_expect_str_eq(j.v[i].uid, "uid-2");
            cr_expect_str_eq(j.v[i].client, "other");
            cr_expect_str_eq(j.v[i].case_id, "b");
        } else if (!j.v[i].gone) {
            cr_expect_str_eq(j.v[i].value, "kmipconf-1-c");
            cr_expect_str_eq(j.v[i].attribute, "Name");
        }
    for (size_t i = 0; i < j.n; i++)
        if (!j.v[i].gone)
            journal_done(&j, &j.v[i]);
    journal_close(&j);
    cr_expect(!file_exists(path), "worked off");
}

Test(journal, a_line_that_a_crash_cut_short_counts_as_not_written)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    tmpdir_write(
        &dir, "run.journal",
        "{\"run\":\"kmipconf-1\",\"server\":\"s:1\"}\n{\"made\":\"u\",\"case\":\"a\"}\n{\"int");
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect_eq(journal_left(&j), 1);
    cr_expect_str_eq(j.v[0].client, "main");
    journal_close(&j);
}

Test(journal, a_file_that_is_none_is_refused)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"", "run.journal: not a journal of kmip-conform"},
        {"hello\n", "run.journal:1: not a line of a journal"},
        {"{\"run\":\"r\",\"server\":\"s\"}\n{\"made\":5}\n", "run.journal:2: not a line"},
        {"{\"run\":\"r\",\"server\":\"s\"}\n[]\n", "run.journal:2: not a line"},
        {"{\"made\":\"u\",\"case\":\"a\"}\n", "run.journal: not a journal of kmip-conform"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal j;
        struct kerr err = KERR_INIT;
        tmpdir_write(&dir, "run.journal", rows[i].text);
        cr_expect(!journal_load(&j, path, &err), "%s", rows[i].text);
        cr_expect(strstr(err.msg, rows[i].told), "%s: %s", rows[i].text, err.msg);
        cr_expect_eq(kerr_exit(&err), 2);
        journal_close(&j);
        cr_expect(file_exists(path), "what cannot be read is not removed");
    }
    struct journal j;
    struct kerr err = KERR_INIT;
    cr_expect(!journal_load(&j, tmpdir_file(&dir, "none"), &err));
    cr_expect(strstr(err.msg, "cannot open the journal"), "%s", err.msg);
    journal_close(&j);
}

Test(journal, another_runs_file_is_not_written_over)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    open_journal(&j);
    cr_expect(journal_check(&j, &err), "%s", err.msg);
    tmpdir_write(&dir, "run.journal", "x");
    cr_expect(!journal_check(&j, &err));
    cr_expect(strstr(err.msg, "is there already: work it off"), "%s", err.msg);
    journal_close(&j);
    err = (struct kerr)KERR_INIT;
    journal_init(&j, "/nowhere/at/all.journal", "r", "s");
    cr_expect(!journal_check(&j, &err));
    cr_expect(strstr(err.msg, "--journal FILE names another place"), "%s", err.msg);
    journal_close(&j);
}

/* ---- what requests make and may change -------------------------------------- */

#define REQUEST \
    "Request Message:\n  Request Header: {Protocol Version: 1.2, Batch Count: 1}\n  Batch Item:\n"
#define RESPONSE                                                                                 \
    "Response Message:\n  Response Header: {Protocol Version: 1.2, Time Stamp: 5, Batch Count: " \
    "1}\n"                                                                                       \
    "  Batch Item:\n"

static struct bench b;
static struct test_case *tc;

static void set_up_bench(void)
{
    set_up();
    tc = case_of(&dir, "steps: [{wait: 1s}]\n");
    bench_open(&b, tc);
}

static void tear_down_bench(void)
{
    bench_close(&b);
    case_free(&tc);
    tear_down();
}

TestSuite(made, .init = set_up_bench, .fini = tear_down_bench, .timeout = 30);

static struct bytes message(const char *yaml, struct buf *out)
{
    struct kerr err = KERR_INIT;
    buf_reset(out);
    cr_assert(fixture_yaml(yaml, &b.rn.vars.env, out, &err), "%s", err.msg);
    return buf_bytes(out);
}

static size_t left_after(const char *request, const char *reply)
{
    struct buf m;
    buf_init(&m, 65536);
    cr_assert(made_before(&b.rn, "main", message(request, &m)), "%s", b.rn.err.msg);
    if (reply)
        cr_assert(made_after(&b.rn, "main", message(reply, &m)), "%s", b.rn.err.msg);
    buf_clear(&m);
    return journal_left(&b.journal);
}

#define CREATE                                                                                \
    REQUEST "    Operation: Create\n    Request Payload:\n      Object Type: Symmetric Key\n" \
            "      Template-Attribute: {Attributes: {Name: $RUN-k, x-ID: $RUN-x, Contact "    \
            "Information: me}}\n"

Test(made, each_attribute_with_the_prefix_is_an_intent)
{
    cr_expect_eq(left_after(CREATE, NULL), 2);
    cr_expect_str_eq(b.journal.v[0].attribute, "Name");
    cr_expect_str_eq(b.journal.v[0].value, "kmipconf-1-k");
    cr_expect_str_eq(b.journal.v[1].attribute, "x-ID");
}

Test(made, the_reply_settles_the_intents)
{
    static const char ok[] =
        RESPONSE "    {Operation: Create, Result Status: Success, Response Payload: {Object Type: "
                 "Symmetric Key, Unique Identifier: u-1}}\n";
    cr_expect_eq(left_after(CREATE, ok), 1);
    cr_expect(journal_knows(&b.journal, bytes_str("u-1")));
    static const char gone[] = RESPONSE
        "    {Operation: Destroy, Result Status: Success, Response Payload: {Unique Identifier: "
        "u-1}}\n";
    cr_expect_eq(left_after(REQUEST
                            "    {Operation: Destroy, Request Payload: {Unique Identifier: u-1}}\n",
                            gone),
                 0);
}

Test(made, a_refusal_settles_them_too)
{
    cr_expect_eq(left_after(CREATE,
                            RESPONSE "    {Operation: Create, Result Status: Operation Failed, "
                                     "Result Reason: Invalid Field}\n"),
                 0);
    cr_expect_eq(left_after(CREATE, RESPONSE "    {Result Status: Operation Failed, Result Reason: "
                                             "Invalid Message}\n"),
                 0);
}

Test(made, an_answer_that_does_not_say_what_was_made_leaves_them_open)
{
    cr_expect_eq(left_after(CREATE,
                            RESPONSE "    {Operation: Create, Result Status: Success, Response "
                                     "Payload: {Object Type: Symmetric Key}}\n"),
                 2);
    cr_expect_eq(left_after(CREATE,
                            RESPONSE "    {Operation: Create, Result Status: Operation Pending, "
                                     "Asynchronous Correlation Value: 'aa'}\n"),
                 4);
}

Test(made, a_replacement_may_take_over_every_name_of_the_case)
{
    static const char ok[] =
        RESPONSE "    {Operation: Create, Result Status: Success, Response Payload: {Object Type: "
                 "Symmetric Key, Unique Identifier: u-1}}\n";
    cr_expect_eq(left_after(CREATE, ok), 1);
    cr_expect_eq(left_after(REQUEST
                            "    {Operation: Re-key, Request Payload: {Unique Identifier: u-1}}\n",
                            NULL),
                 3, "the key, and both names until the reply is in");
}

Test(made, a_case_changes_nothing_but_what_the_run_has_made)
{
    static const struct {
        const char *request;
        bool allowed;
    } rows[] = {
        {"{Operation: Destroy, Request Payload: {Unique Identifier: u-1}}", true},
        {"{Operation: Destroy, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Revoke, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Modify Attribute, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Re-key, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Get, Request Payload: {Unique Identifier: theirs}}", true},
        {"{Operation: Destroy, Request Payload: {Unique Identifier: $RUN-none}}", true},
        {"{Operation: Destroy, Request Payload: {}}", true},
    };
    struct kerr err = KERR_INIT;
    cr_assert(journal_made(&b.journal, "a", "main", bytes_str("u-1"), &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf m;
        char yaml[500];
        buf_init(&m, 65536);
        snprintf(yaml, sizeof yaml, REQUEST "    %s\n", rows[i].request);
        b.rn.over = false;
        cr_expect_eq(made_allowed(&b.rn, message(yaml, &m)), rows[i].allowed, "%s",
                     rows[i].request);
        cr_expect_eq(b.rn.over, !rows[i].allowed);
        buf_clear(&m);
    }
    cr_expect_eq(b.rn.result->verdict, VERDICT_INCONCLUSIVE);
    cr_expect_str_eq(b.rn.result->reason,
                     "not sent: Destroy of 'theirs', an object that this run has not made");
}
