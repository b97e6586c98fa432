/* SQLite's memory, wiped before it is given back: pages and statements hold objects as they
 * are stored, keys included. */
#include <pthread.h>

#include "kmip/base/buf.h"
#include "mockserver/store_priv.h"

static sqlite3_mem_methods real;

static void free_wiped(void *p)
{
    if (p)
        wipe(p, (size_t)real.xSize(p));
    real.xFree(p);
}

/* Not SQLite's own: what that leaves behind is not wiped. */
static void *realloc_wiped(void *p, int n)
{
    int had = real.xSize(p);
    if (n <= had && had - n < had / 2)
        return p;
    void *q = real.xMalloc(n);
    if (!q)
        return NULL;
    memcpy(q, p, (size_t)(n < had ? n : had));
    free_wiped(p);
    return q;
}

static void take_over(void)
{
    sqlite3_mem_methods ours;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
        return; /* somebody in this process uses SQLite already, on terms of their own */
    ours = real;
    ours.xFree = free_wiped;
    ours.xRealloc = realloc_wiped;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK) {
        /* Only before SQLite is first used, and that has just been seen to. */
    }
}

void store_memory_wiped(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, take_over);
}
