/* The suites that come with the program: they load, and they keep the promises that
 * reports and operators rely on. Run from the top of the tree. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "conformance/requirement.h"
#include "conformance/suite.h"
#include "kmip/schema/dict.h"

#define SUITES "conformance/suites"

static struct suites suites;

static void load(void)
{
    static const struct opt_list all = {{"all", "robustness"}, 2};
    struct kerr err = KERR_INIT;
    char text[900];
    bool ok = suites_find(&suites, SUITES, &err) && suites_load(&suites, &all, &err);
    cr_assert(ok, "%s", kerr_format(&err, text, sizeof text));
}

static void unload(void)
{
    suites_clear(&suites);
    requirements_clear();
}

TestSuite(suites, .init = load, .fini = unload, .timeout = 60);

static bool covers(const struct test_case *c, const char *row)
{
    for (size_t i = 0; i < c->covers.n; i++)
        if (strcmp(c->covers.v[i], row) == 0)
            return true;
    return false;
}

static size_t cases_of(const char *row)
{
    size_t n = 0;
    for (const struct test_case *c = suites.first; c; c = c->next)
        n += covers(c, row);
    return n;
}

Test(suites, every_profile_has_cases)
{
    for (size_t i = 0; i < n_profiles; i++) {
        size_t n = 0;
        for (const struct test_case *c = suites.first; c; c = c->next)
            n += strcmp(c->suite, profiles[i].name) == 0;
        cr_expect_gt(n, 0, "%s", profiles[i].name);
    }
}

/* A file that bears another name than its case is not found by whoever looks for it. The
 * published cases have numbers with a leading zero in their files, to sort well. */
Test(suites, a_case_is_found_under_its_id)
{
    for (const struct test_case *c = suites.first; c; c = c->next) {
        const char *slash = strrchr(c->path, '/'), *name = slash ? slash + 1 : c->path;
        if (c->probe || strncmp(c->id, "cs-bc-m-", 8) == 0)
            continue;
        size_t n = strlen(c->id);
        cr_expect(strncmp(name, c->id, n) == 0 && strcmp(name + n, ".yaml") == 0, "%s holds %s",
                  c->path, c->id);
    }
}

/* A row's own suite covers it: a run of one profile asks all that the profile requires. */
Test(suites, every_requirement_has_a_case_in_its_own_suite_or_a_reason)
{
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        const struct profile *p = profile_find(q->profile);
        size_t n = 0;
        for (const struct test_case *c = suites.first; c; c = c->next)
            n += covers(c, q->row) && strcmp(c->suite, q->profile) == 0;
        cr_expect(p && p->by_default, "%s is covered by no run without --profile", q->row);
        cr_expect(n > 0 || q->without_case[0], "%s has no case in %s", q->row, q->profile);
    }
}

Test(suites, every_requirement_has_a_case_or_a_reason)
{
    cr_assert_gt(requirements_count(), 100);
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        cr_expect(cases_of(q->row) > 0 || q->without_case[0], "%s: %s", q->row, q->text);
    }
}

Test(suites, no_reason_stands_beside_a_case)
{
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        cr_expect(cases_of(q->row) == 0 || !q->without_case[0],
                  "%s is covered, yet says: %s", q->row, q->without_case);
    }
}

Test(suites, every_case_covers_a_row)
{
    for (const struct test_case *c = suites.first; c; c = c->next)
        cr_expect(c->covers.n > 0 || c->probe, "%s", c->path);
}

static bool has_digit(const char *s)
{
    while (*s && !isdigit((unsigned char)*s))
        s++;
    return *s != 0;
}

/* "KMIP 1.2 spec, 4.25": a document and a place in it, without the version's own digits. */
Test(suites, every_clause_names_a_section)
{
    for (const struct test_case *c = suites.first; c; c = c->next) {
        const char *comma = strchr(c->clause, ',');
        cr_expect(comma && (has_digit(comma) || strstr(comma, "conformance clause")), "%s: %s", c->path,
                  c->clause);
    }
}

/* ---- what a case writes down ------------------------------------------------- */

/* $RUN, $RUN-more or text with ${RUN} in front; or $CASE's variables of the case, which hold
 * what such a name was bound to. */
static bool begins_with_the_run(const struct test_case *c, const char *text)
{
    if (strncmp(text, "$RUN", 4) == 0)
        return text[4] == 0 || text[4] == '-';
    if (strncmp(text, "${RUN}", 6) == 0)
        return true;
    const struct ynode *var = text[0] == '$' ? ynode_get(c->vars, text + 1) : NULL;
    return var && var->kind == YNODE_SCALAR && begins_with_the_run(c, var->text);
}

static void one_name(const struct test_case *c, const char *what, const struct ynode *n)
{
    if (n->tag && strcmp(n->tag, "!indexed") == 0)
        n = ynode_get(n, "value");
    if (n && n->kind == YNODE_MAP)
        n = ynode_get(n, "Name Value");
    if (n && n->kind == YNODE_SCALAR && n->text[0] && !ynode_is_null(n))
        cr_expect(begins_with_the_run(c, n->text), "%s:%u: the %s '%s' does not begin with $RUN",
                  c->path, n->line, what, n->text);
}

/* Attributes by which clients find objects: on a production server ours are told from others
 * by the run's prefix alone, and nothing of ours may get into another's group. */
static void check_names(const struct test_case *c, const struct ynode *attributes)
{
    static const char *const names[] = {"Name", "Object Group", "x-ID"};
    for (size_t k = 0; attributes && k < sizeof names / sizeof *names; k++) {
        const struct ynode *v = ynode_get(attributes, names[k]);
        if (v && v->kind == YNODE_SEQ)
            for (size_t i = 0; i < v->n; i++)
                one_name(c, names[k], v->vals[i]);
        else if (v)
            one_name(c, names[k], v);
    }
}

/* What requests write: template attributes, templates, Add and Modify Attribute. */
static void check_written(const struct test_case *c, const struct ynode *n)
{
    for (size_t i = 0; n && i < n->n; i++) {
        if (n->kind == YNODE_MAP && strcmp(n->keys[i]->text, "Attributes") == 0)
            check_names(c, n->vals[i]);
        check_written(c, n->vals[i]);
    }
}

Test(suites, every_name_begins_with_the_run)
{
    for (const struct test_case *c = suites.first; c; c = c->next) {
        for (size_t i = 0; i < c->n_objects; i++) {
            const struct ynode *name = c->objects[i].object_name;
            for (size_t k = 0; name && k < (name->kind == YNODE_SEQ ? name->n : 1); k++)
                one_name(c, "name", name->kind == YNODE_SEQ ? name->vals[k] : name);
            check_names(c, c->objects[i].attributes);
        }
        for (size_t i = 0; i < c->n_steps; i++) {
            for (size_t k = 0; k < c->steps[i].n_items; k++)
                if (c->steps[i].items[k].operation != KMIP_OPERATION_LOCATE)
                    check_written(c, c->steps[i].items[k].payload);
            check_written(c, c->steps[i].message);
        }
    }
}

/* What a Baseline Server must have is not asked of it as if it were optional: a server
 * without it fails the case. */
Test(suites, no_case_needs_what_is_mandatory)
{
    static const uint32_t mandatory[] = {
        KMIP_OPERATION_LOCATE,           KMIP_OPERATION_CHECK,
        KMIP_OPERATION_GET,              KMIP_OPERATION_GET_ATTRIBUTES,
        KMIP_OPERATION_GET_ATTRIBUTE_LIST, KMIP_OPERATION_ADD_ATTRIBUTE,
        KMIP_OPERATION_MODIFY_ATTRIBUTE, KMIP_OPERATION_DELETE_ATTRIBUTE,
        KMIP_OPERATION_ACTIVATE,         KMIP_OPERATION_REVOKE,
        KMIP_OPERATION_DESTROY,          KMIP_OPERATION_QUERY,
        KMIP_OPERATION_DISCOVER_VERSIONS};
    for (const struct test_case *c = suites.first; c; c = c->next)
        for (size_t i = 0; i < c->n_needs_operations; i++)
            for (size_t k = 0; k < sizeof mandatory / sizeof *mandatory; k++)
                cr_expect_neq(c->needs_operations[i], mandatory[k], "%s needs %s", c->path,
                              kmip_operation_name(mandatory[k]));
}

/* The report prints the note of the step that decided. */
Test(suites, cases_that_end_in_a_failure_have_notes)
{
    for (const struct test_case *c = suites.first; c; c = c->next) {
        size_t notes = 0;
        for (size_t i = 0; i < c->n_steps; i++)
            notes += c->steps[i].note != NULL;
        cr_expect(notes > 0 || c->probe || strncmp(c->id, "operation-", 10) == 0, "%s has no note at all", c->path);
    }
}
