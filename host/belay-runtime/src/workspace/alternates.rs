//! Runbooks that follow the failure of others: each is there, runs by its defaults, and none comes back to itself.

use std::collections::BTreeMap;

use belay_domain::id::RunbookName;
use belay_domain::runbook::OnFailure;

use super::recipe::Recipe;
use super::source::Problem;

/// What is wrong with what runbooks say of failures.
pub(super) fn check(recipes: &BTreeMap<RunbookName, Recipe>) -> Vec<Problem> {
    let named = recipes.values().filter_map(|recipe| Some((recipe, recipe.names_another.clone()?)));
    let found = named.filter_map(|(recipe, place)| {
        let message = wrong(recipes, recipe)?;
        Some(Problem { message, ..place })
    });
    found.collect()
}

fn wrong(recipes: &BTreeMap<RunbookName, Recipe>, recipe: &Recipe) -> Option<String> {
    let next = after(recipe)?;
    let Some(alternate) = recipes.get(next) else {
        return Some(format!("on_failure: there is no runbook `{next}` in this workspace"));
    };
    if let Some(missing) = alternate.runbook.parameters.iter().find(|parameter| parameter.default.is_none()) {
        let name = &missing.name;
        return Some(format!(
            "on_failure: `{next}` needs the parameter `{name}`; what follows a failure runs by its defaults"
        ));
    }
    circle(recipes, recipe).map(|names| format!("on_failure goes in a circle: {}", names.join(" → ")))
}

fn after(recipe: &Recipe) -> Option<&RunbookName> {
    match &recipe.runbook.on_failure {
        OnFailure::Halt | OnFailure::Undo => None,
        OnFailure::Runbook(name) => Some(name),
    }
}

/// The runbooks from one back to itself.
fn circle(recipes: &BTreeMap<RunbookName, Recipe>, first: &Recipe) -> Option<Vec<String>> {
    let mut names = vec![first.runbook.name.to_string()];
    let mut recipe = first;
    while let Some(next) = after(recipe) {
        names.push(next.to_string());
        if *next == first.runbook.name {
            return Some(names);
        }
        // Another circle, in which this one does not lie, is told where it begins.
        recipe = recipes.get(next).filter(|_| names.len() <= recipes.len())?;
    }
    None
}
