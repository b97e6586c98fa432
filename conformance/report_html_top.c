/* The head of the page: who was tested, with what, when, and what came of it
 * (report_html_in.h). */
#include <string.h>

#include "conformance/baseline.h"
#include "conformance/program.h"
#include "conformance/report.h"
#include "conformance/report_html_in.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* ---- title ------------------------------------------------------------------ */

static void put_word(struct buf *out, const struct run_result *r)
{
    struct buf text;
    buf_init(&text, 4096);
    enum verdict v = report_conclusion(r, &text);
    buf_puts(out, "<p class=\"word\">");
    html_verdict(out, v);
    html_put(out, "<span>%s</span></p>\n", buf_cstr(&text));
    buf_clear(&text);
}

static void put_left_behind(struct buf *out, const struct run_result *r)
{
    const struct journal *j = r->journal;
    if (r->left_behind == 0 || !j)
        return;
    html_put(out, "<div class=\"notice\" role=\"note\"><p>Could not be removed from the server "
                  "(%zu):</p><ul>\n", r->left_behind);
    for (size_t i = 0; i < j->n; i++) {
        const struct journal_entry *x = &j->v[i];
        if (!x->gone)
            html_put(out, "<li><code>%s%s%s</code> of case %s: %s</li>\n",
                     x->uid[0] ? "" : x->attribute, x->uid[0] ? "" : " ",
                     x->uid[0] ? x->uid : x->value, x->case_id, x->why ? x->why : "not tried");
    }
    buf_puts(out, "</ul></div>\n");
}

static void put_early_end(struct buf *out, const struct run_result *r)
{
    if (r->gate != GATE_OPEN)
        html_put(out, "<p class=\"notice\" role=\"note\">%s</p>\n", r->gate_text);
    else if (r->interrupted || r->stopped)
        html_put(out, "<p class=\"notice\" role=\"note\">%s%s; %zu case%s not run.</p>\n",
                 r->interrupted ? "Interrupted" : "Stopped: ", r->interrupted ? "" : r->stopped,
                 r->not_run, r->not_run == 1 ? " was" : "s were");
    if (r->shard.of > 0)
        html_put(out, "<p class=\"notice\" role=\"note\">A part of a run: shard %u of %u.</p>\n",
                 r->shard.index, r->shard.of);
    if (r->show_secrets)
        buf_puts(out, "<p class=\"notice\" role=\"note\">Key material and passwords are shown, as "
                      "was asked for: treat this page like the keys.</p>\n");
}

void html_title(struct buf *out, const struct run_result *r)
{
    const struct target *t = r->target;
    html_put(out, "<div class=\"title\">\n<p class=\"soft\">KMIP conformance report</p>\n<h1>%s",
             t->vendor[0] ? t->vendor : t->opt.settings.host);
    buf_puts(out, "</h1>\n");
    put_word(out, r);
    put_early_end(out, r);
    put_left_behind(out, r);
    buf_puts(out, "</div>\n");
}

/* ---- facts ------------------------------------------------------------------ */

static void fact(struct buf *out, const char *name, const char *value)
{
    if (*value)
        html_put(out, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void put_versions(struct buf *out, const struct target *t)
{
    html_put(out, "<dt>Versions</dt><dd>");
    for (size_t i = 0; i < t->n_versions; i++)
        html_put(out, "%s%s", i ? ", " : "", kmip_version_text(t->versions[i]));
    html_put(out, "%s %s</dd>\n", t->n_versions ? "; tested with" : "not told; this run speaks",
             kmip_version_text(t->opt.settings.version));
}

static void put_certificate(struct buf *out, const struct tls_info *tls)
{
    char from[40], to[40];
    if (!tls->has_peer)
        return;
    html_put(out,
             "<dt>Certificate</dt><dd>%s<br><span class=\"soft\">issued by %s<br>valid %s to %s<br>"
             "SHA-256 <code>%s</code></span></dd>\n",
             tls->peer_subject, tls->peer_issuer, text_date_out(tls->peer_not_before, from),
             text_date_out(tls->peer_not_after, to), tls->peer_sha256);
}

static void put_clock(struct buf *out, const struct target *t)
{
    if (!t->has_offset)
        fact(out, "Clock", "not told");
    else if (t->offset_s == 0)
        fact(out, "Clock", "agrees with the tester's");
    else
        html_put(out, "<dt>Clock</dt><dd>%lld s %s the tester's: cases about dates may show it"
                      "</dd>\n",
                 (long long)(t->offset_s < 0 ? -t->offset_s : t->offset_s),
                 t->offset_s < 0 ? "behind" : "ahead of");
}

static void put_server(struct buf *out, const struct target *t)
{
    buf_puts(out, "<div><h3>Server</h3>\n<dl class=\"facts\">\n");
    html_put(out, "<dt>Address</dt><dd>%s, port %s</dd>\n", t->opt.settings.host, t->port);
    fact(out, "Vendor", t->vendor);
    put_versions(out, t);
    if (t->tls.version[0])
        html_put(out, "<dt>TLS</dt><dd>%s, %s%s%s</dd>\n", t->tls.version, t->tls.suite,
                 t->tls.group[0] ? ", " : "", t->tls.group);
    put_certificate(out, &t->tls);
    put_clock(out, t);
    if (t->n_operations > 0)
        html_put(out, "<dt>Operations</dt><dd><details><summary>%zu announced</summary>",
                 t->n_operations);
    for (size_t i = 0; i < t->n_operations; i++)
        html_put(out, "%s%s", i ? ", " : "", kmip_operation_name(t->operations[i]));
    buf_puts(out, t->n_operations > 0 ? "</details></dd>\n" : "");
    buf_puts(out, t->n_objects > 0 ? "<dt>Objects</dt><dd>" : "");
    for (size_t i = 0; i < t->n_objects; i++)
        html_put(out, "%s%s", i ? ", " : "", kmip_name_of("Object Type", t->objects[i]));
    buf_puts(out, t->n_objects > 0 ? "</dd>\n" : "");
    buf_puts(out, "</dl></div>\n");
}

static void put_took(struct buf *out, int64_t ns)
{
    long long s = (long long)(ns / NS_PER_S);
    if (s >= 60)
        html_put(out, "<dt>Took</dt><dd>%lld min %02lld s</dd>\n", s / 60, s % 60);
    else
        html_put(out, "<dt>Took</dt><dd>%.1f s</dd>\n", (double)ns / 1e9);
}

static void put_run(struct buf *out, const struct run_result *r)
{
    char date[40];
    html_put(out,
             "<div><h3>Run</h3>\n<dl class=\"facts\">\n<dt>Tester</dt><dd>kmip-conform %s</dd>\n"
             "<dt>Started</dt><dd><time>%s</time></dd>\n",
             r->tool_version ? r->tool_version : KMIP_CONFORM_VERSION,
             text_date_out(r->started_wall_ns / NS_PER_S, date));
    put_took(out, r->took_ns);
    html_put(out, "<dt>Prefix</dt><dd><code>%s</code>, begins every name that it made</dd>\n",
             r->run_prefix);
    if (*r->reach)
        html_put(out, "<dt>Options</dt><dd><code>%s%s</code></dd>\n", r->reach, r->run_options);
    if (r->virtual_time)
        fact(out, "Time", "virtual: waits advanced the mock's clock");
    if (r->repeat > 1)
        html_put(out, "<dt>Repeated</dt><dd>%u times; a case counts by its worst round</dd>\n",
                 r->repeat);
    if (r->strict)
        fact(out, "Strict", "a warning fails the run too");
    if (r->baseline) {
        struct buf known;
        buf_init(&known, 1000);
        report_known_counts(r, &known);
        html_put(out, "<dt>Baseline</dt><dd><code>%s</code><br><span class=\"soft\">of the cases it "
                      "knows: %s</span></dd>\n",
                 r->baseline->path, known.n > 0 ? buf_cstr(&known) : "none");
        buf_clear(&known);
    }
    buf_puts(out, "</dl></div>\n");
}

/* ---- totals ----------------------------------------------------------------- */

/* Of the columns PASS, WARN and FAIL are always there. */
static bool has_column(const struct run_result *r, enum verdict v)
{
    return r->counts.n[v] > 0 || v <= VERDICT_FAIL;
}

/* Of all of them, what the run comes to is said at the top of the page. */
static void totals_row(struct buf *out, const struct run_result *r, const char *name,
                       const size_t n[VERDICT_COUNT_], size_t all)
{
    html_put(out, "<tr><th scope=\"row\">%s</th><td>", name ? name : "All");
    if (name)
        html_verdict(out, report_worst(n));
    buf_puts(out, "</td>");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (has_column(r, (enum verdict)v))
            html_put(out, "<td class=\"num%s\">%zu</td>", n[v] ? "" : " zero", n[v]);
    html_put(out, "<td class=\"num\">%zu</td><td>", all);
    html_bar(out, n);
    buf_puts(out, "</td></tr>\n");
}

static void put_totals(struct buf *out, const struct run_result *r)
{
    const char *names[REPORT_SUITES_MAX];
    size_t n[VERDICT_COUNT_], suites = report_suites(r, names);
    buf_puts(out, "<div class=\"wide\"><table>\n<caption class=\"vh\">Verdicts by profile</caption>\n"
                  "<thead><tr><th scope=\"col\">Profile</th><th scope=\"col\">Verdict</th>");
    for (int v = 0; v < VERDICT_COUNT_; v++)
        if (has_column(r, (enum verdict)v)) {
            buf_puts(out, "<th scope=\"col\" class=\"num\">");
            html_verdict(out, (enum verdict)v);
            buf_puts(out, "</th>");
        }
    buf_puts(out, "<th scope=\"col\" class=\"num\">Cases</th><th scope=\"col\"><span class=\"vh\">"
                  "Share</span></th></tr></thead>\n<tbody>\n");
    for (size_t p = 0; p < suites; p++) {
        size_t all = report_suite_counts(r, names[p], n);
        totals_row(out, r, report_suite(names[p]), n, all);
    }
    buf_puts(out, "</tbody>\n<tfoot>\n");
    totals_row(out, r, NULL, r->counts.n, r->counts.total);
    buf_puts(out, "</tfoot></table></div>\n");
}

static void put_counts(struct buf *out, const struct run_result *r)
{
    html_put(out,
             "<section id=\"summary\" aria-labelledby=\"summary-h\">\n<h2 id=\"summary-h\">%zu case%s"
             "</h2>\n",
             r->counts.total, r->counts.total == 1 ? "" : "s");
    html_bar(out, r->counts.n);
    html_key(out, r->counts.n);
    put_totals(out, r);
    buf_puts(out, "</section>\n");
}

void html_summary(struct buf *out, const struct run_result *r)
{
    if (r->n_tallies > 0)
        put_counts(out, r);
    buf_puts(out, "<section id=\"server\" aria-labelledby=\"server-h\">\n"
                  "<h2 id=\"server-h\">Who was tested, and how</h2>\n<div class=\"cols\">\n");
    put_server(out, r->target);
    put_run(out, r);
    buf_puts(out, "</div>\n</section>\n");
}
