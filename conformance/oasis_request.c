/* Requests of published cases as payloads of a case (oasis_in.h): every field as it is
 * written, but for the run's prefix before what the client calls its own. */
#include "conformance/oasis_in.h"

#include "kmip/base/clock.h"
#include "kmip/base/text.h"

/* ---- names ------------------------------------------------------------------------ */

static bool is_custom(const char *attribute)
{
    return attribute[0] == 'x' && attribute[1] == '-';
}

/* Is it a text that the client chose to tell its objects by? `default` is a group of the
 * server's (KMIP 1.2 spec, 3.33). */
static bool is_own_name(const struct xnode *n, const char *attribute)
{
    if (oasis_type(n) != TTLV_TEXT_STRING)
        return false;
    if (oasis_is(n, KMIP_TAG_NAME_VALUE))
        return attribute ? strcmp(attribute, "Name") == 0 : oasis_is(n->parent, KMIP_TAG_NAME);
    if (oasis_is(n, KMIP_TAG_APPLICATION_DATA))
        return true;
    return attribute && oasis_is(n, KMIP_TAG_ATTRIBUTE_VALUE) &&
           (is_custom(attribute) || (strcmp(attribute, "Object Group") == 0 &&
                                     strcmp(oasis_value(n), "default") != 0));
}

/* ---- leaves ------------------------------------------------------------------------- */

/* $ASYNCHRONOUS_CORRELATION_VALUE stands for a new one with each pending reply. */
static bool is_correlation(const struct xnode *n, struct bytes name)
{
    return oasis_is(n, KMIP_TAG_ASYNCHRONOUS_CORRELATION_VALUE) && name.n > 0;
}

/* $NOW by the server's clock, as far as its Time Stamps tell: a server whose clock is not ours
 * is right all the same, and a date that is to be now must not lie ahead of it. */
static const char *now_text(struct oasis *o, const char *value)
{
    return value[4] ? oasis_format(o, "$SERVER_NOW%s", value + 4) : "$SERVER_NOW-1";
}

static const char *leaf_text(struct oasis *o, const struct xnode *n, const char *attribute)
{
    const char *text = from_xml_scalar(n, oasis_type(n), o->arena);
    struct bytes name = bytes_of(NULL, 0);

    if (!text) {
        kerr_set(o->err, KE_MEMORY, "no memory for the case");
        return "";
    }
    if (from_xml_variable(n, &name) && !oasis_placeholder(n))
        return now_text(o, text);
    if (from_xml_variable(n, &name))
        return is_correlation(n, name) ? oasis_format(o, "$ASYNC_%u", o->pending) : text;
    if (oasis_is(n, KMIP_TAG_ATTRIBUTE_NAME))
        return oasis_name(o, oasis_value(n));
    const char *learnt = oasis_learnt(o, n);
    if (learnt)
        return learnt;
    return is_own_name(n, attribute) ? oasis_format(o, "${RUN}-%s", text) : text;
}

struct ynode *oasis_leaf(struct oasis *o, const struct xnode *n, const char *attribute, bool typed)
{
    static const char *const tags[] = {
        [TTLV_INTEGER] = "!Integer",         [TTLV_LONG_INTEGER] = "!LongInteger",
        [TTLV_BIG_INTEGER] = "!BigInteger",  [TTLV_ENUMERATION] = "!Enumeration",
        [TTLV_BOOLEAN] = "!Boolean",         [TTLV_TEXT_STRING] = "!TextString",
        [TTLV_BYTE_STRING] = "!ByteString",  [TTLV_DATE_TIME] = "!DateTime",
        [TTLV_INTERVAL] = "!Interval",
    };
    unsigned type = oasis_type(n);
    struct ynode *leaf = oasis_scalar(o, n, leaf_text(o, n, attribute));

    leaf->plain = type != TTLV_TEXT_STRING && type != TTLV_BYTE_STRING && type != TTLV_BIG_INTEGER;
    if (typed && type < sizeof tags / sizeof *tags)
        leaf->tag = tags[type];
    return leaf;
}

/* ---- structures ---------------------------------------------------------------------- */

/* The standard's name of a field, or its number. */
static const char *key_of(struct oasis *o, const struct xnode *n)
{
    uint32_t tag = oasis_tag(n);
    const char *name = kmip_tag_name(tag);

    return name ? name : oasis_format(o, "0x%06X", (unsigned)tag);
}

static struct ynode *fields(struct oasis *o, const struct xnode *n, const char *attribute)
{
    struct ynode *map = oasis_map(o, n);

    if (oasis_is(n, KMIP_TAG_ATTRIBUTE))
        attribute = oasis_attribute_name(o, n);
    for (const struct xnode *c = n->first; c; c = c->next)
        oasis_put(o, map, key_of(o, c),
                  oasis_type(c) == TTLV_STRUCTURE ? fields(o, c, attribute)
                                                  : oasis_leaf(o, c, attribute, true));
    return map;
}

struct ynode *oasis_fields(struct oasis *o, const struct xnode *n)
{
    return fields(o, n, NULL);
}

/* ---- what the client gives -------------------------------------------------------------- */

/* The farthest date: how long a case may have to wait. */
static void note_date(struct oasis *o, const char *value)
{
    int64_t seconds;

    if (strncmp(value, "$NOW+", 5) == 0 &&
        text_int(bytes_str(value + 5), 0, INT32_MAX, &seconds) && seconds > o->longest_s)
        o->longest_s = seconds;
}

void oasis_note_given(struct oasis *o, const struct xnode *n, const char *attribute)
{
    if (oasis_is(n, KMIP_TAG_ATTRIBUTE))
        attribute = oasis_attribute_name(o, n);
    for (const struct xnode *c = n->first; c; c = c->next)
        oasis_note_given(o, c, attribute);
    if (oasis_type(n) == TTLV_STRUCTURE)
        return;
    if (o->n_given == OASIS_GIVEN_MAX) {
        kerr_set(o->err, KE_CASE, "%s: the case gives more than %d values", n->file,
                 OASIS_GIVEN_MAX);
        return;
    }
    note_date(o, oasis_value(n));
    bool is_value = attribute && oasis_is(n, KMIP_TAG_ATTRIBUTE_VALUE);
    o->given[o->n_given++] = (struct oasis_given){oasis_squeezed(o, is_value ? attribute : n->name),
                                                  oasis_value(n)};
}

bool oasis_is_given(struct oasis *o, const char *field, const char *value)
{
    const char *name = oasis_squeezed(o, field);

    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].field, name) == 0 && strcmp(o->given[i].value, value) == 0)
            return true;
    return false;
}
