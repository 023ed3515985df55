//! What must be equal for two states to be the same: members with names of the operator's choice. Never holds a float:
//! a number that canonical JSON has no form for stands as text, and `#numbers` says where, so that it is a number again
//! when it is written.

use std::collections::{BTreeMap, BTreeSet};

use belay_sdk::Fault;
use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::tree::Tree;

/// Lists the places of the numbers that stand as text. No member can be called so.
const NUMBERS: &str = "#numbers";

/// A resource's content, by member.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Content(BTreeMap<String, Tree>);

/// Where a member is found in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pointer: Pointer,
    /// Missing is `null`.
    pub(crate) optional: bool,
}

/// How content is taken out of a document.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Selection {
    pub(crate) places: BTreeMap<String, Place>,
    pub(crate) ignored: Vec<Pointer>,
    /// Arrays, and by what they are sorted.
    pub(crate) sorted: Vec<(Pointer, Pointer)>,
}

impl Selection {
    /// The names of the members.
    pub(crate) fn members(&self) -> Vec<String> {
        self.places.keys().cloned().collect()
    }

    /// The content of a document. That a place is missing is a fault: the answer is then none of this API's.
    pub(crate) fn take(&self, document: &Tree, what: &str) -> Result<Content, Fault> {
        let mut members = BTreeMap::new();
        for (name, place) in &self.places {
            let found = match place.pointer.find(document) {
                Some(found) => found.clone(),
                None if place.optional => Tree::Null,
                None => return Err(Fault::Unexpected(format!("{what}: nothing is at `{}`", place.pointer))),
            };
            members.insert(name.clone(), found);
        }
        let mut whole = Tree::Record(members);
        self.ignored.iter().for_each(|place| place.remove(&mut whole));
        for (array, by) in &self.sorted {
            array.each(&mut whole, &mut |found| {
                if let Tree::List(items) = found {
                    items.sort_by(|one, other| (by.find(one), one).cmp(&(by.find(other), other)));
                }
            });
        }
        match whole {
            Tree::Record(members) => Ok(Content(members)),
            // No place that is ignored is the whole content, so it is a record still.
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => Ok(Content::default()),
        }
    }

    /// A document with this content in its place. What is ignored stays as it is.
    pub(crate) fn put(&self, content: &Content, document: &Tree) -> Result<Tree, Fault> {
        let mut result = document.clone();
        for (name, place) in &self.places {
            let value = content.0.get(name).cloned().unwrap_or(Tree::Null);
            if place.optional && value == Tree::Null && place.pointer.find(document).is_none() {
                continue;
            }
            let mut member = Tree::Record(BTreeMap::from([(name.clone(), value)]));
            let before = Tree::Record(
                place.pointer.find(document).map(|found| (name.clone(), found.clone())).into_iter().collect(),
            );
            for ignored in self.ignored.iter().filter(|ignored| !ignored.is_pattern()) {
                if let Some(kept) = ignored.find(&before) {
                    ignored.put(&mut member, kept.clone());
                }
            }
            let Tree::Record(mut member) = member else { continue };
            let value = member.remove(name).unwrap_or(Tree::Null);
            if !place.pointer.put(&mut result, value) {
                return Err(Fault::Unsupported(format!("nothing holds `{}` any more", place.pointer)));
            }
        }
        Ok(result)
    }
}

impl Content {
    /// As the contract has it; `null` where the resource is absent.
    pub(crate) fn text(content: Option<&Self>) -> String {
        content.map_or(Value::Null, Self::value).to_string()
    }

    fn value(&self) -> Value {
        let mut numbers = Vec::new();
        let mut value = Map::new();
        for (name, member) in &self.0 {
            value.insert(name.clone(), plain(member, &mut vec![name.clone()], &mut numbers));
        }
        if !numbers.is_empty() {
            value.insert(NUMBERS.to_owned(), numbers.into());
        }
        Value::Object(value)
    }

    /// Reads what [`Content::text`] wrote. Something else is a state of another plugin's or configuration's.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, Fault> {
        let foreign = |why: &str| Fault::Unsupported(format!("the content is not of this plugin's making: {why}"));
        let tree = Tree::parse(text.as_bytes()).map_err(|error| foreign(&error))?;
        let mut members = match tree {
            Tree::Null => return Ok(None),
            Tree::Record(members) => members,
            Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => {
                return Err(foreign("it has no members"));
            }
        };
        let numbers = members.remove(NUMBERS);
        let mut whole = Tree::Record(members);
        if let Some(Tree::List(places)) = numbers {
            for place in &places {
                let Tree::Text(place) = place else { return Err(foreign("a place is no pointer")) };
                let place = Pointer::parse(place).map_err(|error| foreign(&error))?;
                let Some(Tree::Text(digits)) = place.find(&whole).cloned() else {
                    return Err(foreign("there is no number where it should be"));
                };
                place.put(&mut whole, Tree::Number(digits));
            }
        }
        match whole {
            Tree::Record(members) => Ok(Some(Self(members))),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => Ok(None),
        }
    }

    /// With these members instead.
    pub(crate) fn with(&self, members: impl IntoIterator<Item = (String, Tree)>) -> Self {
        let mut all = self.0.clone();
        all.extend(members);
        Self(all)
    }

    /// A member.
    pub(crate) fn get(&self, name: &str) -> Option<&Tree> {
        self.0.get(name)
    }

    /// The names of its members.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The members that differ from another content's.
    pub(crate) fn differences<'c>(&'c self, from: &'c Self) -> impl Iterator<Item = &'c str> {
        self.0.iter().filter(|(name, value)| from.0.get(*name) != Some(value)).map(|(name, _)| name.as_str())
    }

    /// As a value for templates.
    pub(crate) fn tree(&self) -> Tree {
        Tree::Record(self.0.clone())
    }
}

/// A value without floats; the places of the numbers that became text are added to a list.
fn plain(tree: &Tree, place: &mut Vec<String>, numbers: &mut Vec<Value>) -> Value {
    let mut below = |part: String, tree: &Tree, numbers: &mut Vec<Value>| {
        place.push(part);
        let value = plain(tree, place, numbers);
        place.pop();
        value
    };
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::Number(digits) => match digits.parse::<i64>() {
            Ok(number) if Tree::is_plain(digits) => Value::from(number),
            Ok(_) | Err(_) => {
                numbers.push(Value::String(Pointer::of(place).to_string()));
                Value::String(digits.clone())
            }
        },
        Tree::List(items) => {
            (0_usize..).zip(items).map(|(index, item)| below(index.to_string(), item, numbers)).collect()
        }
        Tree::Record(members) => Value::Object(
            members.iter().map(|(name, member)| (name.clone(), below(name.clone(), member, numbers))).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    fn selection() -> Selection {
        let place = |text: &str, optional| Place { pointer: pointer(text), optional };
        Selection {
            places: BTreeMap::from([
                ("data".to_owned(), place("/data", false)),
                ("note".to_owned(), place("/meta/note", true)),
            ]),
            ignored: vec![pointer("/data/at"), pointer("/data/rules/*/at")],
            sorted: vec![(pointer("/data/tags"), pointer("")), (pointer("/data/rules"), pointer("/id"))],
        }
    }

    fn tree(text: &str) -> Tree {
        Tree::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn floats_become_text_and_are_numbers_again_when_written() {
        let document = tree(r#"{"data":{"x":0.10,"big":12345678901234567890,"n":3,"s":"0.10","a~/b":[1,1.5]}}"#);
        let content = selection().take(&document, "it").unwrap();
        let text = Content::text(Some(&content));
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(
            parsed(&text),
            parsed(
                r##"{"#numbers":["/data/a~0~1b/1","/data/big","/data/x"],"data":{"a~/b":[1,"1.5"],"big":"12345678901234567890","n":3,"s":"0.10","x":"0.10"},"note":null}"##
            )
        );
        let back = Content::read(&text).unwrap().unwrap();
        assert_eq!(back, content);
        assert_eq!(selection().put(&back, &document), Ok(document));
    }

    #[test]
    fn order_and_what_is_ignored_make_no_difference() {
        let one = tree(r#"{"data":{"at":1,"tags":["b","a"],"rules":[{"id":2,"at":1},{"id":1,"at":1}]}}"#);
        let other = tree(r#"{"data":{"at":2,"tags":["a","b"],"rules":[{"id":1},{"id":2,"at":9}]},"meta":{}}"#);
        let take = |document| selection().take(document, "it").unwrap();
        assert_eq!(take(&one), take(&other));
        assert!(take(&one) != take(&tree(r#"{"data":{"tags":["a"],"rules":[]}}"#)));
    }

    #[test]
    fn what_is_ignored_stays_as_it_is_in_the_result() {
        let then = selection().take(&tree(r#"{"data":{"at":1,"x":1},"meta":{"note":"a"}}"#), "it").unwrap();
        let now = tree(r#"{"data":{"at":2,"x":2},"meta":{"note":"b"},"etag":5}"#);
        let expected = tree(r#"{"data":{"at":2,"x":1},"meta":{"note":"a"},"etag":5}"#);
        assert_eq!(selection().put(&then, &now), Ok(expected));
        assert!(matches!(selection().put(&then, &tree(r#"{"data":{}}"#)), Err(Fault::Unsupported(_))));
    }

    #[test]
    fn an_answer_without_the_content_is_a_fault() {
        assert!(matches!(selection().take(&tree(r#"{"error":"login"}"#), "it"), Err(Fault::Unexpected(_))));
        for foreign in ["7", r##"{"a":1,"#numbers":["/b"]}"##, "{"] {
            assert!(matches!(Content::read(foreign), Err(Fault::Unsupported(_))), "{foreign}");
        }
    }
}
