/* A field of a message by its tag path, and changes there: for faults on replies.
 *
 * "Batch Item[1]/Response Payload/Unique Identifier": names of the standard (or XML
 * names, or 0x54AA01) from the message downwards, with an index among equal tags. */
#ifndef MOCKSERVER_PLACE_H
#define MOCKSERVER_PLACE_H

#include "kmip/base/buf.h"
#include "kmip/schema/walk.h"
#include "kmip/yaml/ynode.h"

#define TAG_PATH_MAX 12

struct tag_path {
    struct tag_step {
        uint32_t tag, index;
    } v[TAG_PATH_MAX];
    size_t n; /* 0: the message itself */
    const char *text; /* as it was written */
};

__attribute__((warn_unused_result)) bool tag_path_read(const struct ynode *n, struct tag_path *out,
                                                       struct kerr *err);
/* The same for a path of ours, which must be right. */
struct tag_path tag_path_of(const char *text);

struct place {
    struct ttlv_item it;
    size_t off, size;             /* all of it: header, value, padding */
    size_t up[TAG_PATH_MAX + 1];  /* offsets of the structures around it, outermost first */
    size_t n_up;
    struct kmip_walk walk;        /* before it, inside its structure */
};

/* Where the first n steps of the path lead; false when nothing is there, or the
 * message cannot be read that far. */
bool place_find(struct bytes msg, const struct tag_path *p, size_t n, struct place *out);
/* Replaces `cut` bytes at `at`, which lie in the structures of `up`, by `put`; the
 * structures' lengths follow. False: no memory. */
__attribute__((warn_unused_result)) bool place_splice(struct buf *msg, const size_t *up,
                                                      size_t n_up, size_t at, size_t cut,
                                                      struct bytes put);

#endif
