/* Runs a fuzz target without a fuzzer: over the files and folders given, each as it is
 * and, with --mutants N, changed N times by the same mutator, always in the same ways.
 *
 *     build/fuzz/reader [--mutants N] fixtures/corpus/reader
 *
 * What breaks ends the program by a signal; the file and the seed at work are told then. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ci/fuzz/fuzz.h"
#include "kmip/base/file.h"
#include "kmip/tests/support/rng.h"

#define INPUT_MAX (1u << 20)

#pragma weak LLVMFuzzerCustomMutator

static struct rng rng;
static char at_work[FILE_PATH_MAX + 64];
static size_t inputs;

/* In the fuzzer's place: one or a few small changes of bytes. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, '"', '\n', '{', '$', '<'};
    uint32_t at = rng_below(&rng, (uint32_t)size + 1), n;

    switch (rng_below(&rng, 4)) {
    case 0: /* insert */
        if (size >= max)
            return size;
        memmove(data + at + 1, data + at, size - at);
        data[at] = telling[rng_below(&rng, sizeof telling)];
        return size + 1;
    case 1: /* remove */
        n = 1 + rng_below(&rng, 8);
        if (at + n >= size)
            return size > 1 ? size - 1 : size;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 2: /* another byte */
        if (at < size)
            data[at] = telling[rng_below(&rng, sizeof telling)];
        return size;
    default: /* another bit */
        if (at < size)
            data[at] ^= (uint8_t)(1u << rng_below(&rng, 8));
        return size;
    }
}

static size_t mutate(uint8_t *data, size_t size, unsigned seed)
{
    if (LLVMFuzzerCustomMutator)
        return LLVMFuzzerCustomMutator(data, size, INPUT_MAX, seed);
    for (uint32_t n = 1 + rng_below(&rng, 3); n > 0; n--)
        size = LLVMFuzzerMutate(data, size, INPUT_MAX);
    return size;
}

/* The target is given memory of exactly that size, so that reading beyond it is seen. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void run_file(const char *path, unsigned mutants)
{
    static uint8_t changed[INPUT_MAX];
    struct buf in;
    struct kerr err = KERR_INIT;

    buf_init(&in, INPUT_MAX);
    if (!file_read(path, &in, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(2);
    }
    snprintf(at_work, sizeof at_work, "%s\n", path);
    run(in.p, in.n);
    for (unsigned seed = 1; seed <= mutants; seed++) {
        rng.state = seed ^ bytes_hash(buf_bytes(&in));
        if (in.n)
            memcpy(changed, in.p, in.n);
        size_t n = mutate(changed, in.n, (unsigned)rng_next(&rng));
        snprintf(at_work, sizeof at_work, "%s, mutant %u\n", path, seed);
        run(changed, n);
    }
    buf_clear(&in);
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void run_path(const char *path, unsigned mutants)
{
    struct dirent **names;
    char file[FILE_PATH_MAX];
    struct kerr err = KERR_INIT;
    int n = scandir(path, &names, visible, alphasort);

    if (n < 0) {
        run_file(path, mutants);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (!file_join(file, path, names[i]->d_name, &err))
            exit(2);
        run_file(file, mutants);
        free(names[i]);
    }
    free(names);
}

/* A signal ends the run: what it was about goes in front. */
static void on_signal(int number)
{
    static const char before[] = "input: ";

    if (write(STDERR_FILENO, before, sizeof before - 1) < 0 ||
        write(STDERR_FILENO, at_work, strlen(at_work)) < 0)
        _exit(3);
    signal(number, SIG_DFL);
    raise(number);
}

int main(int argc, char **argv)
{
    unsigned mutants = 0;
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "--mutants") == 0) {
        mutants = (unsigned)strtoul(argv[2], NULL, 10);
        first = 3;
    }
    if (first >= argc) {
        fprintf(stderr, "usage: %s [--mutants N] FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = first; i < argc; i++)
        run_path(argv[i], mutants);
    printf("%zu inputs\n", inputs);
    return 0;
}
