/* Published cases (oasis.h), by samples of our own in their form: what is made of them, and
 * what is refused. That they run is ci/test-oasis.sh's. */
#include <glob.h>

#include "conformance/case_print.h"
#include "conformance/oasis.h"
#include "conformance/tests/cases.h"
#include "kmip/tests/support/golden.h"

#define SAMPLES "fixtures/oasis-like"

/* A case of one request and its reply; ITEM and REPLY are batch items. */
#define HEADER(part, version) \
    "<" part "Header><ProtocolVersion><ProtocolVersionMajor type='Integer' value='1'/>" \
    "<ProtocolVersionMinor type='Integer' value='" version "'/></ProtocolVersion>" \
    "<BatchCount type='Integer' value='1'/></" part "Header>"
#define PAIR(version, item, reply) \
    "<RequestMessage>" HEADER("Request", version) "<BatchItem>" item "</BatchItem>" \
    "</RequestMessage>\n<ResponseMessage>" HEADER("Response", version) "<BatchItem>" reply \
    "</BatchItem></ResponseMessage>"
#define QUERY \
    PAIR("2", \
         "<Operation type='Enumeration' value='Query'/><RequestPayload>" \
         "<QueryFunction type='Enumeration' value='QueryOperations'/></RequestPayload>", \
         "<Operation type='Enumeration' value='Query'/>" \
         "<ResultStatus type='Enumeration' value='Success'/><ResponsePayload/>")

static struct test_case *load(const struct tmpdir *d, const char *name, const char *inside,
                              struct kerr *err)
{
    char text[20000];
    snprintf(text, sizeof text, "<KMIP>\n%s\n</KMIP>", inside);
    return oasis_load(tmpdir_write(d, name, text), false, false, err);
}

/* ---- names ------------------------------------------------------------------------ */

static const struct {
    const char *file, *id, *title;
    enum case_level level;
} names[] = {
    {"TC_313_12_Create_Locate_Get_Destroy.xml", "tc-313-12", "Create Locate Get Destroy",
     LEVEL_MUST},
    {"CS-BC-M-10-12_Encrypt_and_Decrypt.xml", "cs-bc-m-10-12", "Encrypt and Decrypt", LEVEL_MUST},
    {"SKLC_O_1_10-SymmetricKeysLifecycle_1.xml", "sklc-o-1-10", "SymmetricKeysLifecycle 1",
     LEVEL_MAY},
    {"TL_M_1_10_tape_library_config.xml", "tl-m-1-10", "tape library config", LEVEL_MUST},
    {"TC-311-10-CREATE-DESTROY.xml", "tc-311-10-create-destroy", "TC-311-10-CREATE-DESTROY",
     LEVEL_MUST},
    {"anything.xml", "anything", "anything", LEVEL_MUST},
};

Test(oasis, takes_id_title_and_level_from_the_name_of_the_file)
{
    struct tmpdir d;
    tmpdir_make(&d);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct kerr err = KERR_INIT;
        struct test_case *c = load(&d, names[i].file, QUERY, &err);
        cr_assert(c, "%s", err.msg);
        cr_expect_str_eq(c->id, names[i].id);
        cr_expect_str_eq(c->title, names[i].title);
        cr_expect_str_eq(c->suite, "oasis");
        cr_expect_eq(c->level, names[i].level);
        case_free(&c);
    }
    tmpdir_remove(&d);
}

Test(oasis, gives_the_whole_name_to_an_id_that_is_taken)
{
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    struct tmpdir d;
    tmpdir_make(&d);
    tmpdir_write(&d, "TC_1_12_One_Thing.xml", "<KMIP>" QUERY "</KMIP>");
    tmpdir_write(&d, "TC_1_12_Something.xml", "<KMIP>" QUERY "</KMIP>");
    tmpdir_write(&d, "README.md", "no case");
    cr_assert(oasis_add(&s, d.path, false, &err), "%s", err.msg);
    cr_assert_eq(s.n, 2u);
    cr_expect_str_eq(s.first->id, "tc-1-12");
    cr_expect_str_eq(s.first->next->id, "tc-1-12-something");
    cr_expect(!oasis_add(&s, tmpdir_file(&d, "TC_1_12_Something.xml"), false, &err));
    suites_clear(&s);
    tmpdir_remove(&d);
}

/* ---- what is made of it -------------------------------------------------------------- */

Test(oasis, reads_every_sample_into_a_case_that_can_be_written_and_read_again)
{
    glob_t files;
    struct tmpdir d;
    tmpdir_make(&d);
    cr_assert_eq(glob(SAMPLES "/*.xml", 0, NULL, &files), 0);
    cr_assert_gt(files.gl_pathc, 5u);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct kerr err = KERR_INIT;
        struct buf text;
        struct test_case *c = oasis_load(files.gl_pathv[i], false, false, &err), *again;
        cr_assert(c, "%s", err.msg);
        buf_init(&text, BUF_NO_LIMIT);
        case_print(c->doc.root, &text);
        again = case_load(tmpdir_write(&d, "again.yaml", buf_cstr(&text)), "", &err);
        cr_expect(again, "%s: %s", files.gl_pathv[i], err.msg);
        if (again)
            cr_expect_eq(again->n_steps, c->n_steps);
        buf_clear(&text);
        case_free(&again);
        case_free(&c);
    }
    globfree(&files);
    tmpdir_remove(&d);
}

/* Each in the whole, as the tester reads it. */
static const char *const printed[] = {"KC_1_10_Names_with_Blanks", "KC_2_11_Dates",
                                      "KC_3_12_Clients_and_Batches", "KC_4_12_Credentials",
                                      "KC_5_12_Asynchronous", "KC-CR-M-1-12_Known_Key",
                                      "KC_6_12_Dates_of_Then", "KC_7_12_What_is_Spoken",
                                      "KC_8_12_Fresh_Object", "KC-SV-M-1-14"};

Test(oasis, makes_of_samples_what_was_looked_over)
{
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        char path[200];
        struct kerr err = KERR_INIT;
        struct buf text;
        snprintf(path, sizeof path, SAMPLES "/%s.xml", printed[i]);
        struct test_case *c = oasis_load(path, false, true, &err);
        cr_assert(c, "%s", err.msg);
        buf_init(&text, BUF_NO_LIMIT);
        case_print(c->doc.root, &text);
        snprintf(path, sizeof path, "conformance/tests/golden/%s.yaml", printed[i]);
        golden_expect(path, buf_bytes(&text));
        buf_clear(&text);
        case_free(&c);
    }
}

static const struct {
    const char *file;
    uint8_t version;
} versions[] = {
    {"KC_1_10_Names_with_Blanks", KMIP_V10},
    {"KC_2_11_Dates", KMIP_V11},
    {"KC_3_12_Clients_and_Batches", KMIP_V12},
};

Test(oasis, sends_in_the_version_that_the_case_is_of_and_needs_it)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        char path[200];
        struct kerr err = KERR_INIT;
        snprintf(path, sizeof path, SAMPLES "/%s.xml", versions[i].file);
        struct test_case *c = oasis_load(path, false, false, &err);
        cr_assert(c, "%s", err.msg);
        cr_expect_eq(c->n_needs_versions, 1u);
        cr_expect_eq(c->needs_versions[0], versions[i].version);
        for (size_t k = 0; k < c->n_steps; k++)
            if (c->steps[k].kind == STEP_REQUEST)
                cr_expect_eq(c->steps[k].version, versions[i].version, "%s step %zu", path, k);
        case_free(&c);
    }
}

Test(oasis, leaves_to_a_follower_what_its_series_has_made)
{
    struct suites s = {.n = 0};
    struct kerr err = KERR_INIT;
    cr_assert(oasis_add(&s, SAMPLES, false, &err), "%s", err.msg);
    for (const struct test_case *c = s.first; c; c = c->next) {
        cr_expect_eq(c->leaves, strcmp(c->id, "kc-se-m-1-12") == 0, "%s", c->id);
        cr_expect_eq(c->follows, strcmp(c->id, "kc-se-m-2-12") == 0, "%s", c->id);
        cr_expect(c->unnamed);
    }
    suites_clear(&s);
}

Test(oasis, expects_what_a_server_can_come_to_where_the_published_value_is_wrong)
{
    static const char *const files[] = {"CS-BC-M-6-13.xml", "CS-BC-M-6-14.xml"};
    static const char published[] = "fd912d102dbb482f6f6e91bd57119095";
    struct tmpdir d;
    tmpdir_make(&d);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct kerr err = KERR_INIT;
        struct buf text;
        struct test_case *c = load(&d, files[i],
                                   PAIR("2",
                                        "<Operation type='Enumeration' value='Decrypt'/>"
                                        "<RequestPayload><Data type='ByteString' "
                                        "value='fd912d102dbb482f6f6e91bd57119095'/>"
                                        "</RequestPayload>",
                                        "<Operation type='Enumeration' value='Decrypt'/>"
                                        "<ResultStatus type='Enumeration' value='Success'/>"
                                        "<ResponsePayload/>"),
                                   &err);
        cr_assert(c, "%s", err.msg);
        buf_init(&text, BUF_NO_LIMIT);
        case_print(c->doc.root, &text);
        bool right = strstr(buf_cstr(&text), "d9bcce11b0b437b90239552df3a360c9");
        cr_expect_eq(right, i == 0, "%s", files[i]);
        cr_expect_eq(strstr(buf_cstr(&text), published) != NULL, i == 1, "%s", files[i]);
        cr_expect_eq(strstr(buf_cstr(&text), "the right one is expected") != NULL, i == 0);
        buf_clear(&text);
        case_free(&c);
    }
    tmpdir_remove(&d);
}

/* ---- what does not apply ------------------------------------------------------------------ */

static const struct {
    const char *inside, *why;
} inapplicable[] = {
    {"# [Server-to-Client]" QUERY, "the case needs messages from the server to the client"},
    {PAIR("2",
          "<Operation type='Enumeration' value='Destroy'/><RequestPayload>"
          "<UniqueIdentifier type='TextString' value='$ELSEWHERE'/></RequestPayload>",
          "<Operation type='Enumeration' value='Destroy'/>"
          "<ResultStatus type='Enumeration' value='Success'/><ResponsePayload/>"),
     "the request of line 2 needs $ELSEWHERE, which no reply before it gives"},
    {PAIR("5", "<Operation type='Enumeration' value='Query'/><RequestPayload/>",
          "<Operation type='Enumeration' value='Query'/>"
          "<ResultStatus type='Enumeration' value='NotYetInvented'/>"),
     "the case is of KMIP 1.5: "},
};

Test(oasis, says_why_a_case_does_not_apply_to_any_server)
{
    struct tmpdir d;
    tmpdir_make(&d);
    for (size_t i = 0; i < sizeof inapplicable / sizeof *inapplicable; i++) {
        struct kerr err = KERR_INIT;
        struct test_case *c = load(&d, "a.xml", inapplicable[i].inside, &err);
        cr_assert(c, "%s", err.msg);
        cr_assert(c->not_applicable);
        cr_expect(strncmp(c->not_applicable, inapplicable[i].why, strlen(inapplicable[i].why)) == 0,
                  "%s", c->not_applicable);
        case_free(&c);
    }
    tmpdir_remove(&d);
}

/* ---- what is refused -------------------------------------------------------------------------- */

#define UNKNOWN \
    PAIR("2", "<Operation type='Enumeration' value='Query'/><RequestPayload><Nonsense/>" \
              "</RequestPayload>", \
         "<Operation type='Enumeration' value='Query'/>" \
         "<ResultStatus type='Enumeration' value='Success'/>")

static const struct {
    const char *inside, *error; /* behind the file's path */
} refused[] = {
    {"", ":1:1: a test case is pairs of RequestMessage and ResponseMessage in <KMIP>"},
    {"<ResponseMessage/>", ":2:1: <ResponseMessage> stands where <RequestMessage> is expected"},
    {QUERY "<RequestMessage/>", ":3:"},
    {UNKNOWN, ":2:"},
    {"<RequestMessage/><ResponseMessage/>", ":2:1: RequestMessage: a header with a Protocol Version"},
    {"<RequestMessage>", ":3:3: mismatched tag"},
};

Test(oasis, refuses_what_is_no_case_with_its_place)
{
    struct tmpdir d;
    tmpdir_make(&d);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct kerr err = KERR_INIT;
        cr_expect(!load(&d, "a.xml", refused[i].inside, &err), "%s", refused[i].inside);
        const char *place = strstr(err.msg, "a.xml");
        cr_expect(place && strncmp(place + 5, refused[i].error, strlen(refused[i].error)) == 0,
                  "%s", err.msg);
    }
    tmpdir_remove(&d);
}

Test(oasis, refuses_folders_without_cases_and_files_that_are_not_there)
{
    struct suites s = {.n = 0};
    struct kerr empty = KERR_INIT, missing = KERR_INIT;
    struct tmpdir d;
    tmpdir_make(&d);
    cr_expect(!oasis_add(&s, d.path, false, &empty));
    cr_expect(strstr(empty.msg, "holds no test case"), "%s", empty.msg);
    cr_expect(!oasis_add(&s, tmpdir_file(&d, "none.xml"), false, &missing));
    cr_expect(oasis_names(d.path) && oasis_names("a.xml") && !oasis_names("a.yaml"));
    tmpdir_remove(&d);
}
