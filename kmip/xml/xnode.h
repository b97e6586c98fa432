/* XML documents as a tree that knows where everything stood in its file: what messages
 * in KMIP XML and published test cases are read from.
 *
 * A document type is refused, because KMIP XML has none: so there are no entities but
 * the five of XML itself, and nothing outside the file is ever read. Nodes live in the
 * document's arena until xdoc_clear, which wipes them. */
#ifndef KMIP_XML_XNODE_H
#define KMIP_XML_XNODE_H

#include "kmip/base/arena.h"
#include "kmip/base/error.h"
#include "kmip/yaml/ynode.h"

#define XNODE_DEPTH 64u       /* elements inside each other */
#define XNODE_MAX   1000000u  /* elements of a document */

struct xattr {
    const char *name, *value;
};

struct xnode {
    const char *name;
    const char *file;
    uint32_t line, col; /* from 1 */
    struct xattr *attrs;
    size_t n_attrs;
    struct xnode *first, *next, *parent; /* first child, next sibling */
    /* Text that is no element's value, but stands before this one within its parent (after
     * the last child: in `trailing` of the parent), blanks squeezed; "" if none. */
    const char *before, *trailing;
};

struct xdoc {
    struct arena arena;
    struct xnode *root;
    const char *comment; /* the first one of the document, blanks squeezed; "" if none */
};

/* Parses one document. name is used in messages ("FILE:LINE:COL: ..."). KE_XML for what
 * is not well-formed, a document type, depth beyond XNODE_DEPTH, more than XNODE_MAX
 * elements. On failure d is cleared. */
__attribute__((warn_unused_result)) bool xdoc_parse(struct xdoc *d, const char *name,
                                                    struct bytes text, struct kerr *err);
/* Reads a file ("-": standard input). */
__attribute__((warn_unused_result)) bool xdoc_load(struct xdoc *d, const char *path,
                                                   struct kerr *err);
void xdoc_clear(struct xdoc *d);

/* An attribute's value, or NULL. */
const char *xnode_attr(const struct xnode *n, const char *name);
/* The first child of this name, or NULL. */
const struct xnode *xnode_child(const struct xnode *n, const char *name);
/* A scalar of this text at the element's place: for all that speaks of places in YAML. */
struct ynode xnode_scalar(const struct xnode *n, const char *text);
/* Sets err to "FILE:LINE:COL: text". Returns false. */
bool xnode_err(const struct xnode *n, enum kerr_code code, struct kerr *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
