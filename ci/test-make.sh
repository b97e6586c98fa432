#!/usr/bin/env bash
# The Makefile from the outside: flags that change make everything anew, sanitizers that
# nothing switches off, make install and what runs from there, make clean, make help.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { echo "usage: ci/test-make.sh BUILD" >&2; exit 2; }
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
variant=${VARIANT:-}
# As a user calls it, not as a part of the make that may have started this test.
unset MAKEFLAGS MFLAGS MAKELEVEL VARIANT BUILD CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR V

failures=0
fail() {
    echo "FAILED: $*"
    sed 's/^/    /' "$work/out" | head -n 20
    failures=$((failures + 1))
}

b=$work/b
object=$b/obj/kmip/base/clock.o

# object ARGS...: make of one object; what it says is in $work/out.
object() {
    ran="make $*"
    make BUILD="$b" V=1 "$@" "$object" >"$work/out" 2>&1 || fail "$ran: does not work"
}
compiles() { grep -q -- " -o $object" "$work/out" || fail "$ran: does not compile"; }
rests() { if grep -q -- " -o $object" "$work/out"; then fail "$ran: compiles again"; fi; }
with() {
    grep -q -- " $1 .* -o $object" "$work/out" || fail "$ran: without $1"
}
holds() { # holds MARK yes|no
    local has=no
    nm "$object" | grep -q "$1" && has=yes
    [ "$has" = "$2" ] || fail "$ran: is $1 in the object? $has"
}

flags() {
    object; compiles; with -D_FORTIFY_SOURCE=2; holds __asan no
    object; rests
    object CFLAGS=-O0; compiles; with -O0
    object CFLAGS=-O0; rests
    object CFLAGS='-O2 -D_FORTIFY_SOURCE=1'; compiles
    object VERSION=9; compiles; with "-DKMIP_CONFORM_VERSION='\"9\"'"
    object CPPFLAGS=-DSOMETHING; compiles; with -DSOMETHING
    object; compiles
    # In the same folder, and whatever else is asked for.
    object VARIANT=asan; compiles; holds __asan_init yes
    object VARIANT=asan CFLAGS=-O0; compiles; with -O0; with -fsanitize=address,undefined
    holds __asan_init yes
    ran="make VARIANT=asna"
    if make BUILD="$b" VARIANT=asna >"$work/out" 2>&1; then fail "$ran: works"; fi
    grep -q 'one of: asan' "$work/out" || fail "$ran: does not name the variants"
}

# The same folder by two names is one folder: what objects depend on is not lost between them.
names() {
    ran="make BUILD=$PWD/elsewhere"
    make -n V=1 BUILD="$PWD/elsewhere" elsewhere/obj/kmip/base/clock.o >"$work/out" 2>&1 || fail "$ran: does not work"
    grep -q -- ' -o elsewhere/obj/kmip/base/clock.o' "$work/out" || fail "$ran: is not elsewhere"
}

# Tests that are to run under sanitizers do not run without.
marks() {
    local rc=0
    mkdir -p "$work/plain"
    for p in kmip-conform kmip-mock kmip-client; do cp /bin/true "$work/plain/$p"; done
    VARIANT=asan ci/run-tests "$work/plain" /bin/true >"$work/out" 2>&1 || rc=$?
    [ "$rc" -eq 1 ] || fail "run-tests of plain binaries as VARIANT=asan: exit $rc"
    grep -q 'was not built for VARIANT=asan' "$work/out" || fail "run-tests does not say why"
    rc=0
    VARIANT=asan ci/run-tests --units "$work/plain" /bin/true >"$work/out" 2>&1 || rc=$?
    [ "$rc" -eq 1 ] || fail "run-tests --units of a plain binary as VARIANT=asan: exit $rc"
}

# install_to ARGS...: the programs as they are, nothing built (-o all).
install_to() {
    make BUILD="$build" VARIANT="$variant" -o all "$@" install >"$work/out" 2>&1 || fail "make $* install"
}

# installed BIN: all that the programs need is found from there, by any way to them.
installed() {
    local bin=$1 rc
    cd "$work" || return
    "$bin/kmip-conform" list >"$work/list" 2>"$work/out" || fail "$bin/kmip-conform list"
    cmp -s "$work/list" "$work/list.tree" || fail "$bin/kmip-conform list: other cases"
    "$bin/kmip-conform" list --coverage >"$work/coverage" 2>"$work/out" || fail "$bin: list --coverage"
    "$bin/kmip-mock" scenarios >"$work/scenarios" 2>"$work/out" || fail "$bin/kmip-mock scenarios"
    cmp -s "$work/scenarios" "$work/scenarios.tree" || fail "$bin/kmip-mock scenarios: others"
    "$bin/kmip-mock" deviations >"$work/deviations" 2>"$work/out" || fail "$bin/kmip-mock deviations"
    # shellcheck disable=SC2016 # the mock sets it
    "$bin/kmip-mock" run --scenario slow-appliance -- sh -c '"$0/kmip-client" discover' "$bin" \
        >"$work/out" 2>&1 || fail "$bin/kmip-mock run"
    rc=0
    (PATH=$bin:$PATH && kmip-mock run -- kmip-conform run --case sklc-m-1) >"$work/out" 2>&1 || rc=$?
    [ "$rc" -eq 0 ] || fail "kmip-conform run from $bin: exit $rc"
    cd "$OLDPWD" || exit 2
}

installs() {
    local here
    here=$(pwd)
    case $build in /*) ;; *) build=$here/$build ;; esac
    "$build/kmip-conform" list >"$work/list.tree" 2>"$work/out" || fail "kmip-conform list"
    "$build/kmip-mock" scenarios >"$work/scenarios.tree" 2>"$work/out" || fail "kmip-mock scenarios"
    [ -s "$work/list.tree" ] && [ -s "$work/scenarios.tree" ] || fail "lists are empty"
    (umask 077 && install_to DESTDIR="$work/root" PREFIX=/usr)
    [ "$(ls "$work/root")" = usr ] || fail "something is installed outside of DESTDIR/PREFIX"
    if find "$work/root" -not -perm -444 | grep . >"$work/out"; then fail "not for all to read"; fi
    if find "$work/root/usr/share" -type f -perm /111 | grep . >"$work/out"; then fail "executable data"; fi
    installed "$work/root/usr/bin"
    install_to PREFIX="$work/a place"
    installed "$work/a place/bin"
}

cleans() {
    mkdir -p "$b/mine"
    object
    make BUILD="$b" clean >"$work/out" 2>&1 || fail "make clean"
    [ "$(ls "$b")" = mine ] || fail "make clean leaves, besides what is not ours: $(ls "$b")"
    rmdir "$b/mine"
    object
    make BUILD="$b" clean >"$work/out" 2>&1
    [ ! -e "$b" ] || fail "make clean leaves its empty folder"
}

helps() {
    make help >"$work/out" 2>&1 || fail "make help"
    for target in '' conformance test asan lint install clean; do
        grep -qE "^ *make ${target:+$target }  " "$work/out" || fail "make help: no word of make $target"
    done
    if grep -q '^#' "$work/out"; then fail "make help prints comments"; fi
}

flags
names
marks
installs
cleans
helps
[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
echo "make: all passed"
