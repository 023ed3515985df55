//! What the API says of the resource now. Tells "it isn't there" from "that was no answer of this API's", and never takes
//! part of a list for the whole.

use std::collections::BTreeMap;

use belay_sdk::{Fault, Reads, State, http};

use crate::content::Content;
use crate::recipe::{List, Read, Recipe};
use crate::scope::Values;
use crate::tree::Tree;

/// The most pages of a list.
const MAX_PAGES: usize = 100;
/// The longest label that people are shown, in characters.
const LABEL: usize = 120;

/// What the reads answered.
#[derive(Debug)]
pub(crate) struct Present {
    /// Nothing where the resource is absent.
    pub(crate) document: Option<Tree>,
    pub(crate) headers: Tree,
}

/// An answer.
pub(crate) struct Answered {
    status: u16,
    headers: Tree,
    /// Nothing where the body is no JSON; `null` where it is empty.
    body: Option<Tree>,
    why: String,
}

impl Present {
    /// Asks.
    pub(crate) fn read(reads: &dyn Reads, connection: &str, recipe: &Recipe) -> Result<Self, Fault> {
        if let [only] = recipe.reads.as_slice() {
            let (document, headers) = one(reads, connection, only, &recipe.values())?;
            return Ok(Self { document, headers });
        }
        let (mut documents, mut headers) = (BTreeMap::new(), BTreeMap::new());
        for read in &recipe.reads {
            let found = Tree::Record(documents.clone());
            let values = Values { document: Some(&found), ..recipe.values() };
            let (document, said) = one(reads, connection, read, &values)?;
            let Some(document) = document else { return Ok(Self { document: None, headers: said }) };
            let name = read.name.clone().unwrap_or_default();
            documents.insert(name.clone(), document);
            headers.insert(name, said);
        }
        Ok(Self { document: Some(Tree::Record(documents)), headers: Tree::Record(headers) })
    }

    /// The content; nothing where the resource is absent.
    pub(crate) fn content(&self, recipe: &Recipe) -> Result<Option<Content>, Fault> {
        self.document.as_ref().map(|document| recipe.selection.take(document, "the answer")).transpose()
    }

    /// As a state.
    pub(crate) fn state(&self, recipe: &Recipe) -> Result<State, Fault> {
        let (Some(document), Some(content)) = (&self.document, self.content(recipe)?) else {
            return State::of("absent", &(), &());
        };
        let observed = content.tree();
        let values = Values {
            document: Some(document),
            headers: Some(&self.headers),
            observed: Some(&observed),
            ..recipe.values()
        };
        let text = Content::text(Some(&content));
        let version = match &recipe.version {
            Some(template) => template.fill(&values)?,
            None => in_short(&content),
        };
        let revision = match &recipe.revision {
            Some(template) => serde_json::Value::String(template.fill(&values)?).to_string(),
            None => text.clone(),
        };
        Ok(State { version: label(&version), content: text, revision })
    }
}

/// The members with their values, where those are short: `paused true`.
pub(crate) fn in_short(content: &Content) -> String {
    let said = content.names().into_iter().map(|name| match content.get(name).and_then(Tree::shown) {
        Some(shown) if shown.chars().count() <= 40 => format!("{name} {shown}"),
        Some(_) => format!("{name} …"),
        None => format!("no {name}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// One line that a terminal shows as it is.
pub(crate) fn label(text: &str) -> String {
    let shown = |c: char| if c.is_ascii_graphic() || c.is_alphanumeric() || "…→ ".contains(c) { c } else { ' ' };
    let words: String = text.chars().map(shown).collect();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LABEL { line } else { line.chars().take(LABEL).chain(std::iter::once('…')).collect() }
}

fn one(reads: &dyn Reads, connection: &str, read: &Read, values: &Values<'_>) -> Result<(Option<Tree>, Tree), Fault> {
    let first = ask(reads, connection, &read.list, None, values)?;
    if read.absent.iter().any(|sign| sign.is(first.1.status, first.1.body.as_ref())) {
        return Ok((None, first.1.headers));
    }
    let (document, headers) = read.list.whole(reads, connection, values, first, usize::MAX)?;
    Ok((Some(document), headers))
}

impl List {
    /// The answer, its pages put together; stops early once there are so many items.
    pub(crate) fn read(
        &self,
        reads: &dyn Reads,
        connection: &str,
        values: &Values<'_>,
        most: usize,
    ) -> Result<Tree, Fault> {
        let first = ask(reads, connection, self, None, values)?;
        Ok(self.whole(reads, connection, values, first, most)?.0)
    }

    fn whole(
        &self,
        reads: &dyn Reads,
        connection: &str,
        values: &Values<'_>,
        (path, answer): (String, Answered),
        most: usize,
    ) -> Result<(Tree, Tree), Fault> {
        let mut line = format!("{} {path}", self.method);
        let (mut document, headers) = answer.document(&line)?;
        let Some(next) = &self.next else {
            self.check_total(&document, &line)?;
            return Ok((document, headers));
        };
        let mut items = self.items(&document, &line)?;
        let (mut page, mut said, mut asked) = (document.clone(), headers.clone(), vec![path]);
        loop {
            let here = Values { document: Some(&page), headers: Some(&said), ..values.clone() };
            if !next.is_filled_by(&here) || items.len() >= most {
                break;
            }
            let path = next.path(&here)?;
            if asked.contains(&path) || asked.len() == MAX_PAGES {
                return Err(Fault::Unexpected(format!("{line}: after {} pages it leads to {path}", asked.len())));
            }
            let (path, answer) = ask(reads, connection, self, Some(path), values)?;
            line = format!("GET {path}");
            (page, said) = answer.document(&line)?;
            items.extend(self.items(&page, &line)?);
            asked.push(path);
        }
        let ended = items.len() < most;
        self.list.put(&mut document, Tree::List(items));
        if ended {
            self.check_total(&document, &line)?;
        }
        Ok((document, headers))
    }

    /// The items of a page.
    pub(crate) fn items(&self, document: &Tree, line: &str) -> Result<Vec<Tree>, Fault> {
        match self.list.find(document) {
            Some(Tree::List(items)) => Ok(items.clone()),
            Some(_) | None => Err(Fault::Unexpected(format!("{line}: there is no list at `{}`", self.list))),
        }
    }

    fn check_total(&self, document: &Tree, line: &str) -> Result<(), Fault> {
        let Some(total) = &self.total else { return Ok(()) };
        let items = self.items(document, line)?.len();
        match total.find(document) {
            Some(Tree::Number(digits)) if *digits == items.to_string() => Ok(()),
            found => {
                let said = found.and_then(Tree::shown).unwrap_or_else(|| "nothing".to_owned());
                Err(Fault::Unexpected(format!("{line}: {items} items came, and `{total}` says {said}: cut short?")))
            }
        }
    }
}

/// Sends a read; its path and the answer, whatever its status.
fn ask(
    reads: &dyn Reads,
    connection: &str,
    list: &List,
    page: Option<String>,
    values: &Values<'_>,
) -> Result<(String, Answered), Fault> {
    let path = page.map_or_else(|| list.path.path(values), Ok)?;
    let mut request = http::Request::get(connection, &path);
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    if let Some(body) = &list.body {
        request.body = serde_json::to_vec(&body.fill(values)?).map_err(|error| Fault::Invalid(error.to_string()))?;
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    request.method = list.method.to_owned();
    let what = format!("{} {path} at {connection}", list.method);
    let answer = reads.http(&request).map_err(|error| Fault::from(error).while_doing(&what))?;
    Ok((path, Answered::of(answer)))
}

/// What a path answers, where that must be 200.
pub(crate) fn fetch(reads: &dyn Reads, connection: &str, path: &str) -> Result<Tree, Fault> {
    let mut request = http::Request::get(connection, path);
    request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    let what = format!("GET {path}");
    let answer =
        reads.http(&request).map_err(|error| Fault::from(error).while_doing(&format!("{what} at {connection}")))?;
    Ok(Answered::of(answer).document(&what)?.0)
}

impl Answered {
    fn of(answer: http::Response) -> Self {
        let headers = answer.headers.into_iter().map(|(name, value)| (name, Tree::Text(value))).collect();
        let (body, why) = if answer.body.is_empty() {
            (Some(Tree::Null), String::new())
        } else {
            match Tree::parse(&answer.body) {
                Ok(tree) => (Some(tree), String::new()),
                Err(why) => (None, why),
            }
        };
        Self { status: answer.status, headers: Tree::Record(headers), body, why }
    }

    /// The body and the headers of a good answer.
    fn document(self, line: &str) -> Result<(Tree, Tree), Fault> {
        let what = format!("{line}: {}", self.status);
        match (self.status, self.body) {
            (200, Some(Tree::Null)) => Err(Fault::Unexpected(format!("{what} without a body"))),
            (200, Some(body)) => Ok((body, self.headers)),
            (200, None) => Err(Fault::Unexpected(format!("{what}, but no JSON of an API's: {}", self.why))),
            (404, Some(_)) => Err(Fault::Missing(format!("{what}: it is not there"))),
            (401 | 403 | 407 | 408 | 429 | 500.., _) => Err(Fault::Unavailable(what)),
            (_, _) => Err(Fault::Unexpected(what)),
        }
    }
}
