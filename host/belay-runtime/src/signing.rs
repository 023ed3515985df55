//! Signing in a person's name: which key, whose it is, what it signs. Keeps no key.

use belay_domain::id::Millis;
use belay_domain::people::PersonName;
use belay_identity::{Namespace, Signer, SigningKey, verify};

use crate::api::{Error, Keys, Requester};
use crate::host::Host;
use crate::standing;
use crate::workspace::Staff;

/// Somebody who can sign.
pub(crate) struct Pen {
    key: SigningKey,
    pub(crate) person: PersonName,
}

/// A text, signed.
pub(crate) struct Signed {
    pub(crate) by: Signer,
    pub(crate) text: String,
    pub(crate) signature: String,
}

impl Pen {
    /// The key that was named, or the one in ssh-agent that is one of the workspace's people.
    pub(crate) fn take(staff: &Staff, keys: &Keys) -> Result<Self, Error> {
        let agent = keys.agent.as_deref();
        let opened = match &keys.file {
            Some(file) => SigningKey::open(file, agent),
            None => SigningKey::from_agent(agent, &staff.signers, &staff.revoked),
        };
        let key = opened.map_err(|error| Error::refused(error.to_string()).changed("nothing was changed"))?;
        let fingerprint = key.fingerprint();
        let Some(person) = staff.signers.owner_of(&fingerprint).cloned() else {
            let what = format!("the key {fingerprint} is nobody's: no line of the allowed signers has it");
            return Err(Error::refused(what).changed("nothing was changed").next("name another with --key FILE"));
        };
        Ok(Self { key, person })
    }

    /// Who signs, as entries name them.
    pub(crate) fn requester(&self) -> Requester {
        named(&self.person, &self.key.fingerprint())
    }

    /// Signs, and looks that the signature counts now.
    pub(crate) fn sign(
        mut self,
        text: String,
        namespace: Namespace,
        staff: &Staff,
        at: Millis,
    ) -> Result<Signed, Error> {
        let signature = self.key.sign(text.as_bytes(), namespace);
        let signature = signature.map_err(|error| Error::refused(error.to_string()).changed("nothing was changed"))?;
        Signed::checked(text, signature, namespace, staff, at)
    }
}

impl Signed {
    /// A signature that was made elsewhere, if it counts now.
    pub(crate) fn checked(
        text: String,
        signature: String,
        namespace: Namespace,
        staff: &Staff,
        at: Millis,
    ) -> Result<Self, Error> {
        let by = verify(text.as_bytes(), namespace, &signature, &staff.signers, &staff.revoked, at);
        let by = by.map_err(|error| Error::refused(error.to_string()).changed("nothing was changed"))?;
        Ok(Self { by, text, signature })
    }

    /// Who signed, as entries name them.
    pub(crate) fn requester(&self) -> Requester {
        named(&self.by.person, &self.by.fingerprint)
    }
}

fn named(person: &PersonName, fingerprint: &str) -> Requester {
    Requester { name: person.to_string(), authenticated_by: format!("SSH key {fingerprint}") }
}

/// The people in force; without them nobody can sign for anything.
pub(crate) fn staff(host: &Host) -> Result<Staff, Error> {
    standing::staff(host)?.ok_or_else(|| {
        Error::usage("this workspace has no people: nobody can sign for anything")
            .next("add [people] and [team.NAME] to belay.toml: docs/approvals.md")
    })
}
