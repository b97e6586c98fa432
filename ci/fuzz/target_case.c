/* A case of a suite as somebody writes it. */
#include "ci/fuzz/text_target.h"
#include "conformance/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kerr err = KERR_INIT;
    struct test_case *c = case_load(fuzz_file("case.yaml", bytes_of(data, size)), "suite", &err);

    fuzz_check_error(c != NULL, &err);
    case_free(&c);
    return 0;
}
