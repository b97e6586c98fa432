/* How a request is answered where servers differ from one another: as configured, or
 * as faults have it for this one request.
 *
 * Faults say before the engine answers what is to be otherwise (behaviour_is_said);
 * the engine fills in the rest from the configuration, and operations ask here and
 * nowhere else. Where it changed what came of the request, it is marked as used, so
 * that a fault counts exactly when it had an effect (op.h, op_differs). */
#ifndef MOCKSERVER_BEHAVIOUR_H
#define MOCKSERVER_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mock_config;

enum behaviour_kind {
    BEHAVIOUR_COMPOUND_CREATE,
    BEHAVIOUR_CUSTOM_ATTRIBUTES,
    BEHAVIOUR_ACTIVATE,
    BEHAVIOUR_REFUSE,
    BEHAVIOUR_NOT_SUPPORTED,
    BEHAVIOUR_HIDDEN,
    BEHAVIOUR_KINDS
};

/* Of NOT_SUPPORTED and HIDDEN one bit per operation, of the others 1. */
struct behaviour_marks {
    uint64_t v[BEHAVIOUR_KINDS];
};

struct behaviour {
    struct behaviour_marks said; /* by faults; the rest is as configured */
    int compound_create;         /* enum compound_create */
    int64_t compound_delay_s;    /* COMPOUND_DELAY: how much later the key is Active */
    int custom_attributes;       /* enum custom_attributes */
    size_t custom_length;        /* CUSTOM_TRUNCATE: most bytes of a text that are kept */
    int64_t activate_delay_s;    /* Activate takes effect so much later; 0: at once */
    uint32_t refuse_reason;      /* every item fails with this Result Reason; 0: none does */
    const char *refuse_text;     /* Result Message that goes with it */
    uint64_t not_supported;      /* operations refused though Query announces them */
    uint64_t hidden;             /* operations missing from Query though they work */
    struct behaviour_marks used; /* by the engine: what has had an effect */
};

/* The bit of an operation; 0 for those that no server of this version has. */
static inline uint64_t behaviour_operation(uint32_t operation)
{
    return operation < 64 ? UINT64_C(1) << operation : 0;
}

/* Notes that a fault says this. Returns what of it no other fault said before: the first
 * one counts, and only for what is returned may the fault set anything. */
static inline uint64_t behaviour_is_said(struct behaviour *b, enum behaviour_kind kind,
                                         uint64_t marks)
{
    uint64_t fresh = marks & ~b->said.v[kind];
    b->said.v[kind] |= fresh;
    return fresh;
}

static inline void behaviour_mark(struct behaviour_marks *m, enum behaviour_kind kind,
                                  uint64_t marks)
{
    m->v[kind] |= marks;
}

static inline void behaviour_mark_all(struct behaviour_marks *m, const struct behaviour_marks *of)
{
    for (int i = 0; i < BEHAVIOUR_KINDS; i++)
        m->v[i] |= of->v[i];
}

/* What the configuration, and not a fault, has brought about of this kind: in words, or NULL
 * when there is nothing. */
const char *behaviour_configured(const struct behaviour *b, enum behaviour_kind kind);

/* Takes from the configuration what nobody has said. */
void behaviour_complete(struct behaviour *b, const struct mock_config *cfg);

#endif
