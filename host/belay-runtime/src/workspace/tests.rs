//! What a workspace's files may not say, and how it is told.

use std::fs;

use expect_test::{Expect, expect};

use super::Workspace;

const CONFIG: &str = r#"
[workspace]
name = "shop"
state = "/var/lib/belay/shop"

[connection.flags]
kind = "dir"
writes = [{ match = "PUT *.json", at_best = "reversible" }]

[environment.prod.connection]
flags = { path = "flags" }

[plugin]
flag = { path = "flag.wasm" }

[risk]
bands = [{ up_to = 25, approvals = 0 }]
"#;

const FEATURE_SET: &str = r#"
[feature_set]
name = "ranker"
owner = "ranking"

[[resource]]
name = "flag"
plugin = "flag"
at = "flags/ranker"
"#;

const RUNBOOK: &str = r#"
[runbook]
name = "turn-off"
summary = "Turn it off"

[parameter.to]
type = "integer"
default = 0

[[stage]]
name = "contain"

[[stage.step]]
resource = "flag"
set = { rollout = { parameter = "to" } }
"#;

/// Loads a workspace in which one file has `from` replaced by `to`; what is wrong with it.
fn check(file: &str, from: &str, to: &str, expected: &Expect) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("belay.toml", CONFIG), ("features/ranker.toml", FEATURE_SET), ("runbooks/off.toml", RUNBOOK)]
    {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(name != file || text.contains(from), "{from}");
        let text = if name == file { text.replacen(from, to, 1) } else { text.to_owned() };
        fs::write(path, text).unwrap();
    }
    let found = Workspace::load(folder.path()).map_or_else(|problems| problems.to_string(), |_| "sound".to_owned());
    expected.assert_eq(&found);
}

#[test]
fn a_sound_workspace_is_taken() {
    check("belay.toml", "", "", &expect!["sound"]);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    check(
        "belay.toml",
        "state =",
        "stat =",
        &expect!["belay.toml:4: unknown field `stat`, expected one of `name`, `state`, `key`, `origin`"],
    );
    check(
        "runbooks/off.toml",
        "summary",
        "sumary",
        &expect![
            "runbooks/off.toml:4: unknown field `sumary`, expected one of `name`, `summary`, `when`, `when_not`, `escalate_to`, `tags`, `on_failure`, `may_touch`"
        ],
    );
    check(
        "belay.toml",
        "path = \"flags\"",
        "folder = \"flags\"",
        &expect![
            "belay.toml:11: connection `flags` of environment `prod`: unknown field `folder`, expected one of `path`, `timeout`, `digest_timeout`, `max_object`"
        ],
    );
}

#[test]
fn a_wrong_type_is_named_with_its_line() {
    check(
        "belay.toml",
        "up_to = 25",
        "up_to = \"low\"",
        &expect![[r#"belay.toml:17: invalid type: string "low", expected u32"#]],
    );
    check(
        "features/ranker.toml",
        "at = \"flags/ranker\"",
        "at = \"flags\"",
        &expect![
            "features/ranker.toml:9: `flags` is not a resource's address: a connection's name, `/`, and the resource's id there"
        ],
    );
}

#[test]
fn names_that_nothing_has_are_named_with_their_line() {
    check(
        "features/ranker.toml",
        "plugin = \"flag\"",
        "plugin = \"flagg\"",
        &expect!["features/ranker.toml:8: `flagg` is no plugin of this workspace; belay.toml has [plugin]"],
    );
    check(
        "features/ranker.toml",
        "at = \"flags/",
        "at = \"lake/",
        &expect!["features/ranker.toml:9: `lake` is no connection of belay.toml"],
    );
    check(
        "runbooks/off.toml",
        "parameter = \"to\"",
        "parameter = \"too\"",
        &expect!["runbooks/off.toml:13: the runbook has no [parameter.too]"],
    );
    check(
        "features/ranker.toml",
        "at = \"flags/ranker\"",
        "at = \"flags/ranker\"\nconnections = [\"served\"]",
        &expect!["features/ranker.toml:10: `served` is no connection of belay.toml"],
    );
}

#[test]
fn a_check_can_be_held_only_against_what_is_pinned() {
    let check_of_flag = "summary = \"Turn it off\"\n[[check]]\nprobe = \"flag\"\nresource = \"flag\"\n\
        measurement = \"value\"\nmust = { below = \"1\" }\nwithin = \"1s\"\n";
    check(
        "runbooks/off.toml",
        "summary = \"Turn it off\"",
        check_of_flag,
        &expect!["runbooks/off.toml:7: no step of this runbook puts `flag` back to what is pinned"],
    );
    // A ramp sets values too.
    let set = "set = { rollout = { parameter = \"to\" } }\n";
    let ramp = "ramp = { attribute = \"rollout\", through = [5, 0], hold = \"1s\" }\n\n[[check]]\nprobe = \"flag\"\n\
        resource = \"flag\"\nmeasurement = \"value\"\nmust = { below = \"1\" }\nwithin = \"1s\"\n";
    check(
        "runbooks/off.toml",
        set,
        ramp,
        &expect!["runbooks/off.toml:19: no step of this runbook puts `flag` back to what is pinned"],
    );
}

#[test]
fn lineage_that_goes_in_a_circle_is_shown() {
    let circle = "at = \"flags/ranker\"\nupstream = [\"flag\"]";
    check(
        "features/ranker.toml",
        "at = \"flags/ranker\"",
        circle,
        &expect!["features/ranker.toml:10: lineage goes in a circle: flag → flag"],
    );
}

#[test]
fn a_float_that_could_not_be_digested_is_refused() {
    let config = "at = \"flags/ranker\"\nconfig = { share = 0.5 }";
    check(
        "features/ranker.toml",
        "at = \"flags/ranker\"",
        config,
        &expect![[r#"features/ranker.toml:10: 0.5 is a float; write it as a string: "0.5""#]],
    );
}

#[test]
fn bands_that_leave_no_answer_are_refused() {
    check(
        "belay.toml",
        "{ up_to = 25, approvals = 0 }",
        "",
        &expect!["belay.toml:17: there is no band: every stage would be refused"],
    );
    check(
        "belay.toml",
        "bands = ",
        "headroom = 0\nbands = ",
        &expect!["belay.toml:16: headroom is at least 1: a mandate must allow its own plan"],
    );
}

#[test]
fn a_write_that_is_none_is_refused() {
    check(
        "belay.toml",
        "PUT *.json",
        "GET *.json",
        &expect![
            "belay.toml:8: `GET *.json` is not a write: the method is one of PUT, POST, PATCH, DELETE, or for keys SET, DEL, HSET, HDEL, UNLINK"
        ],
    );
}

#[test]
fn no_truncated_file_is_more_than_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for end in 0..CONFIG.len() {
        fs::write(folder.path().join("belay.toml"), &CONFIG[..end]).unwrap();
        if let Err(problems) = Workspace::load(folder.path()) {
            assert!(problems.to_string().starts_with("belay.toml"), "{problems}");
        }
    }
}
