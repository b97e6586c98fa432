/* YAML documents as a tree that knows where everything stood in its file.
 *
 * Scalars are text; what a plain scalar means (number, enumeration name, date)
 * is decided by whoever reads it. Duplicate keys of a map are kept, in order:
 * messages repeat fields. Anchors and aliases work (an alias shares the node, so
 * the tree is to be read, not changed); merge keys are left to ydoc_unfold. Cycles are refused, and
 * documents that grow beyond the limits when aliases are followed. Nodes live in
 * the document's arena until ydoc_clear. */
#ifndef KMIP_YAML_YNODE_H
#define KMIP_YAML_YNODE_H

#include "kmip/base/arena.h"
#include "kmip/base/bytes.h"
#include "kmip/base/error.h"

enum ynode_kind { YNODE_SCALAR, YNODE_SEQ, YNODE_MAP };

struct ynode {
    enum ynode_kind kind;
    uint32_t line, col; /* from 1 */
    const char *file;
    const char *tag;  /* "!Integer" and the like, or NULL */
    bool plain;       /* scalar without quotes: may be a number, null, ... */
    const char *text; /* scalar, NUL-terminated; len counts NULs inside */
    size_t len;
    size_t n; /* items of a sequence, pairs of a map */
    struct ynode **keys; /* map: always scalars */
    struct ynode **vals; /* sequence and map */
};

struct ydoc {
    struct arena arena;
    struct ynode *root; /* NULL for an empty document */
};

/* Parses one document. name is used in messages ("FILE:LINE:COL: ..."). KE_YAML
 * for syntax, nesting beyond 64, more than one document, non-scalar keys, more
 * than 256 anchors or 1 000 000 nodes. On failure d is cleared. */
__attribute__((warn_unused_result)) bool ydoc_parse(struct ydoc *d, const char *name,
                                                    struct bytes text, struct kerr *err);
/* Reads a file ("-": standard input). */
__attribute__((warn_unused_result)) bool ydoc_load(struct ydoc *d, const char *path,
                                                   struct kerr *err);
void ydoc_clear(struct ydoc *d);

/* First value under key, or NULL; n may be NULL or no map. */
struct ynode *ynode_get(const struct ynode *map, const char *key);
bool ynode_is_null(const struct ynode *n); /* plain "", ~ or null */
/* Replaces or adds a value by a dotted path ("clock.offset"; "a.0" indexes a
 * sequence, one behind its last adds to it), the value given as YAML text: for
 * --set path=value. Maps on the way are made. On failure nothing changes. */
__attribute__((warn_unused_result)) bool ydoc_set(struct ydoc *d, const char *path,
                                                  const char *value, struct kerr *err);
/* Puts another document over d: maps become one, key by key, and what both have is that
 * of `over`; lists under the top-level keys of `adding` (NULL-terminated) add up, d's
 * entries first, where a single entry counts as a list of one. d then shares nodes with
 * `over`, which must live as long. On failure nothing changes. */
__attribute__((warn_unused_result)) bool ydoc_merge(struct ydoc *d, const struct ydoc *over,
                                                    const char *const *adding, struct kerr *err);
/* Where the map *at has a merge key (`<<: *a` or `<<: [*a, *b]`, as Helm's readers of
 * YAML 1.1 have it), *at becomes a map with what the merged ones bring and it does not say
 * itself; the earlier beats the later. NULL and what is no map stay as they are.
 * KE_CONFIG for a merge of something else than maps, and for more than 1000 keys. */
__attribute__((warn_unused_result)) bool ydoc_unfold(struct ydoc *d, struct ynode **at,
                                                     struct kerr *err);
/* Sets err to "FILE:LINE:COL: text" (code KE_CONFIG or as given). Returns false. */
bool ynode_err(const struct ynode *n, enum kerr_code code, struct kerr *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
