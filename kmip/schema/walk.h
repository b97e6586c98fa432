/* Where in the standard's structures a message stands.
 *
 * Validator, printer, matcher and builder all go through a message item by item
 * and ask the same two questions: what may stand here, and what is inside? The
 * answer depends on what came before (the payload on the Operation, an Attribute
 * Value on the Attribute Name, Key Material on the Key Format Type), so the walk
 * remembers those selectors as it passes them. Works for reading and writing.
 *
 * The same walk knows what must not be shown, and nobody else decides it
 * (secrecy.c). A peer's mistakes are what we are here to show, so it goes by what
 * is around an item and not by its tag alone, and where in doubt it hides: in and
 * around keys and credentials only what the tables name, in its right type, is
 * seen. Everywhere else only what the tables call secret is not. */
#ifndef KMIP_SCHEMA_WALK_H
#define KMIP_SCHEMA_WALK_H

#include "kmip/schema/dict.h"

struct kmip_frame {
    uint32_t tag;
    const struct kmip_struct *def;          /* NULL: free content (vendor extension, unknown) */
    const struct kmip_attribute *attribute; /* inside Attribute: the one named so far */
    bool named;                             /* an Attribute Name was seen here */
    uint32_t operation;                     /* inherited downwards */
    uint32_t key_format, credential;        /* last Key Format Type / Credential Type seen here */
    uint8_t secrecy;                        /* inside: KMIP_PUBLIC, _GUARDED or _SECRET */
};

struct kmip_walk {
    unsigned depth; /* frames in use; 0: at the root */
    bool response;  /* which way the message goes */
    bool secret_met; /* a secret has been passed: broken framing may have spilt it */
    struct kmip_frame frame[TTLV_MAX_DEPTH + 1];
};

/* What the schema says of a tag as a child of the current structure. */
struct kmip_spot {
    const struct kmip_tag *tag;        /* NULL: not in the dictionary */
    const struct kmip_field *field;    /* NULL: the structure does not name it (or is free) */
    const struct kmip_attribute *attr; /* Attribute Value of a known attribute */
    uint16_t types;                    /* allowed types; 0 = any */
    const struct kmip_enum *en;        /* enumeration or mask of the value */
    const struct kmip_struct *def;     /* inside, if it is a structure; NULL = free */
    uint8_t secrecy;                   /* enum kmip_secrecy; ask kmip_hides */
};

/* Must this item, found at this spot, be kept from view? Of a structure that is hidden,
 * everything inside is. */
bool kmip_hides(const struct kmip_spot *spot, const struct ttlv_item *it);
/* The same of any value of this type; `wrong` as in struct ttlv_item. */
bool kmip_hides_type(const struct kmip_spot *spot, unsigned type, bool wrong);
/* May this tag, type and length be no header but a piece of a secret? `fits`: the
 * item ends within its structure. */
bool kmip_hides_header(const struct kmip_spot *spot, uint32_t tag, unsigned type, bool fits);
/* The same for the header at an offset of a message, well-formed or not. Costs a
 * walk where the header looks odd; hides when that would be a long one. */
bool kmip_hides_at(struct bytes msg, uint32_t off);
/* Is the item at this offset inside a secret? Costs a walk; true when that would be a
 * long one. */
bool kmip_secret_at(struct bytes msg, uint32_t off);

/* At the root of a message. */
void kmip_walk_init(struct kmip_walk *w);
/* Inside a payload of the given operation, for fragments without a message around. */
void kmip_walk_init_payload(struct kmip_walk *w, bool response, uint32_t operation);

struct kmip_spot kmip_walk_look(const struct kmip_walk *w, uint32_t tag);
/* Tells the walk of an item that is not a structure: selectors are picked from it.
 * val is the value's bytes as on the wire; type 0 stands for one that is `wrong`. */
void kmip_walk_note(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val);
/* Tells it of bytes that could not be read as items. */
void kmip_walk_skip(struct kmip_walk *w);
/* Into and out of a structure. enter is false when too deep. */
bool kmip_walk_enter(struct kmip_walk *w, uint32_t tag);
/* The same for a tag that was just looked at; a def of NULL makes the content free. */
bool kmip_walk_enter_as(struct kmip_walk *w, uint32_t tag, const struct kmip_spot *spot);
/* Does the walk stand where nothing at all is shown? */
bool kmip_walk_in_secret(const struct kmip_walk *w);
void kmip_walk_leave(struct kmip_walk *w);

#endif
