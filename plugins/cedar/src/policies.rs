//! From files to policies that were checked against the schema. A policy's name is its `@id`, or its file and line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use belay_sdk::{Fault, TextFile};
use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use crate::mistake;

/// belay's own schema.
const TEXT: &str = include_str!("../belay.cedarschema");

/// What an annotation may be. A misspelt `@approvals` would ask for nobody.
const ANNOTATIONS: [&str; 5] = ["id", "reason", "approvals", "role", "note"];

/// Policies, and what people call each.
#[derive(Default)]
pub(crate) struct Policies {
    set: PolicySet,
    names: BTreeMap<PolicyId, Name>,
}

/// Where a policy is.
#[derive(Clone)]
struct Name {
    /// Which file, in the order of the configuration.
    file: usize,
    told: String,
}

/// Whoever knows belay's own schema. Reading it takes longer than all the rest, so it is read when the plugin is built.
static OURS: LazyLock<Result<Validator, Fault>> = LazyLock::new(|| {
    read(&TextFile { file: "belay.cedarschema".to_owned(), text: TEXT.to_owned() }).map(Validator::new)
});

/// Whoever knows the schema that is configured, or ours.
pub(crate) fn validator(configured: &[TextFile]) -> Result<Cow<'static, Validator>, Fault> {
    match configured {
        [] => OURS.as_ref().map(Cow::Borrowed).map_err(Fault::clone),
        [one] => Ok(Cow::Owned(Validator::new(read(one)?))),
        [_, ..] => Err(Fault::Invalid("there are several schemas, but one can hold".to_owned())),
    }
}

fn read(file: &TextFile) -> Result<Schema, Fault> {
    let read = Schema::from_cedarschema_str(&file.text);
    read.map(|(schema, _warnings)| schema).map_err(|error| mistake::in_file("schema", file, &error))
}

/// Reads the policies and checks them against the schema.
pub(crate) fn load(files: &[TextFile], validator: &Validator) -> Result<Policies, Fault> {
    let mut policies = Policies::default();
    for (number, file) in files.iter().enumerate() {
        policies.add(number, file)?;
    }
    if policies.names.is_empty() {
        return Err(Fault::Invalid("there is no policy: files = { policies = \"policies/*.cedar\" }".to_owned()));
    }
    let result = validator.validate(&policies.set, ValidationMode::Strict);
    // One mistake is told once for each action, in the order of a hash.
    if let Some(error) = result.validation_errors().min_by_key(ToString::to_string) {
        let file = policies.names.get(error.policy_id()).and_then(|name| files.get(name.file));
        return Err(match file {
            Some(file) => mistake::in_file("policy", file, error),
            None => Fault::Invalid(format!("the policies: {error}")),
        });
    }
    Ok(policies)
}

impl Policies {
    pub(crate) const fn set(&self) -> &PolicySet {
        &self.set
    }

    /// What people call a policy: `freeze`, or `policies/freeze.cedar line 7`.
    pub(crate) fn name(&self, id: &PolicyId) -> &str {
        self.names.get(id).map_or("a policy without a name", |name| name.told.as_str())
    }

    /// Adds what a file holds. Policies are numbered through all files, since each file's own numbers begin with 0.
    fn add(&mut self, number: usize, file: &TextFile) -> Result<(), Fault> {
        let set: PolicySet = file.text.parse().map_err(|error| mistake::in_file("policy", file, &error))?;
        if let Some(template) = set.templates().next() {
            let line = mistake::line(&file.text, file.text.find(&template.to_cedar()).unwrap_or(0));
            return Err(told(file, line, "it has a slot, such as ?principal, that nothing fills"));
        }
        let mut found: Vec<&Policy> = set.policies().collect();
        found.sort_by_key(|policy| place(policy.id()));
        let mut from = 0;
        for policy in found {
            let text = policy.to_cedar().unwrap_or_default();
            let start = file.text.get(from..).and_then(|rest| rest.find(&text)).map_or(from, |at| from + at);
            from = start + text.len();
            let line = mistake::line(&file.text, start);
            check_annotations(policy).map_err(|why| told(file, line, &why))?;
            // Unique, and readable: Cedar tells ids where a policy doesn't fit the schema.
            let id = PolicyId::new(format!("{}:{line}:{start}", file.file));
            let named = policy.annotation("id").filter(|id| !id.is_empty());
            let name = named.map_or_else(|| format!("{} line {line}", file.file), str::to_owned);
            self.set.add(policy.new_id(id.clone())).map_err(|error| told(file, line, &error.to_string()))?;
            self.names.insert(id, Name { file: number, told: name });
        }
        Ok(())
    }
}

/// Cedar numbers the policies of a file in their order: `policy0`, `policy1`.
fn place(id: &PolicyId) -> u32 {
    let id: &str = id.as_ref();
    id.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX)
}

fn check_annotations(policy: &Policy) -> Result<(), String> {
    for (name, _) in policy.annotations() {
        if !ANNOTATIONS.contains(&name) {
            return Err(format!("no annotation is called @{name}; there are @{}", ANNOTATIONS.join(", @")));
        }
    }
    let asks = policy.annotation("approvals");
    match (policy.effect(), asks, policy.annotation("role")) {
        (Effect::Forbid, Some(_), _) => Err("what is forbidden can't be approved: write a permit".to_owned()),
        (_, None, Some(_)) => Err("it names a @role, but no @approvals".to_owned()),
        (_, Some(count), _) if count.parse::<u32>().ok().is_none_or(|count| count == 0) => {
            Err(format!("@approvals(\"{count}\") is no number of people"))
        }
        (Effect::Permit | Effect::Forbid, _, _) => Ok(()),
    }
}

fn told(file: &TextFile, line: usize, why: &str) -> Fault {
    Fault::Invalid(format!("the policy {}, line {line}: {why}", file.file))
}
