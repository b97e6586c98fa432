/* Requests of one operation each, and the payloads they are made of.
 *
 *     req_begin(&w, &buf, &head, KMIP_OPERATION_ACTIVATE, id, &err);
 *     req_uid(&w, uid);
 *     if (!req_end(&w)) return false;
 *
 * A payload function writes the fields of one operation's Request Payload in the
 * standard's order, and leaves out what is NULL, empty or zero, unless its comment
 * says otherwise. Batches are made of the same payloads between kmip_item_begin
 * and kmip_item_end. */
#ifndef CLIENT_LIB_REQUESTS_H
#define CLIENT_LIB_REQUESTS_H

#include "kmip/schema/message.h"

/* Opens a message of one Batch Item up to the payload's fields; out is appended to.
 * err, which the writer keeps, may be NULL. */
void req_begin(struct ttlv_writer *w, struct buf *out, const struct kmip_request *head,
               uint32_t operation, struct bytes id, struct kerr *err);
/* Closes it. False when anything went wrong since req_begin. */
__attribute__((warn_unused_result)) bool req_end(struct ttlv_writer *w);

/* Operations that take a Unique Identifier only, and the first field of most others.
 * NULL: the ID Placeholder. */
void req_uid(struct ttlv_writer *w, const char *uid);

/* KMIP 1.2 spec, 4.26 and 4.25. */
void req_discover_versions(struct ttlv_writer *w, const uint8_t *versions, size_t n);
void req_query(struct ttlv_writer *w, const uint32_t *functions, size_t n);

/* What a key is made or registered with, written as Attributes. */
struct req_key {
    uint32_t algorithm; /* KMIP_CRYPTOGRAPHIC_ALGORITHM_* */
    int32_t length;     /* bits */
    uint32_t usage;     /* KMIP_CRYPTOGRAPHIC_USAGE_MASK_* */
    const char *name;
    struct bytes more;  /* further Attribute items, encoded */
};
void req_key_attributes(struct ttlv_writer *w, const struct req_key *key);
/* Create (4.1): Object Type and Template-Attribute with the key's attributes. */
void req_create(struct ttlv_writer *w, uint32_t object_type, const struct req_key *key);

/* Register (4.3): the same attributes, and the object itself. */
struct req_object {
    uint32_t type;            /* KMIP_OBJECT_TYPE_*; not Split Key, not PGP Key */
    uint32_t format;          /* Key Format Type of keys and Secret Data; 0 = Raw */
    uint32_t kind;            /* Secret Data Type, Opaque Data Type or Certificate Type */
    struct bytes data;        /* key material, value; of a Template unused */
    const struct req_key *key; /* its algorithm and length stand in the Key Block too */
};
void req_register(struct ttlv_writer *w, const struct req_object *o);

/* Locate (4.9); attributes are encoded Attribute items. */
void req_locate(struct ttlv_writer *w, int32_t maximum_items, uint32_t storage_status,
                struct bytes attributes);
/* Get (4.11). */
void req_get(struct ttlv_writer *w, const char *uid, uint32_t key_format);
/* Get Attributes (4.12): no names means all attributes. */
void req_get_attributes(struct ttlv_writer *w, const char *uid, const char *const *names, size_t n);
/* Add Attribute, Modify Attribute (4.14, 4.15): one encoded Attribute. */
void req_attribute(struct ttlv_writer *w, const char *uid, struct bytes attribute);
/* Delete Attribute (4.16). index below 0: left out. */
void req_delete_attribute(struct ttlv_writer *w, const char *uid, const char *name, int32_t index);

/* Check (4.10). lease: seconds; below 0 left out, as with limit. */
struct req_check {
    int64_t usage_limit, lease;
    uint32_t usage;
};
void req_check(struct ttlv_writer *w, const char *uid, const struct req_check *c);

/* Revoke (4.20). compromised: left out when INT64_MIN. */
void req_revoke(struct ttlv_writer *w, const char *uid, uint32_t reason, const char *message,
                int64_t compromised);

/* Encrypt, Decrypt (4.29, 4.30): data is written even when empty. */
struct req_crypt {
    uint32_t mode, padding, algorithm; /* all 0: no Cryptographic Parameters */
    struct bytes data, iv;
};
void req_crypt(struct ttlv_writer *w, const char *uid, const struct req_crypt *c);

#endif
