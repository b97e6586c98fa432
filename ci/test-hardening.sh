#!/usr/bin/env bash
# ci/test-hardening.sh BUILD: the programs are built so that a mistake in them is hard to use:
# position independent, with read-only relocations bound at the start, a stack that cannot be
# executed, stack protection and fortified calls of the C library.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work

# What is missing from a binary, a word each.
missing() {
    local headers dynamic symbols
    headers=$(readelf -hlW "$1") dynamic=$(readelf -dW "$1") symbols=$(readelf -sW "$1")
    grep -qE 'Type: +DYN' <<<"$headers" || echo PIE
    grep -q GNU_RELRO <<<"$headers" || echo RELRO
    grep -qE 'BIND_NOW|FLAGS_1.*NOW' <<<"$dynamic" || echo bound-at-start
    grep -E 'GNU_STACK' <<<"$headers" | grep -q 'RW ' || echo NX
    # With sanitizers in it a program has neither: they do it in another way.
    [ -z "${VARIANT:-}" ] || return 0
    grep -q '__stack_chk_fail' <<<"$symbols" || echo stack-protector
    grep -qE '__(memcpy|snprintf|vsnprintf|strcpy|read|memmove)_chk' <<<"$symbols" || echo FORTIFY
}

for program in "$conform" "$mock" "$client"; do
    without=$(missing "$program" | tr '\n' ' ')
    [ -z "$without" ] || fail "${program##*/} is built without ${without% }: CFLAGS and LDFLAGS may add, not take away"
done

# The same eyes on a program that has nothing of all this.
echo 'int main(void) { return 0; }' >"$work/bare.c"
cc -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,norelro,-z,lazy,-z,execstack \
    "$work/bare.c" -o "$work/bare" 2>"$work/err" || fail 'cannot build a bare program'
want='PIE RELRO bound-at-start NX'
[ -n "${VARIANT:-}" ] || want+=' stack-protector FORTIFY'
[ "$(missing "$work/bare" | xargs)" = "$want" ] || fail "of a bare program is missing: $(missing "$work/bare" | xargs)"

end_test 'PIE, RELRO, NX, stack protector and FORTIFY are in the three programs'
