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

size_t report_coverage(FILE *out, const struct suites *s)
{
    size_t bare = 0, covered = 0;
    for (size_t i = 0; i < requirements_count(); i++) {
        const struct requirement *q = requirement_at(i);
        fprintf(out, "%-9s %-6s %s\n", q->row, q->mark, q->text);
        size_t n = cases_of(out, s, q->row);
        if (n > 0)
            covered++;
        else if (q->without_case[0])
            fprintf(out, "                   no case: %s\n", q->without_case);
        else
            fprintf(out, "                   NOT COVERED\n");
        bare += n == 0 && !q->without_case[0];
    }
    fprintf(out, "\n%zu rows, %zu with cases, %zu without by a stated reason, %zu not covered\n",
            requirements_count(), covered, requirements_count() - covered - bare, bare);
    return bare;
}
