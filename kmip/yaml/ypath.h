/* The place of an error as a path: faults[0].action.reorder.window. What a person finds
 * by line and column, a program that made the document finds by this. */
#ifndef KMIP_YAML_YPATH_H
#define KMIP_YAML_YPATH_H

#include "kmip/base/buf.h"
#include "kmip/yaml/ynode.h"

/* Appends the path of the node that err is placed at (an error about a key: the path of
 * that key). False, with nothing appended, when err has no place in this document. The
 * root's own path is empty. */
bool ynode_path(const struct ynode *root, const struct kerr *err, struct buf *out);

#endif
