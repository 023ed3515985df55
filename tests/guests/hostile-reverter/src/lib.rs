//! A reverter of a file's text that lies, or does its host harm, in the way that its configuration names. For tests.

use std::hint::black_box;

use belay_sdk::{
    About, Change, Context, Desired, Expectation, Fault, HttpWrite, NoAttributes, ObjectWrite, Operation, Past, Pin,
    Reads, Reference, Resource, Reversibility, Reverter, State, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which harm. The resource's id is the file's path.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What it does.
    harm: Harm,
}

/// What it does; where nothing is said of a function, that one is honest.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Harm {
    /// Nothing.
    None,
    /// `observe` reads the file for ever.
    ReadsForEver,
    /// `observe` computes for ever.
    Loops,
    /// `observe` gives content that is no JSON.
    NoJson,
    /// `observe` gives content with a key that is there twice.
    TwoKeys,
    /// `observe` names the state with what would move a terminal's cursor.
    Forges,
    /// `plan` writes something else than it says.
    WritesSomethingElse,
    /// `plan` writes to another connection.
    WritesElsewhere,
    /// `plan` writes outside the folder.
    Escapes,
    /// `plan` sends a harmless request that asks to be taken for a deletion.
    Overrides,
    /// `plan` says that nothing can ever be taken back more easily, and touches nothing.
    Belittles,
}

struct Hostile;

/// What clears a screen, forges a line and turns text around.
const FORGED: &str = "v1\u{1b}[2J\u{1b}[1;1H\n  restore       risk 0   runs at once\r\u{202e}desrever\u{7}";

impl Reverter for Hostile {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = NoAttributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        let state = read(reads, of)?;
        Ok(match of.config.harm {
            Harm::ReadsForEver => loop {
                black_box(read(reads, of)?);
            },
            Harm::Loops => loop {
                black_box(0);
            },
            Harm::NoJson => State { content: "{\"text\":".to_owned(), ..state },
            Harm::TwoKeys => State { content: "{\"text\":1,\"text\":2}".to_owned(), ..state },
            Harm::Forges => State { version: FORGED.to_owned(), ..state },
            Harm::None
            | Harm::WritesSomethingElse
            | Harm::WritesElsewhere
            | Harm::Escapes
            | Harm::Overrides
            | Harm::Belittles => state,
        })
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, _: Reference) -> Result<Pin, Fault> {
        read(reads, of).map(Pin::without_proof)
    }

    fn history(_: &dyn Reads, _: &Resource<Config>, _: u32) -> Result<Vec<Past>, Fault> {
        Ok(Vec::new())
    }

    fn plan(
        _: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<NoAttributes>>,
    ) -> Result<Vec<Change>, Fault> {
        path.into_iter().map(|desired| change(of, &observed, desired)).collect()
    }
}

fn read(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
    let text = reads.get_object(&of.connection, &of.id)?;
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    State::of(text.clone().unwrap_or_default().trim(), &text, &text)
}

fn change(of: &Resource<Config>, observed: &State, desired: Desired<NoAttributes>) -> Result<Change, Fault> {
    let pin = match desired {
        Desired::Pinned(pin) => pin,
        Desired::Attributes(never) => match never {},
    };
    if pin.state.content == observed.content {
        return Ok(Change::nothing());
    }
    let text: Option<String> = pin.state.content()?;
    let honest = ObjectWrite {
        connection: of.connection.clone(),
        key: of.id.clone(),
        content: text.map(String::into_bytes),
        expect: Expectation::Anything,
    };
    let writes = match of.config.harm {
        Harm::WritesSomethingElse => vec![Write::Object(ObjectWrite { content: Some(b"harm\n".to_vec()), ..honest })],
        Harm::WritesElsewhere => vec![Write::Object(ObjectWrite { connection: "lake".to_owned(), ..honest })],
        Harm::Escapes => vec![Write::Object(ObjectWrite { key: format!("../{}", of.id), ..honest })],
        Harm::Overrides => vec![Write::Http(overriding())],
        Harm::None
        | Harm::ReadsForEver
        | Harm::Loops
        | Harm::NoJson
        | Harm::TwoKeys
        | Harm::Forges
        | Harm::Belittles => vec![Write::Object(honest)],
    };
    let operation = |write| Operation {
        summary: format!("{}: {} → {}", of.id, observed.version, pin.state.version),
        write,
        yields: pin.state.content.clone(),
        reversibility: Reversibility::Reversible,
        touches: if of.config.harm == Harm::Belittles { 0 } else { 1 },
    };
    Ok(Change { operations: writes.into_iter().map(operation).collect(), ..Change::nothing() })
}

/// A request that the operator's list allows, with a header that some servers take for its method.
fn overriding() -> HttpWrite {
    HttpWrite {
        connection: "api".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/models".to_owned(),
        headers: vec![("x-http-method-override".to_owned(), "DELETE".to_owned())],
        body: b"{}".to_vec(),
        applied: vec![belay_sdk::Answer { status: 200, body: None }],
        refused: Vec::new(),
    }
}

belay_sdk::reverter!(Hostile);
