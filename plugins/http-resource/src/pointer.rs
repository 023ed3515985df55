//! JSON pointers (RFC 6901), checked when the configuration is read. Never finds something by halves: a place is there
//! or it isn't.

use std::collections::BTreeMap;

use crate::tree::Tree;

/// A place in a JSON value. `*` as a whole part stands for every member or item where that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(parts) = text.strip_prefix('/') else {
            return Err(format!("the pointer `{text}` does not start with `/`"));
        };
        parts.split('/').map(|part| unescaped(text, part)).collect::<Result<_, _>>().map(Self)
    }

    /// Its parts.
    pub(crate) fn parts(&self) -> &[String] {
        &self.0
    }

    /// The place of these parts.
    pub(crate) fn of(parts: &[String]) -> Self {
        Self(parts.to_vec())
    }

    /// Whether a part stands for every member or item.
    pub(crate) fn is_pattern(&self) -> bool {
        self.0.iter().any(|part| part == "*")
    }

    /// What is there; nothing where there is no such place.
    pub(crate) fn find<'t>(&self, tree: &'t Tree) -> Option<&'t Tree> {
        self.0.iter().try_fold(tree, |place, part| match place {
            Tree::Record(members) => members.get(part),
            Tree::List(items) => items.get(index(part)?),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => None,
        })
    }

    /// Does something to what is there, everywhere where a `*` leads.
    pub(crate) fn each(&self, tree: &mut Tree, act: &mut dyn FnMut(&mut Tree)) {
        each(&self.0, tree, act);
    }

    /// Takes away what is there, everywhere where a `*` leads.
    pub(crate) fn remove(&self, tree: &mut Tree) {
        let Some((last, before)) = self.0.split_last() else { return };
        each(before, tree, &mut |parent| match parent {
            Tree::Record(members) if last == "*" => members.clear(),
            Tree::Record(members) => {
                members.remove(last);
            }
            Tree::List(items) if last == "*" => items.clear(),
            Tree::List(items) => {
                if let Some(at) = index(last).filter(|at| *at < items.len()) {
                    items.remove(at);
                }
            }
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
        });
    }

    /// Puts a value there; `false` where what should hold it isn't there.
    pub(crate) fn put(&self, tree: &mut Tree, value: Tree) -> bool {
        let Some((last, before)) = self.0.split_last() else {
            *tree = value;
            return true;
        };
        let mut unput = Some(value);
        each(before, tree, &mut |parent| match parent {
            Tree::Record(members) => {
                members.extend(unput.take().map(|value| (last.clone(), value)));
            }
            Tree::List(items) => {
                if let Some(item) = index(last).and_then(|at| items.get_mut(at))
                    && let Some(value) = unput.take()
                {
                    *item = value;
                }
            }
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
        });
        unput.is_none()
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "/{}", part.replace('~', "~0").replace('/', "~1")))
    }
}

fn unescaped(pointer: &str, part: &str) -> Result<String, String> {
    let mut pieces = part.split('~');
    pieces.next();
    if let Some(wrong) = pieces.find(|piece| !piece.starts_with(['0', '1'])) {
        return Err(format!("the pointer `{pointer}` has `~{wrong}`: `~` is written `~0`, and `/` in a name `~1`"));
    }
    Ok(part.replace("~1", "/").replace("~0", "~"))
}

fn each(parts: &[String], tree: &mut Tree, act: &mut dyn FnMut(&mut Tree)) {
    let Some((first, rest)) = parts.split_first() else { return act(tree) };
    match tree {
        Tree::Record(members) if first == "*" => members.values_mut().for_each(|member| each(rest, member, act)),
        Tree::Record(members) => members_at(members, first).for_each(|member| each(rest, member, act)),
        Tree::List(items) if first == "*" => items.iter_mut().for_each(|item| each(rest, item, act)),
        Tree::List(items) => {
            if let Some(item) = index(first).and_then(|at| items.get_mut(at)) {
                each(rest, item, act);
            }
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

fn members_at<'m>(members: &'m mut BTreeMap<String, Tree>, name: &str) -> impl Iterator<Item = &'m mut Tree> {
    members.get_mut(name).into_iter()
}

/// `0`, `7`, `12`; not `07`, `+7` or `-`.
fn index(part: &str) -> Option<usize> {
    let plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    part.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_examples_of_rfc_6901() {
        let document = tree(r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2," ":7,"m~n":8}"#);
        for (pointer, expected) in [
            ("/foo/0", Some("\"bar\"")),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/c%d", Some("2")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("/foo/2", None),
            ("/foo/00", None),
            ("/foo/-", None),
            ("/nope", None),
            ("/foo/0/x", None),
        ] {
            let found = Pointer::parse(pointer).unwrap();
            assert_eq!(found.find(&document).cloned(), expected.map(tree), "{pointer}");
            assert_eq!(found.to_string(), pointer);
        }
        assert_eq!(Pointer::parse("").unwrap().find(&document), Some(&document));
        for wrong in ["foo", "/a~", "/a~2b"] {
            assert!(Pointer::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_star_leads_everywhere() {
        let mut document = tree(r#"{"rules":[{"id":1,"at":5},{"id":2,"at":6}],"by":{"a":{"at":1}}}"#);
        for pattern in ["/rules/*/at", "/by/*/at", "/rules/7", "/none/*"] {
            Pointer::parse(pattern).unwrap().remove(&mut document);
        }
        assert_eq!(document, tree(r#"{"rules":[{"id":1},{"id":2}],"by":{"a":{}}}"#));
    }

    #[test]
    fn a_value_is_put_where_something_can_hold_it() {
        let mut document = tree(r#"{"a":{"b":1},"l":[1]}"#);
        let mut put = |pointer: &str| Pointer::parse(pointer).unwrap().put(&mut document, Tree::Bool(true));
        assert!(put("/a/b") && put("/a/new") && put("/l/0"));
        assert!(!put("/a/b/c") && !put("/l/1") && !put("/x/y"));
        assert_eq!(document, tree(r#"{"a":{"b":true,"new":true},"l":[true]}"#));
    }
}
