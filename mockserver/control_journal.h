/* Inside the control API: what a question about the journal asks for, shared by those
 * who answer at once (control_journal.c), those who wait (control_wait.c) and those who
 * follow it (control_events.c). */
#ifndef MOCKSERVER_CONTROL_JOURNAL_H
#define MOCKSERVER_CONTROL_JOURNAL_H

#include "mockserver/control_priv.h"

struct journal_question {
    /* As asked. */
    const struct ynode *operation, *messages;
    const char *client, *fault; /* patterns; NULL: any */
    int64_t connection;         /* 0: any */
    int64_t since;              /* 0: not given */
    int64_t limit;
    int64_t count, timeout_ns;  /* of a wait */
    int64_t last, most;         /* of a stream */
    /* As understood. */
    struct read_operations operations; /* none: any */
    unsigned forms;                    /* bits: what messages are shown as */
};

/* False: answered. */
__attribute__((warn_unused_result)) bool journal_question_read(struct control_request *rq,
                                                               struct journal_question *q);
/* Is the entry asked for? `since` is the caller's to heed. */
bool journal_question_fits(const struct journal_question *q, const struct exchange *e);
/* One entry, its messages in these forms (0: none); NULL: no memory. */
json_t *journal_entry_json(const struct exchange *e, unsigned forms);
/* {"first", "next", "missed", "more", "exchanges"}; NULL: no memory. */
json_t *journal_json(const struct journal *j, const struct journal_question *q);

#endif
