/* Bucket keys, step by step (driver_key.h). */
#include "conformance/driver_key.h"

#include <stdio.h>

#include "client/lib/bucket.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"

#define CIPHERTEXT (KEY_DATA + 16) /* PKCS5 adds a whole block */

const char *key_way_name(enum key_way way)
{
    static const char *const names[] = {
        [KEY_TWO_STEP] = "two-step",
        [KEY_COMPOUND_NOW] = "compound, Activation Date now",
        [KEY_COMPOUND_EPOCH] = "compound, Activation Date 1970-01-01",
        [KEY_COMPOUND_AT] = "compound, Activation Date given",
    };
    return names[way];
}

/* ---- payloads --------------------------------------------------------------- */

void key_put_create(struct ttlv_writer *w, const struct key_plan *plan, struct key *k)
{
    *k = (struct key){.dated = plan->way != KEY_TWO_STEP,
                      .asked_s = clock_wall_ns() / NS_PER_S};
    k->sent_date = plan->way == KEY_COMPOUND_NOW  ? k->asked_s
                   : plan->way == KEY_COMPOUND_AT ? plan->date
                                                  : 0;
    bucket_create_payload(w,
                          &(struct bucket_key){.attribute = plan->attribute,
                                               .compound = k->dated,
                                               .activation = k->sent_date},
                          plan->bucket);
}

void key_put_crypt(struct ttlv_writer *w, const char *uid, struct bytes data)
{
    bucket_crypt_payload(w, uid, data);
}

void key_put_revoke(struct ttlv_writer *w, const char *uid)
{
    bucket_revoke_payload(w, uid);
}

bool key_take_uid(struct wire_call *c, struct key *k)
{
    k->has_stamp = c->has_stamp;
    k->stamp_s = c->stamp_s;
    k->made_ns = clock_mono_ns();
    return wire_text(c, KMIP_TAG_UNIQUE_IDENTIFIER, k->uid, sizeof k->uid);
}

bool key_take_data(struct wire_call *c, struct buf *out)
{
    struct bytes uid, data;
    buf_reset(out);
    if (!reply_field(&c->item, KMIP_TAG_UNIQUE_IDENTIFIER, TTLV_TEXT_STRING, &uid, &c->err) ||
        !reply_field(&c->item, KMIP_TAG_DATA, TTLV_BYTE_STRING, &data, &c->err))
        return kerr_wrap(&c->err, "reply to %s", kmip_operation_name(c->operation));
    return buf_put_bytes(out, data) || kerr_set(&c->err, KE_MEMORY, "no memory for data");
}

/* ---- steps ------------------------------------------------------------------ */

/* Hands the reason on and lets the call go. */
static bool done(struct wire_call *c, bool ok, struct kerr *err)
{
    if (!ok)
        kerr_set_at(err, c->err.code, c->err.off, c->err.path, "%s", c->err.msg);
    wire_call_clear(c);
    return ok;
}

bool key_create(struct wire *w, const struct key_plan *plan, struct key *k, struct kerr *err)
{
    struct wire_call c;
    key_put_create(wire_begin(w, &c, KMIP_OPERATION_CREATE), plan, k);
    return done(&c, wire_ask(w, &c) && key_take_uid(&c, k), err);
}

static bool of_uid(struct wire *w, uint32_t operation, const char *uid,
                   void (*put)(struct ttlv_writer *w, const char *uid), struct kerr *err)
{
    struct wire_call c;
    put(wire_begin(w, &c, operation), uid);
    return done(&c, wire_ask(w, &c), err);
}

bool key_activate(struct wire *w, const char *uid, struct kerr *err)
{
    return of_uid(w, KMIP_OPERATION_ACTIVATE, uid, req_uid, err);
}

bool key_crypt(struct wire *w, const char *uid, bool decrypt, struct bytes data, struct buf *out,
               struct kerr *err)
{
    struct wire_call c;
    key_put_crypt(wire_begin(w, &c, decrypt ? KMIP_OPERATION_DECRYPT : KMIP_OPERATION_ENCRYPT), uid,
                  data);
    return done(&c, wire_ask(w, &c) && key_take_data(&c, out), err);
}

bool key_use(struct wire *w, const char *uid, struct kerr *err)
{
    uint8_t plain[KEY_DATA];
    struct buf cipher, back;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7 + 1);
    buf_init(&cipher, 1u << 20);
    buf_init(&back, 1u << 20);
    bool ok = key_crypt(w, uid, false, bytes_of(plain, sizeof plain), &cipher, err) &&
              (cipher.n == CIPHERTEXT ||
               kerr_set(err, KE_REPLY,
                        "Encrypt of %d bytes with AES, CBC and PKCS5 gives %zu bytes instead of %d",
                        KEY_DATA, cipher.n, CIPHERTEXT)) &&
              key_crypt(w, uid, true, buf_bytes(&cipher), &back, err) &&
              (bytes_eq(buf_bytes(&back), bytes_of(plain, sizeof plain)) ||
               kerr_set(err, KE_REPLY, "Decrypt does not give back what Encrypt was given"));
    buf_clear(&cipher);
    buf_clear(&back);
    return ok;
}

bool key_revoke(struct wire *w, const char *uid, struct kerr *err)
{
    return of_uid(w, KMIP_OPERATION_REVOKE, uid, bucket_revoke_payload, err);
}

bool key_destroy(struct wire *w, const char *uid, struct kerr *err)
{
    return of_uid(w, KMIP_OPERATION_DESTROY, uid, req_uid, err);
}

bool key_end(struct wire *w, const char *uid, struct kerr *err)
{
    return key_revoke(w, uid, err) && key_destroy(w, uid, err);
}

/* ---- looking ---------------------------------------------------------------- */

static void take_attribute(const struct ttlv_item *attribute, struct key_dates *d)
{
    struct ttlv_item name, value;
    if (!ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_NAME, &name) ||
        !ttlv_find(attribute, KMIP_TAG_ATTRIBUTE_VALUE, &value))
        return;
    if (bytes_eq_str(name.val, "State") && value.type == TTLV_ENUMERATION) {
        d->has_state = true;
        d->state = ttlv_enum(&value);
    } else if (bytes_eq_str(name.val, "Initial Date") && value.type == TTLV_DATE_TIME) {
        d->has_initial = true;
        d->initial_s = ttlv_long(&value);
    } else if (bytes_eq_str(name.val, "Activation Date") && value.type == TTLV_DATE_TIME) {
        d->has_activation = true;
        d->activation_s = ttlv_long(&value);
    }
}

bool key_look(struct wire *w, const char *uid, struct key_dates *d, struct kerr *err)
{
    static const char *const names[] = {"State", "Initial Date", "Activation Date"};
    struct wire_call c;
    struct ttlv_reader r;
    struct ttlv_item it;
    *d = (struct key_dates){.has_state = false};
    req_get_attributes(wire_begin(w, &c, KMIP_OPERATION_GET_ATTRIBUTES), uid, names,
                       sizeof names / sizeof *names);
    bool ok = wire_ask(w, &c);
    if (ok) {
        d->has_stamp = c.has_stamp;
        d->stamp_s = c.stamp_s;
        ttlv_r_children(&r, buf_bytes(&c.reply), &c.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            if (it.tag == KMIP_TAG_ATTRIBUTE)
                take_attribute(&it, d);
    }
    return done(&c, ok, err);
}

/* ---- by an attribute -------------------------------------------------------- */

bool key_attribute(struct wire *w, const char *uid, const char *name, struct buf *value,
                   struct kerr *err)
{
    struct wire_call c;
    struct ttlv_item attribute, v;
    req_get_attributes(wire_begin(w, &c, KMIP_OPERATION_GET_ATTRIBUTES), uid, &name, 1);
    if (!wire_ask(w, &c))
        return done(&c, false, err);
    bool there = ttlv_find(&c.item.payload, KMIP_TAG_ATTRIBUTE, &attribute) &&
                 ttlv_find(&attribute, KMIP_TAG_ATTRIBUTE_VALUE, &v) &&
                 v.type == TTLV_TEXT_STRING && buf_put_bytes(value, v.val);
    wire_call_clear(&c);
    return there;
}

static void take_found(const struct ttlv_item *uid, struct key_found *found)
{
    if (found->n++ == 0 && uid->val.n < sizeof found->first) {
        memcpy(found->first, uid->val.p, uid->val.n);
        found->first[uid->val.n] = 0;
    }
    found->has_wanted = found->has_wanted ||
                        (found->wanted && bytes_eq_str(uid->val, found->wanted));
}

bool key_find(struct wire *w, const char *name, const char *value, struct key_found *found,
              struct kerr *err)
{
    struct wire_call c;
    struct ttlv_writer aw;
    struct ttlv_reader r;
    struct ttlv_item it;
    struct buf attribute;
    buf_init(&attribute, 65536);
    ttlv_w_init(&aw, &attribute, NULL);
    kmip_attribute_text(&aw, name, value);
    struct ttlv_writer *lw = wire_begin(w, &c, KMIP_OPERATION_LOCATE);
    if (ttlv_w_finish(&aw))
        req_locate(lw, 0, 0, buf_bytes(&attribute));
    bool ok = wire_ask(w, &c);
    if (ok) {
        ttlv_r_children(&r, buf_bytes(&c.reply), &c.item.payload, NULL);
        while (ttlv_r_next(&r, &it))
            if (it.tag == KMIP_TAG_UNIQUE_IDENTIFIER)
                take_found(&it, found);
    }
    buf_clear(&attribute);
    return done(&c, ok, err);
}

/* ---- several steps ---------------------------------------------------------- */

bool key_make(struct wire *w, const struct key_plan *plan, struct key *k, struct kerr *err)
{
    return key_create(w, plan, k, err) &&
           (plan->way != KEY_TWO_STEP || key_activate(w, k->uid, err) ||
            kerr_wrap(err, "the key was made, but not activated"));
}

/* Does it encrypt? */
static bool usable(struct wire *w, const char *uid, struct kerr *err)
{
    static const uint8_t data[KEY_DATA];
    struct buf out;
    buf_init(&out, 1u << 20);
    bool ok = key_crypt(w, uid, false, bytes_of(data, sizeof data), &out, err);
    buf_clear(&out);
    return ok;
}

bool key_any(struct wire *w, struct key *k, struct kerr *err)
{
    static const enum key_way order[] = {KEY_TWO_STEP, KEY_COMPOUND_EPOCH, KEY_COMPOUND_NOW};
    struct kerr first = KERR_INIT;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct kerr why = KERR_INIT;
        if (key_make(w, &(struct key_plan){.way = order[i]}, k, &why) && usable(w, k->uid, &why))
            return true;
        if (first.code == KE_OK)
            first = why;
        if (why.code != KE_REFUSED)
            break; /* the connection is not what it was */
    }
    kerr_set_at(err, first.code, first.off, first.path, "%s", first.msg);
    return kerr_wrap(err, "no key could be made that works");
}
