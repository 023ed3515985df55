//! What is tried of a reverter: its reads let it down one by one, its plans are performed, interrupted and undone.

mod permitted;
mod round_trip;

use belay_domain::id::ConnectionName;
use belay_domain::json::Json;
use belay_domain::operation::Change;
use belay_domain::state::{Desired, Pin, Reference, State};
use belay_sandbox::Reverter;

use super::probe::{Tally, told};
use super::{held_against_fault, nonsense_configs, of_fixture, says};
use crate::bench::{Bench, Heard, moment, name_of};
use crate::fixture::{Expected, Fixtures, Named, Reverted, Wanted};
use crate::report::{Check, Tried};
use crate::systems::{Desk, Mischief, Systems};

/// A reverter on the bench.
pub(crate) struct Trial<'b, 'p> {
    pub(crate) bench: &'b Bench<'p>,
    pub(crate) reverter: Reverter<'p>,
}

/// What may go wrong with one read of a call.
type Wrong = Option<(usize, Mischief)>;

impl Trial<'_, '_> {
    fn granted(case: &Reverted) -> Vec<ConnectionName> {
        std::iter::once(&case.resource.connection).chain(&case.connections).cloned().collect()
    }

    async fn observe(&self, case: &Reverted, systems: &Systems, wrong: Wrong) -> Heard<State> {
        let access = Desk::access(systems, &Self::granted(case), wrong);
        self.bench.heard(self.reverter.observe(&access, &case.resource).await)
    }

    async fn locate(&self, case: &Reverted, systems: &Systems, reference: &Reference, wrong: Wrong) -> Heard<Pin> {
        let access = Desk::access(systems, &Self::granted(case), wrong);
        self.bench.heard(self.reverter.locate(&access, &case.resource, reference).await)
    }

    async fn plan(
        &self,
        case: &Reverted,
        systems: &Systems,
        observed: &State,
        wanted: &Desired,
        wrong: Wrong,
    ) -> Heard<Vec<Change>> {
        let access = Desk::access(systems, &Self::granted(case), wrong);
        let path = std::slice::from_ref(wanted);
        self.bench.heard(self.reverter.plan(&access, &moment(), &case.resource, observed, path).await)
    }

    /// What the case goes to, if it says so and it can be found.
    async fn wanted(&self, case: &Reverted) -> Result<Option<Desired>, String> {
        match &case.wants {
            None => Ok(None),
            Some(Wanted::Attributes(attributes)) => Ok(Some(Desired::Attributes(attributes.clone()))),
            Some(Wanted::Version(label)) => {
                let reference = Reference::Version(label.clone());
                let pin = self.locate(case, &case.systems, &reference, None).await.answer()?;
                Ok(Some(Desired::Pinned(pin)))
            }
        }
    }

    /// The author's own cases.
    pub(crate) async fn fixtures(&self, fixtures: &Fixtures) -> Vec<Check> {
        let mut checks = Vec::new();
        for Named { name, case } in &fixtures.reverted {
            checks.push(of_fixture(name, self.held(case).await));
        }
        checks
    }

    async fn held(&self, case: &Reverted) -> Result<(), String> {
        let observed = self.observe(case, &case.systems, None).await;
        let expect = &case.expect;
        // A fault may be expected of either call.
        if case.wants.is_none() || observed.result.is_err() {
            return observed_as(expect, &observed);
        }
        let Ok(state) = observed.result.clone() else { return Ok(()) };
        let content = Expected { fault: None, says: None, ..expect.clone() };
        observed_as(&content, &observed)?;
        let wanted = match self.wanted(case).await {
            Ok(Some(wanted)) => wanted,
            Ok(None) => return Ok(()),
            Err(why) if expect.fault.is_some() => return says(expect, &why),
            Err(why) => return Err(why),
        };
        planned_as(expect, &self.plan(case, &case.systems, &state, &wanted, None).await)
    }

    /// Each case's calls.
    pub(crate) async fn tried(&self, fixtures: &Fixtures) -> Vec<Tried> {
        let mut tried = Vec::new();
        for Named { case, .. } in &fixtures.reverted {
            let observed = self.observe(case, &case.systems, None).await;
            tried.push(observed.tried);
            if let (Ok(state), Ok(Some(wanted))) = (observed.result, self.wanted(case).await) {
                tried.push(self.plan(case, &case.systems, &state, &wanted, None).await.tried);
            }
        }
        tried
    }

    /// The suite.
    pub(crate) async fn checks(&self, fixtures: &Fixtures) -> Vec<Check> {
        let (mut twice, mut unanswered, mut garbled) = (Tally::default(), Tally::default(), Tally::default());
        for Named { name, case } in fixtures.reverted.iter().filter(|named| named.case.expect.fault.is_none()) {
            self.let_down(name, case, &mut twice, &mut unanswered, &mut garbled).await;
        }
        let mut checks = vec![
            Check::of("the same reads give the same answer, byte for byte", twice.tried, twice.failed),
            Check::of("a read without an answer is told, never taken for a state", unanswered.tried, unanswered.failed),
            Check::of("answers that make no sense crash nothing", garbled.tried, garbled.failed),
            self.no_config(fixtures).await,
        ];
        checks.extend(self.round_trips(fixtures).await);
        checks
    }

    async fn let_down(
        &self,
        name: &str,
        case: &Reverted,
        twice: &mut Tally,
        unanswered: &mut Tally,
        garbled: &mut Tally,
    ) {
        let systems = &case.systems;
        let observed = self.observe(case, systems, None).await;
        twice.tell(differs(&observed, &self.observe(case, systems, None).await, name, "observe"));
        let present = Reference::Present;
        let located = self.locate(case, systems, &present, None).await;
        twice.tell(differs(&located, &self.locate(case, systems, &present, None).await, name, "locate"));
        for (read, mischief) in wrongs(observed.reads) {
            let heard = self.observe(case, systems, Some((read, mischief))).await;
            judge(name, "observe", (read, mischief), &observed, &heard, unanswered, garbled);
        }
        for (read, mischief) in wrongs(located.reads) {
            let heard = self.locate(case, systems, &present, Some((read, mischief))).await;
            judge(name, "locate", (read, mischief), &located, &heard, unanswered, garbled);
        }
        let (Ok(state), Ok(Some(wanted))) = (&observed.result, self.wanted(case).await) else { return };
        let planned = self.plan(case, systems, state, &wanted, None).await;
        twice.tell(differs(&planned, &self.plan(case, systems, state, &wanted, None).await, name, "plan"));
        for (read, mischief) in wrongs(planned.reads) {
            let heard = self.plan(case, systems, state, &wanted, Some((read, mischief))).await;
            judge(name, "plan", (read, mischief), &planned, &heard, unanswered, garbled);
        }
    }

    async fn no_config(&self, fixtures: &Fixtures) -> Check {
        let mut tally = Tally::default();
        for config in nonsense_configs() {
            let Some(named) = fixtures.reverted.first() else { break };
            let mut case = named.case.clone();
            case.resource.config = config.clone();
            let heard = self.observe(&case, &case.systems, None).await;
            tally.tell(heard.crash().map(|why| format!("{}: {why}", config.canonical())));
        }
        Check::of("a configuration that makes no sense crashes nothing", tally.tried, tally.failed)
    }
}

/// Every way in which so many reads can go wrong, one at a time. Of many reads the first ones are tried.
fn wrongs(reads: usize) -> impl Iterator<Item = (usize, Mischief)> {
    const MOST: usize = 20;
    let kinds = Mischief::UNANSWERED.into_iter().chain(Mischief::GARBLED).collect::<Vec<_>>();
    (0..reads.min(MOST)).flat_map(move |read| kinds.clone().into_iter().map(move |kind| (read, kind)))
}

/// Holds a call that was let down against the undisturbed one.
fn judge<T>(
    name: &str,
    function: &str,
    (read, mischief): (usize, Mischief),
    undisturbed: &Heard<T>,
    heard: &Heard<T>,
    unanswered: &mut Tally,
    garbled: &mut Tally,
) {
    let name = format!("{name}, {function}");
    if Mischief::GARBLED.contains(&mischief) {
        garbled.tell(heard.crash().map(|why| told(&name, read, mischief, &why)));
        return;
    }
    let wrong = match (&heard.result, heard.fault()) {
        (Ok(_), _) if heard.output == undisturbed.output => None,
        (Ok(_), _) => Some("it answered, and not what it answers otherwise".to_owned()),
        (Err(_), Some(fault)) if mischief == Mischief::Unreachable && name_of(fault) != "unavailable" => {
            Some(format!("it says `{}`, not `unavailable`: belay can't tell that the system is down", name_of(fault)))
        }
        (Err(_), Some(_)) => None,
        (Err(error), None) => Some(error.to_string()),
    };
    unanswered.tell(wrong.map(|why| told(&name, read, mischief, &why)));
}

fn differs<T>(one: &Heard<T>, other: &Heard<T>, name: &str, function: &str) -> Option<String> {
    let same = one.output == other.output && one.tried.fuel == other.tried.fuel;
    (!same).then(|| format!("{name}, {function}: two equal calls differ in answer or fuel"))
}

fn observed_as(expect: &Expected, heard: &Heard<State>) -> Result<(), String> {
    if let Some(held) = held_against_fault(expect, heard) {
        return held;
    }
    let Ok(state) = &heard.result else { return Ok(()) };
    if let Some(wanted) = expect.version.as_ref().filter(|wanted| **wanted != state.version) {
        return Err(format!("the version {wanted} was expected, it is {}", state.version));
    }
    if let Some(absent) = expect.absent.filter(|absent| *absent != (state.content == Json::NULL)) {
        return Err(format!("absent = {absent} was expected, the content is {}", state.content.canonical()));
    }
    if let Some(wanted) = &expect.content {
        let wanted = serde_json::to_value(wanted).map_err(|error| error.to_string())?;
        if wanted != *state.content.value() {
            return Err(format!("the content {wanted} was expected, it is {}", state.content.canonical()));
        }
    }
    Ok(())
}

fn planned_as(expect: &Expected, heard: &Heard<Vec<Change>>) -> Result<(), String> {
    if let Some(held) = held_against_fault(expect, heard) {
        return held;
    }
    let changes = heard.result.iter().flatten();
    let operations: Vec<_> = changes.clone().flat_map(|change| &change.operations).collect();
    let lines: Vec<String> = operations.iter().map(|operation| operation.write.line()).collect();
    if let Some(wanted) = expect.operations.as_ref().filter(|wanted| **wanted != lines) {
        return Err(format!("the writes [{}] were expected, it plans [{}]", wanted.join(", "), lines.join(", ")));
    }
    let summaries = operations.iter().map(|operation| operation.summary.as_str());
    let notes = changes.flat_map(|change| change.notes.iter().map(String::as_str));
    says(expect, &summaries.chain(notes).collect::<Vec<_>>().join("; "))
}
