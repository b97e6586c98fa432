/* The tables of fields that a configuration is read by, for those who tell what there is: the
 * schema for editors, from which the manual is made, has the same keys (mock.schema.json).
 * Of actions of faults: fault_tables (fault_action.h), with read_clock_fields (read.h). */
#ifndef MOCKSERVER_TABLES_H
#define MOCKSERVER_TABLES_H

#include "kmip/yaml/yfield.h"

/* Each ends with key NULL. */
extern const struct yfield config_fields[];            /* the whole */
extern const struct yfield config_credential_fields[]; /* an entry of credentials */
extern const struct yfield read_clock_server_fields[]; /* clock */
extern const struct yfield read_clock_choice_fields[]; /* an entry of clock.connections */
extern const struct yfield read_clock_jump_fields[];   /* an entry of jumps */
extern const struct yfield read_clock_strobe_fields[]; /* strobe */
extern const struct yfield fault_read_fields[];        /* an entry of faults */
extern const struct yfield fault_match_fields[];       /* its match */
extern const struct yfield fault_state_fields[];       /* ... and its state */
extern const struct yfield preload_fields[];           /* an entry of preload */

#endif
