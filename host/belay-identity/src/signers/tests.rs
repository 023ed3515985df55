//! What an `allowed_signers` file may say, and how a line that may not is told.

use expect_test::{Expect, expect};
use jiff::tz::TimeZone;

use super::AllowedSigners;
use crate::{Namespace, RevokedKeys};

const ANA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const BEN: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

fn check(text: &str, expected: &Expect) {
    let text = text.replace("$ANA", ANA).replace("$BEN", BEN);
    let found = match AllowedSigners::parse(&text, &TimeZone::UTC) {
        Ok(signers) => {
            let line = |line: &super::KeyLine| {
                let uses = Namespace::ALL.into_iter().filter(|namespace| line.is_for(*namespace));
                let uses: Vec<_> = uses.map(Namespace::as_str).collect();
                let uses = if uses.len() == Namespace::ALL.len() { "everything".to_owned() } else { uses.join(" ") };
                let moment = |at: Option<belay_domain::id::Millis>| at.map_or("-".to_owned(), |at| at.0.to_string());
                let (from, until) = (moment(line.valid_after), moment(line.valid_before));
                format!("{}: {} {from} {until} for {uses}", line.person, line.algorithm)
            };
            signers.keys().map(line).collect::<Vec<_>>()
        }
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    expected.assert_eq(&found.join("\n"));
}

#[test]
fn people_and_keys_are_read() {
    check(
        "# who may sign\n\nana $ANA ana at her laptop\nben@shop.example $BEN\n",
        &expect![[r#"
            ana: ssh-ed25519 - - for everything
            ben@shop.example: ecdsa-sha2-nistp256 - - for everything"#]],
    );
}

#[test]
fn options_are_read() {
    check(
        "ana namespaces=\"*@belay,!governance@belay\",valid-after=\"20260101Z\",VALID-BEFORE=\"20270101Z\" $ANA\n\
         \"ana\" namespaces=\"git, review@belay\" $ANA spare",
        &expect![[r#"
            ana: ssh-ed25519 1767225600000 1798761600000 for mandate@belay request@belay proposal@belay break-glass@belay rejection@belay review@belay redaction-request@belay redaction@belay hold@belay retention@belay
            ana: ssh-ed25519 - - for "#]],
    );
}

#[test]
fn what_would_widen_who_signed_is_refused() {
    check(
        "ana cert-authority $ANA\n*@shop.example $ANA\nana,ben $ANA\nana $ANA\nben $ANA\n! $BEN",
        &expect![[r#"
            line 1: cert-authority: belay counts keys only, not certificates; list each person's key by itself
            line 2: `*@shop.example` is a pattern: a key stands for one person, who is named in full
            line 3: `ana,ben` names several: a key stands for one person
            line 5: this is the key of `ana` too (line 4): a key stands for one person
            line 6: `!` is a pattern: a key stands for one person, who is named in full"#]],
    );
}

#[test]
fn what_is_not_understood_is_refused() {
    check(
        "ana\nana ssh-ed25519\nana ssh-ed25519 AAAA\nana no-touch-required $ANA\nana valid-before=\"tomorrow\" $ANA\n\
         ana valid-after=\"20260101\",valid-after=\"20250101\" $ANA\nänna $ANA\nana namespaces $ANA\n\
         ana ssh-ed25519-cert-v01@openssh.com AAAA",
        &expect![[r#"
            line 1: there is no key after the name: `ana ssh-ed25519 AAAA…`
            line 2: there is no key here that can be read: length invalid
            line 3: there is no key here that can be read: length invalid
            line 4: `no-touch-required` is no option: namespaces="…", valid-after="…" and valid-before="…" are, joined by commas
            line 5: valid-before: `tomorrow` is no moment: YYYYMMDD or YYYYMMDDHHMM[SS], with Z where it is UTC
            line 6: `valid-after` is there twice
            line 7: `änna` is not a person's name: 1 to 100 letters, digits, `-`, `_`, `.`, `+` or `@`, the first a letter or digit
            line 8: `namespaces` is no option: namespaces="…", valid-after="…" and valid-before="…" are, joined by commas
            line 9: this is a certificate: belay counts keys only, each listed by itself"#]],
    );
}

#[test]
fn revoked_keys_are_read_as_keys_and_as_fingerprints() {
    let revoked =
        RevokedKeys::parse(&format!("# gone\n{ANA} ana\nSHA256:JQ6FV0rf7qqJHZqIj4zNH8eV0oB8KLKh9Pph3FTD98g\n"));
    assert_eq!(revoked.unwrap().fingerprints().count(), 2);
    let refused = RevokedKeys::parse("serial: 1\nSHA256:short").unwrap_err();
    assert_eq!(refused.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 2]);
}
