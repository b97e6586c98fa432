/* The selftest on the terminal (selftest.h): a line for each entry as it comes to its end,
 * in full for what is not as it should be, and the sums. */
#include <stdio.h>
#include <string.h>

#include "conformance/program.h"
#include "conformance/selftest.h"
#include "kmip/base/clock.h"

#define SHOWN 3 /* cases of an entry */

static const struct {
    const char *glyph, *color;
} looks[SELFTEST_RESULTS] = {
    [SELFTEST_OPEN] = {"\u2013", "2"},       [SELFTEST_GOOD] = {"\u2713", "32"},
    [SELFTEST_SURVIVED] = {"\u2717", "31;1"}, [SELFTEST_ELSEWHERE] = {"\u2717", "31;1"},
    [SELFTEST_BLAMED] = {"\u2717", "31;1"},  [SELFTEST_BROKEN] = {"\u203c", "31;1"},
};

const char *selftest_word(const struct selftest_entry *e)
{
    static const char *const words[SELFTEST_RESULTS] = {
        [SELFTEST_OPEN] = "not run",      [SELFTEST_SURVIVED] = "SURVIVED",
        [SELFTEST_ELSEWHERE] = "SURVIVED", [SELFTEST_BLAMED] = "BLAMED",
        [SELFTEST_BROKEN] = "BROKEN",
    };
    static const char *const good[] = {[SELFTEST_HONEST] = "clean",
                                       [SELFTEST_DEVIATION] = "killed",
                                       [SELFTEST_VARIATION] = "accepted"};
    return e->result == SELFTEST_GOOD ? good[e->kind] : words[e->result];
}

const char *selftest_name(const struct selftest_entry *e)
{
    return e->about ? e->about->name : "(honest)";
}

const char *selftest_tie_name(enum selftest_tie tie)
{
    static const char *const names[] = {
        [TIE_CASE] = "case", [TIE_RULE] = "rule", [TIE_GATE] = "gate", [TIE_NONE] = ""};
    return names[tie];
}

enum selftest_tie selftest_killed_by(const struct selftest_entry *e)
{
    enum selftest_tie best = TIE_NONE;
    for (size_t i = 0; i < e->n; i++)
        if (e->v[i].kills && e->v[i].tie < best)
            best = e->v[i].tie;
    return best;
}

size_t selftest_killed(const struct selftest *st, enum selftest_tie tie)
{
    size_t n = 0;
    for (size_t i = 0; i < st->n; i++)
        n += st->v[i].result == SELFTEST_GOOD && selftest_killed_by(&st->v[i]) == tie;
    return n;
}

size_t selftest_count(const struct selftest *st, enum selftest_kind kind, enum selftest_result r)
{
    size_t n = 0;
    for (size_t i = 0; i < st->n; i++)
        n += st->v[i].kind == kind && st->v[i].result == r;
    return n;
}

size_t selftest_size(const struct selftest *st, enum selftest_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < st->n; i++)
        n += st->v[i].kind == kind;
    return n;
}

/* ---- while it goes on ------------------------------------------------------- */

static void wipe_line(struct terminal *t)
{
    if (t->live)
        fputs("\r\033[K", t->out);
}

void selftest_progress(struct selftest *st, size_t running)
{
    struct terminal *t = &st->term;
    size_t done = 0, bad = 0;
    if (!t->live)
        return;
    for (size_t i = 0; i < st->n; i++) {
        done += st->v[i].result != SELFTEST_OPEN;
        bad += st->v[i].result > SELFTEST_GOOD;
    }
    long long s = (long long)((clock_mono_ns() - t->started_ns) / NS_PER_S);
    wipe_line(t);
    fprintf(t->out, "[%zu/%zu] %lld:%02lld  %zu running", done, st->n, s / 60, s % 60, running);
    if (bad > 0)
        fprintf(t->out, ", %zu not as they should be", bad);
    fflush(t->out);
}

static void result(struct terminal *t, const struct selftest_entry *e)
{
    char text[60];
    snprintf(text, sizeof text, "%s %-9s", looks[e->result].glyph, selftest_word(e));
    report_paint(t, looks[e->result].color, text);
}

/* ---- one entry -------------------------------------------------------------- */

/* Does the list of an entry have it: all that is worse than before, or of what killed it that
 * with this tie? */
static bool is_listed(const struct selftest_outcome *o, enum selftest_tie tie)
{
    return tie == TIE_NONE ? o->worse : o->kills && o->tie == tie;
}

/* Ids of up to SHOWN cases; of a rule, what it says. */
static void cases(struct terminal *t, const struct selftest_entry *e, enum selftest_tie tie)
{
    size_t all = 0, shown = 0;
    for (size_t i = 0; i < e->n; i++) {
        const struct selftest_outcome *o = &e->v[i];
        if (!is_listed(o, tie) || all++ >= SHOWN)
            continue;
        fprintf(t->out, "%s%s", shown++ ? ", " : "", o->tc->id);
        if (tie == TIE_RULE || tie == TIE_GATE)
            fprintf(t->out, " [%s]", o->by);
    }
    if (all > shown)
        fprintf(t->out, " and %zu more", all - shown);
}

/* By what, and by which. */
static void killed(struct terminal *t, const struct selftest_entry *e)
{
    enum selftest_tie tie = selftest_killed_by(e);
    fprintf(t->out, "%s: ", selftest_tie_name(tie));
    cases(t, e, tie);
}

static void rows(struct terminal *t, const struct catalogue_entry *about)
{
    for (size_t i = 0; i < about->n_rows; i++)
        fprintf(t->out, "%s%s", i ? ", " : "; rows ", about->rows[i]);
}

/* What is not as it should be, so that somebody can act on it. */
static void in_full(struct terminal *t, const struct selftest_entry *e)
{
    size_t shown = 0;
    if (e->about) {
        fprintf(t->out, "    what      %s\n    clause    %s", e->about->what, e->about->clause);
        if (e->kind == SELFTEST_DEVIATION)
            fprintf(t->out, " (%s", e->about->level == CATALOGUE_SHOULD ? "SHOULD" : "MUST");
        if (e->kind == SELFTEST_DEVIATION) {
            rows(t, e->about);
            fputc(')', t->out);
        }
        fputc('\n', t->out);
    }
    if (e->broken && e->why != e->broken)
        fprintf(t->out, "    run       %s\n", e->broken);
    for (size_t i = 0; i < e->n && shown < 2 * SHOWN; i++) {
        const struct selftest_outcome *o = &e->v[i];
        if (!o->worse || (e->result == SELFTEST_BLAMED && e->kind == SELFTEST_VARIATION &&
                          o->verdict != VERDICT_FAIL))
            continue;
        fprintf(t->out, "    %-9s %s (%s): %.240s\n", verdict_name(o->verdict), o->tc->id,
                o->tc->clause, o->reason);
        shown++;
    }
}

/* A variation may be warned of; how much, is worth knowing. */
static void mild(struct terminal *t, const struct selftest_entry *e)
{
    if (e->n_worse == 0)
        return;
    fprintf(t->out, "%zu not PASS: ", e->n_worse);
    cases(t, e, TIE_NONE);
}

void selftest_told(struct selftest *st, const struct selftest_entry *e)
{
    struct terminal *t = &st->term;
    bool good = e->result == SELFTEST_GOOD;
    if (good && (t->quiet || t->live))
        return;
    wipe_line(t);
    result(t, e);
    fprintf(t->out, " %-44s ", selftest_name(e));
    if (!good)
        fputs(e->why, t->out);
    else if (e->kind == SELFTEST_DEVIATION)
        killed(t, e);
    else if (e->kind == SELFTEST_VARIATION)
        mild(t, e);
    fputc('\n', t->out);
    if (!good)
        in_full(t, e);
    fflush(t->out);
}

/* ---- the end ---------------------------------------------------------------- */

/* "(300 by a case, 50 by a rule, 8 by the gate)" */
static void kinds(struct selftest *st)
{
    static const char *const words[] = {
        [TIE_CASE] = "a case about it", [TIE_RULE] = "a rule for every reply",
        [TIE_GATE] = "the gate"};
    const char *before = " (";
    for (enum selftest_tie tie = TIE_CASE; tie < TIE_NONE; tie++) {
        size_t n = selftest_killed(st, tie);
        if (n == 0)
            continue;
        fprintf(st->term.out, "%s%zu by %s", before, n, words[tie]);
        before = ", ";
    }
    if (before[0] == ',')
        fputc(')', st->term.out);
}

static void sum(struct selftest *st, enum selftest_kind kind, const char *title, const char *good)
{
    static const struct {
        enum selftest_result r;
        const char *words;
    } others[] = {{SELFTEST_SURVIVED, "noticed by nothing"},
                  {SELFTEST_ELSEWHERE, "noticed elsewhere only"},
                  {SELFTEST_BLAMED, "blamed"},
                  {SELFTEST_BROKEN, "not brought to the end"},
                  {SELFTEST_OPEN, "not run"}};
    size_t all = selftest_size(st, kind);
    if (all == 0)
        return;
    fprintf(st->term.out, "%-12s %zu: %zu %s", title, all,
            selftest_count(st, kind, SELFTEST_GOOD), good);
    if (kind == SELFTEST_DEVIATION)
        kinds(st);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = selftest_count(st, kind, others[i].r);
        if (n > 0)
            fprintf(st->term.out, ", %zu %s", n, others[i].words);
    }
    fputc('\n', st->term.out);
}

void selftest_end(struct selftest *st)
{
    struct terminal *t = &st->term;
    int64_t cpu = 0;
    bool bad = false;
    wipe_line(t);
    for (size_t i = 0; i < st->n; i++) {
        cpu += st->v[i].cpu_ns;
        bad = bad || (st->v[i].result > SELFTEST_GOOD && st->v[i].about);
    }
    fputc('\n', t->out);
    sum(st, SELFTEST_HONEST, "Honest mock", "clean");
    sum(st, SELFTEST_DEVIATION, "Deviations", "killed");
    sum(st, SELFTEST_VARIATION, "Variations", "accepted");
    fprintf(t->out, "%-12s %.1f s, of processors %.1f s\n", "Took", (double)st->took_ns / 1e9,
            (double)cpu / 1e9);
    if (bad)
        fprintf(t->out,
                "\nOne of them by hand: kmip-mock run --control 127.0.0.1:0 --set "
                "'deviations=[NAME]' -- " PROGRAM " run (or variations=[NAME])\n");
    fflush(t->out);
}
