/* The style and the script of pages, as they stand in conformance/html/, in the program. */
#include "conformance/html_page.h"

/* Paths are relative to the top of the tree, where the compiler runs. */
#define ASSET(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global asset_" #name "\n"                                                            \
            "asset_" #name ":\n"                                                                   \
            ".incbin \"conformance/html/" file "\"\n"                                              \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char asset_##name[];                                                              \
    struct bytes html_##name(void)                                                                 \
    {                                                                                              \
        return bytes_str(asset_##name);                                                            \
    }

ASSET(style, "report.css")
ASSET(script, "report.js")
