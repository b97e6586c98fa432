/* Public and Private Keys that are registered: what is said of them is what they are. */
#ifndef MOCKSERVER_ASYM_REGISTER_H
#define MOCKSERVER_ASYM_REGISTER_H

#include "mockserver/making.h"

/* Checks format, material, compression and domain parameters against what the attributes
 * and the Key Block say (KMIP 1.2 spec, 2.1.3, 4.3); algorithm and length that nobody has
 * said are read from the key. `block` is its Key Block. */
bool asym_register(struct making *m, const struct mock_key *key, const struct ttlv_item *block);

#endif
