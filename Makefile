# kmip-conform: tester, mock server and client for KMIP 1.2.
#
#   make               the three programs in build/
#   make conformance   the main job: installs what is missing, builds, tests the mock
#                      (or an appliance: HOST=... PORT=5696 CERTS=DIR)
#   make test          every test (installs what is missing first)
#   make asan          every test under AddressSanitizer and UBSan
#   make lint          static checks
#
# V=1 shows commands. CFLAGS, LDFLAGS, PREFIX, DESTDIR are yours to set.

VARIANT ?=
BUILD   ?= build$(if $(VARIANT),/$(VARIANT))
CC      ?= cc
PREFIX  ?= /usr/local
PYTHON  ?= /usr/bin/python3
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

VERSION := 0.1.0

PKGS      := gnutls nettle yaml-0.1 sqlite3 libuv jansson libmicrohttpd libcurl
PKG_CF    := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
WARN      := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS    ?= -O2 -g
STD       := -std=c11 -D_GNU_SOURCE
HARDEN    := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
ifeq ($(VARIANT),asan)
CFLAGS    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
HARDEN    := -fPIE
endif
CPPALL     = -I. -DKMIP_CONFORM_VERSION='"$(VERSION)"' $(PKG_CF) -MMD -MP
CALL       = $(STD) $(HARDEN) $(WARN) $(CFLAGS) $(CPPALL)
TEST_CALL  = $(filter-out -Wconversion -Wmissing-prototypes,$(CALL)) $(shell pkg-config --cflags criterion)
LDALL      = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
lib        = $(shell pkg-config --libs $(1))

KMIP_SRC   := $(wildcard kmip/*/*.c)
KMIP_SRC   := $(filter-out kmip/tests/%,$(KMIP_SRC))
CLIENT_SRC := $(wildcard client/lib/*.c)
CLI_SRC    := $(wildcard client/cmd/*.c)
MOCK_SRC   := $(filter-out mockserver/main.c,$(wildcard mockserver/*.c))
CONF_SRC   := $(filter-out conformance/main.c,$(wildcard conformance/*.c))
TEST_SRC   := $(wildcard kmip/tests/test_*.c client/tests/test_*.c mockserver/tests/test_*.c conformance/tests/test_*.c)
SUPPORT_SRC:= $(wildcard kmip/tests/support/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_KMIP    := $(BUILD)/libkmip.a
LIB_CLIENT  := $(BUILD)/libkmipclient.a
LIB_MOCK    := $(BUILD)/libmock.a
LIB_CONF    := $(BUILD)/libconf.a
LIB_SUPPORT := $(BUILD)/libsupport.a
PROGRAMS    := $(BUILD)/kmip-conform $(BUILD)/kmip-mock $(BUILD)/kmip-client
TESTS       := $(patsubst %.c,$(BUILD)/tests/%,$(subst /tests/,/,$(TEST_SRC)))

.PHONY: all test check asan lint conformance clean help tables
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(filter 1,$(V)),,echo "  CC    $<")
	$(Q)$(CC) $(CALL) -c $< -o $@

define archive
	@mkdir -p $(@D)
	@rm -f $@
	@$(if $(filter 1,$(V)),,echo "  AR    $@")
	$(Q)ar rcs $@ $^
endef
$(LIB_KMIP): $(call obj,$(KMIP_SRC))
	$(archive)
$(LIB_CLIENT): $(call obj,$(CLIENT_SRC))
	$(archive)
$(LIB_MOCK): $(call obj,$(MOCK_SRC))
	$(archive)
$(LIB_CONF): $(call obj,$(CONF_SRC))
	$(archive)

KMIP_LIBS := gnutls nettle yaml-0.1
MOCK_LIBS := sqlite3 libuv jansson libmicrohttpd libcurl
define link
	@$(if $(filter 1,$(V)),,echo "  LINK  $@")
	$(Q)$(CC) $(CFLAGS) $(LDALL) $^ $(call lib,$(1)) $(2) -o $@
endef
$(BUILD)/kmip-client: $(call obj,$(CLI_SRC)) $(LIB_CLIENT) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) jansson)
$(BUILD)/kmip-mock: $(call obj,mockserver/main.c) $(LIB_MOCK) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) $(MOCK_LIBS),-lhogweed -lgmp)
$(BUILD)/kmip-conform: $(call obj,conformance/main.c) $(LIB_CONF) $(LIB_CLIENT) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) jansson)

# Tests: one binary per file, linked without PIE because Criterion 2.4 hands
# parameters that hold pointers to a child process.
$(BUILD)/obj/kmip/tests/support/%.o: kmip/tests/support/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CALL) -c $< -o $@
$(LIB_SUPPORT): $(call obj,$(SUPPORT_SRC))
	$(archive)

# Our own memory requests pass kmip/tests/support/fail_alloc.c.
TEST_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
define test_rule
$(BUILD)/tests/$(1)/%: $(1)/tests/%.c $(LIB_SUPPORT) $(2) $(LIB_KMIP)
	@mkdir -p $$(@D)
	@$(if $(filter 1,$(V)),,echo "  TEST  $$@")
	$(Q)$(CC) $(filter-out -fPIE,$(TEST_CALL)) -no-pie $(TEST_WRAP) $(LDFLAGS) $$< $(2) $(LIB_SUPPORT) \
	    $(LIB_KMIP) $(LIB_SUPPORT) \
	    $(call lib,criterion $(KMIP_LIBS) $(MOCK_LIBS) expat) -lhogweed -lgmp -o $$@
endef
$(eval $(call test_rule,kmip,))
$(eval $(call test_rule,client,$(LIB_CLIENT)))
$(eval $(call test_rule,mockserver,$(LIB_MOCK)))
$(eval $(call test_rule,conformance,$(LIB_CONF) $(LIB_CLIENT)))

test:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory check

check: all $(TESTS)
	$(Q)ci/run-tests $(BUILD) $(TESTS)

asan:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory VARIANT=asan check

tables:
	$(PYTHON) kmip/schema/generate.py

lint:
	$(Q)ci/lint

# A HOST in the environment (some shells export one) is not meant for us.
GIVEN_HOST := $(if $(findstring command,$(origin HOST)),$(HOST))
conformance:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)HOST='$(GIVEN_HOST)' ci/conformance $(BUILD)

clean:
	rm -rf build

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
