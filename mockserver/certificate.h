/* The attributes that a server reads out of a certificate (KMIP 1.2 spec, 3.8 to 3.16). */
#ifndef MOCKSERVER_CERTIFICATE_H
#define MOCKSERVER_CERTIFICATE_H

#include "mockserver/op.h"

/* Sets them on an object being registered; body is its Certificate structure. An X.509
 * certificate that cannot be read: Invalid Field. */
bool certificate_attributes(struct op_call *c, struct mock_object *o, const struct ttlv_item *body);

#endif
