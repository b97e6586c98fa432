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
soname=$(readelf -d "$prefix/lib/libkmip-conform.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')
[ -e "$prefix/lib/$soname" ] || fail "the soname, $soname, is not the name of a file"
grep -q "^## $version" CHANGELOG.md || fail "CHANGELOG.md has no section for $version"

# ---- headers ----------------------------------------------------------------------------
include=$prefix/include/kmip-conform
headers=$(cd "$include" && find . -name '*.h' | sed 's,^\./,,' | sort)
[ "$(wc -l <<<"$headers")" -gt 20 ] || fail "headers are missing: $headers"
for h in $headers; do
    echo "#include \"$h\"" >"$work/one.c"
    # shellcheck disable=SC2046 # options
    run 0 $cc -std=c11 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags libkmip-conform) \
        "$work/one.c"
done

# ---- symbols ----------------------------------------------------------------------------
# A program that takes the address of each links; nothing else is to be had.
nm -D --defined-only --format=posix "$prefix/lib/libkmip-conform.so" | awk '$2 ~ /[TDRB]/ {print $1}' |
    sed 's/@.*//' | grep -v '^KMIP_CONFORM_' | sort >"$work/symbols"
[ "$(wc -l <"$work/symbols")" -gt 100 ] || fail "there are $(wc -l <"$work/symbols") symbols only"
{ for h in $headers; do echo "#include \"$h\""; done
  echo 'int main(int argc, char **argv) { (void)argv; const void *const all[] = {'
  sed 's/.*/    (const void *)\&&,/' "$work/symbols"
  echo '    0}; return all[argc] == 0; }'; } >"$work/all.c"
# shellcheck disable=SC2046
run 0 $cc -std=c11 -Wall -Wextra -Werror "$work/all.c" $(pkg-config --cflags --libs libkmip-conform) \
    -o "$work/all"
for inner in flights_free validator_report; do
    nm "$build/libkmip-conform.a" 2>/dev/null | grep -q " T $inner\$" || fail "there is no $inner"
    if grep -qx "$inner" "$work/symbols"; then fail "$inner is nobody's business"; fi
done

# ---- a program of somebody else's ---------------------------------------------------------
# shellcheck disable=SC2046
run 0 $cc -std=c11 -Wall -Wextra -Werror client/example/keys.c \
    $(pkg-config --cflags --libs libkmip-conform) -o "$work/keys"
# shellcheck disable=SC2046
run 0 $cc -std=c11 client/example/keys.c $(pkg-config --cflags libkmip-conform) \
    "$prefix/lib/libkmip-conform.a" $(pkg-config --libs gnutls nettle yaml-0.1 expat) -o "$work/keys-static"
for keys in keys keys-static; do
    run 0 "$mock" run --log error -- "$work/$keys"
    matches '^ *Attribute Value: Active$'
    matches '^key [^ ]+: made, used, destroyed$'
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
