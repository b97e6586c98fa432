/* What a run made on the server, on disk before the server is asked to make it,
 * so that nothing is left behind without a trace: also after a crash or Ctrl-C.
 *
 * One JSON object a line: {"intent": NAME, "case": ID} before a request that
 * makes something with that Name, {"made": UID, "case": ID, "client": C} after
 * the reply, {"gone": UID} after it was destroyed. `kmip-conform cleanup FILE`
 * works it off. The file is removed when nothing is left. */
#ifndef CONFORMANCE_JOURNAL_H
#define CONFORMANCE_JOURNAL_H

#include "conformance/target.h"

struct journal_entry {
    const char *uid;      /* "": only the name is known (the reply was lost) */
    const char *name;     /* "" if none */
    const char *case_id, *client;
    bool gone;
};

struct journal {
    struct arena arena;
    struct journal_entry *v;
    size_t n, cap;
    char *path;           /* NULL: not written to disk */
    void *file;           /* FILE *, opened with the first line */
};

void journal_init(struct journal *j, const char *path);
/* Reads an existing file. KE_FILE, or KE_CONFIG with FILE:LINE. */
__attribute__((warn_unused_result)) bool journal_load(struct journal *j, const char *path, struct kerr *err);
/* Closes; removes the file when all entries are gone. */
void journal_close(struct journal *j);

__attribute__((warn_unused_result)) bool journal_intent(struct journal *j, const char *case_id,
                                                        const char *client, struct bytes name,
                                                        struct kerr *err);
/* The reply to the intents of this case is in: they are settled. */
void journal_settled(struct journal *j, const char *case_id);
__attribute__((warn_unused_result)) bool journal_made(struct journal *j, const char *case_id,
                                                      const char *client, struct bytes uid, struct kerr *err);
void journal_gone(struct journal *j, struct bytes uid);
size_t journal_left(const struct journal *j);

/* Destroys what is left, newest first: Destroy, else Revoke and Destroy, else Recover first.
 * Objects known by name only are looked for with Locate. Only entries of case_id, or
 * all for NULL. Returns the number still there. */
size_t journal_clean(struct journal *j, struct target *t, const char *case_id);

#endif
