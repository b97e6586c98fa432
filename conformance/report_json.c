/* The report as JSON (report.h): for machines, and for making other reports later. */
#include <jansson.h>
#include <stdlib.h>

#include "conformance/report.h"
#include "conformance/requirement.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/form/form.h"

#define REPORT_VERSION 1

static json_t *text_of(struct bytes msg, bool secrets)
{
    struct form_options o = {.show_secrets = secrets};
    struct buf b;
    buf_init(&b, 4u << 20);
    form_text(msg, &o, &b);
    json_t *j = json_stringn_nocheck((const char *)b.p, b.n);
    if (!j || !text_utf8(buf_bytes(&b))) {
        json_decref(j);
        j = json_string("(not printable)");
    }
    buf_clear(&b);
    return j;
}

static json_t *date_of(int64_t wall_ns)
{
    char date[40];
    return json_string(text_date_out(wall_ns / NS_PER_S, date));
}

static json_t *target_json(const struct target *t)
{
    json_t *versions = json_array(), *operations = json_array(), *objects = json_array();
    for (size_t i = 0; i < t->n_versions; i++)
        json_array_append_new(versions, json_string(kmip_version_text(t->versions[i])));
    for (size_t i = 0; i < t->n_operations; i++)
        json_array_append_new(operations, json_string(kmip_operation_name(t->operations[i])));
    for (size_t i = 0; i < t->n_objects; i++)
        json_array_append_new(objects, json_string(kmip_name_of("Object Type", t->objects[i])));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:I, s:I}, s:I}",
                     "host", t->opt.settings.host, "port", t->port, "vendor", t->vendor, "protocol",
                     kmip_version_text(t->opt.settings.version), "versions", versions, "operations", operations,
                     "objects", objects, "tls", "version", t->tls.version, "suite", t->tls.suite, "group",
                     t->tls.group, "certificate", "subject", t->tls.peer_subject, "issuer", t->tls.peer_issuer,
                     "sha256", t->tls.peer_sha256, "not_before", (json_int_t)t->tls.peer_not_before, "not_after",
                     (json_int_t)t->tls.peer_not_after, "clock_offset_seconds", (json_int_t)t->offset_s);
}

static json_t *mismatch_json(const struct mismatch *m)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:b}", "expected", m->expected, "actual", m->actual, "path", m->path,
                          "must", (int)m->must);
    if (m->off != KERR_NO_OFF)
        json_object_set_new(j, "offset", json_integer(m->off));
    if (m->clause)
        json_object_set_new(j, "clause", json_string(m->clause));
    if (m->rule[0])
        json_object_set_new(j, "rule", json_string(m->rule));
    return j;
}

static json_t *exchange_json(const struct exchange *e, const struct case_result *c, bool secrets)
{
    json_t *j = json_pack("{s:s, s:f, s:f}", "client", e->client, "sent_ms",
                          (double)(e->sent_ns - c->started_ns) / 1e6, "took_ms", (double)e->took_ns / 1e6);
    if (e->step != SIZE_MAX)
        json_object_set_new(j, "step", json_integer((json_int_t)e->step + 1));
    json_object_set_new(j, "request", text_of(e->request, secrets));
    if (e->reply.n > 0)
        json_object_set_new(j, "reply", text_of(e->reply, secrets));
    return j;
}

static json_t *case_json(const struct case_result *c, bool secrets)
{
    json_t *covers = json_array(), *found = json_array(), *exchanges = json_array();
    for (size_t i = 0; i < c->tc->covers.n; i++)
        json_array_append_new(covers, json_string(c->tc->covers.v[i]));
    for (size_t i = 0; i < c->found.n; i++)
        json_array_append_new(found, mismatch_json(&c->found.v[i]));
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        json_array_append_new(exchanges, exchange_json(e, c, secrets));
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:f, s:o, s:o, s:o}", "id", c->tc->id, "suite",
                          c->tc->suite, "title", c->tc->title, "clause", c->tc->clause, "level",
                          level_name(c->tc->level), "round", (int)c->round, "verdict", verdict_name(c->verdict),
                          "reason", c->reason, "took_ms", (double)c->took_ns / 1e6, "covers", covers, "mismatches",
                          found, "exchanges", exchanges);
    if (c->step != SIZE_MAX)
        json_object_set_new(j, "step", json_integer((json_int_t)c->step + 1));
    return j;
}

static json_t *counts_json(const size_t n[VERDICT_COUNT_])
{
    json_t *j = json_object();
    for (int v = 0; v < VERDICT_COUNT_; v++)
        json_object_set_new(j, verdict_name((enum verdict)v), json_integer((json_int_t)n[v]));
    return j;
}

bool report_json(const char *path, const struct run_result *r, struct kerr *err)
{
    json_t *cases = json_array();
    for (const struct case_result *c = r->cases; c; c = c->next)
        json_array_append_new(cases, case_json(c, r->show_secrets));
    json_t *root = json_pack("{s:i, s:{s:s, s:s}, s:s, s:o, s:f, s:b, s:o, s:o, s:o, s:I}", "report_version",
                             REPORT_VERSION, "tool", "name", "kmip-conform", "version", KMIP_CONFORM_VERSION, "run",
                             r->run_prefix, "started", date_of(r->started_wall_ns), "took_ms",
                             (double)r->took_ns / 1e6, "interrupted", (int)r->interrupted, "target",
                             target_json(r->target), "counts", counts_json(r->counts.n), "cases", cases,
                             "left_behind", (json_int_t)r->left_behind);
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    bool ok = text ? file_write(path, bytes_str(text), 0644, err)
                   : kerr_set(err, KE_MEMORY, "no memory for the JSON report");
    free(text);
    json_decref(root);
    return ok;
}
