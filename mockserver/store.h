/* Where objects are kept: SQLite, in memory or a file, behind a cache of parsed
 * objects.
 *
 * Objects are changed inside a request (store_begin ... store_end), which costs
 * nothing until it first writes. Pointers from the store can be read until the
 * request ends, and no longer; outside a request until the next call. Changes
 * count once store_put has them: what was changed and not put is forgotten when
 * the request ends, as what an undo takes back is forgotten at once. A forgotten
 * object's pointer can still be read but no longer put: get it anew.
 *
 * A failure (disk full, file read-only) is KE_STORE and leaves the store usable:
 * the request can be undone to a mark before the failure, or ends without
 * effect; the next one starts afresh. */
#ifndef MOCKSERVER_STORE_H
#define MOCKSERVER_STORE_H

#include "kmip/base/error.h"
#include "mockserver/object.h"

struct mock_store;

/* path ":memory:" or a file (made 0600). KE_STORE: says what to do; a file that
 * is no store of ours, or damaged, is refused untouched. A file belongs to one
 * process at a time. A file without write permission is opened for reading, also in
 * a folder without it. */
__attribute__((warn_unused_result)) struct mock_store *store_open(const char *path,
                                                                  struct kerr *err);
void store_close(struct mock_store **s);
/* Parsed objects kept in memory, 65536 unless told; at least 1. */
void store_cache_limit(struct mock_store *s, size_t objects);

/* NULL without error: no such object. Destroyed ones are found (metadata). */
struct mock_object *store_get(struct mock_store *s, struct bytes uid, struct kerr *err);
/* Takes the object over and gives it a row; its uid must be fresh. On failure the
 * object stays the caller's. */
__attribute__((warn_unused_result)) bool store_add(struct mock_store *s, struct mock_object *o,
                                                   struct kerr *err);
/* Writes a changed object of this store; nothing to do when it is not dirty. */
__attribute__((warn_unused_result)) bool store_put(struct mock_store *s, struct mock_object *o,
                                                   struct kerr *err);
/* The same for a change that may be lost: when it cannot be written, the request goes on
 * as if it had been, and the object has the change as long as it stays in memory. Not
 * for what objects are found by. */
void store_put_optional(struct mock_store *s, struct mock_object *o);
/* Forgets the object entirely (object policies that keep no metadata). */
__attribute__((warn_unused_result)) bool store_remove(struct mock_store *s, struct mock_object *o,
                                                      struct kerr *err);

/* *taken: is there a live object (one that still has its body) with this Name Value,
 * other than `except` (may be NULL)? */
__attribute__((warn_unused_result)) bool store_name_taken(struct mock_store *s,
                                                          struct bytes name_value,
                                                          const struct mock_object *except,
                                                          bool *taken, struct kerr *err);

/* Candidates for Locate: every object that has all `n` keys (attribute name and
 * wire value of scalar or of a structure's first field), newest last; with n == 0
 * every object. visit returns false to stop. Keys whose value time changes (State,
 * Last Change Date) are left to visit, which sees the object as stored, not
 * settled. The object given to visit may be gone when visit returns: store_get
 * inside visit keeps it. Not seen: changes that were not yet put. */
struct store_key {
    struct bytes name, value;
};
__attribute__((warn_unused_result)) bool store_scan(struct mock_store *s,
                                                    const struct store_key *keys, size_t n,
                                                    bool (*visit)(void *arg, struct mock_object *o),
                                                    void *arg, struct kerr *err);
uint64_t store_count(struct mock_store *s);
/* The how-manieth opening of the store for writing this is, from 1. */
uint64_t store_run(const struct mock_store *s);

/* A request: nothing is durable before store_end(commit = true) returned true; when
 * it returns false, nothing of the request remains. Marks nest, at most 16; each is
 * ended by one store_release (what was done since stays) or one store_undo (all
 * since is taken back), or by the end of the request. */
__attribute__((warn_unused_result)) bool store_begin(struct mock_store *s, struct kerr *err);
__attribute__((warn_unused_result)) bool store_mark(struct mock_store *s, struct kerr *err);
__attribute__((warn_unused_result)) bool store_release(struct mock_store *s, struct kerr *err);
__attribute__((warn_unused_result)) bool store_undo(struct mock_store *s, struct kerr *err);
__attribute__((warn_unused_result)) bool store_end(struct mock_store *s, bool commit,
                                                   struct kerr *err);

#endif
