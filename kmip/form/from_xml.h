/* KMIP XML into messages (KMIP Additional Message Encodings 1.0, 5): what form_xml writes
 * and published test cases are written in.
 *
 *     <RequestMessage>
 *       <RequestHeader>
 *         <ProtocolVersion>
 *           <ProtocolVersionMajor type="Integer" value="1"/>
 *           <ProtocolVersionMinor type="Integer" value="2"/>
 *         </ProtocolVersion>
 *         <BatchCount type="Integer" value="1"/>
 *       </RequestHeader>
 *       <BatchItem>
 *         <Operation type="Enumeration" value="Destroy"/>
 *         ...
 *
 * - An element is named like its tag; <TTLV tag="0x540001" ...> names it by number, and
 *   may have any type. Without a type it is a Structure.
 * - Enumerations by XML name, masks as names with blanks between them ("Encrypt Decrypt"),
 *   both also as numbers (0x8000002A). Byte Strings and Big Integers in hexadecimal, dates
 *   as 2026-01-31T12:00:00Z.
 * - A value that is $NAME as a whole is a variable, $NOW, $NOW-3600 and $NOW+60 are dates.
 *   literal="true" says that a text means its dollar, hex="6107" is a text that XML has no
 *   characters for.
 * - redacted="16" is what printing leaves of a secret; it is refused.
 *
 * Every error names FILE:LINE:COL, the field, and what would be right. */
#ifndef KMIP_FORM_FROM_XML_H
#define KMIP_FORM_FROM_XML_H

#include "kmip/form/from_yaml.h"
#include "kmip/xml/xnode.h"

/* A whole message, RequestMessage or ResponseMessage. env may not be NULL. */
__attribute__((warn_unused_result)) bool from_xml_message(const struct xnode *node,
                                                          const struct form_env *env,
                                                          struct buf *out, struct kerr *err);

/* Of an element: its tag, by name or number. KE_XML with the nearest name. walk may be
 * NULL, else fields that belong where it stands are taken for nearer. */
__attribute__((warn_unused_result)) bool from_xml_tag(const struct xnode *n,
                                                      const struct kmip_walk *walk, uint32_t *tag,
                                                      struct kerr *err);
/* ... its type: that of its attribute, TTLV_STRUCTURE without one. KE_XML. */
__attribute__((warn_unused_result)) bool from_xml_type(const struct xnode *n, unsigned *type,
                                                       struct kerr *err);
/* ... is its value a variable? *name is without the dollar. */
bool from_xml_variable(const struct xnode *n, struct bytes *name);
/* Its value as from_yaml_value reads one of this type: masks with "|" between their names,
 * dollars that mean nothing doubled. NULL without memory. */
const char *from_xml_scalar(const struct xnode *n, unsigned type, struct arena *a);

#endif
