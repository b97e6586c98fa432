/* What is not shown of messages that somebody has damaged, though its tag says no secret. */
#include <criterion/criterion.h>

#include "kmip/form/form.h"
#include "kmip/tests/support/fixture.h"

static const char secret[] = "0fe1d2c3b4a5968778695a4b3c2d1e0f";

/* A Get reply whose key stands where `place` puts it. */
static void reply(const char *place, struct buf *out)
{
    struct kerr err = KERR_INIT;
    struct buf yaml;
    buf_init(&yaml, BUF_NO_LIMIT);
    buf_printf(&yaml,
               "Response Message:\n"
               "  Response Header:\n"
               "    Protocol Version: 1.2\n"
               "    Time Stamp: 5\n"
               "    Batch Count: 1\n"
               "  Batch Item:\n"
               "    Operation: Get\n"
               "    Result Status: Success\n"
               "    Response Payload:\n"
               "      Object Type: Symmetric Key\n"
               "      Unique Identifier: uid-1\n"
               "%s",
               place);
    cr_assert(fixture_yaml(buf_cstr(&yaml), NULL, out, &err), "%s", err.msg);
    buf_clear(&yaml);
}

static void text(struct bytes msg, const struct form_options *o, struct buf *out)
{
    form_text(msg, o, out);
}

static void hex(struct bytes msg, const struct form_options *o, struct buf *out)
{
    form_hex(msg, o, out);
    for (size_t i = 0; i < out->n; i++)
        if (out->p[i] >= 'A' && out->p[i] <= 'F')
            out->p[i] |= 32;
}

static void yaml(struct bytes msg, const struct form_options *o, struct buf *out)
{
    struct kerr err = KERR_INIT;
    cr_assert(form_yaml(msg, o, out, &err), "%s", err.msg);
}

static const struct row {
    const char *what, *place;
    bool plain; /* shown unless cautious */
} rows[] = {
    {"in its place",
     "      Symmetric Key:\n"
     "        Key Block:\n"
     "          Key Format Type: Raw\n"
     "          Key Value: {Key Material: 0fe1d2c3b4a5968778695a4b3c2d1e0f}\n",
     false},
    {"under an unknown tag", "      \"0x54AA01\": !ByteString 0fe1d2c3b4a5968778695a4b3c2d1e0f\n",
     true},
    {"as another type", "      Symmetric Key: !ByteString 0fe1d2c3b4a5968778695a4b3c2d1e0f\n", false},
    {"as a wrapped Key Value",
     "      Symmetric Key:\n"
     "        Key Block:\n"
     "          Key Format Type: Raw\n"
     "          Key Value: !ByteString 0fe1d2c3b4a5968778695a4b3c2d1e0f\n",
     false},
    {"under a tag of another place",
     "      Digest Value: !ByteString 0fe1d2c3b4a5968778695a4b3c2d1e0f\n", true},
};

Test(form_cautious, redacts_what_may_be_a_secret_gone_astray)
{
    static void (*const forms[])(struct bytes, const struct form_options *, struct buf *) = {
        text, hex, yaml, form_raw};
    const struct form_options careless = {0}, cautious = {.cautious = true};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf msg;
        buf_init(&msg, BUF_NO_LIMIT);
        reply(rows[i].place, &msg);
        for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
            struct buf a, b;
            buf_init(&a, BUF_NO_LIMIT);
            buf_init(&b, BUF_NO_LIMIT);
            forms[k](buf_bytes(&msg), &careless, &a);
            forms[k](buf_bytes(&msg), &cautious, &b);
            cr_expect_eq(strstr(buf_cstr(&a), secret) != NULL, rows[i].plain, "%s: %s",
                         rows[i].what, buf_cstr(&a));
            cr_expect_null(strstr(buf_cstr(&b), secret), "%s: %s", rows[i].what, buf_cstr(&b));
            const char *uid = forms[k] == form_raw ? "7569642d31" : "uid-1";
            cr_expect(strstr(buf_cstr(&b), uid), "%s: %s", rows[i].what, buf_cstr(&b));
            buf_clear(&a);
            buf_clear(&b);
        }
        buf_clear(&msg);
    }
}
