/* Keys that replace others (replacing.h). */
#include "mockserver/replacing.h"

#include "mockserver/links.h"

/* Not copied to the new key: what belongs to one object's life, what is set anew, and
 * Names, which move (4.4, table of attribute requirements). */
static const uint32_t not_copied[] = {
    KMIP_TAG_UNIQUE_IDENTIFIER,
    KMIP_TAG_OBJECT_TYPE,
    KMIP_TAG_NAME,
    KMIP_TAG_DIGEST,
    KMIP_TAG_LEASE_TIME,
    KMIP_TAG_STATE,
    KMIP_TAG_INITIAL_DATE,
    KMIP_TAG_DESTROY_DATE,
    KMIP_TAG_COMPROMISE_OCCURRENCE_DATE,
    KMIP_TAG_COMPROMISE_DATE,
    KMIP_TAG_REVOCATION_REASON,
    KMIP_TAG_ARCHIVE_DATE,
    KMIP_TAG_FRESH,
    KMIP_TAG_LINK,
    KMIP_TAG_LAST_CHANGE_DATE,
    KMIP_TAG_KEY_VALUE_PRESENT,
    KMIP_TAG_KEY_VALUE_LOCATION,
    KMIP_TAG_ORIGINAL_CREATION_DATE,
};

static bool is_copied(const struct mock_attr *a)
{
    for (size_t i = 0; a->def && i < sizeof not_copied / sizeof *not_copied; i++)
        if (a->def->tag == not_copied[i])
            return false;
    return true;
}

static bool copy_attribute(struct making *m, const struct mock_attr *a)
{
    struct attr_in in = {.def = a->def,
                         .name = bytes_str(a->name),
                         .value = {.tag = KMIP_TAG_ATTRIBUTE_VALUE,
                                   .type = a->type,
                                   .len = (uint32_t)a->len,
                                   .val = bytes_of(a->value, a->len)}};
    return attr_store(m->call, m->object, &in, NULL, KMIP_RESULT_REASON_INVALID_FIELD, NULL);
}

static bool copy_attributes(struct making *m, const struct mock_object *old)
{
    for (size_t i = 0; i < old->n_attrs; i++)
        if (is_copied(&old->attrs[i]) && !copy_attribute(m, &old->attrs[i]))
            return false;
    return true;
}

/* Names leave the old key before the new one takes them: nobody else can have them. */
static bool move_names(struct making *m, struct mock_object *old)
{
    struct op_call *c = m->call;
    const struct mock_attr *a;
    for (int32_t i = 0; (a = object_attr(old, KMIP_TAG_NAME, i)); i++)
        if (!object_add(m->object, a->def, bytes_str(a->name), a->type, bytes_of(a->value, a->len),
                        NULL))
            return op_no_memory(c);
    return object_remove_tag(old, KMIP_TAG_NAME) ? op_changed(c, old) : op_no_memory(c);
}

/* Dates by Offset: activation that long after the new Initial Date, the others as far
 * from it as they were in the old key. */
static bool shift_dates(struct making *m, const struct mock_object *old, uint32_t offset)
{
    static const uint32_t others[] = {KMIP_TAG_PROCESS_START_DATE, KMIP_TAG_PROTECT_STOP_DATE,
                                      KMIP_TAG_DEACTIVATION_DATE};
    struct op_call *c = m->call;
    int64_t activation, date, start = c->now + (int64_t)offset;
    if (!object_date(old, KMIP_TAG_ACTIVATION_DATE, &activation))
        return op_fail(c, KMIP_RESULT_REASON_ILLEGAL_OPERATION,
                       "an Offset needs an Activation Date in the old key");
    if (!object_set_date(m->object, KMIP_TAG_ACTIVATION_DATE, start))
        return op_no_memory(c);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int64_t moved;
        if (!object_date(old, others[i], &date))
            continue;
        /* Dates are the client's: any 64 bits. Those that would leave them stay put. */
        if (__builtin_sub_overflow(date, activation, &moved) ||
            __builtin_add_overflow(moved, start, &moved))
            moved = date;
        if (!object_set_date(m->object, others[i], moved))
            return op_no_memory(c);
    }
    return true;
}

bool replacing_begin(struct making *m, struct mock_object *old)
{
    return copy_attributes(m, old) && move_names(m, old);
}

bool replacing_dates(struct making *m, const struct mock_object *old)
{
    struct ttlv_item offset;
    if (!op_field(m->call, KMIP_TAG_OFFSET, &offset))
        return true;
    if (m->dates_given)
        return op_fail(m->call, KMIP_RESULT_REASON_INVALID_MESSAGE,
                       "an Offset and dates exclude each other");
    return shift_dates(m, old, ttlv_enum(&offset));
}

bool replacing_link(struct making *m, const struct mock_object *old)
{
    return link_set(m->call, m->object, KMIP_LINK_TYPE_REPLACED_OBJECT_LINK, old->uid);
}

/* A key replaced twice points to its latest replacement. */
bool replacing_end(struct making *m, struct mock_object *old)
{
    return link_set(m->call, old, KMIP_LINK_TYPE_REPLACEMENT_OBJECT_LINK, m->object->uid) &&
           op_changed(m->call, old);
}
