#!/usr/bin/env bash
# ci/test-pictures.sh BUILD: the README's pictures can be made, and are those it shows.
set -u
cd "$(dirname "$0")/.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
mkdir "$work/made"
run 0 "$python" -B ci/pictures/make.py "$build" "$work/made"
for name in terminal report live; do
    for picture in "$work/made/$name.png" "ci/pictures/$name.png"; do
        [ "$(head -c 4 "$picture" | tail -c 3)" = PNG ] || fail "$picture is no PNG"
        size=$(stat -c %s "$picture")
        [ "$size" -gt 10000 ] && [ "$size" -lt 300000 ] || fail "$picture has $size bytes"
    done
    grep -qF "(ci/pictures/$name.png)" README.md || fail "README.md does not show $name.png"
done
[ "$(ls "$work/made" | wc -l)" -eq 3 ] || fail "other pictures: $(ls "$work/made")"
end_test "pictures: made, and shown in the README"
