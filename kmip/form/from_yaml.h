/* YAML into messages: what fixtures and cases are written in.
 *
 *     Request Message:
 *       Request Header:
 *         Protocol Version: 1.2              # short for {Major: 1, Minor: 2}
 *         Batch Count: 1
 *       Batch Item:
 *         - Operation: Create                # enumerations by name
 *           Request Payload:
 *             Object Type: Symmetric Key
 *             Template-Attribute:
 *               Attributes:                  # short for repeated Attribute {Name, Value}
 *                 Cryptographic Algorithm: AES
 *                 Cryptographic Usage Mask: Encrypt | Decrypt    # or [Encrypt, Decrypt]
 *                 Name: my-key               # short for {Name Value, Name Type}
 *                 x-purpose: demo            # custom: Text String; 5 Integer; true Boolean
 *
 * Rules:
 * - Keys are tag names as in the standard (XML names too), or 0x54AA01. Fields are
 *   written in the order of the file. A sequence repeats its field (each entry one
 *   item); an empty sequence writes nothing.
 * - Types follow from the tag. A YAML tag overrides: !Structure !Integer !LongInteger
 *   !BigInteger !Enumeration !Boolean !TextString !ByteString !DateTime !Interval.
 * - Byte Strings and Big Integers are hexadecimal ("0x" and blanks allowed);
 *   !text "abc" gives the bytes of a text. Dates: ISO 8601 or seconds. Intervals: seconds,
 *   or 90s, 2h.
 * - Enumerations and masks also as numbers (0x8000002A).
 * - Where any type may stand (custom attributes, unknown tags) a plain scalar that is
 *   a number is an Integer or Long Integer, plain true and false are Booleans, the
 *   rest is text. Quoted scalars are always text.
 * - A structure without fields is `{}` or nothing; an empty text is "".
 * - In `Attributes:` the value may be {index: 1, value: ...} only when tagged !indexed.
 *   A sequence there gives several instances of the attribute (of a mask: its bits);
 *   null gives an Attribute without Attribute Value. A plain name that is nearly one
 *   of the standard's is taken for a slip; quoted, it is sent as it is.
 * - `$name` (a whole scalar, quoted or not) is a variable; within longer text "${name}".
 *   $NOW, $NOW-3600, $NOW+1h are dates. "$$" is one dollar; any other dollar is an error.
 * - Deliberately wrong items:
 *     Batch Count: !item {type: 0x02, length: 3, value: 000001, padding: FFFFFFFFFF}
 *   (all optional: type and length default to honest ones, padding to zeros; the value
 *   may also be a map of fields, or a scalar with a type: !Integer 5), and a key "!raw"
 *   (in quotes) or a value tagged !raw: bytes written as they are, in place of the item.
 * - !redacted is what printing leaves of a secret; it is refused.
 *
 * Every error names FILE:LINE:COL, the field, and what would be right. */
#ifndef KMIP_FORM_FROM_YAML_H
#define KMIP_FORM_FROM_YAML_H

#include "kmip/schema/walk.h"
#include "kmip/ttlv/writer.h"
#include "kmip/yaml/ynode.h"

/* A variable's value. type 0: text that is read like a scalar of the file. */
struct form_value_ref {
    unsigned type;    /* enum ttlv_type, or 0 */
    struct bytes val; /* wire bytes of the value, or text */
};

struct form_env {
    /* False: no such variable. name has no dollar. */
    bool (*lookup)(void *arg, struct bytes name, struct form_value_ref *out);
    void *arg;
    int64_t now_s; /* $NOW */
};

/* Writes the fields of map `node` at the place where `walk` stands. env may be
 * NULL: variables are then an error. */
__attribute__((warn_unused_result)) bool from_yaml_fields(const struct ynode *node,
                                                          struct kmip_walk *walk,
                                                          const struct form_env *env,
                                                          struct ttlv_writer *w, struct kerr *err);
/* One of them. */
__attribute__((warn_unused_result)) bool from_yaml_field(const struct ynode *key,
                                                         const struct ynode *value,
                                                         struct kmip_walk *walk,
                                                         const struct form_env *env,
                                                         struct ttlv_writer *w, struct kerr *err);
/* One attribute of an `Attributes:` map, in each of its instances; `indexed`: with Attribute
 * Index, from 0 on. */
__attribute__((warn_unused_result)) bool
from_yaml_attribute(const char *name, const struct ynode *value, bool indexed,
                    struct kmip_walk *walk, const struct form_env *env, struct ttlv_writer *w,
                    struct kerr *err);
/* A whole message: a map with one key, Request Message or Response Message. */
__attribute__((warn_unused_result)) bool from_yaml_message(const struct ynode *node,
                                                           const struct form_env *env,
                                                           struct buf *out, struct kerr *err);
/* One leaf: the wire value a scalar (or sequence, for masks) stands for at `spot`.
 * Type to *type, bytes appended to out. For matching expectations. */
__attribute__((warn_unused_result)) bool from_yaml_value(const struct ynode *node,
                                                         const struct kmip_spot *spot,
                                                         const struct form_env *env, unsigned *type,
                                                         struct buf *out, struct kerr *err);
/* Replaces ${name} and a leading $name in a scalar's text; false when undefined. */
__attribute__((warn_unused_result)) bool from_yaml_text(const struct ynode *node,
                                                        const struct form_env *env, struct buf *out,
                                                        struct kerr *err);

#endif
