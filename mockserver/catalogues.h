/* Ways in which the mock is told to be other than it is by itself, by names out of the
 * catalogues (kmip/yaml/catalogue.h): `deviations: [NAME...]` and `variations: [NAME...]` of
 * the configuration. What an entry brings is a piece of configuration, which lies over all
 * the rest, or a switch of the engine, or both. */
#ifndef MOCKSERVER_CATALOGUES_H
#define MOCKSERVER_CATALOGUES_H

#include <stdio.h>

#include "kmip/yaml/catalogue.h"
#include "mockserver/config.h"

/* Looks for the two keys in cfg->doc, and does what the entries say. KE_CONFIG for a name
 * that no entry has, with what is near. */
__attribute__((warn_unused_result)) bool catalogues_apply(struct mock_config *cfg,
                                                          struct kerr *err);

/* Every entry, a line each; or all about those that are named. */
__attribute__((warn_unused_result)) bool catalogue_print(enum catalogue_kind kind, char **names,
                                                         int n, FILE *out, struct kerr *err);

#endif
