/* Shards of a run put together again (run --shard): the report that one run would have
 * written. */
#ifndef CONFORMANCE_MERGE_H
#define CONFORMANCE_MERGE_H

#include <jansson.h>

#include "kmip/base/error.h"

/* A shard's report; of shards that do not belong together, `path` names it. */
struct shard_report {
    const char *path;
    json_t *root;
};

/* The whole report; NULL, with KE_USAGE, when shards are missing, double, cut short, or of
 * different servers, versions or choices of cases. The shards may come in any order. */
json_t *merge_reports(struct shard_report *v, size_t n, struct kerr *err);
/* The first shard whose server had another certificate than that of v[0]; NULL: none. Servers
 * behind one address may well have one each, or it was renewed; or somebody tested another
 * server. That is for people to judge: the whole report then names no certificate. */
const struct shard_report *merge_other_certificate(const struct shard_report *v, size_t n);

#endif
