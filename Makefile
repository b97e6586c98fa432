# kmip-conform: tester, mock server and client for KMIP 1.2.
#
#   make               the three programs in build/
#   make conformance   the main job: installs what is missing, builds, tests the mock
#                      (or an appliance: HOST=... PORT=5696 CERTS=DIR)
#   make test          every test (installs what is missing first)
#   make mutation      the tester against every deviation and variation of the mock, and every
#                      mutant of its replies
#   make figures       the figures of README.md (ARGS=--write puts them there)
#   make soak          the long forms of tests: kills, failures, load; some minutes (ci/soak)
#   make asan          every test under AddressSanitizer and UBSan
#   make asan-units    ... the unit tests of kmip/ and client/ alone, in a minute or so
#   make fuzz          each fuzz target for a minute (FUZZ_SECONDS=60, TARGET=NAME), by libFuzzer
#   make coverage      lines that tests and the fuzzers' corpus reach
#   make bench         what things cost, beside peers and limits (LIBKMIP=DIR: its source tree)
#   make manuals       manual pages and completions from the option tables (part of make)
#   make pictures      the README's pictures, in ci/pictures, by a browser
#   make lint          static checks
#   make install       programs, suites, scenarios, manuals and the library (ci/package) below
#                      PREFIX (/usr/local), DESTDIR before it; make uninstall takes them away
#   make library       libkmip-conform: codec and client for programs of your own
#   make deb           Debian packages, in build/deb; make deb-test tries them in a clean Debian
#   make clean         removes what was built
#
# V=1 shows commands. CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD, PREFIX and DESTDIR are yours to
# set; whatever changes the flags makes everything anew.

# A way to build: empty, or one with sanitizers (SAN_...), whose flags come behind those
# that are yours.
VARIANT ?=
BUILD   ?= build$(if $(VARIANT),/$(VARIANT))
# By one name, however it was given: what an object depends on is known by the object's name.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
CC      ?= cc
PREFIX  ?= /usr/local
PYTHON  ?= /usr/bin/python3
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

VERSION := 0.1.0

PKGS      := gnutls nettle yaml-0.1 expat sqlite3 libuv jansson libmicrohttpd libcurl
PKG_CF    := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
WARN      := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror
STD       := -std=c11 -D_GNU_SOURCE

SAN_asan  := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SAN_fuzz  := $(SAN_asan) -fsanitize=fuzzer-no-link
SAN       := $(SAN_$(VARIANT))
ifeq ($(VARIANT),)
CFLAGS    ?= -O2 -g
# Fortification needs an optimising compiler, and is not ours to give twice.
FORTIFY   := $(if $(findstring FORTIFY,$(CFLAGS) $(CPPFLAGS)),,$(if $(filter -O1 -O2 -O3 \
             -Os,$(CFLAGS)),-D_FORTIFY_SOURCE=2))
HARDEN    := -fPIE -fstack-protector-strong $(FORTIFY)
else ifneq ($(SAN),)
CFLAGS    ?= -O1 -g
HARDEN    := -fPIE
else
$(error there is no VARIANT=$(VARIANT); it is empty or one of: $(patsubst SAN_%,%,$(filter SAN_%,$(.VARIABLES))))
endif
CPPALL    := -I. -DKMIP_CONFORM_VERSION='"$(VERSION)"' $(PKG_CF) $(CPPFLAGS) -MMD -MP
CALL      := $(STD) $(HARDEN) $(WARN) $(CFLAGS) $(SAN) $(CPPALL)
TEST_CALL := $(filter-out -Wconversion -Wmissing-prototypes,$(CALL)) $(shell pkg-config --cflags criterion 2>/dev/null)
LDALL     := -pie -Wl,-z,relro,-z,now $(LDFLAGS)
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

CROWD       := $(BUILD)/soak/crowd
BENCHES     := $(BUILD)/bench/codec $(BUILD)/bench/engine $(BUILD)/bench/echo

.PHONY: all manuals pictures test check mutation figures asan asan-units units bench lint conformance install uninstall clean help tables
all: $(PROGRAMS) $(BUILD)/man

# The flags that the objects here were made with: when they are others now, all is old.
FLAGS := $(strip $(CC) $(TEST_CALL) $(CALL) $(LDALL))
ifneq ($(FLAGS),$(file <$(BUILD)/flags))
.PHONY: $(BUILD)/flags
endif
$(BUILD)/flags:
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(if $(filter 1,$(V)),,echo "  CC    $<")
	$(Q)$(CC) $(CALL) -c $< -o $@

# The style and the script of report pages, which the assembler takes in.
$(BUILD)/obj/conformance/html_assets.o: $(wildcard conformance/html/*)

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

# What programs hold of the tree (kmip/base/embed.h).
$(call obj,mockserver/control_page.c): $(wildcard mockserver/page/*)

KMIP_LIBS := gnutls nettle yaml-0.1 expat
MOCK_LIBS := sqlite3 libuv jansson libmicrohttpd libcurl
define link
	@$(if $(filter 1,$(V)),,echo "  LINK  $@")
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDALL) $^ $(call lib,$(1)) $(2) -o $@
endef
$(BUILD)/kmip-client: $(call obj,$(CLI_SRC)) $(LIB_CLIENT) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) jansson)
$(BUILD)/kmip-mock: $(call obj,mockserver/main.c) $(LIB_MOCK) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) $(MOCK_LIBS),-lhogweed -lgmp)
$(BUILD)/kmip-conform: $(call obj,conformance/main.c) $(LIB_CONF) $(LIB_CLIENT) $(LIB_KMIP)
	$(call link,$(KMIP_LIBS) jansson libcurl)

# Manual pages and completions: what the programs tell of their tables, in the pages beside them.
MANUALS := $(wildcard conformance/*.[15] mockserver/*.[15] client/*.[15])
SCHEMAS := conformance/case.schema.json mockserver/mock.schema.json
manuals: $(BUILD)/man
$(BUILD)/man: $(PROGRAMS) $(MANUALS) $(SCHEMAS) $(wildcard ci/manuals/*.py)
	@$(if $(filter 1,$(V)),,echo "  MAN   $@")
	$(Q)rm -rf $@ $(BUILD)/completions
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) ci/manuals/make.py $(BUILD)
	@touch $@

# Tests: one binary per file, linked without PIE because Criterion 2.4 hands
# parameters that hold pointers to a child process.
$(BUILD)/obj/kmip/tests/support/%.o: kmip/tests/support/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CALL) -c $< -o $@
$(LIB_SUPPORT): $(call obj,$(SUPPORT_SRC))
	$(archive)

# Our own memory requests pass kmip/tests/support/fail_alloc.c.
TEST_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
define test_rule
$(BUILD)/tests/$(1)/%: $(1)/tests/%.c $(LIB_SUPPORT) $(2) $(LIB_KMIP) $(BUILD)/flags
	@mkdir -p $$(@D)
	@$(if $(filter 1,$(V)),,echo "  TEST  $$@")
	$(Q)$(CC) $(filter-out -fPIE,$(TEST_CALL)) -no-pie $(TEST_WRAP) $(LDFLAGS) $$< $(2) $(LIB_SUPPORT) \
	    $(LIB_KMIP) $(LIB_SUPPORT) \
	    $(call lib,criterion $(KMIP_LIBS) $(MOCK_LIBS)) -lhogweed -lgmp -o $$@
endef
$(eval $(call test_rule,kmip,))
$(eval $(call test_rule,client,$(LIB_CLIENT)))
$(eval $(call test_rule,mockserver,$(LIB_MOCK)))
$(eval $(call test_rule,conformance,$(LIB_CONF) $(LIB_CLIENT)))

test:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory check

check: all $(TESTS) $(CROWD) fuzzers $(if $(VARIANT),,$(BENCHES) asan-mock library)
	$(Q)VARIANT=$(VARIANT) ci/run-tests $(BUILD) $(TESTS)

# The mock that hostile input is tried on (ci/test-robustness.sh).
.PHONY: asan-mock
asan-mock:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan BUILD=$(BUILD)/asan $(BUILD)/asan/kmip-mock

asan:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory VARIANT=asan check

# What reads what others send, and keys.
units: $(filter $(BUILD)/tests/kmip/% $(BUILD)/tests/client/%,$(TESTS))
	$(Q)VARIANT=$(VARIANT) ci/run-tests --units $(BUILD) $^

asan-units:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan units

mutation:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(BUILD)/kmip-conform selftest $(ARGS)
	$(if $(ARGS),,$(Q)$(BUILD)/kmip-conform selftest --mutants -q)

figures: all
	$(Q)ci/figures.py $(BUILD) $(ARGS)

# What takes longer than a test may, one after the other.
soak:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory all $(CROWD) $(BENCHES)
	$(Q)for s in ci/soak/*.sh; do echo "  SOAK  $$s"; "$$s" $(BUILD) || exit; done

# Benchmarks: ci/bench. With LIBKMIP=DIR, a source tree of libkmip, it is a peer.
$(BUILD)/bench/codec: ci/bench/codec.c ci/bench/peer.c ci/bench/peer.h ci/bench/bench.h $(LIB_KMIP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CALL) $(if $(LIBKMIP),-DWITH_LIBKMIP -isystem $(LIBKMIP)/include -w) $(LDALL) \
	    $(filter %.c,$^) $(if $(LIBKMIP),$(addprefix $(LIBKMIP)/src/,kmip.c kmip_memset.c)) \
	    $(LIB_KMIP) $(call lib,$(KMIP_LIBS)) -o $@
$(BUILD)/bench/engine: ci/bench/engine.c ci/bench/bench.h $(LIB_MOCK) $(LIB_KMIP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CALL) $(LDALL) $< $(LIB_MOCK) $(LIB_KMIP) $(call lib,$(KMIP_LIBS) $(MOCK_LIBS)) \
	    -lhogweed -lgmp -o $@
$(BUILD)/bench/echo: ci/bench/echo.c ci/bench/bench.h $(LIB_KMIP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CALL) $(LDALL) $< $(LIB_KMIP) $(call lib,$(KMIP_LIBS)) -o $@
# Many bad clients at once, for make soak and its short form in make test: ci/soak.
$(BUILD)/soak/%: ci/soak/%.c $(LIB_KMIP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CALL) $(LDALL) $< $(LIB_KMIP) $(call lib,$(KMIP_LIBS)) -o $@
# What was compiled with a peer is not what was compiled without.
ifneq ($(LIBKMIP),$(file <$(BUILD)/bench/libkmip))
.PHONY: $(BUILD)/bench/codec
endif

bench: $(PROGRAMS) $(BENCHES)
	@printf '%s\n' '$(LIBKMIP)' >$(BUILD)/bench/libkmip
	$(Q)ci/bench/run $(BUILD)

pictures:
	$(Q)ci/deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(PYTHON) -B ci/pictures/make.py $(BUILD) ci/pictures

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

include ci/package/package.mk
include ci/fuzz/fuzz.mk

# The programs look for their data below share/kmip-conform of a folder above their own.
data  := $(DESTDIR)$(PREFIX)/share
share := $(data)/kmip-conform
COMPLETIONS := bash-completion/completions zsh/site-functions fish/vendor_completions.d
install: all install-library
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(share)/scenarios'
	install $(PROGRAMS) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 conformance/requirements.tsv conformance/report.schema.json $(SCHEMAS) '$(share)'
	install -m 644 fixtures/scenarios/*.yaml '$(share)/scenarios'
	install -m 644 $(wildcard fixtures/deviations.yaml fixtures/variations.yaml fixtures/mutants.yaml) '$(share)'
	$(Q)for s in $(notdir $(wildcard conformance/suites/*)); do \
	    install -d "$(share)/suites/$$s" && \
	    install -m 644 conformance/suites/$$s/*.yaml "$(share)/suites/$$s" || exit; done
	install -d $(addprefix '$(data)'/,man/man1 man/man5 $(COMPLETIONS))
	install -m 644 $(BUILD)/man/*.1 '$(data)/man/man1'
	install -m 644 $(BUILD)/man/*.5 '$(data)/man/man5'
	install -m 644 $(BUILD)/completions/bash/* '$(data)/$(word 1,$(COMPLETIONS))'
	install -m 644 $(BUILD)/completions/zsh/* '$(data)/$(word 2,$(COMPLETIONS))'
	install -m 644 $(BUILD)/completions/fish/* '$(data)/$(word 3,$(COMPLETIONS))'

# What make install would put there, by the same PREFIX, LIBDIR and DESTDIR.
uninstall: all library
	$(Q)rm -rf $(BUILD)/installed
	$(Q)$(MAKE) --no-print-directory DESTDIR='$(abspath $(BUILD))/installed' install >/dev/null
	$(Q)cd $(BUILD)/installed && find . ! -type d | while read -r f; do rm -f "$(DESTDIR)/$$f"; done
	$(Q)cd $(BUILD)/installed && find . -depth -type d -path '*kmip-conform*' | \
	    while read -r d; do [ ! -d "$(DESTDIR)/$$d" ] || rmdir "$(DESTDIR)/$$d" || exit; done
	$(Q)rm -rf $(BUILD)/installed

# Only what comes from here: BUILD may be any folder.
clean:
	rm -rf $(addprefix $(BUILD)/,obj pic libkmip-conform.names libkmip-conform.o libkmip-conform.map fuzz tests bench test-output flags asan man completions) \
	    $(PROGRAMS) $(LIB_KMIP) $(LIB_CLIENT) $(LIB_MOCK) $(LIB_CONF) $(LIB_SUPPORT) $(LIB_SHARED) $(LIB_STATIC)
	@rmdir $(BUILD) 2>/dev/null || true

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

-include $(shell find $(BUILD)/obj $(BUILD)/pic $(BUILD)/tests -name '*.d' 2>/dev/null)
