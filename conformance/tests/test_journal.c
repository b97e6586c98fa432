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

#define RUN "kmipconf-0000000a"
#define FIRST_LINE "{\"run\":\"" RUN "\",\"server\":\"s:1\"}\n"

static void open_journal(struct journal *j)
{
    journal_init(j, path, RUN, "kms:5696");
}

/* Each under a number of its own, which is returned. */
static unsigned intend(struct journal *j, const char *case_id, const char *name)
{
    struct kerr err = KERR_INIT;
    const struct journal_ask a = {
        .no = journal_asks(j, 1), .case_id = case_id, .client = "main"};
    cr_assert(journal_intent(j, &a, bytes_str("Name"), bytes_str(name), &err), "%s", err.msg);
    cr_assert(journal_sync(j, &err), "%s", err.msg);
    return a.no;
}

static void make(struct journal *j, const char *case_id, const char *uid)
{
    struct kerr err = KERR_INIT;
    const int64_t at = 1700000000;
    const struct journal_ask a = {.no = 99, .case_id = case_id, .client = "other"};
    cr_assert(journal_made(j, &a, bytes_str(uid), &at, &err), "%s", err.msg);
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
    intend(&j, "a", RUN "-a");
    cr_expect_str_eq(content(),
                     "{\"run\":\"" RUN "\",\"server\":\"kms:5696\"}\n"
                     "{\"intent\":\"" RUN "-a\",\"ask\":1,\"case\":\"a\",\"client\":\"main\","
                     "\"attribute\":\"Name\"}\n");
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
    unsigned ask = intend(&j, "a", RUN "-a");
    make(&j, "a", "uid-1");
    make(&j, "a", "uid-2");
    journal_settled(&j, ask);
    cr_expect_eq(journal_left(&j), 2);
    cr_expect(journal_knows(&j, bytes_str("uid-1")) && !journal_knows(&j, bytes_str("uid-3")));
    journal_gone(&j, bytes_str("uid-1"));
    cr_expect_eq(journal_left(&j), 1);
    cr_expect(journal_knows(&j, bytes_str("uid-1")), "what was destroyed was ours too");
    journal_gone(&j, bytes_str("uid-2"));
    journal_close(&j);
    cr_expect(!file_exists(path));
}

Test(journal, settling_concerns_one_item_of_one_request)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    open_journal(&j);
    unsigned first = intend(&j, "a", RUN "-a");
    intend(&j, "a", RUN "-a");
    journal_settled(&j, first);
    cr_expect_eq(journal_left(&j), 1);
    journal_close(&j);
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect_eq(journal_left(&j), 1, "also when it is read again");
    journal_close(&j);
}

Test(journal, what_is_doubtful_is_not_known_as_ours)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    const struct journal_ask nobody = {.case_id = "a", .client = "main"};
    open_journal(&j);
    cr_assert(journal_made(&j, &nobody, bytes_str("uid-1"), NULL, &err), "%s", err.msg);
    cr_expect(!journal_knows(&j, bytes_str("uid-1")));
    cr_expect_eq(journal_left(&j), 1);
    journal_close(&j);
}

Test(journal, reads_back_what_is_left)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    open_journal(&j);
    unsigned ask = intend(&j, "a", RUN "-a");
    make(&j, "a", "uid-1");
    journal_settled(&j, ask);
    make(&j, "b", "uid-2");
    journal_gone(&j, bytes_str("uid-1"));
    intend(&j, "c", RUN "-c");
    journal_destroying(&j, bytes_str("uid-2"));
    journal_close(&j);
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect_str_eq(j.run, RUN);
    cr_expect_str_eq(j.server, "kms:5696");
    cr_expect_eq(journal_left(&j), 2);
    for (size_t i = 0; i < j.n; i++)
        if (!j.v[i].gone && j.v[i].uid[0]) {
            cr_expect_str_eq(j.v[i].uid, "uid-2");
            cr_expect_str_eq(j.v[i].client, "other");
            cr_expect_str_eq(j.v[i].case_id, "b");
            cr_expect(j.v[i].has_at && j.v[i].at == 1700000000);
            cr_expect(j.v[i].destroy_asked);
        } else if (!j.v[i].gone) {
            cr_expect_str_eq(j.v[i].value, RUN "-c");
            cr_expect_str_eq(j.v[i].attribute, "Name");
        }
    for (size_t i = 0; i < j.n; i++)
        if (!j.v[i].gone)
            journal_done(&j, &j.v[i]);
    journal_close(&j);
    cr_expect(!file_exists(path), "worked off");
}

Test(journal, a_credential_is_used_and_not_written_down)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    const struct journal_ask a = {
        .no = 1, .case_id = "a", .client = "main", .authentication = bytes_str("secret")};
    open_journal(&j);
    cr_assert(journal_made(&j, &a, bytes_str("uid-1"), NULL, &err), "%s", err.msg);
    cr_expect(bytes_eq_str(j.v[0].authentication, "secret"));
    cr_expect(!strstr(content(), "secret"));
    journal_close(&j);
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect(j.v[0].credential);
    journal_close(&j);
}

Test(journal, a_line_that_a_crash_cut_short_counts_as_not_written)
{
    struct journal j;
    struct kerr err = KERR_INIT;
    tmpdir_write(&dir, "run.journal", FIRST_LINE "{\"made\":\"u\",\"case\":\"a\"}\n{\"int");
    cr_assert(journal_load(&j, path, &err), "%s", err.msg);
    cr_expect_eq(journal_left(&j), 1);
    cr_expect_eq(j.unreadable, 0);
    cr_expect_str_eq(j.v[0].client, "main");
    journal_close(&j);
}

Test(journal, lines_that_cannot_be_read_do_not_hide_the_others)
{
    static const char *const lines[] = {
        "hello\n", "{\"made\":5}\n", "[]\n", "{\"made\":\"\"}\n", "{\"intent\":\"x\"}\n",
        "{\"int{\"made\":\"u\"}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct journal j;
        struct kerr err = KERR_INIT;
        char text[400];
        snprintf(text, sizeof text, FIRST_LINE "%s{\"made\":\"u\",\"case\":\"a\"}\n", lines[i]);
        tmpdir_write(&dir, "run.journal", text);
        cr_assert(journal_load(&j, path, &err), "%s: %s", lines[i], err.msg);
        cr_expect_eq(j.unreadable, 1, "%s", lines[i]);
        cr_expect_eq(j.unreadable_line, 2);
        cr_expect_eq(journal_left(&j), 1);
        journal_gone(&j, bytes_str("u"));
        journal_close(&j);
        cr_expect(file_exists(path), "what could not be read is not thrown away");
    }
}

Test(journal, a_file_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "", "hello\n", "[]\n", "{\"made\":\"u\",\"case\":\"a\"}\n",
        "{\"run\":\"" RUN "\"}\n",
        /* What every name begins with would let it destroy anything. */
        "{\"run\":\"\",\"server\":\"s:1\"}\n",
        "{\"run\":\"p\",\"server\":\"s:1\"}\n",
        "{\"run\":\"kmipconf-\",\"server\":\"s:1\"}\n",
        "{\"run\":\"kmipconf-1234567\",\"server\":\"s:1\"}\n",
        "{\"run\":\"kmipconf-1234567x\",\"server\":\"s:1\"}\n",
        "{\"run\":\"kmipconf-123456789\",\"server\":\"s:1\"}\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal j;
        struct kerr err = KERR_INIT;
        tmpdir_write(&dir, "run.journal", rows[i]);
        cr_expect(!journal_load(&j, path, &err), "%s", rows[i]);
        cr_expect(strstr(err.msg, "run.journal: not a journal of kmip-conform"), "%s: %s", rows[i],
                  err.msg);
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
    err = (struct kerr)KERR_INIT;
    journal_init(&j, "/dev/null", "r", "s");
    cr_expect(!journal_check(&j, &err));
    cr_expect(strstr(err.msg, "must be a file of its own"), "%s", err.msg);
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
    struct buf q, a;
    unsigned first;
    buf_init(&q, 65536);
    buf_init(&a, 65536);
    cr_assert(made_before(&b.rn, "main", message(request, &q), &first), "%s", b.rn.err.msg);
    if (reply)
        cr_assert(made_after(&b.rn, "main", buf_bytes(&q), message(reply, &a), first), "%s",
                  b.rn.err.msg);
    buf_clear(&q);
    buf_clear(&a);
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

#define MADE(uid)                                                                               \
    RESPONSE "    {Operation: Create, Result Status: Success, Response Payload: {Object Type: "  \
             "Symmetric Key, Unique Identifier: " uid "}}\n"

Test(made, the_reply_settles_the_intents)
{
    cr_expect_eq(left_after(CREATE, MADE("u-1")), 1);
    cr_expect(journal_knows(&b.journal, bytes_str("u-1")));
    static const char gone[] = RESPONSE
        "    {Operation: Destroy, Result Status: Success, Response Payload: {Unique Identifier: "
        "u-1}}\n";
    cr_expect_eq(left_after(REQUEST
                            "    {Operation: Destroy, Request Payload: {Unique Identifier: u-1}}\n",
                            gone),
                 0);
}

/* A server that makes the key all the same must not have its word for it. */
Test(made, whatever_does_not_name_the_object_leaves_them_open)
{
    static const char *const replies[] = {
        RESPONSE "    {Operation: Create, Result Status: Operation Failed, Result Reason: Invalid "
                 "Field}\n",
        RESPONSE "    {Result Status: Operation Failed, Result Reason: Invalid Message}\n",
        RESPONSE "    {Operation: Create, Result Status: Operation Undone}\n",
        RESPONSE "    {Operation: Create, Result Status: Success, Response Payload: {Object Type: "
                 "Symmetric Key}}\n",
        RESPONSE "    {Operation: Create, Result Status: Success, Response Payload: {Unique "
                 "Identifier: !ByteString 'aa'}}\n",
        RESPONSE "    {Result Status: Success, Response Payload: {Unique Identifier: u-1}}\n",
        RESPONSE "    {Operation: Create, Result Status: Operation Pending, Asynchronous "
                 "Correlation Value: 'aa'}\n",
        RESPONSE "    {Operation: Destroy, Result Status: Success, Response Payload: {Unique "
                 "Identifier: u-1}}\n",
        RESPONSE "    {Operation: Locate, Result Status: Success, Response Payload: {}}\n",
    };
    size_t left = 0;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        left += 2;
        cr_expect_eq(left_after(CREATE, replies[i]), left, "%s", replies[i]);
    }
    /* Nor does the reply to another request change that. */
    cr_expect_eq(left_after(CREATE, MADE("u-2")), left + 1);
    cr_expect_eq(left_after(REQUEST "    {Operation: Locate, Request Payload: {}}\n", replies[8]),
                 left + 1);
    cr_expect(b.journal.v[0].refused && !b.journal.v[4].refused, "it is told what the server says");
    cr_expect(b.journal.v[2].refused, "of the whole message, too");
}

Test(made, the_same_object_twice_settles_once)
{
    cr_expect_eq(left_after(CREATE, MADE("u-1")), 1);
    cr_expect_eq(left_after(CREATE, MADE("u-1")), 3, "what the second made is not known");
}

Test(made, items_of_a_batch_are_settled_one_by_one)
{
    static const char two[] =
        "Request Message:\n  Request Header: {Protocol Version: 1.2, Batch Count: 2}\n"
        "  Batch Item:\n"
        "    - {Operation: Create, Unique Batch Item ID: '01', Request Payload: {Object Type: "
        "Symmetric Key, Template-Attribute: {Attributes: {Name: $RUN-a}}}}\n"
        "    - {Operation: Create, Unique Batch Item ID: '02', Request Payload: {Object Type: "
        "Symmetric Key, Template-Attribute: {Attributes: {Name: $RUN-b}}}}\n";
    static const char second[] =
        RESPONSE "    {Operation: Create, Unique Batch Item ID: '02', Result Status: Success, "
                 "Response Payload: {Object Type: Symmetric Key, Unique Identifier: u-2}}\n";
    cr_expect_eq(left_after(two, second), 2);
    cr_expect_str_eq(b.journal.v[0].value, "kmipconf-1-a");
    cr_expect(!b.journal.v[0].gone && b.journal.v[1].gone);
}

Test(made, an_object_that_nobody_asked_for_is_doubtful)
{
    static const char get[] = REQUEST
        "    {Operation: Get, Request Payload: {Unique Identifier: u-1}}\n";
    cr_expect_eq(left_after(get, MADE("theirs")), 1);
    cr_expect(b.journal.v[0].doubtful);
    cr_expect(!journal_knows(&b.journal, bytes_str("theirs")));
}

Test(made, another_object_destroyed_than_asked_for_does_not_count)
{
    static const char destroy[] = REQUEST
        "    {Operation: Destroy, Request Payload: {Unique Identifier: u-1}}\n";
    static const char other[] = RESPONSE
        "    {Operation: Destroy, Result Status: Success, Response Payload: {Unique Identifier: "
        "u-2}}\n";
    cr_expect_eq(left_after(CREATE, MADE("u-1")), 1);
    cr_expect_eq(left_after(CREATE, MADE("u-2")), 2);
    cr_expect_eq(left_after(destroy, other), 2);
}

Test(made, a_replacement_may_take_over_every_name_of_the_case)
{
    cr_expect_eq(left_after(CREATE, MADE("u-1")), 1);
    cr_expect_eq(left_after(REQUEST
                            "    {Operation: Re-key, Request Payload: {Unique Identifier: u-1}}\n",
                            NULL),
                 3, "the key, and both names until the reply is in");
}

static void expect_allowed(const char *request, bool allowed)
{
    struct buf m;
    buf_init(&m, 65536);
    b.rn.over = false;
    b.rn.err = (struct kerr)KERR_INIT;
    cr_expect_eq(made_allowed(&b.rn, message(request, &m)), allowed, "%s", request);
    cr_expect_eq(b.rn.over || b.rn.err.code != KE_OK, !allowed);
    buf_clear(&m);
}

Test(made, a_case_changes_nothing_but_what_the_run_has_made)
{
    static const struct {
        const char *request;
        bool allowed;
    } rows[] = {
        {"{Operation: Destroy, Request Payload: {Unique Identifier: u-1}}", true},
        {"{Operation: Destroy, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Destroy, Request Payload: {Unique Identifier: !ByteString 'aabb'}}", false},
        {"{Operation: Revoke, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Modify Attribute, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Re-key, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Re-key Key Pair, Request Payload: {Private Key Unique Identifier: theirs}}",
         false},
        {"{Operation: Get Usage Allocation, Request Payload: {Unique Identifier: theirs}}", false},
        {"{Operation: Get, Request Payload: {Unique Identifier: theirs}}", true},
        {"{Operation: Destroy, Request Payload: {Unique Identifier: $RUN-none}}", true},
        {"{Operation: Destroy, Request Payload: {}}", false},
    };
    struct kerr err = KERR_INIT;
    const struct journal_ask ask = {.no = 1, .case_id = "a", .client = "main"};
    cr_assert(journal_made(&b.journal, &ask, bytes_str("u-1"), NULL, &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char yaml[500];
        snprintf(yaml, sizeof yaml, REQUEST "    %s\n", rows[i].request);
        expect_allowed(yaml, rows[i].allowed);
    }
    cr_expect_eq(b.rn.result->verdict, VERDICT_INCONCLUSIVE);
    cr_expect_str_eq(b.rn.result->reason,
                     "not sent: Destroy of 'theirs', an object that this run has not made");
}

#define KEY(name)                                                                            \
    "{Operation: Create, Request Payload: {Object Type: Symmetric Key, Template-Attribute: " \
    "{Attributes: {Name: " name "}}}}"

Test(made, the_id_placeholder_must_stand_for_an_object_of_the_run)
{
    static const struct {
        const char *items[3];
        bool allowed;
    } rows[] = {
        {{KEY("$RUN-a"), "{Operation: Destroy}"}, true},
        {{KEY("$RUN-a"), "{Operation: Get}", "{Operation: Destroy}"}, true},
        {{"{Operation: Locate, Request Payload: {Attributes: {Name: prod-key}}}",
          "{Operation: Destroy}"},
         false},
        {{KEY("$RUN-a"), "{Operation: Locate, Request Payload: {Attributes: {Name: $RUN-a}}}",
          "{Operation: Revoke}"},
         false},
        {{KEY("$RUN-a"), "{Operation: Check, Request Payload: {Unique Identifier: theirs}}",
          "{Operation: Destroy}"},
         false},
        {{"{Operation: Get, Request Payload: {Unique Identifier: theirs}}", "{Operation: Destroy}"},
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char yaml[2000];
        size_t n = (size_t)snprintf(yaml, sizeof yaml, "%s", REQUEST);
        for (size_t k = 0; k < 3 && rows[i].items[k]; k++)
            n += (size_t)snprintf(yaml + n, sizeof yaml - n, "    - %s\n", rows[i].items[k]);
        expect_allowed(yaml, rows[i].allowed);
    }
}

Test(made, an_object_that_could_not_be_found_again_is_not_made)
{
    expect_allowed(REQUEST "    " KEY("$RUN-a") "\n", true);
    expect_allowed(REQUEST "    " KEY("my-key") "\n", false);
    cr_expect(strstr(b.rn.err.msg, "begins with $RUN"), "%s", b.rn.err.msg);
    expect_allowed(REQUEST
                   "    {Operation: Create, Request Payload: {Object Type: Symmetric Key}}\n",
                   false);
    case_free(&tc);
    tc = case_of(&dir, "steps:\n- operation: Create\n  payload: {Object Type: Symmetric Key}\n"
                       "  expect: {any_of: [{fail: any}, success]}\n");
    b.rn.tc = tc;
    expect_allowed(REQUEST
                   "    {Operation: Create, Request Payload: {Object Type: Symmetric Key}}\n",
                   true);
}
