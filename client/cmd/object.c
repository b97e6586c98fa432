/* The life of objects: Create, Register, Locate, Get, Activate, Revoke, Destroy, Check. */
#include <stdio.h>
#include <string.h>

#include "client/cmd/cli.h"
#include "client/lib/requests.h"
#include "kmip/base/clock.h"

/* --- what a new object is made with --------------------------------------- */

/* Object types that can be registered, and what they mostly are. */
struct object_kind {
    uint32_t type;
    const char *kinds, *kind; /* enumeration that --kind is of, and its default */
    const char *algorithm, *format, *usage;
    bool length_of_data;      /* Cryptographic Length is eight times the bytes given */
};

static const struct object_kind object_kinds[] = {
    {.type = KMIP_OBJECT_TYPE_SYMMETRIC_KEY, .algorithm = "AES", .format = "Raw",
     .usage = "Encrypt|Decrypt", .length_of_data = true},
    {.type = KMIP_OBJECT_TYPE_SECRET_DATA, .kinds = "Secret Data Type", .kind = "Password",
     .format = "Raw", .usage = "Verify"},
    {.type = KMIP_OBJECT_TYPE_OPAQUE_OBJECT, .kinds = "Opaque Data Type", .kind = "0x80000001"},
    {.type = KMIP_OBJECT_TYPE_CERTIFICATE, .kinds = "Certificate Type", .kind = "X.509",
     .usage = "Verify"},
    {.type = KMIP_OBJECT_TYPE_PRIVATE_KEY, .algorithm = "RSA", .format = "PKCS#8",
     .usage = "Sign"},
    {.type = KMIP_OBJECT_TYPE_PUBLIC_KEY, .algorithm = "RSA", .format = "X.509",
     .usage = "Verify"},
    {.type = KMIP_OBJECT_TYPE_TEMPLATE},
};

static const struct object_kind *kind_of(uint32_t type)
{
    for (size_t i = 0; i < sizeof object_kinds / sizeof *object_kinds; i++)
        if (object_kinds[i].type == type)
            return &object_kinds[i];
    return NULL;
}

static const char *given_or(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static bool key_of(struct cli *cli, const struct object_kind *kind, struct buf *attributes,
                   struct req_key *key)
{
    const struct cli_args *a = &cli->a;

    *key = (struct req_key){.length = (int32_t)a->length, .name = a->name};
    if (!cli_enum(cli, "--algorithm", "Cryptographic Algorithm",
                  given_or(a->algorithm, kind->algorithm), &key->algorithm) ||
        !cli_mask(cli, "--usage", "Cryptographic Usage Mask", given_or(a->usage, kind->usage),
                  &key->usage) ||
        !cli_attributes(cli, "--attribute", a->attributes.v, a->attributes.n, attributes))
        return false;
    key->more = buf_bytes(attributes);
    return true;
}

#define KEY_OPTS                                                                                   \
    {.name = "algorithm", .kind = OPT_STR, .off = CLI_AT(algorithm), .arg = "NAME",                \
     .help = "Cryptographic Algorithm (default AES for symmetric keys)"},                          \
        {.name = "length", .kind = OPT_INT, .off = CLI_AT(length), .arg = "BITS",                  \
         .min = 1, .max = 1 << 20, .help = "Cryptographic Length"},                                \
        {.name = "usage", .kind = OPT_STR, .off = CLI_AT(usage), .arg = "MASK",                    \
         .help = "Cryptographic Usage Mask, such as 'Encrypt|Decrypt'"},                           \
        {.name = "name", .kind = OPT_STR, .off = CLI_AT(name), .arg = "TEXT",                      \
         .help = "Name of the object"},                                                            \
        {.name = "attribute", .kind = OPT_LIST, .off = CLI_AT(attributes), .arg = "NAME=VALUE",    \
         .help = "further attribute, such as 'Activation Date=2026-01-31T12:00:00Z'"}

static const struct opt create_opts[] = {KEY_OPTS};

static bool create(struct cli *cli, struct ttlv_writer *w)
{
    struct buf attributes;
    struct req_key key;

    if (!cli->a.length)
        cli->a.length = 256;
    buf_init(&attributes, BUF_NO_LIMIT);
    bool ok = key_of(cli, kind_of(KMIP_OBJECT_TYPE_SYMMETRIC_KEY), &attributes, &key);
    if (ok)
        req_create(w, KMIP_OBJECT_TYPE_SYMMETRIC_KEY, &key);
    buf_clear(&attributes);
    return ok;
}

static const struct opt register_opts[] = {
    {.name = "type", .kind = OPT_STR, .off = CLI_AT(type), .arg = "NAME",
     .help = "Object Type (default Symmetric Key)"},
    {.name = "kind", .kind = OPT_STR, .off = CLI_AT(kind), .arg = "NAME",
     .help = "Secret Data Type, Opaque Data Type or Certificate Type"},
    {.name = "format", .kind = OPT_STR, .off = CLI_AT(format), .arg = "NAME",
     .help = "Key Format Type of the data (default Raw; PKCS#8 and X.509 for key pairs)"},
    KEY_OPTS,
};

static bool register_object(struct cli *cli, struct req_object o, const struct object_kind *kind,
                            struct bytes data, struct ttlv_writer *w)
{
    struct buf attributes;
    struct req_key key;

    buf_init(&attributes, BUF_NO_LIMIT);
    bool ok = key_of(cli, kind, &attributes, &key);
    if (ok) {
        if (kind->length_of_data && !key.length)
            key.length = (int32_t)(8 * data.n);
        o.data = data;
        o.key = &key;
        req_register(w, &o);
    }
    buf_clear(&attributes);
    return ok;
}

static bool cmd_register(struct cli *cli, struct ttlv_writer *w)
{
    struct req_object o = {.type = KMIP_OBJECT_TYPE_SYMMETRIC_KEY};
    struct buf data = {0};

    if (!cli_enum(cli, "--type", "Object Type", cli->a.type, &o.type))
        return false;
    const struct object_kind *kind = kind_of(o.type);
    if (!kind)
        return kerr_set(&cli->err, KE_USAGE, "--type: a %s cannot be registered from a file",
                        kmip_name_of("Object Type", o.type));
    if (cli->a.kind && !kind->kinds)
        return kerr_set(&cli->err, KE_USAGE, "--kind means nothing for a %s",
                        kmip_name_of("Object Type", o.type));
    bool ok = (!kind->kinds ||
               cli_enum(cli, "--kind", kind->kinds, given_or(cli->a.kind, kind->kind), &o.kind)) &&
              cli_enum(cli, "--format", "Key Format Type", given_or(cli->a.format, kind->format),
                       &o.format) &&
              (o.type == KMIP_OBJECT_TYPE_TEMPLATE || cli_read(cli, 0, &data)) &&
              register_object(cli, o, kind, buf_bytes(&data), w);
    buf_clear(&data);
    return ok;
}

/* --- finding and fetching -------------------------------------------------- */

static const struct opt locate_opts[] = {
    {.name = "max", .kind = OPT_INT, .off = CLI_AT(max), .arg = "N", .min = 1, .max = INT32_MAX,
     .help = "Maximum Items"},
    {.name = "name", .kind = OPT_STR, .off = CLI_AT(name), .arg = "TEXT",
     .help = "short for Name=TEXT"},
};

static bool locate(struct cli *cli, struct ttlv_writer *w)
{
    struct buf attributes;
    struct ttlv_writer in;

    buf_init(&attributes, BUF_NO_LIMIT);
    ttlv_w_init(&in, &attributes, &cli->err);
    if (cli->a.name)
        kmip_attribute_name(&in, cli->a.name);
    bool ok = ttlv_w_finish(&in) &&
              cli_attributes(cli, "locate", (const char *const *)cli->operand,
                             (size_t)cli->n_operands, &attributes);
    if (ok)
        req_locate(w, (int32_t)cli->a.max, 0, buf_bytes(&attributes));
    buf_clear(&attributes);
    return ok;
}

/* One identifier a line, for scripts; an array also when there is none. */
static bool locate_show(struct cli *cli, const struct kmip_item *item)
{
    struct ttlv_reader r;
    struct ttlv_item it;

    if (cli->a.json) {
        if (!cli_show(cli, item))
            return false;
        if (!json_object_get(cli->json, "unique_identifier"))
            cli_json_set(cli->json, "unique_identifier", json_array());
        return true;
    }
    bool any = false;
    ttlv_r_init(&r, item->payload.val, NULL, NULL);
    while (ttlv_r_next(&r, &it))
        if (it.tag == KMIP_TAG_UNIQUE_IDENTIFIER && it.type == TTLV_TEXT_STRING) {
            cli_put_line(it.val);
            any = true;
        }
    if (!any)
        cli_tell_nothing(cli);
    return true;
}

static const struct opt get_opts[] = {
    {.name = "format", .kind = OPT_STR, .off = CLI_AT(format), .arg = "NAME",
     .help = "Key Format Type wanted, such as Raw or 'Transparent Symmetric Key'"},
    {.name = "out", .kind = OPT_STR, .off = CLI_AT(out), .arg = "FILE",
     .help = "write the key material there (readable by you alone)"},
};

static bool get(struct cli *cli, struct ttlv_writer *w)
{
    uint32_t format = 0;

    if (!cli_enum(cli, "--format", "Key Format Type", cli->a.format, &format))
        return false;
    req_get(w, cli->operand[0], format);
    return true;
}

/* Where an object's bytes are, from its structure down (KMIP 1.2 spec, 2.2); how they
 * are wrapped, and whether, is told beside them. */
struct material {
    struct bytes bytes;
    bool wrapped;   /* Key Wrapping Data is there */
    bool key_value; /* it is all of Key Value, which is no structure */
};

static bool find_material(const struct ttlv_item *payload, struct material *m)
{
    static const uint32_t steps[] = {
        KMIP_TAG_SYMMETRIC_KEY, KMIP_TAG_SECRET_DATA, KMIP_TAG_PRIVATE_KEY, KMIP_TAG_PUBLIC_KEY,
        KMIP_TAG_SPLIT_KEY, KMIP_TAG_PGP_KEY, KMIP_TAG_CERTIFICATE, KMIP_TAG_OPAQUE_OBJECT,
        KMIP_TAG_KEY_BLOCK, KMIP_TAG_KEY_VALUE, KMIP_TAG_KEY_MATERIAL, KMIP_TAG_KEY,
        KMIP_TAG_CERTIFICATE_VALUE, KMIP_TAG_OPAQUE_DATA_VALUE,
    };
    struct ttlv_item at = *payload, next;

    *m = (struct material){.wrapped = false};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && at.type == TTLV_STRUCTURE; i++) {
        if (steps[i] == KMIP_TAG_KEY_VALUE && ttlv_find(&at, KMIP_TAG_KEY_WRAPPING_DATA, &next))
            m->wrapped = true;
        if (ttlv_find(&at, steps[i], &next))
            at = next;
    }
    m->bytes = at.val;
    m->key_value = at.tag == KMIP_TAG_KEY_VALUE;
    return at.type == TTLV_BYTE_STRING;
}

static void tell_wrapping(const struct material *m)
{
    if (m->wrapped)
        fprintf(stderr, "kmip-client get: what is written is wrapped: %s, encrypted or signed as "
                        "Key Wrapping Data says\n",
                m->key_value ? "Key Value" : "Key Material");
    else if (m->key_value)
        fprintf(stderr, "kmip-client get: what is written may be wrapped: Key Value is a Byte "
                        "String, and Key Wrapping Data is missing\n");
}

/* Standard output takes the bytes or the answer, not both. */
static bool get_show(struct cli *cli, const struct kmip_item *item)
{
    struct material m;

    if (!cli->a.out)
        return cli_show(cli, item);
    if (!find_material(&item->payload, &m))
        return kerr_set(&cli->err, KE_REPLY,
                        "the object has no key material as bytes; --format Raw may give it");
    if (!cli_put_data(cli, m.bytes))
        return false;
    tell_wrapping(&m);
    return strcmp(cli->a.out, "-") == 0 || cli_show(cli, item);
}

/* --- states ---------------------------------------------------------------- */

static bool uid(struct cli *cli, struct ttlv_writer *w)
{
    req_uid(w, cli->operand[0]);
    return true;
}

static const struct opt revoke_opts[] = {
    {.name = "reason", .kind = OPT_STR, .off = CLI_AT(reason), .arg = "NAME",
     .help = "Revocation Reason Code (default Cessation of Operation)"},
    {.name = "message", .kind = OPT_STR, .off = CLI_AT(message), .arg = "TEXT",
     .help = "Revocation Message"},
    {.name = "compromised", .kind = OPT_STR, .off = CLI_AT(date), .arg = "DATE",
     .help = "Compromise Occurrence Date (default now, for a compromise)"},
};

static bool revoke(struct cli *cli, struct ttlv_writer *w)
{
    uint32_t reason = KMIP_REVOCATION_REASON_CODE_CESSATION_OF_OPERATION;
    int64_t date = INT64_MIN;

    if (!cli_enum(cli, "--reason", "Revocation Reason Code", cli->a.reason, &reason) ||
        !cli_date(cli, "--compromised", cli->a.date, &date))
        return false;
    bool compromise = reason == KMIP_REVOCATION_REASON_CODE_KEY_COMPROMISE ||
                      reason == KMIP_REVOCATION_REASON_CODE_CA_COMPROMISE;
    if (compromise && !cli->a.date)
        date = clock_wall_ns() / NS_PER_S;
    req_revoke(w, cli->operand[0], reason, cli->a.message, date);
    return true;
}

static const struct opt check_opts[] = {
    {.name = "usage", .kind = OPT_STR, .off = CLI_AT(usage), .arg = "MASK",
     .help = "may it be used for this? (Cryptographic Usage Mask)"},
    {.name = "limit", .kind = OPT_INT, .off = CLI_AT(limit), .arg = "N", .max = INT64_MAX,
     .seen_off = CLI_SEEN(limit_given), .help = "is so much left? (Usage Limits Count)"},
    {.name = "lease", .kind = OPT_DURATION, .off = CLI_AT(lease_ns), .arg = "SECONDS",
     .seen_off = CLI_SEEN(lease_given), .help = "can it be leased so long? (Lease Time)"},
};

static bool check(struct cli *cli, struct ttlv_writer *w)
{
    const struct cli_args *a = &cli->a;
    struct req_check c = {.usage_limit = a->limit_given ? a->limit : -1,
                          .lease = a->lease_given ? a->lease_ns / NS_PER_S : -1};

    if (a->lease_given && (a->lease_ns < 0 || c.lease > UINT32_MAX))
        return kerr_set(&cli->err, KE_USAGE, "--lease takes 0 to %u seconds", UINT32_MAX);
    if (!cli_mask(cli, "--usage", "Cryptographic Usage Mask", a->usage, &c.usage))
        return false;
    req_check(w, cli->operand[0], &c);
    return true;
}

static const struct cmd cmds[] = {
    {.name = "create", .operands = "",
     .help = "Make a symmetric key (default AES, 256 bits); prints its identifier",
     CLI_OPTS(create_opts), .operation = KMIP_OPERATION_CREATE, .payload = create,
     .show = cli_show_identifier},
    {.name = "register", .operands = "[FILE]", .max = 1,
     .help = "Hand over an object whose bytes are in FILE or on standard input; prints its "
             "identifier",
     CLI_OPTS(register_opts), .operation = KMIP_OPERATION_REGISTER, .payload = cmd_register,
     .show = cli_show_identifier},
    {.name = "locate", .operands = "[ATTRIBUTE=VALUE...]", .max = -1,
     .help = "Identifiers of the objects with these attributes, one a line",
     CLI_OPTS(locate_opts), .operation = KMIP_OPERATION_LOCATE, .payload = locate,
     .show = locate_show, .nothing = "no object was found"},
    {.name = "get", .operands = "UID", .min = 1, .max = 1,
     .help = "An object; its key material only with --show-secrets or --out",
     CLI_OPTS(get_opts), .operation = KMIP_OPERATION_GET, .payload = get, .show = get_show},
    {.name = "activate", .operands = "UID", .min = 1, .max = 1, .help = "Make a key usable",
     .operation = KMIP_OPERATION_ACTIVATE, .payload = uid},
    {.name = "revoke", .operands = "UID", .min = 1, .max = 1, .help = "End a key's use",
     CLI_OPTS(revoke_opts), .operation = KMIP_OPERATION_REVOKE, .payload = revoke},
    {.name = "destroy", .operands = "UID", .min = 1, .max = 1, .help = "Destroy an object",
     .operation = KMIP_OPERATION_DESTROY, .payload = uid},
    {.name = "check", .operands = "UID", .min = 1, .max = 1,
     .help = "Ask whether a key may be used as described", CLI_OPTS(check_opts),
     .operation = KMIP_OPERATION_CHECK, .payload = check},
};
const struct cmd_group cmd_object = CLI_GROUP(cmds);
