/* Several runs side by side (compare.h). */
#include "conformance/compare.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/reason.h"
#include "conformance/report.h"

/* ---- rows ------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct case_tally *const *x = a, *const *y = b;
    return strcmp((*x)->tc->id, (*y)->tc->id);
}

/* The cases of a run, sorted by id. */
static const struct case_tally **index_of(const struct run_result *r)
{
    const struct case_tally **v = calloc(r->n_tallies + 1, sizeof *v);
    for (size_t i = 0; v && i < r->n_tallies; i++)
        v[i] = &r->tallies[i];
    if (v && r->n_tallies > 0)
        qsort(v, r->n_tallies, sizeof *v, by_id);
    return v;
}

static const struct case_tally *find(const struct case_tally *const *index, size_t n,
                                     const struct case_tally *t)
{
    const struct case_tally *const *found = n > 0 ? bsearch(&t, index, n, sizeof *index, by_id)
                                                  : NULL;
    return found ? *found : NULL;
}

/* A reason without the place of its server, of which no two have the same. */
static void without_place(struct buf *out, const char *reason, const struct target *t)
{
    const struct {
        const char *text, *instead;
    } places[] = {{t->opt.settings.host, "HOST"}, {t->port, "PORT"}};
    while (*reason) {
        size_t n = 0;
        for (size_t i = 0; i < sizeof places / sizeof *places && n == 0; i++) {
            const char *text = places[i].text;
            if (!text || !*text || strncmp(reason, text, strlen(text)) != 0)
                continue;
            n = strlen(text);
            buf_puts(out, places[i].instead);
        }
        if (n == 0)
            buf_putc(out, *reason);
        reason += n > 0 ? n : 1;
    }
}

static bool agree(const struct comparison *c, const struct compared_case *row, size_t i, size_t k)
{
    const struct case_result *a = row->of[i]->worst, *b = row->of[k]->worst;
    struct buf x, y;
    if (a->verdict != b->verdict || a->verdict == VERDICT_PASS)
        return a->verdict == b->verdict;
    buf_init(&x, 1u << 20);
    buf_init(&y, 1u << 20);
    without_place(&x, a->reason, c->runs[i].result->target);
    without_place(&y, b->reason, c->runs[k].result->target);
    bool same = reason_same(buf_cstr(&x), buf_cstr(&y));
    buf_clear(&x);
    buf_clear(&y);
    return same;
}

static bool differs(const struct comparison *c, const struct compared_case *row)
{
    size_t first = 0;
    while (!row->of[first])
        first++;
    for (size_t i = first + 1; i < c->n_runs; i++)
        if (row->of[i] && !agree(c, row, first, i))
            return true;
    return false;
}

/* Cases of run k that no earlier run has. */
static void add_rows(struct comparison *c, size_t k, const struct case_tally *const *const *indices)
{
    const struct run_result *r = c->runs[k].result;
    for (size_t i = 0; i < r->n_tallies; i++) {
        const struct case_tally *t = &r->tallies[i];
        struct compared_case row = {.tc = t->tc};
        bool told = false;
        for (size_t j = 0; j < c->n_runs; j++) {
            row.of[j] = find(indices[j], c->runs[j].result->n_tallies, t);
            told = told || (j < k && row.of[j]);
        }
        if (told)
            continue;
        row.differs = differs(c, &row);
        c->differing += row.differs;
        c->v[c->n++] = row;
    }
}

bool compare_make(struct comparison *c, const struct compared_run *runs, size_t n,
                  struct kerr *err)
{
    const struct case_tally **indices[COMPARE_MAX] = {NULL};
    size_t room = 1;
    bool ok = true;
    *c = (struct comparison){.runs = runs, .n_runs = n};
    for (size_t i = 0; i < n; i++) {
        indices[i] = index_of(runs[i].result);
        ok = ok && indices[i];
        room += runs[i].result->n_tallies;
    }
    c->v = calloc(room, sizeof *c->v);
    ok = ok && c->v;
    for (size_t i = 0; ok && i < n; i++)
        add_rows(c, i, (const struct case_tally *const *const *)indices);
    for (size_t i = 0; i < n; i++)
        free(indices[i]);
    return ok || kerr_set(err, KE_MEMORY, "no memory to compare the reports");
}

void compare_clear(struct comparison *c)
{
    free(c->v);
    c->v = NULL;
}
