/* For the files that read a report back (report_read.h). Texts are those of the JSON. */
#ifndef CONFORMANCE_REPORT_LOAD_H
#define CONFORMANCE_REPORT_LOAD_H

#include "conformance/report_read.h"

#define REPORT_TEXTS_MAX (1u << 30) /* what must be made anew: offsets, evidence */

/* Milliseconds of a report. */
static inline int64_t report_ns_of(const json_t *object, const char *key)
{
    return (int64_t)(json_number_value(json_object_get(object, key)) * 1e6 + 0.5);
}

static inline bool report_no_memory(struct kerr *err)
{
    return kerr_set(err, KE_MEMORY, "no memory for a report");
}

/* report_load_case.c: one of `cases`. */
__attribute__((warn_unused_result)) bool report_load_case(struct report_loaded *l,
                                                          const json_t *one, struct kerr *err);
/* report_driver_json.c; NULL: the suite was not run. */
void report_load_driver(struct report_loaded *l, const json_t *driver);
/* report_load_target.c */
void report_load_target(struct report_loaded *l, const json_t *target);

#endif
