/* The report as JSON (report.h): for machines, and for making other reports later. In
 * short; report.schema.json tells each field.
 *
 *   report_version   1; raised when a field changes its meaning or goes
 *   tool             {name, version}
 *   run              the prefix of everything that was made
 *   started          ISO 8601, UTC; took_ms
 *   exit_code, strict, interrupted; show_secrets: nothing is redacted (only then)
 *   reach            options of kmip-conform that reach this server again
 *   stopped          why the run ended early (only then); not_run: cases it did not come to
 *   gate             {result: open | unreachable | refused | configuration | interrupted, reason}
 *   target           {host, port, vendor, protocol, versions, operations, objects,
 *                    tls {version, suite, group}, certificate {subject, issuer, sha256,
 *                    not_before, not_after}, virtual_time, clock_offset_seconds}
 *   counts           cases by verdict; profiles: [{name, title, counts}]
 *   cases            [{id, suite, title, clause, level, provisional, file, covers, verdict,
 *                    reason, took_ms, rerun,
 *                    step, step_note      the step that decided, from 1 (if one did)
 *                    why                  for whoever meets the failure
 *                    steps: [{note, client, line, yaml}]
 *                    rounds, verdicts     with --repeat: how often each verdict came
 *                    known {...}          the entry of the baseline that it is known by
 *                    evidence: [lines that a probe saw],
 *                    mismatches: [{field, expected, actual, path, offset, clause, rule, must}],
 *                    more_mismatches      that were not kept (only if there are any)
 *                    exchanges: [{step, client, sent_ms, took_ms, note,
 *                      request, request_offsets, request_hex, reply, reply_...}]}]
 *   requirements     [{row, profile, clause, mark, text, without_case}]: all rows that suites
 *                    must cover; without_case says why none does
 *   baseline         {file, known, stale, expired, nowhere}: with --baseline
 *   shard            {index, of, cases}: with --shard; cases are those of all shards
 *   driver           what the driver suite found out (only when it was run): handshake, wire,
 *                    create, pipeline, clock, attributes, connections, advice
 *   left_behind      [{unique_identifier | attribute and value, case, client, reason}];
 *                    journal: the file that lists them (only if there are any)
 *
 * A case is found by its id. Fields without value are left out. Messages are text, with
 * key material redacted unless asked for; offsets are bytes of the reply. Of each line of such
 * a text `..._offsets` has the place of its item in the message, "-" for a remark, with blanks
 * between them; `..._hex` has all bytes, "xx" for one that is redacted. */
#include <jansson.h>
#include <stdlib.h>

#include "conformance/baseline.h"
#include "conformance/report.h"
#include "conformance/report_driver.h"
#include "conformance/report_message.h"
#include "conformance/report_read.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

/* ---- small parts ------------------------------------------------------------ */

static void put(json_t *object, const char *key, const char *s)
{
    json_object_set_new(object, key, report_json_text(s));
}

static void put_int(json_t *object, const char *key, int64_t n)
{
    json_object_set_new(object, key, json_integer((json_int_t)n));
}

static void put_ms(json_t *object, const char *key, int64_t ns)
{
    json_object_set_new(object, key, json_real((double)(ns / 1000) / 1e3));
}

static void put_bool(json_t *object, const char *key, bool b)
{
    json_object_set_new(object, key, json_boolean(b));
}

static void put_date(json_t *object, const char *key, int64_t seconds)
{
    char date[40];
    put(object, key, text_date_out(seconds, date));
}

/* The offset of each line, blanks between them. */
static void put_offsets(json_t *object, const char *key, const struct shown *s)
{
    struct buf b;
    buf_init(&b, 64u << 20);
    for (size_t i = 0; i < s->n_lines; i++) {
        buf_puts(&b, i > 0 ? " " : "");
        if (s->offsets[i] == KERR_NO_OFF)
            buf_putc(&b, '-');
        else
            buf_printf(&b, "%u", s->offsets[i]);
    }
    put(object, key, buf_cstr(&b));
    buf_clear(&b);
}

static void put_message(json_t *object, const struct run_result *r, const struct exchange *e,
                        enum exchange_side side)
{
    static const char *const keys[EXCHANGE_SIDES][3] = {
        [EXCHANGE_REQUEST] = {"request", "request_offsets", "request_hex"},
        [EXCHANGE_REPLY] = {"reply", "reply_offsets", "reply_hex"}};
    struct report_message m;
    report_message(&m, r, e, side);
    if (m.shown.text) {
        put(object, keys[side][0], m.shown.text);
        put_offsets(object, keys[side][1], &m.shown);
        put(object, keys[side][2], m.shown.hex);
    }
    report_message_clear(&m);
}

static json_t *counts_of(const size_t n[VERDICT_COUNT_])
{
    json_t *j = json_object();
    for (int v = 0; v < VERDICT_COUNT_; v++)
        put_int(j, verdict_name((enum verdict)v), (int64_t)n[v]);
    return j;
}

/* ---- the server ------------------------------------------------------------- */

static json_t *certificate_of(const struct tls_info *tls)
{
    json_t *j = json_object();
    put(j, "subject", tls->peer_subject);
    put(j, "issuer", tls->peer_issuer);
    put(j, "sha256", tls->peer_sha256);
    put_date(j, "not_before", tls->peer_not_before);
    put_date(j, "not_after", tls->peer_not_after);
    return j;
}

static json_t *tls_of(const struct tls_info *tls)
{
    json_t *j = json_object();
    put(j, "version", tls->version);
    put(j, "suite", tls->suite);
    put(j, "group", tls->group);
    return j;
}

static json_t *target_of(const struct run_result *r)
{
    const struct target *t = r->target;
    json_t *j = json_object(), *versions = json_array(), *operations = json_array(),
           *objects = json_array();
    for (size_t i = 0; i < t->n_versions; i++)
        json_array_append_new(versions, report_json_text(kmip_version_text(t->versions[i])));
    for (size_t i = 0; i < t->n_operations; i++)
        json_array_append_new(operations, report_json_text(kmip_operation_name(t->operations[i])));
    for (size_t i = 0; i < t->n_objects; i++)
        json_array_append_new(objects, report_json_text(kmip_name_of("Object Type", t->objects[i])));
    put(j, "host", t->opt.settings.host);
    put(j, "port", t->port);
    put(j, "vendor", t->vendor);
    put(j, "protocol", kmip_version_text(t->opt.settings.version));
    json_object_set_new(j, "versions", versions);
    json_object_set_new(j, "operations", operations);
    json_object_set_new(j, "objects", objects);
    if (t->tls.version[0])
        json_object_set_new(j, "tls", tls_of(&t->tls));
    if (t->tls.has_peer)
        json_object_set_new(j, "certificate", certificate_of(&t->tls));
    json_object_set_new(j, "virtual_time", json_boolean(r->virtual_time));
    if (t->has_offset)
        put_int(j, "clock_offset_seconds", t->offset_s);
    return j;
}

static json_t *gate_of(const struct run_result *r)
{
    static const char *const names[] = {[GATE_OPEN] = "open", [GATE_UNREACHABLE] = "unreachable",
                                        [GATE_REFUSED] = "refused", [GATE_CONFIG] = "configuration",
                                        [GATE_INTERRUPTED] = "interrupted"};
    json_t *j = json_object();
    put(j, "result", names[r->gate]);
    if (r->gate != GATE_OPEN)
        put(j, "reason", r->gate_text);
    return j;
}

/* ---- cases ------------------------------------------------------------------ */

static json_t *mismatch_of(const struct mismatch *m)
{
    json_t *j = json_object();
    if (m->field && m->field[0])
        put(j, "field", m->field);
    put(j, "expected", m->expected);
    put(j, "actual", m->actual);
    if (m->off != KERR_NO_OFF) {
        put(j, "path", m->path);
        put_int(j, "offset", m->off);
    }
    if (m->clause)
        put(j, "clause", m->clause);
    if (m->rule[0])
        put(j, "rule", m->rule);
    put_bool(j, "must", m->must);
    return j;
}

static json_t *exchange_of(const struct run_result *r, const struct case_result *c,
                           const struct exchange *e)
{
    json_t *j = json_object();
    if (e->step < c->tc->n_steps)
        put_int(j, "step", (int64_t)e->step + 1);
    put(j, "client", e->client);
    put_ms(j, "sent_ms", e->sent_ns - c->started_ns);
    put_ms(j, "took_ms", e->took_ns);
    put_message(j, r, e, EXCHANGE_REQUEST);
    put_message(j, r, e, EXCHANGE_REPLY);
    if (e->note[0])
        put(j, "note", e->note);
    return j;
}

/* Evidence of a probe, a line each. */
static json_t *lines_of(const char *s)
{
    json_t *lines = json_array();
    for (const char *end; *s; s = *end ? end + 1 : end) {
        struct buf line;
        end = s + strcspn(s, "\n");
        buf_init(&line, 1u << 16);
        buf_put(&line, s, (size_t)(end - s));
        json_array_append_new(lines, report_json_text(buf_cstr(&line)));
        buf_clear(&line);
    }
    return lines;
}

static void put_evidence(json_t *j, const struct run_result *r, const struct case_result *c)
{
    json_t *found = json_array(), *exchanges = json_array();
    for (size_t i = 0; i < c->found.n; i++)
        json_array_append_new(found, mismatch_of(&c->found.v[i]));
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        json_array_append_new(exchanges, exchange_of(r, c, e));
    if (c->evidence[0])
        json_object_set_new(j, "evidence", lines_of(c->evidence));
    json_object_set_new(j, "mismatches", found);
    if (c->found.dropped > 0)
        put_int(j, "more_mismatches", (int64_t)c->found.dropped);
    json_object_set_new(j, "exchanges", exchanges);
}

static void put_given(json_t *object, const char *key, const char *s)
{
    if (s && s[0])
        put(object, key, s);
}

/* An entry of the baseline. */
static json_t *known_of(const struct known *k)
{
    json_t *j = json_object();
    put_given(j, "cause", k->cause);
    put_given(j, "clause", k->clause);
    put_given(j, "note", k->note);
    put_given(j, "expires", k->expires);
    put(j, "reason", k->reason);
    put_int(j, "line", k->line);
    return j;
}

static json_t *steps_of(const struct test_case *tc)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < tc->n_steps; i++) {
        const struct case_step *s = &tc->steps[i];
        json_t *j = json_object();
        struct buf yaml;
        buf_init(&yaml, 16u << 20);
        report_step(&yaml, tc, i);
        put_given(j, "note", s->note);
        put_given(j, "client", s->client);
        put_int(j, "line", s->node->line);
        put(j, "yaml", buf_cstr(&yaml));
        json_array_append_new(steps, j);
        buf_clear(&yaml);
    }
    return steps;
}

static json_t *case_of(const struct run_result *r, const struct case_tally *t)
{
    const struct test_case *tc = t->tc;
    const struct case_result *c = t->worst;
    json_t *j = json_object(), *covers = json_array();
    struct buf command;
    for (size_t i = 0; i < tc->covers.n; i++)
        json_array_append_new(covers, report_json_text(tc->covers.v[i]));
    put(j, "id", tc->id);
    put(j, "suite", tc->suite);
    put(j, "title", tc->title);
    put(j, "clause", tc->clause);
    put(j, "level", level_name(tc->level));
    put_bool(j, "provisional", tc->provisional);
    put_given(j, "why", tc->why);
    put(j, "file", tc->path);
    if (tc->n_steps > 0)
        json_object_set_new(j, "steps", steps_of(tc));
    json_object_set_new(j, "covers", covers);
    put(j, "verdict", verdict_name(c->verdict));
    put(j, "reason", c->reason);
    put_ms(j, "took_ms", c->took_ns);
    if (c->step < tc->n_steps)
        put_int(j, "step", (int64_t)c->step + 1);
    if (c->step_note[0])
        put(j, "step_note", c->step_note);
    if (t->rounds > 1) {
        put_int(j, "rounds", (int64_t)t->rounds);
        json_object_set_new(j, "verdicts", counts_of(t->n));
    }
    if (t->known)
        json_object_set_new(j, "known", known_of(t->known));
    buf_init(&command, 32768);
    report_command(&command, r, tc);
    put(j, "rerun", buf_cstr(&command));
    buf_clear(&command);
    put_evidence(j, r, c);
    return j;
}

static json_t *profile_of(const struct run_result *r, const char *suite)
{
    size_t n[VERDICT_COUNT_];
    json_t *j = json_object();
    report_suite_counts(r, suite, n);
    put(j, "name", suite);
    put(j, "title", report_suite(suite));
    json_object_set_new(j, "counts", counts_of(n));
    return j;
}

static json_t *left_of(const struct journal *j)
{
    json_t *list = json_array();
    for (size_t i = 0; j && i < j->n; i++) {
        const struct journal_entry *e = &j->v[i];
        if (e->gone)
            continue;
        json_t *x = json_object();
        if (e->uid[0]) {
            put(x, "unique_identifier", e->uid);
        } else {
            put(x, "attribute", e->attribute);
            put(x, "value", e->value);
        }
        put(x, "case", e->case_id);
        put(x, "client", e->client);
        if (e->why)
            put(x, "reason", e->why);
        json_array_append_new(list, x);
    }
    return list;
}

/* An entry that a person should look at. */
static json_t *listed(const struct known *k)
{
    json_t *j = json_object();
    put(j, "case", k->id);
    put(j, "verdict", verdict_name(k->verdict));
    put_int(j, "line", k->line);
    if (k->now)
        put(j, "now", k->now);
    else if (k->expired)
        put(j, "expires", k->expires);
    return j;
}

static json_t *baseline_of(const struct run_result *r)
{
    const struct baseline *b = r->baseline;
    json_t *j = json_object(), *stale = json_array(), *expired = json_array(),
           *nowhere = json_array();
    size_t known = 0;
    for (size_t i = 0; i < r->n_tallies; i++)
        known += r->tallies[i].known != NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct known *k = &b->v[i];
        if (k->now || k->nowhere || k->expired)
            json_array_append_new(k->now ? stale : k->nowhere ? nowhere : expired, listed(k));
    }
    put(j, "file", b->path);
    put_int(j, "known", (int64_t)known);
    json_object_set_new(j, "stale", stale);
    json_object_set_new(j, "expired", expired);
    json_object_set_new(j, "nowhere", nowhere);
    return j;
}

static json_t *requirements_of(const struct run_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_requirements; i++) {
        const struct requirement *q = &r->requirements[i];
        json_t *j = json_object();
        put(j, "row", q->row);
        put(j, "profile", q->profile);
        put(j, "clause", q->clause);
        put(j, "mark", q->mark);
        put(j, "text", q->text);
        put_given(j, "without_case", q->without_case);
        json_array_append_new(list, j);
    }
    return list;
}

static json_t *shard_of_run(const struct run_shard *s)
{
    json_t *j = json_object(), *cases = json_array();
    for (size_t i = 0; i < s->n_cases; i++)
        json_array_append_new(cases, report_json_text(s->cases[i]->id));
    put_int(j, "index", s->index);
    put_int(j, "of", s->of);
    json_object_set_new(j, "cases", cases);
    return j;
}

/* ---- the report ------------------------------------------------------------- */

static void put_head(json_t *root, const struct run_result *r)
{
    json_t *tool = json_object();
    put(tool, "name", "kmip-conform");
    put(tool, "version", r->tool_version ? r->tool_version : KMIP_CONFORM_VERSION);
    put_int(root, "report_version", REPORT_VERSION);
    json_object_set_new(root, "tool", tool);
    put(root, "run", r->run_prefix);
    put_date(root, "started", r->started_wall_ns / NS_PER_S);
    put_ms(root, "took_ms", r->took_ns);
    put_int(root, "exit_code", result_exit(r));
    put_bool(root, "strict", r->strict);
    if (r->show_secrets)
        put_bool(root, "show_secrets", true);
    put_bool(root, "interrupted", r->interrupted);
    put_given(root, "reach", r->reach);
    if (r->stopped)
        put(root, "stopped", r->stopped);
    put_int(root, "not_run", (int64_t)r->not_run);
}

json_t *report_make(const struct run_result *r, struct kerr *err)
{
    json_t *root = json_object(), *suites = json_array(), *cases = json_array();
    if (!root || !suites || !cases) {
        json_decref(root);
        json_decref(suites);
        json_decref(cases);
        kerr_set(err, KE_MEMORY, "no memory for a report");
        return NULL;
    }
    put_head(root, r);
    json_object_set_new(root, "gate", gate_of(r));
    json_object_set_new(root, "target", target_of(r));
    json_object_set_new(root, "counts", counts_of(r->counts.n));
    const char *names[REPORT_SUITES_MAX];
    size_t n = report_suites(r, names);
    for (size_t p = 0; p < n; p++)
        json_array_append_new(suites, profile_of(r, names[p]));
    json_object_set_new(root, "profiles", suites);
    for (size_t i = 0; i < r->n_tallies; i++)
        json_array_append_new(cases, case_of(r, &r->tallies[i]));
    json_object_set_new(root, "cases", cases);
    if (r->n_requirements > 0)
        json_object_set_new(root, "requirements", requirements_of(r));
    if (r->baseline)
        json_object_set_new(root, "baseline", baseline_of(r));
    if (r->shard.of > 0)
        json_object_set_new(root, "shard", shard_of_run(&r->shard));
    if (r->driver)
        json_object_set_new(root, "driver", report_driver_json(r->driver));
    json_object_set_new(root, "left_behind", left_of(r->left_behind > 0 ? r->journal : NULL));
    if (r->left_behind > 0 && r->journal && r->journal->path)
        put(root, "journal", r->journal->path);
    return root;
}

bool report_write_json(const char *path, const json_t *root, struct kerr *err)
{
    char *out = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
    struct buf line;
    buf_init(&line, 1u << 30);
    bool ok = out && buf_puts(&line, out) && buf_putc(&line, '\n');
    unsigned mode = json_is_true(json_object_get(root, "show_secrets")) ? 0600 : 0644;
    ok = ok ? file_write(path, buf_bytes(&line), mode, err)
            : kerr_set(err, KE_MEMORY, "no memory for the JSON report");
    buf_clear(&line);
    free(out);
    return ok;
}

bool report_json(const char *path, const struct run_result *r, struct kerr *err)
{
    json_t *root = report_make(r, err);
    bool ok = root && report_write_json(path, root, err);
    json_decref(root);
    return ok;
}
