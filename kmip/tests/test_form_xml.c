/* KMIP XML out and in: the same bytes, and what is refused with its place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "kmip/form/form.h"
#include "kmip/form/from_xml.h"
#include "kmip/tests/support/fixture.h"
#include "kmip/tests/support/hex.h"

static const struct form_options show = {.show_secrets = true};

static bool lookup(void *arg, struct bytes name, struct form_value_ref *out)
{
    (void)arg;
    if (!bytes_eq_str(name, "UNIQUE_IDENTIFIER_0"))
        return false;
    *out = (struct form_value_ref){.val = bytes_str("id-0")};
    return true;
}

static const struct form_env env = {.lookup = lookup, .now_s = 1000000};

static bool read_xml(struct bytes xml, struct buf *out, struct kerr *err)
{
    struct xdoc doc;

    if (!xdoc_parse(&doc, "t.xml", xml, err))
        return false;
    bool ok = from_xml_message(doc.root, &env, out, err);
    xdoc_clear(&doc);
    return ok;
}

static bool encode(const char *xml, struct buf *out, struct kerr *err)
{
    return read_xml(bytes_str(xml), out, err);
}

Test(form_xml, reads_back_every_fixture)
{
    static const struct fixture_form form = {form_xml, read_xml};
    fixtures_come_back(&form);
}

/* A Request Message around fields, and its XML again. */
static void expect_fields(const char *fields, const char *again)
{
    char text[2000];
    struct buf msg, xml;
    struct kerr err = KERR_INIT;

    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&xml, BUF_NO_LIMIT);
    snprintf(text, sizeof text, "<RequestMessage>%s</RequestMessage>", fields);
    bool ok = encode(text, &msg, &err) && form_xml(buf_bytes(&msg), &show, &xml, &err);
    snprintf(text, sizeof text, "<RequestMessage>\n  %s\n</RequestMessage>\n", again);
    cr_expect(ok, "%s: %s", fields, err.msg);
    cr_expect_str_eq(buf_cstr(&xml), text);
    buf_clear(&msg);
    buf_clear(&xml);
}

static const struct {
    const char *in, *out; /* NULL: the same */
} values[] = {
    {"<BatchCount type=\"Integer\" value=\"2\"/>", NULL},
    {"<BatchCount type=\"Integer\" value=\" 0x10 \"/>",
     "<BatchCount type=\"Integer\" value=\"16\"/>"},
    {"<CryptographicUsageMask type=\"Integer\" value=\"Decrypt   Encrypt\"/>",
     "<CryptographicUsageMask type=\"Integer\" value=\"Encrypt Decrypt\"/>"},
    {"<CryptographicUsageMask type=\"Integer\" value=\"0x80000004\"/>", NULL},
    {"<CryptographicUsageMask type=\"Integer\" value=\"0x00000000\"/>", NULL},
    {"<HashingAlgorithm type=\"Enumeration\" value=\"SHA_256\"/>", NULL},
    {"<HashingAlgorithm type=\"Enumeration\" value=\"SHA-256\"/>",
     "<HashingAlgorithm type=\"Enumeration\" value=\"SHA_256\"/>"},
    {"<HashingAlgorithm type=\"Enumeration\" value=\"0x80000001\"/>", NULL},
    {"<Operation type=\"Enumeration\" value=\"ReKeyKeyPair\"/>", NULL},
    {"<UsageLimitsCount type=\"LongInteger\" value=\"-5000000000\"/>", NULL},
    {"<Modulus type=\"BigInteger\" value=\"00ff000000000001\"/>", NULL},
    {"<Fresh type=\"Boolean\" value=\"true\"/>", NULL},
    {"<LeaseTime type=\"Interval\" value=\"3600\"/>", NULL},
    {"<TimeStamp type=\"DateTime\" value=\"2013-06-21T22:18:59+02:00\"/>",
     "<TimeStamp type=\"DateTime\" value=\"2013-06-21T20:18:59Z\"/>"},
    {"<TimeStamp type=\"DateTime\" value=\"$NOW-3600\"/>",
     "<TimeStamp type=\"DateTime\" value=\"1970-01-12T12:46:40Z\"/>"},
    {"<UniqueIdentifier type=\"TextString\" value=\"$UNIQUE_IDENTIFIER_0\"/>",
     "<UniqueIdentifier type=\"TextString\" value=\"id-0\"/>"},
    {"<UniqueIdentifier type=\"TextString\" value=\"$NOW\" literal=\"true\"/>", NULL},
    {"<UniqueIdentifier type=\"TextString\" value=\"a$b $$ ${c}\"/>", NULL},
    {"<UniqueIdentifier type=\"TextString\" value=\"&lt;&amp;&quot;&gt;&#10;\303\244\"/>", NULL},
    {"<UniqueIdentifier type=\"TextString\" hex=\"610762\"/>", NULL},
    {"<UniqueIdentifier type=\"TextString\" value=\"\"/>", NULL},
    {"<IVCounterNonce type=\"ByteString\" value=\"00 01\n02\"/>",
     "<IVCounterNonce type=\"ByteString\" value=\"000102\"/>"},
    {"<TTLV tag=\"0x540001\" type=\"TextString\" value=\"na\"/>", NULL},
    {"<TTLV tag=\"0x42000D\" type=\"TextString\" value=\"not a number\"/>", NULL},
    {"<TTLV tag=\"0x42000D\" name=\"BatchCount\" type=\"Integer\" value=\"1\"/>",
     "<BatchCount type=\"Integer\" value=\"1\"/>"},
    {"<TemplateAttribute/>", NULL},
    {"<TemplateAttribute type=\"Structure\"></TemplateAttribute>", "<TemplateAttribute/>"},
};

Test(form_xml, writes_values_as_the_standard_has_them)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_fields(values[i].in, values[i].out ? values[i].out : values[i].in);
}

/* Fields inside a Request Message that begins at 1:1 and is 16 characters long. */
static const struct {
    const char *fields, *error;
} refused[] = {
    {"<BatchCuont type=\"Integer\" value=\"1\"/>",
     "t.xml:1:17: <BatchCuont> is no field of the standard; did you mean <BatchCount>?"},
    {"<Nonsense/>", "t.xml:1:17: <Nonsense> is no field of the standard; a tag by number"},
    {"<BatchCount type=\"Integr\" value=\"1\"/>",
     "t.xml:1:17: BatchCount: there is no type \"Integr\"; did you mean 'Integer'?"},
    {"<BatchCount type=\"TextString\" value=\"1\"/>",
     "t.xml:1:17: BatchCount: Text String stands where Integer is expected"},
    {"<BatchCount value=\"1\"/>",
     "t.xml:1:17: BatchCount: Structure stands where Integer is expected (no type is given)"},
    {"<BatchCount type=\"Integer\"/>", "t.xml:1:17: BatchCount: the value is missing"},
    {"<BatchCount type=\"Integer\" value=\"one\"/>",
     "t.xml:1:17: Batch Count: \"one\" is no Integer"},
    {"<BatchCount type=\"Integer\" value=\"2147483648\"/>",
     "t.xml:1:17: Batch Count: \"2147483648\" is no Integer"},
    {"<BatchCount type=\"Integer\" valeu=\"1\"/>",
     "t.xml:1:17: BatchCount: the attribute \"valeu\" means nothing; did you mean 'value'?"},
    {"<BatchCount type=\"Integer\" value=\"1\"><Fresh/></BatchCount>",
     "t.xml:1:54: <Fresh> stands inside BatchCount, which is of type Integer"},
    {"<BatchCount type=\"Integer\" value=\"1\">text</BatchCount>",
     "t.xml:1:17: text stands between the elements of a message: \"text\""},
    {"stray<BatchCount type=\"Integer\" value=\"1\"/>",
     "t.xml:1:22: text stands between the elements of a message: \"stray\""},
    {"<TemplateAttribute value=\"1\"/>", "t.xml:1:17: TemplateAttribute: a Structure has elements"},
    {"<HashingAlgorithm type=\"Enumeration\" value=\"MD55\"/>",
     "t.xml:1:17: Hashing Algorithm: \"MD55\" is no Hashing Algorithm; did you mean \"MD5\"?"},
    {"<CryptographicUsageMask type=\"Integer\" value=\"Encrypt Decript\"/>",
     "t.xml:1:17: Cryptographic Usage Mask: \"Decript\" is no Cryptographic Usage Mask; did you"},
    {"<Fresh type=\"Boolean\" value=\"maybe\"/>", "t.xml:1:17: Fresh: \"maybe\" is no Boolean"},
    {"<TimeStamp type=\"DateTime\" value=\"2013-02-30T00:00:00Z\"/>",
     "t.xml:1:17: Time Stamp: \"2013-02-30T00:00:00Z\" is no Date-Time"},
    {"<IVCounterNonce type=\"ByteString\" value=\"abc\"/>",
     "t.xml:1:17: IVCounterNonce: the value is no Byte String; write pairs of hexadecimal digits"},
    {"<UniqueIdentifier type=\"TextString\" value=\"$UNKNOWN\"/>",
     "t.xml:1:17: no variable \"UNKNOWN\" is known at this point"},
    {"<UniqueIdentifier type=\"TextString\" value=\"$NOW+60\"/>",
     "t.xml:1:17: UniqueIdentifier: \"$NOW+60\" is a date, and the type is Text String"},
    {"<UniqueIdentifier type=\"TextString\" hex=\"zz\"/>",
     "t.xml:1:17: UniqueIdentifier: hex=\"...\" stands in place of the value"},
    {"<Password type=\"TextString\" redacted=\"8\"/>",
     "t.xml:1:17: Password: the value was redacted when this file was written"},
    {"<TTLV type=\"Integer\" value=\"1\"/>", "t.xml:1:17: TTLV: a tag of 24 bits is missing"},
    {"<TTLV tag=\"0x1000000\" type=\"Integer\" value=\"1\"/>", "t.xml:1:17: TTLV: a tag of 24 bits"},
};

Test(from_xml, refuses_slips_with_their_place)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[600];
        struct kerr err = KERR_INIT;
        struct buf out;
        buf_init(&out, BUF_NO_LIMIT);
        snprintf(text, sizeof text, "<RequestMessage>%s</RequestMessage>", refused[i].fields);
        cr_expect(!encode(text, &out, &err), "%s", text);
        cr_expect(strncmp(err.msg, refused[i].error, strlen(refused[i].error)) == 0,
                  "%s:\n  %s\n  %s", text, err.msg, refused[i].error);
        cr_expect(err.line == 1 && err.col > 0);
        buf_clear(&out);
    }
}

Test(from_xml, never_repeats_what_may_be_secret)
{
    struct kerr err = KERR_INIT;
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    cr_assert(!encode("<RequestMessage><BatchItem><RequestPayload><SymmetricKey><KeyBlock><KeyValue>"
                      "<KeyMaterial type=\"ByteString\" value=\"5ec3e7x\"/></KeyValue></KeyBlock>"
                      "</SymmetricKey></RequestPayload></BatchItem></RequestMessage>",
                      &out, &err));
    cr_expect(!strstr(err.msg, "5ec3e7"), "%s", err.msg);
    buf_clear(&out);
}

static const struct {
    const char *xml, *error;
} malformed[] = {
    {"", "t.xml:1:1: no element found"},
    {"<RequestMessage>\n  <BatchItem>\n</RequestMessage>", "t.xml:3:3: mismatched tag"},
    {"<a b='1' b='2'/>", "t.xml:1:10: duplicate attribute"},
    {"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><RequestMessage>&b;"
     "</RequestMessage>",
     "t.xml:1:13: KMIP XML has no document type"},
    {"<!DOCTYPE RequestMessage SYSTEM \"file:///etc/passwd\"><RequestMessage/>",
     "t.xml:1:53: KMIP XML has no document type"},
    {"<RequestMessage>&other;</RequestMessage>", "t.xml:1:17: undefined entity"},
    {"<Message/>", "t.xml:1:1: <Message> stands where <RequestMessage> or <ResponseMessage>"},
    {"<RequestMessage/><RequestMessage/>", "t.xml:1:18: junk after document element"},
    {"<RequestMessage>\xff</RequestMessage>", "t.xml:1:17: not well-formed"},
};

Test(from_xml, refuses_what_is_no_sound_document)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct kerr err = KERR_INIT;
        struct buf out;
        buf_init(&out, BUF_NO_LIMIT);
        cr_expect(!encode(malformed[i].xml, &out, &err), "%s", malformed[i].xml);
        cr_expect(strncmp(err.msg, malformed[i].error, strlen(malformed[i].error)) == 0,
                  "%s:\n  %s", malformed[i].xml, err.msg);
        buf_clear(&out);
    }
}

/* <RequestMessage> around `depth` structures. */
static bool nested(unsigned depth, struct kerr *err)
{
    struct buf xml, out;

    buf_init(&xml, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    buf_puts(&xml, "<RequestMessage>");
    for (unsigned i = 0; i < depth; i++)
        buf_puts(&xml, "<TTLV tag=\"0x540001\">");
    for (unsigned i = 0; i < depth; i++)
        buf_puts(&xml, "</TTLV>");
    buf_puts(&xml, "</RequestMessage>");
    bool ok = encode(buf_cstr(&xml), &out, err);
    buf_clear(&xml);
    buf_clear(&out);
    return ok;
}

Test(from_xml, bounds_depth_twice)
{
    struct kerr message = KERR_INIT, document = KERR_INIT, none = KERR_INIT;

    cr_expect(nested(TTLV_MAX_DEPTH - 1, &none), "%s", none.msg);
    cr_expect(!nested(TTLV_MAX_DEPTH, &message));
    cr_expect(!nested(100000, &document));
    cr_expect(strstr(document.msg, "elements are nested too deeply"), "%s", document.msg);
}

Test(form_xml, refuses_padding_that_xml_cannot_say)
{
    struct buf msg, out;
    struct kerr err = KERR_INIT;

    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    hex_put(&msg, "42007801000000104200 0D 02 00000004 00000001 00000001");
    cr_expect(!form_xml(buf_bytes(&msg), &show, &out, &err));
    buf_clear(&msg);
    buf_clear(&out);
}

Test(form_xml, leaves_out_what_is_secret)
{
    struct buf msg, out;
    struct kerr err = KERR_INIT;

    buf_init(&msg, BUF_NO_LIMIT);
    buf_init(&out, BUF_NO_LIMIT);
    fixture_message("get-response", &msg);
    cr_assert(form_xml(buf_bytes(&msg), NULL, &out, &err), "%s", err.msg);
    cr_expect(strstr(buf_cstr(&out), "<KeyMaterial type=\"ByteString\" redacted=\"32\"/>"));
    buf_clear(&msg);
    buf_clear(&out);
}

Test(xnode, keeps_text_between_elements_and_the_first_comment)
{
    struct xdoc doc;
    struct kerr err = KERR_INIT;

    cr_assert(xdoc_parse(&doc, "t.xml",
                         bytes_str("<!-- What  it\n is for --><!-- more --><KMIP> # TIME\n 0 <a/>x "
                                   "<b/> # [Client-A] </KMIP>"),
                         &err),
              "%s", err.msg);
    cr_expect_str_eq(doc.comment, "What it is for");
    cr_expect_str_eq(doc.root->first->before, "# TIME 0");
    cr_expect_str_eq(doc.root->first->next->before, "x");
    cr_expect_str_eq(doc.root->trailing, "# [Client-A]");
    cr_expect_eq(doc.root->first->next->line, 3u);
    xdoc_clear(&doc);
}
