/* The readable forms of a message: text tree, hex dump, bare hex, YAML and XML out; YAML in is
 * from_yaml.h, XML in from_xml.h, and tour.h is for other forms. Key material, passwords and plaintexts
 * are redacted (as kmip/schema/walk.h has it) unless show_secrets is set. All printers
 * take any bytes: what cannot be read is shown as far as it goes, with the finding in
 * place. */
#ifndef KMIP_FORM_FORM_H
#define KMIP_FORM_FORM_H

#include "kmip/base/buf.h"
#include "kmip/base/error.h"
#include "kmip/ttlv/ttlv.h"

struct form_options {
    bool show_secrets;
    bool cautious;      /* redacts what is out of place too: a secret whose tag was damaged */
    bool offsets;     /* text: offset, tag and type before each line */
    unsigned indent;  /* text: columns before each line */
    size_t max_bytes; /* longest value shown whole; 0 = 1024 */
};

/*   Response Message
 *     Response Header
 *       Protocol Version
 *         Protocol Version Major: 1
 * Dates readable, enumerations and masks by name (with the number when unknown). */
void form_text(struct bytes msg, const struct form_options *o, struct buf *out);
/* One line per item: offset, header and value bytes in hex, name, decoded value;
 * longer values go on below, sixteen bytes a line. */
void form_hex(struct bytes msg, const struct form_options *o, struct buf *out);
/* All bytes in lower-case hexadecimal, without blanks; "xx" for each that must not be
 * shown, so that what stands at an offset is found at twice that. */
void form_raw(struct bytes msg, const struct form_options *o, struct buf *out);
/* YAML that from_yaml reads back into the same bytes (with show_secrets; without, it
 * refuses the values left out: `!redacted 32`). False when the message's encoding is
 * broken, or out has no room. */
__attribute__((warn_unused_result)) bool form_yaml(struct bytes msg, const struct form_options *o,
                                                   struct buf *out, struct kerr *err);
/* KMIP XML (from_xml.h), one element, that from_xml reads back into the same bytes (with
 * show_secrets; without, it refuses the values left out: redacted="32"). False, with the
 * place, also for padding that is not zero, which XML cannot say. */
__attribute__((warn_unused_result)) bool form_xml(struct bytes msg, const struct form_options *o,
                                                  struct buf *out, struct kerr *err);
/* Structures that all forms write short. A Protocol Version of exactly two numbers: */
bool form_version(const struct ttlv_item *it, int32_t *major, int32_t *minor);
/* An Attribute of a name, perhaps an index and perhaps a value, and nothing else; the
 * name is sound text. */
struct form_attribute {
    struct ttlv_item name, index, value;
    bool has_index, has_value;
};
bool form_attribute(const struct ttlv_item *it, struct form_attribute *a);

/* One value as it would stand behind the colon in form_text. Used in reports.
 * The spot (kmip_walk_look) decides names and redaction. */
struct kmip_spot;
void form_value(const struct kmip_spot *spot, const struct ttlv_item *it,
                const struct form_options *o, struct buf *out);

#endif
