/* Known answers of the ciphers, and what is refused. */
#include <criterion/criterion.h>

#include "kmip/base/text.h"
#include "kmip/schema/tags.h"
#include "mockserver/crypto.h"

#define AES KMIP_CRYPTOGRAPHIC_ALGORITHM_AES
#define DES3 KMIP_CRYPTOGRAPHIC_ALGORITHM_3DES
#define ECB KMIP_BLOCK_CIPHER_MODE_ECB
#define CBC KMIP_BLOCK_CIPHER_MODE_CBC
#define CTR KMIP_BLOCK_CIPHER_MODE_CTR
#define GCM KMIP_BLOCK_CIPHER_MODE_GCM
#define PKCS5 KMIP_PADDING_METHOD_PKCS5

#define K16 "0123456789abcdef0123456789abcdef"
#define P16 "01020304050607080910111213141516"
#define P33 P16 P16 "01"
#define IVF "ff020304050607080910111213141516"
#define C11                                                                                        \
    "e768203ba72b6e157daaad34b1e791d8e88457dc147942f01bfaff7b28a3cdde2203d4d5a4c7928ba9e9cc78b66a" \
    "6546"
#define K1X8 "0101010101010101"
/* NIST SP 800-38A, appendix F */
#define NIST_K128 "2b7e151628aed2a6abf7158809cf4f3c"
#define NIST_K192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define NIST_K256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define NIST_P                                                                                     \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                             \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define NIST_IV "000102030405060708090a0b0c0d0e0f"
#define NIST_CTR "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
/* McGrew and Viega, The Galois/Counter Mode of Operation, appendix B */
#define GCM_K "feffe9928665731c6d6a8f9467308308"
#define GCM_IV "cafebabefacedbaddecaf888"
#define GCM_P                                                                                      \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                             \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
#define GCM_C                                                                                      \
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"                             \
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
#define GCM_T "4d5c2af327cd64a62cf35abd2ba6fab4"

static struct buf hex(const char *digits)
{
    struct buf b;
    buf_init(&b, BUF_NO_LIMIT);
    cr_assert(text_unhex(bytes_str(digits), &b), "bad digits: %s", digits);
    return b;
}

static void expect_hex(const struct buf *got, const char *want, const char *row)
{
    struct buf text;
    buf_init(&text, BUF_NO_LIMIT);
    buf_hex(&text, buf_bytes(got));
    cr_expect_str_eq(buf_cstr(&text), want, "%s: got %s", row, buf_cstr(&text));
    buf_clear(&text);
}

struct vector {
    const char *name;
    struct crypto_params p;
    const char *key, *iv, *plain, *cipher;
};

static const struct vector vectors[] = {
    {"CS-BC-M-4", {AES, ECB, 0, 0}, K16, "", P16, "d9bcce11b0b437b90239552df3a360c9"},
    {"CS-BC-M-8",
     {AES, ECB, PKCS5, 0},
     K16,
     "",
     P16,
     "d9bcce11b0b437b90239552df3a360c90efb6bfed93b4d1ea2123ba4db075ff6"},
    {"CS-BC-M-9",
     {AES, ECB, PKCS5, 0},
     K16,
     "",
     P33,
     "d9bcce11b0b437b90239552df3a360c9d9bcce11b0b437b90239552df3a360c9be261a7bd1371bb738fe004d50038"
     "1d0"},
    {"CS-BC-M-10",
     {AES, CBC, PKCS5, 0},
     K16,
     P16,
     P33,
     "79abc5c23868ad84d388ce61110a62742bda19d694bbcb757dd06617c0d80fb1df2e71864ad9633d7d797e30860df"
     "00d"},
    {"CS-BC-M-11", {AES, CBC, PKCS5, 0}, K16, IVF, P33, C11},
    {"3DES key of 24 times 01",
     {DES3, ECB, 0, 0},
     K1X8 K1X8 K1X8,
     "",
     "010203040506070809101112131415161718192021222324",
     "cead373db80eabf87477d921e6d5a5d116c10e3814ebe004"},
    /* The same key shortened to two parts is the same cipher. */
    {"3DES with two keys",
     {DES3, ECB, 0, 0},
     K1X8 K1X8,
     "",
     "010203040506070809101112131415161718192021222324",
     "cead373db80eabf87477d921e6d5a5d116c10e3814ebe004"},
    /* NIST SP 800-67, example of the three-key ECB mode */
    {"3DES ECB, three keys",
     {DES3, ECB, 0, 0},
     "0123456789abcdef23456789abcdef01456789abcdef0123",
     "",
     "54686520717566636b2062726f776e20666f78206a756d70",
     "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"},
    {"SP 800-38A F.1.1",
     {AES, ECB, KMIP_PADDING_METHOD_NONE, 0},
     NIST_K128,
     "",
     NIST_P,
     "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
     "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
    {"SP 800-38A F.2.3",
     {AES, CBC, 0, 0},
     NIST_K192,
     NIST_IV,
     NIST_P,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
     "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
    {"SP 800-38A F.2.5",
     {AES, CBC, 0, 0},
     NIST_K256,
     NIST_IV,
     NIST_P,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
    {"SP 800-38A F.5.1",
     {AES, CTR, 0, 0},
     NIST_K128,
     NIST_CTR,
     NIST_P,
     "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
     "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
    {"SP 800-38A F.5.1, not whole blocks",
     {AES, CTR, 0, 0},
     NIST_K128,
     NIST_CTR,
     "6bc1bee22e409f96e9",
     "874d6191b620e3261b"},
    {"GCM case 1: no data",
     {AES, GCM, 0, 16},
     "00000000000000000000000000000000",
     "000000000000000000000000",
     "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"GCM case 3", {AES, GCM, 0, 16}, GCM_K, GCM_IV, GCM_P, GCM_C GCM_T},
    {"GCM case 3, tag length not said", {AES, GCM, 0, 0}, GCM_K, GCM_IV, GCM_P, GCM_C GCM_T},
    {"GCM case 3, tag of 4", {AES, GCM, 0, 4}, GCM_K, GCM_IV, GCM_P, GCM_C "4d5c2af3"},
    {"CBC of nothing", {AES, CBC, 0, 0}, K16, IVF, "", ""},
};

Test(crypto, gives_the_known_answers)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct buf key = hex(v->key), iv = hex(v->iv), plain = hex(v->plain),
                   cipher = hex(v->cipher);
        struct buf out = hex("c0ffee"); /* output is appended */
        cr_expect_eq(
            crypto_encrypt(&v->p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&plain), &out),
            CRYPTO_OK, "%s", v->name);
        buf_drop(&out, 3);
        expect_hex(&out, v->cipher, v->name);
        buf_reset(&out);
        cr_expect_eq(
            crypto_decrypt(&v->p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&cipher), &out),
            CRYPTO_OK, "%s", v->name);
        expect_hex(&out, v->plain, v->name);
        buf_clear(&key), buf_clear(&iv), buf_clear(&plain), buf_clear(&cipher), buf_clear(&out);
    }
}

Test(crypto, a_wrong_iv_spoils_only_the_first_block)
{
    static const struct crypto_params p = {AES, CBC, PKCS5, 0};
    struct buf key = hex(K16), iv = hex("00000000000000000000000000000000"), in = hex(C11),
               out = hex("");
    cr_assert_eq(crypto_decrypt(&p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&in), &out),
                 CRYPTO_OK);
    expect_hex(&out, "fe0000000000000000000000000000000102030405060708091011121314151601",
               "CS-BC-M-11");
    buf_clear(&key), buf_clear(&iv), buf_clear(&in), buf_clear(&out);
}

Test(crypto, every_length_comes_back)
{
    static const struct crypto_params ways[] = {
        {AES, ECB, PKCS5, 0},  {AES, CBC, PKCS5, 0},  {AES, CTR, 0, 0}, {AES, GCM, 0, 12},
        {DES3, ECB, PKCS5, 0}, {DES3, CBC, PKCS5, 0}, {DES3, CTR, 0, 0}};
    uint8_t data[70];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        struct buf key, sealed, opened;
        uint8_t iv[16];
        size_t iv_len = crypto_iv_length(&ways[w]);
        buf_init(&key, 64), buf_init(&sealed, 256), buf_init(&opened, 256);
        cr_assert(crypto_random(iv, sizeof iv));
        cr_assert_eq(crypto_new_key(ways[w].algorithm, ways[w].algorithm == AES ? 192 : 112, &key),
                     CRYPTO_OK);
        for (size_t n = 0; n <= sizeof data; n++) {
            buf_reset(&sealed), buf_reset(&opened);
            cr_expect_eq(crypto_encrypt(&ways[w], buf_bytes(&key), bytes_of(iv, iv_len),
                                        bytes_of(data, n), &sealed),
                         CRYPTO_OK);
            cr_expect_eq(crypto_decrypt(&ways[w], buf_bytes(&key), bytes_of(iv, iv_len),
                                        buf_bytes(&sealed), &opened),
                         CRYPTO_OK);
            cr_expect(bytes_eq(buf_bytes(&opened), bytes_of(data, n)), "way %zu, %zu bytes", w, n);
        }
        buf_clear(&key), buf_clear(&sealed), buf_clear(&opened);
    }
}

struct refusal {
    const char *name;
    struct crypto_params p;
    const char *key, *iv, *data;
    enum crypto_result encrypt, decrypt;
};

static const struct refusal refusals[] = {
    {"another algorithm",
     {KMIP_CRYPTOGRAPHIC_ALGORITHM_RSA, ECB, 0, 0},
     K16,
     "",
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"no mode", {AES, 0, 0, 0}, K16, "", P16, CRYPTO_BAD_ALGORITHM, CRYPTO_BAD_ALGORITHM},
    {"a mode not offered",
     {AES, KMIP_BLOCK_CIPHER_MODE_XTS, 0, 0},
     K16,
     "",
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"a padding not offered",
     {AES, CBC, KMIP_PADDING_METHOD_ZEROS, 0},
     K16,
     IVF,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"padding of a stream",
     {AES, CTR, PKCS5, 0},
     K16,
     IVF,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"GCM with 3DES",
     {DES3, GCM, 0, 16},
     K1X8 K1X8,
     GCM_IV,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"GCM, short tag",
     {AES, GCM, 0, 3},
     K16,
     GCM_IV,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"GCM, long tag",
     {AES, GCM, 0, 17},
     K16,
     GCM_IV,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"GCM, negative tag",
     {AES, GCM, 0, -1},
     K16,
     GCM_IV,
     P16,
     CRYPTO_BAD_ALGORITHM,
     CRYPTO_BAD_ALGORITHM},
    {"no key", {AES, ECB, 0, 0}, "", "", P16, CRYPTO_BAD_KEY, CRYPTO_BAD_KEY},
    {"AES key of 15 bytes",
     {AES, ECB, 0, 0},
     "0102030405060708091011121314ff",
     "",
     P16,
     CRYPTO_BAD_KEY,
     CRYPTO_BAD_KEY},
    {"3DES key of 8 bytes", {DES3, ECB, 0, 0}, K1X8, "", P16, CRYPTO_BAD_KEY, CRYPTO_BAD_KEY},
    {"CBC without IV", {AES, CBC, PKCS5, 0}, K16, "", P16, CRYPTO_BAD_IV, CRYPTO_BAD_IV},
    {"CBC, short IV", {AES, CBC, PKCS5, 0}, K16, GCM_IV, P16, CRYPTO_BAD_IV, CRYPTO_BAD_IV},
    {"CBC, IV of another cipher",
     {DES3, CBC, 0, 0},
     K1X8 K1X8,
     IVF,
     P16,
     CRYPTO_BAD_IV,
     CRYPTO_BAD_IV},
    {"CTR without IV", {AES, CTR, 0, 0}, K16, "", P16, CRYPTO_BAD_IV, CRYPTO_BAD_IV},
    {"GCM without IV", {AES, GCM, 0, 16}, K16, "", P16, CRYPTO_BAD_IV, CRYPTO_BAD_IV},
    {"not whole blocks", {AES, ECB, 0, 0}, K16, "", P33, CRYPTO_BAD_LENGTH, CRYPTO_BAD_LENGTH},
    {"IV not needed", {AES, ECB, 0, 0}, K16, "ff", P16, CRYPTO_OK, CRYPTO_OK},
    {"padded, nothing to open", {AES, CBC, PKCS5, 0}, K16, IVF, "", CRYPTO_OK, CRYPTO_BAD_LENGTH},
    {"shorter than the tag", {AES, GCM, 0, 16}, K16, GCM_IV, "0102", CRYPTO_OK, CRYPTO_BAD_TAG},
    {"wrong tag", {AES, GCM, 0, 16}, K16, GCM_IV, P33, CRYPTO_OK, CRYPTO_BAD_TAG},
};

Test(crypto, refuses_what_does_not_fit_and_leaves_nothing_behind)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        struct buf key = hex(r->key), iv = hex(r->iv), data = hex(r->data), out = hex("c0ffee");
        cr_expect_eq(crypto_encrypt(&r->p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&data), &out),
                     r->encrypt, "%s: encrypt", r->name);
        if (r->encrypt != CRYPTO_OK)
            expect_hex(&out, "c0ffee", r->name);
        buf_truncate(&out, 3);
        cr_expect_eq(crypto_decrypt(&r->p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&data), &out),
                     r->decrypt, "%s: decrypt", r->name);
        if (r->decrypt != CRYPTO_OK)
            expect_hex(&out, "c0ffee", r->name);
        buf_clear(&key), buf_clear(&iv), buf_clear(&data), buf_clear(&out);
    }
}

/* A block as it comes out of the cipher, and how much of it PKCS5 leaves; -1: bad. */
static const struct {
    const char *block;
    int left;
} paddings[] = {
    {"0102030405060708091011121314ff01", 15}, {"01020304050607080910111213140202", 14},
    {"10101010101010101010101010101010", 0},  {"01020304050607080910111213141500", -1},
    {"01020304050607080910111213141511", -1}, {"010203040506070809101112131415ff", -1},
    {"01020304050607080910111213030203", -1}, {"0f101010101010101010101010101010", -1},
    {"01020304050607080910111213141502", -1}, {"00000000000000000000000000000000", -1},
    {"01030303030303030303030303030303", 13}, {"01020304050607080910111213141580", -1},
};

Test(crypto, padding_is_checked_whole)
{
    static const struct crypto_params plain = {AES, ECB, 0, 0}, padded = {AES, ECB, PKCS5, 0};
    struct buf key = hex(K16);
    for (size_t i = 0; i < sizeof paddings / sizeof *paddings; i++) {
        struct buf block = hex(paddings[i].block), sealed = hex(""), out = hex("");
        cr_assert_eq(
            crypto_encrypt(&plain, buf_bytes(&key), bytes_str(""), buf_bytes(&block), &sealed),
            CRYPTO_OK);
        enum crypto_result want = paddings[i].left < 0 ? CRYPTO_BAD_PADDING : CRYPTO_OK;
        cr_expect_eq(
            crypto_decrypt(&padded, buf_bytes(&key), bytes_str(""), buf_bytes(&sealed), &out), want,
            "%s", paddings[i].block);
        cr_expect_eq(out.n, (size_t)(paddings[i].left < 0 ? 0 : paddings[i].left), "%s",
                     paddings[i].block);
        buf_clear(&block), buf_clear(&sealed), buf_clear(&out);
    }
    buf_clear(&key);
}

Test(crypto, a_changed_byte_spoils_the_gcm_tag)
{
    static const struct crypto_params p = {AES, GCM, 0, 16};
    struct buf key = hex(GCM_K), iv = hex(GCM_IV), in = hex(GCM_C GCM_T), out = hex("");
    for (size_t i = 0; i < in.n; i++) {
        in.p[i] ^= 0x40;
        cr_expect_eq(crypto_decrypt(&p, buf_bytes(&key), buf_bytes(&iv), buf_bytes(&in), &out),
                     CRYPTO_BAD_TAG, "byte %zu", i);
        cr_expect_eq(out.n, 0);
        in.p[i] ^= 0x40;
    }
    buf_clear(&key), buf_clear(&iv), buf_clear(&in), buf_clear(&out);
}

static const struct {
    const char *name, *kek, *data, *wrapped;
} wraps[] = {
    {"RFC 3394, 4.1", "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {"RFC 3394, 4.3", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {"RFC 3394, 4.6", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
};

Test(key_wrap, gives_the_known_answers)
{
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        struct buf kek = hex(wraps[i].kek), data = hex(wraps[i].data), out = hex("");
        cr_expect_eq(crypto_wrap(buf_bytes(&kek), buf_bytes(&data), &out), CRYPTO_OK);
        expect_hex(&out, wraps[i].wrapped, wraps[i].name);
        buf_clear(&kek), buf_clear(&data), buf_clear(&out);
    }
}

Test(key_wrap, refuses_other_lengths)
{
    static const struct {
        size_t kek, data;
        enum crypto_result want;
    } rows[] = {{0, 16, CRYPTO_BAD_KEY},     {15, 16, CRYPTO_BAD_KEY}, {16, 8, CRYPTO_BAD_LENGTH},
                {16, 17, CRYPTO_BAD_LENGTH}, {16, 0, CRYPTO_BAD_LENGTH}, {16, 16, CRYPTO_OK},
                {24, 24, CRYPTO_OK}};
    static const uint8_t zeros[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 64);
        cr_expect_eq(crypto_wrap(bytes_of(zeros, rows[i].kek), bytes_of(zeros, rows[i].data), &out),
                     rows[i].want, "row %zu", i);
        buf_clear(&out);
    }
}

Test(keys, have_the_length_that_was_asked_for)
{
    static const struct {
        uint32_t algorithm;
        int32_t bits;
        enum crypto_result want;
        size_t bytes;
    } rows[] = {{AES, 128, CRYPTO_OK, 16},
                {AES, 192, CRYPTO_OK, 24},
                {AES, 256, CRYPTO_OK, 32},
                {AES, 512, CRYPTO_BAD_KEY, 0},
                {AES, 0, CRYPTO_BAD_KEY, 0},
                {AES, -128, CRYPTO_BAD_KEY, 0},
                {DES3, 112, CRYPTO_OK, 16},
                {DES3, 168, CRYPTO_OK, 24},
                {DES3, 192, CRYPTO_OK, 24},
                {DES3, 56, CRYPTO_BAD_KEY, 0},
                {KMIP_CRYPTOGRAPHIC_ALGORITHM_DES, 56, CRYPTO_BAD_ALGORITHM, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 64);
        cr_expect_eq(crypto_new_key(rows[i].algorithm, rows[i].bits, &out), rows[i].want, "row %zu",
                     i);
        cr_expect_eq(out.n, rows[i].bytes, "row %zu", i);
        for (size_t b = 0; rows[i].algorithm == DES3 && b < out.n; b++)
            cr_expect(__builtin_parity(out.p[b]), "row %zu: byte %zu has even parity", i, b);
        buf_clear(&out);
    }
}

Test(crypto, no_room_is_an_answer)
{
    static const struct crypto_params ways[] = {
        {AES, ECB, 0, 0}, {AES, CBC, PKCS5, 0}, {AES, GCM, 0, 16}};
    struct buf key = hex(K16), data = hex(P16 P16), iv = hex(IVF), out;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        buf_init(&out, 15);
        cr_expect_eq(
            crypto_encrypt(&ways[i], buf_bytes(&key), buf_bytes(&iv), buf_bytes(&data), &out),
            CRYPTO_NO_MEMORY);
        buf_clear(&out);
    }
    buf_init(&out, 15);
    cr_expect_eq(crypto_wrap(buf_bytes(&key), buf_bytes(&data), &out), CRYPTO_NO_MEMORY);
    buf_clear(&out);
    buf_clear(&key), buf_clear(&data), buf_clear(&iv);
}

Test(digest, is_sha_256)
{
    struct buf key = hex("0000111122223333444455556666777788889999aaaabbbbccccddddeeeeffff"),
               out = hex("");
    crypto_sha256(buf_bytes(&key), buf_room(&out, 32));
    expect_hex(&out, "6c064fe051add11edc07727b594eb48711df843e08445bba2cd786bc16bc58e8", "TC-181");
    buf_clear(&key), buf_clear(&out);
}
