/* Reports read back: the JSON files that runs have written (report.schema.json). */
#ifndef CONFORMANCE_REPORT_READ_H
#define CONFORMANCE_REPORT_READ_H

#include <jansson.h>

#include "conformance/baseline.h"
#include "conformance/driver.h"
#include "conformance/result.h"

#define REPORT_VERSION 1 /* raised when a field changes its meaning or goes */

/* A report of a run as it stands in its file. KE_FILE: it cannot be read, is no JSON, or no
 * report of this version; the message names the file, and what in it. NULL then. */
json_t *report_read(const char *path, struct kerr *err);

/* A field of a report, or "", 0, false when it has none. */
const char *report_text_of(const json_t *object, const char *key);
int64_t report_number_of(const json_t *object, const char *key);
/* The verdict of a case in a report that was read. */
enum verdict report_verdict_of(const json_t *one);
/* False, and *out unchanged: there is none of this name. */
bool verdict_parse(const char *name, enum verdict *out);

/* The same as the data that reports are made from, each case's rounds as one, and messages
 * as they were shown. Texts are those of the JSON, which must live on. */
struct report_loaded {
    struct run_result result;
    struct target target;
    struct journal journal;
    struct baseline baseline;
    struct driver driver;
    struct arena arena;
};
__attribute__((warn_unused_result)) bool report_load(struct report_loaded *l, const json_t *root,
                                                     struct kerr *err);
void report_loaded_clear(struct report_loaded *l);

#endif
