/* Whole files (file.h). */
#include "kmip/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_fd(int fd, const char *path, struct buf *out, struct kerr *err)
{
    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return kerr_set(err, KE_FILE, "cannot read %s: %s", path, strerror(errno));
        bool ok = buf_put(out, chunk, (size_t)n);
        wipe(chunk, (size_t)n);
        if (!ok)
            return out->too_long ? kerr_set(err, KE_FILE, "%s is longer than the %zu bytes allowed",
                                            path, out->limit)
                                 : kerr_set(err, KE_MEMORY, "no memory to read %s", path);
    }
    return true;
}

bool file_read(const char *path, struct buf *out, struct kerr *err)
{
    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, "standard input", out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return kerr_set(err, KE_FILE, "cannot open %s: %s", path, strerror(errno));
    bool ok = read_fd(fd, path, out, err);
    close(fd);
    return ok;
}

static bool write_all(int fd, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data = bytes_of(data.p + n, data.n - (size_t)n);
    }
    return true;
}

/* A name beside path that nobody uses; a leftover of a process killed at the
 * wrong moment must not stand in the way of the next. */
static int open_beside(const char *path, unsigned mode, char **tmp)
{
    int fd = -1;
    errno = EEXIST;
    for (unsigned i = 0; i < 100 && fd < 0 && errno == EEXIST; i++) {
        free(*tmp);
        if (asprintf(tmp, "%s.%ld-%u.tmp", path, (long)getpid(), i) < 0) {
            *tmp = NULL;
            errno = ENOMEM;
            break;
        }
        fd = open(*tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    }
    return fd;
}

/* Into a temporary, then renamed. errno tells why not. */
static bool write_whole(const char *path, struct bytes data, unsigned mode)
{
    char *tmp = NULL;
    int fd = open_beside(path, mode, &tmp);
    bool ok = fd >= 0 && write_all(fd, data) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) < 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(tmp, path) < 0) {
        ok = false;
        why = errno;
    }
    if (!ok && fd >= 0)
        unlink(tmp);
    free(tmp);
    errno = why;
    return ok;
}

/* Of a regular file, takes away what mode does not grant, before anything is in it. */
static bool restrict_to(int fd, unsigned mode)
{
    struct stat st;
    return fstat(fd, &st) == 0 &&
           (!S_ISREG(st.st_mode) || ((st.st_mode & 07777 & ~(mode_t)mode) == 0) ||
            fchmod(fd, st.st_mode & (mode_t)mode) == 0);
}

/* Onto what stands there, or where a link points to. errno tells why not. */
static bool write_onto(const char *path, struct bytes data, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    bool ok = fd >= 0 && restrict_to(fd, mode) && write_all(fd, data);
    int why = errno;
    if (fd >= 0 && close(fd) < 0 && ok) {
        ok = false;
        why = errno;
    }
    errno = why;
    return ok;
}

bool file_write(const char *path, struct bytes data, unsigned mode, struct kerr *err)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, data) ||
               kerr_set(err, KE_FILE, "cannot write standard output: %s", strerror(errno));
    /* Renaming over /dev/null, /dev/stdout or a link would replace it. */
    bool special = lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
    return (special ? write_onto(path, data, mode) : write_whole(path, data, mode)) ||
           kerr_set(err, KE_FILE, "cannot write %s: %s", path, strerror(errno));
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_join(char out[FILE_PATH_MAX], const char *dir, const char *name, struct kerr *err)
{
    return snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name) < FILE_PATH_MAX ||
           kerr_set(err, KE_FILE, "the path %s/%s is too long", dir, name);
}

bool file_temporary(char out[FILE_PATH_MAX], const char *name, struct kerr *err)
{
    const char *given = getenv("TMPDIR"), *tmp = given && given[0] ? given : "/tmp";
    int n = snprintf(out, FILE_PATH_MAX, "%s/%s.XXXXXX", tmp, name);
    return (n < FILE_PATH_MAX && mkdtemp(out)) ||
           kerr_set(err, KE_FILE, "cannot make a temporary folder in %s: %s", tmp,
                    n < FILE_PATH_MAX ? strerror(errno) : "the path is too long");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void file_remove_folder(const char *dir)
{
    enum { OPEN_DIRS = 8 };
    (void)nftw(dir, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}
