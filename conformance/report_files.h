/* The files that a report can be put into: one row for each format gives the option, of
 * `run`, `merge` and `report` alike, and the writer.
 *
 * The JSON is made from the run, and all else from the JSON: what `report` makes later of
 * its file is, byte for byte, what the run itself wrote. */
#ifndef CONFORMANCE_REPORT_FILES_H
#define CONFORMANCE_REPORT_FILES_H

#include <jansson.h>

#include "conformance/result.h"
#include "kmip/base/option.h"

enum report_format {
    REPORT_JSON,
    REPORT_JUNIT,
    REPORT_MD,
    REPORT_TAP,
    REPORT_HTML,
    REPORT_FORMATS
};

struct report_files {
    const char *path[REPORT_FORMATS]; /* NULL: not asked for; "-": standard output */
};

/* Options over a struct report_files. */
#define REPORT_FILES_TITLE "Reports ('-': standard output)"
extern const struct opt report_file_opts[REPORT_FORMATS];

/* To be asked before a long run: can all be written, and no two to one place? `option` and
 * `path` are of a further file of the command, or NULL. KE_USAGE, KE_FILE. */
__attribute__((warn_unused_result)) bool report_files_check(const struct report_files *f,
                                                            const char *option, const char *path,
                                                            struct kerr *err);
/* The option of one that is asked for; NULL: none is. */
const char *report_files_asked(const struct report_files *f);
bool report_files_to_stdout(const struct report_files *f);

/* Writes what is asked for: of a run, or of a report (report_read.h). */
__attribute__((warn_unused_result)) bool report_files_write(const struct report_files *f,
                                                            const struct run_result *r,
                                                            struct kerr *err);
__attribute__((warn_unused_result)) bool report_files_make(const struct report_files *f,
                                                           const json_t *root, struct kerr *err);

#endif
