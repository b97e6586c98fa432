/* The rows of the command line that fill a struct kc_settings: host port certs ca cert key
 * protocol timeout pipeline-depth match compound-create no-compound-create bucket-attribute
 * values. For the programs of this tree; the library's users set the fields. */
#ifndef CLIENT_LIB_SETTINGS_OPTS_H
#define CLIENT_LIB_SETTINGS_OPTS_H

#include "client/lib/settings.h"
#include "kmip/base/option.h"

extern const struct opt kc_settings_opts[];
extern const size_t kc_n_settings_opts;

#endif
