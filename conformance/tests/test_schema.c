/* case.schema.json has the keys of the tables by which a case is read, and the names that
 * may stand there. */
#include <criterion/criterion.h>

#include "conformance/case_in.h"
#include "conformance/hostile.h"
#include "conformance/malform.h"
#include "kmip/schema/dict.h"
#include "kmip/tests/support/schema.h"

static json_t *schema;

static void set_up(void)
{
    schema = schema_load("conformance/case.schema.json");
}

static void tear_down(void)
{
    json_decref(schema);
}

TestSuite(case_schema, .init = set_up, .fini = tear_down, .timeout = 30);

Test(case_schema, has_the_keys_of_a_case)
{
    const struct {
        const char *pointer;
        const struct yfield *fields;
    } rows[] = {
        {"", case_fields},
        {"/definitions/object", case_object_fields},
        {"/definitions/step", case_step_fields},
        {"/definitions/item", case_item_fields},
        {"/definitions/step/properties/repeat", case_repeat_fields},
        {"/definitions/step/properties/connect", case_connect_fields},
        {"/definitions/expectation", case_expect_fields},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        schema_has_fields(schema, rows[i].pointer, rows[i].fields);
}

Test(case_schema, has_the_names_of_the_standard)
{
    static const struct {
        const char *pointer, *enumeration;
    } rows[] = {
        {"/definitions/step/properties/operation/anyOf/0", "Operation"},
        {"/definitions/reason/anyOf/1/anyOf/0", "Result Reason"},
        {"/definitions/expectation/properties/status", "Result Status"},
        {"/definitions/object/properties/type", "Object Type"},
        {"/definitions/object/properties/algorithm", "Cryptographic Algorithm"},
        {"/definitions/object/properties/state", "State"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        schema_has_enumeration(schema, rows[i].pointer, rows[i].enumeration);
}

/* What a list of names says, each found by its own look-up. */
static void finds_all(const char *pointer, bool (*find)(const char *name), size_t n)
{
    const json_t *list = json_object_get(schema_at(schema, pointer), "enum");
    size_t i;
    json_t *v;
    cr_expect_eq(json_array_size(list), n, "%s", pointer);
    json_array_foreach((json_t *)list, i, v)
        cr_expect(find(json_string_value(v)), "%s: %s", pointer, json_string_value(v));
}

static bool is_family(const char *name)
{
    return strcmp(name, "all") == 0 || malform_find(name);
}

static bool is_stall(const char *name)
{
    return stall_find(name);
}

static size_t n_stalls(void)
{
    struct buf names;
    size_t n = 1;
    buf_init(&names, 2000);
    stall_names(&names);
    for (const char *p = strchr(buf_cstr(&names), ','); p; p = strchr(p + 1, ','))
        n++;
    buf_clear(&names);
    return n;
}

Test(case_schema, has_the_names_of_hostile_steps)
{
    finds_all("/definitions/step/properties/break/anyOf/0", is_family, n_malform_families + 1);
    finds_all("/definitions/step/properties/stall", is_stall, n_stalls());
}
