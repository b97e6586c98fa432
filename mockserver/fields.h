/* Rows of field tables (kmip/yaml/yfield.h) as the mock writes them: key, where it goes in
 * `struct type`, what bounds it, what it means. What a row has besides comes behind that:
 *
 *     INT(params, "window", window, 2, 64, "replies that change places", NEEDED)
 *
 * For files that hold tables, not for headers: the names are short. */
#ifndef MOCKSERVER_FIELDS_H
#define MOCKSERVER_FIELDS_H

#include <stddef.h>

#include "kmip/yaml/yfield.h"

#define FIELD_(type, k, m, of_kind) .key = k, .kind = of_kind, .off = offsetof(struct type, m)

#define STR(type, k, m, ...) {FIELD_(type, k, m, YF_STR), .help = __VA_ARGS__}
#define FLAG(type, k, m, ...) {FIELD_(type, k, m, YF_BOOL), .help = __VA_ARGS__}
#define NODE(type, k, m, ...) {FIELD_(type, k, m, YF_NODE), .help = __VA_ARGS__}
#define INT(type, k, m, lo, hi, ...) \
    {FIELD_(type, k, m, YF_INT), .min = lo, .max = hi, .help = __VA_ARGS__}
#define TIME(type, k, m, lo, hi, ...) \
    {FIELD_(type, k, m, YF_DURATION), .min = lo, .max = hi, .help = __VA_ARGS__}
#define CHOICE(type, k, m, names, ...) \
    {FIELD_(type, k, m, YF_CHOICE), .choices = names, .help = __VA_ARGS__}
#define NEEDED .required = true
/* Fields of a map within that go into the same struct. */
#define MAP(k, f, ...) {.key = k, .kind = YF_MAP, .fields = f, .help = __VA_ARGS__}
#define END {.key = NULL}

#endif
