//! The rules that are asked. A rule that no policy declares is not asked; a package that declares none of them judges
//! nothing, which is a mistake and no verdict.

use belay_sdk::Fault;

use crate::policies::Loaded;
use crate::{Config, mistake};

/// A rule that has a say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// Reasons to deny.
    Deny,
    /// Notes for the plan's reader.
    Warn,
    /// Whether it may go on: anything but `true` denies.
    Allow,
    /// A verdict in parts.
    Verdict,
}

impl Entry {
    const ALL: [Self; 4] = [Self::Deny, Self::Warn, Self::Allow, Self::Verdict];

    const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Allow => "allow",
            Self::Verdict => "verdict",
        }
    }

    /// Where it is: `data.belay.deny`.
    pub(crate) fn path(self, package: &str) -> String {
        format!("data.{package}.{}", self.name())
    }
}

/// The rules that the package declares. `warn` alone can't hold anything back, but it is a policy.
pub(crate) fn declared(loaded: &Loaded, config: &Config) -> Result<Vec<Entry>, Fault> {
    let mut found = Vec::new();
    for entry in Entry::ALL {
        if is_declared(loaded, entry)? {
            found.push(entry);
        }
    }
    if found.is_empty() {
        let files: Vec<_> = config.policies.iter().map(|policy| policy.file.as_str()).collect();
        return Err(Fault::Invalid(format!(
            "no rule `deny`, `warn`, `allow` or `verdict` in package `{}` of {}: nothing would be judged",
            config.package,
            files.join(", ")
        )));
    }
    Ok(found)
}

fn is_declared(loaded: &Loaded, entry: Entry) -> Result<bool, Fault> {
    for file in &loaded.files {
        let declares = loaded.engine.has_declared_rule_rooted_at(file, entry.name());
        if declares.map_err(|error| mistake::fault(&error))? {
            return Ok(true);
        }
    }
    Ok(false)
}
