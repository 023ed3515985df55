//! What an operator writes. Nothing here is checked beyond its shape: [`crate::recipe`] does that.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How a resource is read and written. Templates are texts with holes such as `{id}` or `{desired/paused}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A configuration that the plugin brings along: `prefect-deployment`. Keys beside it replace the preset's.
    pub preset: Option<String>,
    /// How the id is taken apart: `{flow}/{deployment}`. Without it there is `{id}` alone.
    pub id: Option<String>,
    /// What is asked for the present, in order; at least one.
    pub read: Option<Vec<Read>>,
    /// What must be equal for two states to be the same: names of your choice, and pointers into the answer. A `?` at
    /// the end: may be missing, and is `null` then.
    pub content: Option<BTreeMap<String, String>>,
    /// Places below `content` that don't count: `/settings/updated`, `/rules/*/created`.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Arrays below `content` whose order doesn't matter, and the pointer into an item that they are sorted by; empty
    /// for the item itself.
    #[serde(default)]
    pub sort: BTreeMap<String, String>,
    /// A template of what moves whenever somebody touches the resource: `{header/etag}`. Without it, the content.
    pub revision: Option<String>,
    /// A template of what people call a state: `rev {/revision}`. Without it, the content in short.
    pub version: Option<String>,
    /// Members of `content` that a step can set.
    #[serde(default)]
    pub attributes: BTreeMap<String, Kind>,
    /// What starts something rather than keeps a state, such as a run of a pipeline: steps can set attributes, and there
    /// is nothing to go back to.
    #[serde(default)]
    pub action: bool,
    /// The writes that put members of `content` right, in order.
    #[serde(default)]
    pub write: Vec<Write>,
    /// The write that makes an absent resource.
    pub create: Option<Write>,
    /// The write that takes it away.
    pub delete: Option<Write>,
    /// Where the API tells earlier states.
    pub history: Option<History>,
    /// Templates of notes for the reader of a plan.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A request that only asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// `GET /path`, or `POST /path` where the connection lists it among its `queries`.
    pub request: String,
    /// The name of its answer, needed where there are several reads: pointers then start with it.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The body of a query, with holes in its texts.
    pub body: Option<Value>,
    /// Answers that say that the resource isn't there: `404 /errno is 110`. Of the first read only.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The list in an answer that comes in pages.
    pub list: Option<String>,
    /// A template of the next page's path; where one of its holes finds nothing, there is none.
    pub next: Option<String>,
    /// The pointer to how many items there are in all.
    pub total: Option<String>,
}

/// A request that changes something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// `PATCH /path`.
    pub request: String,
    /// Templates by name, in lower case: `if-match = "{header/etag}"`. Bodies are `application/json` unless it is said.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON with holes in its texts. A text that is one hole takes the value as it is.
    pub body: Option<Value>,
    /// The members of `content` that it puts right; all, if not given.
    pub sets: Option<Vec<String>>,
    /// What must be wanted for this write to be the right one, by member: `{ enabled = true }`.
    #[serde(default)]
    pub when: BTreeMap<String, Value>,
    /// Paths that must answer 200 before it is proposed.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Answers that say that it was applied: `200`, `409 /detail contains exists`. Without it 200, 201 and 204.
    pub applied: Option<Vec<String>>,
    /// Answers that say that it was not. Without it 400, 401, 403, 404, 409, 412, 422, 428 and 429.
    pub refused: Option<Vec<String>>,
    /// How it can be taken back. Without it `reversible`, and `recoverable` for `delete`.
    pub reversibility: Option<Reversibility>,
}

/// Earlier states.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// `GET /path` of the list, or a query.
    pub request: String,
    /// The body of a query.
    pub body: Option<Value>,
    /// The pointer to the list; the answer itself, if not given.
    #[serde(default)]
    pub list: String,
    /// A template of the next page's path.
    pub next: Option<String>,
    /// The pointer to how many items there are in all.
    pub total: Option<String>,
    /// A template of what people call an item, and `locate` finds it by: `{/revision}`.
    pub version: String,
    /// The pointer to since when it held: RFC 3339, or seconds or milliseconds since 1970.
    pub at: Option<String>,
    /// A template for people: `{/action} by {/user}`.
    pub summary: Option<String>,
    /// The pointer to the state in an item, in the shape that `read` answers.
    pub state: Option<String>,
    /// Or a template of the path where that is read: `/documents/{id}/versions/{/number}`.
    pub read: Option<String>,
    /// How an item says that the resource wasn't there: `/action is delete`.
    pub absent: Option<String>,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number; one that isn't whole is written as text: `"0.25"`.
    Number,
    /// Text.
    String,
    /// Anything.
    Any,
}

/// How a write can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reversibility {
    /// Completely, by a later run.
    Reversible,
    /// With effort or from elsewhere.
    Recoverable,
    /// Not at all.
    Irreversible,
}

impl Config {
    /// Each key of this configuration, or else of the other.
    pub(crate) fn over(self, other: Self) -> Self {
        fn list<T>(one: Vec<T>, other: Vec<T>) -> Vec<T> {
            if one.is_empty() { other } else { one }
        }
        fn table<T>(one: BTreeMap<String, T>, other: BTreeMap<String, T>) -> BTreeMap<String, T> {
            if one.is_empty() { other } else { one }
        }
        Self {
            preset: None,
            id: self.id.or(other.id),
            read: self.read.or(other.read),
            content: self.content.or(other.content),
            ignore: list(self.ignore, other.ignore),
            sort: table(self.sort, other.sort),
            revision: self.revision.or(other.revision),
            version: self.version.or(other.version),
            attributes: table(self.attributes, other.attributes),
            action: self.action || other.action,
            write: list(self.write, other.write),
            create: self.create.or(other.create),
            delete: self.delete.or(other.delete),
            history: self.history.or(other.history),
            notes: list(self.notes, other.notes),
        }
    }
}
