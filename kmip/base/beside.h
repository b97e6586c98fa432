/* Data that comes with the programs: folders found from where a program stands, so that
 * it works in the source tree, beside a build and after an installation. */
#ifndef KMIP_BASE_BESIDE_H
#define KMIP_BASE_BESIDE_H

#include <stdbool.h>

#define BESIDE_MAX 4096

/* The first that exists: for each of `installed` (NULL-terminated), in that order, below
 * the program's folder and up to three above it; then `in_tree` below the working folder,
 * for a program that was built elsewhere. False: none; out is then empty. */
bool beside_program(const char *const *installed, const char *in_tree, char out[BESIDE_MAX]);

#endif
