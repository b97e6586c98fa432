/* Pictures of pipelines as JSON (picture.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/picture.h"
#include "conformance/report.h"
#include "kmip/base/text.h"
#include "kmip/schema/dict.h"

static void put_text(json_t *j, const char *key, const char *s)
{
    if (s && s[0])
        json_object_set_new(j, key, report_json_text(s));
}

static void put_number(json_t *j, const char *key, uint32_t n)
{
    if (n > 0)
        json_object_set_new(j, key, json_integer((json_int_t)n));
}

/* As the file will hold it. */
static json_t *ms(double x)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.3f", x);
    return json_real(strtod(digits, NULL));
}

static json_t *event(const struct picture *p, const struct picture_event *e)
{
    json_t *j = json_pack("{s:o, s:s}", "ms", ms(picture_ms(p, e)), "kind",
                          picture_kind_name(e->kind));
    if (e->passed_ns > 0)
        json_object_set_new(j, "passed_ms", ms((double)e->passed_ns / 1e6));
    put_number(j, "connection", e->connection);
    if (e->request > 0) {
        char id[2 * sizeof e->id + 1];
        for (size_t i = 0; i < sizeof e->id; i++)
            snprintf(id + 2 * i, 3, "%02x", e->id[i]);
        put_number(j, "request", e->request);
        put_text(j, "operation", kmip_operation_name(e->operation));
        put_text(j, "id", id);
    }
    if (e->kind == EVENT_REPLY) {
        put_number(j, "order", e->order);
        put_number(j, "records", e->records);
        json_object_set_new(j, "shared_record", json_boolean(e->shared));
    }
    put_text(j, "text", e->text);
    put_text(j, "faults", e->faults);
    put_text(j, "did", e->did);
    return j;
}

json_t *picture_json(const struct picture *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n; i++)
        json_array_append_new(list, event(p, &p->v[i]));
    return list;
}

/* ---- back -------------------------------------------------------------------- */

static uint32_t number_of(const json_t *j, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(j, key));
}

static int64_t ns_of(const json_t *j, const char *key)
{
    double x = json_number_value(json_object_get(j, key)) * 1e6;
    return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static enum picture_kind kind_of(const json_t *j)
{
    const char *name = json_string_value(json_object_get(j, "kind"));
    for (int k = 0; name && k < EVENT_KINDS; k++)
        if (strcmp(picture_kind_name((enum picture_kind)k), name) == 0)
            return (enum picture_kind)k;
    return EVENT_NOTE;
}

static uint32_t operation_of(const json_t *j)
{
    const char *name = json_string_value(json_object_get(j, "operation"));
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str("Operation"));
    const struct kmip_enum_value *v = e && name ? kmip_enum_by_text(e, bytes_str(name)) : NULL;
    return v ? v->value : name ? (uint32_t)strtoul(name, NULL, 16) : 0;
}

static void id_of(const json_t *j, uint8_t id[16])
{
    const char *hex = json_string_value(json_object_get(j, "id"));
    unsigned byte;
    for (size_t i = 0; hex && i < 16 && sscanf(hex, "%2x", &byte) == 1; i++) {
        id[i] = (uint8_t)byte;
        hex += hex[1] ? 2 : 1;
    }
}

size_t picture_load(struct picture_event *v, size_t room, const json_t *events)
{
    size_t n = json_array_size(events) < room ? json_array_size(events) : room;
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_array_get(events, i);
        const char *text = json_string_value(json_object_get(j, "text"));
        v[i] = (struct picture_event){
            .kind = kind_of(j),
            .at_ns = ns_of(j, "ms"),
            .passed_ns = ns_of(j, "passed_ms"),
            .connection = number_of(j, "connection"),
            .request = number_of(j, "request"),
            .operation = operation_of(j),
            .order = number_of(j, "order"),
            .records = number_of(j, "records"),
            .shared = json_is_true(json_object_get(j, "shared_record")),
            .text = text ? text : "",
            .faults = json_string_value(json_object_get(j, "faults")),
            .did = json_string_value(json_object_get(j, "did"))};
        id_of(j, v[i].id);
    }
    return n;
}
