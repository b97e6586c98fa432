/* What a run made on the server, in a file before the server is asked to make it, so
 * that nothing is left behind without a trace: also after a crash or Ctrl-C.
 *
 * One JSON object a line. The first says whose it is: {"run": PREFIX, "server":
 * "HOST:PORT"}. Then {"intent": VALUE, "attribute": NAME, "case": ID, "client": C}
 * before a request that makes something with that attribute (a Name or another that
 * bears the run's prefix), {"made": UID, ...} after the reply, {"settled": VALUE} when
 * the intent's reply is in, {"gone": UID} after it was destroyed. Clients are
 * identities: main, other, anonymous.
 *
 * `kmip-conform cleanup FILE` works it off. The file is made with its first line and
 * removed when nothing is left. */
#ifndef CONFORMANCE_JOURNAL_H
#define CONFORMANCE_JOURNAL_H

#include "conformance/target.h"

struct journal_entry {
    const char *uid;               /* "": only the attribute is known (the reply was lost) */
    const char *attribute, *value; /* "" if none */
    const char *case_id, *client;
    const char *why;               /* it could not be removed, or NULL */
    bool gone;
};

struct journal {
    struct arena arena;
    struct journal_entry *v;
    size_t n, cap;
    const char *path;        /* NULL: not written to disk */
    const char *run, *server; /* of the first line */
    void *file;              /* FILE *, opened with the first line */
};

void journal_init(struct journal *j, const char *path, const char *run, const char *server);
/* Can the file be made? One that is there already belongs to another run: KE_FILE. */
__attribute__((warn_unused_result)) bool journal_check(const struct journal *j, struct kerr *err);
/* Reads an existing file; a last line that was cut short counts as not written.
 * KE_FILE, or KE_CONFIG with FILE:LINE. */
__attribute__((warn_unused_result)) bool journal_load(struct journal *j, const char *path,
                                                      struct kerr *err);
/* Closes; removes the file when all entries are gone. */
void journal_close(struct journal *j);

__attribute__((warn_unused_result)) bool journal_intent(struct journal *j, const char *case_id,
                                                        const char *client, struct bytes attribute,
                                                        struct bytes value, struct kerr *err);
/* Every intent of the case so far, again: a replacement takes over attributes. */
__attribute__((warn_unused_result)) bool journal_intent_again(struct journal *j,
                                                              const char *case_id,
                                                              struct kerr *err);
/* The reply to the intents of this case is in. */
void journal_settled(struct journal *j, const char *case_id);
__attribute__((warn_unused_result)) bool journal_made(struct journal *j, const char *case_id,
                                                      const char *client, struct bytes uid,
                                                      struct kerr *err);
void journal_gone(struct journal *j, struct bytes uid);
/* This entry is done with. */
void journal_done(struct journal *j, struct journal_entry *e);
/* Did this run make it (and perhaps destroy it since)? */
bool journal_knows(const struct journal *j, struct bytes uid);
size_t journal_left(const struct journal *j);

/* clean.c: destroys what is left, newest first: Destroy, else Revoke and Destroy, else
 * Recover first. Objects known by an attribute only are looked for with Locate, and
 * touched only if they do have it. Only entries of case_id, or all for NULL. `careful`:
 * the entries are an earlier run's, so objects known by identifier must bear its prefix
 * too. Returns the number still there, each with its `why`. */
size_t journal_clean(struct journal *j, struct target *t, const char *case_id, bool careful);

#endif
