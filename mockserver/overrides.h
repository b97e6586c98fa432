/* How one request is to be answered otherwise than the configuration says: faults
 * hand this to the engine with the request (mock_engine.overrides), so that
 * operations need not know of faults. All zero: as configured. */
#ifndef MOCKSERVER_OVERRIDES_H
#define MOCKSERVER_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OVERRIDE_OPERATIONS_MAX 64

struct operation_names {
    uint32_t v[OVERRIDE_OPERATIONS_MAX];
    size_t n;
};

struct engine_overrides {
    bool has_compound_create;
    int compound_create;        /* enum compound_create */
    int64_t compound_delay_s;   /* COMPOUND_DELAY: what the Activation Date is moved by */
    bool has_custom_attributes;
    int custom_attributes;      /* enum custom_attributes */
    size_t custom_length;       /* CUSTOM_TRUNCATE: most bytes of a text that are kept */
    int64_t activate_delay_s;   /* Activate takes effect so much later; 0: at once */
    uint32_t refuse_reason;     /* every item fails with this Result Reason; 0: none does */
    const char *refuse_text;    /* Result Message that goes with it */
    const char *unique_identifier; /* of an object that is made; NULL: a fresh one */
    struct operation_names not_supported; /* refused though Query announces them */
    struct operation_names hidden;        /* missing from Query though they work */
};

static inline bool overrides_name(const struct operation_names *l, uint32_t operation)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i] == operation)
            return true;
    return false;
}

#endif
