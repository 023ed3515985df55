//! One pin's word about another, held against that other.

use crate::pins::Pin;
use crate::{Pair, Recorded};

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Match,
    Mismatch(String),
    Unknown(String),
}

/// Holds what one pin recorded against the pin that it is about; none is a resource that the run doesn't put back to
/// one.
pub(crate) fn held(pair: &Pair, from: Option<&Pin>, of: Option<&Pin>) -> Outcome {
    let (from, of) = match (from, of) {
        // Both are left as they are, or set to attributes: nothing is brought together here.
        (None, None) => return Outcome::Match,
        (None, Some(of)) => {
            let resource = &pair.resource;
            let why =
                format!("whether {resource} fits {} is unknown: this run does not put {resource} back", of.named());
            return Outcome::Unknown(why);
        }
        (Some(from), of) => (from, of),
    };
    let unknown =
        |why: String| Outcome::Unknown(format!("whether {} fits {} is unknown: {why}", from.named(), pair.of));
    let recorded = match recorded(&pair.recorded, from) {
        Ok(recorded) => recorded,
        Err(why) => return unknown(why),
    };
    let Some(of) = of else { return unknown(format!("this run does not put {} back", pair.of)) };
    let Some(found) = of.attribute(&pair.is) else {
        return unknown(format!("the pin of {} has no `{}`", of.named(), pair.is));
    };
    if recorded.iter().any(|recorded| same(recorded, found, &pair.is)) {
        return Outcome::Match;
    }
    let said: Vec<String> = recorded.iter().map(|recorded| shortened(recorded)).collect();
    Outcome::Mismatch(format!(
        "{} was made from {} with {} `{}`, but {} goes back to {} with `{}`",
        from.named(),
        pair.of,
        pair.is,
        said.join("` or `"),
        of.resource,
        of.version,
        shortened(found)
    ))
}

/// What was recorded under a name; never empty. A run can read a dataset in several states.
fn recorded<'pin>(what: &Recorded, from: &'pin Pin) -> Result<Vec<&'pin str>, String> {
    match what {
        Recorded::Input(name) => {
            let inputs = from.inputs.as_ref().ok_or("it records no inputs")?;
            let found: Vec<&str> =
                inputs.iter().filter(|input| input.name == *name).map(|input| input.digest.as_str()).collect();
            if found.is_empty() { Err(format!("it records no input `{name}`")) } else { Ok(found) }
        }
        Recorded::Tag(name) => {
            let tags = from.tags.as_ref().ok_or("it records no tags")?;
            tags.get(name).map(|tag| vec![tag.as_str()]).ok_or_else(|| format!("it records no tag `{name}`"))
        }
    }
}

/// A version is the same with and without its `v`: labels have it, tools record bare numbers.
fn same(recorded: &str, found: &str, is: &str) -> bool {
    let bare = |label: &str| label.strip_prefix('v').unwrap_or(label).to_owned();
    recorded == found || (is == "version" && bare(recorded) == bare(found))
}

/// A digest by its beginning, as people read it.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 16 { text.to_owned() } else { text.chars().take(12).chain(['…']).collect() }
}
