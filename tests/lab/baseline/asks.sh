# What note.sh and rollback.sh ask the systems of the incident. The environment says where they are: see rollback.sh.
# shellcheck shell=sh

ask() { curl --silent --show-error --fail --header 'content-type: application/json' "$@"; }

# Unleash: the flag as it is set, and as clients are served it.
flag=$UNLEASH/api/admin/projects/default/features/$FLAG
admin() { ask --header "authorization: $UNLEASH_ADMIN" "$@"; }
flag_set() { admin "$flag" | jq '.environments[] | select(.name == "production").enabled'; }
# SDKs are told that nothing has changed until the server has seen the flag's last event.
flag_served() {
    events=$UNLEASH/api/admin/search/events?feature=IS%3A$FLAG\&environment=IS%3Aproduction\&limit=1
    last=$(admin "$events" | jq '.events[0].id // 0')
    ask --header "authorization: $UNLEASH_CLIENT" "$UNLEASH/api/client/features?namePrefix=$FLAG" |
        jq --arg flag "$FLAG" --argjson last "$last" \
            'select(.meta.revisionId >= $last) | .features[] | select(.name == $flag).enabled'
}

# Delta: the library, since nobody writes a commit by hand.
table() { "$PYTHON" "$(dirname "$0")/table.py" "$TABLE" "$@"; }

# Feast, through its sidecar.
sidecar() {
    path=$1
    shift
    ask --header "authorization: Bearer $SIDECAR_TOKEN" "$SIDECAR/v1/feature-views/$VIEW$path" "$@"
}
view() { sidecar '' | jq -c "$1"; }
stored_rows() { sidecar /online/read --data "{\"entities\":$ENTITIES}" | jq -cS .rows; }

# MLflow: the alias, and all of a version that a model server loads: its run, and its artifacts byte for byte.
registry=$MLFLOW/api/2.0/mlflow
artifacts=$MLFLOW/api/2.0/mlflow-artifacts/artifacts
alias_stands() { ask "$registry/registered-models/alias?name=$MODEL&alias=champion" | jq -r .model_version.version; }
model_version() {
    found=$(ask "$registry/model-versions/get?name=$MODEL&version=$1" | jq -c .model_version)
    ask "$registry/runs/get?run_id=$(printf %s "$found" | jq -r .run_id)" | jq -r .run.info.artifact_uri
    printf %s "$found" | jq -r .source
    folder=$(printf %s "$found" | jq -r '.source | ltrimstr("mlflow-artifacts:/")')
    ask "$artifacts?path=$folder" | jq -r '.files[].path' | while read -r file; do
        printf '%s %s\n' "$file" "$(ask "$artifacts/$folder/$file" | sha256sum)"
    done
}

# Redis: the generation that readers use.
generation() { redis-cli -u "$REDIS" GET "$CACHE:generation"; }

# Feast, as models ask it. A service that names its version names it in its columns too.
served_values() {
    ask "$SERVING/get-online-features" --data "{\"feature_service\":\"${VIEW}_all\",\"entities\":{\"user_id\":[1,2,9]},\"full_feature_names\":true}" |
        jq -cS '[.metadata.feature_names, .results] | transpose
            | map({(.[0] | sub("@v[0-9]+"; "")): .[1] | {values, event_timestamps}}) | add'
}

# Prometheus: the error ratio, and how old its newest sample is; nothing where there is none.
number() { ask --get "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // empty'; }
