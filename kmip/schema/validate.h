/* Checks a message against the standard's tables: encoding, order, required,
 * repeated, unknown and newer fields, types, enumerations, masks.
 *
 * Findings go to the sink, at most TTLV_MAX_FINDINGS of them; the check goes on behind
 * each, but not behind the last that may be told (KE_TTLV_COUNT). Nothing is allocated.
 * Not checked here: what depends on the request (echo of ids, version, number of
 * items: message.h) and on meaning. */
#ifndef KMIP_SCHEMA_VALIDATE_H
#define KMIP_SCHEMA_VALIDATE_H

#include "kmip/base/error.h"
#include "kmip/base/finding.h"
#include "kmip/ttlv/reader.h"

/* version: the one to check against (0: the one in the message's header, 1.2 if
 * there is none). True when the message could be walked to its end, whatever was
 * found on the way; false with err for limits. */
bool kmip_validate(struct bytes msg, uint8_t version, const struct ttlv_limits *limits,
                   const struct finding_sink *sink, struct kerr *err);

/* A fragment: the children of a payload of this operation. */
bool kmip_validate_payload(struct bytes payload, bool response, uint32_t operation, uint8_t version,
                           const struct finding_sink *sink, struct kerr *err);

#endif
