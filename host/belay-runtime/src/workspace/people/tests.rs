//! What a workspace may say of people, and how a mistake in it is told.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::workspace::Workspace;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const THIRD: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICGL58G78OrW3PrJcYpHiY17N0KHeRnr9pNjUvG4Rp/d";
const OTHER: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

const CONFIG: &str = r##"[workspace]
name = "shop"
state = "state"

[connection.flags]
kind = "dir"

[environment.prod.connection]
flags = { path = "flags" }

[plugin]
flag = { path = "flag.wasm" }

[risk]
bands = [{ up_to = 25, approvals = 0 }]

[people]
allowed_signers = "people/allowed_signers"
admins = ["ada"]
os_users = { root = "ana" }

[governance]
accept = 1

[team.ranking]
members = ["ana"]
approvers = ["ada"]
channel = "#ranking"
may = { environments = ["prod"], connections = ["flags"] }

[role.break-glass]
may = { environments = ["prod"] }
"##;

const FEATURE_SET: &str = r#"[feature_set]
name = "ranker"
owner = "ranking"

[[resource]]
name = "flag"
plugin = "flag"
at = "flags/ranker"
"#;

const RUNBOOK: &str = r#"[runbook]
name = "turn-off"
summary = "Turn it off"
may_touch = { resources = ["flag"] }

[[stage]]
name = "contain"

[[stage.step]]
resource = "flag"
set = { on = false }
"#;

/// Loads a workspace in which one file has `from` replaced by `to`.
fn load(file: &str, from: &str, to: &str) -> Result<Workspace, String> {
    let folder = tempfile::tempdir().unwrap();
    lay(folder.path(), file, from, to);
    Workspace::load(folder.path()).map_err(|problems| problems.to_string())
}

/// Lays a workspace in which one file has `from` replaced by `to`.
fn lay(folder: &Path, file: &str, from: &str, to: &str) {
    let signers = format!("ana {KEY}\nada {OTHER}\n");
    let files = [
        ("belay.toml", CONFIG),
        ("features/ranker.toml", FEATURE_SET),
        ("runbooks/off.toml", RUNBOOK),
        ("people/allowed_signers", &signers),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(name != file || text.contains(from), "{from}");
        fs::write(path, if name == file { text.replacen(from, to, 1) } else { text.to_owned() }).unwrap();
    }
}

fn check(file: &str, from: &str, to: &str, expected: &Expect) {
    expected.assert_eq(&load(file, from, to).err().unwrap_or_else(|| "sound".to_owned()));
}

#[test]
fn people_and_teams_are_read() {
    let staff = load("belay.toml", "", "").unwrap().staff.unwrap();
    let people = belay_domain::json::Json::from(&staff.people).unwrap();
    expect![[r##"{"admins":["ada"],"auditors":[],"break_glass":[],"os_users":{"root":"ana"},"roles":{"break-glass":{"environments":["prod"]}},"teams":{"ranking":{"approvers":["ada"],"authors":[],"break_glass":[],"channel":"#ranking","may":{"connections":["flags"],"environments":["prod"]},"members":["ana"]}}}"##]]
    .assert_eq(&people.canonical());
    assert_eq!(staff.accept, 1);
    assert_eq!(staff.signers.people().len(), 2);
}

#[test]
fn people_are_told_as_the_files_have_them_now() {
    let folder = tempfile::tempdir().unwrap();
    lay(folder.path(), "belay.toml", "", "");
    let workspace = Workspace::load(folder.path()).unwrap();
    assert_eq!(workspace.staff_now().unwrap(), workspace.staff);

    let signers = folder.path().join("people/allowed_signers");
    fs::write(&signers, format!("ana {KEY}\nada {OTHER}\nbo {THIRD}\n")).unwrap();
    replace(folder.path(), "belay.toml", "members = [\"ana\"]", "members = [\"ana\", \"bo\"]");
    let now = workspace.staff_now().unwrap().unwrap();
    assert_eq!((now.signers.people().len(), now.people.teams.len()), (3, 1));

    // They may touch a feature set that came after the workspace was read.
    fs::write(folder.path().join("features/new.toml"), FEATURE_SET.replace("ranker", "new")).unwrap();
    replace(folder.path(), "belay.toml", "environments = [\"prod\"], conn", "feature_sets = [\"new\"], conn");
    assert!(workspace.staff_now().unwrap().is_some());

    replace(folder.path(), "belay.toml", "admins = [\"ada\"]", "admins = [\"eve\"]");
    let problems = workspace.staff_now().unwrap_err().to_string();
    assert_eq!(problems, "belay.toml:19: `eve` has no key in allowed_signers");

    fs::remove_file(folder.path().join("belay.toml")).unwrap();
    assert!(workspace.staff_now().is_err());
}

/// Replaces `from` by `to` in one file.
fn replace(folder: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_name_without_a_key_is_named_with_its_line() {
    check(
        "belay.toml",
        "admins = [\"ada\"]",
        "admins = [\"bo\"]",
        &expect!["belay.toml:19: `bo` has no key in allowed_signers"],
    );
    check(
        "belay.toml",
        "members = [\"ana\"]",
        "members = [\"ana\", \"ben\"]",
        &expect!["belay.toml:26: `ben` has no key in allowed_signers"],
    );
    check(
        "belay.toml",
        "root = \"ana\"",
        "root = \"nobody\"",
        &expect!["belay.toml:20: `nobody` has no key in allowed_signers"],
    );
}

#[test]
fn a_scope_names_what_there_is() {
    check(
        "belay.toml",
        "connections = [\"flags\"]",
        "connections = [\"lake\"]",
        &expect!["belay.toml:29: `lake` is no connection of this workspace"],
    );
    check(
        "belay.toml",
        "may = { environments = [\"prod\"] }",
        "may = { feature_sets = [\"x\"] }",
        &expect!["belay.toml:32: `x` is no feature set of this workspace"],
    );
    check(
        "runbooks/off.toml",
        "resources = [\"flag\"]",
        "resources = [\"flga\"]",
        &expect!["runbooks/off.toml:4: `flga` is no resource of this workspace"],
    );
    check(
        "belay.toml",
        "[role.break-glass]",
        "[role.admin]",
        &expect!["belay.toml:31: [role.admin] limits nothing: what an admin does is of the whole workspace"],
    );
    check(
        "belay.toml",
        "[role.break-glass]",
        "[role.boss]",
        &expect![
            "belay.toml:31: unknown variant `boss`, expected one of `responder`, `approver`, `author`, `auditor`, `admin`, `break-glass`"
        ],
    );
}

#[test]
fn an_owner_is_a_team_where_there_are_teams() {
    check(
        "features/ranker.toml",
        "\"ranking\"",
        "\"rnking\"",
        &expect![[r#"
        features/ranker.toml:3: `rnking` is no team: belay.toml has no [team.rnking]
        runbooks/off.toml:4: `flag` is no resource of this workspace"#]],
    );
}

#[test]
fn a_change_that_nobody_could_accept_is_refused() {
    check(
        "belay.toml",
        "accept = 1",
        "accept = 2",
        &expect!["belay.toml:23: accept = 2, but [people] names 1 admins: no change could be accepted"],
    );
    check(
        "belay.toml",
        "accept = 1",
        "accept = 0",
        &expect!["belay.toml:23: accept is at least 1: nobody changes the governance alone"],
    );
}

#[test]
fn a_list_of_keys_that_can_not_be_read_is_refused() {
    check(
        "people/allowed_signers",
        "ada ",
        "ada cert-authority ",
        &expect![
            "people/allowed_signers:2: cert-authority: belay counts keys only, not certificates; list each person's key by itself"
        ],
    );
    check(
        "belay.toml",
        "people/allowed_signers",
        "nobody",
        &expect!["belay.toml:18: nobody can't be read: No such file or directory (os error 2)"],
    );
    check(
        "belay.toml",
        "admins",
        "revoked_keys = \"runbooks\"\nadmins",
        &expect!["belay.toml:19: runbooks can't be read: Is a directory (os error 21)"],
    );
}

#[test]
fn teams_need_people() {
    let people =
        "[people]\nallowed_signers = \"people/allowed_signers\"\nadmins = [\"ada\"]\nos_users = { root = \"ana\" }\n";
    check(
        "belay.toml",
        people,
        "",
        &expect![
            "belay.toml:21: teams, roles and [governance] need [people] with allowed_signers: who is who, by which key?"
        ],
    );
}
