#!/bin/sh
# What a responder would write instead of using belay: takes the six systems of the incident (docs/incident.md) back to
# what note.sh noted.
#
# It makes the writes and the confirmations that belay makes, one after the other, and looks first where a write would
# do harm: whether the version of the model is still what was noted, and whether materialising gives the noted values.
# It keeps no record, asks nobody, knows no way back, and begins anew when it is stopped.
#
# UNLEASH, SIDECAR, SERVING, MLFLOW, PROMETHEUS and REDIS are addresses; UNLEASH_ADMIN, UNLEASH_CLIENT and SIDECAR_TOKEN
# tokens; FLAG, TABLE, VIEW, MODEL and CACHE names; ENTITIES a JSON list; PYTHON has the `deltalake` library; NOTES is a
# folder. curl, jq and redis-cli do the rest.
set -eu
. "$(dirname "$0")/asks.sh"

fail() {
    echo "$*" >&2
    exit 1
}
same() { [ "$2" = "$3" ] || fail "$1: $2 instead of $3"; }
# Asks for two seconds: some systems serve a moment later what they were told.
await() {
    what=$1 wanted=$2 tries=40
    shift 2
    while found=$("$@") && [ "$found" != "$wanted" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$what: still $found"
        sleep 0.05
    done
}

# Contain: the flag off, for everybody.
admin --request POST "$flag/environments/production/off" > /dev/null
await flag false flag_set
await 'flag, to clients' false flag_served
echo 'flag: off'

# The table, with the library's RESTORE; it reads the result back.
table restore "$(cat "$NOTES/table.version")"

# The view back to its version, with the services that use it bound to it: Feast serves them wrong otherwise.
before=$(sidecar '')
bound=$(jq -c '.version as $version | .services | map_values(map(.version = $version))' "$NOTES/view.json")
pin=$(jq -c --argjson before "$before" --argjson services "$bound" \
    '{version, definition, expect: $before.etag, services: $services}' "$NOTES/view.json")
sidecar /pin --data "$pin" > /dev/null
wanted=$(jq -cS --argjson services "$bound" '{version, definition, services: $services}' "$NOTES/view.json")
same view "$(sidecar '' | jq -cS '{version, definition, services}')" "$wanted"
echo 'view: pinned'

# The values: what is newer first, since Redis would keep it. What would be written must be what was noted.
window="\"version\":$(jq .version "$NOTES/view.json"),\"start\":0,\"end\":$(cat "$NOTES/moment")"
# Afterwards no row of any customer may be left in its way.
compare() { sidecar /online/compare --data "{\"entities\":$ENTITIES,$window}" | jq -cS "$1"; }
same 'values of the batch source' "$(compare .rows)" "$(cat "$NOTES/rows.json")"
sidecar /online/clear --data "{$window}" > /dev/null
sidecar /online/materialise --data "{$window}" > /dev/null
same 'stored values' "$(compare '[.stored, .standing]')" "$(jq -cS '[., 0]' "$NOTES/rows.json")"
echo 'values: materialised'

# The model, if that version is still what it was.
version=$(cat "$NOTES/model.version")
same "version $version of the model" "$(model_version "$version")" "$(cat "$NOTES/model.files")"
ask "$registry/registered-models/alias" --data "{\"name\":\"$MODEL\",\"alias\":\"champion\",\"version\":\"$version\"}" > /dev/null
same alias "$(alias_stands)" "$version"
echo "model: $version"

# The cache last: it is computed from all of these.
redis-cli -u "$REDIS" SET "$CACHE:generation" "$(cat "$NOTES/generation")" KEEPTTL > /dev/null
same generation "$(generation)" "$(cat "$NOTES/generation")"
echo 'restored'

# Where the feature is served: what models are given, and what customers meet. No data is no good sign.
await 'served values' "$(cat "$NOTES/served.json")" served_values
tries=60
until
    age=$(number 'min(time() - timestamp(shop_error_ratio))')
    ratio=$(number 'max(shop_error_ratio)')
    [ -n "$age" ] && [ -n "$ratio" ] && awk "BEGIN { exit !($age <= 10 && $ratio < 0.02) }"
do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "error ratio: ${ratio:-no data}, ${age:-never} s old"
    sleep 1
done
echo "error ratio: $ratio"
