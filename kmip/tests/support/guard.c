/* The guarded memory of guard.h. */
#include "kmip/tests/support/guard.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_open(struct guard *g, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (n + page - 1) / page * page;
    g->size = room + page;
    g->map = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->map == MAP_FAILED || mprotect(g->map + room, page, PROT_NONE) != 0)
        abort();
    g->wall = g->map + room;
}

struct bytes guard_place(struct guard *g, struct bytes v)
{
    if (v.n > (size_t)(g->wall - g->map))
        abort();
    if (v.n > 0)
        memcpy(g->wall - v.n, v.p, v.n);
    return bytes_of(g->wall - v.n, v.n);
}

void guard_close(struct guard *g)
{
    munmap(g->map, g->size);
    memset(g, 0, sizeof *g);
}
