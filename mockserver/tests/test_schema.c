/* mock.schema.json has the keys of the tables by which a configuration is read, and the
 * standard's names. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "kmip/schema/dict.h"
#include "kmip/tests/support/schema.h"
#include "mockserver/fault_action.h"
#include "mockserver/tables.h"

static json_t *schema;

static void set_up(void)
{
    schema = schema_load("mockserver/mock.schema.json");
}

static void tear_down(void)
{
    json_decref(schema);
}

TestSuite(mock_schema, .init = set_up, .fini = tear_down, .timeout = 30);

Test(mock_schema, has_the_keys_of_the_configuration)
{
    const struct {
        const char *pointer;
        const struct yfield *fields;
    } rows[] = {
        {"", config_fields},
        {"/definitions/clock", read_clock_server_fields},
        {"/definitions/connection_clock", read_clock_choice_fields},
        {"/definitions/jump", read_clock_jump_fields},
        {"/definitions/clock/properties/strobe", read_clock_strobe_fields},
        {"/definitions/fault", fault_read_fields},
        {"/definitions/match", fault_match_fields},
        {"/definitions/state", fault_state_fields},
        {"/definitions/object", preload_fields},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        schema_has_fields(schema, rows[i].pointer, rows[i].fields);
}

/* A password is always asked for, in words of its own. */
Test(mock_schema, has_the_keys_of_credentials)
{
    json_t *credential = (json_t *)schema_at(schema, "/definitions/credential");
    cr_assert_eq(json_array_size(json_object_get(credential, "required")), 1);
    json_object_del(credential, "required");
    schema_has_fields(schema, "/definitions/credential", config_credential_fields);
}

/* ACTION/anyOf: the parameters, the main one alone, nothing; as the action's row has it. */
static void has_action(const struct fault_action *a)
{
    char in[200], params[200];
    snprintf(in, sizeof in, "/definitions/action/anyOf/1/properties/%s", a->name);
    snprintf(params, sizeof params, "/definitions/action_%s", a->name);
    cr_expect(schema_at(schema, in), "%s: not in the schema", a->name);
    if (a->fields)
        schema_has_fields(schema, params, a->fields);
    const json_t *ways = json_object_get(schema_at(schema, in), "anyOf");
    size_t n = (a->fields != NULL) + (a->main != NULL) + (a->bare && a->fields);
    cr_expect_eq(ways ? json_array_size(ways) : 1, n ? n : 1, "%s: how it is written", a->name);
    if (!a->main)
        return;
    char main_one[300];
    snprintf(main_one, sizeof main_one, "#/definitions/action_%s/properties/%s", a->name, a->main);
    const json_t *ref = json_object_get(json_array_get(ways, 1), "$ref");
    cr_expect_str_eq(json_string_value(ref), main_one);
}

Test(mock_schema, has_every_action_with_its_parameters)
{
    const struct fault_action *a;
    const char *bare[96] = {NULL};
    size_t n = 0, n_bare = 0;
    for (; (a = fault_action_at(n)); n++) {
        has_action(a);
        cr_assert_lt(n_bare, 95);
        if (a->bare)
            bare[n_bare++] = a->name;
    }
    cr_expect_eq(json_object_size(schema_at(schema, "/definitions/action/anyOf/1/properties")), n);
    schema_has_names(schema, "/definitions/action/anyOf/0", bare);
}

Test(mock_schema, has_the_names_of_the_standard)
{
    static const struct {
        const char *pointer, *enumeration;
    } rows[] = {
        {"/definitions/operation", "Operation"},
        {"/definitions/enum_status", "Result Status"},
        {"/definitions/enum_reason", "Result Reason"},
        {"/definitions/object/properties/algorithm", "Cryptographic Algorithm"},
        {"/definitions/object/properties/format", "Key Format Type"},
        {"/definitions/object/properties/secret_data_type", "Secret Data Type"},
        {"/definitions/object/properties/state", "State"},
        {"/definitions/object/properties/revocation/properties/reason", "Revocation Reason Code"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        schema_has_enumeration(schema, rows[i].pointer, rows[i].enumeration);
}
