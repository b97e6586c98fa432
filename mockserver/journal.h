/* What happened lately: the last exchanges, with the faults that fired at them.
 *
 * A bounded ring in memory. Each request with its reply is one entry; what faults
 * do to a connection itself is an entry without request. Bytes are kept as they
 * came and as they left, key material included: whoever shows them decodes them
 * with the forms that redact (kmip/form/form.h). They are wiped when an entry goes.
 *
 * Entries are numbered from 1 without gaps; the oldest go when the ring is full or
 * its bytes are used up. Pointers to entries hold until the next call that adds.
 *
 * An entry changes after it was added: faults label it, its reply leaves. Whoever follows
 * the journal walks the numbers of entries for what is new, and the record of changes for
 * what is new about entries that it knows. */
#ifndef MOCKSERVER_JOURNAL_H
#define MOCKSERVER_JOURNAL_H

#include "mockserver/clock.h"
#include "mockserver/engine.h"

#define JOURNAL_FAULTS_MAX 240

struct exchange {
    uint64_t number;     /* of the server, from 1 */
    uint64_t connection; /* from 1 */
    uint64_t nth;        /* request of the connection, from 1; 0: not about a request */
    char client[192];    /* certificate's Common Name; "" while unknown */
    struct answer_note note;
    int64_t received_ns; /* machine's clock, since the epoch */
    struct clock_ahead clock; /* that the request saw, against the machine's */
    int64_t took_ns;     /* until the reply was there */
    int64_t left_ns;     /* when the reply began to leave; 0: it has not */
    uint64_t came, went; /* turns of request and reply among all that came and left, from 1;
                          * 0: the reply has not left */
    uint64_t change;     /* place of its latest in the record of changes */
    size_t request_size, reply_size; /* bytes there were; more than kept when long */
    struct buf request, reply;
    unsigned n_faults;
    char faults[JOURNAL_FAULTS_MAX]; /* names, "a, b"; cut at a name when there are many */
    char event[200];     /* what the last of them did */
};

enum journal_change {
    JOURNAL_ADDED,
    JOURNAL_LABELLED, /* by a fault */
    JOURNAL_LEFT      /* its reply */
};

struct journal {
    struct exchange *ring; /* NULL until the first entry */
    uint64_t *changes;     /* numbers of entries that changed, a ring of room_changes */
    size_t room_changes;
    uint64_t next_change;  /* place of the next, from 0; the last room_changes are kept */
    uint64_t turn;         /* messages that came or left so far */
    size_t room;           /* entries; 0: keeps none */
    size_t bytes_max, bytes;
    uint64_t next;         /* number of the next entry */
    uint64_t first;        /* of the oldest that is kept; == next: none */
    /* Called after the entry `number` changed, unless NULL: somebody may wait for it. */
    void (*changed)(void *arg, uint64_t number, enum journal_change what);
    void *changed_arg;
};

/* What one entry may keep of a request, and of a reply. */
#define JOURNAL_MESSAGE_MAX (64u * 1024u)

/* room entries of at most bytes_max bytes together. */
void journal_init(struct journal *j, size_t room, size_t bytes_max);
void journal_clear(struct journal *j);
/* Forgets all entries; numbers go on. */
void journal_forget(struct journal *j);

struct journal_about {
    uint64_t connection, nth;
    const char *client;
    int64_t received_ns, took_ns;
    struct clock_ahead clock;
};

/* An exchange; returns its number, 0 when none is kept. note NULL: none. */
uint64_t journal_add(struct journal *j, const struct journal_about *about,
                     const struct answer_note *note, struct bytes request, struct bytes reply);
/* Labels an entry with a fault that fired; `event` says what it did. Does nothing
 * when the entry is gone. */
void journal_fault(struct journal *j, uint64_t number, const char *name, const char *event);
void journal_left(struct journal *j, uint64_t number, int64_t now_ns);
/* The first place of the record of changes that is kept. */
uint64_t journal_first_change(const struct journal *j);
/* The entry that changed there, NULL when it is gone or has changed again since. */
const struct exchange *journal_changed(const struct journal *j, uint64_t place);

/* NULL when it is gone or was never there. Walk from j->first to j->next. */
const struct exchange *journal_get(const struct journal *j, uint64_t number);

#endif
