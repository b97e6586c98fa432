/* What every page of a report has (html_page.h). */
#include "conformance/html_page.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

#include "conformance/report.h"
#include "kmip/base/file.h"

/* ---- the frame -------------------------------------------------------------- */

/* A source of the policy: this very text and no other. */
static void put_hash(struct buf *out, struct bytes text)
{
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char base64[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
    sha256_init(&sha);
    sha256_update(&sha, text.n, text.p);
    sha256_digest(&sha, sizeof digest, digest);
    base64_encode_raw(base64, sizeof digest, digest);
    buf_printf(out, "'sha256-%s'", base64);
}

/* Nothing is loaded, from anywhere; no style and no script but the page's own. */
static void put_policy(struct buf *out)
{
    buf_puts(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src ");
    put_hash(out, html_style());
    buf_puts(out, "; script-src ");
    put_hash(out, html_script());
    buf_puts(out, "; base-uri 'none'; form-action 'none'\">\n");
}

static void put_top(struct buf *out, const struct html_section *sections)
{
    buf_puts(out, "<header class=\"top\">\n<span class=\"name\">kmip-conform</span>\n"
                  "<nav aria-label=\"Parts of this page\"><ul>\n");
    for (; sections->id; sections++)
        html_put(out, "<li><a href=\"#%s\">%s</a></li>\n", sections->id, sections->title);
    buf_puts(out, "</ul></nav>\n<button type=\"button\" class=\"theme\" hidden>Theme</button>\n"
                  "</header>\n<main>\n");
}

/* Past what stands first, for who goes by the keyboard: to the cases, where there are any. */
static void put_skip(struct buf *out, const struct html_section *sections)
{
    const struct html_section *to = sections;
    while (to->id && strcmp(to->id, "cases") != 0)
        to++;
    if (to->id)
        buf_puts(out, "<a class=\"skip\" href=\"#cases\">Skip to the cases</a>\n");
}

void html_page_begin(struct buf *out, const char *title, const struct html_section *sections)
{
    buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put_policy(out);
    html_put(out,
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"generator\" content=\"kmip-conform %s\">\n<title>%s</title>\n<style>",
             KMIP_CONFORM_VERSION, title);
    buf_put_bytes(out, html_style());
    buf_puts(out, "</style>\n</head>\n<body>\n");
    put_skip(out, sections);
    put_top(out, sections);
}

void html_page_end(struct buf *out)
{
    html_put(out,
             "</main>\n<footer>\n<p>Made by kmip-conform %s. This page stands by itself: it loads "
             "nothing, and its policy forbids it to.</p>\n</footer>\n<script>",
             KMIP_CONFORM_VERSION);
    buf_put_bytes(out, html_script());
    buf_puts(out, "</script>\n</body>\n</html>\n");
}

bool html_write(const char *path, const struct buf *page, unsigned mode, struct kerr *err)
{
    if (page->failed)
        return page->too_long
                   ? kerr_set(err, KE_FILE, "the HTML report would be longer than %u MB: run fewer "
                                            "cases, or less often",
                              HTML_MAX >> 20)
                   : kerr_set(err, KE_MEMORY, "no memory for the HTML report");
    return file_write(path, buf_bytes(page), mode, err);
}

/* ---- verdicts --------------------------------------------------------------- */

static const struct {
    const char *class, *meaning;
} verdicts[VERDICT_COUNT_] = {
    [VERDICT_PASS] = {"pass", "The requirement holds."},
    [VERDICT_WARN] = {"warn",
                      "A SHOULD is not met; or the answer is permitted but unusual; or the "
                      "requirement is not certain enough to fail a server on it (provisional)."},
    [VERDICT_FAIL] = {"fail", "A MUST is not met."},
    [VERDICT_NOT_SUPPORTED] = {"unsup", "Optional, and Query does not announce it."},
    [VERDICT_NOT_APPLICABLE] = {"na", "Needs something that this run was not given, such as a "
                                      "second identity."},
    [VERDICT_INCONCLUSIVE] = {"inc", "The case could not be brought to the point that it tests."},
    [VERDICT_ERROR] = {"err", "The tester's own fault, or the network's: nothing was learnt about "
                              "the server."},
};

const enum verdict html_worst_first[VERDICT_COUNT_] = {
    VERDICT_FAIL,          VERDICT_ERROR,          VERDICT_INCONCLUSIVE, VERDICT_WARN,
    VERDICT_NOT_SUPPORTED, VERDICT_NOT_APPLICABLE, VERDICT_PASS};

const char *html_class(enum verdict v)
{
    return verdicts[v].class;
}

void html_verdict(struct buf *out, enum verdict v)
{
    html_put(out, "<span class=\"v %s\"><span class=\"g\" aria-hidden=\"true\">%s</span>%s</span>",
             html_class(v), report_glyph(v), verdict_name(v));
}

void html_legend(struct buf *out)
{
    static const enum verdict order[] = {
        VERDICT_PASS,          VERDICT_WARN,         VERDICT_FAIL, VERDICT_NOT_SUPPORTED,
        VERDICT_NOT_APPLICABLE, VERDICT_INCONCLUSIVE, VERDICT_ERROR};
    buf_puts(out, "<section id=\"legend\" aria-labelledby=\"legend-h\">\n<h2 id=\"legend-h\">Legend"
                  "</h2>\n<dl class=\"legend\">\n");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        buf_puts(out, "<dt>");
        html_verdict(out, order[i]);
        html_put(out, "</dt><dd>%s</dd>\n", verdicts[order[i]].meaning);
    }
    buf_puts(out, "</dl>\n</section>\n");
}

/* ---- counts ----------------------------------------------------------------- */

#define BAR 1000.0 /* units of its width */
#define SLIVER 6.0 /* the least that can be seen */

void html_bar(struct buf *out, const size_t n[VERDICT_COUNT_])
{
    size_t all = 0, parts = 0;
    double x = 0, room = BAR;
    for (int v = 0; v < VERDICT_COUNT_; v++) {
        all += n[v];
        parts += n[v] > 0;
    }
    buf_puts(out, "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
                  "role=\"img\" aria-label=\"");
    for (int i = 0, said = 0; i < VERDICT_COUNT_; i++) {
        enum verdict v = (enum verdict)i;
        if (n[v] > 0)
            html_put(out, "%s%zu %s", said++ ? ", " : "", n[v], verdict_name(v));
    }
    buf_puts(out, "\">");
    room -= SLIVER * (double)parts;
    for (int i = 0; i < VERDICT_COUNT_ && all > 0; i++) {
        enum verdict v = (enum verdict)i;
        double w = SLIVER + room * (double)n[v] / (double)all;
        if (n[v] == 0)
            continue;
        html_put(out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
                 html_class(v), x, w - (x + w < BAR - 1 ? 2 : 0));
        x += w;
    }
    buf_puts(out, "</svg>");
}

void html_key(struct buf *out, const size_t n[VERDICT_COUNT_])
{
    buf_puts(out, "<ul class=\"key\">\n");
    for (int i = 0; i < VERDICT_COUNT_; i++) {
        enum verdict v = (enum verdict)i;
        if (n[v] == 0)
            continue;
        html_put(out,
                 "<li><svg class=\"swatch bar\" aria-hidden=\"true\"><rect class=\"%s\"/></svg>",
                 html_class(v));
        html_verdict(out, v);
        html_put(out, "<span class=\"n\">%zu</span></li>\n", n[v]);
    }
    buf_puts(out, "</ul>\n");
}

/* ---- filters ---------------------------------------------------------------- */

static void put_verdicts(struct buf *out, const size_t n[VERDICT_COUNT_])
{
    buf_puts(out, "<fieldset><legend class=\"vh\">Verdicts</legend>\n");
    for (int i = 0; i < VERDICT_COUNT_; i++) {
        enum verdict v = html_worst_first[i];
        if (n[v] == 0)
            continue;
        html_put(out, "<label class=\"pick\"><input type=\"checkbox\" name=\"verdict\" value=\"%s\">",
                 verdict_name(v));
        html_verdict(out, v);
        buf_puts(out, "</label>\n");
    }
    buf_puts(out, "</fieldset>\n");
}

void html_filters(struct buf *out, const struct html_filters *f)
{
    buf_puts(out,
             "<form class=\"filters\" role=\"search\" aria-label=\"Filter the cases\" hidden>\n"
             "<label class=\"vh\" for=\"f-text\">Text</label>\n<input type=\"search\" id=\"f-text\" "
             "name=\"text\" placeholder=\"Filter\" autocomplete=\"off\" "
             "spellcheck=\"false\">\n");
    put_verdicts(out, f->counts);
    if (f->levels)
        buf_puts(out, "<label class=\"vh\" for=\"f-level\">Level</label>\n<select id=\"f-level\" "
                      "name=\"level\"><option value=\"\">Any level</option><option>MUST</option>"
                      "<option>SHOULD</option><option>MAY</option></select>\n");
    if (f->n_operations > 0)
        buf_puts(out, "<label class=\"vh\" for=\"f-operation\">Operation</label>\n<select "
                      "id=\"f-operation\" name=\"operation\"><option value=\"\">Any operation"
                      "</option>");
    for (size_t i = 0; i < f->n_operations; i++)
        html_put(out, "<option>%s</option>", f->operations[i]);
    if (f->n_operations > 0)
        buf_puts(out, "</select>\n");
    if (f->changed)
        html_put(out,
                 "<label class=\"pick\"><input type=\"checkbox\" name=\"changed\" value=\"1\">%s"
                 "</label>\n",
                 f->changed);
    buf_puts(out, "<button type=\"reset\" hidden>Clear</button>\n<output aria-live=\"polite\">"
                  "</output>\n</form>\n");
}
