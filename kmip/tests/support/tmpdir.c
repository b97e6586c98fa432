/* Folders for tests (tmpdir.h). */
#include "kmip/tests/support/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kmip/base/file.h"

void tmpdir_make(struct tmpdir *d)
{
    snprintf(d->path, sizeof d->path, "/tmp/kmip-test-XXXXXX");
    if (!mkdtemp(d->path)) {
        perror(d->path);
        abort();
    }
}

void tmpdir_remove(struct tmpdir *d)
{
    if (d->path[0])
        file_remove_folder(d->path);
    d->path[0] = 0;
}

const char *tmpdir_file(const struct tmpdir *d, const char *name)
{
    static char paths[16][512];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", d->path, name);
    return path;
}

const char *tmpdir_write(const struct tmpdir *d, const char *name, const char *text)
{
    const char *path = tmpdir_file(d, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        perror(path);
        abort();
    }
    return path;
}
