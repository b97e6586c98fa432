/* Facts of the driver suite for the JSON report. */
#ifndef CONFORMANCE_REPORT_DRIVER_H
#define CONFORMANCE_REPORT_DRIVER_H

#include <jansson.h>

#include "conformance/driver.h"

/* A new reference; NULL without memory. */
json_t *report_driver_json(const struct driver *d);

#endif
