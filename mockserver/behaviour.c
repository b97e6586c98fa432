/* What is configured, for what no fault speaks of (behaviour.h). */
#include "mockserver/behaviour.h"

#include "mockserver/config.h"

void behaviour_complete(struct behaviour *b, const struct mock_config *cfg)
{
    if (!b->said.v[BEHAVIOUR_COMPOUND_CREATE])
        b->compound_create = cfg->compound_create;
    if (!b->said.v[BEHAVIOUR_CUSTOM_ATTRIBUTES])
        b->custom_attributes = cfg->custom_attributes;
}
