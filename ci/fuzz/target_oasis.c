/* A published case, and KMIP XML. */
#include "ci/fuzz/text_target.h"
#include "conformance/oasis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kerr err = KERR_INIT;
    struct test_case *c =
        oasis_load(fuzz_file("TC_1_12_Fuzz.xml", bytes_of(data, size)), false, data && size & 1, &err);

    fuzz_check_error(c != NULL, &err);
    case_free(&c);
    return 0;
}
