/* Writes what is known of a server (baseline.h), as a person would: cases that deviate in
 * the same way under one entry. */
#include <stdio.h>
#include <string.h>

#include "conformance/baseline.h"
#include "conformance/reason.h"
#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"

#define LINE 96

/* ---- text ------------------------------------------------------------------- */

/* A double-quoted scalar (YAML 1.2, 5.7). */
static void quote(struct buf *out, struct bytes s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if ((unsigned char)c < 0x20 || c == 0x7F)
            buf_printf(out, "\\x%02x", (unsigned)c);
        else
            buf_putc(out, c);
    }
    buf_putc(out, '"');
}


/* A deviation that is to be written: not known, and with a reason to know it by. */
static bool is_to_write(const struct run_result *r, const struct case_tally *t)
{
    enum verdict v = t->worst->verdict;
    if (t->known || (v != VERDICT_FAIL && v != VERDICT_WARN && v != VERDICT_INCONCLUSIVE))
        return false;
    for (size_t i = 0; r->baseline && i < r->baseline->n; i++)
        if (r->baseline->v[i].verdict == v && strcmp(r->baseline->v[i].id, t->tc->id) == 0)
            return false; /* its entry is for a person to change */
    return reason_piece(t->worst->reason).n > 0;
}

static bool same_entry(const struct case_tally *a, const struct case_tally *b)
{
    return a->worst->verdict == b->worst->verdict &&
           bytes_eq(reason_piece(a->worst->reason), reason_piece(b->worst->reason));
}

/* Has an earlier case of the report taken it into its entry? */
static bool is_written(const struct run_result *r, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_to_write(r, &r->tallies[i]) && same_entry(&r->tallies[i], &r->tallies[at]))
            return true;
    return false;
}

/* The clause of all cases of an entry, or NULL when they have several. */
static const char *clause_of(const struct run_result *r, size_t at)
{
    const struct case_tally *t = &r->tallies[at];
    for (size_t i = at; i < r->n_tallies; i++)
        if (is_to_write(r, &r->tallies[i]) && same_entry(t, &r->tallies[i]) &&
            strcmp(t->tc->clause, r->tallies[i].tc->clause) != 0)
            return NULL;
    return t->tc->clause;
}

static size_t put_entry(struct buf *out, const struct run_result *r, size_t at, int indent)
{
    const struct case_tally *t = &r->tallies[at];
    const char *clause = clause_of(r, at);
    size_t n = 0;
    buf_printf(out, "\n%*s- note: \"\"\n", indent, "");
    if (clause) {
        buf_printf(out, "%*s  clause: ", indent, "");
        quote(out, bytes_str(clause));
        buf_putc(out, '\n');
    }
    buf_printf(out, "%*s  verdict: %s\n%*s  reason: ", indent, "",
               verdict_name(t->worst->verdict), indent, "");
    quote(out, reason_piece(t->worst->reason));
    buf_printf(out, "\n%*s  cases:\n", indent, "");
    for (size_t i = at; i < r->n_tallies; i++)
        if (is_to_write(r, &r->tallies[i]) && same_entry(t, &r->tallies[i])) {
            buf_printf(out, "%*s    - %s\n", indent, "", r->tallies[i].tc->id);
            n++;
        }
    return n;
}

static void put_heading(struct buf *out, const struct run_result *r)
{
    char date[40];
    struct bytes vendor = bytes_str(r->target->vendor);
    buf_puts(out, "# Known deviations of ");
    if (vendor.n > 0) {
        buf_putc(out, '"');
        text_quote(out, vendor, LINE);
        buf_putc(out, '"');
    } else {
        buf_puts(out, "a KMIP server");
    }
    buf_printf(out,
               "\n# found by kmip-conform " KMIP_CONFORM_VERSION " on %.*s.\n#\n"
               "# A run with --baseline and this file fails for what is new only. Each entry: the\n"
               "# verdict, a piece of the reason, and the cases that are known to have it; `note`\n"
               "# says why that is lived with, and `expires: 2027-03-31` for how long.\n",
               10, text_date_out(r->started_wall_ns / NS_PER_S, date));
}

/* Of the entries in the file, so that those added stand in the same list. */
static int indent_of(const struct baseline *b)
{
    return b && b->doc.root && b->doc.root->kind == YNODE_SEQ ? (int)b->doc.root->col - 1 : 0;
}

/* ---- the file --------------------------------------------------------------- */

static bool adds(const char *path, const struct baseline *known)
{
    return known && strcmp(path, "-") != 0 && report_same_place(path, known->path);
}

bool baseline_can_write(const char *path, const struct baseline *known, struct kerr *err)
{
    if (!path || strcmp(path, "-") == 0)
        return true;
    if (file_exists(path) && !adds(path, known))
        return kerr_set(err, KE_FILE,
                        "%s is there already, perhaps with notes of somebody: --baseline %s with "
                        "--write-baseline %s adds to it what is new",
                        path, path, path);
    return report_can_write(path, err);
}

/* What was put together must be read as it is meant: the file may be written in a way that
 * nothing can be put behind it, such as [...]. */
static bool is_readable(const char *path, struct buf *text, size_t n, struct kerr *err)
{
    struct kerr why = KERR_INIT;
    struct baseline b;
    bool ok = baseline_parse(&b, path, buf_bytes(text), 0, &why) && b.n == n;
    baseline_clear(&b);
    return ok || kerr_set(err, KE_FILE,
                          "cannot add to %s: its entries are not a plain list of lines that begin "
                          "with '- ', one below the other",
                          path);
}

bool baseline_write(const char *path, const struct run_result *r, size_t *added, struct kerr *err)
{
    struct buf text;
    bool add = adds(path, r->baseline), ok = true;
    int indent = add ? indent_of(r->baseline) : 0;
    *added = 0;
    buf_init(&text, 16u << 20);
    if (add)
        ok = file_read(path, &text, err);
    else
        put_heading(&text, r);
    if (add && text.n > 0 && text.p[text.n - 1] != '\n')
        buf_putc(&text, '\n');
    for (size_t i = 0; i < r->n_tallies; i++)
        if (is_to_write(r, &r->tallies[i]) && !is_written(r, i))
            *added += put_entry(&text, r, i, indent);
    if (ok && text.failed)
        ok = kerr_set(err, KE_MEMORY, "no memory for the baseline");
    ok = ok && is_readable(path, &text, (add ? r->baseline->n : 0) + *added, err) &&
         ((add && *added == 0) || file_write(path, buf_bytes(&text), 0644, err));
    buf_clear(&text);
    return ok;
}
