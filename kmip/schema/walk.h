/* Where in the standard's structures a message stands.
 *
 * Validator, printer, matcher and builder all go through a message item by item
 * and ask the same two questions: what may stand here, and what is inside? The
 * answer depends on what came before (the payload on the Operation, an Attribute
 * Value on the Attribute Name, Key Material on the Key Format Type), so the walk
 * remembers those selectors as it passes them. Works for reading and writing. */
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
    bool secret;                            /* free content of key material or a credential */
};

struct kmip_walk {
    unsigned depth; /* frames in use; 0: at the root */
    bool response;  /* which way the message goes */
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
    bool secret;                       /* redact, unless it is a structure (look inside then): key
                                          material, password, plaintext of Encrypt/Decrypt */
};

/* At the root of a message. */
void kmip_walk_init(struct kmip_walk *w);
/* Inside a payload of the given operation, for fragments without a message around. */
void kmip_walk_init_payload(struct kmip_walk *w, bool response, uint32_t operation);

struct kmip_spot kmip_walk_look(const struct kmip_walk *w, uint32_t tag);
/* Tells the walk of an item that is not a structure: selectors are picked from it.
 * val is the value's bytes as on the wire. */
void kmip_walk_note(struct kmip_walk *w, uint32_t tag, unsigned type, struct bytes val);
/* Into and out of a structure. enter is false when too deep. */
bool kmip_walk_enter(struct kmip_walk *w, uint32_t tag);
/* The same for a tag that was just looked at; def NULL makes the content free. */
bool kmip_walk_enter_as(struct kmip_walk *w, uint32_t tag, const struct kmip_struct *def);
void kmip_walk_leave(struct kmip_walk *w);

#endif
