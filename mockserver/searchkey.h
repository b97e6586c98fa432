/* What an object can be found by without being read: the store's index holds one
 * key per instance of an attribute that is worth it. */
#ifndef MOCKSERVER_SEARCHKEY_H
#define MOCKSERVER_SEARCHKEY_H

#include "mockserver/object.h"

/* Custom attributes (def NULL), and standard ones that tell few objects from many. */
bool searchkey_indexed(const struct kmip_attribute *def);
/* State and Last Change Date: what is stored may be older than what time has made of it. */
bool searchkey_timed(const struct kmip_attribute *def);
/* The wire value of a scalar, or of a structure's first field (Name Value). A view. */
struct bytes searchkey_value(const struct mock_attr *a);
/* Has the object an instance of this name with this value? */
bool searchkey_match(const struct mock_object *o, struct bytes name, struct bytes value);

#define SEARCHKEY_MAX 128 /* longer values are cut and closed with their SHA-256 */

struct searchkey {
    uint8_t p[SEARCHKEY_MAX];
    size_t n;
};

/* The value as the index holds it. */
void searchkey_cut(struct bytes value, struct searchkey *out);

#endif
