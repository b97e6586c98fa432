/* What a run made on the server, in a file before the server is asked to make it, so
 * that nothing is left behind without a trace: also after a crash, a power cut or Ctrl-C.
 *
 * One JSON object a line. The first says whose it is: {"run": PREFIX, "server":
 * "HOST:PORT"}. Then, before a request that makes something with an attribute that bears
 * the run's prefix (a Name or another), {"intent": VALUE, "attribute": NAME, "ask": N,
 * "case": ID, "client": C}, where N numbers the items of all requests; {"made": UID, "at":
 * Time Stamp of the reply, ...} when the reply names what was made, and {"settled": VALUE,
 * "ask": N} when it did so for that very item, or a Locate has found nothing; {"destroying":
 * UID} before it is destroyed, {"gone": UID} after it was. Clients are identities: main,
 * other, anonymous. A credential is not written down: "credential": true says there was one.
 *
 * What a server says of a request that it did not fulfil is not believed: the intent
 * stays open, and the clean-up looks for the object.
 *
 * `kmip-conform cleanup FILE` works it off. The file is made with its first line and
 * removed when nothing is left. */
#ifndef CONFORMANCE_JOURNAL_H
#define CONFORMANCE_JOURNAL_H

#include "conformance/target.h"

#define JOURNAL_PREFIX "kmipconf-" /* of a run, before eight hexadecimal digits */

/* An item of a request that makes something. */
struct journal_ask {
    unsigned no; /* from journal_asks; 0: of no item that we know */
    const char *case_id, *client;
    struct bytes authentication; /* the request's, as encoded; empty if none */
};

struct journal_entry {
    const char *uid;               /* "": only the attribute is known */
    const char *attribute, *value; /* "" if none */
    const char *case_id, *client;
    struct bytes authentication;
    unsigned ask;
    bool credential;    /* it was made with one */
    bool refused;       /* an intent: the server says that it has not made it */
    bool doubtful;      /* an object that no item of ours fits: it must bear the prefix */
    bool destroy_asked; /* a Destroy of it was sent */
    bool has_at;
    int64_t at;         /* when it was made, by the server's clock */
    const char *why;    /* it could not be removed, or NULL */
    bool gone;
};

struct journal {
    struct arena arena;
    struct journal_entry *v;
    size_t n, cap;
    unsigned asks;
    const char *path;        /* NULL: not written to disk */
    const char *run, *server; /* of the first line */
    void *file;              /* FILE *, opened with the first line */
    size_t unreadable, unreadable_line; /* lines of a file that was read; the first of them */
};

void journal_init(struct journal *j, const char *path, const char *run, const char *server);
/* Can the file be made? One that is there already belongs to another run: KE_FILE. */
__attribute__((warn_unused_result)) bool journal_check(const struct journal *j, struct kerr *err);
/* Reads an existing file. A last line that was cut short counts as not written; others
 * that cannot be read are counted and passed over. KE_FILE, or KE_CONFIG when it is no
 * journal of ours. */
__attribute__((warn_unused_result)) bool journal_load(struct journal *j, const char *path,
                                                      struct kerr *err);
/* Beginnings of journals for threads that work at the same time: what each makes goes to
 * the file of `j`, its entries stay with it until they are taken over. `part`: its number,
 * from 1. */
__attribute__((warn_unused_result)) bool journal_lend(struct journal *j, struct journal *out,
                                                      unsigned part, struct kerr *err);
/* ... which empties `part`. False without memory: those entries are in the file only. */
__attribute__((warn_unused_result)) bool journal_take_over(struct journal *j, struct journal *part,
                                                           struct kerr *err);
/* Closes; removes the file when all entries are gone and every line could be read. */
void journal_close(struct journal *j);

/* Numbers for the n items of a request; the first of them. */
unsigned journal_asks(struct journal *j, unsigned n);
__attribute__((warn_unused_result)) bool journal_intent(struct journal *j,
                                                        const struct journal_ask *a,
                                                        struct bytes attribute, struct bytes value,
                                                        struct kerr *err);
/* Every intent of the case so far, again: a replacement takes over attributes. */
__attribute__((warn_unused_result)) bool journal_intent_again(struct journal *j,
                                                              const struct journal_ask *a,
                                                              struct kerr *err);
/* To be called between the intents and the request: they are on the disk now. */
__attribute__((warn_unused_result)) bool journal_sync(struct journal *j, struct kerr *err);
/* The server says that it did not do this item. */
void journal_refused(struct journal *j, unsigned ask);
/* All that this item made is known by identifier. */
void journal_settled(struct journal *j, unsigned ask);
/* at: NULL if the reply had no Time Stamp. */
__attribute__((warn_unused_result)) bool journal_made(struct journal *j,
                                                      const struct journal_ask *a,
                                                      struct bytes uid, const int64_t *at,
                                                      struct kerr *err);
void journal_destroying(struct journal *j, struct bytes uid);
void journal_gone(struct journal *j, struct bytes uid);
/* This entry is done with. */
void journal_done(struct journal *j, struct journal_entry *e);
/* Did this run make it (and perhaps destroy it since)? */
bool journal_knows(const struct journal *j, struct bytes uid);
size_t journal_left(const struct journal *j);

/* clean.c: destroys what is left, newest first: Destroy, else Revoke and Destroy, else
 * Recover first. Objects known by an attribute only are looked for with Locate, and
 * touched only if they do have it. Only entries of case_id, or all for NULL, at the end of
 * the run: what was not found before is then taken for not made. `careful`: the entries
 * are an earlier run's, so objects known by identifier must bear its prefix, or have been
 * made at the time that the journal tells. Returns the number still there, each with its
 * `why`. */
size_t journal_clean(struct journal *j, struct target *t, const char *case_id, bool careful);

#endif
