/* Messages for tests as tables of steps, one per item, read from top to bottom:
 *
 *     static const struct step create[] = {
 *         OPEN(REQUEST_MESSAGE), ... ENUM(OPERATION, KMIP_OPERATION_CREATE), ... CLOSE, END};
 */
#ifndef KMIP_TESTS_SUPPORT_STEPS_H
#define KMIP_TESTS_SUPPORT_STEPS_H

#include "kmip/base/buf.h"
#include "kmip/schema/tags.h"
#include "kmip/ttlv/writer.h"

enum step_kind { STEP_END, STEP_CLOSE, STEP_ITEM };

struct step {
    enum step_kind kind;
    unsigned type; /* enum ttlv_type */
    uint32_t tag;
    int64_t number;
    const char *text; /* Text String, Byte String, Big Integer */
};

#define STEP(type, name, number, text) {STEP_ITEM, type, KMIP_TAG_##name, number, text}
#define OPEN(name) STEP(TTLV_STRUCTURE, name, 0, NULL)
#define CLOSE {STEP_CLOSE, 0, 0, 0, NULL}
#define END {STEP_END, 0, 0, 0, NULL}
#define INT(name, v) STEP(TTLV_INTEGER, name, v, NULL)
#define LONG(name, v) STEP(TTLV_LONG_INTEGER, name, v, NULL)
#define ENUM(name, v) STEP(TTLV_ENUMERATION, name, v, NULL)
#define BOOL(name, v) STEP(TTLV_BOOLEAN, name, v, NULL)
#define TEXT(name, v) STEP(TTLV_TEXT_STRING, name, 0, v)
#define BYTES(name, v) STEP(TTLV_BYTE_STRING, name, 0, v)
#define BIG(name, v) STEP(TTLV_BIG_INTEGER, name, 0, v)
#define DATE(name, v) STEP(TTLV_DATE_TIME, name, v, NULL)
#define INTERVAL(name, v) STEP(TTLV_INTERVAL, name, v, NULL)

/* Headers around one or more items. */
#define VERSION(major, minor) \
    OPEN(PROTOCOL_VERSION), INT(PROTOCOL_VERSION_MAJOR, major), \
        INT(PROTOCOL_VERSION_MINOR, minor), CLOSE
#define REQUEST(minor, count) \
    OPEN(REQUEST_MESSAGE), OPEN(REQUEST_HEADER), VERSION(1, minor), INT(BATCH_COUNT, count), CLOSE
#define RESPONSE(minor, count) \
    OPEN(RESPONSE_MESSAGE), OPEN(RESPONSE_HEADER), VERSION(1, minor), \
        DATE(TIME_STAMP, 1371853139), INT(BATCH_COUNT, count), CLOSE
#define ITEM(operation) \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation), OPEN(REQUEST_PAYLOAD)
#define ITEM_ID(operation, id) \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation), \
        BYTES(UNIQUE_BATCH_ITEM_ID, id), OPEN(REQUEST_PAYLOAD)
#define OK_ITEM(operation) \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation), \
        ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS), OPEN(RESPONSE_PAYLOAD)
#define OK_ITEM_ID(operation, id) \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation), \
        BYTES(UNIQUE_BATCH_ITEM_ID, id), ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_SUCCESS), \
        OPEN(RESPONSE_PAYLOAD)
#define FAILED_ITEM(operation, why) \
    OPEN(BATCH_ITEM), ENUM(OPERATION, KMIP_OPERATION_##operation), \
        ENUM(RESULT_STATUS, KMIP_RESULT_STATUS_OPERATION_FAILED), \
        ENUM(RESULT_REASON, KMIP_RESULT_REASON_##why), CLOSE
#define CLOSE2 CLOSE, CLOSE
#define CLOSE3 CLOSE, CLOSE, CLOSE
#define ATTR(name, value) OPEN(ATTRIBUTE), TEXT(ATTRIBUTE_NAME, name), value, CLOSE
#define INDEXED(name, index, value)                                                            \
    OPEN(ATTRIBUTE), TEXT(ATTRIBUTE_NAME, name), INT(ATTRIBUTE_INDEX, index), value, CLOSE

/* Appends the message to out; fails the test when it cannot be written. */
void steps_write(const struct step *steps, struct buf *out);

#endif
