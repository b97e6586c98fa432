#!/usr/bin/env bash
# ci/test-secrets.sh BUILD: keys, passwords and plaintexts are in nothing that is put out, in no
# memory that was given back, in no file that others may read.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work

# --- what is put out: a part here, all of it in `make soak` ------------------------------

run 0 "$python" -B ci/harness/secrets.py "$build" --case 'get-*' --case 'cs-*' --case 'create-*' --case 'encrypt-*'
summary=$(tail -n 1 "$work/out")

# --- memory that is given back ------------------------------------------------------------

key=596b332b71392d7a52375f6d54783277 # "Yk3+q9-zR7_mTx2w"
printf 'Yk3+q9-zR7_mTx2w' >"$work/secrets"
printf 'plaintext that nobody is to see, in two blocks' >"$work/plain"
head -c 16 "$work/plain" >>"$work/secrets"
printf '\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef' >>"$work/secrets" # of cs-bc-m-10

# Under a sanitizer the allocator is another one.
scan() {
    SCAN_SECRETS=$work/secrets SCAN_FOUND=$work/found LD_PRELOAD=$work/scan.so "$@"
}
if [ -z "${VARIANT:-}" ]; then
    cc -O1 -shared -fPIC ci/harness/scan_free.c -o "$work/scan.so" -ldl 2>"$work/err" || fail 'cannot build scan_free.c'
    # Does it see? A block of its own, and one that grows.
    cat >"$work/careless.c" <<'C'
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *a = malloc(32), *b = malloc(32), *c;
    memcpy(a, "Yk3+q9-zR", 9), memcpy(a + 9, "7_mTx2w", 7);
    memcpy(b, a, 16);
    free(a);
    c = malloc(64); /* in the way of b */
    b = realloc(b, 100000);
    memset(b, 0, 100000);
    free(b), free(c);
    return 0;
}
C
    cc -O0 -fno-builtin "$work/careless.c" -o "$work/careless" && scan "$work/careless"
    [ "$(cut -d' ' -f1 "$work/found" | xargs)" = 'freed left' ] || fail "a careless program: $(cat "$work/found" 2>&1)"
    : >"$work/found"
    scan "$mock" run --log error --set journal.exchanges=100 --set "preload=[{identifier: k, value: $key,
        state: Active, attributes: {Cryptographic Parameters: {Block Cipher Mode: ECB, Padding Method: PKCS5}}}]" -- \
        sh -c 'cd "$0" && exec >out 2>err && "$client" get k && "$client" get k --json && "$client" get k --out key &&
            "$client" encrypt k plain >cipher && "$client" decrypt k cipher >again && cmp plain again &&
            "$client" attributes k && "$conform" run --case cs-bc-m-10 --json a.json --html a.html &&
            "$client" revoke k && "$client" destroy k' "$work" || fail 'programs under a scanning allocator'
    # GnuTLS keeps records in buffers of its own, which are freed as they are (SECURITY.md).
    ! grep -v '^freed libgnutls' "$work/found" >"$work/unwiped" ||
        fail "memory is given back with a secret in it: $(sort "$work/unwiped" | uniq -c | head -n 5)"
    [ -s "$work/found" ] || fail 'nothing was seen, not even what GnuTLS frees'
fi

# --- files ---------------------------------------------------------------------------------

# With no help from the umask.
(
    umask 0
    cd "$work" || exit 1
    mkdir files && cd files || exit 1
    "$mock" run --pki pki --set store=store --log error -- sh -c '
        exec >out 2>err
        uid=$("$client" create --usage Encrypt) && "$client" get "$uid" --out key.bin &&
        "$conform" run --case "get-*" --case "cs-*" --show-secrets --json s.json --junit s.xml --md s.md --tap s.tap --html s.html \
            --journal tester.journal & pid=$!
        until [ -e tester.journal ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
        ln tester.journal kept.journal
        wait $pid
        cp store-wal wal-seen 2>/dev/null; stat -c "%a %n" store store-wal >modes'
    cat modes >"$work/modes"
    stat -c '%a %n' pki/ca-key.pem pki/*/kmip-key.pem key.bin s.json s.xml s.md s.tap s.html kept.journal >>"$work/modes"
    stat -c '%a %n' pki pki/* | grep -v pem >"$work/folders"
) 2>"$work/err"
[ "$(wc -l <"$work/modes")" -eq 13 ] || fail "files that hold keys: $(cat "$work/modes")"
! grep -v '^600 ' "$work/modes" >"$work/open" || fail "others may read $(xargs <"$work/open")"
! grep -v '^700 ' "$work/folders" >"$work/open" || fail "others may enter $(xargs <"$work/open")"

# A key that everybody may read is told by all three.
chmod 644 "$work"/files/pki/*/kmip-key.pem
pki=$work/files/pki
run 0 "$mock" run --pki "$pki" -- sh -c '"$client" discover >/dev/null 2>"$0/client" && "$conform" run --case get-unknown-object \
    --journal "$0/j" >/dev/null 2>"$0/conform"' "$work"
cp "$work/err" "$work/mock"
for program in mock client conform; do
    grep -q 'kmip-key.pem can be read by every user of this machine (mode 0644): chmod 600 it' "$work/$program" ||
        fail "kmip-$program does not tell of a key that all may read: $(head -n 3 "$work/$program")"
done

end_test "no secret outside: $summary"
