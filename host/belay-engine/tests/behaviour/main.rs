//! What a run does, as claims over data: a few moves of the world, and what the run wants after each.

#[path = "../fixture/mod.rs"]
mod fixture;
mod limits;
mod outcomes;
mod people;
mod stages;
mod stopping;
mod story;
