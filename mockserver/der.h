/* As much of DER (ITU-T X.690) as keys and certificates need: stepping through elements
 * with one-byte tags, and writing them. */
#ifndef MOCKSERVER_DER_H
#define MOCKSERVER_DER_H

#include "kmip/base/buf.h"

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30
};
/* [n] EXPLICIT */
#define DER_CONTEXT(n) (0xA0 + (n))

/* Takes the next element off *in when it has this tag, and gives what is inside: a view
 * into the input. False, and *in untouched, when it is another or broken. */
bool der_next(struct bytes *in, unsigned tag, struct bytes *content);
/* The next INTEGER that is not negative, without leading zeros; 0 is no bytes. */
bool der_number(struct bytes *in, struct bytes *number);
/* The next BIT STRING of whole bytes. */
bool der_bits(struct bytes *in, struct bytes *bits);

/* Writing is sticky like buf. der_close puts the head before what was written since
 * `start`, the length of the buffer then. */
void der_close(struct buf *b, size_t start, unsigned tag);
void der_put(struct buf *b, unsigned tag, struct bytes content);
/* An INTEGER that is not negative. */
void der_put_number(struct buf *b, struct bytes number);

#endif
