/* The cache of store_cache.h: a chained hash table and a list from newest to oldest. */
#include "mockserver/store_cache.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };

bool cache_init(struct store_cache *c, size_t limit)
{
    memset(c, 0, sizeof *c);
    c->limit = limit;
    c->slots = calloc(FIRST_SLOTS, sizeof(struct mock_object *));
    c->n_slots = FIRST_SLOTS;
    return c->slots != NULL;
}

void cache_clear(struct store_cache *c)
{
    while (c->newest) {
        struct mock_object *o = c->newest;
        cache_remove(c, o);
        object_free(&o);
    }
    free(c->slots);
    memset(c, 0, sizeof *c);
}

static struct mock_object **slot_of(const struct store_cache *c, struct bytes uid)
{
    uint64_t h = bytes_hash(uid); /* identifiers are the server's own */
    return &c->slots[(h ^ h >> 32) & (c->n_slots - 1)];
}

static void list_out(struct store_cache *c, struct mock_object *o)
{
    *(o->lru_prev ? &o->lru_prev->lru_next : &c->newest) = o->lru_next;
    *(o->lru_next ? &o->lru_next->lru_prev : &c->oldest) = o->lru_prev;
    o->lru_prev = o->lru_next = NULL;
}

static void list_in(struct store_cache *c, struct mock_object *o, bool as_oldest)
{
    o->lru_prev = as_oldest ? c->oldest : NULL;
    o->lru_next = as_oldest ? NULL : c->newest;
    *(o->lru_prev ? &o->lru_prev->lru_next : &c->newest) = o;
    *(o->lru_next ? &o->lru_next->lru_prev : &c->oldest) = o;
}

struct mock_object *cache_peek(const struct store_cache *c, struct bytes uid)
{
    struct mock_object *o = *slot_of(c, uid);
    while (o && !bytes_eq_str(uid, o->uid))
        o = o->hash_next;
    return o;
}

struct mock_object *cache_find(struct store_cache *c, struct bytes uid)
{
    struct mock_object *o = cache_peek(c, uid);
    if (o && o != c->newest) {
        list_out(c, o);
        list_in(c, o, false);
    }
    return o;
}

/* Twice the slots once each has one object; without memory, chains get longer. */
static void grow(struct store_cache *c)
{
    struct store_cache bigger = *c;
    bigger.n_slots = c->n_slots * 2;
    bigger.slots = calloc(bigger.n_slots, sizeof(struct mock_object *));
    if (!bigger.slots)
        return;
    for (struct mock_object *o = c->newest; o; o = o->lru_next) {
        struct mock_object **slot = slot_of(&bigger, bytes_str(o->uid));
        o->hash_next = *slot;
        *slot = o;
    }
    free(c->slots);
    *c = bigger;
}

void cache_insert(struct store_cache *c, struct mock_object *o, bool as_oldest)
{
    if (c->n >= c->n_slots)
        grow(c);
    struct mock_object **slot = slot_of(c, bytes_str(o->uid));
    o->hash_next = *slot;
    *slot = o;
    list_in(c, o, as_oldest);
    o->cached = true;
    c->n++;
}

void cache_remove(struct store_cache *c, struct mock_object *o)
{
    if (!o->cached)
        return;
    struct mock_object **at = slot_of(c, bytes_str(o->uid));
    while (*at != o)
        at = &(*at)->hash_next;
    *at = o->hash_next;
    o->hash_next = NULL;
    list_out(c, o);
    o->cached = false;
    c->n--;
}

void cache_trim(struct store_cache *c)
{
    struct mock_object *o = c->oldest;
    while (o && c->n > c->limit) {
        struct mock_object *older_than = o->lru_prev;
        if (o->pins == 0) {
            cache_remove(c, o);
            object_free(&o);
        }
        o = older_than;
    }
}
