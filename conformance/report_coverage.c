/* Requirement rows against cases (report.h). */
#include "conformance/report.h"
#include "conformance/requirement.h"

static size_t cases_of(FILE *out, const struct suites *s, const char *row)
{
    size_t n = 0;
    for (const struct test_case *c = s->first; c; c = c->next)
        for (size_t k = 0; k < c->covers.n; k++)
            if (strcmp(c->covers.v[k], row) == 0) {
                fprintf(out, "                   %s\n", c->id);
                n++;
            }
    return n;
}

/* A row counts when no profile is named, or one whose suite is to cover it. */
static bool counts(const struct requirement *q, const struct opt_list *named)
{
    bool any = named->n == 0;
    for (size_t i = 0; i < named->n; i++)
        any = any || strcmp(named->v[i], "all") == 0 || strcmp(named->v[i], q->profile) == 0;
    return any;
}

size_t report_coverage(FILE *out, const struct suites *s, const struct opt_list *named)
{
    size_t rows = 0, bare = 0, covered = 0;
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        if (!counts(q, named))
            continue;
        fprintf(out, "%-9s %-6s %s\n", q->row, q->mark, q->text);
        size_t n = cases_of(out, s, q->row);
        rows++;
        if (n > 0)
            covered++;
        else if (q->without_case[0])
            fprintf(out, "                   no case: %s\n", q->without_case);
        else
            fprintf(out, "                   NOT COVERED\n");
        bare += n == 0 && !q->without_case[0];
    }
    fprintf(out, "\n%zu rows, %zu with cases, %zu without by a stated reason, %zu not covered\n",
            rows, covered, rows - covered - bare, bare);
    return bare;
}
