/* What fuzz targets have in common. A target is one file, target_NAME.c, that says what is
 * done with some bytes, and aborts when a promise is broken that holds for any bytes:
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *
 * `make fuzz` links it with libFuzzer, under sanitizers; `make test` with replay.c, which
 * takes each file of fixtures/corpus/NAME in turn, as it is and changed a little. An input
 * leaves nothing behind: the same bytes do the same again, whatever came before. */
#ifndef CI_FUZZ_FUZZ_H
#define CI_FUZZ_FUZZ_H

#include "kmip/base/bytes.h"
#include "kmip/base/error.h"
#include "kmip/base/finding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Quiet, and deaf to the environment. Called once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A promise is broken: says which, and aborts. */
void fuzz_broken(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Takes a byte off the front; 0 when there are none. */
static inline uint8_t fuzz_byte(struct bytes *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

/* The bytes in a file of this name, for what reads files by their path; the path. There is
 * one file: the next call takes its place. */
const char *fuzz_file(const char *name, struct bytes content);

/* Nothing is done with findings; how many broke a MUST is counted in *arg, a size_t. */
void fuzz_count_musts(void *arg, const struct finding *f);

/* A file of the tree, which the tests run at the top of. Not to be changed. */
struct bytes fuzz_tree_file(const char *path);

/* --- changing messages (mutate.c) --------------------------------------- */

/* A target whose input is messages behind `head` bytes of its own defines this by
 * fuzz_mutate_messages; what is left without is changed as bytes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
/* libFuzzer's own: changes bytes in place, returns how many there are now. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Reads the bytes behind the head as items, changes items (removes, repeats, moves, nests
 * them, gives them other tags, types and values, by the standard's tables), and writes them
 * back with lengths that are right, but for some that are made wrong on purpose. */
size_t fuzz_mutate_messages(uint8_t *data, size_t size, size_t max, unsigned seed, size_t head);

#endif
