/* Opening a message as far as its encoding allows; private to the schema room. */
#ifndef KMIP_SCHEMA_OPEN_H
#define KMIP_SCHEMA_OPEN_H

#include "kmip/schema/message.h"

/* kmip_open without the strict check of all of it: an item broken deep inside does
 * not hide the rest. *m holds what was found also when this fails. */
bool kmip_open_outline(struct kmip_message *m, struct bytes msg, struct kerr *err);
/* Reads the children of a structure over broken ones among them, which have it->wrong. */
void kmip_read_children(struct ttlv_reader *r, struct bytes msg, const struct ttlv_item *it);

#endif
