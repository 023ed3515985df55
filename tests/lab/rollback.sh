#!/bin/sh
# What a responder would write instead of using belay: takes the alias `champion` of each model back to a version.
#
#     rollback.sh URL VERSION MODEL…
#
# It makes the same reads, writes and confirmations as belay, one after the other: where the alias stands, whether the
# version, its run and its artifacts are there, byte for byte those that were noted; the write; where the alias stands
# then. Notes lie beside it: `rollback.sh --note URL VERSION MODEL…` makes them, as a rollback point does.
set -eu

note=no
if [ "$1" = --note ]; then note=yes; shift; fi
url=$1 version=$2
shift 2
api=$url/api/2.0/mlflow
files=$url/api/2.0/mlflow-artifacts/artifacts
notes=${NOTES:-.}

get() { curl --silent --show-error --fail "$@"; }
# The value of a name in a line of JSON.
value() { sed "s/.*\"$1\":[[:space:]]*\"\([^\"]*\)\".*/\1/"; echo; }
stands() { get "$api/registered-models/alias?name=$1&alias=champion" | value version; }

# The version's run and place, and the digest of each of its artifacts.
describe() {
    found=$(get "$api/model-versions/get?name=$1&version=$version")
    run=$(printf %s "$found" | value run_id)
    get "$api/runs/get?run_id=$run" | value artifact_uri
    folder=$(printf %s "$found" | value source)
    folder=${folder#mlflow-artifacts:/}
    get "$files?path=$folder" | tr '{' '\n' | sed -n 's/.*"path":[[:space:]]*"\([^"]*\)".*/\1/p' | while read -r file; do
        printf '%s %s\n' "$file" "$(get "$files/$folder/$file" | sha256sum)"
    done
}

for model in "$@"; do
    if [ $note = yes ]; then
        describe "$model" > "$notes/$model.note"
        continue
    fi
    before=$(stands "$model")
    if [ "$before" = "$version" ]; then echo "$model: nothing to do"; continue; fi
    describe "$model" | cmp -s - "$notes/$model.note" || { echo "$model: version $version is not what was noted" >&2; exit 1; }
    get --request POST --header 'content-type: application/json' \
        --data "{\"name\":\"$model\",\"alias\":\"champion\",\"version\":\"$version\"}" \
        "$api/registered-models/alias" > /dev/null
    after=$(stands "$model")
    [ "$after" = "$version" ] || { echo "$model: still at $after" >&2; exit 1; }
    echo "$model: $before → $after"
done
