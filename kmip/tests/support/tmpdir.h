/* A folder for one test, removed with all that is in it. */
#ifndef KMIP_TESTS_SUPPORT_TMPDIR_H
#define KMIP_TESTS_SUPPORT_TMPDIR_H

struct tmpdir {
    char path[64];
};

/* Aborts the test when it cannot be made. */
void tmpdir_make(struct tmpdir *d);
void tmpdir_remove(struct tmpdir *d);
/* "PATH/NAME" in one of a few static buffers used in turn. */
const char *tmpdir_file(const struct tmpdir *d, const char *name);
/* Writes text there and returns the path as tmpdir_file does. */
const char *tmpdir_write(const struct tmpdir *d, const char *name, const char *text);

#endif
