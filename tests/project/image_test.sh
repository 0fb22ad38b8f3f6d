#!/usr/bin/env bash
# Builds the container image, runs it as careful people do (read-only, no capabilities, not root) and looks at it.
# The engine is docker, podman or buildah, the first that works; IMAGE_TEST_ENGINE names one. Without any, it says so and passes.
#
# Buildah stands in where no engine runs, which is where no base image can be fetched either: the base is then a
# Debian made by debootstrap, with its Python, and the image runs in namespaces of its own by unshare.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=localhost/mockserver:image-test
suite=bookworm # the Debian of the local base, and its Python
suite_python=3.11
container= # what runs, for docker and podman its id, for buildah the process id

say() { printf 'image-test: %s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
now() { date +%s%3N; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

choose_engine() {
    local missing=()
    case "${IMAGE_TEST_ENGINE:-any}" in docker | any) has docker && docker version >/dev/null 2>&1 && echo docker && return ;; esac
    case "${IMAGE_TEST_ENGINE:-any}" in podman | any) has podman && podman info >/dev/null 2>&1 && echo podman && return ;; esac
    case "${IMAGE_TEST_ENGINE:-any}" in buildah | any) ;; *) say "skipped: ${IMAGE_TEST_ENGINE} does not work here" >&2 && return ;; esac
    for tool in buildah debootstrap unshare nsenter; do has "$tool" || missing+=("$tool"); done
    if [ "${#missing[@]}" -gt 0 ]; then
        say "skipped: neither docker nor podman works here, and for buildah there is no ${missing[*]}" >&2
    elif [ "$(id -u)" != 0 ]; then
        say "skipped: neither docker nor podman works here, and building with buildah and debootstrap needs root" >&2
    else
        echo buildah
    fi
}

# One value of the image's configuration, as lines; a list gives a line for each element.
configured() {
    python3 -c '
import json, sys
image = json.load(open(sys.argv[1]))
config = image["Docker"]["config"] if "Docker" in image else image[0]["Config"]
value = config.get(sys.argv[2]) or []
value = value["Test"][1:] if "Test" in value else value
print("\n".join(value) if isinstance(value, list) else value)' "$scratch/image.json" "$1"
}

# --- docker and podman -------------------------------------------------------------------------------------------------

engine_build() { "$engine" build --quiet --tag "$image" . >/dev/null; }
engine_start() {
    container=$("$engine" run --detach --read-only --cap-drop ALL --security-opt no-new-privileges --publish "127.0.0.1:$port:8080" "$image")
}
engine_inside() { "$engine" exec "$container" "$@"; }
engine_signal() { "$engine" kill --signal TERM "$container" >/dev/null; }
engine_wait() { [ "$("$engine" wait "$container")" = 0 ]; }
engine_log() { "$engine" logs "$container" 2>&1; }
engine_size() { "$engine" image inspect --format '{{.Size}}' "$image"; }
engine_inspect() { "$engine" image inspect "$image"; }
engine_remove() { [ -z "$container" ] || "$engine" rm --force "$container" >/dev/null 2>&1 || true; }

# --- buildah -----------------------------------------------------------------------------------------------------------

in_store() {
    local command=$1
    shift
    BUILDAH_ISOLATION=chroot buildah --root "$scratch/store" --runroot "$scratch/run" --storage-driver vfs "$command" "$@"
}

# The machine's pip settings but for folders, which a build does not see.
pip_settings() {
    python3 -m pip config list | python3 -c '
import ast, sys
settings = {}
for line in sys.stdin:
    key, _, value = line.strip().partition("=")
    settings[key.rpartition(".")[2]] = ast.literal_eval(value)
print("[global]")
for key, value in settings.items():
    words = [word for word in value.split() if not word.startswith(("file:", "/"))]
    if words:
        print(key.removeprefix("default-"), "=", " ".join(words))
'
}

make_base() {
    local base=$scratch/base
    debootstrap --variant=minbase --include=python3,python3-pip,python-is-python3,ca-certificates "$suite" "$base" >"$scratch/debootstrap.log" 2>&1 ||
        { tail -5 "$scratch/debootstrap.log" >&2 && fail "debootstrap could not make the base"; }
    cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
    pip_settings >"$base/etc/pip.conf"
    in_store from --name base scratch >/dev/null
    in_store add --quiet base "$base" / >/dev/null
    in_store commit --quiet --rm base "localhost/python:$suite_python-slim" >/dev/null
    rm -rf "$base"
}

buildah_build() {
    local began
    began=$(now)
    make_base
    say "base of Debian $suite made in $(($(now) - began)) ms"
    in_store build --pull-never --format docker --build-arg "PYTHON_VERSION=$suite_python" --tag "$image" . >"$scratch/build.log" 2>&1 ||
        { tail -20 "$scratch/build.log" >&2 && fail "the image does not build"; }
    in_store from --pull-never --name instance "$image" >/dev/null
    root=$(in_store mount instance)
}

# The image's own user, environment, entry point and command, as process 1 of new namespaces, on a root that is read-only.
buildah_start() {
    local environment entry user
    mapfile -t environment < <(configured Env)
    mapfile -t entry < <(configured Entrypoint && configured Cmd)
    user=$(configured User)
    # shellcheck disable=SC2016  # the inner shell expands these
    unshare --fork --kill-child --pid --ipc --uts --mount --propagation private bash -c '
        root=$1 user=$2 && shift 2
        mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount -o remount,bind,ro "$root"
        exec env -i "${@:2:$1}" chroot "$root" setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups \
            --bounding-set=-all --inh-caps=-all --no-new-privs "${@:$1 + 2}"
    ' start "$root" "$user" $((${#environment[@]} + 1)) "${environment[@]}" "MOCKSERVER_PORT=$port" "${entry[@]}" >"$scratch/log" 2>&1 &
    outer=$!
    until container=$(tr -d ' ' <"/proc/$outer/task/$outer/children") && [ -n "$container" ]; do
        kill -0 "$outer" 2>/dev/null || fail "the container does not start: $(cat "$scratch/log")"
    done
}
buildah_inside() {
    local environment
    mapfile -t environment < <(configured Env)
    nsenter --target "$container" --mount --pid --root --wd=/ --setuid 65532 --setgid 65532 env -i "${environment[@]}" "MOCKSERVER_PORT=$port" "$@"
}
buildah_signal() { kill -TERM "$container"; }
buildah_wait() { wait "$outer"; }
buildah_log() { cat "$scratch/log"; }
buildah_size() { in_store images --json "$image" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["size"])'; }
buildah_inspect() { in_store inspect --type image "$image"; }
buildah_remove() {
    [ -z "$container" ] || kill -KILL "$container" 2>/dev/null || true
    [ ! -d "$scratch/store" ] || in_store rm --all >/dev/null 2>&1 || true
}

# --- the test ----------------------------------------------------------------------------------------------------------

engine=$(choose_engine)
[ -n "$engine" ] || exit 0
scratch=$(mktemp -d)
kind=$([ "$engine" = buildah ] && echo buildah || echo engine)
trap '"${kind}_remove"; rm -rf "$scratch"' EXIT

began=$(now)
"${kind}_build"
"${kind}_inspect" >"$scratch/image.json"
say "built with $engine in $(($(now) - began)) ms, its size is $("${kind}_size")"

port=$(free_port)
url=http://127.0.0.1:$port
began=$(now)
"${kind}_start"
until curl --silent --fail --output /dev/null --max-time 1 "$url/readyz"; do
    [ $(($(now) - began)) -lt 10000 ] || fail "/readyz does not answer 200 within 10 s: $("${kind}_log")"
    sleep 0.01
done
say "ready $(($(now) - began)) ms after its start"

answer=$(curl --silent --show-error --header 'Authorization: Token image-test' --header 'Content-Type: application/json' \
    --write-out ' %{http_code}' --data '{"phone_number": "+12025550187", "first_name": "Ada"}' "$url/sela/api/leads/")
[[ $answer == *' 201' ]] || fail "a lead could not be created: $answer"
say "a lead was created: ${answer:0:60}..."

[ "$("${kind}_inside" python -c 'import os; print(os.getuid())')" = 65532 ] || fail "it does not run as 65532"
say "it runs as user 65532"

if "${kind}_inside" python -c 'open("/probe", "w")' 2>"$scratch/probe"; then fail "its root can be written to"; fi
grep -q 'Read-only file system' "$scratch/probe" || fail "its root is not read-only: $(cat "$scratch/probe")"
say "its root is read-only"

mapfile -t health < <(configured Healthcheck)
if [ -n "${health[*]}" ]; then
    began=$(now)
    "${kind}_inside" "${health[@]}" || fail "its health check says no"
    say "its health check says yes in $(($(now) - began)) ms"
fi

began=$(now)
"${kind}_signal"
"${kind}_wait" || fail "SIGTERM ends it with an error: $("${kind}_log")"
took=$(($(now) - began))
[ "$took" -lt 1000 ] || fail "SIGTERM ends it after $took ms"
say "SIGTERM ended it in $took ms"
say "passed"
