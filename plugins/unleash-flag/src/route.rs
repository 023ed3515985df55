//! The writes from one flag to another, and what the flag is after each. Never leaves a flag that is on without a
//! strategy in use on the way: Unleash would turn it off by itself.

use belay_sdk::{Fault, Operation, Reversibility, Write, json};

use crate::flag::{Content, Flag};
use crate::server::Server;
use crate::strategy::{Placed, Strategy};
use crate::write;

/// A flag on its way.
pub(crate) struct Route<'a> {
    server: &'a Server<'a>,
    pub(crate) flag: Flag,
    operations: Vec<Operation>,
}

impl<'a> Route<'a> {
    pub(crate) fn from(server: &'a Server<'a>, flag: Flag) -> Self {
        Self { server, flag, operations: Vec::new() }
    }

    /// The writes that lead to a content. What may only add callers comes before what takes some away, except that
    /// turning off comes first and turning on last.
    pub(crate) fn lead(&mut self, to: &Content) -> Result<Vec<Operation>, Fault> {
        if self.flag.enabled && !to.enabled {
            self.switch(false)?;
        }
        let pairs = pair(&self.flag.strategies, &to.strategies);
        let wanted: Vec<(Option<Placed>, &Strategy)> = pairs
            .iter()
            .zip(&to.strategies)
            .map(|(found, strategy)| (found.and_then(|index| self.flag.strategies.get(index)).cloned(), strategy))
            .collect();
        let kept: Vec<Option<String>> =
            wanted.iter().filter_map(|(found, _)| Some(found.as_ref()?.id.clone())).collect();
        let extra: Vec<Placed> =
            self.flag.strategies.iter().filter(|placed| !kept.contains(&placed.id)).cloned().collect();

        self.patch_where(&wanted, |from, to| from.disabled && !to.disabled)?;
        self.order(&wanted, &extra)?;
        self.create(&wanted)?;
        self.patch_where(&wanted, |from, to| from.disabled == to.disabled)?;
        self.patch_where(&wanted, |from, to| !from.disabled && to.disabled)?;
        for placed in &extra {
            self.delete(placed)?;
        }
        if to.enabled && !self.flag.enabled {
            self.switch(true)?;
        }
        if self.flag.content() != *to {
            return Err(Fault::Unsupported("the pinned flag is one that Unleash can't be brought to".to_owned()));
        }
        Ok(std::mem::take(&mut self.operations))
    }

    fn switch(&mut self, on: bool) -> Result<(), Fault> {
        if on && !self.flag.is_decided() {
            return Err(Fault::Unsupported(format!(
                "`{}` has no strategy in use: Unleash would turn it on for everybody; give it a strategy first",
                self.server.flag
            )));
        }
        let before = self.flag.content().label();
        self.flag.enabled = on;
        let summary = format!("flag {}: {before} → {}", self.server.flag, self.flag.content().label());
        self.add(summary, write::switch(self.server, on), Reversibility::Reversible)
    }

    fn patch_where(
        &mut self,
        wanted: &[(Option<Placed>, &Strategy)],
        now: impl Fn(&Strategy, &Strategy) -> bool,
    ) -> Result<(), Fault> {
        for (found, to) in wanted {
            let Some(placed) = found else { continue };
            if placed.strategy == **to || !now(&placed.strategy, to) {
                continue;
            }
            let id = self.id(placed)?;
            let summary = format!("strategy {} → {}", placed.strategy.label(), to.label());
            let write = write::patch(self.server, &id, &placed.strategy, to);
            for held in self.flag.strategies.iter_mut().filter(|held| held.id.as_ref() == Some(&id)) {
                held.strategy = (*to).clone();
            }
            self.add(summary, write, Reversibility::Reversible)?;
        }
        Ok(())
    }

    /// Puts what is kept where it belongs, if it isn't there, or if something new has to come between.
    fn order(&mut self, wanted: &[(Option<Placed>, &Strategy)], extra: &[Placed]) -> Result<(), Fault> {
        let kept: Vec<(usize, &Placed)> =
            wanted.iter().enumerate().filter_map(|(index, (found, _))| Some((index, found.as_ref()?))).collect();
        let in_order = kept.windows(2).all(|two| matches!(two, [(_, one), (_, next)] if one.place < next.place));
        // Something new is appended at the end.
        let appended = kept.iter().enumerate().all(|(nth, (index, _))| nth == *index);
        if in_order && appended {
            return Ok(());
        }
        let places = kept.iter().map(|(index, placed)| (*placed, *index));
        let behind = extra.iter().enumerate().map(|(nth, placed)| (placed, wanted.len() + nth));
        let mut named = Vec::new();
        for (placed, place) in places.chain(behind) {
            named.push((self.id(placed)?, i64::try_from(place).unwrap_or(i64::MAX)));
        }
        for held in &mut self.flag.strategies {
            if let Some((_, place)) = named.iter().find(|(id, _)| held.id.as_ref() == Some(id)) {
                held.place = *place;
            }
        }
        self.flag = Flag::new(self.flag.enabled, std::mem::take(&mut self.flag.strategies));
        self.add("order of strategies".to_owned(), write::order(self.server, &named), Reversibility::Reversible)
    }

    fn create(&mut self, wanted: &[(Option<Placed>, &Strategy)]) -> Result<(), Fault> {
        for (index, (_, strategy)) in wanted.iter().enumerate().filter(|(_, (found, _))| found.is_none()) {
            self.check_segments(strategy)?;
            let behind_all = self.flag.strategies.iter().map(|held| held.place + 1).max().unwrap_or_default();
            let later_kept = wanted.iter().skip(index).any(|(found, _)| found.is_some());
            let place = if later_kept { i64::try_from(index).unwrap_or(i64::MAX) } else { behind_all };
            let write = write::create(self.server, strategy, place);
            self.flag.strategies.push(Placed { id: None, place, strategy: (*strategy).clone() });
            self.flag = Flag::new(self.flag.enabled, std::mem::take(&mut self.flag.strategies));
            self.add(format!("strategy {} added", strategy.label()), write, Reversibility::Reversible)?;
        }
        Ok(())
    }

    /// Unleash would refuse a strategy with a segment that is gone, after other writes were made.
    fn check_segments(&self, of: &Strategy) -> Result<(), Fault> {
        for id in &of.segments {
            if !self.server.has_segment(*id)? {
                return Err(Fault::Missing(format!("segment {id}, which a pinned strategy uses, is gone")));
            }
        }
        Ok(())
    }

    fn delete(&mut self, placed: &Placed) -> Result<(), Fault> {
        let id = self.id(placed)?;
        self.flag.strategies.retain(|held| held.id.as_ref() != Some(&id));
        let summary = format!("strategy {} removed", placed.strategy.label());
        self.add(summary, write::delete(self.server, &id), Reversibility::Recoverable)
    }

    fn id(&self, placed: &Placed) -> Result<String, Fault> {
        placed.id.clone().ok_or_else(|| {
            Fault::Unsupported("a strategy that one part of the path adds can't be changed by a later part".to_owned())
        })
    }

    fn add(&mut self, summary: String, write: Write, reversibility: Reversibility) -> Result<(), Fault> {
        self.flag.enabled &= self.flag.is_decided();
        let yields = json::text(&self.flag.content())?;
        self.operations.push(Operation { summary, write, yields, reversibility, touches: 1 });
        Ok(())
    }
}

/// For each wanted strategy the present one that it is made from: an equal one first, then one of the same title and
/// kind, then one of the same kind.
fn pair(present: &[Placed], wanted: &[Strategy]) -> Vec<Option<usize>> {
    let rules: [fn(&Strategy, &Strategy) -> bool; 3] = [
        |one, other| one == other,
        |one, other| one.name == other.name && one.title.is_some() && one.title == other.title,
        |one, other| one.name == other.name,
    ];
    let mut pairs = vec![None; wanted.len()];
    for same in rules {
        for (pair, strategy) in (0..wanted.len()).zip(wanted) {
            if pairs.get(pair).is_some_and(Option::is_some) {
                continue;
            }
            let free = |index: &usize| !pairs.contains(&Some(*index));
            let fits = |index: &usize| present.get(*index).is_some_and(|placed| same(&placed.strategy, strategy));
            let found = (0..present.len()).filter(free).find(fits);
            if let Some(slot) = pairs.get_mut(pair) {
                *slot = found;
            }
        }
    }
    pairs
}
