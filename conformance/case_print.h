/* A case's document as YAML: of a published case, what the tester has made of it. It is a
 * case by itself (case.h). */
#ifndef CONFORMANCE_CASE_PRINT_H
#define CONFORMANCE_CASE_PRINT_H

#include "kmip/base/buf.h"
#include "kmip/yaml/ynode.h"

void case_print(const struct ynode *root, struct buf *out);

#endif
