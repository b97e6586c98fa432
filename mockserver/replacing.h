/* A key in place of another (KMIP 1.2 spec, 4.4, 4.5): what Re-key and Re-key Key Pair have
 * in common. */
#ifndef MOCKSERVER_REPLACING_H
#define MOCKSERVER_REPLACING_H

#include "mockserver/making.h"

/* Attributes of the old key go over to the new one in the making, Names leave the old one
 * for it. */
bool replacing_begin(struct making *m, struct mock_object *old);
/* When the request has an Offset, dates are counted from now on by it. To be called after
 * the request's own attributes. */
bool replacing_dates(struct making *m, const struct mock_object *old);
/* The new key points to the old one ... */
bool replacing_link(struct making *m, const struct mock_object *old);
/* ... and the old one, once the new one is stored, to it. */
bool replacing_end(struct making *m, struct mock_object *old);

#endif
