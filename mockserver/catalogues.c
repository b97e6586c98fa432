/* Entries of the catalogues put in force, and told of (catalogues.h). */
#include "mockserver/catalogues.h"

#include <string.h>

/* What an entry has no say in: where the server is. */
static bool check_piece(const struct catalogue_entry *e, struct kerr *err)
{
    static const char *const elsewhere[] = {"listen", "control", "certs", "store", "deviations",
                                            "variations"};
    if (e->config->kind != YNODE_MAP)
        return ynode_err(e->config, KE_CONFIG, err,
                         "config of %s is a map, a piece of the configuration", e->name);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (ynode_get(e->config, elsewhere[i]))
            return ynode_err(e->config, KE_CONFIG, err, "%s is not for config of %s", elsewhere[i],
                             e->name);
    return true;
}

static bool merge_piece(struct mock_config *cfg, const struct catalogue_entry *e, struct kerr *err)
{
    static const char *const adding[] = {"faults", "preload", NULL};
    struct ydoc piece = {.root = (struct ynode *)e->config};
    return check_piece(e, err) && ydoc_merge(&cfg->doc, &piece, adding, err);
}

static bool turn_on(struct mock_config *cfg, const struct catalogue_entry *e, struct kerr *err)
{
    enum mock_switch which = switch_by_name(e->engine);
    if (which == MOCK_SWITCHES)
        return ynode_err(e->at, KE_CONFIG, err, "%s: the engine has no switch '%s'", e->name,
                         e->engine);
    switch_set(&cfg->switches, which);
    return true;
}

static bool put_in_force(struct mock_config *cfg, const struct catalogue *c,
                         const struct ynode *name, struct kerr *err)
{
    const char *text;
    const struct catalogue_entry *e =
        ynode_str(name, &text, err) ? catalogue_need(c, text, name, err) : NULL;
    return e && (!e->config || merge_piece(cfg, e, err)) && (!e->engine || turn_on(cfg, e, err));
}

static bool apply_kind(struct mock_config *cfg, enum catalogue_kind kind, struct kerr *err)
{
    struct catalogue *c = &cfg->catalogues[kind];
    const struct ynode *names = ynode_get(cfg->doc.root, catalogue_plural[kind]);
    if (!names || ynode_is_null(names) || (names->kind == YNODE_SEQ && names->n == 0))
        return true;
    if (names->kind == YNODE_MAP)
        return ynode_err(names, KE_CONFIG, err, "%s is a list of names; `kmip-mock %s` tells them",
                         catalogue_plural[kind], catalogue_plural[kind]);
    if (!catalogue_load(c, kind, err))
        return false;
    bool list = names->kind == YNODE_SEQ;
    for (size_t i = 0; i < (list ? names->n : 1); i++)
        if (!put_in_force(cfg, c, list ? names->vals[i] : names, err))
            return false;
    return true;
}

bool catalogues_apply(struct mock_config *cfg, struct kerr *err)
{
    for (int kind = 0; kind < CATALOGUE_KINDS; kind++)
        if (!apply_kind(cfg, (enum catalogue_kind)kind, err))
            return false;
    return true;
}

/* --- told -------------------------------------------------------------- */

static void print_texts(FILE *out, const char *label, const char *const *v, size_t n)
{
    fprintf(out, "%-12s", label);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%s", i ? ", " : "", v[i]);
    fputs(n ? "\n" : "any\n", out);
}

static void print_entry(FILE *out, enum catalogue_kind kind, const struct catalogue_entry *e)
{
    fprintf(out, "%s\n\n%s.\n\n%-12s%s\n", e->name, e->what, "Clause:", e->clause);
    if (kind == CATALOGUE_DEVIATIONS)
        fprintf(out, "%-12s%s\n", "Level:", e->level == CATALOGUE_MUST ? "MUST" : "SHOULD");
    if (e->why)
        fprintf(out, "%-12s%s\n", "Why:", e->why);
    print_texts(out, "Operations:", (const char *const *)e->operations, e->n_operations);
    print_texts(out, "Rows:", (const char *const *)e->rows, e->n_rows);
    if (e->n_profiles > 0)
        print_texts(out, "Profiles:", (const char *const *)e->profiles, e->n_profiles);
    fprintf(out, "%-12s%s%s%s\n", "By:", e->config ? "configuration" : "",
            e->config && e->engine ? " and " : "", e->engine ? "the engine itself" : "");
}

bool catalogue_print(enum catalogue_kind kind, char **names, int n, FILE *out, struct kerr *err)
{
    struct catalogue c;
    if (!catalogue_load(&c, kind, err))
        return false;
    bool ok = true;
    for (size_t i = 0; n == 0 && i < c.n; i++)
        fprintf(out, "%-40s %s\n", c.v[i].name, c.v[i].what);
    for (int i = 0; ok && i < n; i++) {
        const struct catalogue_entry *e = catalogue_need(&c, names[i], NULL, err);
        ok = e != NULL;
        if (e && i > 0)
            fputc('\n', out);
        if (e)
            print_entry(out, kind, e);
    }
    catalogue_clear(&c);
    return ok;
}
