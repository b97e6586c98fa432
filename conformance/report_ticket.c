/* The text of a ticket (report_ticket.h). */
#include "conformance/report_ticket.h"

#include "conformance/baseline.h"
#include "conformance/report.h"
#include "conformance/report_message.h"
#include "kmip/base/clock.h"

#define LABEL 13
#define WIDTH 96
#define HEX_BYTES 16 /* a line */

/* ---- text ------------------------------------------------------------------- */

static void heading(struct buf *out, const char *title)
{
    buf_printf(out, "\n%s\n", title);
    buf_fill(out, '-', strlen(title));
    buf_puts(out, "\n\n");
}

/* Broken between words where it is too long. */
static void put(struct buf *out, const char *label, const char *text)
{
    size_t room = WIDTH - LABEL;
    for (bool first = true; *text; first = false) {
        size_t n = strcspn(text, "\n"), cut = n;
        if (n > room)
            for (cut = room; cut > 0 && text[cut] != ' ';)
                cut--;
        if (cut == 0)
            cut = n;
        buf_printf(out, "%-*s%.*s\n", LABEL, first ? label : "", (int)cut, text);
        text += cut;
        text += *text == '\n' || *text == ' ';
    }
}

/* A text of several lines, each behind blanks. */
static void put_block(struct buf *out, unsigned indent, const char *text)
{
    for (size_t n; *text; text += text[n] ? n + 1 : n) {
        n = strcspn(text, "\n");
        buf_fill(out, ' ', n > 0 ? indent : 0);
        buf_printf(out, "%.*s\n", (int)n, text);
    }
}

/* ---- the requirement ---------------------------------------------------------- */

static void requirement(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    put(out, "Case", t->tc->id);
    report_outcome_text(&text, t);
    put(out, "Verdict", buf_cstr(&text));
    buf_reset(&text);
    buf_printf(&text, "%s (%s)", t->tc->clause, level_name(t->tc->level));
    put(out, "Clause", buf_cstr(&text));
    for (size_t i = 0; i < t->tc->covers.n; i++) {
        const struct requirement *q =
            requirement_in(r->requirements, r->n_requirements, t->tc->covers.v[i]);
        buf_reset(&text);
        buf_puts(&text, t->tc->covers.v[i]);
        if (q)
            buf_printf(&text, ": %s (%s)", q->text, q->clause);
        put(out, i == 0 ? "Requirement" : "", buf_cstr(&text));
    }
    if (t->tc->why)
        put(out, "Note", t->tc->why);
    if (t->known) {
        put(out, "Known as", t->known->cause);
        put(out, "", t->known->note);
    }
    buf_clear(&text);
}

static void versions(struct buf *out, const struct run_result *r)
{
    struct report_fact f;
    for (size_t i = 0; report_fact(r, i, &f); i++) {
        buf_printf(out, "%-22s%s\n", f.title, buf_cstr(&f.value));
        buf_clear(&f.value);
    }
}

/* ---- what was seen -------------------------------------------------------------- */

/* The last exchange of the step that decided: the one that the mismatches are about. */
static const struct exchange *decisive(const struct case_result *c)
{
    const struct exchange *last = NULL;
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        if (e->step == c->step)
            last = e;
    return last;
}

static void found(struct buf *out, const struct run_result *r, const struct case_result *c)
{
    const struct exchange *e = decisive(c);
    struct report_message reply = {.offsets = NULL};
    if (c->found.n == 0)
        return;
    heading(out, "Expected (-) against actual (+)");
    if (e)
        report_message(&reply, r, e, EXCHANGE_REPLY);
    report_ticket_tree(out, &reply.shown, &c->found);
    report_message_clear(&reply);
}

static void evidence(struct buf *out, const struct case_result *c)
{
    if (!c->evidence[0])
        return;
    heading(out, "What was seen");
    put_block(out, 2, c->evidence);
}

static void steps(struct buf *out, const struct case_result *c)
{
    struct buf yaml;
    if (c->tc->n_steps == 0)
        return;
    heading(out, "Steps");
    for (size_t i = 0; i < c->tc->n_steps; i++) {
        const struct case_step *s = &c->tc->steps[i];
        buf_printf(out, "%zu%s%s%s\n", i + 1, s->note ? "  " : "", s->note ? s->note : "",
                   i == c->step ? "    <- here it shows" : "");
        buf_init(&yaml, 16u << 20);
        report_step(&yaml, c->tc, i);
        put_block(out, 4, buf_cstr(&yaml));
        buf_clear(&yaml);
    }
}

/* ---- messages ----------------------------------------------------------------- */

static void put_hex(struct buf *out, const char *hex)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i += HEX_BYTES) {
        buf_printf(out, "    %06zx ", i);
        for (size_t k = i; k < i + HEX_BYTES && k < n; k++)
            buf_printf(out, " %.2s", hex + 2 * k);
        buf_putc(out, '\n');
    }
}

static void put_message(struct buf *out, const char *what, const struct shown *s)
{
    struct report_line l = {.shown = s};
    buf_printf(out, "\n  %s, %zu bytes\n\n", what, s->size);
    while (report_line_next(&l)) {
        if (l.off == KERR_NO_OFF)
            buf_puts(out, "            ");
        else
            buf_printf(out, "    %06x  ", l.off);
        buf_printf(out, "%*s%.*s\n", 2 * (int)l.depth, "", (int)l.n, l.text);
    }
    buf_putc(out, '\n');
    put_hex(out, s->hex);
}

static void put_exchange(struct buf *out, const struct run_result *r, const struct exchange *e,
                         size_t number)
{
    struct report_message request, reply;
    report_message(&request, r, e, EXCHANGE_REQUEST);
    report_message(&reply, r, e, EXCHANGE_REPLY);
    buf_printf(out, "%zu. ", number);
    if (e->step == SIZE_MAX)
        buf_puts(out, "Making what the case needs");
    else
        buf_printf(out, "Step %zu", e->step + 1);
    buf_printf(out, ", client %s, sent at %.3f ms, %s after %.3f ms\n", e->client,
               (double)e->sent_ns / 1e6, reply.shown.text ? "answered" : "no reply",
               (double)e->took_ns / 1e6);
    put_message(out, "Request", &request.shown);
    if (reply.shown.text)
        put_message(out, "Reply", &reply.shown);
    else
        buf_printf(out, "\n  No reply: %s\n", e->note);
    buf_putc(out, '\n');
    report_message_clear(&request);
    report_message_clear(&reply);
}

static void messages(struct buf *out, const struct run_result *r, const struct case_result *c)
{
    size_t number = 0;
    if (!c->exchanges)
        return;
    heading(out, "Messages");
    put(out, "",
        r->show_secrets ? "WARNING: the run was recorded with --show-secrets. What follows holds "
                          "key material and passwords as they were."
                        : "Key material, passwords and plaintexts are left out; in hexadecimal "
                          "\"xx\" stands for each of their bytes. Times are since the case began.");
    buf_putc(out, '\n');
    for (const struct exchange *e = c->exchanges; e; e = e->next)
        put_exchange(out, r, e, ++number);
}

/* ---- the ticket ---------------------------------------------------------------- */

static void again(struct buf *out, const struct run_result *r, const struct test_case *tc)
{
    struct buf command;
    buf_init(&command, 1u << 16);
    heading(out, "How to see it again");
    report_command(&command, r, tc);
    buf_printf(out, "  %s\n\nWith kmip-conform %s; the case is in %s.\n", buf_cstr(&command),
               r->tool_version ? r->tool_version : KMIP_CONFORM_VERSION, tc->path);
    buf_clear(&command);
}

void report_ticket(struct buf *out, const struct run_result *r, const struct case_tally *t)
{
    const struct case_result *c = t->worst;
    size_t n = strlen(t->tc->title);
    buf_printf(out, "%s\n", t->tc->title);
    buf_fill(out, '=', n);
    buf_puts(out, "\n\n");
    requirement(out, r, t);
    heading(out, "Versions");
    versions(out, r);
    found(out, r, c);
    evidence(out, c);
    again(out, r, t->tc);
    steps(out, c);
    messages(out, r, c);
}
