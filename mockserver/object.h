/* A managed object as the mock keeps it: identity, attributes, and the object
 * structure itself as TTLV.
 *
 * All attributes, those the server sets included, stand in one list in wire
 * form; helpers read and set the common ones by tag. Owned memory is wiped when
 * freed. */
#ifndef MOCKSERVER_OBJECT_H
#define MOCKSERVER_OBJECT_H

#include "kmip/base/bytes.h"
#include "kmip/base/error.h"
#include "kmip/schema/dict.h"
#include "kmip/ttlv/writer.h"

#define MOCK_UID_MAX 64 /* with the terminating NUL */

struct mock_attr {
    const struct kmip_attribute *def; /* NULL: custom (x-, y-) */
    const char *name;                 /* the standard's (def's own), or the custom name (owned) */
    int32_t index;
    uint8_t type;   /* enum ttlv_type of the value */
    uint8_t *value; /* owned wire value (children for a structure) */
    size_t len;
};

/* Attribute indices are never given out twice (KMIP 1.2 spec, 2.1.1), not even
 * after the instance with the highest one was deleted. */
struct mock_used {
    char *name; /* owned */
    int32_t next;
};

/* State and Last Change Date as they are stored, while dates have moved them on (0: they
 * have not), and what they were moved to (lifecycle.h). */
struct mock_settled {
    uint32_t stored_state, state;
    int64_t stored_change, change;
    int64_t since; /* the last of these dates */
};

struct mock_object {
    char uid[MOCK_UID_MAX];
    char *owner;   /* identity that made it */
    bool shared;   /* every client is as good as its owner */
    uint32_t type; /* KMIP_OBJECT_TYPE_* */
    struct mock_attr *attrs;
    size_t n_attrs, cap_attrs;
    uint8_t *body;   /* owned: the object structure as one TTLV item (Symmetric Key, Template...) */
    size_t body_len; /* 0 once destroyed */
    bool archived;
    bool allocated;         /* Usage Limits: something was allocated already */
    struct mock_used *used; /* indices that removed instances have used up */
    size_t n_used;
    struct mock_settled settled;
    /* Book-keeping of the store. */
    int64_t row;   /* 0: not stored yet */
    bool dirty;    /* differs from what is stored */
    bool rekeyed;  /* ... in something it can be found by (searchkey.h) */
    bool cached;   /* in the cache; false also for one that was taken back */
    bool held;     /* in the current request's list */
    bool written;  /* by the current request, or read after it wrote */
    unsigned pins; /* not to be evicted while above 0 */
    struct mock_object *lru_prev, *lru_next, *hash_next, *held_next;
};

/* NULL: no memory. Without identifier and attributes; those are the caller's to set. */
struct mock_object *object_new(uint32_t type, const char *owner);
/* Safe on NULL inside; clears the pointer. */
void object_free(struct mock_object **o);

/* Instances of one name stand in attrs in the order of their indices. A pointer to
 * an attribute lives until the object's attributes are next changed. */

/* n-th instance (from 0) in index order. tag of a standard attribute. NULL if there is none. */
const struct mock_attr *object_attr(const struct mock_object *o, uint32_t tag, int32_t n);
/* First (lowest index) instance by name; NULL if none. */
const struct mock_attr *object_attr_named(const struct mock_object *o, struct bytes name);
const struct mock_attr *object_attr_indexed(const struct mock_object *o, struct bytes name,
                                            int32_t index);

bool object_date(const struct mock_object *o, uint32_t tag, int64_t *seconds);
bool object_enum(const struct mock_object *o, uint32_t tag, uint32_t *v);
bool object_int(const struct mock_object *o, uint32_t tag, int32_t *v);
uint32_t object_state(const struct mock_object *o); /* 0: the type has no state */

/* Setting keeps one instance at index 0. False: no memory (a value as long as the
 * old one needs none). All mark dirty. `value` may be a view into the object. */
__attribute__((warn_unused_result)) bool object_set(struct mock_object *o, uint32_t tag,
                                                    unsigned type, struct bytes value);
__attribute__((warn_unused_result)) bool object_set_date(struct mock_object *o, uint32_t tag,
                                                         int64_t s);
__attribute__((warn_unused_result)) bool object_set_enum(struct mock_object *o, uint32_t tag,
                                                         uint32_t v);
__attribute__((warn_unused_result)) bool object_set_int(struct mock_object *o, uint32_t tag,
                                                        int32_t v);
__attribute__((warn_unused_result)) bool object_set_bool(struct mock_object *o, uint32_t tag,
                                                         bool v);
__attribute__((warn_unused_result)) bool object_set_text(struct mock_object *o, uint32_t tag,
                                                         struct bytes v);
/* Adds an instance behind the highest index ever used for the name; *index (may be
 * NULL) gets it. A single-instance attribute is set instead, at index 0.
 * def NULL: custom, called `name` (no NUL in it); otherwise name is not looked at. */
__attribute__((warn_unused_result)) bool object_add(struct mock_object *o,
                                                    const struct kmip_attribute *def,
                                                    struct bytes name, unsigned type,
                                                    struct bytes value, int32_t *index);
__attribute__((warn_unused_result)) bool
object_replace(struct mock_object *o, const struct mock_attr *a, unsigned type, struct bytes value);
/* Removing remembers the index, which takes memory; false: there is none. */
__attribute__((warn_unused_result)) bool object_remove(struct mock_object *o,
                                                       const struct mock_attr *a);
__attribute__((warn_unused_result)) bool object_remove_tag(struct mock_object *o, uint32_t tag);

/* The object structure; takes a copy. NULL/0 wipes the material (Destroy). */
__attribute__((warn_unused_result)) bool object_set_body(struct mock_object *o, struct bytes item);

/* Attribute {Name, Index when nonzero, Value} under tag Attribute. */
void object_write_attr(const struct mock_attr *a, struct ttlv_writer *w);

/* What the Key Block says; views into the body. False: no body or no Key Block. */
struct mock_key {
    uint32_t format, algorithm; /* 0: not said */
    int32_t length;             /* bits; 0: not said */
    bool has_value, wrapped;
    struct ttlv_item key_value, material; /* material valid when has_value and not wrapped */
    struct bytes bytes; /* raw key bytes: Raw material, or Key of Transparent Symmetric Key */
};
bool object_key(const struct mock_object *o, struct mock_key *out);

/* One blob for the store, and back; KE_STORE for a blob that is damaged. The caller
 * frees with buf_clear / object_free. */
struct buf;
__attribute__((warn_unused_result)) bool object_save(const struct mock_object *o, struct buf *out);
struct mock_object *object_load(struct bytes blob, struct kerr *err);

#endif
