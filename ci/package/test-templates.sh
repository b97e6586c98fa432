#!/usr/bin/env bash
# ci/package/test-templates.sh BUILD: what others take over as it is (a GitHub Action, a GitLab
# template, manifests for Kubernetes, the unit for systemd, the image, the Debian packages'
# lists): it refers to what is there, and what it runs is run here.
cd "$(dirname "$0")/../.." || exit 2
. ci/testing.sh
start_test "$@"
here=$work
version=$(sed -n 's/^VERSION := //p' Makefile)
export PATH=$build:$PATH
templates() { "$python" -B ci/package/templates.py "$build" "$version" "$@"; }
piece() { templates sh "$1" >"$work/$1.sh" || fail "there is no piece $1"; }

run 0 "$python" -B ci/package/templates.py "$build" "$version" check

# ---- shell: scripts, and the pieces of shell in files of another kind ----------------------
for what in build github gitlab job merge container; do
    piece "$what"
    [ -s "$work/$what.sh" ] || fail "the piece $what is empty"
    { echo 'set -e'; cat "$work/$what.sh"; } >"$work/piece.sh"
    run 0 shellcheck --severity=warning --shell=bash "$work/piece.sh"
done
run 0 shellcheck --severity=warning ci/package/{deb,deb-chroot,names,run-scenarios}

# ---- continuous integration: a server that the command likes, and one that it does not ----
export COMMAND="kmip-client bucket-key create photos --compound-create && echo 'a <key> & more'"
judged() { # judged REPORTS
    matches '^none: exit code 0$'
    matches '^compound-create-rejected: exit code 1$'
    for scenario in none compound-create-rejected; do
        run 0 xmllint --noout --schema ci/junit.xsd "$1/$scenario.xml"
    done
    if grep -q '<failure' "$1/none.xml"; then fail "$1/none.xml: a failure of a correct server"; fi
    grep -q 'a &lt;key&gt; &amp; more' "$1/none.xml" || fail "$1/none.xml: without the output"
    grep -q '<failure message="exit code 1; again: kmip-mock run --scenario compound-create-rejected' \
        "$1/compound-create-rejected.xml" || fail "$1/compound-create-rejected.xml: no failure"
}
run 1 env GITHUB_ACTION_PATH="$tree/ci/package/github" GITHUB_STEP_SUMMARY="$work/summary" REPORTS="$work/github" SEED=1 \
    SCENARIOS='none compound-create-rejected' bash -e "$work/github.sh"
judged "$work/github"
run 0 grep -cx '| [a-z-]* | [01] | [0-9]* |' "$work/summary"
matches '^2$'

# The project as a submodule, with its build in it.
mkdir "$work/gitlab" "$work/gitlab/kmip-conform"
ln -s "$tree/ci" "$build" "$work/gitlab/kmip-conform/"
[ -e "$work/gitlab/kmip-conform/build" ] || ln -s "$build" "$work/gitlab/kmip-conform/build"
run 1 env -C "$work/gitlab" KMIP_CONFORM=kmip-conform KMIP_COMMAND="$COMMAND" KMIP_SEED=1 \
    KMIP_SCENARIO='none compound-create-rejected' bash -e "$work/gitlab.sh"
judged "$work/gitlab/kmip-reports"

# ---- Kubernetes: the mock as its ConfigMap has it, the shards side by side, the merge ----------
piece config
mkdir "$work/reports"
here_is() { sed "s,/reports/,$work/reports/,g; s,--host kmip-mock --certs /certs,,"; }
for i in 0 1 2; do
    # Each as the Job's pod of that index runs it; the mock is that of the environment.
    echo "JOB_COMPLETION_INDEX=$i sh -c '$(here_is <"$work/job.sh")' &"
done >"$work/all.sh"
echo wait >>"$work/all.sh"
run 0 kmip-mock run --log error --config "$work/config.sh" --set listen=127.0.0.1:0 --set control=127.0.0.1:0 \
    --pki "$work/pki" --pki-name kmip-mock -- bash "$work/all.sh"
run 0 sh -c "$(here_is <"$work/merge.sh")"
json "$work/reports/run.json" not_run 0
[ -s "$work/reports/run.html" ] || fail "no page of the shards' reports"
openssl x509 -in "$work/pki/server/kmip-cert.pem" -noout -ext subjectAltName >"$work/out"
says 'DNS:kmip-mock'

# The cloudserver beside it gets what advise prints.
run 0 kmip-mock run --log error --control 0 -- kmip-conform advise --write "$work/advised.yaml"
templates advised "$work/advised.yaml" >"$work/out" || fail "values.yaml is not what advise prints"

# ---- systemd --------------------------------------------------------------------------------
sed "s,/usr/bin/kmip-mock,$mock," ci/package/kmip-mock.service >"$work/kmip-mock.service"
run 0 systemd-analyze verify --man=no "$work/kmip-mock.service"
run 0 systemd-analyze security --offline=true --threshold=20 "$work/kmip-mock.service"
run 0 "$mock" --help
for option in --config --pki; do
    grep -q "^ExecStart=.* $option " ci/package/kmip-mock.service || fail "the unit does without $option"
    says " $option "
done
# The mock does with the system calls that are left to it, and as nobody.
chmod 711 "$work"
mkdir -m 777 "$work/state"
cp "$mock" "$work/kmip-mock"
sed "s,/var/lib/kmip-mock,$work/state," ci/package/mock.yaml >"$work/mock.yaml"
chmod 644 "$work/mock.yaml"
ci/package/confined.py ci/package/kmip-mock.service "$work/kmip-mock" --config "$work/mock.yaml" --log error \
    --set listen=127.0.0.1:0 --pki "$work/state/pki" --ready-file "$work/state/ready" >"$work/out" 2>"$work/err" &
pid=$!
pids+=("$pid")
until [ -s "$work/state/ready" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
if [ -s "$work/state/ready" ]; then
    port=$("$python" -c 'import json, sys; print(json.load(sys.stdin)["port"])' <"$work/state/ready")
    kill -HUP "$pid"
    run 0 "$client" create --name kept --host 127.0.0.1 --port "$port" --certs "$work/state/pki/client"
    kill "$pid"
fi
wait "$pid" || fail "the mock under the unit's filter: exit $?"
# shellcheck disable=SC2016
run 159 sh -c '"$@"; exit $?' sh ci/package/confined.py ci/package/kmip-mock.service \
    "$python" -c 'import os; os.chown("/", 0, 0)'

# ---- Debian: every file is in one package -------------------------------------------------------
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX LIBDIR
run 0 make BUILD="$build" PREFIX=/usr LIBDIR=/usr/lib/any DESTDIR="$work/root" -o all install
run 0 "$python" -B ci/package/templates.py "$build" "$version" deb "$work/root"

end_test "templates: what they refer to is there, and what they run works"
