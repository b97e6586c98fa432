/* Catalogues out of YAML (catalogue.h). */
#include "kmip/yaml/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmip/base/beside.h"
#include "kmip/base/file.h"
#include "kmip/base/text.h"
#include "kmip/yaml/yfield.h"

const char *const catalogue_plural[CATALOGUE_KINDS] = {"deviations", "variations"};
const char *const catalogue_singular[CATALOGUE_KINDS] = {"deviation", "variation"};

/* --- where it is ------------------------------------------------------- */

static bool find_file(enum catalogue_kind kind, char out[BESIDE_MAX], struct kerr *err)
{
    static const struct {
        const char *in_tree, *installed;
    } at[CATALOGUE_KINDS] = {
        {"fixtures/deviations.yaml", "share/kmip-conform/deviations.yaml"},
        {"fixtures/variations.yaml", "share/kmip-conform/variations.yaml"},
    };
    const char *folder = getenv("KMIP_CATALOGUES");
    if (folder && *folder) {
        snprintf(out, BESIDE_MAX, "%s/%s.yaml", folder, catalogue_plural[kind]);
        return file_exists(out) ||
               kerr_set(err, KE_USAGE, "KMIP_CATALOGUES names the folder %s, which has no %s.yaml",
                        folder, catalogue_plural[kind]);
    }
    const char *places[] = {at[kind].in_tree, at[kind].installed, NULL};
    return beside_program(places, at[kind].in_tree, out) ||
           kerr_set(err, KE_USAGE,
                    "the catalogue of %s is neither beside the program (%s, %s) nor here; "
                    "KMIP_CATALOGUES names its folder",
                    catalogue_plural[kind], at[kind].in_tree, at[kind].installed);
}

/* --- entries ----------------------------------------------------------- */

struct reading {
    struct catalogue_entry e;
    const struct ynode *level, *operation, *rows, *profiles;
};

#define AT(m) offsetof(struct reading, m)

static const struct yfield fields[] = {
    {.key = "name", .kind = YF_STR, .off = AT(e.name), .required = true,
     .help = "how it is asked for; stays as it is"},
    {.key = "what", .kind = YF_STR, .off = AT(e.what), .required = true,
     .help = "what the server does, in a sentence"},
    {.key = "clause", .kind = YF_STR, .off = AT(e.clause), .required = true,
     .help = "of the standard: what is broken, or what permits it"},
    {.key = "why", .kind = YF_STR, .off = AT(e.why), .help = "variations: why it is permitted"},
    {.key = "level", .kind = YF_NODE, .off = AT(level), .help = "deviations: MUST or SHOULD"},
    {.key = "operation", .kind = YF_NODE, .off = AT(operation), .required = true,
     .help = "where it shows: any, the name of an operation, or a list"},
    {.key = "rows", .kind = YF_NODE, .off = AT(rows), .required = true,
     .help = "of the profiles' requirements"},
    {.key = "profiles", .kind = YF_NODE, .off = AT(profiles),
     .help = "variations: profiles that such a server can claim; all when not given"},
    {.key = "config", .kind = YF_NODE, .off = AT(e.config),
     .help = "a piece of the mock's configuration"},
    {.key = "engine", .kind = YF_STR, .off = AT(e.engine), .help = "a switch of the mock's engine"},
    {.key = NULL}};

static bool read_level(struct reading *r, enum catalogue_kind kind, struct kerr *err)
{
    const char *text;
    if ((r->level != NULL) != (kind == CATALOGUE_DEVIATIONS))
        return ynode_err(r->e.at, KE_CONFIG, err, "%s: a %s %s level", r->e.name,
                         catalogue_singular[kind],
                         kind == CATALOGUE_DEVIATIONS ? "has a" : "has no");
    if (!r->level)
        return true;
    if (!ynode_str(r->level, &text, err))
        return false;
    r->e.level = strcmp(text, "SHOULD") == 0 ? CATALOGUE_SHOULD : CATALOGUE_MUST;
    return r->e.level == CATALOGUE_SHOULD || strcmp(text, "MUST") == 0 ||
           ynode_err(r->level, KE_CONFIG, err, "level is MUST or SHOULD, not '%s'", text);
}

/* A text or a list of them. */
static bool read_texts(struct arena *a, const struct ynode *n, const char ***out, size_t *n_out,
                       struct kerr *err)
{
    bool list = n->kind == YNODE_SEQ;
    size_t count = list ? n->n : 1;
    *out = arena_array(a, count, sizeof **out);
    if (!*out && count > 0)
        return kerr_set(err, KE_MEMORY, "no memory for a catalogue");
    for (size_t i = 0; i < count; i++)
        if (!ynode_str(list ? n->vals[i] : n, &(*out)[i], err))
            return false;
    *n_out = count;
    return true;
}

static bool read_entry(struct catalogue *c, const struct ynode *n, struct kerr *err)
{
    struct reading r = {.e = {.at = n}};
    struct catalogue_entry *e = &r.e;
    struct arena *a = &c->doc.arena;
    if (!yfields_read(n, fields, &r, err) || !read_level(&r, c->kind, err) ||
        !read_texts(a, r.operation, &e->operations, &e->n_operations, err) ||
        !read_texts(a, r.rows, &e->rows, &e->n_rows, err) ||
        (r.profiles && !read_texts(a, r.profiles, &e->profiles, &e->n_profiles, err)))
        return false;
    if (r.profiles && c->kind == CATALOGUE_DEVIATIONS)
        return ynode_err(r.profiles, KE_CONFIG, err, "%s: a deviation has no profiles", e->name);
    if (e->n_operations == 1 && strcmp(e->operations[0], "any") == 0)
        e->n_operations = 0;
    if (!e->config && !e->engine)
        return ynode_err(n, KE_CONFIG, err, "%s: config or engine says how it comes about", e->name);
    if (catalogue_find(c, e->name))
        return ynode_err(n, KE_CONFIG, err, "there is a %s %s already",
                         catalogue_singular[c->kind], e->name);
    c->v[c->n++] = *e;
    return true;
}

static bool read_entries(struct catalogue *c, struct kerr *err)
{
    const struct ynode *root = c->doc.root;
    if (!root || root->kind != YNODE_SEQ)
        return root ? ynode_err(root, KE_CONFIG, err, "a catalogue is a list of entries")
                    : kerr_set(err, KE_CONFIG, "the catalogue of %s is empty",
                               catalogue_plural[c->kind]);
    c->v = arena_array(&c->doc.arena, root->n, sizeof *c->v);
    if (!c->v && root->n > 0)
        return kerr_set(err, KE_MEMORY, "no memory for a catalogue");
    for (size_t i = 0; i < root->n; i++)
        if (!read_entry(c, root->vals[i], err))
            return false;
    return true;
}

bool catalogue_load(struct catalogue *c, enum catalogue_kind kind, struct kerr *err)
{
    char path[BESIDE_MAX];
    *c = (struct catalogue){.kind = kind};
    if (!find_file(kind, path, err) || !ydoc_load(&c->doc, path, err))
        return false;
    if (read_entries(c, err))
        return true;
    catalogue_clear(c);
    return false;
}

void catalogue_clear(struct catalogue *c)
{
    ydoc_clear(&c->doc);
    *c = (struct catalogue){.kind = c->kind};
}

/* --- names ------------------------------------------------------------- */

const struct catalogue_entry *catalogue_find(const struct catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->v[i].name, name) == 0)
            return &c->v[i];
    return NULL;
}

const struct catalogue_entry *catalogue_need(const struct catalogue *c, const char *name,
                                             const struct ynode *at, struct kerr *err)
{
    enum { MOST = 1000 };
    const char *names[MOST];
    char text[300];
    size_t n = 0;
    const struct catalogue_entry *e = catalogue_find(c, name);
    if (e)
        return e;
    for (; n < c->n && n < MOST; n++)
        names[n] = c->v[n].name;
    snprintf(text, sizeof text, "there is no %s '%.60s'%s; `kmip-mock %s` lists them",
             catalogue_singular[c->kind], name, text_hint(text_nearest(name, names, n)).text,
             catalogue_plural[c->kind]);
    (void)(at ? ynode_err(at, KE_CONFIG, err, "%s", text)
              : kerr_set(err, KE_USAGE, "%s", text));
    return NULL;
}
