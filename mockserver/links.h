/* Link attributes (KMIP 1.2 spec, 3.35) that the server sets: one of each type. */
#ifndef MOCKSERVER_LINKS_H
#define MOCKSERVER_LINKS_H

#include "mockserver/op.h"

/* Makes the object's link of this type point to `to`. False after a failure of ours. */
bool link_set(struct op_call *c, struct mock_object *o, uint32_t type, const char *to);
/* What the first link of this type points to; false: there is none. */
bool link_find(const struct mock_object *o, uint32_t type, struct bytes *uid);

#endif
