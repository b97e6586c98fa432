/* The page of a run: what a hostile server says is shown and does nothing, secrets are covered,
 * links lead somewhere, and the policy fits the page. What it does in a browser is
 * ci/browser/test-report.py's. */
#include "conformance/tests/cases.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "conformance/baseline.h"
#include "conformance/report_html.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"

static const char evil[] = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";
static const char secret[] = "0fe1d2c3b4a5968778695a4b3c2d1e0f";

static struct bench bench;
static struct test_case *tc;
static struct run_result run;
static struct buf page, message;

static const struct requirement rows[] = {
    {"A-1", "baseline-server", "KMIP 1.2 spec, 4.11, 11.12", "S", "Get (0A)", "", false},
    {"A-2", "baseline-server", "KMIP 1.2 spec, 5", "S", "anything else", "a permission", false},
    {"A-3", "baseline-server", "KMIP 1.2 spec, 6", "S", "something", "", false}};

static void set_up(void)
{
    tmpdir_make(&bench.dir);
    tc = case_of(&bench.dir, "covers: [A-1]\nwhy: <i>It is so.</i>\nsteps:\n  - {note: One, "
                             "operation: Get}\n");
    bench_open(&bench, tc);
    bench.target.vendor = evil;
    run = (struct run_result){.target = &bench.target,
                              .run_prefix = "kmipconf-1",
                              .gate_text = "",
                              .repeat = 1,
                              .reach = " --host kms.example",
                              .run_options = "",
                              .requirements = rows,
                              .n_requirements = sizeof rows / sizeof *rows};
    buf_init(&page, BUF_NO_LIMIT);
    buf_init(&message, BUF_NO_LIMIT);
}

static void tear_down(void)
{
    buf_clear(&page);
    buf_clear(&message);
    result_clear(&run);
    bench_close(&bench);
    case_free(&tc);
    tmpdir_remove(&bench.dir);
}

TestSuite(report_html, .init = set_up, .fini = tear_down, .timeout = 30);

/* A failed case with one exchange; what differs is at this offset of the reply. */
static void add_failure(const char *actual, uint32_t off)
{
    static const char yaml[] =
        "Response Message:\n"
        "  Response Header: {Protocol Version: 1.2, Time Stamp: 1371853139, Batch Count: 1}\n"
        "  Batch Item:\n"
        "    Operation: Get\n"
        "    Result Status: Success\n"
        "    Response Payload:\n"
        "      Object Type: Symmetric Key\n"
        "      Unique Identifier: '<b>uid</b>'\n"
        "      Symmetric Key:\n"
        "        Key Block:\n"
        "          Key Format Type: Raw\n"
        "          Key Value: {Key Material: 0fe1d2c3b4a5968778695a4b3c2d1e0f}\n";
    struct kerr err = KERR_INIT;
    struct case_result *c = result_new(tc, 0);
    cr_assert(c);
    cr_assert(fixture_yaml(yaml, NULL, &message, &err), "%s", err.msg);
    result_decide(c, VERDICT_FAIL, 0, "got %s", actual);
    c->found.v[c->found.n++] = (struct mismatch){.path = "Response Message/Batch Item/Result Status",
                                                 .expected = "Operation Failed",
                                                 .actual = actual,
                                                 .off = off,
                                                 .rule = "",
                                                 .must = true};
    const struct exchange e = {.step = 0, .client = "main", .note = "",
                               .request = buf_bytes(&message), .reply = buf_bytes(&message)};
    cr_assert(result_keep(c, &e) && result_add(&run, c, &err), "%s", err.msg);
}

static const char *make_page(void)
{
    char path[4096];
    struct kerr err = KERR_INIT;
    snprintf(path, sizeof path, "%s", tmpdir_file(&bench.dir, "page.html"));
    cr_assert(report_html(path, &run, &err), "%s", err.msg);
    buf_reset(&page);
    cr_assert(file_read(path, &page, &err), "%s", err.msg);
    return buf_cstr(&page);
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

Test(report_html, takes_nothing_that_a_server_says_for_markup)
{
    add_failure(evil, 100);
    const char *html = make_page();
    cr_expect_null(strstr(html, "<script>alert"));
    cr_expect_null(strstr(html, "<img"));
    cr_expect_null(strstr(html, "<b>uid"));
    cr_expect_null(strstr(html, "<i>It is"));
    cr_expect(strstr(html, "<h1>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    cr_expect(strstr(html, "&lt;b&gt;uid&lt;/b&gt;"));
    cr_expect_eq(times(html, "<script>"), 1);
    cr_expect_eq(times(html, "<style>"), 1);
    cr_expect_eq(times(html, " style=\""), 0, "the policy would refuse it");
    cr_expect_eq(times(html, " onclick="), 0, "the policy would refuse it");
}

Test(report_html, covers_secrets_in_text_and_bytes)
{
    add_failure("Success", 100);
    const char *html = make_page();
    cr_expect_null(strstr(html, secret));
    cr_expect(strstr(html, "&lt;redacted, 16 bytes&gt;"));
    cr_expect(strstr(html, "4200430800000010xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    run.show_secrets = true;
    html = make_page();
    cr_expect(strstr(html, secret));
    cr_expect(strstr(html, "treat this page like the keys"));
}

Test(report_html, marks_the_line_that_differs)
{
    add_failure("Success", 112);
    const char *html = make_page(), *mark = strstr(html, "<mark>");
    cr_assert(mark);
    cr_expect_eq(times(html, "<mark>"), 1, "of the reply alone");
    cr_expect_eq(strncmp(mark, "<mark>Result Status: Success</mark>", 35), 0, "%.60s", mark);
}

Test(report_html, tells_rows_without_cases)
{
    add_failure("Success", 112);
    const char *html = make_page();
    const char *bare = strstr(html, "id=\"row-A-2\""), *unrun = strstr(html, "id=\"row-A-3\"");
    cr_assert(bare && unrun && strstr(html, "class=\"fail\" id=\"row-A-1\""));
    cr_expect(strstr(bare, "NO CASE") && strstr(bare, "NO CASE") < unrun);
    cr_expect(strstr(bare, "a permission") && strstr(bare, "a permission") < unrun);
    cr_expect(strstr(unrun, "NOT RUN"));
}

/* The source of the policy that allows this element, and no other of its kind. */
static void check_source(const char *html, const char *directive, const char *open,
                         const char *close)
{
    const char *from = strstr(html, open) + strlen(open), *to = strstr(from, close);
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char base64[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "", source[200];
    sha256_init(&sha);
    sha256_update(&sha, (size_t)(to - from), (const uint8_t *)from);
    sha256_digest(&sha, sizeof digest, digest);
    base64_encode_raw(base64, sizeof digest, digest);
    snprintf(source, sizeof source, "%s 'sha256-%s';", directive, base64);
    cr_expect(strstr(html, source), "%s", source);
}

Test(report_html, has_a_policy_that_fits_it_and_allows_nothing_else)
{
    add_failure("Success", 112);
    const char *html = make_page();
    cr_expect(strstr(html, "content=\"default-src 'none'; style-src"));
    cr_expect_null(strstr(html, "unsafe-"));
    check_source(html, "style-src", "<style>", "</style>");
    check_source(html, "script-src", "<script>", "</script>");
}

Test(report_html, says_why_nothing_was_tested)
{
    run.gate = GATE_UNREACHABLE;
    run.gate_text = "cannot connect to <kms>";
    cr_expect(strstr(make_page(), ">cannot connect to &lt;kms&gt;"));
}
