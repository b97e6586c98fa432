/* A repro as a page (repro.h): what it is about, and the attempts, each with its picture. */
#include <string.h>

#include "conformance/html_page.h"
#include "conformance/html_picture.h"
#include "conformance/repro.h"

static void put_about(struct buf *out, const struct repro_run *r)
{
    html_put(out,
             "<div class=\"title\"><p class=\"soft\">A bug of the field: %s</p>\n<h1>%s</h1></div>\n"
             "<section id=\"about\" aria-labelledby=\"about-h\">\n<h2 id=\"about-h\">About</h2>\n<dl "
             "class=\"facts\">\n",
             r->repro->name, r->about.title);
    for (size_t i = 0; i < r->about.n; i++)
        html_put(out, "<dt>%s</dt><dd>%s</dd>\n",
                 *r->about.part[i].label ? r->about.part[i].label : "What it shows",
                 r->about.part[i].text);
    html_put(out,
             "<dt>Driver setting</dt><dd>%s</dd>\n<dt>Mock</dt><dd><code>kmip-mock --scenario %s "
             "--seed %s",
             r->repro->setting, r->repro->name, r->seed);
    for (size_t i = 0; i < r->sets.n; i++)
        html_put(out, " --set %s", r->sets.v[i]);
    html_put(out, "</code></dd>\n<dt>Tester</dt><dd>kmip-conform %s</dd>\n</dl>\n</section>\n",
             KMIP_CONFORM_VERSION);
}

static void put_attempt(struct buf *out, const struct repro_run *r, size_t i)
{
    const struct repro_result *x = &r->result[i];
    const struct picture p = repro_picture(r, i);
    bool expected = repro_as_expected(x);
    html_put(out,
             "<div class=\"attempt\"><h3>%zu. %s <span class=\"tag\">%s</span> <span class=\"v %s\">"
             "<span class=\"g\" aria-hidden=\"true\">%s</span>%s</span>%s</h3>\n<p>%s</p>\n",
             i + 1, x->attempt->title, repro_who(x->attempt->who), x->works ? "pass" : "fail",
             x->works ? "\u2713" : "\u2717", x->works ? "WORKS" : "BREAKS",
             expected ? "" : " (not as expected)", x->what);
    html_picture(out, &p);
    buf_puts(out, "</div>\n");
}

static void put_conclusion(struct buf *out, const struct repro_run *r)
{
    html_put(out, "<section id=\"conclusion\" aria-labelledby=\"conclusion-h\">\n<h2 "
                  "id=\"conclusion-h\">Conclusion</h2>\n<p>The bug is %sreproduced%s.</p>\n</section>\n",
             repro_all(r, true) ? "" : "not ",
             repro_all(r, false) ? ", and the remedies hold" : ", and a remedy does not hold");
}

bool repro_html(const char *path, const struct repro_run *r, struct kerr *err)
{
    static const struct html_section sections[] = {{"about", "About"},
                                                   {"cases", "Attempts"},
                                                   {"conclusion", "Conclusion"},
                                                   {NULL, NULL}};
    struct buf page;
    buf_init(&page, HTML_MAX);
    html_page_begin(&page, r->about.title, sections);
    put_about(&page, r);
    buf_puts(&page, "<section id=\"cases\" aria-labelledby=\"cases-h\">\n<h2 id=\"cases-h\">Attempts"
                    "</h2>\n");
    for (size_t i = 0; i < repro_attempts_of(r->repro); i++)
        put_attempt(&page, r, i);
    buf_puts(&page, "</section>\n");
    put_conclusion(&page, r);
    html_page_end(&page);
    bool ok = html_write(path, &page, 0644, err);
    buf_clear(&page);
    return ok;
}
