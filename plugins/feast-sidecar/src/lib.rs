//! What belay's plugins for Feast ask the sidecar: `README.md` says what it answers. Never writes: it makes writes for a
//! plugin to propose.

mod asking;
mod values;
mod view;

pub use asking::Sidecar;
pub use values::{Comparison, Entity, Preview, Row, Rows, Window};
pub use view::{Column, Projection, Projections, Version, View, label, parse_label};
