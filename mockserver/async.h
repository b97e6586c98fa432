/* Requests answered Operation Pending (KMIP 1.2 spec, 4.27, 4.28, 6.7).
 *
 * Such an operation is carried out when it is accepted, on the terms of its own request:
 * that one's clock, faults and connection. Only its end is put off: the store's request
 * stays open until the next request message of anybody. If that is the Cancel of this
 * very operation, alone in its message, the store takes it back; otherwise it is made
 * final before anything else happens. So to every observer it was merely quick. What
 * came of it waits here for Poll. */
#ifndef MOCKSERVER_ASYNC_H
#define MOCKSERVER_ASYNC_H

#include "mockserver/op.h"

struct async_entry;

__attribute__((warn_unused_result)) struct engine_async *async_new(void);
/* What can still be cancelled is made final. */
void async_free(struct mock_engine *e);

/* Carries out the call, in a request of the store that async_settle or a Cancel will end;
 * *correlation lives as long as the entry. False when there is no room, and nothing was
 * done: the operation is then answered at once, as any server may. */
bool async_accept(struct op_call *c, const struct op *op, struct bytes *correlation);
/* Is there one whose end is put off? */
bool async_is_open(const struct mock_engine *e);
/* Makes it final. */
void async_settle(struct mock_engine *e);

/* Is the message nothing but the Cancel of what is still open? */
bool async_is_cancelled_by(const struct mock_engine *e, const char *identity,
                           const struct kmip_message *m);
/* Is this a Poll that is answered Operation Pending once more? By itself this server is done
 * when it is polled; in a variation it takes its time. *correlation as above. */
bool async_keeps_waiting(const struct op_call *c, struct bytes *correlation);
/* The outcome goes to the client with this reply: Poll and Cancel find it no more. */
void async_tell(struct async_entry *x);
/* The reply does not tell it after all; `but`, if not NULL, it does. */
void async_untell(struct mock_engine *e, const struct async_entry *but);
/* The reply stands: forgets what was told. */
void async_forget_told(struct mock_engine *e);

#endif
