/* Why some mutants are legal replies (mutant.h): fixtures/mutants.yaml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/mutant.h"
#include "conformance/program.h"
#include "kmip/base/beside.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/yaml/yfield.h"

struct reading {
    struct mutant_reason r;
    const struct ynode *mutation, *operation, *field, *how;
};

#define AT(m) offsetof(struct reading, m)

static const struct yfield fields[] = {
    {.key = "why", .kind = YF_STR, .off = AT(r.why), .required = true,
     .help = "why the reply is legal all the same"},
    {.key = "clause", .kind = YF_STR, .off = AT(r.clause), .required = true,
     .help = "of the standard, that permits it or leaves it open"},
    {.key = "mutation", .kind = YF_NODE, .off = AT(mutation), .required = true,
     .help = "removed, duplicated, swapped, retyped, changed; or a list"},
    {.key = "operation", .kind = YF_NODE, .off = AT(operation),
     .help = "pattern or list; default any"},
    {.key = "field", .kind = YF_NODE, .off = AT(field), .required = true,
     .help = "pattern or list"},
    {.key = "how", .kind = YF_NODE, .off = AT(how), .help = "pattern or list; default any"},
    {.key = NULL}};

/* ---- reading ------------------------------------------------------------------- */

/* A text or a list of them. */
static bool read_texts(struct arena *a, const struct ynode *n, const char ***out, size_t *n_out,
                       struct kerr *err)
{
    bool list = n && n->kind == YNODE_SEQ;
    size_t count = !n ? 0 : list ? n->n : 1;
    *out = arena_array(a, count + 1, sizeof **out);
    if (!*out)
        return kerr_set(err, KE_MEMORY, "no memory for reasons");
    for (*n_out = 0; *n_out < count; ++*n_out)
        if (!ynode_str(list ? n->vals[*n_out] : n, &(*out)[*n_out], err))
            return false;
    return true;
}

static bool read_kinds(struct arena *a, const struct ynode *n, unsigned *kinds, struct kerr *err)
{
    const char **names;
    size_t n_names;
    if (!read_texts(a, n, &names, &n_names, err))
        return false;
    for (size_t i = 0; i < n_names; i++) {
        unsigned k = 0;
        while (mutant_kind_names[k] && strcmp(mutant_kind_names[k], names[i]) != 0)
            k++;
        if (k == MUTANT_KINDS)
            return ynode_err(n, KE_CONFIG, err, "there is no mutation '%s'%s", names[i],
                             text_hint(text_nearest(names[i], mutant_kind_names, k)).text);
        *kinds |= 1u << k;
    }
    return true;
}

static bool read_reason(struct mutant_reasons *rs, const struct ynode *n, struct kerr *err)
{
    struct reading rd = {.r = {.at = n}};
    struct mutant_reason *r = &rd.r;
    struct arena *a = &rs->doc.arena;
    if (!yfields_read(n, fields, &rd, err) || !read_kinds(a, rd.mutation, &r->kinds, err) ||
        !read_texts(a, rd.operation, &r->operations, &r->n_operations, err) ||
        !read_texts(a, rd.field, &r->fields, &r->n_fields, err) ||
        !read_texts(a, rd.how, &r->hows, &r->n_hows, err))
        return false;
    rs->v[rs->n++] = *r;
    return true;
}

static bool find_file(char out[BESIDE_MAX], struct kerr *err)
{
    static const char *const places[] = {"fixtures/mutants.yaml", "share/kmip-conform/mutants.yaml",
                                         NULL};
    const char *folder = program_env("KMIP_CATALOGUES");
    if (folder) {
        snprintf(out, BESIDE_MAX, "%s/mutants.yaml", folder);
        return file_exists(out) ||
               kerr_set(err, KE_USAGE,
                        "KMIP_CATALOGUES names the folder %s, which has no mutants.yaml", folder);
    }
    return beside_program(places, places[0], out) ||
           kerr_set(err, KE_USAGE, "the reasons for mutants are neither beside the program (%s, "
                                   "%s) nor here; KMIP_CATALOGUES names their folder",
                    places[0], places[1]);
}

bool mutant_reasons_load(struct mutant_reasons *r, struct kerr *err)
{
    char path[BESIDE_MAX];
    *r = (struct mutant_reasons){.n = 0};
    if (!find_file(path, err) || !ydoc_load(&r->doc, path, err))
        return false;
    const struct ynode *root = r->doc.root;
    bool ok = (root && root->kind == YNODE_SEQ) ||
              kerr_set(err, KE_CONFIG, "%s: a list of reasons was expected", path);
    r->v = ok ? arena_array(&r->doc.arena, root->n + 1, sizeof *r->v) : NULL;
    ok = ok && (r->v || kerr_set(err, KE_MEMORY, "no memory for reasons"));
    for (size_t i = 0; ok && i < root->n; i++)
        ok = read_reason(r, root->vals[i], err);
    if (!ok)
        mutant_reasons_clear(r);
    return ok;
}

void mutant_reasons_clear(struct mutant_reasons *r)
{
    ydoc_clear(&r->doc);
    *r = (struct mutant_reasons){.n = 0};
}

/* ---- applying ------------------------------------------------------------------- */

static bool one_fits(const char *const *patterns, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (text_glob(patterns[i], text))
            return true;
    return n == 0;
}

static bool fits(const struct mutant_reason *r, const struct mutant_class *c)
{
    return (r->kinds & 1u << c->kind) && one_fits(r->operations, r->n_operations, c->operation) &&
           one_fits(r->fields, r->n_fields, c->field) && one_fits(r->hows, r->n_hows, c->how);
}

void mutant_reasons_apply(struct mutant_reasons *r, struct mutant_tally *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct mutant_class *c = &t->v[i];
        for (size_t k = 0; k < r->n && c->n[MUTANT_UNNOTICED] > 0 && !c->reason; k++)
            if (fits(&r->v[k], c)) {
                c->reason = &r->v[k];
                r->v[k].used += c->n[MUTANT_UNNOTICED];
            }
    }
}
