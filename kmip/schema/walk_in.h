/* The walk's steps without its word on secrets, for those of the schema room that show
 * nothing; inline, because the validator asks them of every item of every message. */
#ifndef KMIP_SCHEMA_WALK_IN_H
#define KMIP_SCHEMA_WALK_IN_H

#include "kmip/schema/schema_tables.h"
#include "kmip/schema/walk.h"

static inline const struct kmip_frame *walk_current(const struct kmip_walk *w)
{
    return w->depth ? &w->frame[w->depth - 1] : NULL;
}

/* The field of this tag; a managed object's structure takes the place kept for one. Fields
 * mostly come in order: the search begins at `from` and goes round. */
static inline const struct kmip_field *walk_field(const struct kmip_struct *def, uint32_t tag,
                                                  const struct kmip_tag *t, unsigned from)
{
    const struct kmip_field *object = NULL;

    for (unsigned i = from; i < def->n; i++)
        if (def->fields[i].tag == tag)
            return &def->fields[i];
    for (unsigned i = 0; i < def->n; i++) {
        if (def->fields[i].tag == tag)
            return &def->fields[i];
        if (def->fields[i].tag == 0)
            object = &def->fields[i];
    }
    return object && t && kmip_use(t)->object_type ? object : NULL;
}

/* What may stand at a tag: everything of kmip_walk_look but secrecy. `from`: where in the
 * structure's fields to look first, or 0. */
struct kmip_spot kmip_walk_place_rare(const struct kmip_walk *w, uint32_t tag, unsigned from);

/* f is walk_current(w). */
static inline struct kmip_spot walk_place(const struct kmip_walk *w, const struct kmip_frame *f,
                                          uint32_t tag, unsigned from)
{
    const struct kmip_tag *t = kmip_tag_row(tag);

    if (!f || !f->def || !t || t->depends)
        return kmip_walk_place_rare(w, tag, from);
    const struct kmip_field *field = walk_field(f->def, tag, t, from);
    return (struct kmip_spot){.tag = t,
                              .field = field,
                              .types = field ? field->types : t->types,
                              .en = t->en,
                              .def = kmip_use(t)->def};
}

/* Selectors are picked from an item that is not a structure: kmip_walk_note without what
 * it says of secrets. */
void kmip_walk_select(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val);

/* Into a structure that walk_place has just found, as kmip_walk_enter_as. */
struct kmip_frame *kmip_walk_push(struct kmip_walk *w, uint32_t tag, const struct kmip_struct *def);

#endif
