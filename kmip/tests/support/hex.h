/* Bytes written as hexadecimal digits in tests, and back for failure texts. The
 * parser is not the project's own, which is itself under test. */
#ifndef KMIP_TESTS_SUPPORT_HEX_H
#define KMIP_TESTS_SUPPORT_HEX_H

#include "kmip/base/buf.h"

/* Appends; blanks between the digits are skipped. Aborts on anything else. */
void hex_put(struct buf *out, const char *digits);
/* Upper-case digits, in one of a few static buffers; long input is cut, with "...". */
const char *hex_text(struct bytes v);

#endif
