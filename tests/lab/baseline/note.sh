#!/bin/sh
# Notes what is good while it is live, as a rollback point does: rollback.sh and rollback.yml go by these notes.
set -eu
. "$(dirname "$0")/asks.sh"

table version > "$NOTES/table.version"
view . > "$NOTES/view.json"
stored_rows > "$NOTES/rows.json"
served_values > "$NOTES/served.json"
alias_stands > "$NOTES/model.version"
model_version "$(cat "$NOTES/model.version")" > "$NOTES/model.files"
generation > "$NOTES/generation"
date +%s000 > "$NOTES/moment"
