/* The server of a report as the target of a run (report_load.h). */
#include <stdlib.h>

#include "conformance/report_load.h"
#include "kmip/base/text.h"

/* A name of the standard, or a number as kmip_name_of gives it for what has none. */
static uint32_t value_of(const char *enumeration, const char *name)
{
    const struct kmip_enum *e = kmip_enum_by_name(bytes_str(enumeration));
    const struct kmip_enum_value *v = e ? kmip_enum_by_text(e, bytes_str(name)) : NULL;
    return v ? v->value : (uint32_t)strtoul(name, NULL, 16);
}

static size_t load_values(uint32_t *out, size_t room, const char *enumeration, const json_t *names)
{
    size_t n = json_array_size(names) < room ? json_array_size(names) : room;
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        out[i] = value_of(enumeration, name ? name : "");
    }
    return n;
}

static void load_versions(struct target *t, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (t->n_versions < sizeof t->versions)
            t->versions[t->n_versions++] = kmip_version_parse(bytes_str(name ? name : ""));
    }
}

static int64_t date_of(const json_t *object, const char *key)
{
    int64_t seconds = 0;
    return text_date(bytes_str(report_text_of(object, key)), &seconds) ? seconds : 0;
}

static void load_tls(struct tls_info *t, const json_t *tls, const json_t *certificate)
{
    snprintf(t->version, sizeof t->version, "%s", report_text_of(tls, "version"));
    snprintf(t->suite, sizeof t->suite, "%s", report_text_of(tls, "suite"));
    snprintf(t->group, sizeof t->group, "%s", report_text_of(tls, "group"));
    t->has_peer = certificate != NULL;
    snprintf(t->peer_subject, sizeof t->peer_subject, "%s", report_text_of(certificate, "subject"));
    snprintf(t->peer_issuer, sizeof t->peer_issuer, "%s", report_text_of(certificate, "issuer"));
    snprintf(t->peer_sha256, sizeof t->peer_sha256, "%s", report_text_of(certificate, "sha256"));
    t->peer_not_before = date_of(certificate, "not_before");
    t->peer_not_after = date_of(certificate, "not_after");
}

void report_load_target(struct report_loaded *l, const json_t *target)
{
    struct target_options o = {.object = NULL};
    struct target *t = &l->target;
    const json_t *offset = json_object_get(target, "clock_offset_seconds");
    uint8_t version = kmip_version_parse(bytes_str(report_text_of(target, "protocol")));
    kc_settings_init(&o.settings);
    o.settings.host = report_text_of(target, "host");
    o.settings.port = strtol(report_text_of(target, "port"), NULL, 10);
    if (version != 0)
        o.settings.version = version;
    target_init(t, &o);
    snprintf(t->port, sizeof t->port, "%s", report_text_of(target, "port"));
    t->vendor = report_text_of(target, "vendor");
    load_versions(t, json_object_get(target, "versions"));
    t->n_operations = load_values(t->operations, TARGET_OPERATIONS_MAX, "Operation",
                                  json_object_get(target, "operations"));
    t->n_objects = load_values(t->objects, sizeof t->objects / sizeof *t->objects, "Object Type",
                               json_object_get(target, "objects"));
    load_tls(&t->tls, json_object_get(target, "tls"), json_object_get(target, "certificate"));
    t->has_offset = json_is_integer(offset);
    t->offset_s = report_number_of(target, "clock_offset_seconds");
    l->result.virtual_time = json_is_true(json_object_get(target, "virtual_time"));
}
