/* The mock's configuration: a file, and the same text as a --set. */
#include "ci/fuzz/text_target.h"
#include "mockserver/config.h"

static void load(const char *path, const struct opt_list *sets)
{
    struct mock_config cfg;
    struct kerr err = KERR_INIT;
    bool ok = config_load(&cfg, path, sets, &err);

    fuzz_check_error(ok, &err);
    if (ok)
        config_clear(&cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[4096];
    struct opt_list none = {0}, one = {.n = 1};

    load(fuzz_file("mock.yaml", bytes_of(data, size)), &none);
    if (size < sizeof text && !memchr(data, 0, size)) {
        memcpy(text, data, size);
        text[size] = 0;
        one.v[0] = text;
        load(NULL, &one);
    }
    return 0;
}
