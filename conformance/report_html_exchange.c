/* What was on the wire in a case (report_html_in.h): a line for each exchange, with its time
 * among the others, and inside the messages, decoded and as bytes. */
#include <string.h>

#include "conformance/report_html_in.h"
#include "conformance/report_message.h"

#define RAW_MAX 4096 /* bytes of a message shown in hexadecimal: a page must stay small */

/* ---- what a message is about ------------------------------------------------ */

/* What stands behind "NAME: " in a line; empty if it is another. */
static struct bytes value_of(const struct report_line *line, const char *name)
{
    size_t n = strlen(name);
    if (line->n < n + 2 || memcmp(line->text, name, n) != 0 || memcmp(line->text + n, ": ", 2) != 0)
        return bytes_of(NULL, 0);
    return bytes_of(line->text + n + 2, line->n - n - 2);
}

/* The values of a field of a message, all of them: "Locate, Get". */
static void list_values(const struct shown *msg, const char *name, const char *between,
                        struct buf *out)
{
    struct report_line line = {.shown = msg};
    size_t from = out->n;
    while (report_line_next(&line)) {
        struct bytes v = value_of(&line, name);
        if (v.n == 0)
            continue;
        buf_puts(out, out->n > from ? between : "");
        buf_put_bytes(out, v);
    }
}

/* Is this name among those between '|' already? */
static bool is_listed(struct bytes list, struct bytes name)
{
    for (size_t i = 0; i + name.n <= list.n; i++)
        if (memcmp(list.p + i, name.p, name.n) == 0 && (i == 0 || list.p[i - 1] == '|') &&
            (i + name.n == list.n || list.p[i + name.n] == '|'))
            return true;
    return false;
}

static void add_operations(struct buf *all, const struct shown *request)
{
    struct report_line line = {.shown = request};
    while (report_line_next(&line)) {
        struct bytes name = value_of(&line, "Operation");
        if (name.n == 0 || is_listed(buf_bytes(all), name))
            continue;
        buf_puts(all, all->n > 0 ? "|" : "");
        buf_put_bytes(all, name);
    }
}

void html_operations(struct buf *out, const struct run_result *r, const struct case_result *c)
{
    struct report_message m;
    struct buf all;
    buf_init(&all, 1u << 16);
    for (const struct exchange *e = c->exchanges; e; e = e->next) {
        report_message(&m, r, e, EXCHANGE_REQUEST);
        add_operations(&all, &m.shown);
        report_message_clear(&m);
    }
    html_text(out, buf_bytes(&all));
    buf_clear(&all);
}

/* ---- a message -------------------------------------------------------------- */

/* A difference that was found at the item of this line: the offset is its, and so is the
 * last name of the path. Offsets are of the reply that decided, paths of any. */
static bool is_found(const struct mismatches *found, const struct report_line *line)
{
    for (size_t i = 0; found && line->off != KERR_NO_OFF && i < found->n; i++) {
        const struct mismatch *m = &found->v[i];
        const char *slash = strrchr(m->path ? m->path : "", '/');
        const char *name = slash ? slash + 1 : m->path ? m->path : "";
        size_t n = strcspn(name, "[");
        if (m->off == line->off && n > 0 && line->n >= n && memcmp(line->text, name, n) == 0)
            return true;
    }
    return false;
}

static void put_offsets(struct buf *out, const struct shown *msg)
{
    struct report_line line = {.shown = msg};
    if (msg->n_lines == 0)
        return;
    buf_puts(out, "<pre class=\"off\" aria-hidden=\"true\">");
    while (report_line_next(&line)) {
        if (line.off != KERR_NO_OFF)
            buf_printf(out, "%04x", line.off);
        buf_putc(out, '\n');
    }
    buf_puts(out, "</pre>");
}

/* Offsets beside the lines, so that either can be read, searched and copied by itself. A tab
 * for each depth: pages of whole runs are long. */
static void put_decoded(struct buf *out, const struct shown *msg, const struct mismatches *found)
{
    struct report_line line = {.shown = msg};
    buf_puts(out, "<div class=\"lines\" tabindex=\"0\">");
    put_offsets(out, msg);
    buf_puts(out, "<pre class=\"text\">");
    while (report_line_next(&line)) {
        bool marked = is_found(found, &line);
        buf_fill(out, '\t', line.depth);
        buf_puts(out, marked ? "<mark>" : "");
        html_text(out, bytes_of(line.text, line.n));
        buf_puts(out, marked ? "</mark>\n" : "\n");
    }
    buf_puts(out, "</pre></div>\n");
}

static void put_raw(struct buf *out, const struct shown *msg)
{
    size_t n = strlen(msg->hex);
    buf_puts(out, "<details class=\"raw\"><summary>Hexadecimal</summary><pre>");
    html_text(out, bytes_of(msg->hex, n < 2 * RAW_MAX ? n : 2 * RAW_MAX));
    buf_puts(out, "</pre>");
    if (n > 2 * RAW_MAX)
        html_put(out, "<p class=\"soft\">... and %zu more bytes</p>", n / 2 - RAW_MAX);
    buf_puts(out, "</details>");
}

static void put_message(struct buf *out, enum exchange_side side, const struct shown *msg,
                        const struct mismatches *found)
{
    bool reply = side == EXCHANGE_REPLY;
    html_put(out, "<figure class=\"msg %s\"><figcaption>%s, %zu bytes</figcaption>\n",
             reply ? "say" : "ask", reply ? "Reply" : "Request", msg->size);
    put_decoded(out, msg, found);
    if (msg->hex && *msg->hex)
        put_raw(out, msg);
    buf_puts(out, "</figure>\n");
}

/* ---- an exchange ------------------------------------------------------------ */

#define TIMELINE 144.0 /* pixels */

struct span {
    int64_t from, to; /* the case's first request and its last reply */
};

/* When it was sent and answered, among all of the case. */
static void put_time(struct buf *out, const struct exchange *e, bool answered, struct span span)
{
    double all = span.to > span.from ? (double)(span.to - span.from) : 1;
    double x = TIMELINE * (double)(e->sent_ns - span.from) / all;
    double w = TIMELINE * (double)e->took_ns / all;
    html_put(out,
             "<svg class=\"tl\" aria-hidden=\"true\"><rect class=\"%s\" x=\"%.1f\" y=\"2\" "
             "width=\"%.1f\" height=\"8\" rx=\"1\"/></svg>",
             answered ? "took" : "lost", x < TIMELINE - 2 ? x : TIMELINE - 2, w < 2 ? 2.0 : w);
}

/* "Create, Get -> Success, Operation Failed: Item Not Found" */
static void put_names(struct buf *out, const struct shown *request, const struct shown *reply)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    list_values(request, "Operation", ", ", &text);
    html_put(out, "%s <span class=\"soft\">\u2192 ", text.n > 0 ? buf_cstr(&text) : "no operation");
    buf_reset(&text);
    list_values(reply, "Result Status", ", ", &text);
    html_put(out, "%s", !reply->text ? "no reply" : text.n > 0 ? buf_cstr(&text) : "a reply");
    buf_reset(&text);
    list_values(reply, "Result Reason", ", ", &text);
    if (text.n > 0)
        html_put(out, ": %s", buf_cstr(&text));
    buf_puts(out, "</span>");
    buf_clear(&text);
}

static void put_place(struct buf *out, const struct case_result *c, const struct exchange *e)
{
    if (e->step < SIZE_MAX)
        html_put(out, " <span class=\"tag\">step %zu</span>", e->step + 1);
    else
        buf_puts(out, " <span class=\"tag\">preparing</span>");
    if (strcmp(e->client, "main") != 0)
        html_put(out, " <span class=\"tag\">client %s</span>", e->client);
    if (e->step < c->tc->n_steps && c->tc->steps[e->step].note)
        html_put(out, " <span class=\"soft\">%s</span>", c->tc->steps[e->step].note);
}

static void put_exchange(struct buf *out, const struct run_result *r, const struct case_result *c,
                         const struct exchange *e, size_t no, bool decides, struct span span)
{
    struct report_message request, reply;
    bool show = decides && c->verdict != VERDICT_PASS;
    report_message(&request, r, e, EXCHANGE_REQUEST);
    report_message(&reply, r, e, EXCHANGE_REPLY);
    html_put(out, "<details class=\"x%s\"", decides ? " key-step" : "");
    html_put(out, "%s><summary><span class=\"num soft\">%zu</span><span class=\"op\">",
             show ? " open" : "", no);
    put_names(out, &request.shown, &reply.shown);
    put_place(out, c, e);
    html_put(out,
             "</span><span class=\"num soft at\">+%.2f ms</span><span class=\"num\">%.2f ms</span>",
             (double)(e->sent_ns - c->started_ns) / 1e6, (double)e->took_ns / 1e6);
    put_time(out, e, reply.shown.text != NULL, span);
    buf_puts(out, "</summary>\n<div class=\"msgs\">\n");
    put_message(out, EXCHANGE_REQUEST, &request.shown, NULL);
    if (reply.shown.text)
        put_message(out, EXCHANGE_REPLY, &reply.shown, decides ? &c->found : NULL);
    else
        html_put(out, "<p class=\"notice\">No reply: %s</p>\n", e->note);
    buf_puts(out, "</div></details>\n");
    report_message_clear(&request);
    report_message_clear(&reply);
}

void html_exchanges(struct buf *out, const struct run_result *r, const struct case_result *c)
{
    const struct exchange *last = NULL;
    size_t no = 0;
    if (!c->exchanges)
        return;
    struct span span = {c->exchanges->sent_ns, c->exchanges->sent_ns};
    for (const struct exchange *e = c->exchanges; e; e = e->next) {
        if (e->step == c->step)
            last = e;
        if (e->sent_ns + e->took_ns > span.to)
            span.to = e->sent_ns + e->took_ns;
    }
    buf_puts(out, "<h4>Exchanges</h4>\n<div>\n");
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        put_exchange(out, r, c, e, ++no, e == last, span);
    buf_puts(out, "</div>\n");
}
