/* What is printed may be key material: no copy of it stays behind in memory (cli.h).
 *
 * The copies are those of the libraries in between: jansson's strings and the buffer
 * of standard output. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cli.h"

/* In front of what jansson gets: its size, for the day when it is freed. */
union head {
    size_t n;
    max_align_t align;
};

static void *take(size_t n)
{
    union head *h = n <= SIZE_MAX - sizeof *h ? malloc(sizeof *h + n) : NULL;

    if (!h)
        return NULL;
    h->n = n;
    return h + 1;
}

static void give_back(void *p)
{
    union head *h = p;

    if (!h)
        return;
    h--;
    explicit_bzero(h + 1, h->n);
    free(h);
}

static char buffer[64 << 10];

static void wipe_buffer(void)
{
    fflush(stdout);
    explicit_bzero(buffer, sizeof buffer);
}

void cli_wipe_output(void)
{
    json_set_alloc_funcs(take, give_back);
    if (setvbuf(stdout, buffer, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof buffer) == 0)
        atexit(wipe_buffer);
}
