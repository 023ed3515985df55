//! `belay governance`: shows what is to be signed, has it signed, records it.

use std::path::PathBuf;

use belay_domain::people::PersonName;
use belay_identity::{Namespace, SigningKey};
use belay_runtime::api::{Ending, Error, ProposedChange};
use belay_runtime::{Runtime, Staff};

use super::{clock, open};
use crate::arguments::{Global, GovernanceCommand, Signing};
use crate::output::Output;
use crate::render::governance as render;

pub(super) async fn perform(command: GovernanceCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    match command {
        GovernanceCommand::Show => {
            output.answer("governance", &runtime.governance()?, |answer| render::standing(answer, &clock()))?;
        }
        GovernanceCommand::Diff => output.answer("governance", &runtime.governance()?, render::difference)?,
        GovernanceCommand::Propose { author, reason, signing } => {
            propose(&runtime, author, reason, &signing, output).await?;
        }
        GovernanceCommand::Accept { change, signing } => accept(&runtime, change, &signing, output).await?,
    }
    Ok(Ending::Done)
}

async fn propose(
    runtime: &Runtime,
    author: Option<PersonName>,
    reason: Option<String>,
    signing: &Signing,
    output: Output,
) -> Result<(), Error> {
    let (author, signature) = if signing.show || signing.signature.is_some() {
        let author = author.or_else(|| runtime.requester_person()).ok_or_else(|| {
            Error::usage("who proposes? The text to sign names them").next("belay governance propose --as PERSON …")
        })?;
        if signing.show {
            return output.bytes(runtime.proposal(&author)?.to_string().as_bytes());
        }
        (author, signed_elsewhere(signing)?)
    } else {
        let (mut key, person) = key(runtime, signing)?;
        let author = author.unwrap_or(person);
        let text = runtime.proposal(&author)?.to_string();
        (author, sign(&mut key, &text, Namespace::Proposal)?)
    };
    let change = runtime.propose(&author, &signature, reason).await?;
    output.answer("governance.proposed", &change, render::proposed)
}

async fn accept(runtime: &Runtime, typed: Option<String>, signing: &Signing, output: Output) -> Result<(), Error> {
    let change = waiting(runtime)?;
    if signing.show {
        return output.bytes(change.text.as_bytes());
    }
    let (shown, signature) = match (typed, signing.signature.is_some()) {
        // What is signed elsewhere says itself which change it is.
        (typed, true) => (typed.unwrap_or_else(|| change.short.clone()), signed_elsewhere(signing)?),
        (Some(typed), false) => {
            // Another change than the one that was shown is not even signed.
            if typed.eq_ignore_ascii_case(&change.short) {
                let (mut key, _) = key(runtime, signing)?;
                (typed, sign(&mut key, &change.text, Namespace::Governance)?)
            } else {
                (typed, String::new())
            }
        }
        (None, false) => {
            output.bytes(change.text.as_bytes())?;
            return Err(Error::usage("nothing was accepted: say which change you accept, by its digits")
                .next(format!("belay governance accept {} --key FILE", change.short)));
        }
    };
    let answer = runtime.accept_governance(&shown, &signature).await?;
    output.answer("governance.accepted", &answer, render::accepted)
}

fn waiting(runtime: &Runtime) -> Result<ProposedChange, Error> {
    runtime.governance()?.proposed.ok_or_else(|| {
        Error::refused("no change of what is in force is proposed; what was proposed before has gone by")
            .changed("nothing was accepted")
            .next("belay governance diff, then belay governance propose")
    })
}

/// The key that signs, and whose it is.
fn key(runtime: &Runtime, signing: &Signing) -> Result<(SigningKey, PersonName), Error> {
    let staff = staff(runtime)?;
    let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from);
    let opened = match &signing.key {
        Some(file) => SigningKey::open(file, agent.as_deref()),
        None => SigningKey::from_agent(agent.as_deref(), &staff.signers, &staff.revoked),
    };
    let key = opened.map_err(|error| Error::usage(error.to_string()))?;
    let fingerprint = key.fingerprint();
    let person = staff.signers.owner_of(&fingerprint).cloned().ok_or_else(|| {
        Error::refused(format!("the key {fingerprint} is nobody's: no line of the allowed signers has it"))
            .changed("nothing was changed")
            .next("name another with --key FILE")
    })?;
    Ok((key, person))
}

fn staff(runtime: &Runtime) -> Result<Staff, Error> {
    runtime.staff()?.ok_or_else(|| {
        Error::usage("no people are configured: belay.toml has no [people], so nobody could sign")
            .next("docs/governance.md says how people and their keys are listed")
    })
}

fn sign(key: &mut SigningKey, text: &str, namespace: Namespace) -> Result<String, Error> {
    key.sign(text.as_bytes(), namespace).map_err(|error| Error::usage(error.to_string()))
}

fn signed_elsewhere(signing: &Signing) -> Result<String, Error> {
    let file = signing.signature.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    std::fs::read_to_string(file).map_err(|error| Error::usage(format!("{}: {error}", file.display())))
}
