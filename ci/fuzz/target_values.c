/* The kmip: block of a cloudserver's values.yaml. */
#include "ci/fuzz/text_target.h"
#include "client/lib/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kc_settings s;
    struct kerr err = KERR_INIT;

    kc_settings_init(&s);
    s.values = fuzz_file("values.yaml", bytes_of(data, size));
    bool ok = kc_settings_finish(&s, &err);
    fuzz_check_error(ok, &err);
    if (ok)
        fuzz_broken("settings without certificates are taken");
    return 0;
}
