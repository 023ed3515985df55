//! The writes that take a resource along a path of wanted states. Proposes none whose outcome it can't say, and none
//! whose guard it can't know.

use std::collections::BTreeMap;

use belay_sdk::{Change, Context, Desired, Fault, HttpWrite, Operation, Reads, Resource, State, Write as Proposed};

use crate::attributes::{self, Attributes};
use crate::config::Config;
use crate::content::Content;
use crate::present::{Present, fetch, in_short, label};
use crate::recipe::{Recipe, Write};
use crate::scope::Values;
use crate::tree::Tree;

/// What a step wants, checked.
enum Wanted {
    Pinned(Option<Content>),
    Set(BTreeMap<String, Tree>),
}

/// One step's way: the resource, the present and what is known of it.
struct Planner<'p> {
    reads: &'p dyn Reads,
    moment: &'p Context,
    of: &'p Resource<Config>,
    recipe: &'p Recipe,
    /// Read once something is to be written.
    present: Option<Present>,
    /// How many operations there are so far.
    operations: usize,
}

/// One change for each wanted state.
pub(crate) fn plan(
    reads: &dyn Reads,
    moment: &Context,
    of: &Resource<Config>,
    recipe: &Recipe,
    observed: &State,
    path: Vec<Desired<Attributes>>,
) -> Result<Vec<Change>, Fault> {
    // Before anything is read: an attribute that makes no sense is the author's mistake.
    let wanted = path.into_iter().map(|desired| wanted(recipe, desired)).collect::<Result<Vec<_>, _>>()?;
    let mut from = Content::read(&observed.content)?;
    let mut planner = Planner { reads, moment, of, recipe, present: None, operations: 0 };
    let mut changes = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let to = target(recipe, &wanted, from.as_ref())?;
        changes.push(planner.change(from.as_ref(), to.as_ref())?);
        from = to;
    }
    Ok(changes)
}

fn wanted(recipe: &Recipe, desired: Desired<Attributes>) -> Result<Wanted, Fault> {
    match desired {
        Desired::Pinned(pin) => Content::read(&pin.state.content).map(Wanted::Pinned),
        Desired::Attributes(set) => attributes::checked(recipe, &set).map(Wanted::Set),
    }
}

fn target(recipe: &Recipe, wanted: &Wanted, from: Option<&Content>) -> Result<Option<Content>, Fault> {
    match (wanted, from) {
        (Wanted::Pinned(to), _) if recipe.action && to.as_ref() != from => {
            Err(Fault::Unsupported("what was started can't be taken back: leave it out with --except".to_owned()))
        }
        (Wanted::Pinned(to), _) => Ok(to.clone()),
        (Wanted::Set(members), Some(from)) => Ok(Some(from.with(members.clone()))),
        (Wanted::Set(_), None) => Err(Fault::Missing("there is nothing to set attributes of".to_owned())),
    }
}

impl Planner<'_> {
    fn change(&mut self, from: Option<&Content>, to: Option<&Content>) -> Result<Change, Fault> {
        if from == to {
            return Ok(Change::nothing());
        }
        let operations = match (from, to) {
            (Some(from), Some(to)) => self.writes(from, to)?,
            (None, Some(to)) => vec![self.create(to)?],
            (Some(from), None) => vec![self.delete(from)?],
            (None, None) => Vec::new(),
        };
        let (observed, desired) = (from.map(Content::tree), to.map(Content::tree));
        let values = Values { observed: observed.as_ref(), desired: desired.as_ref(), ..self.recipe.values() };
        let notes = self.recipe.notes.iter().filter(|note| note.is_filled_by(&values));
        let notes = notes.map(|note| note.fill(&values).map(|text| label(&text))).collect::<Result<_, _>>()?;
        Ok(Change { operations, factors: Vec::new(), loss: None, notes })
    }

    /// The writes whose members differ, in the configuration's order.
    fn writes(&mut self, from: &Content, to: &Content) -> Result<Vec<Operation>, Fault> {
        if from.names() != to.names() {
            return Err(Fault::Unsupported(
                "the state was pinned with another `content` in the configuration".to_owned(),
            ));
        }
        let recipe = self.recipe;
        let mut at = from.clone();
        let mut operations = Vec::new();
        for write in &recipe.writes {
            let differs = to.differences(&at).any(|name| write.sets.iter().any(|set| set == name));
            let fits = write.when.iter().all(|(name, value)| to.get(name) == Some(value));
            if !(differs && fits) {
                continue;
            }
            let set = write.sets.iter().filter_map(|name| Some((name.clone(), to.get(name)?.clone())));
            let next = at.with(set.collect::<Vec<_>>());
            operations.push(self.operation(write, Some(&at), Some(&next))?);
            at = next;
        }
        match to.differences(&at).next() {
            Some(name) => {
                Err(Fault::Unsupported(format!("no write of the configuration sets `{name}` to what is wanted")))
            }
            None => Ok(operations),
        }
    }

    fn create(&mut self, to: &Content) -> Result<Operation, Fault> {
        let write = self.recipe.create.as_ref();
        let write = write
            .ok_or_else(|| Fault::Unsupported("it is absent, and the configuration has no `create`".to_owned()))?;
        self.operation(write, None, Some(to))
    }

    fn delete(&mut self, from: &Content) -> Result<Operation, Fault> {
        let write = self.recipe.delete.as_ref();
        let write = write.ok_or_else(|| {
            Fault::Unsupported("it is to be absent, and the configuration has no `delete`".to_owned())
        })?;
        self.operation(write, Some(from), None)
    }

    fn operation(&mut self, write: &Write, from: Option<&Content>, to: Option<&Content>) -> Result<Operation, Fault> {
        if self.operations > 0 && write.needs_the_present() {
            return Err(Fault::Unsupported(format!(
                "{} {}: its guard moves with the write before it, so the two can't be planned at once",
                write.method,
                write.path.source()
            )));
        }
        let first = self.operations == 0;
        self.operations += 1;
        self.look(first, from)?;
        let present = self.present.as_ref();
        let document = present.and_then(|present| present.document.as_ref());
        let result = match (document, to) {
            (Some(document), Some(to)) if write.sends_the_result() => Some(self.recipe.selection.put(to, document)?),
            (_, _) => None,
        };
        let (observed, desired) = (from.map(Content::tree), to.map(Content::tree));
        let values = Values {
            document,
            headers: present.map(|present| &present.headers),
            observed: observed.as_ref(),
            desired: desired.as_ref(),
            result: result.as_ref(),
            ..self.recipe.values().with_key(&self.moment.key)
        };
        for path in &write.needs {
            let path = path.path(&values)?;
            fetch(self.reads, &self.of.connection, &path)
                .map_err(|fault| fault.while_doing("what the wanted state needs"))?;
        }
        Ok(Operation {
            summary: label(&format!("{}: {}", self.of.id, told(from, to))),
            write: Proposed::Http(request(&self.of.connection, write, &values)?),
            yields: Content::text(to),
            reversibility: write.reversibility,
            touches: 1,
        })
    }

    /// Reads the present once, and holds it against what was observed: guards are made from it.
    fn look(&mut self, first: bool, from: Option<&Content>) -> Result<(), Fault> {
        if !first || self.present.is_some() {
            return Ok(());
        }
        let present = Present::read(self.reads, &self.of.connection, self.recipe)?;
        if present.content(self.recipe)?.as_ref() != from {
            return Err(Fault::Unavailable(format!("`{}` changed while it was planned", self.of.id)));
        }
        self.present = Some(present);
        Ok(())
    }
}

/// For people: `paused false → true`.
fn told(from: Option<&Content>, to: Option<&Content>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => {
            let short = |tree: Option<&Tree>| {
                let shown = tree
                    .map_or_else(|| "nothing".to_owned(), |tree| tree.shown().unwrap_or_else(|| "nothing".to_owned()));
                if shown.chars().count() <= 40 { shown } else { "…".to_owned() }
            };
            let changed =
                to.differences(from).map(|name| format!("{name} {} → {}", short(from.get(name)), short(to.get(name))));
            changed.collect::<Vec<_>>().join(", ")
        }
        (None, Some(to)) => format!("absent → {}", in_short(to)),
        (Some(_), None) | (None, None) => "→ absent".to_owned(),
    }
}

fn request(connection: &str, write: &Write, values: &Values<'_>) -> Result<HttpWrite, Fault> {
    let mut headers = Vec::new();
    for (name, template) in &write.headers {
        headers.push((name.clone(), template.fill(values)?));
    }
    let mut usual = |name: &str| {
        if !headers.iter().any(|(said, _)| said == name) {
            headers.push((name.to_owned(), "application/json".to_owned()));
        }
    };
    usual("accept");
    let body = match &write.body {
        Some(body) => {
            usual("content-type");
            serde_json::to_vec(&body.fill(values)?).map_err(|error| Fault::Invalid(error.to_string()))?
        }
        None => Vec::new(),
    };
    Ok(HttpWrite {
        connection: connection.to_owned(),
        method: write.method.to_owned(),
        path: write.path.path(values)?,
        headers,
        body,
        applied: write.applied.clone(),
        refused: write.refused.clone(),
    })
}
