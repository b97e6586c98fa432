/* Clauses as cases, rules and catalogues cite them. */
#include <criterion/criterion.h>

#include "conformance/clause.h"

TestSuite(clause, .timeout = 20);

struct row {
    const char *citing, *clause;
    bool cites;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(clause_cites(rows[i].citing, rows[i].clause), rows[i].cites,
                     "'%s' and '%s'", rows[i].citing, rows[i].clause);
}

Test(clause, names_a_section_among_several)
{
    static const struct row rows[] = {
        {"KMIP 1.2 spec, 4.9", "KMIP 1.2 spec, 4.9", true},
        {"KMIP 1.2 spec, 3.2, 4.9", "KMIP 1.2 spec, 4.9, 11.10", true},
        {"KMIP 1.2 spec, 3.2", "KMIP 1.2 spec, 4.9", false},
        {"KMIP 1.2 spec, 4.9", "KMIP 1.2 spec, 4.90", false},
        {"KMIP Profiles 1.2, 3.1.3 and 3.2.3", "KMIP Profiles 1.2, 3.2.3", true},
        {"KMIP Profiles 1.2, 3.2 TLS 1.2 Authentication Suite", "KMIP Profiles 1.2, 3.2", true},
    };
    check(rows, sizeof rows / sizeof *rows);
}

Test(clause, names_what_is_within_a_section_but_not_what_it_is_in)
{
    static const struct row rows[] = {
        {"KMIP 1.2 spec, 9.1.1.3", "KMIP 1.2 spec, 9.1.1", true},
        {"KMIP 1.2 spec, 9.1.1", "KMIP 1.2 spec, 9.1.1.3", false},
        {"KMIP 1.2 spec, 9.1.10", "KMIP 1.2 spec, 9.1.1", false},
    };
    check(rows, sizeof rows / sizeof *rows);
    cr_expect(clause_touches("KMIP 1.2 spec, 9.1.1", "KMIP 1.2 spec, 9.1.1.3"));
    cr_expect(!clause_touches("KMIP 1.2 spec, 9.1.2", "KMIP 1.2 spec, 9.1.1.3"));
}

Test(clause, is_of_a_document)
{
    static const struct row rows[] = {
        {"KMIP Profiles 1.2, 5.1; KMIP 1.2 spec, 4.25", "KMIP 1.2 spec, 4.25", true},
        {"KMIP Profiles 1.2, 5.1; KMIP 1.2 spec, 4.25", "KMIP 1.2 spec, 5.1", false},
        {"KMIP Profiles 1.2, 4.25", "KMIP 1.2 spec, 4.25", false},
        {"Cryptographic Services Profile 1.0", "Cryptographic Services Profile 1.0", true},
        {"", "", false},
        {"KMIP 1.2 spec, 4.9", "", false},
    };
    check(rows, sizeof rows / sizeof *rows);
}

Test(clause, may_be_one_place_of_a_section)
{
    static const struct row rows[] = {
        {"KMIP 1.2 spec, 3.22 (transition 4), 4.15", "KMIP 1.2 spec, 3.22 (transition 4)", true},
        {"KMIP 1.2 spec, 3.22 (transition 4)", "KMIP 1.2 spec, 3.22 (transition 6)", false},
        {"KMIP 1.2 spec, 3.22", "KMIP 1.2 spec, 3.22 (transition 6)", true},
        {"KMIP 1.2 spec, 3.22 (transitions 1, 2), 4.1", "KMIP 1.2 spec, 4.1", true},
    };
    check(rows, sizeof rows / sizeof *rows);
}

Test(clause, is_filed_under_its_first_chapter)
{
    static const struct {
        const char *clause, *heading;
    } rows[] = {
        {"KMIP 1.2 spec, 4.9", "KMIP 1.2 spec, 4.9"},
        {"KMIP 1.2 spec, 3.18.2.1, 11.1", "KMIP 1.2 spec, 3.18"},
        {"KMIP 1.2 spec, 3.22 (transition 4), 4.15; KMIP test cases, TC-51", "KMIP 1.2 spec, 3.22"},
        {"KMIP Profiles 1.2, 3.1 Basic Authentication Suite", "KMIP Profiles 1.2, 3.1"},
        {"Symmetric Key Lifecycle Profile 1.0", "Symmetric Key Lifecycle Profile 1.0"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 1000);
        clause_heading(rows[i].clause, &out);
        cr_expect_str_eq(buf_cstr(&out), rows[i].heading, "%s", rows[i].clause);
        buf_clear(&out);
    }
}

Test(clause, stands_in_the_order_of_its_numbers)
{
    cr_expect_lt(clause_compare("KMIP 1.2 spec, 4.9", "KMIP 1.2 spec, 4.10"), 0);
    cr_expect_gt(clause_compare("KMIP 1.2 spec, 11.1", "KMIP 1.2 spec, 4.10"), 0);
    cr_expect_eq(clause_compare("KMIP 1.2 spec, 4.9", "KMIP 1.2 spec, 4.9"), 0);
    cr_expect_lt(clause_compare("KMIP 1.2 spec, 4", "KMIP 1.2 spec, 4.1"), 0);
    cr_expect_lt(clause_compare("KMIP 1.2 spec, 4", "KMIP Profiles 1.2, 3.1"), 0);
}
