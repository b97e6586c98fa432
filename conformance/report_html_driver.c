/* What the driver suite found out, on the page (report_html_in.h). */
#include "conformance/driver.h"
#include "conformance/html_picture.h"
#include "conformance/report.h"
#include "conformance/report_html_in.h"

static void put_depth(struct buf *out, const struct depth_facts *d)
{
    html_put(out,
             "<tr><th scope=\"row\" class=\"num\">%u</th><td class=\"num\">%u</td><td "
             "class=\"num\">%u</td><td class=\"num\">%u</td><td class=\"num\">%u</td>",
             d->depth, d->wire.replies, d->wire.moved, d->wire.shared, d->wire.split);
    if (d->works == TRI_YES)
        html_put(out, "<td class=\"num\">%.0f</td><td class=\"num\">%.3f</td><td class=\"num\">%.3f"
                      "</td></tr>\n",
                 d->per_second, (double)d->median_ns / 1e6, (double)d->p99_ns / 1e6);
    else
        html_put(out, "<td colspan=\"3\">%s</td></tr>\n", d->why[0] ? d->why : "not tested");
}

static void put_depths(struct buf *out, const struct driver_facts *f)
{
    static const char *const columns[] = {"Depth",           "Replies",    "Out of order",
                                          "Shared record",   "Several records", "Requests/s",
                                          "Median ms", "99% ms"};
    if (f->depth[0].depth == 0)
        return;
    buf_puts(out, "<div class=\"wide\"><table>\n<caption>By the number of requests under way"
                  "</caption>\n<thead><tr>");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        html_put(out, "<th scope=\"col\" class=\"num\">%s</th>", columns[i]);
    buf_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < DRIVER_DEPTHS; i++)
        if (f->depth[i].depth > 0)
            put_depth(out, &f->depth[i]);
    buf_puts(out, "</tbody></table></div>\n");
}

/* By depth; the first where there is something wrong to see is open. */
static void put_pictures(struct buf *out, const struct driver_facts *f)
{
    bool open = false;
    for (size_t i = 0; i < DRIVER_DEPTHS; i++) {
        const struct depth_facts *d = &f->depth[i];
        const struct picture p = driver_picture(f, i);
        bool wrong = d->wire.moved + d->wire.shared > 0;
        if (p.n == 0)
            continue;
        html_put(out, "<details class=\"pictured%s\"%s><summary>Depth %u, from request %u on</summary>\n",
                 wrong ? " print" : "", wrong && !open ? " open" : "", d->depth, p.v[0].request);
        html_picture(out, &p);
        buf_puts(out, "</details>\n");
        open = open || wrong;
    }
}

bool html_driver(struct buf *out, const struct run_result *r)
{
    struct buf advice;
    buf_init(&advice, 1u << 20);
    bool any = report_advice(r, &advice);
    if (any && out) {
        buf_puts(out, "<section id=\"driver\" aria-labelledby=\"driver-h\">\n<h2 id=\"driver-h\">"
                      "Storage driver</h2>\n<p class=\"lead\">Settings for the Zenko storage driver, "
                      "each with its evidence, as <code>kmip-conform advise</code> prints them.</p>\n");
        html_put(out, "<pre class=\"advice\" tabindex=\"0\">%s</pre>\n", buf_cstr(&advice));
        put_depths(out, &r->driver->facts);
        put_pictures(out, &r->driver->facts);
        buf_puts(out, "</section>\n");
    }
    buf_clear(&advice);
    return any;
}
