/* Compares a structure of a reply with what a case expects of it (the values are
 * described in case.h).
 *
 * A mismatch is recorded with tag path, offset, expected and actual text; matching
 * goes on, so that one look shows all that differs. Variables are bound as a side
 * effect; the caller takes them back if the alternative fails. */
#ifndef CONFORMANCE_MATCH_H
#define CONFORMANCE_MATCH_H

#include "conformance/case.h"
#include "conformance/vars.h"
#include "kmip/base/finding.h"
#include "kmip/schema/walk.h"

struct mismatch {
    const char *path;     /* Response Message/Batch Item/..., "" if there is no place */
    const char *field;    /* name of the field or attribute that differs; "" if none */
    const char *expected, *actual;
    uint32_t off;         /* in the reply; KERR_NO_OFF if there is no place */
    const char *clause;   /* of a rule; NULL: the case's */
    const char *rule;     /* stable rule name, "" for an expectation of the case */
    bool must;            /* breaks a MUST (always true for the case's own expectations) */
    bool outcome;         /* status or reason: nothing behind it was looked at */
};

#define MISMATCH_MAX 24

struct mismatches {
    struct mismatch v[MISMATCH_MAX];
    size_t n, dropped;
};

struct matcher {
    struct vars *vars;
    struct arena *arena;  /* for the texts of mismatches */
    struct bytes reply;   /* the whole message, for paths */
    bool show_secrets;
    struct mismatches *out;
    struct kerr *err;     /* a case that cannot be understood: KE_CASE */
};

/* What was expected, with the field's name unless it is said already. */
void mismatch_expected(const struct mismatch *mm, struct buf *out);
/* Records one mismatch at an offset of the reply. */
void mismatch_field(struct matcher *m, uint32_t off, const char *field, const char *expected,
                    const char *actual);
void mismatch_at(struct matcher *m, uint32_t off, const char *expected, const char *actual);
void mismatch_add(struct matcher *m, const struct mismatch *mm);

/* Matches the fields that `want` names against the children of `got`, where the walk
 * stands inside got already. True when nothing differs; false with *m->err set when
 * the case itself is wrong. */
bool match_fields(struct matcher *m, const struct ynode *want, struct kmip_walk *walk,
                  const struct ttlv_item *got);
/* No children but those that `want` names. */
bool match_exact(struct matcher *m, const struct ynode *want, const struct ttlv_item *got);
/* Compares two bound values: the `check` step. */
bool match_relation(struct matcher *m, const struct ynode *that, enum relation relation,
                    const struct ynode *other);

/* What a YAML tag of an expected value means. */
enum match_form {
    MATCH_FORM_NONE,   /* nothing */
    MATCH_FORM_VALUES, /* a form around values of the field */
    MATCH_FORM_OTHER   /* a form that takes something else, or a type as in from_yaml.h */
};
enum match_form match_form(const char *tag);

/* Lets a walk that stands before `it` go inside, selectors noted. */
bool match_enter(struct kmip_walk *walk, const struct ttlv_item *it);

#endif
