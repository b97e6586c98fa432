/* Valid messages of many shapes: what the validator must pass and its mutations not. */
#ifndef KMIP_TESTS_SUPPORT_MESSAGES_H
#define KMIP_TESTS_SUPPORT_MESSAGES_H

#include "kmip/tests/support/steps.h"

struct sample {
    const char *name;
    const struct step *steps;
};

extern const struct sample samples[];
extern const size_t n_samples;

#endif
