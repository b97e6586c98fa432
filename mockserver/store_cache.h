/* Parsed objects by identifier, and which of them were not used for longest. The
 * links lie in the objects. */
#ifndef MOCKSERVER_STORE_CACHE_H
#define MOCKSERVER_STORE_CACHE_H

#include "mockserver/object.h"

struct store_cache {
    struct mock_object **slots; /* a power of two */
    size_t n_slots, n, limit;
    struct mock_object *newest, *oldest;
};

__attribute__((warn_unused_result)) bool cache_init(struct store_cache *c, size_t limit);
/* Frees all objects too. */
void cache_clear(struct store_cache *c);
/* NULL if it is not there; what is found becomes the newest. */
struct mock_object *cache_find(struct store_cache *c, struct bytes uid);
/* The same without that. */
struct mock_object *cache_peek(const struct store_cache *c, struct bytes uid);
/* Takes the object as the newest, or as the oldest: the first to go. */
void cache_insert(struct store_cache *c, struct mock_object *o, bool as_oldest);
/* Lets go of the object without freeing it. */
void cache_remove(struct store_cache *c, struct mock_object *o);
/* Frees unpinned objects, oldest first, down to the limit. */
void cache_trim(struct store_cache *c);

#endif
