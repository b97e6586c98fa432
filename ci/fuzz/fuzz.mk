# Fuzzing: ci/fuzz/target_NAME.c, a corpus for each in fixtures/corpus/NAME. Part of the
# Makefile.
#
#   make fuzz [TARGET=NAME] [FUZZ_SECONDS=60]   libFuzzer, under ASan and UBSan
#   make coverage                               lines that tests and corpus reach
#   $(BUILD)/fuzz/NAME FILE...                  one input after the other, without a fuzzer
FUZZ_TARGETS := $(patsubst ci/fuzz/target_%.c,%,$(wildcard ci/fuzz/target_*.c))
FUZZ_SECONDS ?= 60
TARGET       ?= $(FUZZ_TARGETS)

# What a target is linked with besides kmip/; the client without TLS.
FUZZ_LIBS_session := $(LIB_MOCK)
FUZZ_LIBS_config  := $(LIB_MOCK)
FUZZ_LIBS_control := $(LIB_MOCK)
FUZZ_LIBS_replies := $(LIB_CLIENT)
FUZZ_LIBS_values  := $(LIB_CLIENT)
FUZZ_LIBS_case    := $(LIB_CONF) $(LIB_CLIENT)
FUZZ_LIBS_oasis   := $(LIB_CONF) $(LIB_CLIENT)
FUZZ_LIBS_report  := $(LIB_CONF) $(LIB_CLIENT)
empty :=
comma := ,
FUZZ_LINK_replies := $(addprefix -Wl$(comma)--wrap=,tcp_connect $(addprefix tls_,creds_load \
                     creds_free new free handshake info read write bye abrupt fd))

FUZZ_COMMON := ci/fuzz/fuzz.c ci/fuzz/mutate.c
FUZZ_BINS   := $(addprefix $(BUILD)/fuzz/,$(FUZZ_TARGETS))

# FUZZ_DRIVER: what calls the target; replay.c, or nothing when libFuzzer does.
FUZZ_DRIVER ?= ci/fuzz/replay.c
.SECONDEXPANSION:
$(FUZZ_BINS): $(BUILD)/fuzz/%: ci/fuzz/target_%.c $(wildcard ci/fuzz/*.h) $(FUZZ_COMMON) $(FUZZ_DRIVER) \
              $$(FUZZ_LIBS_$$*) $(LIB_KMIP) $(BUILD)/flags
	@mkdir -p $(@D)
	@$(if $(filter 1,$(V)),,echo "  FUZZ  $@")
	$(Q)$(CC) $(filter-out -MMD -MP -Wmissing-prototypes,$(CALL)) $(FUZZ_FLAGS) $(LDALL) $< $(FUZZ_COMMON) \
	    $(FUZZ_DRIVER) $(FUZZ_LIBS_$*) $(LIB_KMIP) $(FUZZ_LINK_$*) \
	    $(call lib,$(KMIP_LIBS) $(MOCK_LIBS)) -lhogweed -lgmp -o $@

.PHONY: fuzzers fuzz
fuzzers: $(FUZZ_BINS)

fuzz:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz CC='clang' FUZZ_DRIVER= FUZZ_FLAGS=-fsanitize=fuzzer \
	    fuzzers
	$(Q)ci/fuzz/run build/fuzz/fuzz $(FUZZ_SECONDS) $(TARGET)
