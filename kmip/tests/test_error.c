/* Errors: first cause, context, place, one clean line, exit codes. */
#include <criterion/criterion.h>

#include "kmip/base/error.h"
#include "kmip/base/finding.h"
#include "kmip/base/text.h"

static const char *line(const struct kerr *e)
{
    static char out[1024];
    return kerr_format(e, out, sizeof out);
}

Test(error, keeps_the_first_cause)
{
    struct kerr e = KERR_INIT;
    cr_expect(!kerr_set(&e, KE_FILE, "cannot open %s", "a.yaml"));
    cr_expect(!kerr_set(&e, KE_TIMEOUT, "later"));
    cr_expect_eq(e.code, KE_FILE);
    cr_expect_eq(e.cls, KERR_CLASS_CONFIG);
    cr_expect_str_eq(line(&e), "cannot open a.yaml");
    kerr_clear(&e);
    cr_expect_eq(e.code, KE_OK);
    cr_expect_eq(e.off, KERR_NO_OFF);
    cr_expect_str_eq(line(&e), "no error");
}

Test(error, context_goes_in_front_and_the_place_behind)
{
    struct kerr e = KERR_INIT;
    kerr_set_at(&e, KE_TTLV_LENGTH, 184, "Response Message/Batch Item[1]/Result Status",
                "Integer has length 3, expected 4");
    cr_expect(!kerr_wrap(&e, "batch item %d", 2));
    cr_expect(!kerr_wrap(&e, "cannot run TC-311"));
    cr_expect_str_eq(line(&e),
                     "cannot run TC-311: batch item 2: Integer has length 3, expected 4 (offset 184, "
                     "Response Message/Batch Item[1]/Result Status)");
}

Test(error, shows_an_offset_without_a_path_and_a_path_without_an_offset)
{
    struct kerr e = KERR_INIT;
    kerr_set_at(&e, KE_TTLV_SIZE, 4, NULL, "too large");
    cr_expect_str_eq(line(&e), "too large (offset 4)");
    kerr_clear(&e);
    kerr_set_at(&e, KE_VALUE, KERR_NO_OFF, "Request Message", "odd");
    cr_expect_str_eq(line(&e), "odd (Request Message)");
    kerr_clear(&e);
    kerr_set_at(&e, KE_VALUE, 0, "", "zero is an offset");
    cr_expect_str_eq(line(&e), "zero is an offset (offset 0)");
}

Test(error, may_be_absent)
{
    cr_expect(!kerr_set(NULL, KE_FILE, "x"));
    cr_expect(!kerr_set_at(NULL, KE_FILE, 1, "p", "x"));
    cr_expect(!kerr_wrap(NULL, "x"));
    kerr_clear(NULL);
}

Test(error, no_context_is_added_to_no_error)
{
    struct kerr e = KERR_INIT;
    kerr_wrap(&e, "context");
    cr_expect_eq(e.code, KE_OK);
    cr_expect_str_eq(e.msg, "");
}

Test(error, is_one_line_without_control_characters)
{
    struct kerr e = KERR_INIT;
    kerr_set_at(&e, KE_REFUSED, 0, "a\x1b[2J", "server said: %s", "no\nway\x1b[31m\x7f\t.");
    cr_expect_str_eq(e.msg, "server said: no way?[31m? .");
    cr_expect_str_eq(e.path, "a?[2J");
    kerr_wrap(&e, "line\none");
    cr_expect_str_eq(e.msg, "line one: server said: no way?[31m? .");
}

Test(error, what_is_cut_says_so_and_stays_utf8)
{
    char text[2000];
    for (size_t shift = 0; shift < 4; shift++) {
        size_t n = shift;
        memset(text, 'x', shift);
        while (n + 4 < sizeof text) {
            memcpy(text + n, "\xF0\x9F\x94\x91", 4); /* a key */
            n += 4;
        }
        text[n] = 0;
        struct kerr e = KERR_INIT;
        kerr_set_at(&e, KE_FILE, 1, text, "%s", text);
        cr_expect(text_utf8(bytes_str(e.msg)), "message, shift %zu", shift);
        cr_expect(text_utf8(bytes_str(e.path)), "path, shift %zu", shift);
        cr_expect_str_eq(e.msg + strlen(e.msg) - 3, "...");
        cr_expect(strlen(e.msg) > sizeof e.msg - 8);
        kerr_wrap(&e, "%s", text);
        cr_expect(text_utf8(bytes_str(e.msg)), "wrapped, shift %zu", shift);
        cr_expect(strlen(e.msg) < sizeof e.msg);
        char small[10];
        kerr_format(&e, small, sizeof small);
        cr_expect_lt(strlen(small), sizeof small);
    }
}

Test(error, text_that_just_fits_is_not_cut)
{
    struct kerr e = KERR_INIT;
    char text[sizeof e.msg];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    kerr_set(&e, KE_FILE, "%s", text);
    cr_expect_str_eq(e.msg, text);
}

Test(error, context_may_quote_the_message_itself)
{
    struct kerr e = KERR_INIT;
    kerr_set(&e, KE_FILE, "cause");
    kerr_wrap(&e, "%s", e.msg);
    cr_expect_str_eq(e.msg, "cause: cause");
}

Test(error, every_code_has_name_text_and_class)
{
    for (int c = 0; c < KE_COUNT_; c++) {
        cr_expect_not_null(kerr_name((enum kerr_code)c));
        cr_expect(kerr_text((enum kerr_code)c) && kerr_text((enum kerr_code)c)[0]);
        struct kerr e = KERR_INIT;
        if (c != KE_OK) {
            kerr_set(&e, (enum kerr_code)c, "x");
            cr_expect_neq(e.cls, KERR_NONE);
        }
    }
    cr_expect_str_eq(kerr_name(KE_TTLV_LENGTH), "TTLV_LENGTH");
    cr_expect_str_eq(kerr_name((enum kerr_code)9999), "UNKNOWN");
    cr_expect_not_null(kerr_text((enum kerr_code)9999));
}

Test(error, exit_codes_follow_the_class)
{
    static const struct {
        enum kerr_code code;
        int exit;
    } rows[] = {{KE_OK, 0},      {KE_USAGE, 2},      {KE_CONFIG, 2},  {KE_YAML, 2},    {KE_FILE, 2},
                {KE_PEM, 2},     {KE_CASE, 2},       {KE_CONNECT, 3}, {KE_CLOSED, 3},  {KE_TLS, 3},
                {KE_TLS_PEER, 3}, {KE_TIMEOUT, 3},   {KE_IO, 3},      {KE_SCHEMA, 5},  {KE_REPLY, 5},
                {KE_MEMORY, 5},  {KE_TTLV_SHORT, 5}, {KE_INTERNAL, 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kerr e = KERR_INIT;
        if (rows[i].code != KE_OK)
            kerr_set(&e, rows[i].code, "x");
        cr_expect_eq(kerr_exit(&e), rows[i].exit, "%s", kerr_name(rows[i].code));
    }
}

Test(finding, every_rule_has_name_clause_and_requirement)
{
    for (int i = 0; i < RULE_COUNT_; i++) {
        const struct rule *r = rule_of((enum rule_id)i);
        cr_assert_not_null(r);
        cr_expect(r->name && strchr(r->name, '.'), "rule %d", i);
        cr_expect(r->clause && strncmp(r->clause, "KMIP 1.2 spec, ", 15) == 0, "%s", r->name);
        cr_expect(r->requirement && r->requirement[0], "%s", r->name);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(r->name, rule_of((enum rule_id)k)->name);
    }
    cr_expect_not_null(rule_of((enum rule_id)RULE_COUNT_));
}
