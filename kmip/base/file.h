/* Whole files in and out, with errors that name the file and the remedy. */
#ifndef KMIP_BASE_FILE_H
#define KMIP_BASE_FILE_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"

/* Appends the whole file to out; "-" reads standard input. KE_FILE on failure
 * (missing, unreadable, a directory, longer than out's limit). */
__attribute__((warn_unused_result)) bool file_read(const char *path, struct buf *out,
                                                   struct kerr *err);
/* Writes a file whole or not at all: into a temporary beside it, then renamed.
 * mode as for open(2); 0600 for anything that holds keys. "-" writes standard
 * output; a device, pipe or symbolic link that stands there is written onto. */
__attribute__((warn_unused_result)) bool file_write(const char *path, struct bytes data,
                                                    unsigned mode, struct kerr *err);
bool file_exists(const char *path);

#define FILE_PATH_MAX 4096
/* "dir/name". */
__attribute__((warn_unused_result)) bool file_join(char out[FILE_PATH_MAX], const char *dir,
                                                   const char *name, struct kerr *err);
/* A new folder, ours alone, in $TMPDIR or /tmp; its name begins with `name`. */
__attribute__((warn_unused_result)) bool file_temporary(char out[FILE_PATH_MAX], const char *name,
                                                        struct kerr *err);
/* Removes a folder with all that is in it, links unfollowed; what cannot go stays. */
void file_remove_folder(const char *dir);

#endif
