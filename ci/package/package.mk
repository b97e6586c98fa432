# libkmip-conform: codec, tables, forms of a message, TLS and client (kmip/, client/lib) for
# programs that are not of this tree. Part of the Makefile.
#
# What it offers is what these headers declare; each of them, and what they include, is
# installed below include/kmip-conform, where `pkg-config --cflags libkmip-conform` finds it.
PUBLIC := client/lib/kc.h client/lib/requests.h client/lib/reply.h client/lib/bucket.h \
          client/lib/settings.h \
          $(addprefix kmip/form/,form.h from_yaml.h tour.h) \
          $(addprefix kmip/schema/,dict.h tags.h message.h validate.h walk.h secrecy.h) \
          $(addprefix kmip/ttlv/,ttlv.h reader.h writer.h framing.h) \
          kmip/yaml/ynode.h kmip/net/tls.h \
          $(addprefix kmip/base/,arena.h buf.h bytes.h clock.h error.h errors.def finding.h \
              log.h option.h rules.def text.h)

# Before 1.0 a minor version may change anything (semver.org, 4), so it names the interface.
version_word = $(word $(1),$(subst ., ,$(VERSION)))
SOVERSION  := $(call version_word,1)$(if $(filter 0,$(call version_word,1)),.$(call version_word,2))
LIB_SHARED := $(BUILD)/libkmip-conform.so.$(VERSION)
LIB_STATIC := $(BUILD)/libkmip-conform.a
LIBDIR     ?= $(PREFIX)/lib

.PHONY: library
library: $(LIB_SHARED) $(LIB_STATIC)

pic = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))
$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(if $(filter 1,$(V)),,echo "  PIC   $<")
	$(Q)$(CC) $(patsubst -fPIE,-fPIC,$(CALL)) -c $< -o $@

# The functions bear short names (buf_clear, tls_new): those of the library are bound to each
# other, whatever a program calls its own.
$(BUILD)/libkmip-conform.map: $(PUBLIC) $(LIB_KMIP) $(LIB_CLIENT) ci/package/exports ci/package/package.mk
	$(Q)ci/package/exports KMIP_CONFORM_$(SOVERSION) '$(CC)' $(PUBLIC) -- $(LIB_KMIP) $(LIB_CLIENT) >$@.new
	@mv $@.new $@
$(LIB_SHARED): $(call pic,$(KMIP_SRC) $(CLIENT_SRC)) $(BUILD)/libkmip-conform.map
	@$(if $(filter 1,$(V)),,echo "  LINK  $@")
	$(Q)$(CC) $(CFLAGS) $(SAN) -shared -Wl,-soname,libkmip-conform.so.$(SOVERSION) \
	    -Wl,--version-script=$(BUILD)/libkmip-conform.map -Wl,-Bsymbolic-functions \
	    $(if $(SAN),,-Wl,-z,defs) -Wl,-z,relro,-z,now $(LDFLAGS) $(filter %.o,$^) \
	    $(call lib,$(KMIP_LIBS)) -o $@
$(LIB_STATIC): $(call obj,$(KMIP_SRC) $(CLIENT_SRC))
	$(archive)

.PHONY: install-library
install-library: library
	install -d $(addprefix '$(DESTDIR)$(PREFIX)'/include/kmip-conform/,$(sort $(dir $(PUBLIC)))) \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(Q)for h in $(PUBLIC); do \
	    install -m 644 "$$h" '$(DESTDIR)$(PREFIX)/include/kmip-conform/'"$$h" || exit; done
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
