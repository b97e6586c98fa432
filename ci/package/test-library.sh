#!/usr/bin/env bash
# ci/package/test-library.sh BUILD: libkmip-conform as somebody finds it who has installed it: headers
# that stand by themselves, symbols that they declare and no others, a program of their own
# that is built by pkg-config and speaks to the mock; and make uninstall, which leaves nothing.
cd "$(dirname "$0")/../.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX LIBDIR
prefix=$work/usr
version=$(sed -n 's/^VERSION := //p' Makefile)
cc=${CC:-cc}

run 0 make BUILD="$build" PREFIX="$prefix" -o all install-library
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

# ---- the version, from one place --------------------------------------------------------
run 0 pkg-config --modversion libkmip-conform
matches "^$version\$"
for program in "$conform" "$client" "$mock"; do
    run 0 "$program" --version
    matches "^${program##*/} $version\$"
done
for page in "$build"/man/*.[15]; do
    grep -qx "\.Os kmip-conform $version" "$page" || fail "${page##*/} is of another version"
done
soname=$(readelf -d "$prefix/lib/libkmip-conform.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')
[ -e "$prefix/lib/$soname" ] || fail "the soname, $soname, is not the name of a file"
[[ $version == "${soname#libkmip-conform.so.}".* ]] || fail "$soname is not of version $version"
grep -q "^## $version" CHANGELOG.md || fail "CHANGELOG.md has no section for $version"

# ---- headers ----------------------------------------------------------------------------
include=$prefix/include/kmip-conform
headers=$(cd "$include" && find . -name '*.h' -not -name names.h | sed 's,^\./,,' | sort)
[ "$(wc -l <<<"$headers")" -gt 20 ] || fail "headers are missing: $headers"
for h in $headers; do
    echo "#include \"$h\"" >"$work/one.c"
    # shellcheck disable=SC2046 # options
    run 0 $cc -std=c11 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags libkmip-conform) \
        "$work/one.c"
    grep -q '^#include "names.h"$' "$include/$h" || fail "$h does without names.h"
done
{ for h in $headers; do echo "#include \"$h\""; done; } >"$work/every.h"
{ echo 'extern "C" {'; cat "$work/every.h"; echo '}'; } >"$work/every.cc"
run 0 clang++ -std=c++17 -Wall -Werror -fsyntax-only -I"$include" "$work/every.cc"

# ---- symbols: what the headers declare, no less and no more ---------------------------------
# GCC lists the functions. Data begin with extern.
cp "$work/every.h" "$work/every.c"
run 0 gcc -std=c11 -fsyntax-only -aux-info "$work/declared.aux" -I"$include" "$work/every.c"
# shellcheck disable=SC2046 # files
{ grep -F "$include" "$work/declared.aux" | sed -n 's/.*\*\/ extern [^(]*[ *]\([a-z_0-9]*\) (.*/\1/p'
  sed -n 's/^extern .*[ *]\([a-z_0-9]*\)\(\[.*\]\)\{0,1\};.*/\1/p' $(sed "s,^,$include/," <<<"$headers")
} | LC_ALL=C sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -gt 100 ] || fail "few names are declared: $(tr '\n' ' ' <"$work/declared")"
names() { awk '$2 ~ /[TDRB]/ {print $1}' | sed 's/@.*//' | grep -v '^KMIP_CONFORM_' | LC_ALL=C sort; }
nm -D --defined-only --format=posix "$prefix/lib/libkmip-conform.so" | names >"$work/shared"
nm -g --defined-only --format=posix "$prefix/lib/libkmip-conform.a" | names >"$work/static"
sed 's/^/kmip_conform_/' "$work/declared" >"$work/wanted"
for kind in shared static; do
    run 0 diff "$work/wanted" "$work/$kind"
done

# ---- a program of somebody else's ---------------------------------------------------------
# shellcheck disable=SC2046
run 0 $cc -std=c11 -Wall -Wextra -Werror client/example/keys.c \
    $(pkg-config --cflags --libs libkmip-conform) -o "$work/keys"
# shellcheck disable=SC2046
run 0 $cc -std=c11 client/example/keys.c $(pkg-config --cflags libkmip-conform) \
    "$prefix/lib/libkmip-conform.a" $(pkg-config --libs gnutls nettle yaml-0.1 expat) -o "$work/keys-static"
# A program may call its own as it likes, and so may its other libraries.
{ echo '#include <stdlib.h>'; sed 's/.*/void &(void); void &(void) { abort(); }/' "$work/declared"; } >"$work/mine.c"
# shellcheck disable=SC2046
run 0 $cc -std=c11 -rdynamic client/example/keys.c "$work/mine.c" \
    $(pkg-config --cflags --libs libkmip-conform) -o "$work/keys-named"
# shellcheck disable=SC2046
run 0 $cc -std=c11 client/example/keys.c "$work/mine.c" \
    $(pkg-config --cflags libkmip-conform) "$prefix/lib/libkmip-conform.a" \
    $(pkg-config --libs gnutls nettle yaml-0.1 expat) -o "$work/keys-static-named"
for keys in keys keys-static keys-named keys-static-named; do
    run 0 "$mock" run --log error -- "$work/$keys"
    matches '^ *Attribute Value: Active$'
    matches '^key [^ ]+: made, used, destroyed$'
done
for keys in keys keys-static; do
    run 2 env -u KMIP_HOST "$work/$keys"
    tells_like '^keys: .*host'
    run 3 "$mock" run --log error -- env KMIP_PORT=1 "$work/$keys"
    tells 'keys: '
done

# ---- it goes as it came -----------------------------------------------------------------
run 0 make BUILD="$build" PREFIX="$prefix" -o all install
[ -x "$prefix/bin/kmip-mock" ] || fail "make install installs no programs"
touch "$prefix/bin/mine"
run 0 make BUILD="$build" PREFIX="$prefix" -o all uninstall
left=$(find "$prefix" ! -type d | grep -v '/bin/mine$'; find "$prefix" -type d -name '*kmip-conform*')
[ -z "$left" ] || fail "make uninstall leaves $left"
[ -e "$prefix/bin/mine" ] || fail "make uninstall takes what is not its own"

end_test "the library: a program built by pkg-config speaks to the mock"
