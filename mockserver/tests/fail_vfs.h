/* SQLite's file system with a disk that fails: a VFS in front of the usual one, in which the
 * nth call that reads, writes, syncs, opens or the like fails, alone or with all behind it,
 * as a full disk or a broken one does. */
#ifndef MOCKSERVER_TESTS_FAIL_VFS_H
#define MOCKSERVER_TESTS_FAIL_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static struct {
    size_t calls, first, last;
    int writing; /* what a failed write is: SQLITE_FULL or SQLITE_IOERR_WRITE */
} fail_vfs = {.first = SIZE_MAX, .last = SIZE_MAX, .writing = SQLITE_IOERR_WRITE};

struct fail_vfs_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs *fail_vfs_real(void)
{
    static sqlite3_vfs *real;
    if (!real)
        real = sqlite3_vfs_find("unix");
    return real;
}

static bool fail_vfs_strikes(void)
{
    fail_vfs.calls++;
    return fail_vfs.calls >= fail_vfs.first && fail_vfs.calls <= fail_vfs.last;
}

static void fail_vfs_arm(size_t first, size_t last)
{
    fail_vfs.calls = 0;
    fail_vfs.first = first;
    fail_vfs.last = last;
}

/* Was there such a call? */
static bool fail_vfs_disarm(void)
{
    bool struck = fail_vfs.calls >= fail_vfs.first;
    fail_vfs.first = fail_vfs.last = SIZE_MAX;
    return struck;
}

static sqlite3_file *fail_vfs_behind(sqlite3_file *f)
{
    return ((struct fail_vfs_file *)f)->real;
}

#define FAIL_VFS_CALL(name, error, params, ...)                                                    \
    static int fail_vfs_##name params                                                              \
    {                                                                                              \
        sqlite3_file *r = fail_vfs_behind(f);                                                      \
        return (error) != SQLITE_OK && fail_vfs_strikes() ? (error)                                \
                                                          : r->pMethods->x##name(r, ##__VA_ARGS__); \
    }
FAIL_VFS_CALL(Read, SQLITE_IOERR_READ, (sqlite3_file * f, void *p, int n, sqlite3_int64 at), p, n,
              at)
FAIL_VFS_CALL(Write, fail_vfs.writing, (sqlite3_file * f, const void *p, int n, sqlite3_int64 at),
              p, n, at)
FAIL_VFS_CALL(Truncate, SQLITE_IOERR_TRUNCATE, (sqlite3_file * f, sqlite3_int64 n), n)
FAIL_VFS_CALL(FileSize, SQLITE_IOERR_FSTAT, (sqlite3_file * f, sqlite3_int64 *n), n)
FAIL_VFS_CALL(Lock, SQLITE_IOERR_LOCK, (sqlite3_file * f, int kind), kind)
FAIL_VFS_CALL(ShmMap, SQLITE_IOERR_SHMMAP,
              (sqlite3_file * f, int page, int size, int extend, void volatile **p), page, size,
              extend, p)
FAIL_VFS_CALL(ShmLock, SQLITE_IOERR_SHMLOCK, (sqlite3_file * f, int at, int n, int flags), at, n,
              flags)
/* These fail without harm, or have no way to fail. */
FAIL_VFS_CALL(Unlock, SQLITE_OK, (sqlite3_file * f, int kind), kind)
FAIL_VFS_CALL(CheckReservedLock, SQLITE_OK, (sqlite3_file * f, int *held), held)
FAIL_VFS_CALL(FileControl, SQLITE_OK, (sqlite3_file * f, int op, void *arg), op, arg)
FAIL_VFS_CALL(SectorSize, SQLITE_OK, (sqlite3_file * f))
FAIL_VFS_CALL(DeviceCharacteristics, SQLITE_OK, (sqlite3_file * f))
#undef FAIL_VFS_CALL

/* What no power cut will test takes no time. */
static int fail_vfs_Sync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return fail_vfs_strikes() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int fail_vfs_Close(sqlite3_file *f)
{
    sqlite3_file *r = fail_vfs_behind(f);
    return r->pMethods ? r->pMethods->xClose(r) : SQLITE_OK;
}

static void fail_vfs_ShmBarrier(sqlite3_file *f)
{
    sqlite3_file *r = fail_vfs_behind(f);
    r->pMethods->xShmBarrier(r);
}

static int fail_vfs_ShmUnmap(sqlite3_file *f, int remove)
{
    sqlite3_file *r = fail_vfs_behind(f);
    return r->pMethods->xShmUnmap(r, remove);
}

/* Version 2: without mapping the file into memory, which would go round this. */
static const sqlite3_io_methods fail_vfs_methods = {
    .iVersion = 2,
    .xClose = fail_vfs_Close,
    .xRead = fail_vfs_Read,
    .xWrite = fail_vfs_Write,
    .xTruncate = fail_vfs_Truncate,
    .xSync = fail_vfs_Sync,
    .xFileSize = fail_vfs_FileSize,
    .xLock = fail_vfs_Lock,
    .xUnlock = fail_vfs_Unlock,
    .xCheckReservedLock = fail_vfs_CheckReservedLock,
    .xFileControl = fail_vfs_FileControl,
    .xSectorSize = fail_vfs_SectorSize,
    .xDeviceCharacteristics = fail_vfs_DeviceCharacteristics,
    .xShmMap = fail_vfs_ShmMap,
    .xShmLock = fail_vfs_ShmLock,
    .xShmBarrier = fail_vfs_ShmBarrier,
    .xShmUnmap = fail_vfs_ShmUnmap,
};

static int fail_vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct fail_vfs_file *ours = (struct fail_vfs_file *)f;
    sqlite3_vfs *real = fail_vfs_real();
    (void)vfs;
    f->pMethods = NULL;
    ours->real = (sqlite3_file *)(ours + 1);
    if (fail_vfs_strikes())
        return SQLITE_CANTOPEN;
    int rc = real->xOpen(real, name, ours->real, flags, out);
    f->pMethods = ours->real->pMethods ? &fail_vfs_methods : NULL;
    return rc;
}

/* From here on it is what SQLite uses. False: SQLite does not take it. */
static bool fail_vfs_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_initialize();
    vfs = *fail_vfs_real();
    vfs.zName = "failing";
    vfs.pNext = NULL;
    vfs.szOsFile += (int)sizeof(struct fail_vfs_file);
    vfs.xOpen = fail_vfs_open;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}

#endif
