/* What came of the mutants, for programs (mutant.h). */
#include "conformance/mutant.h"
#include "conformance/report.h"

/* By enum mutant_fate. */
static const char *const fates[MUTANT_FATES] = {"by_rules", "by_case", "undecided", "given_up", "permitted",
                                                "unnoticed"};
static const char *const excuses[MUTANT_EXCUSES] = {"legal", "elsewhere", "survived"};

static bool put_unnoticed(json_t *o, const struct mutant_class *c)
{
    json_t *example =
        json_pack("{s:o}", "case", report_json_text(c->example ? c->example : ""));
    if (example && c->example_step != SIZE_MAX)
        json_object_set_new(example, "step", json_integer((json_int_t)c->example_step + 1));
    return json_object_set_new(o, "stands", json_string(excuses[mutant_excuse(c)])) == 0 &&
           json_object_set_new(o, "example", example) == 0 &&
           (!c->reason ||
            (json_object_set_new(o, "why", report_json_text(c->reason->why)) == 0 &&
             json_object_set_new(o, "clause", report_json_text(c->reason->clause)) == 0));
}

static json_t *class_json(const struct mutant_class *c)
{
    json_t *o = json_pack("{s:o, s:o, s:s, s:s}", "operation", report_json_text(c->operation),
                          "field", report_json_text(c->field), "mutation",
                          mutant_kind_names[c->kind], "how", c->how);
    for (int k = 0; o && k < MUTANT_FATES; k++)
        if (c->n[k] > 0)
            json_object_set_new(o, fates[k], json_integer((json_int_t)c->n[k]));
    if (o && c->n[MUTANT_UNNOTICED] > 0 && !put_unnoticed(o, c)) {
        json_decref(o);
        return NULL;
    }
    return o;
}

bool mutants_json(const char *path, const struct mutants *m, struct kerr *err)
{
    json_t *classes = json_array();
    bool ok = classes != NULL;
    for (size_t i = 0; ok && i < m->tally.n; i++)
        ok = json_array_append_new(classes, class_json(&m->tally.v[i])) == 0;
    json_t *root = json_pack("{s:I, s:I, s:I, s:b, s:o}", "cases", (json_int_t)m->n_cases,
                             "replies", (json_int_t)m->n_replies, "left_out",
                             (json_int_t)m->n_left_out, "good", mutants_good(m), "classes",
                             classes);
    if (!ok || !root) {
        json_decref(root);
        return kerr_set(err, KE_MEMORY, "no memory for the report");
    }
    ok = report_write_json(path, root, err);
    json_decref(root);
    return ok;
}
