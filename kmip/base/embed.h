/* Files of the source tree inside a program:
 *
 *     EMBED(live_css, "mockserver/page/live.css");
 *     struct bytes css = EMBEDDED(live_css);
 *
 * The assembler takes the bytes in as they are, from a path below the folder where make
 * runs. The Makefile says which objects depend on which files ("What programs hold"). */
#ifndef KMIP_BASE_EMBED_H
#define KMIP_BASE_EMBED_H

#include "kmip/base/bytes.h"

#define EMBED(name, path)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".hidden embedded_" #name "\n.hidden embedded_" #name "_end\n"                         \
            ".global embedded_" #name "\n.global embedded_" #name "_end\n"                         \
            "embedded_" #name ":\n"                                                                \
            ".incbin \"" path "\"\n"                                                               \
            "embedded_" #name "_end:\n"                                                            \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const uint8_t embedded_##name[] __attribute__((visibility("hidden")));                  \
    extern const uint8_t embedded_##name##_end[] __attribute__((visibility("hidden")))

#define EMBEDDED(name)                                                                             \
    bytes_of(embedded_##name, (size_t)(embedded_##name##_end - embedded_##name))

#endif
