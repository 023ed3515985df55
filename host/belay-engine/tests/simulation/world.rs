//! Live resources, and what really happens to them. Knows what the run can only find out.

use std::collections::BTreeMap;

use belay_domain::operation::{Operation, Write};
use belay_domain::state::State;
use belay_engine::{ActId, Look};

use crate::fixture;

/// How a system takes a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It refuses a write that expects another revision, and the host can look at what was written.
    Guarded,
    /// The write sets the content: twice is as good as once.
    Harmless,
    /// The write adds to the content: twice is wrong.
    Once,
}

/// A live resource.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) original: i64,
    pub(crate) content: i64,
    pub(crate) revision: u64,
    /// What each guarded write left, by the revision that it made.
    objects: BTreeMap<u64, String>,
    /// The contents between the original and the desired one.
    pub(crate) way: Vec<i64>,
    /// Those of them that the parts of a ramp end with.
    pub(crate) through: Vec<i64>,
    /// How often each act took effect.
    pub(crate) effects: BTreeMap<ActId, u32>,
    /// Somebody else changed the content at some time.
    pub(crate) disturbed: bool,
    /// Until when its system is down; 0: it never was.
    pub(crate) down_until: u64,
}

impl Live {
    pub(crate) fn new(name: &str, kind: Kind, original: i64, way: Vec<i64>) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            original,
            content: original,
            revision: 1,
            objects: BTreeMap::new(),
            way,
            through: Vec::new(),
            effects: BTreeMap::new(),
            disturbed: false,
            down_until: 0,
        }
    }

    pub(crate) fn desired(&self) -> i64 {
        *self.way.last().unwrap()
    }

    pub(crate) fn observe(&self) -> State {
        fixture::state(self.content, self.revision)
    }

    /// The writes from what is there to what is desired: by way of the parts from this one on, or at once where that is
    /// not where the release came from.
    pub(crate) fn plan(&self, desired: i64, part: u32) -> Vec<Operation> {
        let at_once = [desired];
        let behind = |content: i64| self.way.iter().position(|known| *known == content).map_or(0, |place| place + 1);
        let before = (part as usize).checked_sub(1).and_then(|before| self.through.get(before));
        let done = behind(self.content).max(before.map_or(0, |content| behind(*content)));
        let way = match desired {
            _ if desired == self.desired() => &self.way[done..],
            _ if desired == self.content => &[],
            _ => &at_once,
        };
        let mut content = self.content;
        let mut operations = Vec::new();
        for (revision, next) in (self.revision..).zip(way) {
            let body = match self.kind {
                Kind::Guarded => format!("{revision} {next}"),
                Kind::Harmless => format!("set {next}"),
                Kind::Once => format!("add {}", next - content),
            };
            operations.push(fixture::operation(&self.name, body, *next));
            content = *next;
        }
        operations
    }

    /// A request arrives. Says whether it took effect.
    pub(crate) fn receive(&mut self, act: ActId, operation: &Operation) -> bool {
        let body = body(operation);
        let (first, second) = body.split_once(' ').unwrap();
        let number: i64 = second.parse().unwrap();
        match self.kind {
            Kind::Guarded if first != self.revision.to_string() => return false,
            Kind::Guarded | Kind::Harmless => self.content = number,
            Kind::Once => self.content += number,
        }
        self.revision += 1;
        self.objects.insert(self.revision, body);
        *self.effects.entry(act).or_default() += 1;
        true
    }

    /// What the host finds where an operation writes.
    pub(crate) fn look(&self, operation: &Operation) -> Look {
        if self.kind != Kind::Guarded {
            return Look::CannotTell;
        }
        let body = body(operation);
        let expected: u64 = body.split_once(' ').unwrap().0.parse().unwrap();
        match self.objects.get(&(expected + 1)) {
            Some(found) if *found == body => Look::HoldsOperationsBytes,
            Some(_) => Look::HoldsOther,
            None => Look::Absent,
        }
    }

    /// Somebody else comes by.
    pub(crate) fn disturb(&mut self, content: Option<i64>) {
        self.revision += 1;
        if let Some(content) = content {
            self.content = content;
            self.disturbed = true;
            self.objects.insert(self.revision, "somebody else's".to_owned());
        }
    }
}

fn body(operation: &Operation) -> String {
    let Write::Object(write) = &operation.write else { panic!("only objects are written here") };
    String::from_utf8(write.content.clone().unwrap().0).unwrap()
}
