/* Schemas against tables of fields (schema.h). */
#include "kmip/tests/support/schema.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kmip/schema/dict.h"

enum { POINTER_MAX = 300 };

json_t *schema_load(const char *path)
{
    json_error_t e;
    json_t *schema = json_load_file(path, 0, &e);
    cr_assert(schema, "%s:%d: %s", path, e.line, e.text);
    return schema;
}

/* "#/definitions/x" and {"allOf": [{"$ref": ...}]} lead elsewhere. */
static const json_t *resolve(const json_t *schema, const json_t *at)
{
    const json_t *all = json_object_get(at, "allOf");
    const char *ref = json_string_value(json_object_get(at, "$ref"));
    if (ref && ref[0] == '#')
        return schema_at(schema, ref + 1);
    if (json_array_size(all) == 1)
        return resolve(schema, json_array_get(all, 0));
    return at;
}

const json_t *schema_at(const json_t *schema, const char *pointer)
{
    const json_t *at = schema;
    while (at && *pointer == '/') {
        char step[POINTER_MAX];
        size_t n = strcspn(pointer + 1, "/");
        snprintf(step, sizeof step, "%.*s", (int)n, pointer + 1);
        pointer += 1 + n;
        at = json_is_array(at) ? json_array_get(at, (size_t)(step[0] - '0'))
                               : json_object_get(at, step);
        at = resolve(schema, at);
    }
    return at;
}

static bool holds(const json_t *list, const char *word)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)list, i, v)
        if (json_is_string(v) && strcmp(json_string_value(v), word) == 0)
            return true;
    return false;
}

/* "type": one, or a list. */
static bool has_type(const json_t *at, const char *type)
{
    const json_t *t = json_object_get(at, "type");
    return holds(t, type) || (json_is_string(t) && strcmp(json_string_value(t), type) == 0);
}

void schema_has_names(const json_t *schema, const char *pointer, const char *const *names)
{
    const json_t *list = json_object_get(schema_at(schema, pointer), "enum");
    size_t n = 0;
    cr_assert(json_is_array(list), "%s: no enum", pointer);
    for (; names[n]; n++)
        cr_expect(holds(list, names[n]), "%s: '%s' is not in the schema", pointer, names[n]);
    cr_expect_eq(json_array_size(list), n, "%s: a name too many, or twice", pointer);
}

static void has_bounds(const json_t *at, const char *pointer, const struct yfield *f)
{
    const json_t *min = json_object_get(at, "minimum"), *max = json_object_get(at, "maximum");
    cr_expect(has_type(at, "integer"), "%s: no integer", pointer);
    if (f->min == 0 && f->max == 0)
        return;
    cr_expect(min && json_integer_value(min) == f->min, "%s: minimum", pointer);
    if (f->max == INT64_MAX)
        cr_expect(!max, "%s: a maximum", pointer);
    else
        cr_expect(json_integer_value(max) == f->max, "%s: maximum", pointer);
}

static void has_field(const json_t *schema, const char *pointer, const struct yfield *f)
{
    const json_t *at = schema_at(schema, pointer);
    switch (f->kind) {
    case YF_CHOICE:
        schema_has_names(schema, pointer, f->choices);
        break;
    case YF_INT:
        has_bounds(at, pointer, f);
        break;
    case YF_BOOL:
        cr_expect(has_type(at, "boolean"), "%s: no boolean", pointer);
        break;
    case YF_DURATION:
        cr_expect(at == schema_at(schema, "/definitions/duration"), "%s: no duration", pointer);
        break;
    case YF_STR: /* or a choice or form of texts that the loader looks at later */
        cr_expect(has_type(at, "string") || json_object_get(at, "enum") ||
                      json_object_get(at, "anyOf"), "%s: no text", pointer);
        break;
    case YF_MAP:
        schema_has_fields(schema, pointer, f->fields);
        break;
    case YF_NODE:
        break;
    }
}

static void has_keys(const json_t *at, const char *pointer, const struct yfield *fields)
{
    const json_t *properties = json_object_get(at, "properties");
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)properties, key, v) {
        const struct yfield *f = fields;
        while (f->key && strcmp(f->key, key) != 0)
            f++;
        cr_expect(f->key, "%s: the schema has '%s', which is not read", pointer, key);
        cr_expect_eq(holds(json_object_get(at, "required"), key), f->key && f->required,
                     "%s: is '%s' needed?", pointer, key);
    }
    cr_expect(json_is_false(json_object_get(at, "additionalProperties")),
              "%s: the schema lets other keys pass", pointer);
}

void schema_has_fields(const json_t *schema, const char *pointer, const struct yfield *fields)
{
    static const struct yfield none[] = {{.key = NULL}};
    const json_t *at = schema_at(schema, pointer);
    cr_assert(json_is_object(at), "%s: not in the schema", pointer);
    has_keys(at, pointer, fields ? fields : none);
    for (const struct yfield *f = fields; f && f->key; f++) {
        char below[POINTER_MAX];
        const json_t *own = json_object_get(json_object_get(at, "properties"), f->key);
        snprintf(below, sizeof below, "%s/properties/%s", pointer, f->key);
        cr_expect(own, "%s: not in the schema", below);
        if (!own)
            continue;
        cr_expect(json_object_get(own, "description") ||
                      json_object_get(schema_at(schema, below), "description"),
                  "%s: no description", below);
        has_field(schema, below, f);
    }
}

void schema_has_enumeration(const json_t *schema, const char *pointer, const char *enumeration)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const char *names[128] = {NULL};

    cr_assert(e && e->n < 128, "%s: no enumeration, or a longer one than there is room for",
              enumeration);
    for (size_t k = 0; k < e->n; k++)
        names[k] = e->values[k].name;
    schema_has_names(schema, pointer, names);
}
