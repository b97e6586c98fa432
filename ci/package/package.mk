# libkmip-conform: codec, tables, forms of a message, TLS and client (kmip/, client/lib) for
# programs that are not of this tree. Part of the Makefile.
#
# What it offers is what these headers declare; each of them, and what they include, is
# installed below include/kmip-conform, where `pkg-config --cflags libkmip-conform` finds it.
PUBLIC := client/lib/kc.h client/lib/requests.h client/lib/reply.h client/lib/bucket.h \
          client/lib/settings.h \
          $(addprefix kmip/form/,form.h from_yaml.h tour.h) \
          $(addprefix kmip/schema/,dict.h tags.h message.h validate.h walk.h) \
          $(addprefix kmip/ttlv/,ttlv.h reader.h writer.h framing.h) \
          kmip/yaml/ynode.h kmip/net/tls.h \
          $(addprefix kmip/base/,arena.h buf.h bytes.h clock.h error.h errors.def finding.h \
              log.h rules.def text.h)

# Before 1.0 a minor version may change anything (semver.org, 4), so it names the interface.
version_word = $(word $(1),$(subst ., ,$(VERSION)))
SOVERSION  := $(call version_word,1)$(if $(filter 0,$(call version_word,1)),.$(call version_word,2))
LIB_SHARED := $(BUILD)/libkmip-conform.so.$(VERSION)
LIB_STATIC := $(BUILD)/libkmip-conform.a
LIBDIR     ?= $(PREFIX)/lib

.PHONY: library
library: $(LIB_SHARED) $(LIB_STATIC)

pic = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))
PIC_CALL := $(patsubst -fPIE,-fPIC,$(CALL)) -fno-semantic-interposition -ffunction-sections \
            -fdata-sections -fno-lto
$(BUILD)/pic/%.o: %.c $(BUILD)/flags ci/package/package.mk
	@mkdir -p $(@D)
	@$(if $(filter 1,$(V)),,echo "  PIC   $<")
	$(Q)$(CC) $(PIC_CALL) -c $< -o $@

# The functions bear short names (buf_clear, tls_read), which others take for theirs, too: in
# the library each has LIB_PREFIX before it, and all that is not offered is local. Programs do not
# notice: names.h, which every installed header includes, says it to their compiler.
LIB_NAMES  := $(BUILD)/libkmip-conform.names
LIB_OBJECT := $(BUILD)/libkmip-conform.o
LIB_PREFIX := kmip_conform_
$(LIB_NAMES): $(PUBLIC) $(LIB_KMIP) $(LIB_CLIENT) ci/package/names ci/package/package.mk
	$(Q)ci/package/names '$(CC)' $(PUBLIC) -- $(LIB_KMIP) $(LIB_CLIENT) >$@.new
	@mv $@.new $@
$(LIB_OBJECT): $(call pic,$(KMIP_SRC) $(CLIENT_SRC)) $(LIB_NAMES)
	$(Q)$(CC) -r -nostdlib $(filter %.o,$^) -o $@.all
	$(Q)sed 's/.*/& $(LIB_PREFIX)&/' $(LIB_NAMES) >$@.renamed
	$(Q)objcopy --redefine-syms=$@.renamed --wildcard --keep-global-symbol='$(LIB_PREFIX)*' $@.all $@
	@rm -f $@.all $@.renamed
$(LIB_SHARED): $(LIB_OBJECT)
	@$(if $(filter 1,$(V)),,echo "  LINK  $@")
	@echo 'KMIP_CONFORM_$(SOVERSION) { global: $(LIB_PREFIX)*; local: *; };' >$(BUILD)/libkmip-conform.map
	$(Q)$(CC) $(CFLAGS) $(SAN) -shared -Wl,-soname,libkmip-conform.so.$(SOVERSION) \
	    -Wl,--version-script=$(BUILD)/libkmip-conform.map -Wl,--gc-sections -Wl,--as-needed \
	    $(if $(SAN),,-Wl,-z,defs) -Wl,-z,relro,-z,now $(LDFLAGS) $< $(call lib,$(KMIP_LIBS)) -o $@
$(LIB_STATIC): $(LIB_OBJECT)
	$(archive)

.PHONY: install-library
include := $(DESTDIR)$(PREFIX)/include/kmip-conform
install-library: library
	install -d $(addprefix '$(include)'/,$(sort $(dir $(PUBLIC)))) '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(Q)for h in $(PUBLIC); do \
	    sed '0,/^#define [A-Z_]*_H$$/s//&\n\n#include "names.h"/' "$$h" >'$(include)/'"$$h" && \
	    chmod 644 '$(include)/'"$$h" || exit; done
	$(Q){ echo '/* What the functions and data of libkmip-conform are called in the library, where'; \
	    echo ' * programs and other libraries may have such names, too. From C++, include the headers'; \
	    echo ' * within extern "C" { }. */'; \
	    printf '#ifndef KMIP_CONFORM_NAMES_H\n#define KMIP_CONFORM_NAMES_H\n\n'; \
	    sed 's/.*/#pragma redefine_extname & $(LIB_PREFIX)&/' $(LIB_NAMES); \
	    printf '\n#endif\n'; } >'$(include)/names.h'
	$(Q)chmod 644 '$(include)/names.h'
	install -m 644 $(LIB_SHARED) $(LIB_STATIC) '$(DESTDIR)$(LIBDIR)'
	ln -sf $(notdir $(LIB_SHARED)) '$(DESTDIR)$(LIBDIR)/libkmip-conform.so.$(SOVERSION)'
	ln -sf libkmip-conform.so.$(SOVERSION) '$(DESTDIR)$(LIBDIR)/libkmip-conform.so'
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))' \
	    'includedir=$${prefix}/include' '' 'Name: libkmip-conform' \
	    'Description: KMIP 1.2: TTLV codec, tables of the standard, client' \
	    'Version: $(VERSION)' 'Requires.private: $(KMIP_LIBS)' \
	    'Libs: -L$${libdir} -lkmip-conform' 'Cflags: -I$${includedir}/kmip-conform' \
	    >'$(DESTDIR)$(LIBDIR)/pkgconfig/libkmip-conform.pc'
	$(Q)chmod 644 '$(DESTDIR)$(LIBDIR)/pkgconfig/libkmip-conform.pc'

# Debian packages, in BUILD/deb.
.PHONY: deb
deb:
	$(Q)ci/deps --packages
	$(Q)ci/package/deb $(BUILD) $(VERSION) $(SOVERSION)
# ... which go into a clean Debian, work there, and leave without a trace.
.PHONY: deb-test
deb-test: deb
	$(Q)ci/package/deb-chroot $(BUILD)/deb
