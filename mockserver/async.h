/* Requests answered Operation Pending (KMIP 1.2 spec, 4.27, 4.28, 6.7).
 *
 * A pending operation takes effect before the next request of anybody, unless that
 * is the Cancel that takes it back: to every observer it was merely quick. Its
 * outcome waits here for Poll. */
#ifndef MOCKSERVER_ASYNC_H
#define MOCKSERVER_ASYNC_H

#include "mockserver/op.h"

struct async_entry;

__attribute__((warn_unused_result)) struct engine_async *async_new(void);
void async_free(struct engine_async **a);

/* Keeps the call for later; *correlation lives as long as the entry. False when there
 * is no room: the operation is then answered at once, as any server may. */
bool async_accept(struct mock_engine *e, const struct op_call *c, struct bytes *correlation);
/* Carries out what is pending. */
void async_settle(struct mock_engine *e, int64_t now);
/* Forgets an entry whose outcome was told. */
void async_forget(struct mock_engine *e, struct async_entry *entry);

#endif
