/* What is configured, for what no fault speaks of (behaviour.h). */
#include "mockserver/behaviour.h"

#include "mockserver/config.h"

const char *behaviour_configured(const struct behaviour *b, enum behaviour_kind kind)
{
    static const char *const compound[] = {
        [COMPOUND_REJECT] = "Activation Date of Create: reject",
        [COMPOUND_IGNORE] = "Activation Date of Create: ignore"};
    static const char *const custom[] = {[CUSTOM_REJECT] = "custom attributes: reject"};
    if (b->said.v[kind] || !b->used.v[kind])
        return NULL;
    if (kind == BEHAVIOUR_COMPOUND_CREATE && b->compound_create <= COMPOUND_IGNORE)
        return compound[b->compound_create];
    return kind == BEHAVIOUR_CUSTOM_ATTRIBUTES && b->custom_attributes <= CUSTOM_REJECT
               ? custom[b->custom_attributes]
               : NULL;
}

void behaviour_complete(struct behaviour *b, const struct mock_config *cfg)
{
    if (!b->said.v[BEHAVIOUR_COMPOUND_CREATE])
        b->compound_create = cfg->compound_create;
    if (!b->said.v[BEHAVIOUR_CUSTOM_ATTRIBUTES])
        b->custom_attributes = cfg->custom_attributes;
}
