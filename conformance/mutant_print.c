/* What came of the mutants, on the terminal (mutant.h). */
#include <stdio.h>
#include <string.h>

#include "conformance/mutant.h"
#include "kmip/base/clock.h"

/* Fates, with the unnoticed taken apart. */
struct row {
    size_t total, fate[MUTANT_FATES], excuse[MUTANT_EXCUSES];
};

static void add(struct row *r, const struct mutant_class *c)
{
    r->total += mutant_class_size(c);
    for (int k = 0; k < MUTANT_FATES; k++)
        r->fate[k] += c->n[k];
    if (c->n[MUTANT_UNNOTICED] > 0)
        r->excuse[mutant_excuse(c)] += c->n[MUTANT_UNNOTICED];
}

static void print_row(FILE *out, const struct row *r, const char *name)
{
    fprintf(out, "%9zu %9zu %9zu %9zu %9zu %9zu %9zu %9zu  %s\n", r->total,
            r->fate[MUTANT_BY_RULES], r->fate[MUTANT_BY_CASE], r->fate[MUTANT_UNDECIDED],
            r->fate[MUTANT_PERMITTED], r->excuse[MUTANT_LEGAL], r->excuse[MUTANT_ELSEWHERE],
            r->excuse[MUTANT_SURVIVED] + r->fate[MUTANT_GIVEN_UP], name);
}

static void print_head(FILE *out, const char *what)
{
    fprintf(out, "%9s %9s %9s %9s %9s %9s %9s %9s  %s\n", "mutants", "by rules", "by cases",
            "undecided", "permitted", "legal", "elsewhere", "SURVIVED", what);
}

/* ---- tables --------------------------------------------------------------------- */

static void print_kinds(FILE *out, const struct mutants *m)
{
    struct row rows[MUTANT_KINDS] = {{.total = 0}}, all = {.total = 0};
    for (size_t i = 0; i < m->tally.n; i++) {
        add(&rows[m->tally.v[i].kind], &m->tally.v[i]);
        add(&all, &m->tally.v[i]);
    }
    print_head(out, "mutation");
    for (int k = 0; k < MUTANT_KINDS; k++)
        print_row(out, &rows[k], mutant_kind_names[k]);
    print_row(out, &all, "all");
}

/* Classes are sorted by operation and field. */
static void print_fields(FILE *out, const struct mutants *m)
{
    const struct mutant_tally *t = &m->tally;
    fputc('\n', out);
    print_head(out, m->st->full ? "field" : "field (those with unnoticed mutants)");
    for (size_t i = 0, next; i < t->n; i = next) {
        struct row r = {.total = 0};
        char name[800];
        for (next = i; next < t->n && strcmp(t->v[next].operation, t->v[i].operation) == 0 &&
                       strcmp(t->v[next].field, t->v[i].field) == 0;
             next++)
            add(&r, &t->v[next]);
        snprintf(name, sizeof name, "%s: %s", t->v[i].operation, t->v[i].field);
        if (m->st->full || r.fate[MUTANT_UNNOTICED] > 0)
            print_row(out, &r, name);
    }
}

static void print_reasons(FILE *out, const struct mutants *m)
{
    fputs("\nunnoticed, because they are legal replies\n", out);
    for (size_t i = 0; i < m->reasons.n; i++) {
        const struct mutant_reason *r = &m->reasons.v[i];
        if (r->used > 0)
            fprintf(out, "%9zu  %s (%s)\n", r->used, r->why, r->clause);
        else if (m->whole)
            fprintf(out, "  IN VAIN  %s:%u: %s: no mutant needs this reason\n", r->at->file,
                    r->at->line, r->why);
    }
}

static void print_survivor(FILE *out, const struct mutant_class *c)
{
    bool error = c->n[MUTANT_GIVEN_UP] > 0;
    fprintf(out, "%s  %s: %s: %s%s%s: %zu of %zu, ", error ? "ERROR   " : "SURVIVED", c->operation,
            c->field, mutant_kind_names[c->kind], c->how[0] ? ", " : "", c->how,
            c->n[error ? MUTANT_GIVEN_UP : MUTANT_UNNOTICED], mutant_class_size(c));
    if (c->example_step == SIZE_MAX)
        fprintf(out, "in the preparation of %s\n", c->example);
    else
        fprintf(out, "in step %zu of %s\n", c->example_step + 1, c->example);
}

static size_t print_survivors(FILE *out, const struct mutants *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->tally.n; i++) {
        const struct mutant_class *c = &m->tally.v[i];
        if (!mutant_survived(c))
            continue;
        if (n++ == 0)
            fputc('\n', out);
        print_survivor(out, c);
    }
    return n;
}

void mutants_print(const struct mutants *m)
{
    FILE *out = m->st->term.out;
    size_t n = 0;
    for (size_t i = 0; i < m->tally.n; i++)
        n += mutant_class_size(&m->tally.v[i]);
    fprintf(out, "%zu mutants of %zu replies in %zu cases: recorded in %.1f s, judged in %.1f s\n",
            n, m->n_replies, m->n_cases, (double)m->recorded_ns / NS_PER_S,
            (double)m->judged_ns / NS_PER_S);
    if (m->n_left_out > 0)
        fprintf(out, "%zu replies of cases that watch connections, or need a mock of their own, are left out\n", m->n_left_out);
    fputc('\n', out);
    print_kinds(out, m);
    if (!m->st->term.quiet)
        print_fields(out, m);
    print_reasons(out, m);
    size_t survived = print_survivors(out, m);
    fprintf(out, "\n%s\n",
            survived > 0           ? "mutants SURVIVED: the tester does not see what is wrong"
            : !mutants_good(m)     ? "reasons IN VAIN: take them out of fixtures/mutants.yaml"
                                   : "every mutant is noticed, or is a legal reply");
}
