/* Tokens: where they come from, what they may hold, how they are compared. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "kmip/base/token.h"
#include "kmip/tests/support/tmpdir.h"

TestSuite(token, .timeout = 30);

#define VARIABLE "KMIP_TEST_TOKEN"

static bool read_from(const char *argument, const char *file, char out[TOKEN_MAX], struct kerr *err)
{
    return token_read(&(struct token_source){.argument = argument,
                                             .file = file,
                                             .environment = VARIABLE,
                                             .option = "control-token"},
                      out, err);
}

Test(token, is_hidden_where_others_see_it)
{
    char argument[] = "secret";
    token_hide(argument);
    cr_expect_str_eq(argument, "******");
    token_hide(NULL);
}

Test(token, comes_from_the_argument_before_the_environment)
{
    char out[TOKEN_MAX];
    struct kerr err = KERR_INIT;
    unsetenv(VARIABLE);
    cr_assert(read_from(NULL, NULL, out, &err));
    cr_expect_str_eq(out, "");
    setenv(VARIABLE, "of-the-environment", 1);
    cr_assert(read_from(NULL, NULL, out, &err));
    cr_expect_str_eq(out, "of-the-environment");
    cr_assert(read_from("of-the-argument", NULL, out, &err));
    cr_expect_str_eq(out, "of-the-argument");
    setenv(VARIABLE, "", 1);
    cr_assert(read_from(NULL, NULL, out, &err));
    cr_expect_str_eq(out, "");
}

Test(token, comes_from_the_first_line_of_a_file)
{
    static const char *const files[] = {"abc", "abc\n", "abc\r\n", "abc\nmore\n"};
    struct tmpdir dir;
    tmpdir_make(&dir);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char out[TOKEN_MAX];
        struct kerr err = KERR_INIT;
        tmpdir_write(&dir, "token", files[i]);
        cr_expect(read_from(NULL, tmpdir_file(&dir, "token"), out, &err), "%s", err.msg);
        cr_expect_str_eq(out, "abc", "%zu", i);
    }
    tmpdir_remove(&dir);
}

Test(token, is_refused_without_being_shown)
{
    static char long_one[700];
    memset(long_one, 'g', sizeof long_one - 1);
    const char *const bad[] = {"geheim wort", "geheim\xc3\xa4", "", long_one};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char out[TOKEN_MAX];
        struct kerr err = KERR_INIT;
        cr_expect_not(read_from(bad[i], NULL, out, &err), "%zu", i);
        cr_expect_eq(err.code, KE_CONFIG);
        cr_expect(strstr(err.msg, "control-token"), "%s", err.msg);
        cr_expect_not(strstr(err.msg, "geheim"), "%s", err.msg);
        cr_expect_str_eq(out, "");
    }
}

Test(token, is_given_once_and_its_file_is_there)
{
    char out[TOKEN_MAX];
    struct kerr err = KERR_INIT;
    cr_expect_not(read_from("a", "b", out, &err));
    cr_expect_eq(err.code, KE_USAGE);
    cr_expect(strstr(err.msg, "--control-token-file"), "%s", err.msg);
    err = (struct kerr)KERR_INIT;
    cr_expect_not(read_from(NULL, "/nowhere/token", out, &err));
    cr_expect_eq(err.code, KE_FILE);
    cr_expect(strstr(err.msg, "/nowhere/token"), "%s", err.msg);
}

Test(token, is_the_same_only_as_a_whole)
{
    static const struct {
        const char *token, *given;
        bool same;
    } rows[] = {{"abc", "abc", true},     {"abc", "abd", false}, {"abc", "ab", false},
                {"abc", "abcabc", false}, {"abc", "", false},    {"", "", false},
                {"", "a", false},         {"a", "aa", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(token_same(rows[i].token, rows[i].given, strlen(rows[i].given)), rows[i].same,
                     "'%s' and '%s'", rows[i].token, rows[i].given);
}
