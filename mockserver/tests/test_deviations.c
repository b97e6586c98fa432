/* Deviations and variations of the engine are in force: each one changes some reply of a long
 * flow of requests, and none keeps the engine from answering all of them. */
#include "kmip/yaml/catalogue.h"
#include "mockserver/tests/engine_rig.h"

TestSuite(deviations, .timeout = 120);
TestSuite(variations, .timeout = 120);

/* One request. The Unique Identifier of the reply is bound to `as` (a name that is not
 * bound is "none"). who: alice unless told. advance: seconds of time before it. */
struct step {
    const char *rq; /* as in rig_compose, or a whole message */
    const char *as, *who, *header, *version;
    int64_t advance;
};

#define AES                                                                                        \
    "Cryptographic Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Encrypt "  \
    "| Decrypt"
#define CREATE(attrs)                                                                              \
    "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {" AES attrs "}}}"
#define PARAMS(p) "Cryptographic Parameters: {" p "}"
#define CBC "Block Cipher Mode: CBC, Padding Method: PKCS5"
#define ECB "Block Cipher Mode: ECB"
#define BLOCK "00112233445566778899aabbccddeeff"
#define IV "IV/Counter/Nonce: 0102030405060708090a0b0c0d0e0f10"
#define KEY_BLOCK(bits)                                                                            \
    "Symmetric Key: {Key Block: {Key Format Type: Raw, Key Value: {Key Material: " BLOCK           \
    "}, Cryptographic Algorithm: AES, Cryptographic Length: " bits "}}"
#define ON(key) "{Unique Identifier: $" key ", "
#define ATTR(name, value) "Attribute: {Attribute Name: " name ", Attribute Value: " value "}}"
#define LOCATE(filters) "Locate, {Attributes: {" filters "}}"
#define REASON(code) "Revocation Reason: {Revocation Reason Code: " code "}"
#define COMPROMISE                                                                                 \
    REASON("Key Compromise") ", Compromise Occurrence Date: 2001-02-03T04:05:06Z}"
#define MESSAGE(header, items)                                                                     \
    "Request Message: {Request Header: {Protocol Version: 1.2, " header "}, Batch Item: " items "}"
#define DISCOVER "Operation: Discover Versions, Request Payload: {}"
#define ALL_OF(key) "Get Attributes, {Unique Identifier: $" key "}"
#define ALL(key) {.rq = ALL_OF(key)}

static const struct step steps[] = {
    /* versions, Query, messages */
    {.rq = "Discover Versions, {}"},
    {.rq = "Discover Versions, {Protocol Version: 1.1}"},
    {.rq = "Discover Versions, {Protocol Version: 7.7}"},
    {.rq = "Discover Versions, {}", .version = "1.1"},
    {.rq = "Discover Versions, {}", .version = "1.0"},
    {.rq = "Discover Versions, {}", .version = "1.9"},
    {.rq = "Discover Versions, {}", .version = "2.0"},
    {.rq = "Discover Versions, {0x42F0F0: !Integer 1}", .version = "1.9"},
    {.rq = "Query, {Query Function: [Query Operations, Query Objects, Query Server Information]}"},
    {.rq = "Query, {Query Function: Query Objects}"},
    {.rq = "Query, {Query Function: Query Objects, 0x42F0F0: !Integer 1}"},
    {.rq = "Query, {}"},
    {.rq = "Sign, {Data: 00}"},
    {.rq = MESSAGE("Batch Count: 2", "[{" DISCOVER "}]")},
    {.rq = MESSAGE("Batch Count: 2", "[{" DISCOVER "}, {" DISCOVER "}]")},
    {.rq =
      MESSAGE("Batch Count: 2", "[{Operation: Discover Versions, Unique Batch Item ID: 01, Request "
                               "Payload: {}}, {Operation: Discover Versions, Unique Batch Item "
                               "ID: 01, Request Payload: {}}]")},
    {.rq =
      MESSAGE("Batch Count: 1", "[{Operation: Discover Versions, Unique Batch Item ID: 01, Request "
                               "Payload: {}}]")},
    {.rq = MESSAGE("Batch Count: 1", "[{Request Payload: {}, Operation: Discover Versions}]")},
    {.rq = MESSAGE("Batch Count: !item {type: 2, length: 3, value: 000001, padding: 0000000000}",
             "[{" DISCOVER "}]")},
    {.rq = MESSAGE("Batch Count: 1",
             "[{" DISCOVER ", Message Extension: {Vendor Identification: v, Criticality "
             "Indicator: true, Vendor Extension: {}}}]")},
    {.rq = MESSAGE("Batch Count: 1",
             "[{" DISCOVER ", Message Extension: {Vendor Identification: v, Criticality "
             "Indicator: false, Vendor Extension: {}}}]")},
    {.rq = "Discover Versions, {}", .header = "Asynchronous Indicator: true,"},
    {.rq = "Discover Versions, {}", .header = "Attestation Capable Indicator: true,"},
    {.rq = "Discover Versions, {}", .header = "Batch Order Option: true,"},
    {.rq = "Query, {Query Function: Query Operations}", .header = "Maximum Response Size: 128,"},
    {.rq = "Discover Versions, {}",
     .header = "Authentication: {Credential: {Credential Type: Username and Password, Credential "
               "Value: {Username: nobody, Password: no}}},"},

    /* objects that are made */
    {.rq = CREATE(", Name: a, Object Group: g, Cryptographic Parameters: [{" CBC "}, {" ECB "}], "
            "Activation Date: $NOW-100, Process Start Date: $NOW-50, Protect Stop Date: "
            "$NOW+500, Deactivation Date: $NOW+1000, Usage Limits: {Usage Limits Total: 64, Usage "
            "Limits Unit: Byte}"),
     .as = "a"},
    ALL("a"),
    {.rq = "Get Attribute List, {Unique Identifier: $a}"},
    {.rq = "Get, {Unique Identifier: $a}"},
    {.rq = "Get, {Unique Identifier: $a}", .advance = 10},
    ALL("a"),
    {.rq = "Get, " ON("a") "Key Format Type: Transparent Symmetric Key}"},
    {.rq = "Get, " ON("a") "Key Format Type: X.509}"},
    {.rq = CREATE(", Name: a")},
    {.rq =
      CREATE(", Name: b, Alternative Name: {Alternative Name Value: alt, Alternative Name Type: "
            "URI}, Link: {Link Type: Parent Link, Linked Object Identifier: up}"),
     .as = "b"},
    ALL("b"),
    {.rq = CREATE(", Cryptographic Length: 256")},
    {.rq = CREATE(", State: Active")},
    {.rq = CREATE(", No Such Name: 1")},
    {.rq = CREATE(", Process Start Date: $NOW-100, Activation Date: $NOW")},
    {.rq = CREATE(", Protect Stop Date: $NOW+100, Deactivation Date: $NOW")},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Algorithm: 3DES, Cryptographic Length: 168, Cryptographic Usage Mask: Encrypt}}}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Length: 128, Cryptographic Usage Mask: Encrypt}}}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Algorithm: AES, Cryptographic Length: 128}}}"},
    {.rq = "Create, {Object Type: Secret Data, Template-Attribute: {Attributes: {" AES "}}}"},
    {.rq = "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt | Decrypt, Name: k, Activation Date: $NOW-10, Key Value Location: "
     "{Key Value Location Value: x, Key Value Location Type: URI}}}, " KEY_BLOCK("128") "}"},
    {.rq = "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt | Decrypt, Name: k2, Activation Date: $NOW-10}}, " KEY_BLOCK("128") "}",
     .as = "k"},
    {.rq = "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt, Name: a}}, " KEY_BLOCK("128") "}"},
    {.rq = "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt}}, " KEY_BLOCK("256") "}"},
    {.rq = "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt}}, " KEY_BLOCK("128") "}"},
    {.rq =
      "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: outside}}, "
      "Template: {Attributes: {Name: inside}}}"},
    {.rq =
      "Register, {Object Type: Template, Template-Attribute: {Attributes: {Name: tpl}}, Template: "
     "{Attributes: {Cryptographic Algorithm: AES, Cryptographic Length: 256, Cryptographic Usage "
     "Mask: Sign, Object Group: from-template}}}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Name: {Name Value: tpl, Name "
     "Type: Uninterpreted Text String}, Attributes: {Cryptographic Length: 128}}}",
     .as = "t"},
    ALL("t"),
    {.rq = "Get, {Unique Identifier: $t}"},
    {.rq = "Get Attributes, {Unique Identifier: $b}", .version = "1.0"},

    /* attributes */
    {.rq = "Get Attributes, " ON("b") "Attribute Name: [Name, Name]}"},
    {.rq = "Get Attributes, " ON("b") "Attribute Name: [Name, Archive Date]}"},
    {.rq =
      "Add Attribute, " ON("b") ATTR("Name", "{Name Value: b2, Name Type: URI}"), .advance = 10},
    {.rq = "Add Attribute, " ON("b") ATTR("Name", "{Name Value: b3, Name Type: URI}")},
    ALL("b"),
    {.rq = "Get Attributes, " ON("b") "Attribute Name: Name}"},
    {.rq = "Get Attribute List, {Unique Identifier: $b}"},
    {.rq = "Add Attribute, " ON("b") ATTR("Name", "{Name Value: a, Name Type: URI}")},
    {.rq = "Add Attribute, " ON("b") ATTR("y-one", "!Integer 1")},
    {.rq = "Add Attribute, " ON("b") ATTR("No Such Name", "!Integer 1")},
    {.rq = "Add Attribute, " ON("b") ATTR("State", "Active")},
    {.rq =
      "Add Attribute, " ON("b") "Attribute: {Attribute Name: x-i, Attribute Index: 3, Attribute "
                               "Value: !Integer 1}}"},
    {.rq = "Add Attribute, " ON("b") ATTR("Deactivation Date", "$NOW+900")},
    {.rq = "Add Attribute, " ON("b") ATTR("Deactivation Date", "$NOW+800")},
    {.rq = "Add Attribute, " ON("b") ATTR("Cryptographic Parameters", "{" ECB "}")},
    {.rq = "Add Attribute, " ON("b") ATTR("Process Start Date", "$NOW+1")},
    {.rq = "Add Attribute, " ON("b") ATTR("Protect Stop Date", "$NOW+2")},
    {.rq = "Modify Attribute, " ON("b") ATTR("Name", "{Name Value: new, Name Type: URI}"),
     .advance = 10},
    ALL("b"),
    {.rq = "Modify Attribute, " ON("b") ATTR("Name", "{Name Value: a, Name Type: URI}")},
    {.rq = "Modify Attribute, " ON("b") ATTR("Contact Information", "me")},
    {.rq =
      "Modify Attribute, " ON("b") "Attribute: {Attribute Name: Name, Attribute Index: 7, "
                                  "Attribute Value: {Name Value: seven, Name Type: URI}}}"},
    {.rq = "Delete Attribute, " ON("b") "Attribute Name: Contact Information}"},
    {.rq = "Delete Attribute, " ON("b") "Attribute Name: Name, Attribute Index: 1}", .advance = 10},
    ALL("b"),
    {.rq = "Get Attributes, " ON("b") "Attribute Name: Name}"},
    {.rq = "Delete Attribute, " ON("b") "Attribute Name: Activation Date}"},
    {.rq = "Delete Attribute, " ON("a") "Attribute Name: Activation Date}"},
    {.rq = "Delete Attribute, " ON("a") "Attribute Name: Process Start Date}"},
    {.rq = "Delete Attribute, " ON("a") "Attribute Name: Protect Stop Date}"},
    {.rq = "Delete Attribute, " ON("a") "Attribute Name: Deactivation Date}"},
    {.rq = "Delete Attribute, " ON("k") "Attribute Name: Cryptographic Usage Mask}"},
    {.rq = "Delete Attribute, " ON("t") "Attribute Name: State}"},
    {.rq = "Add Attribute, " ON("t") ATTR("Process Start Date", "$NOW-5")},
    {.rq = "Add Attribute, " ON("t") ATTR("Protect Stop Date", "$NOW-5")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Process Start Date", "$NOW+5")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Protect Stop Date", "$NOW+5")},
    {.rq = "Modify Attribute, " ON("a") ATTR("Activation Date", "$NOW+5")},

    /* Locate */
    {.rq = "Locate, {}"},
    {.rq = "Locate, {Maximum Items: 1}"},
    {.rq = LOCATE("Name: a")},
    {.rq = LOCATE("Name: nobody")},
    {.rq = LOCATE("Name: !Structure {Name Value: a}")},
    {.rq = LOCATE("Name: al")},
    {.rq = LOCATE("Name: {Name Value: k, Name Type: Uninterpreted Text String}")},
    {.rq = LOCATE("Name: b, Object Group: g")},
    {.rq = LOCATE("Unique Identifier: nobody")},
    {.rq = LOCATE("Object Type: Certificate")},
    {.rq = LOCATE("Cryptographic Algorithm: RSA")},
    {.rq = LOCATE("Cryptographic Length: 7")},
    {.rq = LOCATE("Cryptographic Parameters: {" ECB "}")},
    {.rq = LOCATE("Digest: {Hashing Algorithm: SHA-256, Digest Value: 00}")},
    {.rq = LOCATE("Cryptographic Usage Mask: Encrypt")},
    {.rq = LOCATE("Cryptographic Usage Mask: Encrypt | Wrap Key")},
    {.rq = LOCATE("State: Compromised")},
    {.rq = LOCATE("Initial Date: 2001-02-03T04:05:06Z")},
    {.rq = LOCATE("Activation Date: 2001-02-03T04:05:06Z")},
    {.rq = LOCATE("Activation Date: [$NOW-500, 9223372036854775807]")},
    {.rq = LOCATE("Process Start Date: [$NOW-20, $NOW+1]")},
    {.rq = LOCATE("Last Change Date: [$NOW-10, $NOW]")},
    {.rq = LOCATE("Revocation Reason: {Revocation Reason Code: Key Compromise}")},
    {.rq = LOCATE("Object Group: nobody")},
    {.rq = LOCATE("Link: {Link Type: Parent Link, Linked Object Identifier: down}")},
    {.rq = LOCATE("Alternative Name: {Alternative Name Value: other, Alternative Name Type: URI}")},
    {.rq = LOCATE("Key Value Present: false")},
    {.rq = LOCATE("No Such Name: 1")},
    {.rq = "Locate, {Object Group Member: Group Member Fresh, Attributes: {Object Group: g}}"},
    {.rq = "Locate, {}", .who = "bob"},

    /* no such object */
    {.rq = "Get Attribute List, {Unique Identifier: [$a, $k]}"},
    {.rq = "Get, {Unique Identifier: none}"},
    {.rq = "Get Attributes, {Unique Identifier: none}"},
    {.rq = "Get Attribute List, {Unique Identifier: none}"},
    {.rq = "Check, {Unique Identifier: none}"},
    {.rq = "Add Attribute, {Unique Identifier: none, " ATTR("x-a", "!Integer 1")},
    {.rq = "Modify Attribute, {Unique Identifier: none, " ATTR("x-a", "!Integer 1")},
    {.rq = "Delete Attribute, {Unique Identifier: none, Attribute Name: x-a}"},
    {.rq = "Activate, {Unique Identifier: none}"},
    {.rq = "Revoke, {Unique Identifier: none, " REASON("Unspecified") "}"},
    {.rq = "Destroy, {Unique Identifier: none}"},

    /* Check, access */
    {.rq = "Check, " ON("a") "Cryptographic Usage Mask: Encrypt}"},
    {.rq = "Check, " ON("a") "Cryptographic Usage Mask: Sign}"},
    {.rq = "Check, " ON("a") "Usage Limits Count: 1000}"},
    {.rq = "Get, {Unique Identifier: $a}", .who = "bob"},
    {.rq = "Destroy, {Unique Identifier: $a}", .who = "bob"},

    /* batches, the ID Placeholder */
    {.rq = "Get, {Unique Identifier: none} || Discover Versions, {}"},
    {.rq = "Get, {Unique Identifier: none} || Discover Versions, {}",
     .header = "Batch Error Continuation Option: Stop,"},
    {.rq = "Get, {Unique Identifier: none} || Discover Versions, {}",
     .header = "Batch Error Continuation Option: Continue,"},
    {.rq =
      "Add Attribute, " ON("a") ATTR("x-undo", "!Integer 1") " || Get, {Unique Identifier: none}",
     .header = "Batch Error Continuation Option: Undo,"},
    ALL("a"),
    {.rq = CREATE("") " || Get Attribute List, {}"},
    {.rq = "Register, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Usage Mask: Encrypt}}, " KEY_BLOCK("128") "} || Get Attribute List, {}"},
    {.rq = LOCATE("Name: a") " || Get Attribute List, {}"},
    {.rq = "Get Attribute List, {}"},
    {.rq = "Locate, {} || Get Attribute List, {}"},
    {.rq = LOCATE("Name: a") " || " LOCATE("Name: nobody") " || Get Attribute List, {}"},
    {.rq =
      LOCATE("Name: a") " || Check, {Cryptographic Usage Mask: Sign} || Get Attribute List, {}",
     .header = "Batch Error Continuation Option: Continue,"},
    {.rq = LOCATE("Name: a") " || Get Attribute List, {Unique Identifier: $k}"},
    {.rq = LOCATE("Name: a") " || Get Attribute List, {}", .header = "Batch Order Option: true,"},
    {.rq = "Get Attribute List, {Unique Identifier: $a}", .as = "pending",
     .header = "Asynchronous Indicator: true,"},
    {.rq = "Poll, {Asynchronous Correlation Value: $correlation}"},

    /* Encrypt and Decrypt */
    {.rq = "Encrypt, " ON("k") PARAMS(CBC) ", Data: 00, " IV "}"},
    {.rq = "Encrypt, " ON("k") PARAMS(CBC) ", Data: " BLOCK ", " IV "}"},
    {.rq = "Encrypt, " ON("k") PARAMS(CBC ", Random IV: true") ", Data: 00}"},
    {.rq = "Encrypt, " ON("k") PARAMS(CBC ", Random IV: true") ", Data: 00, " IV "}"},
    {.rq = "Encrypt, " ON("k") PARAMS(CBC) ", Data: 00, " IV "11}"},
    {.rq = "Encrypt, " ON("k") PARAMS(CBC) ", Data: 00}"},
    {.rq = "Decrypt, " ON("k") PARAMS(CBC) ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("k") PARAMS(CBC) ", Data: " BLOCK ", " IV "}"},
    {.rq = "Encrypt, " ON("k") PARAMS(ECB ", Padding Method: PKCS5") ", Data: 0011}", .as = "Data"},
    {.rq = "Decrypt, " ON("k") PARAMS(ECB ", Padding Method: PKCS5") ", Data: $data}"},
    {.rq = "Encrypt, " ON("k") PARAMS(ECB) ", Data: 00}"},
    {.rq = "Encrypt, " ON("k") "Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("k") PARAMS("Block Cipher Mode: GCM, IV Length: 96, Tag Length: 16")
     ", Data: " BLOCK BLOCK ", IV/Counter/Nonce: 000102030405060708090a0b}"},
    {.rq = "Encrypt, " ON("a") "Data: " BLOCK ", " IV "}"},
    {.rq = "Encrypt, " ON("a") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("a") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Get Attributes, " ON("a") "Attribute Name: Usage Limits}"},
    {.rq = "Encrypt, " ON("a") PARAMS(ECB) ", Data: " BLOCK BLOCK BLOCK BLOCK "}"},
    {.rq = "Encrypt, " ON("b") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("b") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
     "Algorithm: AES, Cryptographic Length: 128, Cryptographic Usage Mask: Sign, Activation Date: "
     "$NOW-1, Usage Limits: {Usage Limits Total: 5, Usage Limits Unit: Object}}}}",
     .as = "s"},
    {.rq = "Encrypt, " ON("s") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("s") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq =
      CREATE(", Activation Date: $NOW-100, Process Start Date: $NOW+50, Protect Stop Date: "
            "$NOW-50, Usage Limits: {Usage Limits Total: 5, Usage Limits Unit: Object}"),
     .as = "d"},
    {.rq = "Encrypt, " ON("d") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("d") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = CREATE(", Activation Date: $NOW-100, Usage Limits: {Usage Limits Total: 5, Usage Limits "
            "Unit: Object}"),
     .as = "e"},
    {.rq = "Encrypt, " ON("e") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Get Attributes, " ON("e") "Attribute Name: Usage Limits}"},
    {.rq = "Encrypt, " ON("e") PARAMS(ECB) ", Data: " BLOCK "}", .version = "1.0"},

    /* states and dates */
    {.rq = "Activate, {Unique Identifier: $b}", .advance = 10},
    {.rq =
      "Get Attributes, " ON("b") "Attribute Name: [State, Activation Date, Last Change Date]}"},
    {.rq = "Activate, {Unique Identifier: $b}"},
    {.rq = "Destroy, {Unique Identifier: $e}"},
    {.rq = "Revoke, " ON("b") "Revocation Reason: {Revocation Reason Code: Superseded, Revocation "
                        "Message: gone}}",
     .advance = 10},
    ALL("b"),
    {.rq = "Activate, {Unique Identifier: $b}"},
    {.rq = "Modify Attribute, " ON("b") ATTR("Deactivation Date", "$NOW+5")},
    {.rq = "Encrypt, " ON("b") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Revoke, " ON("b") REASON("Key Compromise") "}"},
    {.rq = "Revoke, " ON("b") COMPROMISE},
    ALL("b"),
    {.rq = "Revoke, " ON("b") REASON("Superseded") "}"},
    {.rq = "Activate, {Unique Identifier: $b}"},
    {.rq = "Encrypt, " ON("b") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Get, {Unique Identifier: $b}"},
    {.rq = "Destroy, {Unique Identifier: $b}", .advance = 10},
    ALL("b"),
    {.rq = "Get, {Unique Identifier: $b}"},
    {.rq = "Destroy, {Unique Identifier: $b}"},
    {.rq = "Revoke, " ON("k") COMPROMISE},
    ALL("k"),
    {.rq = CREATE(""), .as = "p"},
    {.rq = "Get, {Unique Identifier: $p}"},
    {.rq = "Revoke, " ON("p") COMPROMISE},
    {.rq = CREATE(""), .as = "q"},
    {.rq = "Destroy, {Unique Identifier: $q}"},
    ALL("q"),
    {.rq = "Activate, {Unique Identifier: $q}"},
    {.rq = "Revoke, " ON("q") COMPROMISE},
    ALL("q"),
    {.rq = CREATE(", Activation Date: $NOW-9, Deactivation Date: $NOW-5"), .as = "r"},
    {.rq = "Destroy, {Unique Identifier: $r}"},
    ALL("r"),
    {.rq = CREATE(", Activation Date: $NOW+9, Deactivation Date: $NOW+50"), .as = "u"},
    {.rq = "Get Attributes, " ON("u") "Attribute Name: State}", .advance = 10},
    {.rq = "Get Attributes, " ON("u") "Attribute Name: State}", .advance = 100},
    {.rq = CREATE(", Name: archived"), .as = "z"},
    {.rq = "Archive, {Unique Identifier: $z}"},
    {.rq = LOCATE("Name: archived")},

    /* what is not the client's to change */
    {.rq = "Modify Attribute, " ON("t") ATTR("Unique Identifier", "other")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Object Type", "Secret Data")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Cryptographic Algorithm", "3DES")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Cryptographic Length", "7")},
    {.rq =
      "Modify Attribute, " ON("t") ATTR("Digest",
                                        "{Hashing Algorithm: SHA-256, Digest Value: 00}")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Cryptographic Usage Mask", "Sign")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Initial Date", "$NOW")},
    {.rq = "Add Attribute, " ON("t") ATTR("Destroy Date", "$NOW")},
    {.rq = "Add Attribute, " ON("t") ATTR("Compromise Occurrence Date", "$NOW")},
    {.rq = "Add Attribute, " ON("t") ATTR("Compromise Date", "$NOW")},
    {.rq = "Add Attribute, " ON("t") ATTR("Revocation Reason",
                                    "{Revocation Reason Code: Unspecified}")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Fresh", "true")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Last Change Date", "$NOW")},
    {.rq = "Add Attribute, " ON("t") ATTR("Key Value Present", "true")},
    {.rq = "Modify Attribute, " ON("t") ATTR("Original Creation Date", "$NOW")},
    {.rq = "Modify Attribute, " ON("t") ATTR("State", "Active")},
    {.rq = "Delete Attribute, " ON("t") "Attribute Name: Cryptographic Usage Mask}"},

    /* what servers do in one way or another */
    {.rq = ALL_OF("z")},
    {.rq = "Discover Versions, {}", .header = "Time Stamp: $NOW-61, "},
    {.rq = "Poll, {Asynchronous Correlation Value: $correlation}"},
    {.rq = CREATE(", Name: later"), .as = "pending", .header = "Asynchronous Indicator: true, "},
    {.rq = "Poll, {Asynchronous Correlation Value: $correlation}"},
    {.rq = "Query, {Query Function: [Query Extension List, Query Attestation Types]}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
           "Algorithm: AES, Cryptographic Length: 192, Cryptographic Usage Mask: Encrypt}}}"},
    {.rq = "Create, {Object Type: Symmetric Key, Template-Attribute: {Attributes: {Cryptographic "
           "Algorithm: 3DES, Cryptographic Length: 168, Cryptographic Usage Mask: Encrypt}}}"},
    {.rq = CREATE(", Contact Information: Joe, Name: w, Activation Date: $NOW-9, Process Start "
                  "Date: $NOW-5, Protect Stop Date: $NOW-3"),
     .as = "w"},
    {.rq = "Encrypt, " ON("w") PARAMS(ECB) ", " IV ", Data: " BLOCK "}"},
    {.rq = "Decrypt, " ON("w") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Destroy, {Unique Identifier: $w}"},
    {.rq = "Revoke, " ON("w") COMPROMISE},
    {.rq = "Decrypt, " ON("w") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Destroy, {Unique Identifier: $w}"},
    {.rq = "Encrypt, " ON("w") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Add Attribute, " ON("w") ATTR("Object Group", "none")},
    {.rq = LOCATE("State: Destroyed Compromised")},
    {.rq = ALL_OF("w")},
    {.rq = "Encrypt, " ON("x") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Register, {Object Type: Secret Data, Template-Attribute: {Attributes: {Cryptographic "
           "Usage Mask: Verify}}, Secret Data: {Secret Data Type: Password, Key Block: {Key Format "
           "Type: Opaque, Key Value: {Key Material: 00}}}}",
     .as = "x"},
    {.rq = "Encrypt, " ON("x") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Get, {Unique Identifier: $x}", .who = "bob"},
    {.rq = CREATE(", Activation Date: $NOW, Object Group: g"), .as = "v"},
    {.rq = CREATE(", Object Group: g"), .as = "y"},
    {.rq = "Locate, {Maximum Items: 1, Object Group Member: Group Member Default, Attributes: "
           "{Object Group: g}}"},
    {.rq = "Locate, {Maximum Items: 1, Object Group Member: Group Member Default, Attributes: "
           "{Object Group: g}}"},
    {.rq = "Encrypt, " ON("v") PARAMS(ECB) ", Data: " BLOCK ", " IV "}"},
    {.rq = "Revoke, " ON("v") REASON("Superseded") "}"},
    {.rq = "Decrypt, " ON("v") PARAMS(ECB) ", Data: " BLOCK "}"},
    {.rq = "Revoke, " ON("y") REASON("Superseded") "}"},
};

static void take(struct rig *r, const char *name, uint32_t tag)
{
    struct ttlv_item it;
    if (rig_field(r, 0, tag, &it))
        rig_bind(r, name, it.type, it.val);
}

static void compose(struct rig *r, const char *text)
{
    struct ydoc doc = {0};
    struct kerr err = KERR_INIT;
    const struct form_env env = {rig_lookup, r, r->now_ns / 1000000000};
    if (strncmp(text, "Request Message", 15) != 0) {
        rig_compose(r, text);
        return;
    }
    cr_assert(ydoc_parse(&doc, "request", bytes_str(text), &err), "%s in %s", err.msg, text);
    buf_reset(&r->request);
    cr_assert(from_yaml_message(doc.root, &env, &r->request, &err), "%s in %s", err.msg, text);
    ydoc_clear(&doc);
}

static void bind_reply(struct rig *r, const struct step *s)
{
    struct kmip_item it;
    if (s->as && strcmp(s->as, "pending") == 0) {
        if (rig_item(r, 0, &it) && it.has_correlation)
            rig_bind(r, "correlation", TTLV_BYTE_STRING, it.correlation);
    } else if (s->as && strcmp(s->as, "Data") == 0) {
        take(r, "data", KMIP_TAG_DATA);
    } else if (s->as) {
        take(r, s->as, KMIP_TAG_UNIQUE_IDENTIFIER);
    }
}

/* Appends every reply of the flow to out. */
static void run_flow(const char *set, struct buf *out)
{
    struct rig *r = rig_new((const char *[]){"seed=7", set, NULL});
    rig_bind(r, "correlation", TTLV_BYTE_STRING, bytes_str("none"));
    rig_bind(r, "data", TTLV_BYTE_STRING, bytes_str("0123456789abcdef"));
    for (const char *p = "abktsdepqruzwxvy"; *p; p++)
        rig_bind(r, (const char[]){*p, 0}, TTLV_TEXT_STRING, bytes_str("none"));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct step *s = &steps[i];
        struct kerr err = KERR_INIT;
        r->now_ns += s->advance * 1000000000;
        r->header = s->header;
        r->version = s->version;
        snprintf(r->peer.identity, sizeof r->peer.identity, "%s", s->who ? s->who : "alice");
        compose(r, s->rq);
        cr_assert(rig_answer(r, &err), "%s: %s: %s", set, s->rq, err.msg);
        cr_assert(buf_put(out, r->reply.p, r->reply.n));
        bind_reply(r, s);
    }
    rig_free(r);
}

/* Those that no single request shows (test_session.c). */
static bool is_of_sessions(const char *name)
{
    return strcmp(name, "lost-framing-ends-connection") == 0;
}

static void each_changes_some_reply(enum catalogue_kind kind)
{
    struct catalogue c;
    struct kerr err = KERR_INIT;
    struct buf honest, reply;
    buf_init(&honest, BUF_NO_LIMIT);
    buf_init(&reply, BUF_NO_LIMIT);
    run_flow("deviations=[]", &honest);
    run_flow("deviations=[]", &reply);
    cr_assert(bytes_eq(buf_bytes(&reply), buf_bytes(&honest)), "the flow comes out the same");
    cr_assert(catalogue_load(&c, kind, &err), "%s", err.msg);
    for (size_t i = 0; i < c.n; i++) {
        char set[200];
        snprintf(set, sizeof set, "%s=%s", catalogue_plural[kind], c.v[i].name);
        buf_reset(&reply);
        run_flow(set, &reply);
        cr_expect(!c.v[i].engine || is_of_sessions(c.v[i].name) ||
                      !bytes_eq(buf_bytes(&reply), buf_bytes(&honest)),
                  "%s changes nothing", c.v[i].name);
    }
    catalogue_clear(&c);
    buf_clear(&honest);
    buf_clear(&reply);
}

Test(deviations, of_the_engine_each_change_some_reply)
{
    each_changes_some_reply(CATALOGUE_DEVIATIONS);
}

Test(variations, of_the_engine_each_change_some_reply)
{
    each_changes_some_reply(CATALOGUE_VARIATIONS);
}
