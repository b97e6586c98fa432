/* The terminal while a run goes on (report.h). */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conformance/report.h"
#include "kmip/base/clock.h"
#include "kmip/base/text.h"

#define LONG_S 2    /* from when on the time of a case is shown */
#define SILENT_S 60 /* after which a line is due where there is no TTY */
#define VERDICT_COLUMNS 16 /* glyph, blank, the longest verdict */

static const struct {
    const char *glyph, *color;
} looks[] = {
    [VERDICT_PASS] = {"\u2713", "32"},          [VERDICT_WARN] = {"!", "33"},
    [VERDICT_FAIL] = {"\u2717", "31;1"},        [VERDICT_NOT_SUPPORTED] = {"\u2013", "2"},
    [VERDICT_NOT_APPLICABLE] = {"\u2013", "2"}, [VERDICT_INCONCLUSIVE] = {"?", "35"},
    [VERDICT_ERROR] = {"\u203c", "31;1"},
};

void terminal_init(struct terminal *t, FILE *out)
{
    bool tty = isatty(fileno(out)) == 1;
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    *t = (struct terminal){.out = out,
                           .live = tty && !dumb,
                           .color = tty && !dumb && !(plain && *plain),
                           .started_ns = clock_mono_ns()};
}

void report_paint(struct terminal *t, const char *color, const char *text)
{
    if (t->color)
        fprintf(t->out, "\033[%sm%s\033[0m", color, text);
    else
        fputs(text, t->out);
}

const char *report_color(enum verdict v)
{
    return looks[v].color;
}

const char *report_glyph(enum verdict v)
{
    return looks[v].glyph;
}

void report_verdict(struct terminal *t, enum verdict v)
{
    char text[48];
    snprintf(text, sizeof text, "%s %s", looks[v].glyph, verdict_name(v));
    report_paint(t, looks[v].color, text);
}

/* ---- who is tested ---------------------------------------------------------- */

static void versions(FILE *out, const struct target *target)
{
    fprintf(out, "\nVersions     ");
    for (size_t i = 0; i < target->n_versions; i++)
        fprintf(out, "%s%s", i ? ", " : "", kmip_version_text(target->versions[i]));
    fprintf(out, "%stested with %s\n", target->n_versions ? "; " : "none announced; ",
            kmip_version_text(target->opt.settings.version));
}

void report_target(struct terminal *t, const struct target *target, const char *run_prefix)
{
    const struct tls_info *tls = &target->tls;
    char from[40], to[40];
    fprintf(t->out, "Server       %s:%s", target->opt.settings.host, target->port);
    if (target->vendor[0])
        fprintf(t->out, ", \"%s\"", target->vendor);
    versions(t->out, target);
    fprintf(t->out, "TLS          %s, %s%s%s\n", tls->version, tls->suite,
            tls->group[0] ? ", " : "", tls->group);
    if (tls->has_peer)
        fprintf(t->out, "Certificate  %s, issued by %s, valid %s to %s\n", tls->peer_subject,
                tls->peer_issuer, text_date_out(tls->peer_not_before, from),
                text_date_out(tls->peer_not_after, to));
    if (!target->has_offset)
        fprintf(t->out, "Clock        not told\n");
    else if (target->offset_s != 0)
        fprintf(t->out, "Clock        %lld s %s ours: cases about dates may show it\n",
                (long long)llabs((long long)target->offset_s),
                target->offset_s < 0 ? "behind" : "ahead of");
    else
        fprintf(t->out, "Clock        agrees with ours\n");
    if (target->pace.control)
        fprintf(t->out,
                "Time         virtual: waits advance the mock's clock by its control API at %s\n",
                mock_control_place(target->pace.control));
    fprintf(t->out, "Run          %s (begins every name that is made)\n\n", run_prefix);
    fflush(t->out);
}

/* ---- case by case ----------------------------------------------------------- */

static size_t columns(const struct terminal *t)
{
    struct winsize w;
    return ioctl(fileno(t->out), TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

/* "[12/426] 1:02 PASS 10 FAIL 1": how far it is. Returns its columns. */
static size_t put_state(struct terminal *t, int64_t now_ns)
{
    long long s = (long long)((now_ns - t->started_ns) / NS_PER_S);
    char part[60];
    int used = snprintf(part, sizeof part, "[%zu/%zu] %lld:%02lld", t->at_case + 1, t->cases, s / 60,
                        s % 60);
    fputs(part, t->out);
    for (int v = 0; v < VERDICT_COUNT_; v++) {
        if (t->n[v] == 0)
            continue;
        used += snprintf(part, sizeof part, " %s %zu", verdict_name((enum verdict)v), t->n[v]);
        fputc(' ', t->out);
        report_paint(t, looks[v].color, part + 1);
    }
    return (size_t)used;
}

/* The line of a TTY, with the time that the case takes once it takes long. */
static void put_live(struct terminal *t, int64_t now_ns)
{
    long long s = (long long)((now_ns - t->at_ns) / NS_PER_S);
    char name[300];
    if (s >= LONG_S)
        snprintf(name, sizeof name, "%s (%lld s)", t->at, s);
    else
        snprintf(name, sizeof name, "%s", t->at);
    fputs("\r\033[K", t->out);
    size_t used = put_state(t, now_ns);
    size_t room = columns(t) > used + 3 ? columns(t) - used - 3 : 0;
    fprintf(t->out, "  %.*s", (int)room, name);
    fflush(t->out);
}

void report_begin(struct terminal *t, const struct test_case *tc, size_t i, size_t n)
{
    t->at = tc->id;
    t->at_case = i;
    t->cases = n;
    t->at_ns = clock_mono_ns();
    if (t->live)
        put_live(t, t->at_ns);
}

void report_tick(struct terminal *t)
{
    int64_t now = clock_mono_ns(), silent = now - (t->said_ns > 0 ? t->said_ns : t->started_ns);
    if (!t->at)
        return;
    if (t->live) {
        put_live(t, now);
    } else if (silent >= SILENT_S * NS_PER_S) {
        put_state(t, now);
        fprintf(t->out, "  %s, for %lld s\n", t->at, (long long)((now - t->at_ns) / NS_PER_S));
        fflush(t->out);
        t->said_ns = now;
    }
}

static void told(struct terminal *t, const struct case_tally *c)
{
    struct buf text;
    buf_init(&text, 4096);
    if (c->known)
        buf_puts(&text, c->rounds > 1 ? "known, " : "known");
    if (c->rounds > 1)
        report_rounds(&text, c);
    else if (c->worst->verdict == VERDICT_PASS)
        buf_printf(&text, c->worst->took_ns < 10 * NS_PER_MS ? "%.1f ms" : "%.0f ms",
                   (double)c->worst->took_ns / 1e6);
    if (c->worst->reason[0]) {
        struct bytes reason = bytes_str(c->worst->reason);
        buf_puts(&text, text.n ? ": " : "");
        text_show(&text, reason, t->live ? 2 * columns(t) : 300);
    }
    fprintf(t->out, "  %s\n", buf_cstr(&text));
    buf_clear(&text);
}

void report_case(struct terminal *t, const struct case_tally *c)
{
    enum verdict v = c->worst->verdict;
    t->n[v]++;
    if (t->live)
        fputs("\r\033[K", t->out);
    if ((v == VERDICT_PASS || c->known) && (t->quiet || t->live))
        return;
    report_verdict(t, v);
    fprintf(t->out, "%*s %s", (int)(VERDICT_COLUMNS - 2 - strlen(verdict_name(v))), "", c->tc->id);
    told(t, c);
    fflush(t->out);
    t->said_ns = clock_mono_ns();
}
